"""What decisions read back of an old status although it was written for people: each by name, and nowhere else.

The rest of the memory has fields of its own (stepIndex, intent, trip, alarms, history, ...). These have none: v1alpha1
keeps them in a condition, in the phase or in nextActionAt. Whoever changes what is shown there changes what is decided
here, so a test lets no other module of the core read a condition or the phase of a status that it decides on
(`announce` and `edited` compare what people see with what they saw, and decide nothing).
"""

from dataclasses import dataclass
from datetime import datetime

from sfn_rollouts.api.status import Phase, Status
from sfn_rollouts.core.values.conditions import PAUSED, READY, STALLED, condition, is_true
from sfn_rollouts.core.values.reasons import Reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the status says of how the rollout stands: phase, and reason and message of Ready."""

    phase: Phase | None
    reason: str
    message: str


def last_verdict(status: Status) -> Verdict | None:
    """Return how it stood at the last decision; None before the first.

    At rest a verdict on the alias stands until a look says otherwise, also after a restart.
    """
    ready = condition(status, READY)
    return Verdict(status.phase, ready.reason, ready.message) if ready is not None else None


def last_phase(status: Status) -> Phase:
    """Return the phase that people see, which a defect of the operator must not change."""
    return status.phase or Phase.PENDING


def was_adopted(status: Status) -> bool:
    """Whether a routing was taken at rest (driftPolicy: Adopt); and it stays so whatever the policy becomes."""
    verdict = last_verdict(status)
    return verdict is not None and verdict.reason == Reason.ALIAS_ADOPTED


def was_going_back(status: Status) -> bool:
    """Whether the restore had been asked for before this decision: only then a failed write may be the restore's."""
    return status.phase in (Phase.ROLLING_BACK, Phase.FAILED)


def was_paused(status: Status) -> bool:
    """Whether a person held it at the last decision: time while they did does not count for the deadline."""
    return is_true(status, PAUSED)


def paused_since(status: Status) -> datetime | None:
    """Return since when a person holds it, from when on no write may begin; None where nobody did."""
    paused = condition(status, PAUSED)
    return paused.last_transition_time if paused is not None and was_paused(status) else None


def stalled_since(status: Status) -> datetime | None:
    """Return since when it needs a person, which sets how often it is looked at again; None where it did not."""
    stalled = condition(status, STALLED)
    return stalled.last_transition_time if stalled is not None else None


def was_wait_noted(status: Status) -> bool:
    """Whether the last decision left a wait on: whatever happens to a due step takes nextActionAt away."""
    return status.next_action_at is not None
