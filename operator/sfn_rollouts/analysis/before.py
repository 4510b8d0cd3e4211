"""What stable did before the rollout: the horizon comes from it, and what durations and Suspect are compared with."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest

from sfn_rollouts.analysis.outcome import Outcome, is_possible, lasted_at, outcome_at
from sfn_rollouts.analysis.plan import Plan
from sfn_rollouts.analysis.values import Ended, Execution

LAST_TIMED, LAST_ENDED = 1000, 500
"""How many of its last executions say how long they take, and how often they fail."""

_QUANTILE = 0.99
_PART_OF_A_STEP = 1 / 3


@dataclass(frozen=True, slots=True)
class Horizon:
    """How old an execution must be to be judged, in seconds; one for a whole rollout, fixed at its start.

    Whoever judges what has ended so far calls a version worse for succeeding more slowly than it fails. `is_capped`:
    executions outlast the steps. `is_known`: there was a past to take it from.
    """

    seconds: float
    is_capped: bool
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class Before:
    """Of stable's last executions that ended: how many, how many of them failed, and the seconds of the good ones."""

    ended: int
    failed: int
    durations: Sequence[float]


def horizon_of(past: Iterable[Execution], plan: Plan, fixed_s: float | None = None) -> Horizon:
    """Return p99 of the time that stable's last executions took, but at most a third of the shortest step below 100 %.

    Without a past it is that third: what is judged too early counts as good. `fixed_s`: what a user has set instead.
    """
    if fixed_s is not None:
        return Horizon(fixed_s, is_capped=False)
    shortest = plan.shortest
    cap = shortest * _PART_OF_A_STEP if shortest is not None else math.inf
    times = sorted(lasted_at(each, math.inf) for each in _last_ended(past, LAST_TIMED, count_aborted=False))
    if not times:
        return Horizon(cap if shortest is not None else 0.0, is_capped=False, is_known=False)
    p99 = times[math.ceil(_QUANTILE * len(times)) - 1]
    return Horizon(min(p99, cap), is_capped=p99 > cap)


def read_before(past: Iterable[Execution], horizon_s: float, *, count_aborted: bool) -> Before:
    """Read the past by the horizon; for how often stable fails, it counts whatever failed in the end."""
    last = _last_ended(past, LAST_ENDED, count_aborted=count_aborted)
    failed = sum(outcome_at(each, math.inf, count_aborted=count_aborted) is Outcome.BAD for each in last)
    good = (each for each in last if outcome_at(each, horizon_s, count_aborted=count_aborted) is Outcome.GOOD)
    return Before(len(last), failed, [lasted_at(each, horizon_s) for each in good])


def _last_ended(past: Iterable[Execution], count: int, *, count_aborted: bool) -> list[Execution]:
    ended = [
        (each.ended_at, each)
        for each in past
        if is_possible(each) and not each.is_target and each.ended_at is not None and each.ended_at <= 0.0
        if count_aborted or each.status is not Ended.ABORTED
    ]
    return [each for _, each in nlargest(count, ended, key=lambda pair: (pair[0], pair[1].started_at))]
