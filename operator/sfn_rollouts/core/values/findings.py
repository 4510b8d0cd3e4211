"""What a check may find: nothing, a reason to hold, or a reason to go back."""

from dataclasses import dataclass

from sfn_rollouts.core.values.reasons import Reason


@dataclass(frozen=True, slots=True)
class Pass:
    """Nothing against going on."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Do not advance. `needs_person`: it will not clear by itself, so the rollout is stalled."""

    reason: Reason
    message: str
    needs_person: bool = False


@dataclass(frozen=True, slots=True)
class Trip:
    """Go back to the stable version. `by` is who wants it, where somebody does."""

    reason: Reason
    message: str
    by: str | None = None


Finding = Pass | Hold | Trip
PASS = Pass()
