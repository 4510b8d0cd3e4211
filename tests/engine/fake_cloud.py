"""AWS as the ports show it: aliases, versions and alarms of one account, with stale answers and faults."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.values.arn import AliasArn, Place, StateMachineArn
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
from sfn_rollouts.errors import Conflict, Gone, PortError
from sfn_rollouts.ports import Urgency
from tests.engine.fake_clock import FakeClock
from tests.engine.faults import Faults

MACHINE = StateMachineArn.parse("arn:aws:states:eu-west-1:123456789012:stateMachine:OrderProcessor")
LIVE = MACHINE.alias("live")
Version = tuple[Routing, datetime] | None  # what an alias was from some moment on; None: it was not there


class FakeCloud:
    """`ports.AliasRouter`, `VersionCatalog`, `AlarmFeed` and `Reach` in one. `effect` is called around mutations."""

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
        self._aliases: dict[AliasArn, list[Version]] = {}
        self._alarms: dict[tuple[Place, str], list[tuple[datetime, AlarmState]]] = {}

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
        versions = self._aliases.setdefault(alias, [])
        versions.append(None if routing is None else (routing, self._next_date(versions)))

    def route_named(self, alias: str, routing: Routing) -> None:
        self.route(routing, MACHINE.alias(alias))

    def routing(self, alias: AliasArn = LIVE) -> Routing | None:
        versions = self._aliases.get(alias, [])
        return versions[-1][0] if versions and versions[-1] is not None else None

    def set_alarm(self, name: str, state: AlarmState, place: Place = MACHINE.place) -> None:
        history = self._alarms.setdefault((place, name), [])
        latest = history[-1][0] + timedelta(milliseconds=1) if history else self._clock.now()
        history.append((max(self._clock.now(), latest), state))

    def delete_alarm(self, name: str) -> None:
        del self._alarms[MACHINE.place, name]

    # -- ports.AliasRouter --

    def read(self, alias: AliasArn, urgency: Urgency) -> AliasReading | None:
        read_at = self._clock.now()
        self.urgencies.append(("read", urgency))
        with self._call("read"):
            versions = self._aliases.get(alias, [])
            if self.stale_reads and len(versions) > 1:
                self.stale_reads -= 1
                versions = versions[:-1]
            latest = versions[-1] if versions else None
            return AliasReading(*latest, read_at) if latest is not None else None

    def shift(self, alias: AliasArn, routing: Routing, urgency: Urgency) -> datetime:
        self.urgencies.append(("shift", urgency))
        with self._call("shift"):
            if self.routing(alias) is None:
                raise Gone(f"alias {alias.name} does not exist")
            return self._write(alias, routing)

    def create(self, alias: AliasArn, routing: Routing) -> datetime:
        with self._call("create"):
            found = self.routing(alias)
            if found is not None and found != routing:
                raise Conflict(f"alias {alias.name} exists with another routing")
            return self._write(alias, routing)

    # -- ports.VersionCatalog --

    def find(self, machine: StateMachineArn, version: int) -> VersionReading:
        read_at = self._clock.now()
        with self._call("find"):
            found = self.versions.get(version, VersionFound.FOUND) if machine == MACHINE else VersionFound.NO_MACHINE
            return VersionReading(found, self.published_at if found is VersionFound.FOUND else None, read_at)

    def running(self, machine: StateMachineArn, version: int) -> RunningExecutions | None:
        self.counted.append(version)
        with self._call("running"):
            return self.running_executions if machine == MACHINE else None

    # -- ports.AlarmFeed --

    def read_alarms(self, place: Place, names: Sequence[str]) -> Mapping[str, AlarmSnapshot | PortError]:
        self.batches.append((place, tuple(names)))
        with self._call("alarms"):
            for name in names:
                if name in self.refused_names:
                    raise self.refused_names[name]
            known = {name: self._alarms[place, name][-1] for name in names if (place, name) in self._alarms}
            told = {name: AlarmSnapshot(state, since, f"{name} says so") for name, (since, state) in known.items()}
            return (
                {} if self.hides_alarms else told | {name: self.garbled[name] for name in names if name in self.garbled}
            )

    def history(self, place: Place, name: str, after: datetime) -> Sequence[AlarmTransition]:
        with self._call("history"):
            states = self._alarms[place, name]
            pairs = pairwise(states)
            return [AlarmTransition(at, old, new) for (_, old), (at, new) in pairs if at > after]

    # -- inside --

    @contextmanager
    def _call(self, call: str) -> Iterator[None]:
        self._clock.advance(self.latency_s)
        self.calls.append(call)
        self.faults.strike(call, is_after_effect=False)
        yield
        self.faults.strike(call, is_after_effect=True)
        self.after_call(call)

    def _write(self, alias: AliasArn, routing: Routing) -> datetime:
        self._effect("before an alias write")
        self.route(routing, alias)
        self.writes.append(str(routing))
        self.write_times.append(self._clock.now())
        self._effect("after an alias write")
        latest = self._aliases[alias][-1]
        assert latest is not None
        return latest[1]

    def _next_date(self, versions: list[Version]) -> datetime:
        dates = [version[1] for version in versions if version is not None]
        return max([self._clock.now(), *(date + timedelta(milliseconds=1) for date in dates)])

    def count(self) -> Counter[str]:
        return Counter(self.calls)


class AlarmFeedOf:
    """`ports.AlarmFeed` of a cloud: `read` is the router's word as well."""

    def __init__(self, cloud: FakeCloud) -> None:
        self._cloud = cloud

    def read(self, place: Place, names: Sequence[str]) -> Mapping[str, AlarmSnapshot | PortError]:
        return self._cloud.read_alarms(place, names)

    def history(self, place: Place, name: str, after: datetime) -> Sequence[AlarmTransition]:
        return self._cloud.history(place, name, after)
