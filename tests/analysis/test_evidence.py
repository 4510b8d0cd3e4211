"""The e-values against scipy and brute force."""

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import beta, betabinom, binom

from sfn_rollouts.analysis.evidence import (
    NotWorse,
    allowed_by_the_past,
    nearest_on_edge,
    skew,
    suspicion,
)
from sfn_rollouts.analysis.values import Cohort, Split


def divergence(p: float, q: float) -> float:
    return p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))


@given(guess=st.floats(0.005, 0.99), margin=st.floats(0.001, 0.5), weight=st.floats(0.01, 0.99))
def test_the_point_on_the_edge_is_the_nearest_one(guess: float, margin: float, weight: float) -> None:
    def distance(x: float) -> float:
        return (1 - weight) * divergence(guess, x) + weight * divergence(guess, x + margin)

    best = minimize_scalar(distance, bounds=(1e-9, 1 - margin - 1e-9), method="bounded", options={"xatol": 1e-10})
    assert distance(nearest_on_edge(guess, margin, weight)) <= best.fun + 1e-9


def test_not_worse_is_the_ratio_of_likelihoods_at_the_guess_and_at_the_edge() -> None:
    looks = [[(0.1, (1, 0), (9, 2))], [(0.1, (0, 0), (5, 1)), (0.5, (2, 1), (20, 24))], [(0.5, (0, 0), (30, 31))]]
    process, bad, judged, expected = NotWorse(0.05), 0, 0, 1.0
    for look in looks:
        process.take([Cohort(weight, Split(*bads), Split(*goods)) for weight, bads, goods in look])
        guess = (bad + 0.5) / (judged + 50)
        for weight, bads, goods in look:
            edge = nearest_on_edge(guess, 0.05, weight)
            for rate, failed, succeeded in ((edge, bads[0], goods[0]), (edge + 0.05, bads[1], goods[1])):
                expected *= (guess / rate) ** failed * ((1 - guess) / (1 - rate)) ** succeeded
            bad, judged = bad + sum(bads), judged + sum(bads) + sum(goods)
    assert process.evidence == pytest.approx(expected)


@pytest.mark.parametrize("stable", [0.001, 0.05, 0.3, 0.9])
@pytest.mark.parametrize("margin", [0.02, 0.1])
def test_where_the_target_is_worse_by_the_margin_the_evidence_is_at_most_one_on_average(
    stable: float, margin: float
) -> None:
    """Over everything that can happen in two looks of three executions: that is what an e-value is."""
    weight, target = 0.3, min(stable + margin, 1.0)
    single = [
        (is_target, is_bad, (weight if is_target else 1 - weight) * (rate if is_bad else 1 - rate))
        for is_target, rate in ((False, stable), (True, target))
        for is_bad in (False, True)
    ]
    mean = 0.0
    for happened in product(single, repeat=6):
        process = NotWorse(margin)
        for look in (happened[:3], happened[3:]):
            counts = [[0, 0], [0, 0]]
            for is_target, is_bad, _ in look:
                counts[is_bad][is_target] += 1
            process.take([Cohort(weight, Split(*counts[True]), Split(*counts[False]))])
        mean += process.evidence * math.prod(chance for _, _, chance in happened)
    assert mean <= 1 + 1e-9


def test_what_is_lacking_is_about_what_it_takes() -> None:
    process = NotWorse(0.05)
    process.take([Cohort(0.5, Split(0, 0), Split(20, 20))])
    lacking = process.lacking(0.5)
    taken = 0
    while process.evidence < 20:
        process.take([Cohort(0.5, Split(0, 0), Split(5, 5))])
        taken += 5
    assert 0.5 * taken <= lacking <= 2 * taken
    assert process.lacking(0.5) == 0


def test_not_worse_stands_until_the_outcomes_speak_against_it() -> None:
    process = NotWorse(0.1)
    process.take([Cohort(0.5, Split(1, 1), Split(60, 60))])
    assert process.stands
    assert process.evidence >= 20
    process.take([Cohort(0.5, Split(0, 1), Split(0, 0))])
    assert 1 < process.evidence < 20
    assert process.stands
    process.take([Cohort(0.5, Split(0, 2), Split(0, 0))])
    assert process.evidence < 1
    assert not process.stands


@pytest.mark.parametrize(("failed", "ended"), [(0, 10), (0, 500), (3, 500), (50, 500), (1, 2), (499, 500)])
def test_the_past_allows_three_times_clopper_and_pearsons_bound(failed: int, ended: int) -> None:
    assert allowed_by_the_past(failed, ended) == pytest.approx(min(1.0, 3 * beta.ppf(0.99, failed + 1, ended - failed)))


@pytest.mark.parametrize(("failed", "ended"), [(0, 0), (7, 7)])
def test_a_past_without_a_success_allows_everything(failed: int, ended: int) -> None:
    assert allowed_by_the_past(failed, ended) == 1.0
    assert suspicion(100, 0, 1.0) == 0.0


@pytest.mark.parametrize(("failed", "others"), [(0, 0), (2, 0), (1, 5), (10, 3), (0, 100)])
def test_suspicion_is_the_mean_ratio_of_likelihoods(failed: int, others: int) -> None:
    allowed = 0.03
    started = failed + others
    ratios = [
        binom.pmf(failed, started, allowed + (1 - allowed) * part) / binom.pmf(failed, started, allowed)
        for part in (0.1, 0.3, 0.6, 0.95)
    ]
    assert suspicion(failed, others, allowed) == pytest.approx(sum(ratios) / 4)


def test_skew_is_the_ratio_of_a_spread_split_to_the_aliass() -> None:
    started = {0.1: Split(90, 12), 0.5: Split(10, 30)}
    expected = math.prod(
        betabinom.pmf(split.target, split.both, 20 * weight, 20 * (1 - weight))
        / binom.pmf(split.target, split.both, weight)
        for weight, split in started.items()
    )
    assert skew(started) == pytest.approx(expected)
    assert skew({}) == 1.0


def test_no_evidence_is_too_large_to_be_written() -> None:
    assert math.isfinite(skew({0.01: Split(0, 10_000)}))
    assert math.isfinite(suspicion(10_000, 0, 0.01))
    process = NotWorse(0.5)
    process.take([Cohort(0.5, Split(0, 0), Split(100_000, 100_000))])
    assert math.isfinite(process.evidence)
