"""Executions for the tests of the judge."""

import random
from collections.abc import Sequence

from sfn_rollouts.analysis import Ended, Execution, Plan

PLAN = Plan(((0.1, 600.0), (0.5, 600.0)))


def execution(
    started_at: float,
    status: Ended = Ended.SUCCEEDED,
    *,
    target: bool = False,
    weight: float = 0.1,
    seconds: float = 1.0,
    key: str | None = None,
) -> Execution:
    """One that ended after some seconds, or has not where it is RUNNING."""
    ended_at = None if status is Ended.RUNNING else started_at + seconds
    return Execution(started_at, target, weight, ended_at, status, key)


def rollout(
    executions: int, stable: float, target: float, *, seed: int = 1, slower: float = 1.0, plan: Plan = PLAN
) -> Sequence[Execution]:
    """A rollout of 30 minutes in which the versions fail at these rates, in order of start."""
    rng = random.Random(seed)
    found = []
    for started_at in sorted(round(rng.uniform(0, 1800), 3) for _ in range(executions)):
        weight = plan.weight_at(started_at)
        is_target = rng.random() < weight
        status = Ended.FAILED if rng.random() < (target if is_target else stable) else Ended.SUCCEEDED
        seconds = round(rng.lognormvariate(0, 0.5) * (slower if is_target else 1), 3)
        found.append(execution(started_at, status, target=is_target, weight=weight, seconds=seconds))
    return found


def past(executions: int = 500, fails: float = 0.01, *, seed: int = 2) -> Sequence[Execution]:
    """What stable did in the hours before."""
    rng = random.Random(seed)
    return [
        execution(
            -100.0 * number,
            Ended.FAILED if rng.random() < fails else Ended.SUCCEEDED,
            weight=0.0,
            seconds=round(rng.lognormvariate(0, 0.5), 3),
        )
        for number in range(1, executions + 1)
    ]
