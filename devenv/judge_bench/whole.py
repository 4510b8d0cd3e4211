"""Rollouts played through the whole judge, execution by execution: what counts alone cannot show."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devenv.judge_bench.worlds import Schedule
from sfn_rollouts.analysis import LOOK_EVERY_S, SETTLE_S, Ended, Execution, Judging, Plan, Policy, Verdict

PAST = 500

Labels = NDArray[np.bool_]
_STATUS = {False: Ended.SUCCEEDED, True: Ended.FAILED}


@dataclass(frozen=True, slots=True)
class Durations:
    """How long executions take: medians in seconds, by outcome; the target succeeds `slower` times slower."""

    good_s: float = 1.0
    bad_s: float = 1.0
    slower: float = 1.0
    spread: float = 0.8

    def draw(self, rng: np.random.Generator, is_target: Labels, fails: Labels) -> Sequence[float]:
        """Draw one for each execution from the lognormal law, in whole milliseconds."""
        median = np.where(fails, self.bad_s, np.where(is_target, self.good_s * self.slower, self.good_s))
        drawn: list[float] = rng.lognormal(np.log(median), self.spread).round(3).tolist()
        return drawn


def judged(
    schedule: Schedule,
    executions: int,
    fails: tuple[float, float],
    durations: Durations,
    policy: Policy,
    horizon_s: float,
    seed: Sequence[int],
) -> set[Verdict]:
    """Return every verdict that stood at any look of one rollout of 30 minutes; `fails` are stable's rate and target's.

    Looks go on until the last execution is judged, as a bake would let them.
    """
    rng = np.random.default_rng(list(seed))
    judging = Judging(policy, schedule.plan, horizon_s, _past(rng, fails[0], durations))
    judging.take(_rollout(rng, schedule.plan, executions, fails, durations))
    looks = math.ceil((1800 + horizon_s + SETTLE_S) / LOOK_EVERY_S)
    return {each.verdict for look in range(looks + 1) for each in judging.look(look * LOOK_EVERY_S).findings}


def cpu_ms(*, has_durations: bool, executions: int = 100_000, times: int = 7) -> Sequence[float]:
    """Return the CPU milliseconds of the judge for one rollout of so many executions, measured a few times.

    To make the executions is not in it: AWS's answers are read in any case.
    """
    plan, measured = Plan(((0.1, 600.0), (0.5, 600.0))), []
    past, played = even_rollout(plan, executions)
    for _ in range(times):
        begun = time.process_time()
        judging = Judging(Policy(durations=has_durations), plan, 10.0, past)
        judging.take(played)
        for look in range(61):
            judging.look(look * LOOK_EVERY_S)
        measured.append(1000 * (time.process_time() - begun))
    return measured


def even_rollout(plan: Plan, executions: int) -> tuple[Sequence[Execution], Sequence[Execution]]:
    """Return stable's past and so many executions of a rollout of 30 minutes, by start: both versions fail 1 in 100."""
    rng = np.random.default_rng(1)
    past = _past(rng, 0.01, Durations())
    return past, _rollout(rng, plan, executions, (0.01, 0.01), Durations())


def _past(rng: np.random.Generator, fails: float, durations: Durations) -> list[Execution]:
    failed = rng.random(PAST) < fails
    seconds = durations.draw(rng, np.zeros(PAST, bool), failed)
    return [
        Execution(number - 100_000.0, False, 0.0, number - 100_000.0 + lasted, _STATUS[bad])
        for number, (lasted, bad) in enumerate(zip(seconds, failed.tolist(), strict=True))
    ]


def _rollout(
    rng: np.random.Generator, plan: Plan, executions: int, fails: tuple[float, float], durations: Durations
) -> list[Execution]:
    started_at = np.sort(rng.uniform(0.0, 1800.0, executions)).round(3)
    weights = [plan.weight_at(at) for at in started_at.tolist()]
    is_target = rng.random(executions) < weights
    failed = rng.random(executions) < np.where(is_target, fails[1], fails[0])
    seconds = durations.draw(rng, is_target, failed)
    return [
        Execution(at, label, weight, at + lasted, _STATUS[bad])
        for at, label, weight, lasted, bad in zip(
            started_at.tolist(), is_target.tolist(), weights, seconds, failed.tolist(), strict=True
        )
    ]
