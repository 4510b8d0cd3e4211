"""How long to wait before the next try."""

from dataclasses import dataclass
from random import Random


@dataclass
class Pace:
    """When one thing may be tried again: doubling from try to try, with jitter so that many do not come back together.

    All times are monotonic seconds.
    """

    random: Random
    tries: int = 0
    next_at: float = 0.0

    def wait(self, now: float, first_s: float, limit_s: float, at_least_s: float = 0.0) -> float:
        """Put the next try off by between half and all of first, 2 first, 4 first, ... limit; gives the seconds."""
        whole_s = min(first_s * float(1 << min(self.tries, 20)), limit_s)
        delay_s = max(whole_s * (0.5 + self.random.random() / 2), at_least_s)
        self.tries += 1
        self.next_at = now + delay_s
        return delay_s

    def hasten(self, *, is_over: bool) -> None:
        """Try at once. Unless the trouble is known to be over, the pause after another failure is as long as ever."""
        self.tries, self.next_at = 0 if is_over else self.tries, 0.0

    def reset(self) -> None:
        """It worked: the next try may come at once."""
        self.tries, self.next_at = 0, 0.0
