"""The world: plays a scenario from its first event until nothing is left to happen."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from sfn_rollouts.api.json_object import canonical
from sfn_rollouts.api.resource import parse_spec, parse_status
from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.decide import decide
from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.engine.settle import Decide
from sfn_rollouts.errors import Gone
from sfn_rollouts.leading.candidate import Candidate
from sfn_rollouts.ports import Key
from sfn_rollouts.sim import scenario as plot
from sfn_rollouts.sim.accesses import AccessServer
from sfn_rollouts.sim.api_server import ApiServer, Resource
from sfn_rollouts.sim.cloudwatch import CloudWatch
from sfn_rollouts.sim.engine_log import engine_log
from sfn_rollouts.sim.faults import FaultInjector
from sfn_rollouts.sim.history import (
    AccessChanged,
    AlarmChanged,
    AliasChanged,
    Broken,
    Defect,
    Ended,
    Happening,
    History,
    Removed,
    SpecEdited,
    StatusWritten,
    WholeHistory,
)
from sfn_rollouts.sim.host import HostClock
from sfn_rollouts.sim.lease import LeaseServer
from sfn_rollouts.sim.network import Network
from sfn_rollouts.sim.operator_host import NEVER_US, OperatorHost
from sfn_rollouts.sim.process import CallCounter, OutsideOf, Surroundings, unchanged
from sfn_rollouts.sim.quiet import horizon_s, is_at_rest
from sfn_rollouts.sim.scenario import Scenario
from sfn_rollouts.sim.sessions import SessionsOf, TokenService
from sfn_rollouts.sim.smokes import Ending
from sfn_rollouts.sim.step_functions import StepFunctions
from sfn_rollouts.sim.timeline import Timeline, us
from sfn_rollouts.sim.traffic import Traffic

_LOOK_S = 5.0
TAIL_S = 30.0
Judge = Callable[[WholeHistory, Happening], Broken | None]


@dataclass(frozen=True)
class Run:
    """What a run left behind; `broken` is the invariant that ended it."""

    scenario: Scenario
    history: WholeHistory
    timeline: Timeline
    faults: FaultInjector
    alias: Routing | None
    resource: Resource | None
    calls: int
    broken: Broken | None


class World:
    """`judge` is asked about each happening; what it finds broken ends the run. The rest is for mutants."""

    def __init__(
        self,
        scenario: Scenario,
        judge: Judge | None = None,
        decide: Decide = decide,
        min_poll_interval_s: float = 5.0,
        outside_of: OutsideOf = unchanged,
        candidate_type: type[Candidate] = Candidate,
        sessions_of: SessionsOf = lambda sessions: sessions,
    ) -> None:
        self.scenario = scenario
        quirks = scenario.quirks
        self.timeline = Timeline()
        self.history = _JudgedHistory(judge, self.timeline, scenario.rollouts)
        self.faults = FaultInjector(
            (event for event in scenario.events if isinstance(event, plot.Fault)), self._random("faults")
        )
        alias = Routing(scenario.alias) if scenario.alias is not None else None
        self.step_functions = StepFunctions(
            self.timeline, alias, scenario.versions, quirks.aws_skew_s, quirks.renews_date
        )
        self.step_functions.targets.unpinned = frozenset(scenario.unpinned)
        if scenario.callers is not None:
            began_at = self.timeline.now + timedelta(seconds=quirks.aws_skew_s)
            Traffic(self.step_functions, began_at, scenario.callers, self._random("callers"))
        self.step_functions.smokes.usual = _as_expected(scenario.spec)
        for history in (self.history, *self.history.views):
            history.executions = self.step_functions.executions
            history.alias_states = self.step_functions.states
            history.targets = self.step_functions.targets
            history.smokes = self.step_functions.smokes
        troubles = (event for event in scenario.events if isinstance(event, plot.AlarmTrouble))
        self.cloudwatch = CloudWatch(
            self.timeline, _alarms(scenario), quirks.aws_skew_s, quirks.history_lag_s, troubles
        )
        self.api_server = ApiServer(self.timeline)
        self.api_server.watchers.append(self._tell)
        self.alias = StateMachineArn.parse(scenario.spec["stateMachineArn"]).alias(scenario.spec["alias"])
        self._watch_cut_until_us = 0
        self.accesses = AccessServer(scenario.accesses) if scenario.has_accesses else None
        if self.accesses is not None:
            self.accesses.watchers.append(self._tell_of_access)
            self._note_accesses()
        roles = (event for event in scenario.events if isinstance(event, plot.RoleTrouble))
        self.tokens = TokenService(self.timeline, self.history, quirks, roles)
        self._around = Surroundings(
            timeline=self.timeline,
            history=self.history,
            network=Network(self.timeline, self.faults, self.history, quirks, self._random("latency")),
            machine=StateMachineArn.parse(scenario.spec["stateMachineArn"]),
            step_functions=self.step_functions,
            cloudwatch=self.cloudwatch,
            api_server=self.api_server,
            host=HostClock(self.timeline, quirks.drift_ppm, quirks.host_offset_s),
            random=self._random("jitter"),
            calls=CallCounter(self._crashes()),
            decide=decide,
            min_poll_interval_s=min_poll_interval_s,
            outside_of=outside_of,
            leases=LeaseServer() if scenario.operators > 1 else None,
            candidate_type=candidate_type,
            tokens=self.tokens,
            random_of_sessions=self._random("sessions"),
            sessions_of=sessions_of,
            accesses=self.accesses,
        )
        self.keys = [
            Key("default", scenario.name if n == 0 else f"{scenario.name}-{n}") for n in range(scenario.rollouts)
        ]
        self.hosts = self._hosts(self._around)
        self._processes = 0
        self._commands = 0

    # -- the run --

    def run(self) -> Run:
        """Play it."""
        with self.begun():
            for event in self.scenario.events:
                if not isinstance(event, plot.Fault | plot.CrashAtCall | plot.AlarmTrouble | plot.RoleTrouble):
                    self.timeline.at(us(event.at_s), partial(self.do, event))
            self.advance(self.scenario.last_event_s)
            self.end(us(horizon_s(self.scenario)))
        return self.as_it_is()

    @contextmanager
    def begun(self) -> Iterator[None]:
        """While this lasts the world is there: the resource is created, the operators start, and time stands still."""
        with engine_log(self._defect):
            try:
                self._create(0, self.scenario.spec)
                for host in self.hosts:
                    host.start()
                yield
            finally:
                for host in self.hosts:
                    host.close()

    def advance(self, seconds: float) -> None:
        """Let so much time pass."""
        self.timeline.run_until(self.timeline.now_us + us(seconds))

    def end(self, end_us: int) -> None:
        """Nothing more is done to it: let time pass until nothing is left to happen, at most until then."""
        for history in self.history.views:
            history.disturbed_until_us = max(history.disturbed_until_us, self.timeline.now_us)
        rested_us: int | None = None
        while not self.timeline.is_stopped and self.timeline.now_us < end_us:
            self.advance(_LOOK_S)
            is_resting = self.is_down_for_good() or all(self._is_at_rest(number) for number in range(len(self.keys)))
            rested_us = (rested_us or self.timeline.now_us) if is_resting else None
            if rested_us is not None and self.timeline.now_us >= rested_us + us(TAIL_S):
                break
        self.history.add(Ended(self.timeline.now_us, rested_us is not None))

    def as_it_is(self) -> Run:
        """Return what the run has left behind so far."""
        return Run(
            self.scenario, self.history, self.timeline, self.faults, self.step_functions.alias,
            self.api_server.find(self.keys[0]), self._around.calls.count, self.history.broken,
        )  # fmt: skip

    def is_down_for_good(self) -> bool:
        """Whether the scenario never lets the operator come back."""
        return all(host.down_until_us >= NEVER_US for host in self.hosts)

    def is_up(self) -> bool:
        """Whether the operator runs."""
        return any(host.is_up for host in self.hosts)

    def has_precedence(self, history: History) -> bool:
        """Whether no other resource on the alias comes before this one: one in flight, else the oldest."""
        number = self.history.views.index(history)
        return not any(self._comes_before(other, number) for other in range(len(self.keys)) if other != number)

    def _comes_before(self, other: int, number: int) -> bool:
        status = self.history.views[other].status
        is_in_flight = status is not None and status.is_in_flight
        return self.api_server.find(self.keys[other]) is not None and (other < number or is_in_flight)

    def _is_at_rest(self, number: int) -> bool:
        return is_at_rest(self.history.views[number], self.api_server.find(self.keys[number]), self)

    def _random(self, purpose: str) -> Random:
        """A stream of its own for each purpose: one fault less must not change every latency."""
        return Random(f"{self.scenario.seed}/{purpose}")  # noqa: S311 - a simulation, no secret

    def _defect(self, what: str) -> None:
        self.history.add(Defect(self.timeline.now_us, self._processes, what))

    # -- what the scenario does --

    def do(self, event: plot.Event) -> None:
        """Have this happen now, whatever time stands in it."""
        match event:
            case plot.AlarmChange():
                self._change_alarm(event)
            case plot.Reroute() | plot.Recreate():
                self._reroute(event)
            case plot.ChangeSmoke():
                ending = Ending(event.status, event.after_s)
                self.step_functions.smokes.endings[event.version] = ending
            case plot.ChangeTargets():
                self.step_functions.targets.change(event.is_there, event.is_allowed)
            case plot.CutWatch():
                self._cut_watch(event)
            case plot.Grant():
                self._grant(event)
            case plot.LoseStatus():
                self._lose_status(event)
            case plot.Create() | plot.Edit() | plot.Command() | plot.Delete() | plot.Touch():
                self._by_user(event)
            case plot.Kill() | plot.Stop() | plot.Freeze() | plot.ClockJump():
                self._at_host(event, self.hosts[event.operator % len(self.hosts)])
            case _:
                raise ValueError(f"{event} has no time")

    def _by_user(self, event: plot.Create | plot.Edit | plot.Command | plot.Delete | plot.Touch) -> None:
        with suppress(Gone):  # the resource is gone already
            match event:
                case plot.Create():
                    self._create(event.rollout, event.spec)
                case plot.Edit():
                    self._edit(event)
                case plot.Command():
                    self._command(event)
                case plot.Delete():
                    self._delete(event.rollout)
                case plot.Touch():
                    self.api_server.touch(self.keys[event.rollout])

    def _at_host(self, event: plot.Kill | plot.Stop | plot.Freeze | plot.ClockJump, host: OperatorHost) -> None:
        match event:
            case plot.Kill():
                host.kill(event.until_s)
            case plot.Stop():
                host.stop(event.until_s)
            case plot.Freeze():
                host.freeze(event.until_s)
            case plot.ClockJump():
                host.clock.jump(event.by_s)

    def _change_alarm(self, event: plot.AlarmChange) -> None:
        if self.cloudwatch.change(event.name, event.state):
            state = AlarmState(event.state) if event.state is not None else None
            self.history.add(AlarmChanged(self.timeline.now_us, event.name, state))

    def _create(self, number: int, spec: Mapping[str, Any]) -> None:
        key = self.keys[number]
        self.history.keys[key] = number
        created = self.api_server.create(key, spec)
        self.history.births[datetime.fromisoformat(created["metadata"]["creationTimestamp"])] = number
        self._note_edit(number, "created")

    def _edit(self, event: plot.Edit) -> None:
        self.api_server.edit(self.keys[event.rollout], event.changes)
        changes = ", ".join(f"{name}: {json.dumps(value)}" for name, value in event.changes.items())
        self._note_edit(event.rollout, f"applied {changes}")

    def _lose_status(self, event: plot.LoseStatus) -> None:
        for host in self.hosts:
            host.kill(event.until_s)
        key, alias = self.keys[event.rollout], self.step_functions.alias
        found = self.api_server.find(key)
        if found is None or "deletionTimestamp" in found["metadata"]:
            return
        lost = self.api_server.lose_status(key)
        status, generation = parse_status(lost["status"]), lost["metadata"]["generation"]
        self.history.add(StatusWritten(self.timeline.now_us, 0, generation, status, alias, event.rollout))

    def _command(self, event: plot.Command) -> None:
        key = self.keys[event.rollout]
        found = self.api_server.get(key)
        self._commands += 1
        command = {
            "id": f"command-{self._commands}",
            "action": event.action,
            "uid": found["metadata"]["uid"],
            "generation": found["metadata"]["generation"] - event.is_late,
            "step": found["status"].get("stepIndex"),
            "by": "somebody",
        }
        self.api_server.annotate(key, json.dumps(command))
        self._note_edit(event.rollout, f"sent {event.action}")

    def _delete(self, number: int) -> None:
        self._note_edit(number, "deleted")
        self.api_server.delete(self.keys[number])

    def _note_edit(self, number: int, what: str) -> None:
        spec = parse_spec(self.api_server.get(self.keys[number])["spec"])
        self.history.add(SpecEdited(self.timeline.now_us, spec, what, number))

    def _reroute(self, event: plot.Reroute | plot.Recreate) -> None:
        before = self.step_functions.alias
        routing = Routing(event.routing) if event.routing is not None else None
        if isinstance(event, plot.Recreate):
            self.step_functions.recreate(event.versions, routing)
        elif routing is not None and not self.step_functions.has_all(routing):
            return  # AWS refuses it: the version went with the former state machine
        else:
            self.step_functions.route(routing)
        self.history.add(AliasChanged(self.timeline.now_us, before, self.step_functions.alias, None))

    # -- the operators --

    def _hosts(self, around: Surroundings) -> list[OperatorHost]:
        """Each with a clock of its own; the second one's is off to the other side."""
        quirks, hosts = self.scenario.quirks, []
        for number in range(self.scenario.operators):
            side = -1 if number else 1
            clock = HostClock(self.timeline, quirks.drift_ppm * side, quirks.host_offset_s * side)
            hosts.append(OperatorHost(replace(around, host=clock), self._number))
        return hosts

    def _number(self) -> int:
        self._processes += 1
        return self._processes

    def _crashes(self) -> dict[tuple[int, bool], float]:
        crashes = [event for event in self.scenario.events if isinstance(event, plot.CrashAtCall)]
        return {(each.number, each.is_after_effect): each.down_s for each in crashes}

    # -- the watch --

    def _tell(self, resource: Resource, is_gone: bool) -> None:
        if is_gone:
            metadata = resource["metadata"]
            number = self.history.keys[Key(metadata["namespace"], metadata["name"])]
            self.history.add(Removed(self.timeline.now_us, number))
        if self.timeline.now_us >= self._watch_cut_until_us:
            for host in self.hosts:
                host.hear(resource, is_gone, self.scenario.quirks.watch_lag_s)

    def _cut_watch(self, event: plot.CutWatch) -> None:
        self._watch_cut_until_us = max(self._watch_cut_until_us, us(event.until_s))
        if event.is_noticed:
            self.timeline.at(us(event.until_s), self._relist)

    def _grant(self, event: plot.Grant) -> None:
        if self.accesses is not None:
            self.accesses.apply(event.name, event.spec)
            self._note_accesses()

    def _note_accesses(self) -> None:
        if self.accesses is not None:
            said, says = self.history.accesses[-1:], self.accesses.says(self.alias)
            if not said or said[0].says != says:
                self.history.add(AccessChanged(self.timeline.now_us, says, self._is_watch_cut))

    def _tell_of_access(self, access: Resource, is_gone: bool) -> None:
        if not self._is_watch_cut:
            for host in self.hosts:
                host.hear_of_access(access, is_gone, self.scenario.quirks.watch_lag_s)

    @property
    def _is_watch_cut(self) -> bool:
        return self.timeline.now_us < self._watch_cut_until_us

    def _relist(self) -> None:
        """A new watch begins with a list, which tells nothing of what was deleted meanwhile."""
        for access in self.accesses.list() if self.accesses is not None else ():
            self._tell_of_access(access, False)
        for resource in self.api_server.list():
            self._tell(resource, False)


class _JudgedHistory(WholeHistory):
    """Hands each happening to the judge as soon as it is noted."""

    def __init__(self, judge: Judge | None, timeline: Timeline, rollouts: int) -> None:
        super().__init__(rollouts)
        self._judge = judge
        self._timeline = timeline
        self.broken: Broken | None = None

    def add(self, happening: Happening) -> None:
        super().add(happening)
        if self._judge is not None and self.broken is None:
            self.broken = self._judge(self, happening)
            self._timeline.is_stopped = self.broken is not None


def _alarms(scenario: Scenario) -> dict[str, str | None]:
    """Every alarm that any version of the spec names, OK unless said otherwise."""
    specs = [scenario.spec]
    specs += [event.changes for event in scenario.events if isinstance(event, plot.Edit)]
    specs += [event.spec for event in scenario.events if isinstance(event, plot.Create)]
    names = [name for spec in specs for name in (spec.get("alarms") or {}).get("names", ())]
    return {**dict.fromkeys(names, "OK"), **scenario.alarms}


def _as_expected(spec: Mapping[str, Any]) -> Ending:
    """How executions end where nobody says otherwise: as the smoke of this spec expects, if it has one."""
    preflight = parse_spec(spec).preflight
    smoke = preflight.smoke if preflight is not None else None
    if smoke is None:
        return Ending()
    return Ending(smoke.expected.status, output=canonical(smoke.expected.output))
