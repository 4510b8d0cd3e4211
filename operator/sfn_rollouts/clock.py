"""The only place that reads time."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def _wall() -> datetime:
    return datetime.now(UTC)


class SteadyClock:
    """Wall time that never jumps: taken once at start, then carried on by the monotonic clock.

    A wall clock set forward by an hour would end every pause an hour early; one set backward would stretch them. The
    price: a correction made while the process runs counts from the next start on.
    """

    def __init__(self, wall: Callable[[], datetime] = _wall, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._wall_at_start = wall()
        self._monotonic_at_start = monotonic()

    def now(self) -> datetime:
        """UTC, in whole milliseconds as the status stores them."""
        moment = self._wall_at_start + timedelta(seconds=self.monotonic() - self._monotonic_at_start)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def monotonic(self) -> float:
        """Seconds since an arbitrary moment; never goes back."""
        return self._monotonic()
