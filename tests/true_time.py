"""Time for the simulated services, in tests whose own clock stands still until a test moves it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sfn_rollouts.sim.timeline import EPOCH


class TrueTime:
    """`sim.timeline.Time` by the clock of a test."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    @property
    def now(self) -> datetime:
        return self._now()

    @property
    def now_us(self) -> int:
        return (self._now() - EPOCH) // timedelta(microseconds=1)

    @property
    def now_s(self) -> float:
        return self.now_us / 1_000_000
