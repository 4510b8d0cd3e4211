"""The alarms of one place, and which of them share a call.

AWS refuses a whole call over one name that it does not take, or that the operator may not read. The lines of a refused
call are read apart from all others and in halves, rollout by rollout, until the refused name stands alone: it hurts its
own rollout only. That another call was answered meanwhile shows that it is the names, and not the place, that is ill.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from sfn_rollouts.backoff import Backoff
from sfn_rollouts.core.judges.alarms import is_stale
from sfn_rollouts.core.values.readings import AlarmMissing, AlarmReading, AlarmSnapshot, Unseen

BATCH = 100
"""AlarmNames: at most 100 (CloudWatch API reference, DescribeAlarms)."""

SEARCH_S = 0.25
"""Between two calls about suspects: the quota is 9 a second, and belongs to the alarms that are well."""

PROBES = 3
"""How many rollouts' alarms are asked for alone before all of a place count as refused, if none was ever read."""

ALONE_LIMIT_S = 60.0
"""How long a refused name waits for its next try at most."""

AlarmFact = AlarmReading | AlarmMissing | Unseen


def seen_alarm(found: AlarmSnapshot | None, read_at: datetime) -> AlarmReading | AlarmMissing:
    """Return what an answer tells of one alarm; None: the answer is without it."""
    return AlarmReading(found, read_at) if found is not None else AlarmMissing(read_at)


@dataclass(eq=False)
class Suspects:
    """Lines that are read together and with no others, because a call with them was refused.

    `refused_at`: since when an answer to another call would show that it is the names. `probed`: the suspects of which
    this is one, read alone to get such an answer. `probes`: how many of them were refused as well. `is_place_ill`: so
    many, or such ones, that it is not about names.
    """

    refused_at: float
    probed: "Suspects | None" = None
    probes: int = 0
    is_place_ill: bool = False


@dataclass
class Line:
    """One alarm of the board. Times are monotonic seconds but for `since`, from when on it was to be read."""

    name: str
    since: datetime
    due: float
    watchers: dict[str, float] = field(default_factory=dict)  # uid -> interval wanted, seconds
    fact: AlarmFact | None = None
    is_being_read: bool = False
    wakes_always: bool = False
    is_doubted: bool = False  # it is missing together with all others of its call: to be read once more
    not_before: float = 0.0  # after a failure not even a refresh comes sooner
    suspects: Suspects | None = None
    probed_at: float = 0.0
    was_read: bool = False  # AWS has taken this name before
    alone: Backoff | None = None  # AWS refuses this name

    @property
    def interval_s(self) -> float:
        return min(self.watchers.values())

    @property
    def owner(self) -> str:
        """One of its rollouts: the search goes from rollout to rollout, for names of one rollout share its fate."""
        return min(self.watchers)

    @property
    def seen_at(self) -> datetime:
        """When it was seen last; never yet counts from when it was to be read."""
        return self.fact.since if isinstance(self.fact, Unseen) else self.fact.read_at if self.fact else self.since

    def is_unseen(self, now: datetime) -> bool:
        """Whether nobody can judge by it: it could not be read, or is too old."""
        return isinstance(self.fact, Unseen) or is_stale(self.seen_at, self.interval_s, now)


class Sheet:
    """All lines of one place. Times are monotonic seconds."""

    def __init__(self, random: Random) -> None:
        self.lines: dict[str, Line] = {}
        self.pace = Backoff(random)
        self._random = random
        self._answered_at = -1.0
        self._search_at = 0.0
        self._pulled: list[Line] = []

    def batches(self, now: float) -> Iterator[list[Line]]:
        """Due lines in calls of 100, the last one filled up with those that are due next; suspects by themselves."""
        free = [line for line in self.lines.values() if not line.is_being_read and line.not_before <= now]
        ready = sorted((line for line in free if line.suspects is None), key=lambda line: (line.due, line.name))
        due = sum(line.due <= now for line in ready)
        for start in range(0, due, BATCH):
            yield ready[start : start + BATCH]
        suspected = _by_suspects(line for line in free if line.suspects is not None)
        searched = [lines for lines in suspected if any(line.due <= now for line in lines)]
        if searched and self._search_at <= now:
            self._search_at = now + SEARCH_S
            yield min(searched, key=_urgency)

    def take_pulled(self) -> list[Line]:
        """Return the lines that were made due since the last time."""
        pulled, self._pulled = self._pulled, []
        return pulled

    def due(self, line: Line) -> float:
        """When this line can be read next."""
        return line.due if line.suspects is None else max(line.due, self._search_at)

    def answered(self, lines: Iterable[Line], now: float) -> None:
        """A call with these was answered: they are well, and so is the place."""
        self.pace.reset()
        self._answered_at = now
        for line in lines:
            probed = line.suspects.probed if line.suspects is not None else None
            line.suspects = line.alone = None
            line.was_read, line.probed_at = True, 0.0
            if probed is not None:
                self._halve(self._suspected(probed), probed.refused_at, now)

    def refused(self, lines: list[Line], now: float, *, is_of_one: bool) -> bool:
        """A call with these lines was refused; `is_of_one`: with one name only.

        Return whether that is known to be about each of them. Else they are read again soon, in another way.
        """
        if is_of_one:
            return all(self._refused_alone(line, now) for line in lines)
        if not lines:
            return True
        suspects = lines[0].suspects or Suspects(now)
        if self._answered_at > suspects.refused_at:
            self._halve(lines, suspects.refused_at, now)
            return False
        suspects.refused_at = now
        for line in lines:
            line.suspects = suspects
        self._probe(lines, suspects, now)
        return suspects.is_place_ill

    def _refused_alone(self, line: Line, now: float) -> bool:
        """It is the name, if another call was answered since; else it may be the place, and the others are asked."""
        if line.suspects is None:
            return True
        probed = line.suspects.probed
        if self._answered_at > (probed or line.suspects).refused_at:
            line.suspects.probed = None
            line.alone = line.alone or Backoff(self._random)
            line.alone.wait(now, line.interval_s, ALONE_LIMIT_S, line.interval_s)
            line.due = line.not_before = line.alone.next_at
            return True
        if probed is None:
            return True
        self._rejoin(line, probed, now)
        return False

    def _rejoin(self, line: Line, probed: Suspects, now: float) -> None:
        """A probe was refused as well: try another, until it is plain that no name is the cause."""
        others = self._suspected(probed)
        line.suspects = probed
        if others:
            line.due, line.not_before = others[0].due, others[0].not_before
        if probed.is_place_ill:
            return
        probed.probes += 1
        owners = {each.owner for each in (line, *others)}
        probed.is_place_ill = line.was_read or probed.probes >= min(PROBES, len(owners))
        if probed.is_place_ill:
            self._pull([line, *others], now)
        else:
            self._probe([line, *others], probed, now)

    def _halve(self, lines: list[Line], refused_at: float, now: float) -> None:
        """Read them in two calls, at once; between rollouts as long as there are several."""
        owners = sorted({line.owner for line in lines})
        kept = set(owners[: len(owners) // 2])
        ordered = sorted(lines, key=lambda line: (line.owner not in kept, line.name))
        middle = sum(line.owner in kept for line in lines) or len(lines) // 2
        for half in (ordered[:middle], ordered[middle:]):
            suspects = Suspects(refused_at)
            for line in half:
                line.suspects = suspects
        self._pull(lines, now)

    def _probe(self, lines: list[Line], suspects: Suspects, now: float) -> None:
        """Read one of them alone, each time one of another rollout: most names are well, unless the place is ill."""
        probe = min(lines, key=lambda line: (line.probed_at, not line.was_read))
        for line in lines:
            if line.owner == probe.owner:
                line.probed_at = now
        probe.suspects = Suspects(now, probed=suspects)
        self._pull([probe], now)

    def _pull(self, lines: Iterable[Line], now: float) -> None:
        """Read them at once, whatever came before."""
        for line in lines:
            line.due, line.not_before = now, 0.0
            self._pulled.append(line)

    def _suspected(self, suspects: Suspects) -> list[Line]:
        return [line for line in self.lines.values() if line.suspects is suspects]


def _by_suspects(lines: Iterable[Line]) -> Sequence[list[Line]]:
    together: dict[Suspects | None, list[Line]] = {}
    for line in lines:
        together.setdefault(line.suspects, []).append(line)
    return list(together.values())


def _urgency(lines: Sequence[Line]) -> tuple[int, float]:
    """Those of many rollouts first: where only one is left, it waits for itself."""
    return -len({line.owner for line in lines}), min(line.due for line in lines)
