"""Regions that records name, and those that none has named for a while: what is kept for them is given up."""

from collections import Counter
from collections.abc import Callable

from sfn_rollouts.ports import Clock

KEPT_S = 3600.0
"""Longer than any quota takes to be full again; a client that is made again costs a tenth of a second."""


class Regions:
    """Counts the names; `leave` is called once for each region that has been without any for KEPT_S."""

    def __init__(self, clock: Clock, leave: Callable[[str], None]) -> None:
        self._clock = clock
        self._leave = leave
        self._named: Counter[str] = Counter()
        self._ends: dict[str, float] = {}  # in the order in which they come

    def name(self, region: str) -> None:
        """One more record names it."""
        self._named[region] += 1
        self._ends.pop(region, None)

    def release(self, region: str) -> None:
        """One that named it is gone."""
        self._named[region] -= 1
        if not self._named[region]:
            del self._named[region]
            self._ends[region] = self._clock.monotonic() + KEPT_S

    def run_due(self) -> None:
        """Leave those whose time is over."""
        now = self._clock.monotonic()
        while self.next_due is not None and self.next_due <= now:
            region = next(iter(self._ends))
            del self._ends[region]
            self._leave(region)

    @property
    def next_due(self) -> float | None:
        """When the first one is to be left, monotonic."""
        return next(iter(self._ends.values()), None)
