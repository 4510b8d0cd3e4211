"""The forecast is what the judge would do, and says how to do better."""

import random

import pytest

from sfn_rollouts.analysis import Forecast, Plan, Policy, better_plan, forecast
from sfn_rollouts.analysis.forecasting import TARGET_FAILS, _poisson

STEPS = Plan(((0.1, 600.0), (0.5, 600.0)))
HALF = Plan(((0.5, 1800.0),))


@pytest.mark.parametrize(
    ("plan", "starts_per_hour", "measured"),
    [
        (STEPS, 20, (13, 2, 0, 0)),  # the study's table for 10 executions in 30 minutes
        (HALF, 20, (96, 11, 1, 0)),
        (STEPS, 200, (100, 93, 31, 2)),  # for 100
        (HALF, 200, (100, 100, 69, 4)),
    ],
)
def test_it_is_what_was_measured(plan: Plan, starts_per_hour: float, measured: tuple[int, ...]) -> None:
    """Of 200 rollouts, and the study judged one look sooner: within 12 of 100."""
    found = forecast(plan, Policy(), starts_per_hour, bake_s=600.0)
    assert [found.at(rate) for rate in TARGET_FAILS] == pytest.approx(list(measured), abs=14)


def test_the_same_question_has_the_same_answer() -> None:
    found = forecast(STEPS, Policy(), 40)
    forecast.cache_clear()
    assert forecast(STEPS, Policy(), 40) == found


def test_no_traffic_and_no_steps_notice_nothing() -> None:
    nothing = Forecast(0, 0, 0, 0)
    assert forecast(STEPS, Policy(), 0.0) == nothing
    assert forecast(Plan(()), Policy(), 1000.0, bake_s=3600.0) == nothing
    assert better_plan(STEPS, Policy(), 0.0) is None


def test_more_traffic_than_can_be_needed_notices_everything() -> None:
    assert forecast(HALF, Policy(), 1e8) == Forecast(100, 100, 100, 100)


@pytest.mark.parametrize(
    ("starts_per_hour", "seconds", "rate"),
    [
        (2000, 8 * 60, None),
        (250, 3600, 0.2),
        (100, 2.5 * 3600, 0.2),
        (40, 7 * 3600, 0.2),
        (2, 35 * 3600, 0.5),
        (0.5, 28 * 3600, 1.0),
    ],
)
def test_a_better_plan_gives_half_the_traffic_for_as_long_as_it_takes(
    starts_per_hour: float, seconds: float, rate: float | None
) -> None:
    better = better_plan(STEPS, Policy(), starts_per_hour)
    if rate is None:
        assert better is None  # it notices all of those already
        return
    assert better is not None
    plan, noticed = better
    assert plan == Plan(((0.5, seconds),))
    assert noticed.at(rate) >= 85
    assert noticed.at(rate) > forecast(STEPS, Policy(), starts_per_hour).at(rate)


def test_no_plan_of_two_days_helps_a_machine_that_hardly_runs() -> None:
    assert better_plan(STEPS, Policy(), 0.1) is None


@pytest.mark.parametrize("mean", [0.3, 4.0, 49.0, 400.0])
def test_starts_are_poisson(mean: float) -> None:
    rng = random.Random(1)
    drawn = [_poisson(rng, mean) for _ in range(4000)]
    average = sum(drawn) / len(drawn)
    assert average == pytest.approx(mean, rel=0.05)
    assert sum((each - average) ** 2 for each in drawn) / len(drawn) == pytest.approx(mean, rel=0.1)
