"""The test of durations: its ranks are scipy's, its scores Savage's, and it is exact too."""

import math
import random
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from sfn_rollouts.analysis.durations import BEYOND, IN_FULL, DurationTest, savage_score
from sfn_rollouts.analysis.tally import Tally


@pytest.mark.parametrize(
    ("rank", "score"),
    [(0.001, -2), (0.2, -2), (0.5, -1), (0.63, 0), (0.7, 0), (0.9, 3), (0.95, 4), (0.99, 7), (0.999, 8), (0.99999, 8)],
)
def test_the_score_grows_with_how_rare_a_duration_is(rank: float, score: int) -> None:
    assert savage_score(rank) == score


def test_the_scores_are_savages_twice_and_without_their_mean() -> None:
    """Savage: the i-th of n is scored by 1/n + ... + 1/(n-i+1) - 1, which -ln(1 - u) - 1 comes close to."""
    n = 1000
    for place in range(1, n):
        savage = sum(1 / left for left in range(n - place + 1, n + 1)) - 1
        assert abs(savage_score((place - 0.5) / n) - max(-2, min(8, 2 * savage))) <= 0.51 + 2 / (n - place)


@given(
    history=st.lists(st.floats(0.1, 100), min_size=1, max_size=60),
    seconds=st.floats(0.1, 100),
    is_target=st.booleans(),
)
def test_a_duration_is_ranked_among_all_earlier_ones(history: list[float], seconds: float, is_target: bool) -> None:
    compared = seconds / 1.25 if is_target else seconds
    below = rankdata([*history, compared], method="min")[-1] - 1
    rank = (below + 0.5) / (len(history) + 1)
    savage, long = Tally(), Tally()
    savage.toss(0.2, savage_score(rank), 1, int(is_target))
    long.toss(0.2, int(rank > 0.95), 1, int(is_target))
    test = DurationTest(0.25, history)
    test.take([(0.2, is_target, seconds)])
    cut = test.look(0.6)
    assert cut in (savage.look(0.6 * 2 / 3), long.look(0.6 / 3))
    assert test.spent == pytest.approx(savage.spent + long.spent)


def test_the_chance_of_an_alarm_over_all_labels_is_no_more_than_what_was_spent() -> None:
    """Where the target takes longer by just the tolerance: so that what is compared is the same for either label."""
    rng = random.Random(5)
    history = [rng.lognormvariate(0, 1) for _ in range(12)]
    looks = [[rng.lognormvariate(0, 1) for _ in range(3)] for _ in range(3)]
    chance, spent, weight = 0.0, 0.0, 0.3
    for labels in product([False, True], repeat=9):
        test, rest, has_alarmed = DurationTest(0.25, history), list(labels), False
        for number, look in enumerate(looks, 1):
            taken = [(is_target, seconds) for seconds in look for is_target in (rest.pop(0),)]
            test.take([(weight, is_target, seconds * 1.25 if is_target else seconds) for is_target, seconds in taken])
            has_alarmed = test.look(0.1 * number).is_alarm or has_alarmed
        if has_alarmed:
            chance += weight ** sum(labels) * (1 - weight) ** (9 - sum(labels))
        spent = test.spent
    assert 0 < chance <= spent + 1e-12  # two tallies: their alarms may fall together
    assert spent <= 0.3


def alarms(factor: float, seeds: int = 30, looks: int = 20) -> int:
    found = 0
    for seed in range(seeds):
        rng = random.Random(seed)
        test = DurationTest(0.25, [rng.lognormvariate(0, 0.8) for _ in range(300)])
        for look in range(1, looks + 1):
            labels = [rng.random() < 0.5 for _ in range(15)]
            test.take([(0.5, label, rng.lognormvariate(0, 0.8) * (factor if label else 1)) for label in labels])
            if test.look(0.003 * look / looks).is_alarm:
                found += 1
                break
    return found


def test_twice_as_slow_is_found_and_a_fifth_slower_is_within_the_tolerance() -> None:
    assert alarms(2.5) == 30
    assert alarms(1.2) == 0
    assert alarms(0.5) == 0


def test_a_few_that_take_far_longer_are_found() -> None:
    rng = random.Random(1)
    test = DurationTest(0.25, [rng.lognormvariate(0, 0.3) for _ in range(300)])
    found = False
    for look in range(1, 41):
        labels = [rng.random() < 0.5 for _ in range(20)]
        test.take(
            [
                (0.5, label, rng.lognormvariate(0, 0.3) * (30 if label and rng.random() < 0.15 else 1))
                for label in labels
            ]
        )
        found = found or test.look(0.003 * look / 40).is_alarm
    assert found


def test_above_a_thousand_a_few_of_each_look_are_enough() -> None:
    test = DurationTest(0.25, [1.0])
    test.take([(0.5, False, 1.0)] * (IN_FULL - 1))
    assert math.isclose(test.share(400), 1.0)
    test.take([(0.5, False, 1.0)])
    assert math.isclose(test.share(400) * 400, BEYOND)
    assert math.isclose(test.share(BEYOND - 1), 1.0)
