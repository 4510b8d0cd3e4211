"""The plan of a rollout as the judge sees it: how much of what it can learn lies behind at each time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

KEPT_FOR_OVERTIME = 0.1
"""The share of the false alarm rate that is not due within the plan: for holds, pauses and late promotions."""


@dataclass(frozen=True)
class Plan:
    """The steps below 100 %: (weight, seconds) each, 0 < weight < 1, in order from the first write.

    A step that waits for a person counts as the seconds that are planned for it; whatever it takes longer is overtime.

    Raises:
        ValueError: a weight or a length that no step has.
    """

    steps: Sequence[tuple[float, float]]

    def __post_init__(self) -> None:
        for weight, seconds in self.steps:
            if not (0.0 < weight < 1.0 and 0.0 <= seconds < float("inf")):
                raise ValueError(
                    f"step ({weight}, {seconds}): the weight is a fraction above 0 and below 1, "
                    "the length is a number of seconds"
                )

    @property
    def length(self) -> float:
        """Seconds from the first write until all traffic is on the target."""
        return sum(seconds for _, seconds in self.steps)

    @property
    def shortest(self) -> float | None:
        """Seconds of the shortest step that has a length; None where there is none."""
        return min((seconds for _, seconds in self.steps if seconds), default=None)

    def information(self) -> float:
        """Sum of w (1 - w) x seconds: what one execution a second would tell about a difference."""
        return sum(weight * (1.0 - weight) * seconds for weight, seconds in self.steps)

    def between(self, since: float, until: float, *, skipped_s: float = 0.0) -> Sequence[tuple[float, float]]:
        """Return what lies between two times, as (weight, seconds); `skipped_s`: without so much of each step."""
        ends = list(accumulate(length for _, length in self.steps))
        parts = [
            (weight, min(end, until) - max(end - length + skipped_s, since))
            for end, (weight, length) in zip(ends, self.steps, strict=True)
        ]
        return [(weight, seconds) for weight, seconds in parts if seconds > 0.0]

    def weight_at(self, seconds: float) -> float:
        """Return the planned share of the target after so many seconds, 1.0 behind the last step."""
        ends = accumulate(length for _, length in self.steps)
        return next((weight for end, (weight, _) in zip(ends, self.steps, strict=True) if seconds < end), 1.0)

    def elapsed(self, seconds: float) -> float:
        """Return the part of the information that lies behind after so many seconds: 1 at the end of the plan.

        Beyond, 1 + overtime / length. A plan without a step to learn from is at its end from the start.
        """
        length = self.length
        if length == 0.0:
            return 1.0
        if seconds >= length:
            return seconds / length
        return Plan(self.between(0.0, seconds)).information() / self.information()

    def due(self, seconds: float) -> float:
        """Return the part of the false alarm rate that may be spent by then: 0.9 within the plan, never all of it."""
        behind = self.elapsed(seconds)
        overtime = max(0.0, behind - 1.0)
        return (1.0 - KEPT_FOR_OVERTIME) * min(behind, 1.0) + KEPT_FOR_OVERTIME * (1.0 - math.exp2(-overtime))
