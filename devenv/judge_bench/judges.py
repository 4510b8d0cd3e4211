"""The product's judge and its rivals, each asked about many rollouts: at which look it calls the target worse."""

from collections.abc import Iterator

import numpy as np
from scipy.stats import norm

from devenv.judge_bench.kayenta import is_high
from devenv.judge_bench.worlds import LOOKS, Rollouts
from sfn_rollouts.analysis import LOOK_EVERY_S, SETTLE_S, Policy
from sfn_rollouts.analysis.failures import FailureTest
from sfn_rollouts.analysis.values import Cohort, Split

NEVER = -1
_SETTLED_AFTER = round(SETTLE_S / LOOK_EVERY_S)


class Verdicts:
    """By rollout: the look of the alarm or NEVER, the target's executions until then, the false alarm rate spent."""

    def __init__(self, looks: list[int], rollouts: Rollouts, spent: list[float] | None = None) -> None:
        self.looks = np.array(looks)
        self.spent = np.array(spent if spent is not None else [np.nan])
        self._target = rollouts.target.cumsum(axis=1)

    @property
    def share(self) -> float:
        """In how many of 100 rollouts it alarmed."""
        return float(100 * np.mean(self.looks != NEVER))

    @property
    def median_minute(self) -> float:
        """Of those that alarmed."""
        alarmed = self.looks[self.looks != NEVER]
        return float(np.median(alarmed) * LOOK_EVERY_S / 60) if alarmed.size else float("nan")

    @property
    def minute_error(self) -> float:
        """Return the standard error of that median, as for a normal law."""
        alarmed = self.looks[self.looks != NEVER]
        return float(1.25 * np.std(alarmed) / max(alarmed.size, 1) ** 0.5 * LOOK_EVERY_S / 60) if alarmed.size else 0.0

    @property
    def median_target(self) -> float:
        """Executions of the target that were judged when it alarmed."""
        rows = np.flatnonzero(self.looks != NEVER)
        judged = np.minimum(self.looks[rows] - _SETTLED_AFTER, LOOKS) - 1
        return float(np.median(self._target[rows, judged])) if rows.size else float("nan")


def ours(rollouts: Rollouts, policy: Policy) -> Verdicts:
    """Ask the product's test of failures, with its settle time and its part of the false alarm rate."""
    plan, weights = rollouts.schedule.plan, rollouts.schedule.weights
    rate = policy.false_alarm_rate * policy.failures_part
    looks = range(1, LOOKS + _SETTLED_AFTER + 1)
    due = {look: rate * plan.due(look * LOOK_EVERY_S) for look in looks}
    found, spent = [], []
    for row in rows(rollouts):
        test, alarm = FailureTest(), NEVER
        for look in looks:
            begun = look - _SETTLED_AFTER - 1
            if begun >= 0 and weights[begun] < 1.0:
                target, stable, bad_target, bad_stable = row[begun]
                good = Split(stable - bad_stable, target - bad_target)
                test.take([Cohort(weights[begun], Split(bad_stable, bad_target), good)])
            if test.look(due[look]).is_alarm:
                alarm = look
                break
        found.append(alarm)
        spent.append(test.spent)
    return Verdicts(found, rollouts, spent)


def rows(rollouts: Rollouts) -> Iterator[list[tuple[int, int, int, int]]]:
    """Yield for each rollout, look by look: executions of target and stable, bad ones of target and stable."""
    together = np.stack([rollouts.target, rollouts.stable, rollouts.bad_target, rollouts.bad_stable], axis=2)
    for row in together:
        yield [tuple(each) for each in row.tolist()]


def kayenta(rollouts: Rollouts) -> Verdicts:
    """Judge once, when the last step below 100 % ends; minutes without an execution have no point."""
    last = sum(weight < 1.0 for weight in rollouts.schedule.weights)
    by_minute = [
        each[:, :last].reshape(len(each), -1, 2).sum(axis=2)
        for each in (rollouts.target, rollouts.stable, rollouts.bad_target, rollouts.bad_stable)
    ]
    found = []
    for target, stable, bad_target, bad_stable in zip(*by_minute, strict=True):
        experiment = bad_target[target > 0] / target[target > 0]
        control = bad_stable[stable > 0] / stable[stable > 0]
        found.append(last if is_high(experiment, control) else NEVER)
    return Verdicts(found, rollouts)


def flagger(rollouts: Rollouts, threshold: int = 10) -> Verdicts:
    """Roll back at the tenth minute, counted over the whole analysis, in which fewer than 99 % succeeded, or none ran.

    Source: fluxcd/flagger, pkg/controller/scheduler_metrics.go and pkg/metrics/observers.
    """
    target = rollouts.target.reshape(len(rollouts.target), -1, 2).sum(axis=2)
    bad = rollouts.bad_target.reshape(len(rollouts.target), -1, 2).sum(axis=2)
    failed = ((target == 0) | (bad > 0.01 * target)).cumsum(axis=1) >= threshold
    return Verdicts([2 * (int(row.argmax()) + 1) if row.any() else NEVER for row in failed], rollouts)


def z_test_peeked(rollouts: Rollouts) -> Verdicts:
    """Compare the failure rates at each look by a z test at 1 %, as dashboards do."""
    weights = np.array(rollouts.schedule.weights)
    n1, n2, bad1, bad2 = (
        np.where(weights < 1.0, each, 0).cumsum(axis=1)
        for each in (rollouts.target, rollouts.stable, rollouts.bad_target, rollouts.bad_stable)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = (bad1 + bad2) / (n1 + n2)
        z = (bad1 / n1 - bad2 / n2) / np.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    alarms = np.nan_to_num(z, nan=0.0, posinf=np.inf) > norm.ppf(0.99)
    return Verdicts([int(row.argmax()) + 1 if row.any() else NEVER for row in alarms], rollouts)
