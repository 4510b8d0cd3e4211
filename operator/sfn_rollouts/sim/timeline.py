"""True time of the world, and what happens next in it."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Protocol

EPOCH = datetime(2026, 1, 5, 9, tzinfo=UTC)
"""True time 0."""

Action = Callable[[], None]


def us(seconds: float) -> int:
    """Seconds as whole microseconds: floats would add up differently on another order of events."""
    return round(seconds * 1_000_000)


class Time(Protocol):
    """What the services need of time: true time, which only the world moves."""

    @property
    def now_us(self) -> int:
        """Microseconds since `EPOCH`."""
        ...

    @property
    def now_s(self) -> float:
        """Seconds since `EPOCH`."""
        ...

    @property
    def now(self) -> datetime:
        """UTC."""
        ...


class Timeline:
    """Actions in the order of their time, then of their planning; nothing else moves `now_us`.

    Whoever sets `is_stopped` ends it after the present action.
    """

    def __init__(self) -> None:
        self.now_us = 0
        self.is_stopped = False
        self._heap: list[tuple[int, int, Action]] = []
        self._order = count()

    @property
    def now_s(self) -> float:
        """True seconds since the start."""
        return self.now_us / 1_000_000

    @property
    def now(self) -> datetime:
        """True time."""
        return EPOCH + timedelta(microseconds=self.now_us)

    def at(self, when_us: int, action: Action) -> None:
        """Plan an action; one in the past happens now, after what is planned for now already."""
        heapq.heappush(self._heap, (max(when_us, self.now_us), next(self._order), action))

    def after(self, seconds: float, action: Action) -> None:
        """Plan an action so many seconds from now."""
        self.at(self.now_us + us(seconds), action)

    def run_until(self, end_us: int) -> None:
        """Let everything happen up to this time."""
        while self._heap and self._heap[0][0] <= end_us and not self.is_stopped:
            self.now_us, _, action = heapq.heappop(self._heap)
            action()
        if not self.is_stopped:
            self.now_us = max(self.now_us, end_us)
