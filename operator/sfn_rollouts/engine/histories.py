"""Histories of alarms: which must be read, and the readings together with them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from sfn_rollouts.api.status import AlarmStatus
from sfn_rollouts.core.judges.alarms import needs_history
from sfn_rollouts.core.values.observation import AlarmReading, Unseen
from sfn_rollouts.engine.alarm_sheet import AlarmFact
from sfn_rollouts.engine.facts import History


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
