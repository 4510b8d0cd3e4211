"""How long things took, read from the difference between two statuses; the status is the only memory there is."""

from datetime import datetime

from sfn_rollouts.api.status import HistoryEntry, Status

SHORTEST_WAIT_S = 1.0
"""What was shorter had no wait at all: the spec takes none below a second."""


def step_s(before: Status, after: Status) -> float | None:
    """Seconds of the step (or bake) that ended between the two because the next one began, or because all is done.

    None where no step ended; where a rollback cut it short, which says nothing about steps; and where it had no wait of
    its own, as the last one before a bake.
    """
    began_at, ended_at = before.step_started_at, _step_end(before, after)
    if began_at is None or ended_at is None:
        return None
    lasted_s = (ended_at - began_at).total_seconds()
    return lasted_s if lasted_s >= SHORTEST_WAIT_S else None


def rollback_s(before: Status, ended: HistoryEntry | None) -> float | None:
    """Seconds from the finding to the end; None where nothing ended, or nothing had to be put back."""
    if ended is None or before.trip is None:
        return None
    return max((ended.finished_at - before.trip.at).total_seconds(), 0.0)


def _step_end(before: Status, after: Status) -> datetime | None:
    if before.trip is not None or after.started_at != before.started_at:
        return None
    if before.finished_at is None and after.finished_at is not None:
        return after.finished_at if after.outcome is not None and after.outcome.is_success else None
    return after.step_started_at
