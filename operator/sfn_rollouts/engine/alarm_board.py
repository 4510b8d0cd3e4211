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
from sfn_rollouts.engine.backoff import Backoff
from sfn_rollouts.errors import PortError
from sfn_rollouts.ports import AlarmFeed, Clock, Lane, Workers

BATCH = 100
"""AlarmNames: at most 100 (CloudWatch API reference, DescribeAlarms)."""

AlarmFact = AlarmReading | AlarmMissing | Unseen


@dataclass
class _Line:
    """One alarm of the board. Times are monotonic seconds but for `since`."""

    name: str
    since: datetime
    due: float
    interval_s: float
    watchers: dict[str, float] = field(default_factory=dict)  # uid -> interval wanted
    fact: AlarmFact | None = None
    is_being_read: bool = False
    wakes_always: bool = False


@dataclass(frozen=True, slots=True)
class _Answer:
    read_at: datetime
    snapshots: Mapping[str, AlarmSnapshot]


class AlarmBoard:
    """Facts about every watched alarm, renewed at the shortest interval that any of its watchers wants."""

    def __init__(
        self, clock: Clock, workers: Workers, feed: AlarmFeed, random: Random, wake: Callable[[str], None]
    ) -> None:
        self._clock = clock
        self._workers = workers
        self._feed = feed
        self._random = random
        self._wake = wake
        self._lines: dict[Place, dict[str, _Line]] = {}
        self._watched: dict[str, tuple[Place, tuple[str, ...], float]] = {}
        self._backoffs: dict[Place, Backoff] = {}
        self._next_due: float | None = None

    def watch(self, uid: str, place: Place, names: tuple[str, ...], interval_s: float) -> None:
        """Read these alarms for this rollout from now on; the same again changes nothing."""
        if self._watched.get(uid) == (place, names, interval_s):
            return
        self.unwatch(uid)
        self._watched[uid] = (place, names, interval_s)
        lines = self._lines.setdefault(place, {})
        for name in names:
            line = lines.get(name) or _Line(name, self._clock.now(), self._clock.monotonic(), interval_s)
            lines[name] = line
            line.watchers[uid] = interval_s
            line.interval_s = min(line.watchers.values())
        self._plan()

    def unwatch(self, uid: str) -> None:
        """This rollout needs no alarms any more."""
        place, names, _ = self._watched.pop(uid, (None, (), 0.0))
        lines = self._lines.get(place, {}) if place is not None else {}
        for name in names:
            line = lines[name]
            del line.watchers[uid]
            if line.watchers:
                line.interval_s = min(line.watchers.values())
            else:
                del lines[name]

    def refresh(self, uid: str) -> None:
        """Read this rollout's alarms at once, and wake it whatever they say."""
        place, names, _ = self._watched.get(uid, (None, (), 0.0))
        for name in names if place is not None else ():
            line = self._lines[place][name] if place is not None else None
            if line is not None and not line.wakes_always:
                line.wakes_always = True
                line.due = self._clock.monotonic()
        self._plan()

    def facts(self, uid: str) -> dict[str, AlarmFact]:
        """What is known of this rollout's alarms; a name not read yet is absent."""
        place, names, _ = self._watched.get(uid, (None, (), 0.0))
        lines = self._lines.get(place, {}) if place is not None else {}
        return {name: fact for name in names if (fact := lines[name].fact) is not None}

    @property
    def next_due(self) -> float | None:
        """Monotonic time of the next call."""
        return self._next_due

    def run_due(self) -> None:
        """Start the calls that are due."""
        now = self._clock.monotonic()
        if self._next_due is None or self._next_due > now:
            return
        for place, lines in self._lines.items():
            for batch in _batches(lines.values(), now):
                self._read(place, batch)
        self._plan()

    def _plan(self) -> None:
        dues = (line.due for lines in self._lines.values() for line in lines.values() if not line.is_being_read)
        self._next_due = min(dues, default=None)

    def _read(self, place: Place, batch: list[_Line]) -> None:
        for line in batch:
            line.is_being_read = True
        names = [line.name for line in batch]

        def work() -> _Answer:
            read_at = self._clock.now()
            return _Answer(read_at, self._feed.read(place, names))

        self._workers.submit(Lane.ALARMS, work, lambda answer: self._done(place, batch, answer))

    def _done(self, place: Place, batch: list[_Line], answer: _Answer | Exception) -> None:
        backoff = self._backoffs.setdefault(place, Backoff(self._random))
        now = self._clock.monotonic()
        woken: set[str] = set()
        if isinstance(answer, Exception):
            delay_s = max(backoff.next_s(1.0, 30.0), getattr(answer, "retry_after_s", None) or 0.0)
        else:
            backoff.reset()
            delay_s = 0.0
        for line in batch:
            line.is_being_read = False
            fact = self._failed(line, answer) if isinstance(answer, Exception) else _answered(line, answer)
            line.due = now + (min(delay_s, line.interval_s) if isinstance(answer, Exception) else line.interval_s)
            if line.wakes_always or _is_news(line.fact, fact):
                woken.update(line.watchers)
            line.wakes_always = False
            line.fact = fact
        self._plan()
        for uid in sorted(woken):
            self._wake(uid)

    def _failed(self, line: _Line, error: Exception) -> AlarmFact | None:
        """Keep a reading that is young enough; a refusal counts at once."""
        trouble = error.trouble if isinstance(error, PortError) else Trouble.INTERNAL
        why = error.why if isinstance(error, PortError) else f"internal error: {error}"
        if isinstance(line.fact, Unseen):
            return Unseen(why, line.fact.since, trouble)
        if trouble is Trouble.DENIED or line.fact is None:
            return Unseen(why, line.since if line.fact is None else self._clock.now(), trouble)
        age_s = (self._clock.now() - line.fact.read_at).total_seconds()
        return line.fact if age_s <= line.interval_s * STALE_AFTER_POLLS else Unseen(why, line.fact.read_at, trouble)


def _answered(line: _Line, answer: _Answer) -> AlarmFact:
    snapshot = answer.snapshots.get(line.name)
    return AlarmReading(snapshot, answer.read_at) if snapshot is not None else AlarmMissing(answer.read_at)


def _is_news(before: AlarmFact | None, after: AlarmFact | None) -> bool:
    """A newer reading of the same is none."""
    if isinstance(before, AlarmReading) and isinstance(after, AlarmReading):
        return (before.snapshot.state, before.snapshot.since) != (after.snapshot.state, after.snapshot.since)
    if isinstance(before, Unseen) and isinstance(after, Unseen):
        return (before.trouble, before.since) != (after.trouble, after.since)
    return type(before) is not type(after)


def _batches(lines: Iterable[_Line], now: float) -> Iterator[list[_Line]]:
    """Due lines in calls of 100, the last one filled up with those that are due next."""
    ready = sorted((line for line in lines if not line.is_being_read), key=lambda line: (line.due, line.name))
    due = sum(line.due <= now for line in ready)
    for start in range(0, due, BATCH):
        yield ready[start : start + BATCH]
