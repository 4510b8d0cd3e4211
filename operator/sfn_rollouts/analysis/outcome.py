"""What became of an execution by the horizon."""

import math
from enum import IntEnum

from sfn_rollouts.analysis.values import ROUNDING_S, Ended, Execution


class Outcome(IntEnum):
    """What counts; what still runs at the horizon is good, whatever becomes of it later."""

    GOOD = 0
    BAD = 1
    ABORTED = 2


def is_possible(execution: Execution) -> bool:
    """Whether this can be: it ended after it started or has not ended, and every number is one."""
    started_at, ended_at, status = execution.started_at, execution.ended_at, execution.status
    if not (-math.inf < started_at < math.inf and 0.0 <= execution.weight <= 1.0):
        return False
    if ended_at is None:
        return status is Ended.RUNNING
    return started_at <= ended_at < math.inf and status is not Ended.RUNNING and status is not Ended.PENDING_REDRIVE


def has_succeeded(execution: Execution) -> bool:
    """Whether it ended well; what was redriven had failed, and stays bad."""
    return execution.status is Ended.SUCCEEDED and not execution.is_redriven


def outcome_at(execution: Execution, horizon_s: float, *, count_aborted: bool) -> Outcome:
    """Return the outcome by this age in seconds."""
    if execution.is_redriven:
        return Outcome.BAD
    if has_succeeded(execution) or _lasted(execution) > horizon_s + ROUNDING_S:
        return Outcome.GOOD
    return Outcome.ABORTED if execution.status is Ended.ABORTED and not count_aborted else Outcome.BAD


def lasted_at(execution: Execution, horizon_s: float) -> float:
    """Return how many seconds it took, or has taken by this age."""
    return min(_lasted(execution), horizon_s)


def _lasted(execution: Execution) -> float:
    return execution.ended_at - execution.started_at if execution.ended_at is not None else math.inf
