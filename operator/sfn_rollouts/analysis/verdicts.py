"""All that is tested over one rollout, and what stands by it at each look, wherever the counts come from."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from sfn_rollouts.analysis.before import Before
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
from sfn_rollouts.analysis.plan import Plan
from sfn_rollouts.analysis.tally import Cut
from sfn_rollouts.analysis.values import (
    LOOK_EVERY_S,
    AgainstThePast,
    Cohort,
    Counts,
    Finding,
    Judgement,
    Policy,
    Split,
    Verdict,
)

MOST_ABORTED = 0.1
"""Of a version's executions that would have been judged. Above, they may be the ones that hang."""


class Verdicts:
    """The tests of one rollout. `failures` is the test that Worse goes by; `before` is stable's past."""

    def __init__(self, policy: Policy, plan: Plan, before: Before, failures: FailureTest) -> None:
        self._policy, self._plan, self._before = policy, plan, before
        self._allowed = allowed_by_the_past(before.failed, before.ended)
        self._failures, self._not_worse = failures, NotWorse(policy.margin)
        self._durations = DurationTest(policy.tolerance, before.durations)
        self._started: defaultdict[float | None, Split] = defaultdict(Split)
        self._judged, self._bad, self._aborted = Split(), Split(), Split()
        self._alarms: dict[Verdict, Finding] = {}
        """Worse and Slower, which are final: of the look that found each."""

    @property
    def spent(self) -> float:
        """The probability of a false alarm until now."""
        return self._failures.spent + self._durations.spent

    @property
    def takes_half_of_failures(self) -> bool:
        """Whether half of the failures are enough for Worse."""
        return self._failures.takes_half

    def share_timed(self, executions: int) -> float:
        """Return the share of so many executions of one look whose durations are to be taken."""
        is_over = not self._policy.durations or Verdict.SLOWER in self._alarms
        return 0.0 if is_over else self._durations.share(executions)

    def start(self, weight: float | None, started: Split) -> None:
        """Take executions that started at this weight; None: not to be compared with the weights."""
        self._started[weight] += started

    def learn(self, cohorts: Collection[Cohort], aborted: Split) -> None:
        """Take what was judged, for the figures."""
        for each in cohorts:
            self._bad += each.bad
            self._judged += each.bad + each.good
        self._aborted += aborted

    def compare(self, cohorts: Collection[Cohort]) -> None:
        """Take what Worse goes by at this look."""
        if Verdict.WORSE not in self._alarms:
            self._failures.take(cohorts)

    def weigh(self, cohorts: Collection[Cohort]) -> None:
        """Take what NotWorse goes by at this look."""
        self._not_worse.take(cohorts)

    def time(self, durations: Sequence[tuple[float, bool, float]]) -> None:
        """Take (weight, whether on the target, seconds) of executions that ended well: what Slower goes by."""
        self._durations.take(durations)

    def judgement(self, at: float, *, failed: int, others: int, left_out: int = 0) -> Judgement:
        """Return what stands at this look.

        `failed` and `others`: of the target's executions that started until now, as Suspect goes by them.
        """
        started = sum(self._started.values(), Split())
        target = Counts(started.target, self._judged.target, self._bad.target, self._aborted.target)
        stable = Counts(started.stable, self._judged.stable, self._bad.stable, self._aborted.stable)
        failures, durations = self._cuts(self._policy.false_alarm_rate * self._plan.due(at))
        for verdict, cut in ((Verdict.WORSE, failures), (Verdict.SLOWER, durations)):
            if cut is not None and cut.is_alarm:
                self._alarms[verdict] = Finding(verdict, at, target, stable, cut.by_chance, cut.needed)
        final = [self._alarms[verdict] for verdict in (Verdict.WORSE, Verdict.SLOWER) if verdict in self._alarms]
        by_chance, needed = (failures.by_chance, failures.needed) if failures is not None else (None, None)
        evident = self._evident(Finding(Verdict.NOT_ENOUGH, at, target, stable, by_chance, needed), failed, others)
        return Judgement(at, target, stable, (*final, *evident), left_out)

    def _cuts(self, due: float) -> tuple[Cut | None, Cut | None]:
        """Look at failures and at durations, each until it has alarmed."""
        has_durations, part = self._policy.durations, self._policy.failures_part
        return (
            self._failures.look(due * part) if Verdict.WORSE not in self._alarms else None,
            self._durations.look(due * (1 - part)) if has_durations and Verdict.SLOWER not in self._alarms else None,
        )

    def _evident(self, nothing: Finding, failed: int, others: int) -> Iterator[Finding]:
        """Yield what stands by evidence, and so may fall again; `nothing` has the figures of this look."""
        skewed = skew({weight: split for weight, split in self._started.items() if weight and weight < 1.0})
        if skewed >= SKEWED_FROM:
            yield replace(nothing, verdict=Verdict.SKEWED, evidence=skewed)
        suspected = suspicion(failed, others, self._allowed)
        if suspected >= SUSPECT_FROM:
            past = AgainstThePast(failed, failed + others, self._before.failed, self._before.ended)
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


class Looks:
    """The grid on which it is looked: each multiple of LOOK_EVERY_S once, in order."""

    def __init__(self) -> None:
        self._last = -1

    def number_at(self, at: float) -> int:
        """Return the number of the look that falls on `at`.

        Raises:
            ValueError: none does, or the last one was not before it.
        """
        number = round(at / LOOK_EVERY_S)
        if number * LOOK_EVERY_S != at or number <= self._last:
            last = self._last * LOOK_EVERY_S
            raise ValueError(f"no look falls on {at:g} s: there is one each {LOOK_EVERY_S:g} s, after {last:g} s")
        self._last = number
        return number
