"""How long to wait before the next try."""

from dataclasses import dataclass
from random import Random


@dataclass
class Backoff:
    """Doubles from try to try, up to a limit, with jitter so that many do not come back together. Seconds."""

    random: Random
    tries: int = 0

    def next_s(self, first_s: float, limit_s: float) -> float:
        """Seconds to wait now: between half and all of first, 2 first, 4 first, ... limit."""
        whole_s = min(first_s * float(1 << min(self.tries, 20)), limit_s)
        self.tries += 1
        return whole_s * (0.5 + self.random.random() / 2)

    def reset(self) -> None:
        """It worked."""
        self.tries = 0
