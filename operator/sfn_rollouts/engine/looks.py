"""The jobs of looking: one call or a few, each gives a fact and lets errors out."""

from collections.abc import Mapping
from datetime import datetime

from sfn_rollouts.core.values.arn import AliasArn, Place, StateMachineArn
from sfn_rollouts.core.values.observation import AlarmReading, AliasMissing, AliasReading, RunningExecutions
from sfn_rollouts.engine.alarm_sheet import AlarmFact
from sfn_rollouts.engine.facts import History
from sfn_rollouts.errors import Gone, PortError
from sfn_rollouts.ports import AlarmFeed, AliasRouter, Clock, Urgency, VersionCatalog

Read = Mapping[str, History | PortError]


def read_alias(router: AliasRouter, clock: Clock, alias: AliasArn, urgency: Urgency) -> AliasReading | AliasMissing:
    """Read the alias.

    Raises:
        PortError: it could not be read.
    """
    read_at = clock.now()
    return router.read(alias, urgency) or AliasMissing(read_at)


def count_running(catalog: VersionCatalog, machine: StateMachineArn, version: int) -> RunningExecutions:
    """Count the running executions of a version.

    Raises:
        PortError: they could not be counted; Gone for Express machines, which never can.
    """
    counted = catalog.running(machine, version)
    if counted is None:
        raise Gone("AWS does not list executions of Express state machines")
    return counted


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
