"""Counts of executions by the minute, read once for all rollouts of a place and identity."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock

from sfn_rollouts import acting
from sfn_rollouts.analysis import Reported
from sfn_rollouts.core.values.arn import Place
from sfn_rollouts.core.values.executions import Counted, CountedMinutes
from sfn_rollouts.core.values.identity import Identity  # noqa: TC001 - beside the rest
from sfn_rollouts.errors import PortError, Transient
from sfn_rollouts.ports import Clock, ExecutionFeed

RETAINED = timedelta(days=15) - timedelta(minutes=1)
"""CloudWatch keeps minutes for so long; from further back it has longer periods only, and none of these:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

TOGETHER = timedelta(minutes=15)
"""The last minutes that are read for all rollouts in one go; who wants more reads alone."""

ASKED_WITHIN_S = 180.0
"""Who has not asked for so long is not read for any more."""

WAITS_S = 10.0
"""How long a job waits for another one that is reading for it."""

_LATE = timedelta(seconds=Reported.COUNTED.late_s)


class SharedCounts:
    """Counts of the last minutes, read once a minute for all rollouts of a place: AWS answers 500 metrics a call.

    Of a place as one identity sees it: what one may read is not handed on to another.
    """

    def __init__(self, feed: ExecutionFeed, clock: Clock) -> None:
        self._feed = feed
        self._clock = clock
        self._lock = Lock()
        self._shelves: dict[tuple[Place, Identity | None], _Shelf] = {}

    def read(self, wanted: Collection[Counted], since: datetime) -> tuple[CountedMinutes, datetime]:
        """Return the counts from `since` on, as far as CloudWatch has them, and when they were read by our clock.

        All wanted are of one place.

        Raises:
            PortError: they cannot be read, or another job has been reading them for long.
        """
        [place] = {each.machine.place for each in wanted}
        now = self._clock.now()
        since = max(since, minute_start(now - RETAINED))
        if since < now - TOGETHER:
            return self._feed.minutes(place, wanted, since), now
        with self._lock:
            shelf = self._shelves.setdefault((place, acting.identity()), _Shelf())
        with _held(shelf.lock):
            known = shelf.known(wanted, now)
            if known is None:
                known = shelf.last = self._together(place, shelf.asked(wanted, self._clock.monotonic()), wanted, since)
            return known

    def _together(
        self, place: Place, everyone: Collection[Counted], wanted: Collection[Counted], since: datetime
    ) -> tuple[CountedMinutes, datetime]:
        """Read for everyone; where that fails, for who asks alone: a metric that cannot be read hurts its own."""
        now = self._clock.now()
        try:
            return self._feed.minutes(place, everyone, minute_start(now - TOGETHER)), now
        except PortError:
            if len(everyone) == len(wanted):
                raise
        return self._feed.minutes(place, wanted, since), now


class _Shelf:
    """What was read of one place last, and who has asked for it; one job at a time."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.last: tuple[CountedMinutes, datetime] | None = None
        self._asked_at: dict[Counted, float] = {}

    def known(self, wanted: Collection[Counted], now: datetime) -> tuple[CountedMinutes, datetime] | None:
        """Return what was read last, if it has all that is wanted and no other minute is complete since."""
        if self.last is None:
            return None
        counted, read_at = self.last
        as_of = counted.as_of + (now - read_at)
        is_newest = minute_start(as_of - _LATE) == minute_start(counted.as_of - _LATE)
        has_all = all(each in counted.minutes for each in wanted)
        return (replace(counted, as_of=as_of), now) if is_newest and has_all else None

    def asked(self, wanted: Collection[Counted], now: float) -> Collection[Counted]:
        """Return whom to read for: who asks now, and who has asked in the last minutes."""
        self._asked_at.update(dict.fromkeys(wanted, now))
        self._asked_at = {each: at for each, at in self._asked_at.items() if at > now - ASKED_WITHIN_S}
        return tuple(self._asked_at)


@contextmanager
def _held(lock: Lock) -> Iterator[None]:
    if not lock.acquire(timeout=WAITS_S):
        raise Transient("its metrics are being read already")
    try:
        yield
    finally:
        lock.release()


def minute_start(moment: datetime) -> datetime:
    """Return the begin of the minute that holds a moment."""
    return moment.replace(second=0, microsecond=0)
