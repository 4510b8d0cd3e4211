"""The seams: what the engine asks of the world. `aws`, `kube` and `metrics` fill them; tests have their own.

Every method may block and may raise `errors.PortError`s; nothing else is expected to come out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from sfn_rollouts.api.status import Outcome, Status
from sfn_rollouts.core.announce import Announcement
from sfn_rollouts.core.arn import AliasArn, Place, StateMachineArn
from sfn_rollouts.core.observation import (
    AlarmSnapshot,
    AlarmTransition,
    AliasReading,
    RunningExecutions,
    VersionFound,
)
from sfn_rollouts.core.routing import Routing

Result = TypeVar("Result")


class Clock(Protocol):
    """Time, read once a tick."""

    def now(self) -> datetime:
        """UTC wall time, whole milliseconds."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...


class Urgency(StrEnum):
    """How much of a shared quota a call may use."""

    ROLLBACK = "Rollback"  # all of it
    FORWARD = "Forward"  # all but the share kept for rollbacks
    BACKGROUND = "Background"  # only what is left when half is spare


class AliasRouter(Protocol):
    """Reads and writes one alias. A shortage of quota is Transient with `retry_after_s`, never a wait."""

    def read(self, alias: AliasArn, urgency: Urgency) -> AliasReading | None:
        """Give the alias, None where AWS knows none."""
        ...

    def shift(self, alias: AliasArn, routing: Routing, urgency: Urgency) -> datetime:
        """Route the alias; gives AWS's updateDate. Gone: no such alias."""
        ...

    def create(self, alias: AliasArn, routing: Routing) -> datetime:
        """Create the alias; gives AWS's creationDate. Conflict: there is one with another routing."""
        ...


class VersionCatalog(Protocol):
    """What is known of published versions."""

    def find(self, machine: StateMachineArn, version: int) -> VersionFound:
        """Tell whether the version can be routed to."""
        ...

    def running(self, machine: StateMachineArn, version: int) -> RunningExecutions | None:
        """Count running executions of a version (one page); None for Express machines, which cannot be counted."""
        ...


class AlarmFeed(Protocol):
    """CloudWatch alarms, metric and composite."""

    def read(self, place: Place, names: Sequence[str]) -> Mapping[str, AlarmSnapshot]:
        """Read at most 100 alarms in one call; a name that does not exist is absent from the answer."""
        ...

    def history(self, place: Place, name: str, after: datetime) -> Sequence[AlarmTransition]:
        """State changes later than `after` (AWS's clock), oldest first, all pages."""
        ...


@dataclass(frozen=True, slots=True)
class Key:
    """Which resource."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Report:
    """One write to the API server: the finalizer if it must change, then the status.

    `status` is None where only the finalizer changes. `resource_version` guards it: a mismatch is a Conflict.
    """

    key: Key
    uid: str
    resource_version: str
    status: Mapping[str, Any] | None
    finalizer: bool | None  # True: add it, False: take it away, None: leave it


class ResourceStore(Protocol):
    """The resources at the API server."""

    def list(self) -> Sequence[Mapping[str, Any]]:
        """All resources in scope."""
        ...

    def get(self, key: Key) -> Mapping[str, Any]:
        """One resource. Gone: it was deleted."""
        ...

    def report(self, report: Report) -> Mapping[str, Any] | None:
        """Write; gives the resource as stored, None once it is gone. Conflict: read again and decide again."""
        ...


class Announcer(Protocol):
    """Tells people. Never raises, never on the way of a rollback."""

    def announce(self, key: Key, uid: str, announcements: Sequence[Announcement]) -> None:
        """Send each; duplicates are aggregated, floods are limited."""
        ...


class Meter(Protocol):
    """Counts what happens, for /metrics. Never raises."""

    def rollout(self, key: Key, status: Status | None) -> None:
        """A rollout's status as just decided; None: it is gone."""
        ...

    def finished(self, key: Key, outcome: Outcome, reason: str) -> None:
        """A rollout ended."""
        ...

    def aws_call(self, api: str, result: str) -> None:
        """One call, like `UpdateStateMachineAlias`; result is OK or a Trouble."""
        ...

    def status_write(self, result: str) -> None:
        """One status write; result is OK or a Trouble."""
        ...


class Lane(StrEnum):
    """Which workers do a job, so that nothing urgent queues behind something that can wait."""

    ROLLBACK = "rollback"
    FORWARD = "forward"
    ALARMS = "alarms"
    REPORT = "report"


class Workers(Protocol):
    """Runs blocking calls elsewhere and hands the result back to the engine's own thread."""

    def submit(self, lane: Lane, work: Callable[[], Result], done: Callable[[Result | Exception], None]) -> None:
        """Run `work` in the lane; `done` is called in the engine's thread with its result or its exception."""
        ...
