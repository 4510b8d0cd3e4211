"""Announcements: transitions between two statuses, as sentences."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sfn_rollouts.api.status import CommandResult, ConditionStatus, HistoryEntry, Outcome, Phase, Status
from sfn_rollouts.core.alias_state import routing_of
from sfn_rollouts.core.edited import edit_announced
from sfn_rollouts.core.judges.judge import Judge, News
from sfn_rollouts.core.judges.table import JUDGES
from sfn_rollouts.core.values.conditions import READY, STALLED, condition, is_true
from sfn_rollouts.core.values.plan import Plan
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.printable import one_line

MESSAGE_LIMIT = 1024
"""What an Event's note holds (events.k8s.io/v1)."""


@dataclass(frozen=True, slots=True)
class StepEntered:
    """What an announcement of a step says, for programs: the step as in status.step, the target and its percent."""

    step: str
    version: int
    weight: int


@dataclass(frozen=True, slots=True)
class Announcement:
    """One transition as it is announced; becomes a Kubernetes Event and a log line."""

    reason: Reason
    message: str
    is_warning: bool = False
    entered: StepEntered | None = None


def announcements(before: Status, after: Status, plan: Plan | None = None) -> tuple[Announcement, ...]:
    """Return what is new in `after`. `plan` is what its spec asks for, None where that is not known."""
    return tuple(
        replace(news, message=one_line(news.message, longest=MESSAGE_LIMIT)) for news in _news(before, after, plan)
    )


def finished(before: Status, after: Status) -> HistoryEntry | None:
    """Return the rollout that ended between the two, if one did."""
    newest = after.history[0] if after.history else None
    return newest if newest is not None and newest not in before.history else None


def _news(before: Status, after: Status, plan: Plan | None) -> Iterator[Announcement]:
    yield from _command(before, after)
    yield from _edit(before, after, plan)
    yield from _taken_over(before, after)
    yield from _trip(before, after)
    yield from _superseded(before, after)
    yield from _timeout(before, after)
    yield from _step(before, after)
    yield from _summary(before, after)
    yield from _judges(before, after)
    yield from _executions(before, after)


_ANSWERS = {
    CommandResult.DONE: Reason.COMMAND_DONE,
    CommandResult.REFUSED: Reason.COMMAND_REFUSED,
    CommandResult.STALE: Reason.COMMAND_STALE,
}


def _command(before: Status, after: Status) -> Iterator[Announcement]:
    answered = after.last_command
    if answered is not None and answered != before.last_command:
        is_warning = answered.result is not CommandResult.DONE
        message = f"{answered.action}: {answered.message}"
        is_named = not answered.by or f"by {answered.by}" in message
        yield Announcement(
            _ANSWERS[answered.result], message if is_named else f"{message} (by {answered.by})", is_warning
        )


def _taken_over(before: Status, after: Status) -> Iterator[Announcement]:
    if after.taken_over and not before.taken_over:
        found = f"the alias was found split ({routing_of(after.alias)}) and is taken over"
        words = f"{found}: version {after.stable_version} is stable, as spec.stableVersion says"
        yield Announcement(Reason.ALIAS_TAKEN_OVER, words)


def _edit(before: Status, after: Status, plan: Plan | None) -> Iterator[Announcement]:
    edit = edit_announced(before, after, plan)
    if edit is not None:
        yield Announcement(Reason.STEPS_EDITED, edit)


def _trip(before: Status, after: Status) -> Iterator[Announcement]:
    trip = after.trip
    if trip is not None and before.trip is None:
        is_planned = trip.reason in (Reason.SUPERSEDED, Reason.TARGET_WITHDRAWN, Reason.TERMINATING)
        reason = Reason(trip.reason) if trip.reason in set(Reason) else Reason.ROLLBACK_IN_PROGRESS
        yield Announcement(reason, f"{trip.message}; going back to version {after.stable_version}", not is_planned)


def _superseded(before: Status, after: Status) -> Iterator[Announcement]:
    """Where nothing had been shifted there is no going back to tell of."""
    ended = finished(before, after)
    if ended is not None and ended.outcome is Outcome.SUPERSEDED and before.trip is None:
        yield Announcement(Reason.SUPERSEDED, f"version {ended.version} gave way to version {after.target_version}")


def _timeout(before: Status, after: Status) -> Iterator[Announcement]:
    """An approval that nobody gave in time, and it goes on; where it goes back the trip tells."""
    timeout = after.approval_timeout
    if timeout is not None and timeout != before.approval_timeout:
        words = f"nobody promoted step {timeout.step} in time; going on, as onTimeout: Continue says"
        yield Announcement(Reason.APPROVAL_TIMED_OUT, words, is_warning=True)


def _step(before: Status, after: Status) -> Iterator[Announcement]:
    """Steps that were edited have other numbers, which starts none."""
    has_moved = (after.started_at, after.weight) != (before.started_at, before.weight)
    has_moved = has_moved or (after.step != before.step and after.plan_hash == before.plan_hash)
    is_under_way = after.is_in_flight and after.trip is None
    if has_moved and is_under_way and after.step_index is not None and after.intent is None:
        step, version, weight = after.step or "-", after.target_version or 0, after.weight or 0
        words = f"step {step}: version {version} has {weight} % of new executions"
        yield Announcement(Reason.STEP_STARTED, words, entered=StepEntered(step, version, weight))


def _summary(before: Status, after: Status) -> Iterator[Announcement]:
    old, new = condition(before, READY), condition(after, READY)
    if new is None or new.reason not in set(Reason) or (old is not None and old.reason == new.reason):
        return
    is_quiet = new.reason in (Reason.SHIFT_IN_PROGRESS, Reason.INITIALIZING, Reason.ROLLBACK_IN_PROGRESS)
    if not is_quiet or before.phase is None:
        is_warning = is_true(after, STALLED) or after.phase is Phase.ROLLING_BACK
        yield Announcement(Reason(new.reason), new.message, is_warning)


def _judges(before: Status, after: Status) -> Iterator[Announcement]:
    """What judges say beside the summary."""
    ready = condition(after, READY)
    for judge in JUDGES:
        found = judge.news(before, after) if judge.news is not None else _held_in_flight(judge, before, after)
        for news in found:
            if ready is None or ready.reason != news.reason:
                yield Announcement(news.reason, news.message, news.is_warning)


def _held_in_flight(judge: Judge, before: Status, after: Status) -> Iterator[News]:
    """Before the start the wait is the summary itself, and what sends back is announced as the trip."""
    old, new = condition(before, judge.condition), condition(after, judge.condition)
    if new is None or new.status is not ConditionStatus.FALSE or after.started_at is None or after.trip is not None:
        return
    if new.reason in set(Reason) and (old is None or old.reason != new.reason):
        yield News(Reason(new.reason), new.message)


def _executions(before: Status, after: Status) -> Iterator[Announcement]:
    counted = after.running_executions
    if counted is not None and counted != before.running_executions:
        yield Announcement(Reason.EXECUTIONS_COUNTED, counted.message)
