"""Neighbours: rollouts of two places under one operator. What befalls one place must change no time in the other.

Two roles in one account and region are two places as well: what befalls one is that it cannot be assumed. Played twice,
with and without the fault; everything else is equal, down to the jitter.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import Any

from sfn_rollouts import acting
from sfn_rollouts.core.decide import decide
from sfn_rollouts.core.values.arn import AliasArn, Place, StateMachineArn
from sfn_rollouts.core.values.readings import (
    Account,
    AlarmSnapshot,
    AlarmTransition,
    AliasReading,
    RunningExecutions,
    VersionReading,
)
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.errors import PortError
from sfn_rollouts.leading.candidate import Candidate
from sfn_rollouts.ports import Clock, Key, Outside, Urgency, Workers
from sfn_rollouts.sim.accesses import AccessServer
from sfn_rollouts.sim.api_server import ApiServer
from sfn_rollouts.sim.cloudwatch import CloudWatch
from sfn_rollouts.sim.faults import FaultInjector
from sfn_rollouts.sim.history import WholeHistory
from sfn_rollouts.sim.host import HostClock
from sfn_rollouts.sim.network import Network
from sfn_rollouts.sim.ports import SimAlarmFeed, SimCatalog, SimReach, SimRouter
from sfn_rollouts.sim.process import CallCounter, Process, Surroundings
from sfn_rollouts.sim.scenario import Fault, FaultKind, Quirks
from sfn_rollouts.sim.sessions import TokenService
from sfn_rollouts.sim.step_functions import StepFunctions
from sfn_rollouts.sim.timeline import Timeline, us

ILL, WELL = Place("123456789012", "us-east-1"), Place("123456789012", "eu-west-1")
ROLES = {name: f"arn:aws:iam::123456789012:role/{name}" for name in ("ill", "well")}
CROWD = 12
"""Rollouts in the ill place: more than a lane has threads for it."""

ALARMS_EACH = 50
"""Together more calls at once than the alarms' lane has threads for one place."""

FROM_S, UNTIL_S, END_S = 25.0, 85.0, 200.0
_SESSION_S = 160.0
"""A session is good until two minutes before its end: those of the start are renewed while the trouble lasts."""

_FIRES = ((27.0, "ill-0"), (31.0, "well-1"))
"""All of the ill place go back, and one of the other place, while the first calls of the ill place still hang."""

SOON_S = 1.0
"""By so much a time may differ: the neighbours share the API server, and the lane to it."""


@dataclass(frozen=True)
class Seen:
    """One rollout: what was decided, what its alias was and when, in seconds."""

    decided: Sequence[tuple[float, str]]
    routed: Sequence[tuple[float, str]]


def differences(calm: Mapping[str, Seen], troubled: Mapping[str, Seen]) -> list[str]:
    """Return in which rollouts something else happened, or at another time, in words; empty: in none."""
    return [
        f"{name}: {words}"
        for name, before in calm.items()
        for kind in ("decided", "routed")
        if (words := _difference(getattr(before, kind), getattr(troubled[name], kind)))
    ]


def _difference(calm: Sequence[tuple[float, str]], troubled: Sequence[tuple[float, str]]) -> str:
    if [what for _, what in calm] != [what for _, what in troubled]:
        return f"{[what for _, what in calm]} became {[what for _, what in troubled]}"
    late = [
        f"{what} at {then_s:.3f} s, not {now_s:.3f} s"
        for (now_s, what), (then_s, _) in zip(calm, troubled, strict=True)
        if abs(then_s - now_s) > SOON_S
    ]
    return ", ".join(late)


def play(
    api: str = "",
    what: FaultKind | None = None,
    workers_of: Callable[[Workers], Workers] = lambda workers: workers,
    *,
    by_role: bool = False,
) -> Mapping[str, Seen]:
    """Play it, with calls of `api` (`service.*`) in the ill place meeting `what`; gives the rollouts of the other.

    `by_role`: both are in one region, each with a role, and sessions end early enough to be renewed meanwhile.
    """
    faults = [Fault(FROM_S, UNTIL_S, api, what)] if what is not None else []
    return _Neighbourhood(faults, workers_of, by_role=by_role).run()


class _Still(Random):
    """Jitter that does not hang on how often others have asked."""

    def random(self) -> float:
        return 0.5


class _Neighbourhood:
    def __init__(self, faults: Sequence[Fault], workers_of: Callable[[Workers], Workers], *, by_role: bool) -> None:
        self._by_role = by_role
        self._timeline = timeline = Timeline()
        self._names = [*(f"ill-{n}" for n in range(CROWD)), "well-0", "well-1"]
        self._history = WholeHistory(len(self._names))
        self._networks = {"ill": self._network(faults), "well": self._network([])}
        self._alarms = CloudWatch(timeline, dict.fromkeys(self._all_alarms(), "OK"), 0.0, 0.0)
        self._tokens = TokenService(timeline, self._history, Quirks(session_s=_SESSION_S), ())
        self._aliases: dict[AliasArn, StepFunctions] = {}
        self._api_server = ApiServer(timeline)
        self._process = Process(1, self._surroundings(workers_of), lambda _: None)
        self._api_server.watchers.append(
            lambda resource, is_gone: timeline.after(0.05, lambda: self._process.hear(resource, is_gone))
        )

    def run(self) -> Mapping[str, Seen]:
        """Play it to its end."""
        for number, name in enumerate(self._names):
            self._timeline.run_until(us(number * 0.001))
            self._create(number, name)
        self._process.start()
        for at_s, name in _FIRES:
            self._timeline.at(us(at_s), lambda name=name: self._fire(name))  # type: ignore[misc]  # binds the name
        self._timeline.run_until(us(END_S))
        self._process.unwind()
        return {name: self._seen(number, name) for number, name in enumerate(self._names) if name.startswith("well")}

    def _create(self, number: int, name: str) -> None:
        key = Key("default", name)
        self._history.keys[key] = number
        created = self._api_server.create(key, self._spec(name))
        self._history.births[datetime.fromisoformat(created["metadata"]["creationTimestamp"])] = number

    def _spec(self, name: str) -> dict[str, Any]:
        machine = self._machine(name)
        steps = [{"setWeight": 10}, {"pause": {"duration": "60s"}}, {"setWeight": 50}, {"pause": {"duration": "20s"}}]
        alarms = {"names": _alarms(name), "pollInterval": "5s"}
        return {
            "stateMachineArn": str(machine),
            "alias": "live",
            "version": 2,
            "strategy": {"steps": steps},
            "alarms": alarms,
        }

    def _fire(self, name: str) -> None:
        crowd = self._names if name.startswith("ill") else [name]
        for each in crowd:
            if each.startswith(name.partition("-")[0]):
                self._alarms.change(_alarms(each)[0], "ALARM")

    def _seen(self, number: int, name: str) -> Seen:
        decided = [
            (each.at_us / 1e6, f"{each.decision.status.phase}: {each.decision.status.message}")
            for each in self._history.decided
            if each.number == number and each.decision.status != each.rollout.status
        ]
        states = self._aliases[self._machine(name).alias("live")].states
        return Seen(decided, [(state.from_us / 1e6, str(state.routing)) for state in states])

    def _all_alarms(self) -> list[str]:
        return [alarm for name in self._names for alarm in _alarms(name)]

    def _network(self, faults: Sequence[Fault]) -> Network:
        injector = FaultInjector(faults, _Still())
        return Network(self._timeline, injector, self._history, Quirks(), _Still())

    def _service(self, alias: AliasArn) -> StepFunctions:
        fresh = StepFunctions(self._timeline, Routing.whole(1), (1, 2), 0.0, renews_date=True)
        return self._aliases.setdefault(alias, fresh)

    def _surroundings(self, workers_of: Callable[[Workers], Workers]) -> Surroundings:
        return Surroundings(
            timeline=self._timeline,
            history=self._history,
            network=self._networks["well"],
            step_functions=self._service(self._machine("well-0").alias("live")),
            cloudwatch=self._alarms,
            machine=self._machine("well-0"),
            api_server=self._api_server,
            host=HostClock(self._timeline),
            random=_Still(),
            calls=CallCounter({}),
            decide=decide,
            min_poll_interval_s=5.0,
            leases=None,
            candidate_type=Candidate,
            tokens=self._tokens,
            random_of_sessions=_Still(),
            accesses=AccessServer(_accesses()) if self._by_role else None,
            workers_of=workers_of,
            outside_of=self._of_both_places,
        )

    def _of_both_places(self, outside: Outside, process: Process, clock: Clock) -> Outside:
        signed = {side: process.signed(network) for side, network in self._networks.items()}

        def router(alias: AliasArn) -> SimRouter:
            network = signed[_side(alias.machine)]
            return SimRouter(process, network, self._service(alias), self._history, self._timeline, clock)

        def catalog(machine: StateMachineArn) -> SimCatalog:
            return SimCatalog(process, signed[_side(machine)], self._service(machine.alias("live")), clock)

        def feed(place: Place) -> SimAlarmFeed:
            is_ill = place.identity.role == ROLES["ill"] if self._by_role else place == ILL
            return SimAlarmFeed(process, signed["ill" if is_ill else "well"], self._alarms)

        def reach() -> SimReach:
            is_ill = acting.current().identity.role == ROLES["ill"]
            return SimReach(process, signed["ill" if is_ill else "well"], self._machine("well-0"))

        return replace(
            outside, router=_Routers(router), catalog=_Catalogs(catalog), alarms=_Feeds(feed), reach=_Reaches(reach)
        )

    def _machine(self, name: str) -> StateMachineArn:
        place = ILL if name.startswith("ill") and not self._by_role else WELL
        return StateMachineArn.parse(f"arn:aws:states:{place.region}:{place.account}:stateMachine:{name}")


class _Routers:
    """`ports.AliasRouter` of many aliases."""

    def __init__(self, of: Callable[[AliasArn], SimRouter]) -> None:
        self._of = of

    def read(self, alias: AliasArn, urgency: Urgency) -> AliasReading | None:
        return self._of(alias).read(alias, urgency)

    def shift(self, alias: AliasArn, routing: Routing, urgency: Urgency) -> datetime:
        return self._of(alias).shift(alias, routing, urgency)

    def create(self, alias: AliasArn, routing: Routing) -> datetime:
        return self._of(alias).create(alias, routing)


class _Catalogs:
    """`ports.VersionCatalog` of many machines."""

    def __init__(self, of: Callable[[StateMachineArn], SimCatalog]) -> None:
        self._of = of

    def find(self, machine: StateMachineArn, version: int) -> VersionReading:
        return self._of(machine).find(machine, version)

    def running(self, machine: StateMachineArn, version: int) -> RunningExecutions | None:
        return self._of(machine).running(machine, version)


class _Feeds:
    """`ports.AlarmFeed` of many places."""

    def __init__(self, of: Callable[[Place], SimAlarmFeed]) -> None:
        self._of = of

    def read(self, place: Place, names: Sequence[str]) -> Mapping[str, AlarmSnapshot | PortError]:
        return self._of(place).read(place, names)

    def history(self, place: Place, name: str, after: datetime) -> Sequence[AlarmTransition]:
        return self._of(place).history(place, name, after)


class _Reaches:
    """`ports.Reach` of two roles."""

    def __init__(self, of: Callable[[], SimReach]) -> None:
        self._of = of

    def account(self) -> Account:
        return self._of().account()

    def knows(self, partition: str, region: str) -> bool:
        return True

    def leave(self, region: str) -> None:
        return None


def _side(machine: StateMachineArn) -> str:
    return machine.name.partition("-")[0]


def _accesses() -> dict[str, dict[str, Any]]:
    """An AWSAccess for each side."""
    return {
        side: {
            "namespaces": {"names": ["default"]},
            "stateMachines": [f"arn:aws:states:{WELL.region}:{WELL.account}:stateMachine:{side}-*"],
            "roleArn": role,
        }
        for side, role in ROLES.items()
    }


def _alarms(name: str) -> list[str]:
    return [f"{name}-alarm-{number}" for number in range(ALARMS_EACH if name.startswith("ill") else 1)]
