"""A world that keeps a diary: each call, its lane and urgency, each report, Event and measurement, at its millisecond.

`python -m tests.engine.transcripts` writes transcripts/*.txt again, for whoever has read the difference.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.engine.world import World

FOLDER = Path(__file__).parent / "transcripts"
_HOUR_MS = 3_600_000


class Diary(World):
    """A world whose `lines` are all that its operator did."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._written: Counter[str] = Counter()
        super().__init__()

    def note(self, happening: str) -> None:
        """Something that somebody else does."""
        self._write(f"-- {happening}")

    def _run_due(self) -> float | None:
        next_due = super()._run_due()
        for line in self._news():
            self._write(line)
        return next_due

    def _write(self, line: str) -> None:
        self.lines.append(f"{(self.clock.elapsed_ms - _HOUR_MS) / 1000:.3f} {line}")

    def _news(self) -> Iterator[str]:
        yield from (f"Event {name}: {reason}" for name, reason in self._new("events", self.announced.events))
        yield from (f"calls the API server: {call}" for call in self._new("api", self.api.calls))
        yield from (f"status is {phase}" for phase in self._new("phases", self.api.phases))
        yield from self._calls()
        yield from (f"alias is {routing}" for routing in self._new("writes", self.cloud.writes))
        yield from (f"measures {line}" for line in self._measured())
        for lane, number in self.workers.submitted.items():
            if number > self._written[f"{id(self.workers)} {lane}"]:
                yield f"asks the lane {lane} {number - self._written[f'{id(self.workers)} {lane}']} times"
                self._written[f"{id(self.workers)} {lane}"] = number

    def _calls(self) -> Iterator[str]:
        urgencies = [urgency for _, urgency in self._new("urgencies", self.cloud.urgencies)]
        batches = [names for _, names in self._new("batches", self.cloud.batches)]
        for call in self._new("calls", self.cloud.calls):
            if call in ("read", "shift"):
                yield f"calls AWS: {call}, {urgencies.pop(0)}"
            elif call == "alarms":
                yield f"calls AWS: alarms {', '.join(batches.pop(0))}"
            else:
                yield f"calls AWS: {call}"

    def _measured(self) -> Iterator[str]:
        meter = self.meter
        yield from (f"the end {outcome} {reason}" for outcome, reason in self._new("outcomes", meter.outcomes))
        yield from (f"a status write {result}" for result in self._new("status writes", meter.status_writes))
        yield from (f"a step of {seconds:g} s" for seconds in self._new("steps", meter.steps_s))
        yield from (f"a rollback of {seconds:g} s" for seconds in self._new("rollbacks", meter.rollbacks_s))
        if meter.defects > self._written["defects"]:
            yield f"{meter.defects - self._written['defects']} defects"
            self._written["defects"] = meter.defects
        for result, number in meter.alarm_reads_of.items():
            if number > self._written[f"alarms {result}"]:
                yield f"{number - self._written[f'alarms {result}']} alarms {result}"
                self._written[f"alarms {result}"] = number

    def _new(self, what: str, items: list[Any]) -> list[Any]:
        written, self._written[what] = self._written[what], len(items)
        return items[written:]


def main() -> None:
    """Write every diary again."""
    from tests.engine.test_transcripts import STORIES  # noqa: PLC0415 - the test imports this module

    FOLDER.mkdir(exist_ok=True)
    for known in FOLDER.glob("*.txt"):
        known.unlink()
    for name in STORIES:
        path_of(name).write_text(diary(name))


def diary(name: str) -> str:
    """Live through a story and return what was written."""
    from tests.engine.test_transcripts import STORIES  # noqa: PLC0415 - likewise

    world = Diary()
    STORIES[name](world)
    return "\n".join(world.lines) + "\n"


def path_of(name: str) -> Path:
    """The file of a story."""
    return FOLDER / f"{name.replace(' ', '-')}.txt"


if __name__ == "__main__":
    main()
