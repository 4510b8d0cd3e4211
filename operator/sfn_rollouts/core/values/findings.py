"""What a check may find: nothing, a reason to hold, or a reason to go back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sfn_rollouts.core.values.looks import Look
from sfn_rollouts.core.values.readings import Trouble, Unseen
from sfn_rollouts.core.values.reasons import Reason


@dataclass(frozen=True, slots=True)
class Pass:
    """Nothing against going on."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Do not begin, or do not advance.

    `needs_person`: it will not clear by itself, so the rollout is stalled. `looks`: what must be read, or which chore
    be done, before it can clear. `until`: when to ask the check again although nothing new was read; None where only
    news can clear it. `ends_by_promote`: a person who has looked may go on all the same.
    """

    reason: Reason
    message: str
    needs_person: bool = False
    looks: frozenset[Look[Any]] = frozenset()
    until: datetime | None = None
    ends_by_promote: bool = False


@dataclass(frozen=True, slots=True)
class Trip:
    """Go back to the stable version. `by` is who wants it, where somebody does."""

    reason: Reason
    message: str
    by: str | None = None


Finding = Pass | Hold | Trip
PASS = Pass()

_REASONS = {
    Trouble.DENIED: Reason.ACCESS_DENIED,
    Trouble.GONE: Reason.NOT_FOUND,
    Trouble.INTERNAL: Reason.INTERNAL_ERROR,
}


def hold_of_unseen(unseen: Unseen, message: str, looks: frozenset[Look[Any]]) -> Hold:
    """Return the hold on what could not be read: what may pass is waited for, the rest needs a person."""
    reason = _REASONS.get(unseen.trouble)
    return Hold(reason or Reason.RETRYING_AWS, message, needs_person=reason is not None, looks=looks)
