"""Readings: what was seen, and what could not be seen and why."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.core.values.targets import UNBOUND, AlarmScope


class Trouble(StrEnum):
    """Why something was not seen or not done, named by the reaction it wants."""

    TRANSIENT = "Transient"  # try again soon: throttled, 5xx, time-out, connection lost
    DENIED = "Denied"  # a person must give a permission or credentials, or let a write be stored
    GONE = "Gone"  # a person must create what is not there
    CONFLICT = "Conflict"  # somebody else wrote in between: read and decide again
    INTERNAL = "Internal"  # a defect of the operator


@dataclass(frozen=True, slots=True)
class Unseen:
    """It was looked for and could not be seen."""

    why: str
    since: datetime
    trouble: Trouble = Trouble.TRANSIENT


@dataclass(frozen=True, slots=True)
class AliasReading:
    """The alias as AWS answered. `update_date` is AWS's clock, `read_at` ours."""

    routing: Routing
    update_date: datetime
    read_at: datetime


@dataclass(frozen=True, slots=True)
class AliasMissing:
    """AWS knows no such alias (or no such state machine)."""

    read_at: datetime


class VersionFound(StrEnum):
    """Whether the wanted version can be routed to."""

    FOUND = "Found"
    NO_VERSION = "NoVersion"
    NO_MACHINE = "NoMachine"
    DELETING = "Deleting"


@dataclass(frozen=True, slots=True)
class VersionReading:
    """One version as AWS answered. `created_at` is AWS's creationDate, None where it was not found; `read_at` is ours.

    A version is its number and its creation date: a state machine that is created again counts from 1 again.
    """

    found: VersionFound
    created_at: datetime | None
    read_at: datetime
    is_express: bool = False


@dataclass(frozen=True, slots=True)
class AlarmSnapshot:
    """One alarm as DescribeAlarms tells it. `since` is StateTransitionedTimestamp, AWS's clock.

    `evaluation` is EvaluationState as AWS spells it, empty where there is none: all is well, or the alarm is composite.
    """

    state: AlarmState
    since: datetime
    reason: str = ""
    evaluation: str = ""
    scope: AlarmScope = UNBOUND

    @property
    def is_evaluated(self) -> bool:
        """Whether CloudWatch evaluates the alarm: else its state is the last one that was known, however old."""
        return self.evaluation in ("", "PARTIAL_DATA")


@dataclass(frozen=True, slots=True)
class AlarmTransition:
    """One change of an alarm's state from its history, AWS's clock. UNKNOWN: the entry could not be understood."""

    at: datetime
    old: AlarmState
    new: AlarmState


@dataclass(frozen=True, slots=True)
class AlarmReading:
    """A snapshot, and when it was read (our clock)."""

    snapshot: AlarmSnapshot
    read_at: datetime


@dataclass(frozen=True, slots=True)
class AlarmMissing:
    """DescribeAlarms answered without this name."""

    read_at: datetime


@dataclass(frozen=True, slots=True)
class RunningExecutions:
    """Running executions of a version: a lower bound when `more`."""

    running: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class WriteFailure:
    """The last traffic write did not succeed."""

    why: str
    trouble: Trouble
    since: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """Whose credentials the operator has: the number, and the partition, like `aws`."""

    number: str
    partition: str

    def owns(self, machine: StateMachineArn) -> bool:
        """Return whether a state machine is in it."""
        return (machine.account, machine.partition) == (self.number, self.partition)
