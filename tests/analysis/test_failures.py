"""The test of failures: its scores are as the study has them, and it holds its rate however often things fail."""

import random
from itertools import product

import pytest

from sfn_rollouts.analysis.failures import FAILURES_IN_FULL, FailureTest
from sfn_rollouts.analysis.tally import Tally
from sfn_rollouts.analysis.values import Cohort, Split


def cohort(weight: float, bad: tuple[int, int], good: tuple[int, int]) -> Cohort:
    """Bad and good ones, each (stable, target)."""
    return Cohort(weight, Split(*bad), Split(*good))


@pytest.mark.parametrize(
    ("bad", "good", "eighths"),
    [
        (0, 0, 2),  # (0 + 0.5) / (0 + 2) = 1/4
        (0, 2, 1),  # 1/8
        (0, 6, 1),  # 1/16
        (0, 7, 0),  # 0.056
        (0, 5, 1),  # 0.0714
        (1, 6, 1),  # 0.1667
        (1, 5, 2),  # 0.1875 = 3/16
        (2, 4, 2),  # 0.3125
        (1, 1, 4),  # 0.375 = 3/8
        (9, 0, 4),
        (100, 99, 4),  # 199 judged
        (100, 100, 0),  # 200 judged
    ],
)
def test_the_score_follows_the_pooled_rate_of_earlier_looks(bad: int, good: int, eighths: int) -> None:
    test, expected = FailureTest(), Tally()
    test.take([cohort(0.25, (bad, 0), (good, 0))])
    expected.toss(0.25, 6, bad, 0)
    expected.toss(0.25, -2, good, 0)
    test.take([cohort(0.25, (1, 2), (3, 1))])
    expected.toss(0.25, 8 - eighths, 3, 2)
    expected.toss(0.25, -eighths, 4, 1)
    assert test.look(0.01) == expected.look(0.01)
    assert test.spent == expected.spent


def test_the_score_of_a_look_does_not_follow_its_own_outcomes() -> None:
    """Both cohorts of one look are scored alike, whatever comes first."""
    first, second = FailureTest(), FailureTest()
    cohorts = [cohort(0.1, (20, 5), (0, 0)), cohort(0.5, (0, 0), (30, 30))]
    first.take(cohorts)
    second.take(cohorts[::-1])
    assert first.look(0.01).by_chance == pytest.approx(second.look(0.01).by_chance)


def test_the_chance_of_an_alarm_over_all_labels_is_what_was_spent() -> None:
    outcomes = [[True, False, False], [True, True, False], [True, True]]  # by look: whether bad
    dues, weight = (0.05, 0.1, 0.2), 0.3
    chance, without_a_failure, spent = 0.0, 0.0, 0.0
    for labels in product([False, True], repeat=8):
        test, rest, has_alarmed, has_failed = FailureTest(), list(labels), False, False
        for look, due in zip(outcomes, dues, strict=True):
            counts = [[0, 0], [0, 0]]
            for is_bad in look:
                counts[is_bad][rest.pop(0)] += 1
            test.take([Cohort(weight, Split(*counts[True]), Split(*counts[False]))])
            has_alarmed = test.look(due).is_alarm or has_alarmed
            has_failed = has_failed or counts[True][True] > 0
        probability = weight ** sum(labels) * (1 - weight) ** (8 - sum(labels))
        chance += probability * has_alarmed
        without_a_failure += probability * (has_alarmed and not has_failed)
        spent = max(spent, test.spent)
    assert chance == pytest.approx(spent, abs=1e-12)
    assert 0 < chance <= 0.2
    assert without_a_failure == 0


def test_a_target_that_has_not_failed_is_not_worse() -> None:
    """All good ends on stable are as rare as an alarm; what is said waits for a failure of the target."""
    test = FailureTest()
    test.take([cohort(0.5, (0, 0), (12, 0))])
    waiting = test.look(0.01)
    assert not waiting.is_alarm
    assert waiting.by_chance == pytest.approx(0.5**12)
    test.take([cohort(0.5, (0, 1), (0, 0))])
    found = test.look(0.02)
    assert found.is_alarm
    assert (found.by_chance, found.needed) == (waiting.by_chance, waiting.needed)


def test_half_of_the_failures_are_enough_above_two_thousand() -> None:
    test = FailureTest()
    test.take([cohort(0.5, (FAILURES_IN_FULL - 1, 0), (5000, 0))])
    assert not test.takes_half
    test.take([cohort(0.5, (1, 0), (0, 0))])
    assert test.takes_half


def test_a_rate_that_rises_while_the_share_of_the_target_grows_alarms_no_more_than_it_may() -> None:
    """Simpson's paradox: pooled comparisons alarm nearly always here."""
    alarms, rollouts = 0, 400
    for seed in range(rollouts):
        rng, test = random.Random(seed), FailureTest()
        for look in range(20):
            weight, fails = (0.1, 0.01) if look < 10 else (0.5, 0.2)
            counts = [[0, 0], [0, 0]]
            for _ in range(10):
                counts[rng.random() < fails][rng.random() < weight] += 1
            test.take([Cohort(weight, Split(*counts[True]), Split(*counts[False]))])
            if test.look(0.05 * (look + 1) / 20).is_alarm:
                alarms += 1
                break
    assert alarms <= 0.05 * rollouts + 3 * (0.05 * 0.95 * rollouts) ** 0.5
