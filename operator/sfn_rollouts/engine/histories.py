"""Histories of alarms: which must be read, the reading of them, and the alarms together with them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from sfn_rollouts.api.status import AlarmStatus
from sfn_rollouts.core.judges.alarms import needs_history
from sfn_rollouts.core.values.arn import Place
from sfn_rollouts.core.values.readings import AlarmReading, Unseen
from sfn_rollouts.engine.alarm_sheet import AlarmFact
from sfn_rollouts.engine.facts import History
from sfn_rollouts.errors import PortError
from sfn_rollouts.ports import AlarmFeed

Read = Mapping[str, History | PortError]


def unexplained(alarms: Mapping[str, AlarmFact], memories: Iterable[AlarmStatus]) -> dict[str, datetime]:
    """Names whose history must be read, with AWS's time from which on."""
    return {
        memory.name: memory.since
        for memory in memories
        if memory.since is not None
        and isinstance(reading := alarms.get(memory.name), AlarmReading)
        and needs_history(memory, reading)
    }


def explained(
    alarms: Mapping[str, AlarmFact], memories: Iterable[AlarmStatus], histories: Mapping[str, History | Unseen]
) -> Mapping[str, AlarmFact]:
    """Give the readings with what is known of their history; one whose history cannot be read cannot be seen."""
    if not histories:
        return alarms
    wanted = unexplained(alarms, memories)
    return {name: _explained(fact, histories.get(name)) if name in wanted else fact for name, fact in alarms.items()}


def _explained(fact: AlarmFact, history: History | Unseen | None) -> AlarmFact:
    """A history belongs to the reading that it was looked up for; it only answers for changes up to that one."""
    if isinstance(history, Unseen):
        return history
    if history is None or not isinstance(fact, AlarmReading) or history.since != fact.snapshot.since:
        return fact
    return replace(fact, transitions=history.transitions)


def read_histories(
    feed: AlarmFeed, place: Place, wanted: Mapping[str, datetime], alarms: Mapping[str, AlarmFact]
) -> Read:
    """Read what each alarm did after a moment, up to the reading of it in `alarms`; one that fails stops no other."""
    return {
        name: _history(feed, place, name, after, reading)
        for name, after in wanted.items()
        if isinstance(reading := alarms.get(name), AlarmReading)
    }


def _history(feed: AlarmFeed, place: Place, name: str, after: datetime, reading: AlarmReading) -> History | PortError:
    try:
        return History(reading.snapshot.since, tuple(feed.history(place, name, after)))
    except PortError as error:
        return error
