"""The alarm board: reads the alarms of all rollouts together, 100 names a call, and wakes whom a change concerns.

DescribeAlarms allows 9 calls a second for a whole account and region: one call a rollout would serve 9 rollouts a
second, batches serve 900 alarms. A call that is not full takes along the names that are due next, which costs nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from sfn_rollouts.core.judges.alarms import is_stale
from sfn_rollouts.core.values.arn import Place
from sfn_rollouts.core.values.identity import Caller
from sfn_rollouts.core.values.readings import AlarmMissing, AlarmReading, AlarmSnapshot, Trouble, Unseen
from sfn_rollouts.engine.alarm_sheet import AlarmFact, Line, Sheet, seen_alarm
from sfn_rollouts.engine.facts import reading_of, unseen
from sfn_rollouts.engine.recovery import Recovery
from sfn_rollouts.errors import PortError
from sfn_rollouts.ports import AlarmFeed, AlarmMeter, Clock, Errand, Lane, Workers


@dataclass(frozen=True, slots=True)
class _Watch:
    place: Place
    names: tuple[str, ...]
    interval_s: float


@dataclass(frozen=True, slots=True)
class _Answer:
    read_at: datetime
    snapshots: Mapping[str, AlarmSnapshot | PortError]


class AlarmBoard:
    """Facts about every watched alarm, renewed at the shortest interval that any of its watchers wants."""

    def __init__(
        self,
        clock: Clock,
        workers: Workers,
        feed: AlarmFeed,
        random: Random,
        recovery: Recovery,
        wake: Callable[[str], None],
        meter: AlarmMeter,
    ) -> None:
        self._clock = clock
        self._recovery = recovery
        self._workers = workers
        self._feed = feed
        self._random = random
        self._wake = wake
        self._meter = meter
        self._is_measured = True
        self._sheets: dict[Place, Sheet] = {}
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
        sheet = self._sheets.setdefault(place, Sheet(self._random))
        now = self._clock.monotonic()
        for name in names:
            line = sheet.lines.setdefault(name, Line(name, self._clock.now(), now))
            line.watchers[uid] = interval_s
            self._pull(line, now + interval_s)

    def unwatch(self, uid: str) -> None:
        """This rollout needs no alarms any more."""
        watch = self._watches.pop(uid, None)
        if watch is not None:
            self._leave(uid, watch.place, watch.names)
            self._is_measured = False

    def refresh(self, uid: str) -> None:
        """Read this rollout's alarms at once, and wake it whatever they say.

        With one of them put off after a failure, the others alone are no answer: to read them would be a busy loop.
        """
        lines = self._lines_of(uid)
        at = max((self._clock.monotonic(), *(line.not_before for line in lines)))
        for line in lines:
            line.wakes_always = True
            self._pull(line, at)

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
        dues = (
            sheet.due(line)
            for sheet in self._sheets.values()
            for line in sheet.lines.values()
            if not line.is_being_read
        )
        self._next_due = min(dues, default=None)

    def _lines(self) -> Iterator[Line]:
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

    def _lines_of(self, uid: str) -> list[Line]:
        watch = self._watches.get(uid)
        return [self._sheets[watch.place].lines[name] for name in watch.names] if watch is not None else []

    def _pull(self, line: Line, due: float) -> None:
        """Read it by then at the latest."""
        line.due = max(min(line.due, due), line.not_before)
        self._expect(line)

    def _expect(self, line: Line) -> None:
        self._next_due = line.due if self._next_due is None else min(self._next_due, line.due)

    def _read(self, place: Place, sheet: Sheet, batch: list[Line]) -> None:
        for line in batch:
            line.is_being_read = True
        names = [line.name for line in batch]

        def work() -> _Answer:
            read_at = self._clock.now()
            return _Answer(read_at, self._feed.read(place, names))

        errand = Errand(Lane.ALARMS, place, "alarms", caller=Caller(place.identity))
        self._workers.submit(errand, work, lambda answer: self._ended(place, sheet, batch, answer))

    def _ended(self, place: Place, sheet: Sheet, batch: list[Line], answer: _Answer | Exception) -> None:
        self._done(sheet, batch, answer)
        self._recovery.note(place, "", "alarms", answer)

    def _done(self, sheet: Sheet, batch: list[Line], answer: _Answer | Exception) -> None:
        """Lines that nobody watches any more are passed over: they are on no sheet."""
        watched = [line for line in batch if line.watchers]
        self._is_measured = False
        for line in batch:
            line.is_being_read = False
        if isinstance(answer, Exception):
            self._meter.alarm_reads(reading_of(answer)[0], len(batch))
            facts = self._not_answered(sheet, batch, watched, answer)
        elif _is_doubtful(batch, watched, answer):
            self._meter.alarm_reads(Trouble.TRANSIENT, len(batch))
            facts = self._doubted(watched)
        else:
            self._count(batch, answer)
            facts = self._answered(sheet, watched, answer)
        for line in (*watched, *sheet.take_pulled()):
            self._expect(line)
        self._take(watched, facts)

    def _take(self, watched: list[Line], facts: Mapping[str, AlarmFact]) -> None:
        """Keep what is known now, and wake whom it concerns; what is to be read again soon has no fact yet."""
        answered = [line for line in watched if line.name in facts]
        woken = {uid for line in answered for uid in line.watchers if line.wakes_always or _is_news(line, facts)}
        for line in answered:
            line.wakes_always = False
            line.fact = facts[line.name]
        for uid in sorted(woken):
            self._wake(uid)

    def _count(self, batch: list[Line], answer: _Answer) -> None:
        found = [answer.snapshots[line.name] for line in batch if line.name in answer.snapshots]
        errors = [reading_of(each)[0] for each in found if isinstance(each, PortError)]
        self._meter.alarm_reads("Read", len(found) - len(errors))
        self._meter.alarm_reads("Missing", len(batch) - len(found))
        for trouble in sorted(set(errors)):
            self._meter.alarm_reads(trouble, errors.count(trouble))

    def _answered(self, sheet: Sheet, watched: list[Line], answer: _Answer) -> dict[str, AlarmFact]:
        now = self._clock.monotonic()
        for line in watched:
            line.due, line.is_doubted = now + line.interval_s, False
            if isinstance(answer.snapshots.get(line.name), PortError):
                line.not_before = line.due
        sheet.answered(watched, now)
        return {line.name: self._fact(line, answer) for line in watched}

    def _fact(self, line: Line, answer: _Answer) -> AlarmFact:
        found = answer.snapshots.get(line.name)
        if isinstance(found, PortError):
            return self._failed(line, found)
        return seen_alarm(found, answer.read_at)

    def _doubted(self, watched: list[Line]) -> dict[str, AlarmFact]:
        """Nothing is known yet."""
        now = self._clock.monotonic()
        for line in watched:
            line.due = line.not_before = now + min(1.0, line.interval_s)
            line.is_doubted = True
        return {}

    def _not_answered(
        self, sheet: Sheet, batch: list[Line], watched: list[Line], error: Exception
    ) -> dict[str, AlarmFact]:
        self._postpone(sheet, watched, error)
        is_certain = True
        if reading_of(error)[0] is not Trouble.TRANSIENT:
            is_certain = sheet.refused(watched, self._clock.monotonic(), is_of_one=len(batch) == 1)
        known = watched if is_certain else [line for line in watched if isinstance(line.fact, AlarmReading)]
        return {line.name: self._failed(line, error, is_certain=is_certain) for line in known}

    def _postpone(self, sheet: Sheet, lines: list[Line], error: Exception) -> None:
        """Try again sooner than at the next poll, and not much later: blind is worse than busy. A refusal can wait."""
        limit_s = min((line.interval_s for line in lines), default=1.0)
        at_least_s = limit_s if reading_of(error)[0] is Trouble.DENIED else getattr(error, "retry_after_s", None)
        sheet.pace.wait(self._clock.monotonic(), min(1.0, limit_s), limit_s, at_least_s or 0.0)
        for line in lines:
            line.due = line.not_before = sheet.pace.next_at

    def _failed(self, line: Line, error: Exception, *, is_certain: bool = True) -> AlarmFact:
        """Keep a reading that is young enough; a refusal that is certainly about this alarm counts at once."""
        now, known = self._clock.now(), line.fact
        if known is None:
            return unseen(error, None, line.since)
        if isinstance(known, Unseen) or (is_certain and reading_of(error)[0] is Trouble.DENIED):
            return unseen(error, known, now)
        return unseen(error, None, known.read_at) if is_stale(known.read_at, line.interval_s, now) else known


def _is_doubtful(batch: Sequence[Line], watched: Sequence[Line], answer: _Answer) -> bool:
    """All alarms of a call are gone, though some were there: a reason to go back, so it is read once more."""
    was_there = any(isinstance(line.fact, AlarmReading) and not line.is_doubted for line in watched)
    return len(batch) > 1 and not answer.snapshots and was_there


def _is_news(line: Line, facts: Mapping[str, AlarmFact]) -> bool:
    """A newer reading of the same is none, but that it is still missing is: the polls are counted. Whatever is known
    now instead of nothing, or of something of another kind, is news.
    """
    before, after = line.fact, facts[line.name]
    if isinstance(after, AlarmMissing):
        return after != before
    if isinstance(before, AlarmReading) and isinstance(after, AlarmReading):
        return _essence(before.snapshot) != _essence(after.snapshot)
    if isinstance(before, Unseen) and isinstance(after, Unseen):
        return (before.trouble, before.since) != (after.trouble, after.since)
    return True


def _essence(snapshot: AlarmSnapshot) -> tuple[object, ...]:
    return snapshot.state, snapshot.since, snapshot.evaluation
