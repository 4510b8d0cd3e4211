"""One rollout as the API server holds it: what is asked for, what is known, what was commanded."""

from dataclasses import dataclass
from datetime import datetime

from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.status import Status


@dataclass(frozen=True, slots=True)
class InvalidSpec:
    """A spec that the models refuse: stored before a rule existed, or past a skipped validation."""

    message: str


@dataclass(frozen=True, slots=True)
class Rollout:
    """The resource, parsed. `command` is the annotation as it stands, None without one.

    `had_status`: somebody has written a status to this object. Where there is none, it was taken away since.
    """

    generation: int
    spec: Spec | InvalidSpec
    status: Status
    created_at: datetime
    is_deleting: bool = False
    command: str | None = None
    uid: str = ""
    had_status: bool = False
