"""Going back: all traffic on the stable version in one write, before anything else; then say how it ended."""

from datetime import timedelta

from sfn_rollouts.api.status import Outcome, Phase
from sfn_rollouts.api.status import Trip as TripStatus
from sfn_rollouts.core import starting
from sfn_rollouts.core.case import STALE_RETRY_S, AliasState, Case, alias_status
from sfn_rollouts.core.commands import Action
from sfn_rollouts.core.conditions import Fact, Standing
from sfn_rollouts.core.decision import Decision, Look, Write, WriteKind
from sfn_rollouts.core.findings import Trip
from sfn_rollouts.core.observation import AliasReading, Trouble
from sfn_rollouts.core.reasons import Reason
from sfn_rollouts.core.routing import Routing


def start_restore(case: Case, trip: Trip) -> Decision:
    """Note the finding and write; the status follows the write."""
    noted = TripStatus(reason=trip.reason, message=trip.message[:1024], at=case.now)
    return decide_restore(case.having(trip=noted, next_action_at=None, wait_ended_at=None))


def decide_restore(case: Case) -> Decision:
    """Give the next transition of a rollout that has tripped: write, wait, or end."""
    case = _obey(case)
    reading = case.reading
    if _nothing_was_shifted(case) or (reading is not None and _is_restored(case, reading)):
        return _ended(case, reading)
    if reading is not None and is_somebody_elses(case, reading):
        return _left_alone(case, reading)
    return _going_back(case)


def restore_write(case: Case) -> Write:
    """All traffic on stable, over any split, and over a whole routing only if this rollout made it."""
    ours = {routing for routing in (case.known_routing, case.intended_routing, Routing.whole(case.stable)) if routing}
    return Write(WriteKind.RESTORE, Routing.whole(case.stable), expected=case.known_routing, ours=frozenset(ours))


def is_settled(case: Case) -> bool:
    """Whether the alias needs no write to be back on stable."""
    return _nothing_was_shifted(case) or (case.reading is not None and _is_restored(case, case.reading))


def _obey(case: Case) -> Case:
    """A superseded rollout's abort is meant for the one that follows: it stays unanswered until then."""
    trip = case.status.trip
    if case.command is None or trip is None:
        return case
    if case.command.action is Action.ABORT:
        is_over = trip.reason == Reason.SUPERSEDED and case.is_target_changed
        return case if is_over else case.done(f"already going back to version {case.stable}")
    return case.refusing(f"going back to version {case.stable}: {trip.message}")


def _nothing_was_shifted(case: Case) -> bool:
    """No traffic left stable as far as is known, and nothing is pending; a look that says otherwise counts more."""
    has_shifted = case.weight > 0 or case.status.intent is not None
    is_whole = case.reading is None or case.reading.routing == Routing.whole(case.stable)
    return not has_shifted and is_whole and case.alias_state is not AliasState.MISSING


def _is_restored(case: Case, reading: AliasReading) -> bool:
    """Read back after the finding: an older reading may be from before a write whose answer was lost."""
    trip = case.status.trip
    is_after = trip is not None and reading.read_at >= trip.at
    return is_after and reading.routing == Routing.whole(case.stable) and case.alias_state is not AliasState.STALE


def is_somebody_elses(case: Case, reading: AliasReading) -> bool:
    """A foreign routing that is whole is a person's decision."""
    trip = case.status.trip
    is_after = trip is not None and reading.read_at >= trip.at
    is_ours = reading.routing in restore_write(case).ours or case.alias_state is AliasState.STALE
    return is_after and reading.routing.sole is not None and not is_ours


def _left_alone(case: Case, reading: AliasReading) -> Decision:
    trip = case.status.trip
    if trip is not None and trip.reason in (Reason.SUPERSEDED, Reason.TARGET_WITHDRAWN):
        return _ended(case, reading)
    message = (
        f"{trip.message if trip else 'going back'}; but somebody else routed all traffic to version "
        f"{reading.routing.sole}, which is left alone: route it to version {case.stable}, or ask for another version"
    )
    standing = Standing(Phase.ROLLING_BACK, Reason.ALIAS_DRIFTED, message, is_stalled=True)
    recheck = reading.read_at + timedelta(seconds=starting.RECHECK_MIN_S)
    looks = [Look.ALIAS] if recheck <= case.now else []
    wakes = [max(recheck, case.in_s(starting.RECHECK_MIN_S)) if looks else recheck]
    return case.decide(standing, looks=looks, wakes=wakes, alias=Fact.false(Reason.ALIAS_DRIFTED, message))


def _going_back(case: Case) -> Decision:
    trip, failure = case.status.trip, case.seen.write_failure
    words = f"going back to version {case.stable}: {trip.message if trip else ''}"
    standing = Standing(Phase.ROLLING_BACK, Reason.ROLLBACK_IN_PROGRESS, words)
    if case.alias_state is AliasState.STALE:
        return case.decide(standing, looks=[Look.ALIAS], wakes=[case.in_s(STALE_RETRY_S)])
    if failure is not None and failure.trouble is Trouble.TRANSIENT:
        message = f"{words}; AWS: {failure.why}; trying again"
        standing = Standing(Phase.ROLLING_BACK, Reason.ROLLBACK_IN_PROGRESS, message)
    elif failure is not None and failure.trouble is not Trouble.CONFLICT:
        message = f"the alias could not be put back on version {case.stable}: {failure.why}; trying again"
        standing = Standing(Phase.FAILED, Reason.ROLLBACK_FAILED, message, is_stalled=True)
    return case.decide(standing, write=restore_write(case))


def _ended(case: Case, reading: AliasReading | None) -> Decision:
    """Traffic is back (or never left): end by what the finding was."""
    trip = case.status.trip
    reason = Reason(trip.reason) if trip is not None and trip.reason in set(Reason) else Reason.ABORTED
    if reading is not None:
        case = case.having(alias=alias_status(reading))
    match reason:
        case Reason.SUPERSEDED:
            return _superseded(case)
        case Reason.TARGET_WITHDRAWN:
            return _withdrawn(case)
        case Reason.ABORTED | Reason.ALIAS_ADOPTED:
            return _rolled_back(case, Phase.ROLLED_BACK, Outcome.ABORTED, reason)
        case Reason.PROGRESS_DEADLINE_EXCEEDED:
            return _rolled_back(case, Phase.FAILED, Outcome.ROLLED_BACK, reason)
        case _:
            return _rolled_back(case, Phase.ROLLED_BACK, Outcome.ROLLED_BACK, reason)


def _rolled_back(case: Case, phase: Phase, outcome: Outcome, reason: Reason) -> Decision:
    found = case.status.trip.message if case.status.trip is not None else ""
    message = (
        f"version {case.target} was rolled back, version {case.stable} has all traffic: {found}; "
        "change spec.version or spec.retryToken, or send retry"
    )
    ended = case.finish(outcome, reason, weight=0)
    return ended.decide(
        Standing(phase, reason, message, is_stalled=True), alias=_in_sync(case), wakes=[case.now], watches_alarms=False
    )


def _superseded(case: Case) -> Decision:
    """Not the end of the resource's way: the new target begins at once."""
    ended = case.finish(Outcome.SUPERSEDED, Reason.SUPERSEDED)
    anew = starting.reset(ended.status, case.spec.version, case.spec.retry_token)
    message = f"version {case.target} gave way to version {case.spec.version}; version {case.stable} has all traffic"
    return case.with_status(anew).decide(Standing(Phase.PENDING, Reason.INITIALIZING, message), wakes=[case.now])


def _withdrawn(case: Case) -> Decision:
    """The wanted version is the stable one. Should the wish have changed once more, rest finds out."""
    message = f"version {case.stable} has all traffic again; version {case.target} was withdrawn"
    ended = case.finish(Outcome.ABORTED, Reason.TARGET_WITHDRAWN, weight=100, target_version=case.stable)
    standing = Standing(Phase.SUCCEEDED, Reason.UP_TO_DATE, message)
    return ended.decide(standing, alias=_in_sync(case), watches_alarms=False)


def _in_sync(case: Case) -> Fact:
    return Fact.true(Reason.IN_SYNC, f"all traffic is on version {case.stable}")
