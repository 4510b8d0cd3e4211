"""(3) The way up, and the way back."""

from sfn_rollouts.api.status import Status
from sfn_rollouts.core.values.decision import WriteKind
from sfn_rollouts.sim.history import AliasChanged, History, WriteSent


def weight_only_rises(history: History, change: AliasChanged) -> str | None:
    """(3) Within a plan the weight on the target only rises, until a trip, then never again.

    A way back that took nothing away (the step had not been written yet), of a process that could store nothing before
    it died, is no end: the next one goes by what the alarms say then, and a firing stands in their history.
    """
    status = _status(change)
    if status is None or change.after is None or status.target_version is None or change.kind is not WriteKind.FORWARD:
        return None
    weight = change.after.weight_of(status.target_version)
    for earlier in reversed(history.alias[:-1]):
        theirs = _status(earlier)
        if theirs is None or earlier.after is None or theirs.started_at != status.started_at:
            return None  # somebody else's, or another rollout's: the comparison ends here
        if earlier.kind is WriteKind.RESTORE and earlier.before == earlier.after:
            continue
        if earlier.kind is WriteKind.RESTORE:
            return f"{change.after} after the rollout had gone back"
        if earlier.after.weight_of(status.target_version) > weight:
            return f"{change.after} after {earlier.after}"
    return None


def nothing_goes_forward_after_a_trip(history: History, sent: WriteSent) -> str | None:
    """(3) A process that has found a reason to go back sends no forward write of that rollout any more."""
    write = sent.decided.decision.write if sent.decided is not None else None
    if sent.decided is None or write is None or write.kind is not WriteKind.FORWARD:
        return None
    started_at = sent.decided.decision.status.started_at
    for decided in reversed(history.decided):
        status = decided.decision.status
        if decided.process != sent.process or status.started_at != started_at:
            return None
        if status.trip is not None:
            return f"{sent.routing} was sent after the trip: {status.trip.message}"
    return None


def _status(change: AliasChanged) -> Status | None:
    decided = change.sent.decided if change.sent is not None else None
    return decided.decision.status if decided is not None else None
