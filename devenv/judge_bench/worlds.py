"""Simulated rollouts of 30 minutes as counts: how many executions of each version start and fail between two looks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sfn_rollouts.analysis import LOOK_EVERY_S, Plan

LOOKS = 60
Counts = NDArray[np.int64]
Rates = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Schedule:
    """The target's share over the 30 minutes; `plan` is the part below 100 %."""

    name: str
    plan: Plan

    @property
    def weights(self) -> Sequence[float]:
        """The share between each look and the next."""
        return [self.plan.weight_at((look + 0.5) * LOOK_EVERY_S) for look in range(LOOKS)]


STEPS = Schedule("10/50/100", Plan(((0.1, 600.0), (0.5, 600.0))))
HALF = Schedule("50 %", Plan(((0.5, 1800.0),)))
CANARY = Schedule("1 %", Plan(((0.01, 1800.0),)))


@dataclass(frozen=True, slots=True)
class Rollouts:
    """Counts of many rollouts, each an array of (rollouts, looks)."""

    schedule: Schedule
    target: Counts
    stable: Counts
    bad_target: Counts
    bad_stable: Counts


Draw = Callable[[np.random.Generator, int], Rates]
"""Draw failure rates for so many rollouts: an array of (rollouts, looks)."""


@dataclass(frozen=True, slots=True)
class World:
    """How often stable and target fail between two looks; both alike where they share one draw."""

    name: str
    stable: Draw
    target: Draw | None = None

    def rates(self, rng: np.random.Generator, runs: int) -> tuple[Rates, Rates]:
        """Draw the rates of stable and target."""
        stable = self.stable(rng, runs)
        return stable, self.target(rng, runs) if self.target is not None else stable


def steady(stable: float, target: float | None = None) -> World:
    """Both at one rate, or each at its own."""
    other = stable if target is None else target
    return World(f"{stable * 100:g} -> {other * 100:g} %", partial(_constant, stable), partial(_constant, other))


def _constant(rate: float, _: np.random.Generator, runs: int) -> Rates:
    return np.full((runs, LOOKS), rate)


def _rising(_: np.random.Generator, runs: int) -> Rates:
    return np.tile(np.linspace(0.005, 0.20, LOOKS), (runs, 1))


def _outage(rng: np.random.Generator, runs: int) -> Rates:
    begins = rng.integers(0, LOOKS - 10, size=(runs, 1))
    looks = np.arange(LOOKS)
    return np.where((looks >= begins) & (looks < begins + 10), 0.6, 0.01)


def _bursts(rng: np.random.Generator, runs: int) -> Rates:
    """Ten in a hundred on average, those within 30 s correlated by 0.3."""
    both = 1 / 0.3 - 1
    return rng.beta(0.1 * both, 0.9 * both, size=(runs, LOOKS))


STEADY = tuple(steady(rate) for rate in (0.0, 0.001, 0.01, 0.05, 0.2))
RISING = World("rises 0.5 -> 20 %", _rising)
OUTAGE = World("outage 5 min, both at 60 %", _outage)
SHARED_BURSTS = World("bursts, shared", _bursts)
OWN_BURSTS = World("bursts, each version its own", _bursts, _bursts)


def play(world: World, schedule: Schedule, executions: int, runs: int, seed: Sequence[int]) -> Rollouts:
    """Simulate so many rollouts with so many executions each, spread evenly over the 30 minutes."""
    rng = np.random.default_rng(list(seed))
    started = rng.multinomial(executions, [1 / LOOKS] * LOOKS, size=runs)
    target = rng.binomial(started, schedule.weights)
    stable = started - target
    fails_stable, fails_target = world.rates(rng, runs)
    return Rollouts(schedule, target, stable, rng.binomial(target, fails_target), rng.binomial(stable, fails_stable))
