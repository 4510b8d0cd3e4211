"""The resource is being deleted: leave no split alias behind, then let it go."""

from sfn_rollouts.api.spec import DeletionPolicy
from sfn_rollouts.api.status import Phase
from sfn_rollouts.api.status import Trip as TripStatus
from sfn_rollouts.core.alias_state import AliasState
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.closing import close
from sfn_rollouts.core.rechecking import looks_if_gone
from sfn_rollouts.core.stages.restoring import is_settled, is_somebody_elses, restore_write
from sfn_rollouts.core.values.conditions import Summary
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.core.values.reasons import Reason


def decide_deletion(case: Case) -> Decision:
    """Restore stable first if traffic may have moved and the policy says so; without its finalizer it is gone."""
    is_kept = case.has_started and not case.is_single_write
    if not is_kept or case.spec.deletion_policy is DeletionPolicy.ORPHAN:
        return Decision(case.status)
    noted = TripStatus(reason=Reason.TERMINATING, message="the resource is being deleted", at=case.now)
    trip = case.status.trip or noted
    case = case.with_status(trip=trip)
    if is_settled(case, trip) or is_somebody_elses(case, trip) or case.alias_state is AliasState.MISSING:
        return Decision(case.status)
    return close(case, _summary(case), write=restore_write(case), looks=looks_if_gone(case))


def _summary(case: Case) -> Summary:
    failure = case.seen.write_failure
    if failure is None:
        return Summary(Phase.ROLLING_BACK, Reason.TERMINATING, f"deleted: going back to version {case.stable}")
    message = (
        f"deleted, but the alias could not be put back on version {case.stable}: {failure.why}; trying again. "
        "To leave the alias as it is, set spec.deletionPolicy to Orphan"
    )
    return Summary(Phase.ROLLING_BACK, Reason.TERMINATING, message)
