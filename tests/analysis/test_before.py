"""What the past of stable says: the horizon, and what is compared with."""

from collections.abc import Sequence

import numpy as np
import pytest

from sfn_rollouts.analysis import Ended, Execution, Horizon, Plan, horizon_of
from sfn_rollouts.analysis.before import read_before
from tests.analysis.rollouts import PLAN, execution


def lasting(times: Sequence[float]) -> list[Execution]:
    """Executions that took so long, the last one having ended last."""
    return [execution(-2e6 + 1000.0 * number, weight=0.0, seconds=seconds) for number, seconds in enumerate(times)]


def test_the_horizon_is_p99_of_the_last_thousand() -> None:
    times = [float(1 + number % 97) for number in range(1000)]
    expected = np.quantile(times, 0.99, method="inverted_cdf")
    found = horizon_of(lasting([190.0] * 500 + times), PLAN)
    assert found.seconds == pytest.approx(expected)
    assert not found.is_capped
    assert found.is_known


def test_the_horizon_is_at_most_a_third_of_the_shortest_step() -> None:
    plan = Plan(((0.1, 300.0), (0.5, 90.0), (0.6, 0.0)))
    assert horizon_of(lasting([40.0] * 20), plan) == Horizon(30.0, is_capped=True)
    assert horizon_of(lasting([40.0] * 20), Plan(())).seconds == pytest.approx(40.0)


def test_without_a_past_the_horizon_is_that_third() -> None:
    assert horizon_of([], PLAN) == Horizon(200.0, is_capped=False, is_known=False)
    assert horizon_of([], Plan(())) == Horizon(0.0, is_capped=False, is_known=False)


def test_only_stables_own_ends_before_the_rollout_count() -> None:
    others = [
        execution(-500.0, target=True, seconds=150.0),
        execution(-500.0, Ended.RUNNING),
        execution(-10.0, seconds=20.0),
        execution(-500.0, Ended.ABORTED, seconds=150.0),
        execution(-500.0, seconds=-1.0),
    ]
    past = [*lasting([5.0]), *others]
    assert horizon_of(past, PLAN).seconds == pytest.approx(5.0)
    assert read_before(past, 10.0, count_aborted=False).ended == 1
    assert read_before(past, 10.0, count_aborted=True).ended == 2
    assert read_before(past, 10.0, count_aborted=True).failed == 1


def test_the_last_five_hundred_are_compared_with() -> None:
    failed = [execution(-3e6 - 100.0 * number, Ended.FAILED, weight=0.0) for number in range(1, 50)]
    recent = [execution(-10.0, Ended.TIMED_OUT, seconds=3.0), execution(-20.0, Ended.FAILED, seconds=15.0)]
    before = read_before([*failed, *lasting([2.0, 50.0] * 249), *recent], 10.0, count_aborted=False)
    assert (before.ended, before.failed) == (500, 2)
    assert sorted(before.durations) == pytest.approx([2.0] * 249 + [10.0] * 250)
