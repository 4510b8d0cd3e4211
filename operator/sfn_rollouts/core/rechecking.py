"""When to read the alias again: soon after a write of our own, seldom at rest, ever less while stalled."""

from datetime import datetime
from typing import Any

from sfn_rollouts.core import memory
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.values.looks import FindVersion, Look, ReadAlias
from sfn_rollouts.core.values.moments import after
from sfn_rollouts.core.values.readings import Trouble

STALE_RETRY_S = 0.5
"""AWS uses a new routing "within a few seconds": look again soon."""

FRESH_S = 10.0
"""How old a reading may be when a rollout begins upon it (what it finds becomes the stable version), or ends."""

STALLED_MIN_S, STALLED_MAX_S = 5.0, 300.0
DRIFT_CHECK_IN_FLIGHT_S = 300.0
"""Every write reads the alias anyway."""

DRIFT_CHECK_AT_REST_S = 600.0
"""DescribeStateMachineAlias refills one call a second, for all rollouts of a region."""


def look_again(case: Case, after_s: float) -> tuple[frozenset[Look[Any]], datetime]:
    """Return whether a reading of this age is due for another, and when to ask this again."""
    read_at = read_at_of(case)
    due = after(read_at, after_s) if read_at is not None else case.now
    if due > case.now:
        return frozenset(), due
    return frozenset({ReadAlias()}), case.in_seconds(after_s)


def target_again(case: Case, after_s: float) -> frozenset[Look[Any]]:
    """Return whether the version that is asked for is due for another look: it may be gone, with its state machine."""
    look = FindVersion(case.spec.version)
    read_at = getattr(case.seen.of(look), "read_at", None)
    return frozenset({look}) if read_at is not None and after(read_at, after_s) <= case.now else frozenset()


def looks_if_gone(case: Case) -> frozenset[Look[Any]]:
    """A write that found no alias: see for oneself, then it counts as deleted."""
    failure = case.seen.write_failure
    is_gone = failure is not None and failure.trouble is Trouble.GONE
    return look_again(case, STALLED_MIN_S)[0] if is_gone else frozenset()


def read_at_of(case: Case) -> datetime | None:
    """When the alias was last read (or found missing)."""
    return getattr(case.seen.alias, "read_at", None)


def stalled_recheck_s(case: Case) -> float:
    """Seconds between two looks at the alias while a person must fix something."""
    return recheck_s(case, read_at_of(case))


def recheck_s(case: Case, read_at: datetime | None) -> float:
    """Backoff while stalled: as long as the stall had lasted at the last look, so that it doubles, 5 s to 5 min.

    Measured at the present it would grow as fast as the time goes by, and never be over.
    """
    stalled_s = ((read_at or case.now) - stalled_since(case)).total_seconds()
    return min(max(stalled_s, STALLED_MIN_S), STALLED_MAX_S)


def stalled_since(case: Case) -> datetime:
    """Since when it needs a person; now, if it is found only now."""
    return memory.stalled_since(case.status) or case.now
