"""The judge of one rollout whose executions are only counted: minutes in, a judgement at each look out.

CloudWatch counts by the minute in which executions ended, by version however they were started, and by alias whichever
version ran. So Worse goes by failures alone (study, section 9): executions that started before a change of the weight
and ended after it fail by the law of a smaller weight, as weights only rise, which makes a false alarm rarer.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sfn_rollouts.analysis.before import Before
from sfn_rollouts.analysis.failures import FailureTest
from sfn_rollouts.analysis.plan import Plan
from sfn_rollouts.analysis.values import MINUTE_S, Cohort, Judgement, Policy, Reported, Split
from sfn_rollouts.analysis.verdicts import Looks, Verdicts


@dataclass(frozen=True, slots=True)
class Ends:
    """What was counted in one minute of one version, or of one alias: starts, and ends by what came of them."""

    started: int = 0
    failed: int = 0
    succeeded: int = 0
    aborted: int = 0


@dataclass(frozen=True, slots=True)
class Minute:
    """What was counted in the minute from `at` on, in seconds since the rollout's first verified write.

    `weight`: the target's share by which its failures are judged; None: they are not. `is_settled`: all that ended in
    it had started at this weight and through the alias, so that what ended well can be compared too.
    """

    at: float
    weight: float | None
    started: Split
    bad: Split
    good: Split
    aborted: Split
    is_settled: bool = False


def minute_of(at: float, weight: float | None, alias: Ends, stable: Ends, target: Ends, *, is_settled: bool) -> Minute:
    """Put together what was counted of the alias and of both versions. `is_settled`: as far as the weight goes."""
    return Minute(
        at=at,
        weight=weight,
        started=through_alias(alias.started, stable.started, target.started),
        bad=through_alias(alias.failed, stable.failed, target.failed),
        good=through_alias(alias.succeeded, stable.succeeded, target.succeeded),
        aborted=through_alias(alias.aborted, stable.aborted, target.aborted),
        is_settled=is_settled and alias == _sum(stable, target),
    )


def _sum(one: Ends, other: Ends) -> Ends:
    return Ends(
        one.started + other.started,
        one.failed + other.failed,
        one.succeeded + other.succeeded,
        one.aborted + other.aborted,
    )


def through_alias(alias: int, stable: int, target: int) -> Split:
    """Split what came through the alias, where versions were also started directly.

    Nobody says which version those were of: all of them count as the target's, so that it has no failure that was not
    its own and came through the alias. A false alarm becomes rarer by that, never more frequent.
    """
    directly = max(0, stable + target - alias)
    on_target = min(alias, max(0, target - directly))
    return Split(alias - on_target, on_target)


class CountJudging:
    """The incremental judge of one rollout; `before` is stable's past.

    Slower is none of its verdicts, so failures have all of the false alarm rate.
    """

    def __init__(self, policy: Policy, plan: Plan, before: Before) -> None:
        self._policy = policy
        self._verdicts = Verdicts(replace(policy, durations=False), plan, before, FailureTest(counts_good=False))
        self._coming: deque[Minute] = deque()
        self._looks = Looks()
        self._failed = 0
        self._started = 0
        self._aborted = 0

    @property
    def spent(self) -> float:
        """The probability of a false alarm until now."""
        return self._verdicts.spent

    def take(self, minutes: Iterable[Minute]) -> None:
        """Take minutes, each once and before the look that it is due at."""
        self._coming = deque(sorted([*self._coming, *minutes], key=lambda minute: minute.at))

    def look(self, at: float) -> Judgement:
        """Judge the minutes that are old enough by now; each look once and in order.

        Raises:
            ValueError: no look falls on `at`, or the last one was not before it.
        """
        self._looks.number_at(at)
        while self._coming and is_due(self._coming[0].at, at):
            minute = self._coming.popleft()
            self._learn(_with_aborted_as_bad(minute) if self._policy.count_aborted else minute)
        others = max(0, self._started - self._aborted - self._failed)
        return self._verdicts.judgement(at, failed=self._failed, others=others)

    def _learn(self, minute: Minute) -> None:
        self._started += minute.started.target
        self._failed += minute.bad.target
        self._aborted += minute.aborted.target
        self._verdicts.start(minute.weight if minute.is_settled else None, minute.started)
        if minute.weight is None or not 0.0 < minute.weight < 1.0:
            return
        cohort = Cohort(minute.weight, minute.bad, minute.good)
        self._verdicts.learn([cohort], minute.aborted)
        if minute.is_settled:
            self._verdicts.weigh([cohort])
        if not self._verdicts.takes_half_of_failures or round(minute.at / MINUTE_S) % 2:
            self._verdicts.compare([cohort])


def is_due(minute_at: float, look_at: float) -> bool:
    """Whether a minute is judged at this look: it is over for so long that CloudWatch has counted all of it."""
    return minute_at + Reported.COUNTED.late_s <= look_at


def _with_aborted_as_bad(minute: Minute) -> Minute:
    return replace(minute, bad=minute.bad + minute.aborted, aborted=Split())
