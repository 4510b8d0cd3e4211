"""How long to wait before the next try: one rule for whoever tries again. Pure but for the random numbers given."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random


def delay_s(tries: int, first_s: float, longest_s: float, random: Random) -> float:
    """Return the seconds to wait after so many tries before this one: between half and all of `first_s`, doubling.

    The jitter keeps many that failed together from coming back together.
    """
    whole_s = min(first_s * float(1 << min(tries, 20)), longest_s)
    return whole_s * (0.5 + random.random() / 2)


@dataclass
class Backoff:
    """When one thing may be tried again. All times are monotonic seconds."""

    random: Random
    tries: int = 0
    next_at: float = 0.0

    def wait(self, now: float, first_s: float, limit_s: float, at_least_s: float = 0.0) -> float:
        """Put the next try off, by `delay_s` and no less than `at_least_s`; return the seconds."""
        pause_s = max(delay_s(self.tries, first_s, limit_s, self.random), at_least_s)
        self.tries += 1
        self.next_at = now + pause_s
        return pause_s

    def hasten(self, *, is_over: bool) -> None:
        """Try at once. Unless the trouble is known to be over, the pause after another failure is as long as ever."""
        self.tries, self.next_at = 0 if is_over else self.tries, 0.0

    def reset(self) -> None:
        """It worked: the next try may come at once."""
        self.tries, self.next_at = 0, 0.0


class Delays:
    """Pauses without end, from the first one on for each who iterates."""

    def __init__(self, first_s: float, longest_s: float, random: Random | None = None) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._random = random or Random()  # noqa: S311 - jitter, no secret

    def __iter__(self) -> Iterator[float]:
        tries = 0
        while True:
            yield delay_s(tries, self._first_s, self._longest_s, self._random)
            tries += 1
