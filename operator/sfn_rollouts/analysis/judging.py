"""The judge of one rollout: executions in, a judgement at each look out.

It is a function of policy, plan, horizon, past and executions alone: whether they come in one go or bit by bit, and in
which order, makes no difference, as long as each comes before the look that it is due at. So an operator that was
restarted reaches the same judgements from the executions that AWS still lists, and spends nothing twice.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sfn_rollouts.analysis.arrivals import Arrivals, Due
from sfn_rollouts.analysis.before import read_before
from sfn_rollouts.analysis.failures import FailureTest
from sfn_rollouts.analysis.outcome import Outcome, lasted_at, outcome_at
from sfn_rollouts.analysis.plan import Plan
from sfn_rollouts.analysis.sampling import sampled
from sfn_rollouts.analysis.values import SETTLE_S, Cohort, Execution, Judgement, Policy, Split, is_target_of
from sfn_rollouts.analysis.verdicts import Looks, Verdicts


class Judging:
    """The incremental judge of one rollout; `past` is stable's, from before it."""

    def __init__(self, policy: Policy, plan: Plan, horizon_s: float, past: Sequence[Execution]) -> None:
        self._policy, self._horizon_s = policy, horizon_s
        before = read_before(past, horizon_s, count_aborted=policy.count_aborted)
        self._verdicts = Verdicts(policy, plan, before, FailureTest())
        self._arrivals = Arrivals(horizon_s + SETTLE_S)
        self._not_well: Counter[Outcome] = Counter()
        self._started_on_target = 0
        self._looks = Looks()

    @property
    def spent(self) -> float:
        """The probability of a false alarm until now."""
        return self._verdicts.spent

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
        news = self._arrivals.until(self._looks.number_at(at))
        for weight, executions in news.started.items():
            started = _split(executions)
            self._verdicts.start(weight, started)
            self._started_on_target += started.target
        self._not_well.update(self._outcome(each, math.inf) for each in news.not_well if each.is_target)
        self._learn(news.due)
        failed = self._not_well[Outcome.BAD]
        others = self._started_on_target - self._not_well[Outcome.ABORTED] - failed
        return self._verdicts.judgement(at, failed=failed, others=others, left_out=self._arrivals.left_out)

    def _outcome(self, execution: Execution, horizon_s: float) -> Outcome:
        return outcome_at(execution, horizon_s, count_aborted=self._policy.count_aborted)

    def _learn(self, due: Mapping[float, Due]) -> None:
        cohorts, compared, timed = list[Cohort](), list[Cohort](), []
        all_aborted, takes_half = Split(), self._verdicts.takes_half_of_failures
        for weight, each_due in due.items():
            outcomes = [(self._outcome(each, self._horizon_s), each) for each in each_due.others]
            bad = [each for outcome, each in outcomes if outcome is Outcome.BAD]
            aborted = _split([each for outcome, each in outcomes if outcome is Outcome.ABORTED])
            cohort = Cohort(weight, _split(bad), _split(each_due.executions) - _split(bad) - aborted)
            all_aborted += aborted
            cohorts.append(cohort)
            compared.append(replace(cohort, bad=_split(sampled(bad, 0.5))) if takes_half else cohort)
            timed += self._timed(weight, each_due.executions)
        self._verdicts.learn(cohorts, all_aborted)
        self._verdicts.weigh(cohorts)
        self._verdicts.compare(compared)
        self._verdicts.time(timed)

    def _timed(self, weight: float, executions: Sequence[Execution]) -> list[tuple[float, bool, float]]:
        """Return (weight, whether on the target, seconds) of the good ones, where their durations are judged."""
        share = self._verdicts.share_timed(len(executions))
        return [
            (weight, each.is_target, lasted_at(each, self._horizon_s))
            for each in (sampled(executions, share) if share else ())
            if self._outcome(each, self._horizon_s) is Outcome.GOOD
        ]


def _split(executions: Sequence[Execution]) -> Split:
    on_target = sum(map(is_target_of, executions))
    return Split(len(executions) - on_target, on_target)
