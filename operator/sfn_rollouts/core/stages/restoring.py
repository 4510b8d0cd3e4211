"""Going back: all traffic on the stable version in one write, before anything else; then say how it ended."""

from dataclasses import replace

from sfn_rollouts.api.status import Outcome, Phase
from sfn_rollouts.api.status import Trip as TripStatus
from sfn_rollouts.core.alias_state import AliasState, alias_status
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.closing import close, finish
from sfn_rollouts.core.memory import was_going_back
from sfn_rollouts.core.rechecking import (
    FRESH_S,
    STALE_RETRY_S,
    look_again,
    looks_if_gone,
    read_at_of,
    stalled_recheck_s,
)
from sfn_rollouts.core.stages.recreated import Life, begin_in_another_life, life_looks, life_of_target
from sfn_rollouts.core.stages.vanishing import looks_at_what_is_gone, machine_of, way_to_try_again, what_is_gone
from sfn_rollouts.core.values.commands import Action, by_words
from sfn_rollouts.core.values.conditions import ConditionValue, Summary
from sfn_rollouts.core.values.decision import Decision, Write, WriteKind
from sfn_rollouts.core.values.findings import Trip
from sfn_rollouts.core.values.moments import after
from sfn_rollouts.core.values.readings import Trouble, Unseen, WriteFailure
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.printable import one_line


def start_restore(case: Case, trip: Trip) -> Decision:
    """Note the finding and write; the status follows the write."""
    if trip.reason is Reason.ABORTED:
        case = case.done(f"going back to version {case.stable}")
    noted = TripStatus(reason=trip.reason, message=one_line(trip.message, longest=1024), by=trip.by, at=case.now)
    return decide_restore(case.with_status(trip=noted, next_action_at=None, wait_ended_at=None, due_since=None), noted)


def decide_restore(case: Case, trip: TripStatus) -> Decision:
    """Return the next transition of a rollout that has tripped: write, wait, or end."""
    case = _obey(case, trip)
    if is_settled(case, trip):
        return _ended(case, trip)
    if case.alias_state is AliasState.MISSING and _is_seen_since(case, trip):
        return _nothing_to_restore(case, trip)
    if is_somebody_elses(case, trip):
        return _left_alone(case, trip)
    return _going_back(case, trip)


def restore_write(case: Case) -> Write:
    """All traffic on stable, over any split, and over a whole routing only if this rollout made it."""
    return Write(WriteKind.RESTORE, Routing.whole(case.stable), expected=case.known_routing, ours=_ours(case))


def is_settled(case: Case, trip: TripStatus) -> bool:
    """Whether the alias needs no write to be back on stable: nothing was shifted, or a look since the trip shows it."""
    is_stable = case.reading is not None and case.reading.routing == Routing.whole(case.stable)
    if case.weight == 0 and case.status.intent is None and (is_stable or case.alias_state is AliasState.NOT_SEEN):
        return True
    if not is_stable or case.alias_state is AliasState.STALE:
        return False
    return _is_seen_since(case, trip) and _is_proved(case, trip)


def _is_proved(case: Case, trip: TripStatus) -> bool:
    """With an answer lost, stable traffic may be what was before the write: only a newer change shows what is after.

    Or that AWS took the restore: where nothing had been shifted it changes nothing, and so leaves the date as it was.
    """
    known, reading, asked_at = case.status.alias, case.reading, case.seen.restore_asked_at
    if asked_at is not None and asked_at >= trip.at:
        return True
    if case.status.intent is None or known is None or known.update_date is None:
        return True
    return reading is not None and reading.update_date > known.update_date


def is_somebody_elses(case: Case, trip: TripStatus) -> bool:
    """A foreign routing that is whole is a person's decision, and so is a deleted alias."""
    if not _is_seen_since(case, trip) or case.alias_state is AliasState.STALE:
        return False
    if case.reading is None:
        return True
    return case.reading.routing.sole is not None and case.reading.routing not in _ours(case)


def _ours(case: Case) -> frozenset[Routing]:
    made = (case.known_routing, case.intended_routing, Routing.whole(case.stable))
    return frozenset(routing for routing in made if routing is not None)


def _is_seen_since(case: Case, trip: TripStatus) -> bool:
    """A trip in the future was noted by a process whose clock is ahead: what this one reads is later than that."""
    read_at = read_at_of(case)
    return read_at is not None and (read_at >= trip.at or trip.at > case.now)


def _obey(case: Case, trip: TripStatus) -> Case:
    """An abort that was sent when yet another version was wanted is meant for that: it stays unanswered until then."""
    if case.command is None:
        return case
    if case.command.action is not Action.ABORT:
        return case.refusing(_on_its_way(case, trip).message)
    is_for_next = case.is_target_changed and case.spec.version != case.stable
    return case if is_for_next else case.done(f"already going back to version {case.stable}")


# -- on the way --


def _on_its_way(case: Case, trip: TripStatus) -> Summary:
    words = f"going back to version {case.stable}: {trip.message}"
    return Summary(Phase.ROLLING_BACK, Reason.ROLLBACK_IN_PROGRESS, words)


def _left_alone(case: Case, trip: TripStatus) -> Decision:
    """Somebody else decided where all traffic goes: hold, unless another version is wanted anyway."""
    if case.is_target_changed or case.is_retry_asked:
        return _ended(case, trip)
    life = life_of_target(case)
    if life is Life.ANOTHER:
        return begin_in_another_life(case)
    routed = case.reading.routing.sole if case.reading is not None else None
    message = (
        f"{trip.message}; but somebody else routed all traffic to version {routed}, which is left alone: "
        f"route the alias to version {case.stable}, or ask for another version"
    )
    summary = Summary(Phase.ROLLING_BACK, Reason.ALIAS_DRIFTED, message, is_stalled=True)
    looks, wake = look_again(case, stalled_recheck_s(case))
    return close(
        case,
        summary,
        looks=looks | life_looks(case, life),
        wakes=[wake],
        alias=ConditionValue.false(Reason.ALIAS_DRIFTED, message),
    )


def _nothing_to_restore(case: Case, trip: TripStatus) -> Decision:
    """Without an alias no traffic is split. It may come back as it was, and be split: so it is waited for, as long as a
    step is, unless a person or the deadline has given it up already.
    """
    if case.is_target_changed or case.is_retry_asked:
        return _ended(case, trip)
    looks, wake = look_again(case, stalled_recheck_s(case))
    looks = looks_at_what_is_gone(case, looks)
    if machine_of(case) is None:
        return close(case, _on_its_way(case, trip), looks=looks)
    deadline = after(trip.at, case.spec.progress_deadline.seconds)
    if trip.reason in (Reason.PROGRESS_DEADLINE_EXCEEDED, Reason.ABORTED) or case.now >= deadline:
        return _given_up(case, trip)
    message = (
        f"{what_is_gone(case)}, so there is nothing to put back; "
        f"{way_to_try_again(case)}; cause of the rollback: {trip.message}"
    )
    summary = Summary(Phase.ROLLING_BACK, Reason.NOT_FOUND, message, is_stalled=True)
    alias = ConditionValue.false(Reason.NOT_FOUND, message)
    return close(case, summary, looks=looks, wakes=[wake, deadline], alias=alias)


def _going_back(case: Case, trip: TripStatus) -> Decision:
    failure = case.seen.write_failure
    summary = _on_its_way(case, trip)
    if case.alias_state is AliasState.STALE and _is_seen_since(case, trip):
        looks, wake = look_again(case, STALE_RETRY_S)
        return close(case, summary, looks=looks, wakes=[wake])
    deadline = after(trip.at, case.spec.progress_deadline.seconds)
    if failure is not None and _is_of_the_restore(case, trip, failure):
        summary = _failing(case, failure, summary, is_late=case.now >= deadline)
    wakes = [deadline] if case.now < deadline else []
    looks = looks_if_gone(case)
    if failure is not None and failure.trouble is Trouble.GONE and case.reading is not None:
        # The alias is there, so it is the stable version that is not: it may have gone with its state machine.
        life = life_of_target(case, is_in_doubt=True)
        if life is Life.ANOTHER:
            return begin_in_another_life(case)
        looks |= life_looks(case, life)
    return close(case, summary, write=restore_write(case), looks=looks, wakes=wakes)


def _is_of_the_restore(case: Case, trip: TripStatus, failure: WriteFailure) -> bool:
    """A forward write that failed before the trip says nothing about the way back."""
    is_later = failure.since >= trip.at
    return failure.trouble is not Trouble.CONFLICT and (is_later or was_going_back(case.status))


def _failing(case: Case, failure: WriteFailure, so_far: Summary, *, is_late: bool) -> Summary:
    """Retry transient errors quietly until the deadline; report denied or lasting ones as RollbackFailed."""
    if failure.trouble is Trouble.TRANSIENT and not is_late:
        return replace(so_far, message=f"{so_far.message}; AWS: {failure.why}; trying again")
    message = f"the alias could not be put back on version {case.stable}: {failure.why}; trying again"
    return Summary(Phase.FAILED, Reason.ROLLBACK_FAILED, message, is_stalled=True)


# -- the end --


def _ended(case: Case, trip: TripStatus) -> Decision:
    """Traffic is back (or never left, or is where somebody else put it): end by what the finding was."""
    reason = Reason(trip.reason) if trip.reason in set(Reason) else Reason.ABORTED
    if case.reading is not None and case.alias_state is not AliasState.STALE:
        case = case.with_status(alias=alias_status(case.reading))
    is_asked_back = reason in (Reason.SUPERSEDED, Reason.TARGET_WITHDRAWN)
    if is_asked_back or case.is_target_changed or case.is_retry_asked:
        is_stable_wanted = reason is Reason.TARGET_WITHDRAWN and _is_stable_wanted(case, trip)
        if not is_stable_wanted:
            return _next_begins(case, reason, trip.by)
        return _unconfirmed(case, trip) or _withdrawn(case, reason)
    return _rolled_back(case, reason, trip)


def _unconfirmed(case: Case, trip: TripStatus) -> Decision | None:
    """A success is reported of an alias that has just been read: somebody may have routed or deleted it since."""
    looks, wake = look_again(case, FRESH_S)
    if not looks:
        return None
    summary = _on_its_way(case, trip)
    if isinstance(case.seen.alias, Unseen):
        summary = replace(summary, message=f"{summary.message}; the alias could not be read: {case.seen.alias.why}")
    return close(case, summary, looks=looks, wakes=[wake])


def _is_stable_wanted(case: Case, trip: TripStatus) -> bool:
    """Unless the request has changed once more, or somebody else has put all traffic elsewhere."""
    return case.spec.version == case.stable and is_settled(case, trip)


_OUTCOMES = {
    Reason.SUPERSEDED: Outcome.SUPERSEDED,
    Reason.TARGET_WITHDRAWN: Outcome.ABORTED,
    Reason.ABORTED: Outcome.ABORTED,
    Reason.ALIAS_ADOPTED: Outcome.ABORTED,
}


def _rolled_back(case: Case, reason: Reason, trip: TripStatus) -> Decision:
    message = (
        f"version {case.target} was rolled back, version {case.stable} has all traffic: {trip.message}; "
        "change spec.version or spec.retryToken, or send retry"
    )
    ended = finish(case, _OUTCOMES.get(reason, Outcome.ROLLED_BACK), reason, trip.by, weight=0)
    phase = Phase.FAILED if reason is Reason.PROGRESS_DEADLINE_EXCEEDED else Phase.ROLLED_BACK
    summary = Summary(phase, reason, message, is_stalled=True)
    return close(ended, summary, alias=_in_sync(case), is_judged=False)


def _given_up(case: Case, trip: TripStatus) -> Decision:
    """Neither version has traffic: that is neither a success nor a way back."""
    message = (
        f"the rollout of version {case.target} has failed: {what_is_gone(case)}, nothing was put back; "
        f"{way_to_try_again(case)}; cause of the rollback: {trip.message}"
    )
    outcome = Outcome.ABORTED if trip.reason == Reason.ABORTED else Outcome.ROLLED_BACK
    ended = finish(case, outcome, Reason.NOT_FOUND, trip.by, weight=0)
    summary = Summary(Phase.FAILED, Reason.NOT_FOUND, message, is_stalled=True)
    return close(ended, summary, alias=ConditionValue.false(Reason.NOT_FOUND, message), is_judged=False)


def _next_begins(case: Case, reason: Reason, by: str | None) -> Decision:
    """Not the end of the resource's way. A verdict on the version before would be read as one on the version now asked
    for: Flux and Argo CD give up at the first Stalled of a generation.
    """
    ended = finish(case, _OUTCOMES.get(reason, Outcome.ROLLED_BACK), reason, by)
    words = f"{reason}{by_words(by)}"
    message = f"the rollout of version {case.target} has ended ({words}); version {case.spec.version} is next"
    summary = Summary(Phase.PENDING, Reason.INITIALIZING, message)
    return close(ended.reset(), summary, is_judged=False)


def _withdrawn(case: Case, reason: Reason) -> Decision:
    """The wanted version is the stable one."""
    message = f"version {case.stable} has all traffic again; version {case.target} was withdrawn"
    ended = finish(case, Outcome.ABORTED, reason).with_status(
        weight=100, target_version=case.stable, target_creation_date=case.status.stable_creation_date
    )
    summary = Summary(Phase.SUCCEEDED, Reason.UP_TO_DATE, message)
    return close(ended, summary, alias=_in_sync(case), is_judged=False)


def _in_sync(case: Case) -> ConditionValue:
    return ConditionValue.true(Reason.IN_SYNC, f"all traffic is on version {case.stable}")
