"""What a person has commanded."""

from sfn_rollouts.core.case import Case
from sfn_rollouts.core.values.commands import Action, by_words
from sfn_rollouts.core.values.findings import PASS, Finding, Trip
from sfn_rollouts.core.values.reasons import Reason


def abort_was_commanded(case: Case) -> Finding:
    """A person wants to go back: outranks everything."""
    if case.command is None or case.command.action is not Action.ABORT:
        return PASS
    return Trip(Reason.ABORTED, f"aborted{by_words(case.command.by)}", case.command.by)
