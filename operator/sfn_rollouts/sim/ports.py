"""The engine's ports onto the simulated services, one set a process; each call goes over the network."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sfn_rollouts import acting
from sfn_rollouts.api import FINALIZER
from sfn_rollouts.api.resource import parse_status
from sfn_rollouts.api.status import HistoryEntry, Status
from sfn_rollouts.core.announce import Announcement
from sfn_rollouts.core.values.arn import AliasArn, Place, StateMachineArn
from sfn_rollouts.core.values.executions import Counted, CountedMinutes, ExecutionPage
from sfn_rollouts.core.values.identity import OWN
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
from sfn_rollouts.errors import Conflict, Gone, PortError
from sfn_rollouts.ports import LARGEST_PAGE, Clock, Key, Report, Urgency
from sfn_rollouts.sim.api_server import ApiServer
from sfn_rollouts.sim.cloudwatch import CloudWatch
from sfn_rollouts.sim.history import (
    COUNT_MINUTES,
    LIST_EXECUTIONS,
    AliasChanged,
    Announced,
    Decided,
    SmokeStarted,
    StatusWritten,
    WholeHistory,
    WriteSent,
)
from sfn_rollouts.sim.network import Caller, Network
from sfn_rollouts.sim.sessions import ASSUME_ROLE, GET_CALLER_IDENTITY, Signed
from sfn_rollouts.sim.step_functions import StepFunctions
from sfn_rollouts.sim.timeline import Timeline

Answer = TypeVar("Answer")
SFN, CLOUDWATCH, KUBERNETES = "stepfunctions", "cloudwatch", "kubernetes"
READ_ALIAS, UPDATE_ALIAS = f"{SFN}.DescribeStateMachineAlias", f"{SFN}.UpdateStateMachineAlias"
CREATE_ALIAS, FIND_VERSION = f"{SFN}.CreateStateMachineAlias", f"{SFN}.DescribeStateMachine"
COUNT_EXECUTIONS = LIST_EXECUTIONS
READ_ALARMS, READ_HISTORY = f"{CLOUDWATCH}.DescribeAlarms", f"{CLOUDWATCH}.DescribeAlarmHistory"
LIST, GET = f"{KUBERNETES}.List", f"{KUBERNETES}.Get"
PATCH, PATCH_STATUS = f"{KUBERNETES}.Patch", f"{KUBERNETES}.PatchStatus"
READ_DEFINITION, COUNT_CALLERS = FIND_VERSION, COUNT_EXECUTIONS  # other questions, by the same calls
START_EXECUTION, READ_EXECUTION = f"{SFN}.StartExecution", f"{SFN}.DescribeExecution"
FIND_CALLEE, SIMULATE_ROLE = "lambda.GetFunctionConfiguration", "iam.SimulatePrincipalPolicy"
TARGET_APIS = (FIND_CALLEE, SIMULATE_ROLE)
AWS_APIS = (
    READ_ALIAS,
    UPDATE_ALIAS,
    CREATE_ALIAS,
    FIND_VERSION,
    COUNT_EXECUTIONS,
    START_EXECUTION,
    READ_EXECUTION,
    READ_ALARMS,
    READ_HISTORY,
    *TARGET_APIS,
    COUNT_MINUTES,
)
STS_APIS = (ASSUME_ROLE, GET_CALLER_IDENTITY)
KUBERNETES_APIS = (LIST, GET, PATCH, PATCH_STATUS)


class SimRouter:
    """`ports.AliasRouter`; notes what is sent and what takes effect."""

    def __init__(
        self,
        caller: Caller,
        network: Signed,
        service: StepFunctions,
        history: WholeHistory,
        timeline: Timeline,
        clock: Clock,
    ) -> None:
        self._caller = caller
        self._network = network
        self._service = service
        self._history = history
        self._timeline = timeline
        self._clock = clock

    def read(self, alias: AliasArn, urgency: Urgency) -> AliasReading | None:
        """Return the alias, maybe as it was a moment ago."""
        read_at = self._clock.now()
        state = self._network.call(self._caller, READ_ALIAS, self._service.state)
        return AliasReading(state.routing, state.update_date, read_at) if state.routing is not None else None

    def shift(self, alias: AliasArn, routing: Routing, urgency: Urgency) -> datetime:
        """Route the alias."""
        return self._write(UPDATE_ALIAS, routing, lambda: self._service.update(routing))

    def create(self, alias: AliasArn, routing: Routing) -> datetime:
        """Create the alias."""
        return self._write(CREATE_ALIAS, routing, lambda: self._service.create(routing))

    def _write(self, api: str, routing: Routing, write: Callable[[], datetime]) -> datetime:
        self._network.prepare()  # without a session nothing is sent
        sent = self._note_sent(routing)

        def effect(_: float) -> datetime:
            before = self._service.alias
            date = write()
            self._history.add(AliasChanged(self._timeline.now_us, before, self._service.alias, sent))
            return date

        return self._network.call(self._caller, api, effect)

    def _note_sent(self, routing: Routing) -> WriteSent:
        decided = self._decided(routing)
        number = decided.number if decided is not None else 0
        stored = self._history.views[number].status
        identity = acting.identity()
        role = identity.role if identity is not None else None
        sent = WriteSent(self._timeline.now_us, self._caller.number, routing, decided, stored, number, role)
        self._history.add(sent)
        return sent

    def _decided(self, routing: Routing) -> Decided | None:
        """The decision that this write follows from: the last of this process that asked for it."""
        for decided in reversed(self._history.decided):
            write = decided.decision.write
            if decided.process == self._caller.number and write is not None and write.routing == routing:
                return decided
        return None


class SimCatalog:
    """`ports.VersionCatalog`."""

    def __init__(self, caller: Caller, network: Signed, service: StepFunctions, clock: Clock) -> None:
        self._caller = caller
        self._network = network
        self._service = service
        self._clock = clock

    def find(self, machine: StateMachineArn, version: int) -> VersionReading:
        """Return whether the version is published, and when it was."""
        read_at = self._clock.now()
        return self._network.call(self._caller, FIND_VERSION, lambda _: self._service.find(version, read_at))

    def running(self, machine: StateMachineArn, version: int) -> RunningExecutions | None:
        """Count executions: always three."""
        return self._network.call(self._caller, COUNT_EXECUTIONS, lambda _: RunningExecutions(3))


class SimTargets:
    """`ports.TargetInspector` of one process."""

    def __init__(self, caller: Caller, network: Signed, service: StepFunctions, clock: Clock) -> None:
        self._caller = caller
        self._network = network
        self._service = service
        self._clock = clock

    def definition(self, machine: StateMachineArn, version: int, created_at: datetime | None) -> DefinitionReading:
        """Read what a version calls and needs."""
        read_at = self._clock.now()

        def effect(_: float) -> DefinitionReading:
            found = self._service.versions.get(version)
            if found is None or created_at not in (None, found):
                raise Gone(f"version {version} does not exist, or is another one by now")
            return self._service.targets.definition(machine, version, read_at)

        return self._network.call(self._caller, READ_DEFINITION, effect)

    def callee(self, arn: str) -> CalleeReading:
        """Return whether the function can be called."""
        read_at = self._clock.now()
        return self._network.call(self._caller, FIND_CALLEE, lambda _: self._service.targets.callee(read_at))

    def permissions(self, role: str, rights: Collection[tuple[str, str]], place: Place) -> Permissions:
        """Return whether the role may invoke it."""
        read_at = self._clock.now()
        return self._network.call(
            self._caller, SIMULATE_ROLE, lambda _: self._service.targets.permissions(rights, read_at)
        )

    def callers(self, alias: AliasArn) -> CallersReading:
        """Count the last day's executions."""
        read_at = self._clock.now()
        return self._network.call(self._caller, COUNT_CALLERS, lambda _: self._service.targets.callers(read_at))


class SimExecutionFeed:
    """`ports.ExecutionFeed` of one process."""

    def __init__(self, caller: Caller, network: Signed, service: StepFunctions) -> None:
        self._caller = caller
        self._network = network
        self._service = service

    def page(self, alias: AliasArn, token: str | None, limit: int = LARGEST_PAGE) -> ExecutionPage:
        """List executions of the alias."""
        return self._network.call(self._caller, LIST_EXECUTIONS, lambda _: self._service.executions.page(token, limit))

    def minutes(self, place: Place, wanted: Collection[Counted], since: datetime) -> CountedMinutes:
        """Count them by minute."""
        return self._network.call(
            self._caller, COUNT_MINUTES, lambda _: self._service.executions.minutes(wanted, since)
        )


class SimSmokes:
    """`ports.SmokeRunner` of one process; notes each execution that begins. Every machine is a Standard one."""

    def __init__(
        self,
        caller: Caller,
        network: Signed,
        service: StepFunctions,
        history: WholeHistory,
        timeline: Timeline,
        clock: Clock,
    ) -> None:
        self._caller = caller
        self._network = network
        self._service = service
        self._history = history
        self._timeline = timeline
        self._clock = clock

    def start(self, machine: StateMachineArn, version: int, name: str, given: str) -> Run:
        """Start an execution, or find the one of that name."""
        read_at = self._clock.now()

        def effect(_: float) -> Run:
            if version not in self._service.versions:
                raise Gone(f"version {version} does not exist")
            if self._service.smokes.start(version, name):
                self._history.add(SmokeStarted(self._timeline.now_us, self._caller.number, name, version))
            return self._service.smokes.read(machine.execution(name), name, read_at)

        return self._network.call(self._caller, START_EXECUTION, effect)

    def run(self, machine: StateMachineArn, version: int, name: str, given: str) -> Run:
        """Nobody asks: no machine is an Express one."""
        raise AssertionError(f"{machine} is no Express machine")

    def read(self, machine: StateMachineArn, name: str) -> Run:
        """Read how it goes."""
        read_at = self._clock.now()
        arn = machine.execution(name)
        return self._network.call(self._caller, READ_EXECUTION, lambda _: self._service.smokes.read(arn, name, read_at))


class SimReach:
    """`ports.Reach`: all credentials are of the account of the scenario. Of its own the operator hears at once."""

    def __init__(self, caller: Caller, network: Signed, machine: StateMachineArn) -> None:
        self._caller = caller
        self._network = network
        self._account = Account(machine.account, machine.partition)

    def account(self) -> Account:
        """Return it."""
        if acting.current().identity == OWN:
            return self._account
        return self._network.call(self._caller, GET_CALLER_IDENTITY, lambda _: self._account)

    def knows(self, partition: str, region: str) -> bool:
        """Whatever the manifest names is there."""
        return True

    def leave(self, region: str) -> None:
        """Nothing is kept."""


class SimAlarmFeed:
    """`ports.AlarmFeed`."""

    def __init__(self, caller: Caller, network: Signed, service: CloudWatch) -> None:
        self._caller = caller
        self._network = network
        self._service = service

    def read(self, place: Place, names: Sequence[str]) -> Mapping[str, AlarmSnapshot | PortError]:
        """Read the alarms, maybe as they were a moment ago."""
        return self._network.call(self._caller, READ_ALARMS, lambda age_s: self._service.describe(names, age_s))

    def history(self, place: Place, name: str, after: datetime) -> Sequence[AlarmTransition]:
        """Read what happened to an alarm."""
        return self._network.call(self._caller, READ_HISTORY, lambda _: self._service.history(name, after))


class SimStore:
    """`ports.ResourceStore`: the calls that `kube.store` makes, one by one."""

    def __init__(
        self,
        caller: Caller,
        network: Network,
        server: ApiServer,
        service: StepFunctions,
        history: WholeHistory,
        timeline: Timeline,
    ) -> None:
        self._caller = caller
        self._network = network
        self._server = server
        self._service = service
        self._history = history
        self._timeline = timeline

    def list(self) -> Sequence[Mapping[str, Any]]:
        """All resources."""
        return self._call(LIST, self._server.list)

    def get(self, key: Key) -> Mapping[str, Any]:
        """One resource."""
        return self._call(GET, lambda: self._server.get(key))

    def report(self, report: Report) -> Mapping[str, Any] | None:
        """Write the finalizer, then the status."""
        try:
            return self._report(report)
        except Gone:
            return None

    def _report(self, report: Report) -> Mapping[str, Any] | None:
        stored: Mapping[str, Any] | None = None
        if report.finalizer is not None:
            stored = self._set_finalizer(report, report.finalizer)
            if "deletionTimestamp" in stored["metadata"] and not stored["metadata"].get("finalizers"):
                return None
        if report.status is None:
            return stored if stored is not None else self.get(report.key)
        version = report.resource_version if stored is None else stored["metadata"]["resourceVersion"]
        return self._call(PATCH_STATUS, lambda: self._set_status(report, version))

    def _set_finalizer(self, report: Report, wanted: bool) -> Mapping[str, Any]:
        found = self.get(report.key)
        if found["metadata"]["resourceVersion"] != report.resource_version or found["metadata"]["uid"] != report.uid:
            raise Conflict(f"{report.key} has changed since it was read")
        if (FINALIZER in found["metadata"].get("finalizers", [])) is wanted:
            return found
        return self._call(PATCH, lambda: self._server.set_finalizer(report.key, report.resource_version, wanted))

    def _set_status(self, report: Report, version: str) -> Mapping[str, Any]:
        stored = self._server.set_status(report.key, version, report.status or {})
        status, generation = parse_status(stored["status"]), int(stored["metadata"]["generation"])
        number, now_us = self._history.keys[report.key], self._timeline.now_us
        self._history.add(StatusWritten(now_us, self._caller.number, generation, status, self._service.alias, number))
        return stored

    def _call(self, api: str, effect: Callable[[], Answer]) -> Answer:
        return self._network.call(self._caller, api, lambda _: effect())


class SimAnnouncer:
    """`ports.Announcer`: people hear at once."""

    def __init__(self, history: WholeHistory, timeline: Timeline) -> None:
        self._history = history
        self._timeline = timeline

    def announce(self, key: Key, uid: str, announcements: Sequence[Announcement]) -> None:
        """Note each."""
        for announcement in announcements:
            self._history.add(Announced(self._timeline.now_us, announcement, self._history.keys[key]))

    def announce_access(self, name: str, uid: str, announcements: Sequence[Announcement]) -> None:
        """Nobody listens."""


class NopMeter:
    """`ports.Meter` that counts nothing: the history knows more."""

    def rollout(self, key: Key, alias: AliasArn | None, status: Status) -> None:
        """Nothing."""

    def gone(self, key: Key) -> None:
        """Nothing."""

    def finished(self, key: Key, ended: HistoryEntry) -> None:
        """Nothing."""

    def step_took(self, duration_s: float) -> None:
        """Nothing."""

    def rollback_took(self, duration_s: float) -> None:
        """Nothing."""

    def ticked(self, duration_s: float, *, is_sound: bool) -> None:
        """Nothing."""

    def status_write(self, result: str) -> None:
        """Nothing."""

    def leads(self, *, is_leader: bool) -> None:
        """Nothing."""

    def swept(self, at: datetime) -> None:
        """Nothing."""

    def alarm_reads(self, result: str, count: int) -> None:
        """Nothing."""

    def alarms_watched(self, watched: int, unseen: int, oldest: datetime | None) -> None:
        """Nothing."""

    def job_given_up(self, lane: str) -> None:
        """Nothing."""

    def job_withheld(self, lane: str) -> None:
        """Nothing."""

    def threads_lost(self, count: int) -> None:
        """Nothing."""

    def aws_call(self, api: str, result: str) -> None:
        """Nothing."""

    def aws_throttled(self, api: str) -> None:
        """Nothing."""

    def aws_withheld(self, api: str) -> None:
        """Nothing."""
