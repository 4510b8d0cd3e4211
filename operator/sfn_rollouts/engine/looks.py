"""Looks: reading the alias, the version, histories and counts when a decision asks for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sfn_rollouts.core.arn import AliasArn
from sfn_rollouts.core.decision import Look
from sfn_rollouts.core.observation import (
    AlarmReading,
    AlarmTransition,
    AliasMissing,
    AliasReading,
    RunningExecutions,
    Trouble,
    Unseen,
    VersionFound,
)
from sfn_rollouts.engine.alarm_board import AlarmFact
from sfn_rollouts.engine.record import Facts
from sfn_rollouts.errors import PortError
from sfn_rollouts.ports import AlarmFeed, AliasRouter, Clock, Urgency, VersionCatalog

Fact = TypeVar("Fact")
History = tuple[datetime, tuple[AlarmTransition, ...]]


@dataclass(frozen=True, slots=True)
class LookOrder:
    """What to read. `histories`: alarm name -> AWS's time after which; `snapshots`: the readings that they explain."""

    looks: frozenset[Look]
    alias: AliasArn
    version: int
    left_version: int | None
    histories: Mapping[str, datetime]
    snapshots: Mapping[str, AlarmFact]
    is_at_rest: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one look went: persistent trouble is looked at again only after a while."""

    is_persistent: bool = False
    retry_after_s: float = 0.0


@dataclass
class Looked:
    """All that was read, a fact for each look; what could not be read is an Unseen."""

    results: dict[Look, Outcome] = field(default_factory=dict)
    alias: AliasReading | AliasMissing | Unseen | None = None
    version: VersionFound | Unseen | None = None
    running: RunningExecutions | Unseen | None = None
    histories: dict[str, History] = field(default_factory=dict)

    def store(self, facts: Facts) -> None:
        """Put what was read into the facts. A reading that could not be renewed is better than none."""
        if self.alias is not None and not (isinstance(self.alias, Unseen) and isinstance(facts.alias, AliasReading)):
            facts.alias = self.alias
        facts.version = self.version or facts.version
        facts.running = self.running or facts.running
        facts.histories.update(self.histories)


def perform(order: LookOrder, router: AliasRouter, catalog: VersionCatalog, feed: AlarmFeed, clock: Clock) -> Looked:
    """Read what is asked for; never raises a PortError."""
    looked = Looked()
    if Look.ALIAS in order.looks:
        looked.alias = _seen(looked, Look.ALIAS, clock, lambda: _alias(order, router, clock))
    if Look.VERSION in order.looks:
        looked.version = _seen(looked, Look.VERSION, clock, lambda: catalog.find(order.alias.machine, order.version))
        if isinstance(looked.version, VersionFound) and looked.version is not VersionFound.FOUND:
            looked.results[Look.VERSION] = Outcome(is_persistent=True)
    if Look.EXECUTIONS in order.looks:
        looked.running = _seen(looked, Look.EXECUTIONS, clock, lambda: _running(order, catalog, clock))
    if Look.ALARM_HISTORY in order.looks:
        _histories(looked, order, feed)
    return looked


def _seen(looked: Looked, look: Look, clock: Clock, read: Callable[[], Fact]) -> Fact | Unseen:
    try:
        fact = read()
    except PortError as error:
        is_persistent = error.trouble is not Trouble.TRANSIENT
        looked.results[look] = Outcome(is_persistent, error.retry_after_s or 0.0)
        return Unseen(error.why, clock.now(), error.trouble)
    looked.results[look] = Outcome()
    return fact


def _alias(order: LookOrder, router: AliasRouter, clock: Clock) -> AliasReading | AliasMissing:
    read_at = clock.now()
    reading = router.read(order.alias, Urgency.BACKGROUND if order.is_at_rest else Urgency.FORWARD)
    return reading or AliasMissing(read_at)


def _running(order: LookOrder, catalog: VersionCatalog, clock: Clock) -> RunningExecutions | Unseen:
    if order.left_version is None:
        return RunningExecutions(0)
    counted = catalog.running(order.alias.machine, order.left_version)
    return counted or Unseen("AWS does not list executions of Express state machines", clock.now(), Trouble.GONE)


def _histories(looked: Looked, order: LookOrder, feed: AlarmFeed) -> None:
    looked.results[Look.ALARM_HISTORY] = Outcome()
    for name, after in order.histories.items():
        reading = order.snapshots.get(name)
        if not isinstance(reading, AlarmReading):
            continue
        try:
            transitions = tuple(feed.history(order.alias.machine.place, name, after))
        except PortError as error:
            is_persistent = error.trouble is not Trouble.TRANSIENT
            looked.results[Look.ALARM_HISTORY] = Outcome(is_persistent, error.retry_after_s or 0.0)
            continue
        looked.histories[name] = (reading.snapshot.since, transitions)
