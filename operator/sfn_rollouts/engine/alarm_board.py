"""The alarm board: reads the alarms of all rollouts together, 100 names a call, and wakes whom a change concerns.

DescribeAlarms allows 9 calls a second for a whole account and region: one call a rollout would serve 9 rollouts a
second, batches serve 900 alarms. A call that is not full takes along the names that are due next, which costs nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from sfn_rollouts.core.alarms import STALE_AFTER_POLLS
from sfn_rollouts.core.arn import Place
from sfn_rollouts.core.observation import AlarmMissing, AlarmReading, AlarmSnapshot, Trouble, Unseen
from sfn_rollouts.engine.facts import reading_of, unseen
from sfn_rollouts.engine.pace import Pace
from sfn_rollouts.ports import AlarmFeed, AlarmMeter, Clock, Lane, Workers

BATCH = 100
"""AlarmNames: at most 100 (CloudWatch API reference, DescribeAlarms)."""

AlarmFact = AlarmReading | AlarmMissing | Unseen


@dataclass
class _Line:
    """One alarm of the board. Times are monotonic seconds but for `since`, from when on it was to be read."""

    name: str
    since: datetime
    due: float
    watchers: dict[str, float] = field(default_factory=dict)  # uid -> interval wanted, seconds
    fact: AlarmFact | None = None
    is_being_read: bool = False
    wakes_always: bool = False
    not_before: float = 0.0  # after a failure not even a refresh comes sooner

    @property
    def interval_s(self) -> float:
        return min(self.watchers.values())

    @property
    def seen_at(self) -> datetime:
        """When it was seen last; never yet counts from when it was to be read."""
        return self.fact.since if isinstance(self.fact, Unseen) else self.fact.read_at if self.fact else self.since

    def is_unseen(self, now: datetime) -> bool:
        """Whether nobody can judge by it: it could not be read, or is too old."""
        return isinstance(self.fact, Unseen) or is_stale(self.seen_at, self.interval_s, now)


@dataclass
class _Sheet:
    """All lines of one place."""

    pace: Pace
    lines: dict[str, _Line] = field(default_factory=dict)

    def batches(self, now: float) -> Iterator[list[_Line]]:
        """Due lines in calls of 100, the last one filled up with those that are due next."""
        free = (line for line in self.lines.values() if not line.is_being_read and line.not_before <= now)
        ready = sorted(free, key=lambda line: (line.due, line.name))
        due = sum(line.due <= now for line in ready)
        for start in range(0, due, BATCH):
            yield ready[start : start + BATCH]


@dataclass(frozen=True, slots=True)
class _Watch:
    place: Place
    names: tuple[str, ...]
    interval_s: float


@dataclass(frozen=True, slots=True)
class _Answer:
    read_at: datetime
    snapshots: Mapping[str, AlarmSnapshot]


class AlarmBoard:
    """Facts about every watched alarm, renewed at the shortest interval that any of its watchers wants."""

    def __init__(
        self,
        clock: Clock,
        workers: Workers,
        feed: AlarmFeed,
        random: Random,
        wake: Callable[[str], None],
        meter: AlarmMeter,
    ) -> None:
        self._clock = clock
        self._workers = workers
        self._feed = feed
        self._random = random
        self._wake = wake
        self._meter = meter
        self._is_measured = True
        self._sheets: dict[Place, _Sheet] = {}
        self._watches: dict[str, _Watch] = {}
        self._next_due: float | None = None

    def watch(self, uid: str, place: Place, names: tuple[str, ...], interval_s: float) -> None:
        """Read these alarms for this rollout from now on; the same again changes nothing."""
        watch, before = _Watch(place, names, interval_s), self._watches.get(uid)
        if before == watch:
            return
        if before is not None:
            self._leave(uid, before.place, set(before.names).difference(names if before.place == place else ()))
        self._watches[uid] = watch
        self._is_measured = False
        sheet = self._sheets.setdefault(place, _Sheet(Pace(self._random)))
        now = self._clock.monotonic()
        for name in names:
            line = sheet.lines.setdefault(name, _Line(name, self._clock.now(), now))
            line.watchers[uid] = interval_s
            self._pull(line, now + interval_s)

    def unwatch(self, uid: str) -> None:
        """This rollout needs no alarms any more."""
        watch = self._watches.pop(uid, None)
        if watch is not None:
            self._leave(uid, watch.place, watch.names)
            self._is_measured = False

    def refresh(self, uid: str) -> None:
        """Read this rollout's alarms at once, and wake it whatever they say."""
        now = self._clock.monotonic()
        for line in self._lines_of(uid):
            line.wakes_always = True
            self._pull(line, now)

    def facts(self, uid: str) -> dict[str, AlarmFact]:
        """What is known of this rollout's alarms; a name not read yet is absent."""
        return {line.name: line.fact for line in self._lines_of(uid) if line.fact is not None}

    @property
    def next_due(self) -> float | None:
        """Monotonic time of the next call, or a little before."""
        return self._next_due

    def run_due(self) -> None:
        """Start the calls that are due."""
        if not self._is_measured:
            self._measure()
        now = self._clock.monotonic()
        if self._next_due is None or self._next_due > now:
            return
        for place, sheet in self._sheets.items():
            for batch in sheet.batches(now):
                self._read(place, sheet, batch)
        self._next_due = min((line.due for line in self._lines() if not line.is_being_read), default=None)

    def _lines(self) -> Iterator[_Line]:
        return (line for sheet in self._sheets.values() for line in sheet.lines.values())

    def _measure(self) -> None:
        """Once for all that has changed since: a burst of new rollouts must not count all lines for each."""
        now, lines = self._clock.now(), list(self._lines())
        unseen = sum(line.is_unseen(now) for line in lines)
        self._meter.alarms_watched(len(lines), unseen, min((line.seen_at for line in lines), default=None))
        self._is_measured = True

    def _leave(self, uid: str, place: Place, names: Iterable[str]) -> None:
        sheet = self._sheets[place]
        for name in names:
            del sheet.lines[name].watchers[uid]
            if not sheet.lines[name].watchers:
                del sheet.lines[name]
        if not sheet.lines:
            del self._sheets[place]

    def _lines_of(self, uid: str) -> list[_Line]:
        watch = self._watches.get(uid)
        return [self._sheets[watch.place].lines[name] for name in watch.names] if watch is not None else []

    def _pull(self, line: _Line, due: float) -> None:
        """Read it by then at the latest."""
        line.due = max(min(line.due, due), line.not_before)
        self._expect(line)

    def _expect(self, line: _Line) -> None:
        self._next_due = line.due if self._next_due is None else min(self._next_due, line.due)

    def _read(self, place: Place, sheet: _Sheet, batch: list[_Line]) -> None:
        for line in batch:
            line.is_being_read = True
        names = [line.name for line in batch]

        def work() -> _Answer:
            read_at = self._clock.now()
            return _Answer(read_at, self._feed.read(place, names))

        self._workers.submit(Lane.ALARMS, work, lambda answer: self._done(sheet, batch, answer))

    def _done(self, sheet: _Sheet, batch: list[_Line], answer: _Answer | Exception) -> None:
        """Lines that nobody watches any more are passed over: they are on no sheet."""
        watched = [line for line in batch if line.watchers]
        self._is_measured = False
        if isinstance(answer, Exception):
            self._meter.alarm_reads(reading_of(answer)[0], len(batch))
            self._postpone(sheet, watched, answer)
            facts = {line.name: self._failed(line, answer) for line in watched}
        else:
            found = sum(line.name in answer.snapshots for line in batch)
            self._meter.alarm_reads("Read", found)
            self._meter.alarm_reads("Missing", len(batch) - found)
            self._plan(sheet, watched)
            facts = {line.name: _answered(line, answer) for line in watched}
        woken = {uid for line in watched for uid in line.watchers if line.wakes_always or _is_news(line, facts)}
        for line in watched:
            line.is_being_read = line.wakes_always = False
            line.fact = facts[line.name]
        for uid in sorted(woken):
            self._wake(uid)

    def _plan(self, sheet: _Sheet, lines: list[_Line]) -> None:
        sheet.pace.reset()
        now = self._clock.monotonic()
        for line in lines:
            line.due = now + line.interval_s
            self._expect(line)

    def _postpone(self, sheet: _Sheet, lines: list[_Line], error: Exception) -> None:
        """Try again sooner than at the next poll, and not much later: blind is worse than busy. A refusal can wait."""
        limit_s = min((line.interval_s for line in lines), default=1.0)
        at_least_s = limit_s if reading_of(error)[0] is Trouble.DENIED else getattr(error, "retry_after_s", None)
        sheet.pace.wait(self._clock.monotonic(), min(1.0, limit_s), limit_s, at_least_s or 0.0)
        for line in lines:
            line.due = line.not_before = sheet.pace.next_at
            self._expect(line)

    def _failed(self, line: _Line, error: Exception) -> AlarmFact:
        """Keep a reading that is young enough; a refusal counts at once."""
        now, known = self._clock.now(), line.fact
        if known is None:
            return unseen(error, None, line.since)
        if isinstance(known, Unseen) or reading_of(error)[0] is Trouble.DENIED:
            return unseen(error, known, now)
        return unseen(error, None, known.read_at) if is_stale(known.read_at, line.interval_s, now) else known


def is_stale(read_at: datetime, interval_s: float, now: datetime) -> bool:
    """Whether a reading is too old to be one; from the same moment on as `core.alarms` takes it for none."""
    return (now - read_at).total_seconds() >= interval_s * STALE_AFTER_POLLS


def _answered(line: _Line, answer: _Answer) -> AlarmFact:
    snapshot = answer.snapshots.get(line.name)
    return AlarmReading(snapshot, answer.read_at) if snapshot is not None else AlarmMissing(answer.read_at)


def _is_news(line: _Line, facts: Mapping[str, AlarmFact]) -> bool:
    """A newer reading of the same is none."""
    before, after = line.fact, facts[line.name]
    if isinstance(before, AlarmReading) and isinstance(after, AlarmReading):
        return (before.snapshot.state, before.snapshot.since) != (after.snapshot.state, after.snapshot.since)
    if isinstance(before, Unseen) and isinstance(after, Unseen):
        return (before.trouble, before.since) != (after.trouble, after.since)
    return type(before) is not type(after)
