"""Which executions stand for all of them where there are more than enough."""

from collections.abc import Sequence

from sfn_rollouts.analysis.values import Execution

_STRIDE = 1000 * (5**0.5 - 1) / 2
"""A millisecond times the golden ratio: what starts in a row, or at one second of each minute, is spread evenly."""


def sampled(executions: Sequence[Execution], share: float) -> Sequence[Execution]:
    """Return about this share of them, chosen by their starts alone: by no label, and in no order."""
    if share == 1.0:
        return executions
    return [each for each in executions if each.started_at * _STRIDE % 1.0 < share]
