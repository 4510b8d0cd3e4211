"""What a plan can notice at a given traffic: the judge, run on simulated rollouts of versions that fail more often.

Stable fails one time in a hundred, starts are Poisson, outcomes are known at once; noticed means Worse before the
rollout ends. Seeded by the question, so that it has one answer.
"""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sfn_rollouts.analysis.failures import FailureTest
from sfn_rollouts.analysis.plan import Plan
from sfn_rollouts.analysis.values import LOOK_EVERY_S, Cohort, Policy, Reported, Split

ROLLOUTS = 200
"""Simulated for each failure rate: "in 50 of 100" is 43 to 57."""

STABLE_FAILS = 0.01
TARGET_FAILS = (1.0, 0.5, 0.2, 0.05)

_MOST_LOOKS = 60
"""In a simulated rollout. Longer plans are looked at less often: that changes little, and the forecast stays fast."""

_ENOUGH = 1200.0
"""Information, in executions: with more of it, any of these versions is noticed, and it takes long to simulate."""

_MANY = 50.0
_NEEDED = ((0.2, 250), (0.5, 70), (1.0, 14))
"""So many executions of both versions, half on each, and nearly every version that fails so often is noticed."""

_ALL = 100
_HALF = 0.5
_HOUR_S = 3600.0
_LONGEST_S = 48 * _HOUR_S


@dataclass(frozen=True, slots=True)
class Forecast:
    """In how many of 100 rollouts a version is noticed that fails always, one time in two, in five, in twenty."""

    always: int
    half: int
    fifth: int
    twentieth: int

    def at(self, rate: float) -> int:
        """Return it for a version that fails at this rate, one of TARGET_FAILS."""
        return dict(zip(TARGET_FAILS, (self.always, self.half, self.fifth, self.twentieth), strict=True))[rate]


@lru_cache(maxsize=256)
def forecast(
    plan: Plan,
    policy: Policy,
    starts_per_hour: float,
    *,
    bake_s: float = 0.0,
    reported: Reported = Reported.LISTED,
) -> Forecast:
    """Return what is noticed within plan and bake. The last answers are kept: each takes a part of a second."""
    looks = list(_looks(plan, policy, starts_per_hour, bake_s, reported))
    return Forecast(
        *(_noticed(looks, reported, repr((plan, policy, starts_per_hour, bake_s, rate)), rate) for rate in TARGET_FAILS)
    )


def better_plan(
    plan: Plan,
    policy: Policy,
    starts_per_hour: float,
    *,
    bake_s: float = 0.0,
    reported: Reported = Reported.LISTED,
) -> tuple[Plan, Forecast] | None:
    """Return a plan that notices more, and its forecast: half the traffic, for as long as it takes.

    It is made for a version that fails one time in five; at less traffic for one that fails one time in two, or always.
    None where it would notice no more of those than this plan, or would take more than two days.
    """
    known = forecast(plan, policy, starts_per_hour, bake_s=bake_s, reported=reported)
    unseen_s = reported.skipped_s + reported.late_s - Reported.LISTED.late_s
    for rate, needed in _NEEDED if starts_per_hour > 0.0 else ():
        seconds = _rounded_up(_HOUR_S * needed / starts_per_hour + unseen_s)
        if seconds <= _LONGEST_S:
            if known.at(rate) == _ALL:  # nothing notices more, and to simulate it takes long where traffic is heavy
                return None
            better = Plan(((_HALF, seconds),))
            found = forecast(better, policy, starts_per_hour, bake_s=bake_s, reported=reported)
            return (better, found) if found.at(rate) > known.at(rate) else None
    return None


def _rounded_up(seconds: float) -> float:
    """Return a length that a person would write: whole minutes, quarters of an hour above one hour, then hours."""
    unit = next(unit for unit, most in ((60, 3600), (900, 4 * 3600), (3600, math.inf)) if seconds <= most)
    return float(math.ceil(seconds / unit) * unit)


def _noticed(looks: Sequence["_Look"], reported: Reported, seed: str, rate: float) -> int:
    rng = random.Random(seed)  # noqa: S311 - a simulation
    counts_good = reported is Reported.LISTED
    noticed = sum(_is_noticed(rng, looks, FailureTest(counts_good=counts_good), rate) for _ in range(ROLLOUTS))
    return round(100 * noticed / ROLLOUTS)


@dataclass(frozen=True, slots=True)
class _Look:
    """What is due at a look, and what starts on average between the one before and it: (weight, executions)."""

    due: float
    starts: Sequence[tuple[float, float]]


def _looks(plan: Plan, policy: Policy, starts_per_hour: float, bake_s: float, reported: Reported) -> Iterator[_Look]:
    end, information = plan.length + bake_s, plan.information()
    starts_a_second = min(starts_per_hour / _HOUR_S, _ENOUGH / information) if information else 0.0
    every = LOOK_EVERY_S * max(1, math.ceil(end / LOOK_EVERY_S / _MOST_LOOKS))
    for number in range(1, int(end / every) + 1):
        until = number * every - reported.late_s
        behind = plan.between(until - every, until, skipped_s=reported.skipped_s)
        starts = [(weight, seconds * starts_a_second) for weight, seconds in behind]
        yield _Look(policy.false_alarm_rate * policy.failures_part * plan.due(number * every), starts)


def _is_noticed(rng: random.Random, looks: Sequence[_Look], test: FailureTest, rate: float) -> bool:
    for look in looks:
        test.take([_cohort(rng, weight, starts, rate) for weight, starts in look.starts])
        if test.look(look.due).is_alarm:
            return True
    return False


def _cohort(rng: random.Random, weight: float, starts: float, rate: float) -> Cohort:
    stable, target = starts * (1.0 - weight), starts * weight
    return Cohort(
        weight,
        bad=Split(_poisson(rng, stable * STABLE_FAILS), _poisson(rng, target * rate)),
        good=Split(_poisson(rng, stable * (1.0 - STABLE_FAILS)), _poisson(rng, target * (1.0 - rate))),
    )


def _poisson(rng: random.Random, mean: float) -> int:
    """Draw from the Poisson law; where the mean is large, from the normal law that is next to it."""
    if mean > _MANY:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count
