"""What preflight sees of a version: its definition, what it calls, what its role may do, and who calls it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sfn_rollouts.asl.outline import Outline


@dataclass(frozen=True, slots=True)
class DefinitionReading:
    """One version as DescribeStateMachine tells it. `outline` is None where the definition cannot be read: `why`.

    `role` is the execution role that the version carries, empty where that is not known; `read_at` is our clock.
    """

    outline: Outline | None
    role: str
    is_express: bool
    read_at: datetime
    why: str = ""


@dataclass(frozen=True, slots=True)
class CalleeReading:
    """A function's version or a state machine's, as AWS answered. `lacking`: in AWS's words why it cannot be called.

    Empty where it can: it exists, and a function is Active.
    """

    lacking: str
    read_at: datetime


class Permission(StrEnum):
    """What IAM's simulator says of an action on a resource."""

    ALLOWED = "Allowed"
    NOT_ALLOWED = "NotAllowed"  # no statement allows it
    DENIED = "Denied"  # a statement denies it
    UNDECIDED = "Undecided"  # a condition hangs on what only a real call has


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a role may do, by action and resource."""

    of: Mapping[tuple[str, str], Permission]
    read_at: datetime


@dataclass(frozen=True, slots=True)
class CallersReading:
    """Executions that were started within the last day: `past_alias` of them by the plain ARN; one page of them.

    `by_metrics`: CloudWatch counted them, which does not say by what they were started if not by the alias.
    """

    past_alias: int
    started: int
    more: bool
    read_at: datetime
    by_metrics: bool = False


@dataclass(frozen=True, slots=True)
class AlarmScope:
    """What an alarm looks at. `window_s`: period times evaluation periods; None where the alarm has none of its own."""

    dimensions: frozenset[tuple[str, str]] = frozenset()
    window_s: float | None = None


UNBOUND = AlarmScope()
"""An alarm of which nothing more is known, like a composite one."""


@dataclass(frozen=True, slots=True)
class AliasCall:
    """Another rollout's version calls an alias: in which state."""

    rollout: str
    state: str


@dataclass(frozen=True, slots=True)
class Neighbours:
    """All rollouts that are known, by ARN of an alias: which of them shifts it, and which of them call it.

    `own` is the name of the one that looks at the others.
    """

    shifts: Mapping[str, str] = field(default_factory=dict)
    calls: Mapping[str, tuple[AliasCall, ...]] = field(default_factory=dict)
    own: str = ""
