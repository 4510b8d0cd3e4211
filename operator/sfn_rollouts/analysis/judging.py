"""The judge of one rollout: executions in, a judgement at each look out.

It is a function of policy, plan, horizon, past and executions alone: whether they come in one go or bit by bit, and in
which order, makes no difference, as long as each comes before the look that it is due at. So an operator that was
restarted reaches the same judgements from the executions that AWS still lists, and spends nothing twice.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter

from sfn_rollouts.analysis.arrivals import Arrivals
from sfn_rollouts.analysis.before import read_before
from sfn_rollouts.analysis.durations import DurationTest
from sfn_rollouts.analysis.evidence import (
    SKEWED_FROM,
    SUSPECT_FROM,
    NotWorse,
    allowed_by_the_past,
    skew,
    suspicion,
)
from sfn_rollouts.analysis.failures import FailureTest
from sfn_rollouts.analysis.outcome import Outcome, lasted_at, outcome_at
from sfn_rollouts.analysis.plan import Plan
from sfn_rollouts.analysis.sampling import sampled
from sfn_rollouts.analysis.tally import Cut
from sfn_rollouts.analysis.values import (
    LOOK_EVERY_S,
    SETTLE_S,
    AgainstThePast,
    Cohort,
    Counts,
    Ended,
    Execution,
    Finding,
    Judgement,
    Policy,
    Split,
    Verdict,
)

MOST_ABORTED = 0.1
"""Of a version's executions that would have been judged. Above, they may be the ones that hang."""


_is_target = attrgetter("is_target")


class Judging:
    """The incremental judge of one rollout; `past` is stable's, from before it."""

    def __init__(self, policy: Policy, plan: Plan, horizon_s: float, past: Sequence[Execution]) -> None:
        self._policy, self._plan, self._horizon_s = policy, plan, horizon_s
        self._before = read_before(past, horizon_s, count_aborted=policy.count_aborted)
        self._allowed = allowed_by_the_past(self._before.failed, self._before.ended)
        self._failures, self._not_worse = FailureTest(), NotWorse(policy.margin)
        self._durations = DurationTest(policy.tolerance, self._before.durations)
        self._arrivals = Arrivals(horizon_s + SETTLE_S)
        self._started: defaultdict[float, Split] = defaultdict(Split)
        self._judged, self._bad, self._aborted = Split(), Split(), Split()
        self._not_well: Counter[Outcome] = Counter()
        self._alarms: dict[Verdict, Finding] = {}
        """Worse and Slower, which are final: of the look that found each."""
        self._last_look = -1

    @property
    def spent(self) -> float:
        """The probability of a false alarm until now."""
        return self._failures.spent + self._durations.spent

    def take(self, executions: Iterable[Execution]) -> None:
        """Take executions in any order: each once; or, with its key, while it runs and once when it has ended.

        What comes after the look that it was due at is judged at the next one.
        """
        self._arrivals.take(executions)

    def look(self, at: float) -> Judgement:
        """Judge what is old enough by now; each look once and in order.

        Raises:
            ValueError: no look falls on `at`, or the last one was not before it.
        """
        number = round(at / LOOK_EVERY_S)
        if number * LOOK_EVERY_S != at or number <= self._last_look:
            last = self._last_look * LOOK_EVERY_S
            raise ValueError(f"no look falls on {at:g} s: there is one each {LOOK_EVERY_S:g} s, after {last:g} s")
        self._last_look = number
        news = self._arrivals.until(number)
        for weight, started in news.started.items():
            self._started[weight] += _split(started)
        self._not_well.update(self._outcome(each, math.inf) for each in news.not_well if each.is_target)
        self._learn(news.due)
        return self._judgement(at)

    def _outcome(self, execution: Execution, horizon_s: float) -> Outcome:
        return outcome_at(execution, horizon_s, count_aborted=self._policy.count_aborted)

    def _learn(self, due: Mapping[float, Sequence[Execution]]) -> None:
        succeeded, cohorts, counted, timed = Ended.SUCCEEDED, [], [], []
        for weight, executions in due.items():
            not_well = [each for each in executions if each.status is not succeeded or each.is_redriven]
            outcomes = [(self._outcome(each, self._horizon_s), each) for each in not_well]
            bad = [each for outcome, each in outcomes if outcome is Outcome.BAD]
            aborted = _split([each for outcome, each in outcomes if outcome is Outcome.ABORTED])
            cohort = Cohort(weight, _split(bad), _split(executions) - _split(bad) - aborted)
            self._bad += cohort.bad
            self._judged += cohort.bad + cohort.good
            self._aborted += aborted
            cohorts.append(cohort)
            counted.append(replace(cohort, bad=_split(sampled(bad, 0.5))) if self._failures.takes_half else cohort)
            timed += self._timed(weight, executions)
        self._not_worse.take(cohorts)
        if Verdict.WORSE not in self._alarms:
            self._failures.take(counted)
        self._durations.take(timed)

    def _timed(self, weight: float, executions: Sequence[Execution]) -> list[tuple[float, bool, float]]:
        """Return (weight, whether on the target, seconds) of the good ones, where their durations are judged."""
        if not self._policy.durations or Verdict.SLOWER in self._alarms:
            return []
        return [
            (weight, each.is_target, lasted_at(each, self._horizon_s))
            for each in sampled(executions, self._durations.share)
            if self._outcome(each, self._horizon_s) is Outcome.GOOD
        ]

    def _judgement(self, at: float) -> Judgement:
        started = sum(self._started.values(), Split())
        target = Counts(started.target, self._judged.target, self._bad.target, self._aborted.target)
        stable = Counts(started.stable, self._judged.stable, self._bad.stable, self._aborted.stable)
        failures, durations = self._cuts(self._policy.false_alarm_rate * self._plan.due(at))
        for verdict, cut in ((Verdict.WORSE, failures), (Verdict.SLOWER, durations)):
            if cut is not None and cut.is_alarm:
                self._alarms[verdict] = Finding(verdict, at, target, stable, cut.by_chance, cut.needed)
        final = [self._alarms[verdict] for verdict in (Verdict.WORSE, Verdict.SLOWER) if verdict in self._alarms]
        by_chance, needed = (failures.by_chance, failures.needed) if failures is not None else (None, None)
        others = self._evident(Finding(Verdict.NOT_ENOUGH, at, target, stable, by_chance, needed))
        return Judgement(at, target, stable, (*final, *others), self._arrivals.left_out)

    def _cuts(self, due: float) -> tuple[Cut | None, Cut | None]:
        """Look at failures and at durations, each until it has alarmed."""
        has_durations, part = self._policy.durations, self._policy.failures_part
        return (
            self._failures.look(due * part) if Verdict.WORSE not in self._alarms else None,
            self._durations.look(due * (1 - part)) if has_durations and Verdict.SLOWER not in self._alarms else None,
        )

    def _evident(self, nothing: Finding) -> Iterator[Finding]:
        """Yield what stands by evidence, and so may fall again; `nothing` has the figures of this look."""
        skewed = skew({weight: split for weight, split in self._started.items() if 0.0 < weight < 1.0})
        if skewed >= SKEWED_FROM:
            yield replace(nothing, verdict=Verdict.SKEWED, evidence=skewed)
        failed, started = self._not_well[Outcome.BAD], nothing.target.started - self._not_well[Outcome.ABORTED]
        suspected = suspicion(failed, started - failed, self._allowed)
        if suspected >= SUSPECT_FROM:
            past = AgainstThePast(failed, started, self._before.failed, self._before.ended)
            yield replace(nothing, verdict=Verdict.SUSPECT, evidence=suspected, past=past)
        evidence = self._not_worse.evidence
        if any(each.aborted > MOST_ABORTED * (each.judged + each.aborted) for each in (nothing.target, nothing.stable)):
            yield replace(nothing, evidence=evidence, has_too_many_aborted=True)
        elif self._not_worse.stands:
            yield replace(nothing, verdict=Verdict.NOT_WORSE, evidence=evidence)
        else:
            yield replace(nothing, evidence=evidence, lacking=self._lacking(nothing.at))

    def _lacking(self, at: float) -> int | None:
        """A step that lasts longer than planned goes on at the last weight; None for a plan that compares nothing."""
        planned = self._plan.weight_at(at)
        weight = planned if planned < 1.0 or not self._plan.steps else self._plan.steps[-1][0]
        return self._not_worse.lacking(weight) if weight < 1.0 else None


def _split(executions: Sequence[Execution]) -> Split:
    on_target = sum(map(_is_target, executions))
    return Split(len(executions) - on_target, on_target)
