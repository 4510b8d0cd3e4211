"""(18) to (20): what the executions say, by a judge whom nobody disturbs, and what the operator makes of it.

The undisturbed judge is the arithmetic of `sfn_rollouts.analysis`, fed in one go with all executions as they truly
ended, each at the share of the alias that truly was in force when it started. The operator's memory says only what is
left out: what began under somebody else's routing, or within seconds of a change.

What somebody else has written since the rollout began is compared no further: AWS tells of the last of such changes
alone, so that nobody can know by which share the ones before are to be judged.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sfn_rollouts.analysis import (
    LOOK_EVERY_S,
    Before,
    CountJudging,
    Ended,
    Execution,
    Judgement,
    Judging,
    Plan,
    Verdict,
    horizon_of,
)
from sfn_rollouts.analysis.counting import Minute
from sfn_rollouts.analysis.values import Split
from sfn_rollouts.api.analysis import AUTO, Analysis, AnalysisStatus, OnBlind, OnWorse
from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.status import Shortcut, Status
from sfn_rollouts.core.values.analysis import AnalysisReading
from sfn_rollouts.core.values.decision import WriteKind
from sfn_rollouts.core.values.executions import ExecutionReading
from sfn_rollouts.core.values.judging import policy_of
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.durations import seconds_of
from sfn_rollouts.sim.history import (
    COUNT_MINUTES,
    LIST_EXECUTIONS,
    LONGEST_CALL_US,
    Called,
    Decided,
    Happening,
    History,
    LeaseWritten,
    ProcessChanged,
    WriteSent,
)
from sfn_rollouts.sim.history import Ended as RunEnded
from sfn_rollouts.sim.scenario import FaultKind
from sfn_rollouts.sim.step_functions import AliasState
from sfn_rollouts.sim.timeline import us

WITHIN_S = 75.0
"""Two looks, and what it takes to read, decide and write."""

UNREAD_S = 90.0 + LOOK_EVERY_S
"""How long nobody may have read the executions when traffic moves on."""

UNCOUNTED_S = 90.0 + 240.0 + LOOK_EVERY_S
"""The same of metrics: the first minute of a rollout is read when it is complete, the others one by one."""

_GIVEN_UP_US = 60_000_000
"""An answer without an end is given up by then."""

_FINAL = {Reason.VERSION_WORSE: Verdict.WORSE, Reason.VERSION_SLOWER: Verdict.SLOWER}
_NOT_JUDGED = (Shortcut.NEW_ALIAS, Shortcut.REASSERT, Shortcut.ROLLBACK_WINDOW)
_SETTLED = timedelta(seconds=1)
_INSTANT = timedelta(microseconds=1)
_PAST = 1000
_UNSETTLED_S = 10.0


def no_verdict_but_that_of_an_undisturbed_judge(history: History, decided: Decided) -> str | None:
    """(18) What is called Worse or Slower is so by an undisturbed judge too, at that very look."""
    reading = next((each for each in decided.seen.answers.values() if isinstance(each, AnalysisReading)), None)
    for verdict in _found(decided):
        if reading is None:
            return f"{verdict}, and nobody has looked"
        replay = undisturbed(history, decided)
        said = next((each for each in replay if each.at == reading.judgement.at), None)
        if said is not None and not said.finds(verdict):
            return f"{verdict} at {said.at:g} s: {reading.judgement}; an undisturbed judge: {said}"
    return None


def _found(decided: Decided) -> set[Verdict]:
    """Which of the two final verdicts this decision is the first to tell, or to go back for."""
    before, after = decided.rollout.status, decided.decision.status
    known = before.analysis.verdict if before.analysis is not None else None
    said = after.analysis.verdict if after.analysis is not None else None
    is_news = said is not None and said is not known
    found = {verdict for verdict in _FINAL.values() if is_news and verdict.value == str(said)}
    if after.trip is not None and before.trip is None and after.trip.reason in _FINAL:
        found.add(_FINAL[Reason(after.trip.reason)])
    return found


def a_worse_version_goes_back_in_time(history: History, decided: Decided) -> str | None:
    """(19) Whatever ends a rollout, or its way up: an undisturbed judge had not called it Worse long before."""
    before, after = decided.rollout.status, decided.decision.status
    is_over = after.finished_at is not None and before.finished_at is None
    if is_over or (after.trip is not None and before.trip is None):
        return _overdue(history, decided, decided.at_us)
    return None


def a_worse_version_goes_back_by_the_end(history: History, ended: RunEnded) -> str | None:
    """(19) Nor does one stay for good: paused, at a gate, or held."""
    for view in (history, *history.rivals):
        last = view.decided[-1] if view.decided else None
        status = last.decision.status if last is not None else None
        if last is None or status is None or status.trip is not None or status.finished_at is not None or view.is_gone:
            continue
        overdue = _overdue(view, last, ended.at_us)
        if overdue is not None:
            return overdue
    return None


def _overdue(history: History, decided: Decided, until_us: int) -> str | None:
    spec = decided.rollout.spec
    if not isinstance(spec, Spec) or spec.analysis is None or spec.analysis.on_worse is not OnWorse.ROLLBACK:
        return None
    worse = next((each for each in undisturbed(history, decided) if each.finds(Verdict.WORSE)), None)
    if worse is None:
        return None
    since_us = _began_us(history, _memory(decided)) + us(worse.at)
    if not _was_calm(history, since_us, until_us):
        return None
    late_s = (until_us - since_us) / 1e6
    return f"an undisturbed judge says {worse.strongest} at {worse.at:g} s; it still goes up {late_s:.1f} s later"


def _was_calm(history: History, since_us: int, until_us: int) -> bool:
    """Whether one process decided without any disturbance for longer than it may take."""
    calm_us: int | None = None
    blocked_us, process = 0, 0
    for each in history.all:
        if each.at_us > until_us:
            break
        disturbed_us = _disturbed_until_us(history, each)
        if disturbed_us is not None:
            calm_us, blocked_us = None, max(blocked_us, disturbed_us)
        elif isinstance(each, Decided) and each.at_us >= blocked_us:
            if calm_us is None or each.process != process:
                calm_us, process = each.at_us, each.process
            if each.at_us - max(calm_us, since_us) > us(WITHIN_S):
                return True
    return calm_us is not None and until_us - max(calm_us, since_us) > us(WITHIN_S)


def _disturbed_until_us(history: History, happening: Happening) -> int | None:
    match happening:
        case Called(fault=fault) if fault:
            return happening.at_us + (_GIVEN_UP_US if fault == FaultKind.DRIP else LONGEST_CALL_US)
        case ProcessChanged():
            return happening.at_us
        case LeaseWritten() if happening.at_us == history.process_since_us:
            return happening.at_us
        case _:
            return None


def nothing_goes_forward_unread(history: History, sent: WriteSent) -> str | None:
    """(20) With onBlind: Hold no step is taken while nobody has read the executions for long, but by a person."""
    decided = sent.decided
    write = decided.decision.write if decided is not None else None
    if decided is None or write is None or write.kind is not WriteKind.FORWARD:
        return None
    spec, status, memory = decided.rollout.spec, decided.decision.status, _memory(decided)
    if not isinstance(spec, Spec) or spec.analysis is None or spec.analysis.on_blind is not OnBlind.HOLD:
        return None
    is_step = sent.routing.weight_of(status.target_version or 0) > (status.weight or 0) and not status.shortcut
    if not is_step or memory is None or any("promote" in edit.what for edit in history.edits):
        return None
    is_counted = history.executions is not None and history.executions.is_express
    api, most_s = (COUNT_MINUTES, UNCOUNTED_S) if is_counted else (LIST_EXECUTIONS, UNREAD_S)
    answered = (each for each in reversed(history.called) if each.api == api and each.fault in _ANSWERED)
    read_us = next((each.at_us for each in answered if each.at_us <= sent.at_us), 0)
    unread_us = sent.at_us - max(read_us, _began_us(history, memory))
    if unread_us <= us(most_s) + LONGEST_CALL_US:
        return None
    return f"{sent.routing} was written, and nobody has read an execution for {unread_us / 1e6:.1f} s"


_ANSWERED = ("", FaultKind.SLOW, FaultKind.STALE)


# -- the undisturbed judge --


def undisturbed(history: History, decided: Decided) -> Iterator[Judgement]:
    """Yield what it says at each look until now; nothing where the operator's memory cannot be compared with it."""
    spec, status, memory = decided.rollout.spec, decided.rollout.status, _memory(decided)
    executions = history.executions
    if not isinstance(spec, Spec) or spec.analysis is None or memory is None or executions is None:
        return
    began_at, began_us = memory.weights[0].at, _began_us(history, memory)
    if status.shortcut in _NOT_JUDGED or began_us < 0 or _was_meddled_with(history, began_us):
        return
    elapsed_s = (decided.at_us - began_us) / 1e6
    executions.comes(began_at + timedelta(seconds=elapsed_s) - _SETTLED)
    of_both = [each for each in executions.laid_down if each.version in (status.stable_version, status.target_version)]
    truth = _Truth(history.alias_states, memory, status.target_version or 0)
    plan = Plan(tuple((time.weight / 100.0, time.seconds) for time in memory.plan))
    judging: Judging | CountJudging
    if executions.is_express:
        settle_s = max(120.0, seconds_of(spec.analysis.horizon) if spec.analysis.horizon != AUTO else 0.0)
        judging = CountJudging(policy_of(spec.analysis), plan, _counted_before(executions.laid_down, began_at, status))
        judging.take(_minutes(of_both, truth, began_at, elapsed_s, settle_s))
    else:
        past = _past(executions.laid_down, began_at, status)
        judging = Judging(policy_of(spec.analysis), plan, _horizon_s(spec.analysis, past, plan), past)
        judging.take(
            _execution(each, began_at, truth.target, weight)
            for each in of_both
            if (weight := truth.weight_at(each.started_at)) is not None
        )
    for number in range(int(elapsed_s // LOOK_EVERY_S) + 1):
        yield judging.look(number * LOOK_EVERY_S)


@dataclass(frozen=True)
class _Truth:
    """The alias as it truly was, and what the operator knows of it."""

    states: list[AliasState]
    memory: AnalysisStatus
    target: int

    def weight_at(self, moment: datetime) -> float | None:
        """Return the target's true share; None where the operator leaves out what starts then."""
        place = bisect_right(self.memory.weights, moment, key=lambda each: each.at) - 1
        known = self.memory.weights[place] if place >= 0 else None
        if known is None or known.weight is None or moment < known.at + timedelta(seconds=_UNSETTLED_S):
            return None
        return self._true_weight(moment)

    def weight_over(self, minute: datetime, settle_s: float) -> float | None:
        """Return the share that was in force over a whole minute, and for so long before, as the operator knows."""
        writes = self.memory.weights
        place = bisect_right(writes, minute, key=lambda each: each.at) - 1
        known = writes[place] if place >= 0 else None
        ends = writes[place + 1].at if place + 1 < len(writes) else None
        if known is None or known.weight is None or minute < known.at + timedelta(seconds=settle_s):
            return None
        if ends is not None and minute + timedelta(minutes=1) > ends:
            return None
        return self._true_weight(minute)

    def _true_weight(self, moment: datetime) -> float | None:
        state = next(each for each in reversed(self.states) if each.update_date <= moment)
        return state.routing.weight_of(self.target) / 100.0 if state.routing is not None else None


def _minutes(
    executions: list[ExecutionReading], truth: "_Truth", began_at: datetime, elapsed_s: float, settle_s: float
) -> Iterator[Minute]:
    """Yield each minute with the failures that truly ended in it, none of which was started past the alias."""
    first = began_at.replace(second=0, microsecond=0)
    for number in range(int(elapsed_s // 60) + 1):
        at = first + timedelta(minutes=number)
        yield Minute(
            at=(at - began_at).total_seconds(),
            weight=truth.weight_over(at, settle_s),
            started=_split([each for each in executions if _is_within(each.started_at, at)], truth.target),
            bad=_split([each for each in executions if _ended_in(each, at, ("FAILED", "TIMED_OUT"))], truth.target),
            good=_split([each for each in executions if _ended_in(each, at, ("SUCCEEDED",))], truth.target),
            aborted=Split(),
            is_settled=truth.weight_over(at, max(settle_s, 300.0)) is not None,
        )


def _split(executions: list[ExecutionReading], target: int) -> Split:
    on_target = sum(each.version == target for each in executions)
    return Split(len(executions) - on_target, on_target)


def _ended_in(execution: ExecutionReading, minute: datetime, statuses: tuple[str, ...]) -> bool:
    ended_at = execution.ended_at
    return ended_at is not None and execution.status in statuses and _is_within(ended_at, minute)


def _is_within(moment: datetime, minute: datetime) -> bool:
    return minute <= moment < minute + timedelta(minutes=1)


def _counted_before(laid_down: list[ExecutionReading], began_at: datetime, status: Status) -> Before:
    """Return how often stable failed in the last whole minutes before the rollout that have five hundred ends."""
    minutes = Counter[tuple[int, bool]]()
    first = began_at.replace(second=0, microsecond=0)
    for each in laid_down:
        if each.version == status.stable_version and each.ended_at is not None and each.ended_at < first:
            minutes[int((first - each.ended_at - _INSTANT).total_seconds() // 60), each.status == "SUCCEEDED"] += 1
    good = bad = 0
    for number in range(24 * 60):
        if good + bad < 500:
            good, bad = good + minutes[number, True], bad + minutes[number, False]
    return Before(good + bad, bad, ())


def _memory(decided: Decided) -> AnalysisStatus | None:
    """What the operator remembers of the rollout, once its first write is verified."""
    for status in (decided.decision.status, decided.rollout.status):
        if status.analysis is not None and status.analysis.weights:
            return status.analysis
    return None


def _began_us(history: History, memory: AnalysisStatus | None) -> int:
    """When the first write took effect; -1 where AWS has never had it."""
    began_at = memory.weights[0].at if memory is not None else None
    return next((each.from_us for each in history.alias_states if each.update_date == began_at), -1)


def _was_meddled_with(history: History, since_us: int) -> bool:
    return any(change.sent is None and change.at_us >= since_us for change in history.alias)


def _past(laid_down: list[ExecutionReading], began_at: datetime, status: Status) -> list[Execution]:
    ended = [each for each in laid_down if each.ended_at is not None and each.ended_at < began_at]
    last = sorted(ended, key=lambda each: each.ended_at or each.started_at)[-_PAST:]
    return [_execution(each, began_at, 0, 0.0) for each in last if each.version == status.stable_version]


def _horizon_s(analysis: Analysis, past: list[Execution], plan: Plan) -> float:
    return horizon_of(past, plan).seconds if analysis.horizon == AUTO else seconds_of(analysis.horizon)


def _execution(each: ExecutionReading, began_at: datetime, target: int, weight: float) -> Execution:
    ended_s = (each.ended_at - began_at).total_seconds() if each.ended_at is not None else None
    started_s = (each.started_at - began_at).total_seconds()
    return Execution(started_s, each.version == target, weight, ended_s, Ended(each.status))
