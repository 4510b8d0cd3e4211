"""The seams: what the engine asks of the world. `aws`, `kube` and `metrics` fill them; tests have their own.

Every method may block and may raise `errors.PortError`s; nothing else is expected to come out.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from sfn_rollouts.api.status import HistoryEntry, Status
from sfn_rollouts.core.announce import Announcement
from sfn_rollouts.core.values.arn import AliasArn, Place, StateMachineArn
from sfn_rollouts.core.values.executions import Counted, CountedMinutes, ExecutionPage
from sfn_rollouts.core.values.identity import Caller
from sfn_rollouts.core.values.readings import (
    Account,
    AlarmSnapshot,
    AlarmTransition,
    AliasReading,
    RunningExecutions,
    VersionReading,
)
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.core.values.smoke import Run
from sfn_rollouts.core.values.targets import CalleeReading, CallersReading, DefinitionReading, Permissions
from sfn_rollouts.errors import PortError

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
        """Return the alias, None where AWS knows none."""
        ...

    def shift(self, alias: AliasArn, routing: Routing, urgency: Urgency) -> datetime:
        """Route the alias; return AWS's updateDate. Gone: no such alias."""
        ...

    def create(self, alias: AliasArn, routing: Routing) -> datetime:
        """Create the alias; return AWS's creationDate. Conflict: there is one with another routing."""
        ...


class VersionCatalog(Protocol):
    """What is known of published versions."""

    def find(self, machine: StateMachineArn, version: int) -> VersionReading:
        """Return whether the version can be routed to, and when it was created."""
        ...

    def running(self, machine: StateMachineArn, version: int) -> RunningExecutions | None:
        """Count running executions of a version (one page); None for Express machines, which cannot be counted."""
        ...


class TargetInspector(Protocol):
    """What preflight wants to know of a version. In the background of every quota."""

    def definition(self, machine: StateMachineArn, version: int, created_at: datetime | None) -> DefinitionReading:
        """Read what a version calls and needs. Gone: there is no such version, or none that was created then."""
        ...

    def callee(self, arn: str) -> CalleeReading:
        """Return whether a function or a state machine, or their version or alias, can be called."""
        ...

    def permissions(self, role: str, rights: Collection[tuple[str, str]], place: Place) -> Permissions:
        """Return whether a role may do each action on its resource; `place` is where the asking rollout is."""
        ...

    def callers(self, alias: AliasArn) -> CallersReading:
        """Count the last day's executions of its state machine by how they were started."""
        ...


LARGEST_PAGE = 1000
"""So many executions AWS lists at once, and no more."""


class ExecutionFeed(Protocol):
    """Executions that were started through an alias, and what became of them. In the background of every quota."""

    def page(self, alias: AliasArn, token: str | None, limit: int = LARGEST_PAGE) -> ExecutionPage:
        """List up to `limit` of them; `token` None begins with the newest. NotListed: the machine is an Express one.

        All pages of one list have the same limit. A token that AWS does not know any more is a Conflict: begin again.
        """
        ...

    def minutes(self, place: Place, wanted: Collection[Counted], since: datetime) -> CountedMinutes:
        """Count each by minute from `since`, a whole minute, until now. All are of this place."""
        ...


class SmokeRunner(Protocol):
    """Executions that the operator starts itself. In the background of every quota."""

    def start(self, machine: StateMachineArn, version: int, name: str, given: str) -> Run:
        """Start an execution of a version of a Standard state machine, or find the one of that name; `given` is JSON.

        Denied: among others, AWS does not take the input.
        """
        ...

    def run(self, machine: StateMachineArn, version: int, name: str, given: str) -> Run:
        """Run an execution of a version of an Express state machine, until it ends: up to five minutes.

        A name is run once in a process. Gone: its answer was lost, and there is no other.
        """
        ...

    def read(self, machine: StateMachineArn, name: str) -> Run:
        """Read how an execution of a Standard state machine goes. Transient: AWS does not know of it yet."""
        ...


class AlarmFeed(Protocol):
    """CloudWatch alarms of every type."""

    def read(self, place: Place, names: Sequence[str]) -> Mapping[str, AlarmSnapshot | PortError]:
        """Read at most 100 alarms in one call; a name that does not exist is absent from the answer.

        An alarm that cannot be understood is an error beside the others, and harms none of them.
        """
        ...

    def history(self, place: Place, name: str, after: datetime) -> Sequence[AlarmTransition]:
        """State changes later than `after` (AWS's clock), oldest first, all pages; UNKNOWN for what is not readable."""
        ...


class Reach(Protocol):
    """Where the operator's credentials lead."""

    def account(self) -> Account:
        """Ask whose they are: one call."""
        ...

    def knows(self, partition: str, region: str) -> bool:
        """Whether there is such a region. Neither blocks nor raises."""
        ...

    def leave(self, region: str) -> None:
        """Drop what is kept for a region that nobody names any more."""
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
        """Write; return the resource as stored, None once it is gone. Conflict: read again and decide again."""
        ...


class AccessStore(Protocol):
    """The AWSAccesses and namespaces at the API server: of the whole cluster, whichever namespaces are watched."""

    def list_accesses(self) -> Sequence[Mapping[str, Any]]:
        """All AWSAccesses."""
        ...

    def list_namespaces(self) -> Sequence[Mapping[str, Any]]:
        """All namespaces."""
        ...

    def report_access(
        self, name: str, uid: str, resource_version: str, status: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """Write the status; return the resource as stored, None once it is gone. Conflict: it has changed since."""
        ...


class NoAccesses:
    """`AccessStore` of a cluster that has none."""

    def list_accesses(self) -> Sequence[Mapping[str, Any]]:
        """None."""
        return ()

    def list_namespaces(self) -> Sequence[Mapping[str, Any]]:
        """None that matter."""
        return ()

    def report_access(self, *_: object) -> Mapping[str, Any] | None:
        """There is nothing to report about."""
        return None


class Announcer(Protocol):
    """Announces to people. Never raises, never on the way of a rollback."""

    def announce(self, key: Key, uid: str, announcements: Sequence[Announcement]) -> None:
        """Send each; duplicates are aggregated, floods are limited."""
        ...

    def announce_access(self, name: str, uid: str, announcements: Sequence[Announcement]) -> None:
        """Likewise, about an AWSAccess."""
        ...


class CallMeter(Protocol):
    """Counts calls to AWS; `api` is like `UpdateStateMachineAlias`. Never raises, any thread may call it."""

    def aws_call(self, api: str, result: str) -> None:
        """One call; result is OK or a Trouble."""
        ...

    def aws_throttled(self, api: str) -> None:
        """AWS throttled a call."""
        ...

    def aws_withheld(self, api: str) -> None:
        """A call was not made: its bucket has no token for it."""
        ...


class AlarmMeter(Protocol):
    """Counts readings of alarms. Never raises."""

    def alarm_reads(self, result: str, count: int) -> None:
        """So many alarms were read in one call; result is Read, Missing or a Trouble."""
        ...

    def alarms_watched(self, watched: int, unseen: int, oldest: datetime | None) -> None:
        """The board as it is now: `unseen` of the `watched` cannot be judged; `oldest` reading, None without alarms."""
        ...


class LaneMeter(Protocol):
    """Counts what became of jobs. Never raises."""

    def job_given_up(self, lane: str) -> None:
        """A job took longer than it may as a whole."""
        ...

    def job_withheld(self, lane: str) -> None:
        """A job was not begun: its place does not answer."""
        ...

    def threads_lost(self, count: int) -> None:
        """So many threads are now held by jobs that were given up."""
        ...


class RolloutMeter(Protocol):
    """Shows rollouts and counts what became of them. Never raises."""

    def rollout(self, key: Key, alias: AliasArn | None, status: Status) -> None:
        """A rollout's status as just decided; `alias` None: the spec cannot be read."""
        ...

    def gone(self, key: Key) -> None:
        """There is no such rollout any more."""
        ...

    def finished(self, key: Key, ended: HistoryEntry) -> None:
        """A rollout ended."""
        ...

    def step_took(self, duration_s: float) -> None:
        """A step is over, from its verified write to the next one, or the bake."""
        ...

    def rollback_took(self, duration_s: float) -> None:
        """A rollback is over, from the finding to the alias seen on stable."""
        ...


class OperatorMeter(Protocol):
    """Counts what the operator itself does. Never raises."""

    def ticked(self, duration_s: float, *, is_sound: bool) -> None:
        """One tick of one rollout; not sound: a defect was met."""
        ...

    def status_write(self, result: str) -> None:
        """One status write; result is OK or a Trouble."""
        ...

    def leads(self, *, is_leader: bool) -> None:
        """Whether this operator acts."""
        ...

    def swept(self, at: datetime) -> None:
        """All resources were listed."""
        ...


class Meter(CallMeter, AlarmMeter, LaneMeter, RolloutMeter, OperatorMeter, Protocol):
    """Counts what happens, for /metrics: all concerns in one. Never raises."""


SchemaProblem = Callable[[], str | None]
"""What is wrong with the CRD in the cluster, and the remedy; None when nothing is. Blocks, may raise a PortError."""


@dataclass(frozen=True, slots=True)
class Outside:
    """All that the engine asks, changes and tells beyond its own process: one port each, as one value.

    A further port is a field here, what fills it in `app.py` and in `sim/process.py`, and its fake. `leads`: whether
    this operator may change anything at this moment; asked by any thread just before a chore is done.
    """

    router: AliasRouter
    catalog: VersionCatalog
    targets: TargetInspector
    executions: ExecutionFeed
    smokes: SmokeRunner
    alarms: AlarmFeed
    reach: Reach
    store: ResourceStore
    announcer: Announcer
    meter: Meter
    accesses: AccessStore = field(default_factory=NoAccesses)
    schema_problem: SchemaProblem = lambda: None
    leads: Callable[[], bool] = lambda: True


class Lane(StrEnum):
    """Which workers do a job, so that nothing urgent queues behind something that can wait."""

    ROLLBACK = "rollback"
    FORWARD = "forward"
    ALARMS = "alarms"
    REPORT = "report"
    CHORES = "chores"
    LONG_CHORES = "long-chores"  # those that take minutes, so that no other one waits behind them


@dataclass(frozen=True, slots=True)
class Errand:
    """What a job is about, for whoever shares out the threads.

    `place` None: the API server. `calls`: what it calls there, in a word: jobs of one lane, place and word fail in the
    same way. `limit_s`: how long it may take as a whole, where that differs from the lane's limit. `caller`: for whom
    AWS is called; None: it is not called.
    """

    lane: Lane
    place: Place | None
    calls: str
    limit_s: float | None = None
    caller: Caller | None = None


class Workers(Protocol):
    """Has blocking calls made elsewhere; all methods are called in the engine's own thread."""

    def submit(self, errand: Errand, work: Callable[[], Result], done: Callable[[Result | Exception], None]) -> None:
        """Have `work` done; `done` is called once, later, in the engine's thread, with its result or its exception.

        Withheld: it was not begun. NoAnswer: among others, it took too long; it may still be under way.
        """
        ...

    def run_due(self) -> float | None:
        """Do what is due; return the monotonic time of what is due next."""
        ...


class Threads(Protocol):
    """Where blocking calls are made, as many at once as there are."""

    def run(self, lane: Lane, work: Callable[[], Result], done: Callable[[Result | Exception], None]) -> None:
        """Run `work` now; `done` is called in the engine's thread with its result or its exception."""
        ...
