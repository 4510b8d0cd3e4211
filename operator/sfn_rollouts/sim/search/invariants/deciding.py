"""(6) and (7): the core as a function."""

from datetime import datetime

from sfn_rollouts.api.status import Status
from sfn_rollouts.core.values.conditions import READY, condition
from sfn_rollouts.core.values.readings import AliasReading
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.engine.settle import ROUNDS
from sfn_rollouts.sim.history import Decided, Defect, History


def deciding_twice_is_equal(_: History, decided: Decided) -> str | None:
    """(6) The same input gives the same decision."""
    return None if decided.is_equal_again else "asked twice, it decided differently"


def deciding_settles(_: History, decided: Decided) -> str | None:
    """(6) Transitions do not follow each other without end."""
    return f"{decided.rounds} transitions in one tick" if decided.rounds >= ROUNDS else None


def what_is_done_is_not_asked_again(_: History, decided: Decided) -> str | None:
    """(6) Once the alias has been read as a decision wants it, nothing more is asked for."""
    write, reading = decided.decision.write, decided.seen.alias
    if write is None or not isinstance(reading, AliasReading) or reading.routing != write.routing:
        return None
    known = decided.decision.status.alias
    dates = [date for date in (known.update_date if known else None, decided.seen.written_at) if date is not None]
    is_stale = bool(dates) and reading.update_date < max(dates)
    since = _wanted_since(decided.decision.status)
    is_later = since is None or reading.read_at > since
    return f"{write.routing} is asked for, and was read already" if is_later and not is_stale else None


def _wanted_since(status: Status) -> datetime | None:
    if status.trip is not None:
        return status.trip.at
    return status.intent.at if status.intent is not None else None


def the_operator_has_no_defect(_: History, defect: Defect) -> str | None:
    """(7) `decide` is total: no exception comes out of the operator, and none is logged."""
    return defect.what


def no_rollout_is_held_by_a_defect(_: History, decided: Decided) -> str | None:
    """(7) Nor does a status tell of an internal error."""
    ready = condition(decided.decision.status, READY)
    return ready.message if ready is not None and ready.reason == Reason.INTERNAL_ERROR else None
