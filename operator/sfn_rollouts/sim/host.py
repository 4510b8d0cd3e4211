"""A host's two clocks: a wall clock that people and NTP set, a monotonic one that may only be a little fast or slow."""

from datetime import datetime, timedelta

from sfn_rollouts.sim.timeline import EPOCH, Timeline, us


class HostClock:
    """Drift is in parts per million; `jump` sets the wall clock, as NTP or a person does."""

    def __init__(self, timeline: Timeline, drift_ppm: float = 0.0, offset_s: float = 0.0) -> None:
        self._timeline = timeline
        self._rate = 1 + drift_ppm / 1_000_000
        self._offset_us = us(offset_s)

    def wall(self) -> datetime:
        """What the host believes that the time is."""
        return EPOCH + timedelta(microseconds=round(self._timeline.now_us * self._rate) + self._offset_us)

    def monotonic(self) -> float:
        """Seconds since the host was started, which was a while ago."""
        return 1000.0 + self._timeline.now_us * self._rate / 1_000_000

    def true_us_of(self, monotonic: float) -> int:
        """When the monotonic clock will show this; rounded up, so that a timer never comes early."""
        exact = (monotonic - 1000.0) * 1_000_000 / self._rate
        return int(exact) + 1

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or backward."""
        self._offset_us += us(seconds)
