"""The resource is being deleted: leave no split alias behind, then let it go."""

from sfn_rollouts.api.spec import DeletionPolicy
from sfn_rollouts.api.status import Phase
from sfn_rollouts.api.status import Trip as TripStatus
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.conditions import Standing
from sfn_rollouts.core.decision import Decision
from sfn_rollouts.core.reasons import Reason
from sfn_rollouts.core.restoring import is_settled, is_somebody_elses, restore_write


def decide_deletion(case: Case) -> Decision:
    """Restore stable first if traffic may have moved and the policy says so; without its finalizer it is gone."""
    standing = Standing(Phase.ROLLING_BACK, Reason.TERMINATING, f"deleted: going back to version {case.stable}")
    if not case.has_started or case.spec.deletion_policy is DeletionPolicy.ORPHAN:
        return Decision(case.status, holds_finalizer=False)
    if case.status.trip is None:
        noted = TripStatus(reason=Reason.TERMINATING, message="the resource is being deleted", at=case.now)
        case = case.having(trip=noted)
    if is_settled(case) or (case.reading is not None and is_somebody_elses(case, case.reading)):
        return Decision(case.status, holds_finalizer=False)
    return case.decide(standing, write=restore_write(case))
