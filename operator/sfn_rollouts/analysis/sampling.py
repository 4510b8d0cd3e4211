"""Which executions stand for all of them where there are more than enough."""

import math
from bisect import bisect_left
from collections.abc import Sequence

from sfn_rollouts.analysis.values import Execution, started_at_of

_STRIDE = (5**0.5 - 1) / 2
"""The golden ratio: seconds in a row, and one second of each minute, are both chosen evenly."""


def sampled(executions: Sequence[Execution], share: float) -> Sequence[Execution]:
    """Return those that started in this share of the seconds: chosen by no label. They are in order of start."""
    if share == 1.0 or not executions:
        return executions
    found: list[Execution] = []
    for second in range(math.floor(executions[0].started_at), math.floor(executions[-1].started_at) + 1):
        if second * _STRIDE % 1.0 < share:
            begin = bisect_left(executions, second, key=started_at_of)
            found += executions[begin : bisect_left(executions, second + 1, begin, key=started_at_of)]
    return found
