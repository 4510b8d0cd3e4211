"""The live alias against what a rollout knows of it: by its status and what was seen alone."""

from enum import StrEnum

from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.status import AliasStatus, RouteEntry, Status
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import AliasMissing, AliasReading
from sfn_rollouts.core.values.routing import Routing


class AliasState(StrEnum):
    """The live alias against what this rollout knows of it."""

    NOT_SEEN = "NotSeen"
    STALE = "Stale"  # an answer from before our own last write
    IN_SYNC = "InSync"
    APPLIED = "Applied"  # the intended routing is live
    FOREIGN = "Foreign"
    MISSING = "Missing"


def alias_state(spec: Spec, status: Status, seen: Observation) -> AliasState:
    """Compare the last reading with what is known; an answer older than our own write is stale, not foreign."""
    reading = seen.alias
    if isinstance(reading, AliasMissing):
        return AliasState.MISSING
    if not isinstance(reading, AliasReading):
        return AliasState.NOT_SEEN
    known_date = status.alias.update_date if status.alias is not None else None
    dates = [date for date in (known_date, seen.written_at) if date is not None]
    if dates and reading.update_date < max(dates):
        return AliasState.STALE
    if status.intent is not None and reading.routing == intended_routing(spec, status):
        return AliasState.APPLIED
    return AliasState.IN_SYNC if reading.routing == routing_of(status.alias) else AliasState.FOREIGN


def intended_routing(spec: Spec, status: Status) -> Routing | None:
    """Return the alias as the pending intent wants it; None without one."""
    target = status.target_version or spec.version
    stable = status.stable_version or target
    return Routing.split(stable, target, status.intent.weight) if status.intent is not None else None


def routing_of(alias: AliasStatus | None) -> Routing | None:
    """Return the routing that the status tells of; None where it is absent or no routing."""
    if alias is None:
        return None
    try:
        return Routing(tuple((entry.version, entry.weight) for entry in alias.routing))
    except ValueError:
        return None


def alias_status(reading: AliasReading | None) -> AliasStatus | None:
    """Write a reading down; None where there is none."""
    if reading is None:
        return None
    entries = tuple(RouteEntry(version=version, weight=weight) for version, weight in reading.routing.entries)
    return AliasStatus(routing=entries, update_date=reading.update_date)
