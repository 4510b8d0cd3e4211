"""The plan: when how much of the false alarm rate is due."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_rollouts.analysis import Plan

PLAN = Plan(((0.1, 600.0), (0.5, 600.0)))


def test_information_is_what_an_execution_a_second_tells() -> None:
    assert PLAN.information() == pytest.approx(0.1 * 0.9 * 600 + 0.25 * 600)
    assert PLAN.length == 1200.0
    assert PLAN.shortest == 600.0


@pytest.mark.parametrize(
    ("seconds", "elapsed"),
    [(0.0, 0.0), (300.0, 27 / 204), (600.0, 54 / 204), (900.0, 129 / 204), (1200.0, 1.0), (1800.0, 1.5), (3600.0, 3.0)],
)
def test_elapsed_is_the_part_of_it_that_lies_behind(seconds: float, elapsed: float) -> None:
    assert PLAN.elapsed(seconds) == pytest.approx(elapsed)


@pytest.mark.parametrize(
    ("seconds", "due"), [(0.0, 0.0), (600.0, 0.9 * 54 / 204), (1200.0, 0.9), (2400.0, 0.95), (3600.0, 0.975)]
)
def test_a_tenth_is_kept_for_what_takes_longer_than_planned(seconds: float, due: float) -> None:
    assert PLAN.due(seconds) == pytest.approx(due)


@given(
    steps=st.lists(st.tuples(st.floats(0.01, 0.99), st.floats(0, 1e6)), max_size=6),
    times=st.lists(st.floats(0, 1e7), min_size=2, max_size=2).map(sorted),
)
def test_what_is_due_never_falls_and_is_never_all(steps: list[tuple[float, float]], times: list[float]) -> None:
    plan = Plan(tuple(steps))
    assert 0.0 <= plan.due(times[0]) <= plan.due(times[1]) + 1e-12
    assert plan.due(times[1]) <= 1.0


def test_a_plan_that_compares_nothing_is_at_its_end() -> None:
    for plan in (Plan(()), Plan(((0.5, 0.0),))):
        assert plan.elapsed(0.0) == plan.elapsed(1e6) == 1.0
        assert plan.shortest is None


@pytest.mark.parametrize(("seconds", "weight"), [(0.0, 0.1), (599.9, 0.1), (600.0, 0.5), (1200.0, 1.0), (1e9, 1.0)])
def test_the_weight_follows_the_steps(seconds: float, weight: float) -> None:
    assert PLAN.weight_at(seconds) == weight


def test_what_lies_between_two_times() -> None:
    assert PLAN.between(500.0, 700.0) == [(0.1, 100.0), (0.5, 100.0)]
    assert PLAN.between(-30.0, 0.0) == []
    assert PLAN.between(1190.0, 1300.0) == [(0.5, 10.0)]


@pytest.mark.parametrize("step", [(0.0, 60.0), (1.0, 60.0), (0.5, -1.0), (0.5, float("inf")), (float("nan"), 1.0)])
def test_a_step_that_cannot_be_is_refused(step: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="above 0 and below 1"):
        Plan((step,))
