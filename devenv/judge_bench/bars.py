"""What must hold: a measured share against its bar, with the error that so many runs leave."""

import math
from dataclasses import dataclass

ERRORS = 3.0
"""A bar counts as missed when so many standard errors cannot explain it: once in 700 bars by chance."""


@dataclass(frozen=True, slots=True)
class Bar:
    """`measured` must be `at_least` or `at_most` the bar; `error` is the standard error of what was measured."""

    goal: str
    measured: float
    bar: float
    is_at_most: bool = False
    error: float = 0.0
    unit: str = "%"

    @property
    def holds(self) -> bool:
        """Whether it is reached, as far as the runs can tell."""
        slack = ERRORS * self.error
        return self.measured <= self.bar + slack if self.is_at_most else self.measured >= self.bar - slack


def share_error(percent: float, runs: int) -> float:
    """Return the standard error of a share in percent; where none or all were found, that of one more or less."""
    share = min(max(percent / 100, 1 / runs), 1 - 1 / runs)
    return 100 * math.sqrt(share * (1 - share) / runs)
