"""How a rollout is judged whose executions AWS only counts: minute by minute, by CloudWatch's metrics.

CloudWatch may add to a minute later. So each is judged once, when it is three minutes old, and the failures that were
judged are kept in the status: an operator that was restarted makes the same looks of the same minutes again.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock

from sfn_rollouts.analysis import LOOK_EVERY_S, MINUTE_S, Before, CountJudging, Judgement, Reported
from sfn_rollouts.analysis.counting import Ends, Minute, is_due, minute_of
from sfn_rollouts.analysis.replay import changes_by_minute
from sfn_rollouts.analysis.values import Split
from sfn_rollouts.api.analysis import MOST_FAILURES_KEPT, CountedFailures
from sfn_rollouts.api.analysis import Source as EvidenceSource
from sfn_rollouts.core.values.analysis import AnalysisReading
from sfn_rollouts.core.values.arn import AliasArn, Place
from sfn_rollouts.core.values.executions import Counted, CountedMinutes, MinuteCounts
from sfn_rollouts.core.values.looks import JudgeExecutions
from sfn_rollouts.core.values.moments import after
from sfn_rollouts.engine.sources.weights import known
from sfn_rollouts.errors import Gone, PortError, Transient
from sfn_rollouts.ports import Clock, ExecutionFeed

PAST = timedelta(days=1)
"""So far back it is read how often the stable version fails."""

PAST_ENDED = 500
"""So many of the executions that ended last say how often it fails."""

LONGEST_EXPRESS_S = 300.0
"""What ends so long after a change of the weight has started after it: AWS ends an Express execution by then."""

TOGETHER = timedelta(minutes=15)
"""The last minutes that are read for all rollouts in one go; who wants more reads alone."""

ASKED_WITHIN_S = 180.0
"""Who has not asked for so long is not read for any more."""

WAITS_S = 10.0
"""How long a job waits for another one that is reading for it."""

_MINUTE = timedelta(seconds=MINUTE_S)
_LATE = timedelta(seconds=Reported.COUNTED.late_s)


class Counting:
    """The judge of one rollout, and which of its minutes it has taken."""

    def __init__(self, alias: AliasArn, look: JudgeExecutions) -> None:
        machine = alias.machine
        self._alias = Counted(machine, alias.name)
        self._stable, self._target = Counted(machine, str(look.stable)), Counted(machine, str(look.target))
        self._first = _minute_of(look.began_at)
        self._settle_s = max(look.horizon_s or 0.0, Reported.COUNTED.skipped_s)
        self._kept = _failures_of(look.counted)
        """What another process has judged, by the number of the minute."""
        self._failures: dict[int, Split] = {}
        """What this one has judged, without the minutes in which none failed."""
        self._next_minute = 0
        self._next_look = 0
        self._judging: CountJudging | None = None
        self._judgement: Judgement | None = None

    @property
    def wanted(self) -> tuple[Counted, Counted, Counted]:
        """Whose executions are counted."""
        return self._alias, self._stable, self._target

    def advance(self, look: JudgeExecutions, counts: "SharedCounts") -> AnalysisReading:
        """Take the minutes that are complete, and make the looks that are due, each once.

        Raises:
            Transient: AWS's clock is behind the first write, or CloudWatch returned less than was asked for.
            Gone: the status cannot keep what was judged.
        """
        since = self._first + self._next_minute * _MINUTE if self._judging is not None else self._first - PAST
        counted, read_at = counts.read(self.wanted, since)
        self._take(look, counted)
        if self._judgement is None:
            raise Transient("AWS's clock is behind the rollout's first write")
        failures = " ".join(f"{number}:{bad.both}/{bad.target}" for number, bad in self._failures.items())
        if len(failures) > MOST_FAILURES_KEPT:
            raise Gone("executions have failed in more minutes than the status can keep; the alarms still guard")
        return AnalysisReading(
            judgement=self._judgement,
            looked_at=after(look.began_at, self._judgement.at),
            read_at=read_at,
            next_at=read_at + (after(look.began_at, self._next_due_s(look)) - counted.as_of),
            horizon_s=self._settle_s,
            source=EvidenceSource.METRICS,
            counted=CountedFailures(minutes=self._next_minute, failures=failures),
        )

    def again(self, look: JudgeExecutions, counted: CountedMinutes) -> Iterator[Judgement]:
        """Return each change of the verdict on a rollout that is over."""
        minutes = [self._minute(look, counted, number) for number in range(self._complete(counted.as_of))]
        last = max((number for number, minute in enumerate(minutes) if minute.weight), default=-1)
        return changes_by_minute(look.policy, look.plan, self._before(counted), minutes[: last + 1])

    def _next_due_s(self, look: JudgeExecutions) -> float:
        """Return the time of the first look that the next minute is due at."""
        complete_s = self._at_s(look, self._next_minute) + Reported.COUNTED.late_s
        return math.ceil(complete_s / LOOK_EVERY_S) * LOOK_EVERY_S

    def _at_s(self, look: JudgeExecutions, number: int) -> float:
        return (self._first + number * _MINUTE - look.began_at).total_seconds()

    def _take(self, look: JudgeExecutions, counted: CountedMinutes) -> None:
        judging = self._judging = self._judging or CountJudging(look.policy, look.plan, self._before(counted))
        last_look = int((counted.as_of - look.began_at).total_seconds() // LOOK_EVERY_S)
        while is_due(self._at_s(look, self._next_minute), last_look * LOOK_EVERY_S):
            minute = self._minute(look, counted, self._next_minute)
            judging.take([minute])
            if minute.bad.both and minute.weight is not None:
                self._failures[self._next_minute] = minute.bad
            self._next_minute += 1
        while self._next_look <= last_look:
            self._judgement = judging.look(self._next_look * LOOK_EVERY_S)
            self._next_look += 1

    def _complete(self, as_of: datetime) -> int:
        return max(0, (as_of - _LATE - self._first) // _MINUTE + 1)

    def _minute(self, look: JudgeExecutions, counted: CountedMinutes, number: int) -> Minute:
        at = self._first + number * _MINUTE
        ends = (_ends_at(counted.minutes[each], at) for each in self.wanted)
        weight, settled = (
            _weight_of(look, at, timedelta(seconds=unsettled_s))
            for unsettled_s in (self._settle_s, max(self._settle_s, LONGEST_EXPRESS_S))
        )
        minute = minute_of(self._at_s(look, number), weight, *ends, is_settled=settled is not None)
        is_kept = number in self._kept and weight is not None
        return replace(minute, bad=self._kept[number]) if is_kept else minute

    def _before(self, counted: CountedMinutes) -> Before:
        """Return how often the stable version failed, of the last executions that ended before the rollout."""
        ended, failed = 0, 0
        for minute in reversed(counted.minutes[self._stable]):
            if minute.at < self._first and ended < PAST_ENDED:
                ended += minute.failed + minute.succeeded
                failed += minute.failed
        return Before(ended, failed, ())


def counted_again(feed: ExecutionFeed, alias: AliasArn, look: JudgeExecutions) -> Iterator[Judgement]:
    """Yield each change of the verdict on a rollout that is over, by what CloudWatch counts now.

    Raises:
        PortError: the metrics cannot be read.
    """
    counting = Counting(alias, look)
    since = _minute_of(look.began_at) - PAST
    return counting.again(look, feed.minutes(alias.machine.place, counting.wanted, since))


class SharedCounts:
    """Counts of the last minutes, read once a minute for all rollouts of a place: AWS answers 500 metrics a call."""

    def __init__(self, feed: ExecutionFeed, clock: Clock) -> None:
        self._feed = feed
        self._clock = clock
        self._lock = Lock()
        self._shelves: dict[Place, _Shelf] = {}

    def read(self, wanted: Collection[Counted], since: datetime) -> tuple[CountedMinutes, datetime]:
        """Return the counts from `since` on, and when they were read by our clock. All wanted are of one place.

        Raises:
            PortError: they cannot be read, or another job has been reading them for long.
        """
        [place] = {each.machine.place for each in wanted}
        now = self._clock.now()
        if since < now - TOGETHER:
            return self._feed.minutes(place, wanted, since), now
        with self._lock:
            shelf = self._shelves.setdefault(place, _Shelf())
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
            return self._feed.minutes(place, everyone, _minute_of(now - TOGETHER)), now
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
        is_newest = _minute_of(as_of - _LATE) == _minute_of(counted.as_of - _LATE)
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


def _minute_of(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _weight_of(look: JudgeExecutions, minute: datetime, unsettled: timedelta) -> float | None:
    """Return the target's share that was in force over the whole minute, and for so long before."""
    shares = (share for since, until, share in known(look.weights, unsettled) if since <= minute <= until - _MINUTE)
    return next(shares, None)


def _ends_at(minutes: Sequence[MinuteCounts], at: datetime) -> Ends:
    """Return what was counted in one minute; `minutes` are in a row."""
    found = minutes[(at - minutes[0].at) // _MINUTE]
    return Ends(found.started, found.failed, found.succeeded, found.aborted)


def _failures_of(kept: CountedFailures | None) -> Mapping[int, Split]:
    """Return what was judged, by the number of the minute; no failure in those that are not listed."""
    if kept is None:
        return {}
    found = dict.fromkeys(range(kept.minutes), Split())
    for entry in kept.failures.split():
        number, _, counts = entry.partition(":")
        both, _, target = counts.partition("/")
        found[int(number)] = Split(int(both) - int(target), int(target))
    return found
