"""The wait for a person that ends by itself."""

from sfn_rollouts.core.case import Case
from sfn_rollouts.core.values.commands import Action
from sfn_rollouts.core.values.findings import PASS, Finding, Trip
from sfn_rollouts.core.values.reasons import Reason


def approval_timed_out(case: Case) -> Finding:
    """Nobody promoted in time, and the plan does not say to go on. A promote that has come by now is in time."""
    approval, command = case.approval, case.command
    is_promoted = command is not None and command.action in (Action.PROMOTE, Action.PROMOTE_FULL)
    if approval is None or approval.goes_on or is_promoted or not case.is_approval_late:
        return PASS
    return Trip(Reason.APPROVAL_TIMED_OUT, f"nobody promoted step {case.status.step} within {approval.within}")
