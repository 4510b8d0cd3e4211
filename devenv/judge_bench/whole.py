"""Rollouts played through the whole judge, execution by execution: what counts alone cannot show."""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from devenv.judge_bench.worlds import Schedule
from sfn_rollouts.analysis import LOOK_EVERY_S, SETTLE_S, Ended, Execution, Judging, Plan, Policy, Verdict

PAST = 500


@dataclass(frozen=True, slots=True)
class Durations:
    """How long executions take: medians in seconds, by outcome; the target succeeds `slower` times slower."""

    good_s: float = 1.0
    bad_s: float = 1.0
    slower: float = 1.0
    spread: float = 0.8

    def draw(self, rng: np.random.Generator, *, is_target: bool, fails: bool) -> float:
        """Draw one from the lognormal law."""
        median = self.bad_s if fails else self.good_s * (self.slower if is_target else 1.0)
        return float(rng.lognormal(math.log(median), self.spread))


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
    judging = Judging(policy, schedule.plan, horizon_s, list(_past(rng, fails[0], durations)))
    judging.take(_rollout(rng, schedule.plan, executions, fails, durations))
    looks = math.ceil((1800 + horizon_s + SETTLE_S) / LOOK_EVERY_S)
    return {each.verdict for look in range(looks + 1) for each in judging.look(look * LOOK_EVERY_S).findings}


def cpu_ms(executions: int = 100_000) -> tuple[float, float]:
    """Return the CPU time of the judge for one rollout of so many executions, in milliseconds: without and with
    durations. Making the executions is not in it, as AWS's answers are read in any case."""
    rng = np.random.default_rng(1)
    plan = Plan(((0.1, 600.0), (0.5, 600.0)))
    past = list(_past(rng, 0.01, Durations()))
    played = sorted(_rollout(rng, plan, executions, (0.01, 0.01), Durations()), key=lambda each: each.started_at)
    fresh = [Execution(e.started_at, e.is_target, e.weight, e.ended_at, e.status, f"{e.started_at}") for e in played]
    times = []
    for has_durations in (False, True):
        best = math.inf
        for _ in range(5):
            begun = time.process_time()
            judging = Judging(Policy(durations=has_durations), plan, 10.0, past)
            judging.take(fresh)
            for look in range(61):
                judging.look(look * LOOK_EVERY_S)
            best = min(best, time.process_time() - begun)
        times.append(1000 * best)
    return times[0], times[1]


def _past(rng: np.random.Generator, fails: float, durations: Durations) -> Iterator[Execution]:
    for number in range(PAST):
        failed = bool(rng.random() < fails)
        started_at = -100_000.0 + number
        status = Ended.FAILED if failed else Ended.SUCCEEDED
        yield Execution(started_at, False, 0.0, started_at + durations.draw(rng, is_target=False, fails=failed), status)


def _rollout(
    rng: np.random.Generator, plan: Plan, executions: int, fails: tuple[float, float], durations: Durations
) -> Iterator[Execution]:
    for started_at in np.sort(rng.uniform(0.0, 1800.0, executions)).round(3).tolist():
        weight = plan.weight_at(started_at)
        is_target = bool(rng.random() < weight)
        failed = bool(rng.random() < fails[is_target])
        ended_at = started_at + round(durations.draw(rng, is_target=is_target, fails=failed), 3)
        yield Execution(started_at, is_target, weight, ended_at, Ended.FAILED if failed else Ended.SUCCEEDED)
