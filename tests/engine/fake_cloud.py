"""AWS as the ports show it: aliases, versions and alarms of one account, with stale answers and faults."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.values.arn import AliasArn, Place, StateMachineArn
from sfn_rollouts.core.values.executions import Counted, CountedMinutes, ExecutionPage, ExecutionReading
from sfn_rollouts.core.values.identity import OWN
from sfn_rollouts.core.values.readings import (
    Account,
    AlarmSnapshot,
    AlarmTransition,
    AliasReading,
    RunningExecutions,
    VersionFound,
    VersionReading,
)
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.core.values.smoke import Run
from sfn_rollouts.core.values.targets import CalleeReading, CallersReading, DefinitionReading, Permissions
from sfn_rollouts.errors import PortError
from sfn_rollouts.ports import LARGEST_PAGE, Urgency
from sfn_rollouts.sim.cloudwatch import CloudWatch
from sfn_rollouts.sim.smokes import Smokes
from sfn_rollouts.sim.step_functions import AliasState, StepFunctions
from sfn_rollouts.sim.targets import Targets
from tests.engine.fake_clock import FakeClock
from tests.engine.faults import Faults
from tests.true_time import TrueTime

MACHINE = StateMachineArn.parse("arn:aws:states:eu-west-1:123456789012:stateMachine:OrderProcessor")
LIVE = MACHINE.alias("live")


class FakeCloud:
    """`ports.AliasRouter`, `VersionCatalog`, `TargetInspector`, `ExecutionFeed`, `AlarmFeed` and `Reach` in one.

    `effect` is called around mutations.
    """

    def __init__(self, clock: FakeClock, effect: Callable[[str], None]) -> None:
        self._clock = clock
        self._effect = effect
        self.faults = Faults()
        self.calls: list[str] = []
        self.urgencies: list[tuple[str, Urgency]] = []
        self.batches: list[tuple[Place, tuple[str, ...]]] = []
        self.writes: list[str] = []
        self.write_times: list[datetime] = []
        self.stale_reads = 0  # so many of the next reads answer with what was before the last change
        self.versions: dict[int, VersionFound] = {}
        self.published_at = clock.now() - timedelta(days=1)  # all versions, when their state machine was created
        self.running_executions: RunningExecutions | None = RunningExecutions(3)
        self.counted: list[int] = []  # versions whose executions were asked for
        self.latency_s = 0.02
        self.refused_names: dict[str, Exception] = {}  # a call that names one of them ends so
        self.garbled: dict[str, PortError] = {}  # alarms that cannot be understood
        self.hides_alarms = False  # answers as if there were none
        self.after_call: Callable[[str], None] = lambda call: None
        self.ours: Account | PortError = Account(MACHINE.account, MACHINE.partition)
        self.identity_asked = 0
        self.regions = {"aws": {MACHINE.region, "us-east-1"}}
        self.left: list[str] = []
        self.machines = {MACHINE}
        self.targets = Targets()
        self.smokes = Smokes(clock.now)
        self.is_express = False
        self._time = TrueTime(clock.now)
        self._aliases: dict[AliasArn, StepFunctions] = {}
        self._alarms: dict[Place, CloudWatch] = {}

    # -- ports.Reach; STS takes no time, so that it is in no story's way --

    def account(self) -> Account:
        self.identity_asked += 1
        if isinstance(self.ours, PortError):
            raise self.ours
        return self.ours

    def knows(self, partition: str, region: str) -> bool:
        return region in self.regions.get(partition, ())

    def leave(self, region: str) -> None:
        self.left.append(region)

    # -- what others do --

    def route(self, routing: Routing | None, alias: AliasArn = LIVE) -> None:
        """Somebody (or a call of ours) routes the alias, creates it, or with None deletes it."""
        self._service(alias).route(routing)

    def route_named(self, alias: str, routing: Routing) -> None:
        self.route(routing, MACHINE.alias(alias))

    def routing(self, alias: AliasArn = LIVE) -> Routing | None:
        return self._service(alias).alias

    def set_alarm(self, name: str, state: AlarmState, place: Place = MACHINE.place) -> None:
        self._alarms_of(place).change(name, state)

    def delete_alarm(self, name: str) -> None:
        self._alarms_of(MACHINE.place).change(name, None)

    def alarm_names(self) -> set[str]:
        """Names of all alarms that there are or were."""
        return {name for service in self._alarms.values() for name in service.alarms}

    # -- ports.AliasRouter --

    def read(self, alias: AliasArn, urgency: Urgency) -> AliasReading | None:
        read_at = self._clock.now()
        self.urgencies.append(("read", urgency))
        with self._call("read"):
            state = self._state(self._service(alias).states)
            return AliasReading(state.routing, state.update_date, read_at) if state.routing is not None else None

    def shift(self, alias: AliasArn, routing: Routing, urgency: Urgency) -> datetime:
        self.urgencies.append(("shift", urgency))
        with self._call("shift"):
            return self._write(routing, self._service(alias).update)

    def create(self, alias: AliasArn, routing: Routing) -> datetime:
        with self._call("create"):
            return self._write(routing, self._service(alias).create)

    # -- ports.VersionCatalog --

    def find(self, machine: StateMachineArn, version: int) -> VersionReading:
        read_at = self._clock.now()
        with self._call("find"):
            found = (
                self.versions.get(version, VersionFound.FOUND) if machine in self.machines else VersionFound.NO_MACHINE
            )
            date = self.published_at if found is VersionFound.FOUND else None
            return VersionReading(found, date, read_at, self.is_express)

    def running(self, machine: StateMachineArn, version: int) -> RunningExecutions | None:
        self.counted.append(version)
        with self._call("running"):
            return self.running_executions if machine in self.machines else None

    # -- ports.TargetInspector --

    def definition(self, machine: StateMachineArn, version: int, created_at: datetime | None) -> DefinitionReading:
        read_at = self._clock.now()
        with self._call("definition"):
            return self.targets.definition(machine, version, read_at)

    def callee(self, arn: str) -> CalleeReading:
        read_at = self._clock.now()
        with self._call("callee"):
            return self.targets.callee(read_at)

    def permissions(self, role: str, rights: Collection[tuple[str, str]], place: Place) -> Permissions:
        read_at = self._clock.now()
        with self._call("permissions"):
            return self.targets.permissions(rights, read_at)

    def callers(self, alias: AliasArn) -> CallersReading:
        read_at = self._clock.now()
        with self._call("callers"):
            return self.targets.callers(read_at)

    # -- ports.ExecutionFeed --

    def lay_down(self, executions: Iterable[ExecutionReading], alias: AliasArn = LIVE) -> None:
        """Executions are started through the alias, each to end as it says."""
        self._service(alias).executions.laid_down.extend(executions)

    def page(self, alias: AliasArn, token: str | None, limit: int = LARGEST_PAGE) -> ExecutionPage:
        with self._call("page"):
            return self._service(alias).executions.page(token, limit)

    def minutes(self, place: Place, wanted: Collection[Counted], since: datetime) -> CountedMinutes:
        with self._call("minutes"):
            return self._service(LIVE).executions.minutes(wanted, since)

    # -- ports.SmokeRunner --

    def start_execution(self, call: str, machine: StateMachineArn, version: int, name: str) -> Run:
        read_at = self._clock.now()
        with self._call(call):
            self._effect("before an execution")
            self.smokes.start(version, name)
            self._effect("after an execution")
            return self.smokes.read(machine.execution(name), name, read_at)

    def read_execution(self, machine: StateMachineArn, name: str) -> Run:
        read_at = self._clock.now()
        with self._call("read execution"):
            return self.smokes.read(machine.execution(name), name, read_at)

    # -- ports.AlarmFeed --

    def read_alarms(self, place: Place, names: Sequence[str]) -> Mapping[str, AlarmSnapshot | PortError]:
        self.batches.append((place, tuple(names)))
        with self._call("alarms"):
            for name in names:
                if name in self.refused_names:
                    raise self.refused_names[name]
            seen = {
                name: replace(each, reason=f"{name} says so") if isinstance(each, AlarmSnapshot) else each
                for name, each in self._alarms_of(place).describe(names).items()
            }
            garbled = {name: self.garbled[name] for name in names if name in self.garbled}
            return {} if self.hides_alarms else seen | garbled

    def history(self, place: Place, name: str, after: datetime) -> Sequence[AlarmTransition]:
        with self._call("history"):
            return self._alarms_of(place).history(name, after)

    # -- inside --

    @contextmanager
    def _call(self, call: str) -> Iterator[None]:
        self._clock.advance(self.latency_s)
        self.calls.append(call)
        self.faults.strike(call, is_after_effect=False)
        yield
        self.faults.strike(call, is_after_effect=True)
        self.after_call(call)

    def _write(self, routing: Routing, write: Callable[[Routing], datetime]) -> datetime:
        self._effect("before an alias write")
        date = write(routing)
        self.writes.append(str(routing))
        self.write_times.append(self._clock.now())
        self._effect("after an alias write")
        return date

    def _state(self, states: Sequence[AliasState]) -> AliasState:
        """The alias as it is, or as it was before its last change: the first of all is from before there was any."""
        if self.stale_reads and len(states) > 2:
            self.stale_reads -= 1
            return states[-2]
        return states[-1]

    def _service(self, alias: AliasArn) -> StepFunctions:
        if alias not in self._aliases:
            self._aliases[alias] = StepFunctions(self._time, None, range(1, 100), 0.0, renews_date=True)
        return self._aliases[alias]

    def _alarms_of(self, place: Place) -> CloudWatch:
        place = replace(place, identity=OWN)  # whoever looks sees the same
        if place not in self._alarms:
            self._alarms[place] = CloudWatch(self._time, {}, 0.0, 0.0)
        return self._alarms[place]

    def count(self) -> Counter[str]:
        return Counter(self.calls)


class SmokesOf:
    """`ports.SmokeRunner` of a cloud: `read` is the router's word as well."""

    def __init__(self, cloud: FakeCloud) -> None:
        self._cloud = cloud

    def start(self, machine: StateMachineArn, version: int, name: str, given: str) -> Run:
        return self._cloud.start_execution("start execution", machine, version, name)

    def run(self, machine: StateMachineArn, version: int, name: str, given: str) -> Run:
        return self._cloud.start_execution("run execution", machine, version, name)

    def read(self, machine: StateMachineArn, name: str) -> Run:
        return self._cloud.read_execution(machine, name)


class AlarmFeedOf:
    """`ports.AlarmFeed` of a cloud: `read` is the router's word as well."""

    def __init__(self, cloud: FakeCloud) -> None:
        self._cloud = cloud

    def read(self, place: Place, names: Sequence[str]) -> Mapping[str, AlarmSnapshot | PortError]:
        return self._cloud.read_alarms(place, names)

    def history(self, place: Place, name: str, after: datetime) -> Sequence[AlarmTransition]:
        return self._cloud.history(place, name, after)
