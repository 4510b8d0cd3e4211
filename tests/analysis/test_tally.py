"""The label tally is exact: all labels that there can be are tried, and scipy knows the law of one look."""

import math
from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from sfn_rollouts.analysis.tally import Tally

Toss = tuple[float, int]
"""Weight and score of one execution."""

ROLLOUTS: dict[str, tuple[Sequence[Sequence[Toss]], Sequence[float]]] = {
    "one look, failures only": ([[(0.1, 1)] * 8], [0.05]),
    "three looks, weight rises": ([[(0.1, 8)] * 3, [(0.1, 8), (0.5, 8)], [(0.5, 8)] * 6], [0.02, 0.05, 0.1]),
    "good ends count": ([[(0.3, 6), (0.3, -2), (0.3, -2)], [(0.3, 7), (0.3, -1)], [(0.5, 8)] * 4], [0.05, 0.1, 0.2]),
    "all good": ([[(0.5, -4)] * 6], [0.1]),
    "a look without news cuts too": ([[(0.5, 1)] * 6, [], []], [0.01, 0.02, 0.1]),
    "scores of ranks": ([[(0.2, 3), (0.2, -2), (0.2, 8)], [(0.6, -1), (0.6, 5), (0.6, 0)]], [0.05, 0.2]),
}


def alarms_at(
    looks: Sequence[Sequence[Toss]], dues: Sequence[float], labels: Sequence[bool]
) -> tuple[int | None, Tally]:
    """Return the number of the first look that alarms where executions carry these labels, and the tally."""
    tally, rest = Tally(), list(labels)
    for number, (tosses, due) in enumerate(zip(looks, dues, strict=True)):
        for weight, score in tosses:
            tally.toss(weight, score, 1, int(rest.pop(0)))
        if tally.look(due).is_alarm:
            return number, tally
    return None, tally


@pytest.mark.parametrize("name", ROLLOUTS)
def test_the_chance_of_an_alarm_over_all_labels_is_what_was_spent_and_no_more_than_is_due(name: str) -> None:
    looks, dues = ROLLOUTS[name]
    weights = [weight for look in looks for weight, _ in look]
    alarm_chance = 0.0
    for labels in product([False, True], repeat=len(weights)):
        if alarms_at(looks, dues, labels)[0] is not None:
            alarm_chance += math.prod(w if label else 1 - w for w, label in zip(weights, labels, strict=True))
    quiet = Tally()
    for tosses, due in zip(looks, dues, strict=True):
        for weight, score in tosses:
            quiet.toss(weight, score, 1, int(score < 0))  # the lowest sum that there can be
        quiet.look(due)
    assert alarm_chance == pytest.approx(quiet.spent, abs=1e-12)
    assert alarm_chance <= dues[-1] + 1e-12
    assert alarm_chance > 0


@pytest.mark.parametrize("weight", [0.01, 0.1, 0.5, 0.9])
@pytest.mark.parametrize(("bad", "on_target"), [(1, 1), (5, 0), (5, 3), (8, 8), (9, 2), (40, 11), (400, 60)])
def test_one_look_is_the_binomial_test(weight: float, bad: int, on_target: int) -> None:
    tally = Tally()
    tally.toss(weight, 8, bad, on_target)
    expected = binom.sf(on_target - 1, bad, weight)
    assert tally.look(0.0).by_chance == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("due", [0.001, 0.01, 0.05, 0.3])
def test_what_one_look_cuts_off_is_the_longest_tail_that_fits(due: float) -> None:
    tally = Tally()
    tally.toss(0.3, 8, 30, 0)
    tails = [float(binom.sf(least - 1, 30, 0.3)) for least in range(32)]
    cut = tally.look(due)
    assert cut.needed == pytest.approx(max(tail for tail in tails if tail <= due), rel=1e-9)
    assert tally.spent == cut.needed


@given(
    weight=st.floats(0.01, 0.99),
    score=st.integers(-8, 8).filter(bool),
    count=st.integers(9, 60),
    share=st.floats(0, 1),
)
def test_many_at_once_are_as_many_one_by_one(weight: float, score: int, count: int, share: float) -> None:
    on_target = round(count * share)
    at_once, one_by_one = Tally(), Tally()
    for tally in (at_once, one_by_one):
        tally.toss(0.4, 3, 5, 2)
    at_once.toss(weight, score, count, on_target)
    for number in range(count):
        one_by_one.toss(weight, score, 1, int(number < on_target))
    for due in (0.01, 0.02):
        first, second = at_once.look(due), one_by_one.look(due)
        assert first.is_alarm == second.is_alarm
        assert first.by_chance == pytest.approx(second.by_chance, rel=1e-6, abs=1e-11)
        assert first.needed == pytest.approx(second.needed, rel=1e-6, abs=1e-11)


@given(
    scores=st.lists(st.sampled_from([8, 7, 6, -1, -2]), min_size=1, max_size=25),
    weight=st.floats(0.05, 0.95),
    data=st.data(),
)
def test_a_better_target_is_no_more_alarming(scores: list[int], weight: float, data: st.DataObject) -> None:
    """One bad end less on the target, or one good end more: the sum falls, and the law stays."""
    labels = data.draw(st.lists(st.booleans(), min_size=len(scores), max_size=len(scores)))
    better = [
        (label and data.draw(st.booleans())) if score > 0 else (label or data.draw(st.booleans()))
        for score, label in zip(scores, labels, strict=True)
    ]
    worse, best = Tally(), Tally()
    for score, label, improved in zip(scores, labels, better, strict=True):
        worse.toss(weight, score, 1, int(label))
        best.toss(weight, score, 1, int(improved))
    first, second = worse.look(0.05), best.look(0.05)
    assert second.by_chance >= first.by_chance - 1e-15
    assert second.needed == first.needed
    assert first.is_alarm or not second.is_alarm


def test_a_sum_beyond_all_that_is_likely_is_an_alarm() -> None:
    tally = Tally()
    tally.toss(0.01, 8, 200, 200)
    cut = tally.look(0.001)
    assert cut.is_alarm
    assert cut.by_chance == 0.0


def test_a_sum_below_all_that_is_likely_is_none() -> None:
    tally = Tally()
    tally.toss(0.9, 8, 200, 0)
    cut = tally.look(0.001)
    assert not cut.is_alarm
    assert cut.by_chance == pytest.approx(1.0)


def test_nothing_tossed_is_no_alarm() -> None:
    tally = Tally()
    tally.toss(0.5, 0, 10, 5)
    tally.toss(0.5, 8, 0, 0)
    cut = tally.look(0.01)
    assert (cut.is_alarm, cut.by_chance, cut.needed, tally.spent) == (False, 1.0, 0.0, 0.0)


def test_nothing_is_cut_off_twice() -> None:
    tally = Tally()
    tally.toss(0.5, 8, 10, 3)
    first = tally.look(0.01)
    again = tally.look(0.01)
    assert first.needed > 0
    assert again.needed == 0
    assert tally.spent == first.needed
