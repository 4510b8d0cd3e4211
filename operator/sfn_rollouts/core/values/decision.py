"""What a tick asks for: a status, at most one traffic write, what to look at next, when to wake."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sfn_rollouts.api.status import Status
from sfn_rollouts.core.values.chores import Chore
from sfn_rollouts.core.values.looks import Look
from sfn_rollouts.core.values.routing import Routing


class WriteKind(StrEnum):
    """What a write is for, which says what may wait for what."""

    FORWARD = "Forward"  # only after its intent stands in the stored status
    CREATE = "Create"  # likewise; the alias does not exist
    RESTORE = "Restore"  # first of all; the status follows


@dataclass(frozen=True, slots=True)
class Write:
    """One write of the alias.

    `expected` is the routing that must be found just before (None: no alias may exist); anything else is a conflict.
    A RESTORE goes over every split besides, and over a whole routing only if it is in `ours`: made by this rollout.
    """

    kind: WriteKind
    routing: Routing
    expected: Routing | None = None
    ours: frozenset[Routing] = frozenset()

    @property
    def is_urgent(self) -> bool:
        """Whether it may use the quota reserved for rollbacks."""
        return self.kind is WriteKind.RESTORE


@dataclass(frozen=True, slots=True)
class Decision:
    """The whole outcome of one tick.

    `status` is complete, not a change: one that differs from the last is decided on again at once, and then only
    `wake_at` says when to decide next. `holds_finalizer` says whether the resource must carry the finalizer.
    `watches_alarms` says whether the alarm board should read this rollout's alarms. `chores` are effects that are not
    traffic; beside a RESTORE there are none: going back is not the time for anything else.
    """

    status: Status
    write: Write | None = None
    looks: frozenset[Look[Any]] = frozenset()
    wake_at: datetime | None = None
    holds_finalizer: bool = False
    watches_alarms: bool = False
    chores: frozenset[Chore[Any]] = frozenset()

    def __post_init__(self) -> None:
        if self.write is not None and self.write.kind is WriteKind.RESTORE:
            object.__setattr__(self, "chores", frozenset())
