"""(2) and (12): no step under a bad alarm, and no firing without the outcome that its policy names."""

from collections.abc import Iterator
from datetime import timedelta

from sfn_rollouts.api.spec import (
    Alarms,
    OnFiringAtStart,
    OnInsufficientData,
    OnMissing,
    OnTransient,
    OnUnevaluated,
    Spec,
)
from sfn_rollouts.api.status import AlarmState, HistoryEntry, Shortcut
from sfn_rollouts.core.values.decision import WriteKind
from sfn_rollouts.core.values.readings import AlarmMissing, AlarmReading
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.sim.history import AlarmChanged, Decided, History
from sfn_rollouts.sim.timeline import EPOCH, us

STALE_POLLS = 3
BEHIND_S = 5.0
"""How far a reading of an alarm may lag behind the alarm in any scenario."""


def weight_never_rises_under_a_bad_alarm(_: History, decided: Decided) -> str | None:
    """(2) No tick asks for more weight while its board shows a watched alarm firing, unknown, unevaluated, missing or
    stale."""
    write, spec, before = decided.decision.write, decided.rollout.spec, decided.rollout.status
    if write is None or write.kind is not WriteKind.FORWARD or not isinstance(spec, Spec) or spec.alarms is None:
        return None
    target = before.target_version or spec.version
    is_exempt = before.shortcut in (Shortcut.ROLLBACK_WINDOW, Shortcut.NEW_ALIAS, Shortcut.REASSERT)
    if is_exempt or write.routing.weight_of(target) <= (before.weight or 0):
        return None
    bad = next((name for name in spec.alarms.names if _is_bad(decided, spec.alarms, name)), None)
    return f"{write.routing} while alarm {bad} was {decided.seen.alarms.get(bad)}" if bad is not None else None


def _is_bad(decided: Decided, policy: Alarms, name: str) -> bool:
    match decided.seen.alarms.get(name):
        case AlarmReading(snapshot=snapshot, read_at=read_at):
            is_ignored = any(
                memory.name == name and memory.ignored_until_ok for memory in decided.decision.status.alarms
            )
            is_firing = snapshot.state is AlarmState.ALARM and not is_ignored
            lacks_data = snapshot.state is AlarmState.INSUFFICIENT_DATA
            is_unevaluated = (
                snapshot.evaluation == "EVALUATION_ERROR" and policy.on_unevaluated is not OnUnevaluated.IGNORE
            )
            is_stale = decided.now - read_at >= timedelta(seconds=decided.seen.poll_interval_s * STALE_POLLS)
            return (
                is_firing
                or is_stale
                or is_unevaluated
                or (lacks_data and policy.on_insufficient_data is not OnInsufficientData.IGNORE)
            )
        case AlarmMissing():
            return policy.on_missing is not OnMissing.IGNORE
        case _:
            return True


def an_alarm_is_gone_by_the_third_poll_only(history: History, decided: Decided) -> str | None:
    """(13) Nothing goes back over a missing alarm unless three polls in a row, an interval apart, have missed it."""
    trip, spec = decided.decision.status.trip, decided.rollout.spec
    is_new = trip is not None and decided.rollout.status.trip is None and trip.reason == Reason.ALARM_MISSING
    if not is_new or not isinstance(spec, Spec) or spec.alarms is None:
        return None
    polls = {name: _polls_that_missed(history, name) for name in spec.alarms.names}
    return None if max(polls.values()) >= STALE_POLLS else f"it goes back over a missing alarm after polls {polls}"


def _polls_that_missed(history: History, name: str) -> int:
    """How many at the end; the operator's clock may have been set back."""
    polls, last = 0, None
    for decided in history.decided:
        fact = decided.seen.alarms.get(name)
        if isinstance(fact, AlarmReading):
            polls, last = 0, None
        elif isinstance(fact, AlarmMissing):
            is_next = last is None or fact.read_at - last >= timedelta(seconds=decided.seen.poll_interval_s)
            polls += is_next
            last = fact.read_at if last is None or is_next or fact.read_at < last else last
    return polls


def every_firing_has_its_outcome(history: History, decided: Decided) -> str | None:
    """(12) An alarm that fired during a rollout, however short and whoever was down, is no promotion."""
    entry, spec = _promotion(decided), decided.rollout.spec
    if entry is None or not isinstance(spec, Spec) or spec.alarms is None or entry.started_at is None:
        return None
    start_us = _true_start_us(history, entry)
    if _has_edited_alarms(history, start_us):
        return None
    firing = next((each for each in _firings(history, start_us) if _counts(history, each, decided, spec.alarms)), None)
    if firing is None:
        return None
    return f"version {entry.version} was promoted, though {firing.name} fired at {firing.at_us / 1e6:.3f} s"


def _promotion(decided: Decided) -> HistoryEntry | None:
    """The promotion that this decision makes, if it makes one; a single write has no alarms to obey."""
    before, after = decided.rollout.status, decided.decision.status
    newest = after.history[0] if after.history else None
    if newest is None or newest in before.history or before.shortcut in (Shortcut.NEW_ALIAS, Shortcut.ROLLBACK_WINDOW):
        return None
    return newest if newest.outcome.has_promoted else None


def _true_start_us(history: History, entry: HistoryEntry) -> int:
    return next(each.at_us for each in history.decided if each.decision.status.started_at == entry.started_at)


def _has_edited_alarms(history: History, start_us: int) -> bool:
    """Then which policy holds from when on is a matter of taste."""
    before = [edit for edit in history.edits if edit.at_us <= start_us][-1:]
    later = [edit for edit in history.edits if edit.at_us > start_us]
    return len({repr(edit.spec.alarms) for edit in [*before, *later]}) > 1


def _firings(history: History, start_us: int) -> Iterator[AlarmChanged]:
    return (each for each in history.alarms if each.state is AlarmState.ALARM and each.at_us > start_us)


def _counts(history: History, firing: AlarmChanged, decided: Decided, policy: Alarms) -> bool:
    changes = [each for each in history.alarms if each.name == firing.name]
    later = [each.state for each in changes if each.at_us > firing.at_us]
    start_us = _true_start_us(history, decided.decision.status.history[0])
    if firing.name not in policy.names or any(each.state is None for each in changes):
        return False
    if policy.on_firing_at_start is OnFiringAtStart.IGNORE_UNTIL_OK and not _was_ok(history, firing, start_us):
        return False
    is_seen = firing.at_us + us(BEHIND_S) < _last_read_us(decided, firing.name)
    return is_seen and (policy.on_transient is OnTransient.ROLLBACK or not later)


def _was_ok(history: History, firing: AlarmChanged, start_us: int) -> bool:
    """Whether the alarm was OK at some moment between the start and this firing."""
    changes = [each for each in history.alarms if each.name == firing.name and each.at_us < firing.at_us]
    at_start = [each.state for each in changes if each.at_us <= start_us - us(BEHIND_S)][-1:] or [AlarmState.OK]
    return AlarmState.OK in (*at_start, *(each.state for each in changes if each.at_us > start_us - us(BEHIND_S)))


def _last_read_us(decided: Decided, name: str) -> int:
    fact = decided.seen.alarms.get(name)
    if not isinstance(fact, AlarmReading):
        return 0
    return round((fact.read_at - EPOCH).total_seconds() * 1_000_000) - decided.clock_error_us
