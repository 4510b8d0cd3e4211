"""The world: plays a scenario from its first event until nothing is left to happen."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from sfn_rollouts.api.resource import parse_spec
from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.decide import decide
from sfn_rollouts.core.routing import Routing
from sfn_rollouts.engine.candidate import Candidate
from sfn_rollouts.engine.settle import Decide
from sfn_rollouts.errors import Gone
from sfn_rollouts.ports import Key, ResourceStore
from sfn_rollouts.sim import scenario as plot
from sfn_rollouts.sim.api_server import ApiServer, Resource
from sfn_rollouts.sim.cloudwatch import CloudWatch
from sfn_rollouts.sim.engine_log import engine_log
from sfn_rollouts.sim.faults import FaultInjector
from sfn_rollouts.sim.history import AlarmChanged, AliasChanged, Broken, Defect, Ended, Happening, History, SpecEdited
from sfn_rollouts.sim.host import HostClock
from sfn_rollouts.sim.lease import LeaseServer
from sfn_rollouts.sim.network import Network
from sfn_rollouts.sim.operator_host import NEVER_US, OperatorHost
from sfn_rollouts.sim.process import CallCounter, Surroundings
from sfn_rollouts.sim.quiet import horizon_s, is_at_rest
from sfn_rollouts.sim.scenario import Scenario
from sfn_rollouts.sim.step_functions import StepFunctions
from sfn_rollouts.sim.strand import StrandPool
from sfn_rollouts.sim.timeline import Timeline, us

_LOOK_S = 5.0
TAIL_S = 30.0
Judge = Callable[[History, Happening], Broken | None]


@dataclass(frozen=True)
class Run:
    """What a run left behind; `broken` is the invariant that ended it."""

    scenario: Scenario
    history: History
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
        store_of: Callable[[ResourceStore], ResourceStore] = lambda store: store,
        candidate_type: type[Candidate] = Candidate,
    ) -> None:
        self.scenario = scenario
        quirks = scenario.quirks
        self.timeline = Timeline()
        self.history = _JudgedHistory(judge, self.timeline)
        self.faults = FaultInjector(
            (event for event in scenario.events if isinstance(event, plot.Fault)), self._random("faults")
        )
        alias = Routing(scenario.alias) if scenario.alias is not None else None
        self.step_functions = StepFunctions(
            self.timeline, alias, scenario.versions, quirks.aws_skew_s, quirks.renews_date
        )
        self.history.alias_states = self.step_functions.states
        self.cloudwatch = CloudWatch(self.timeline, _alarms(scenario), quirks.aws_skew_s, quirks.history_lag_s)
        self.api_server = ApiServer(self.timeline)
        self.api_server.watchers.append(self._tell)
        self._strands = StrandPool()
        self._around = Surroundings(
            timeline=self.timeline,
            history=self.history,
            network=Network(self.timeline, self.faults, self.history, quirks, self._random("latency")),
            step_functions=self.step_functions,
            cloudwatch=self.cloudwatch,
            api_server=self.api_server,
            strands=self._strands,
            host=HostClock(self.timeline, quirks.drift_ppm, quirks.host_offset_s),
            random=self._random("jitter"),
            calls=CallCounter(self._crashes()),
            decide=decide,
            min_poll_interval_s=min_poll_interval_s,
            store_of=store_of,
            leases=LeaseServer() if scenario.operators > 1 else None,
            candidate_type=candidate_type,
        )
        self.key = Key("default", scenario.name)
        self.hosts = self._hosts(self._around)
        self._processes = 0
        self._commands = 0
        self._watch_cut_until_us = 0

    # -- the run --

    def run(self) -> Run:
        """Play it."""
        with engine_log(self._defect):
            try:
                self._play()
            finally:
                self._strands.close()
        resource = self.api_server.find(self.key)
        return Run(
            self.scenario, self.history, self.timeline, self.faults, self.step_functions.alias, resource,
            self._around.calls.count, self.history.broken,
        )  # fmt: skip

    def _play(self) -> None:
        self.api_server.create(self.key, self.scenario.spec)
        self._note_edit("created")
        for host in self.hosts:
            host.start()
        for event in self.scenario.events:
            if not isinstance(event, plot.Fault | plot.CrashAtCall):
                self.timeline.at(us(event.at_s), self._deed(event))
        last_us, end_us = us(self.scenario.last_event_s), us(horizon_s(self.scenario))
        self.timeline.run_until(last_us)
        self.history.disturbed_until_us = max(self.history.disturbed_until_us, last_us)
        rested_us: int | None = None
        while not self.timeline.is_stopped and self.timeline.now_us < end_us:
            self.timeline.run_until(self.timeline.now_us + us(_LOOK_S))
            resource = self.api_server.find(self.key)
            is_resting = self.is_down_for_good() or is_at_rest(self.history, resource, self)
            rested_us = (rested_us or self.timeline.now_us) if is_resting else None
            if rested_us is not None and self.timeline.now_us >= rested_us + us(TAIL_S):
                break
        self.history.add(Ended(self.timeline.now_us, rested_us is not None))

    def is_down_for_good(self) -> bool:
        """Whether the scenario never lets the operator come back."""
        return all(host.down_until_us >= NEVER_US for host in self.hosts)

    def is_up(self) -> bool:
        """Whether the operator runs."""
        return any(host.is_up for host in self.hosts)

    def _random(self, purpose: str) -> Random:
        """A stream of its own for each purpose: one fault less must not change every latency."""
        return Random(f"{self.scenario.seed}/{purpose}")  # noqa: S311 - a simulation, no secret

    def _defect(self, what: str) -> None:
        self.history.add(Defect(self.timeline.now_us, self._processes, what))

    # -- what the scenario does --

    def _deed(self, event: plot.Event) -> Callable[[], None]:
        match event:
            case plot.AlarmChange():
                return lambda: self._change_alarm(event)
            case plot.Edit():
                return lambda: self._by_user(lambda: self._edit(event))
            case plot.Command():
                return lambda: self._by_user(lambda: self._command(event))
            case plot.Delete():
                return lambda: self._by_user(self._delete)
            case plot.Touch():
                return lambda: self._by_user(lambda: self.api_server.touch(self.key))
            case plot.Reroute():
                return lambda: self._reroute(event)
            case plot.Kill():
                return lambda: self._on(event.operator).kill(event.until_s)
            case plot.Stop():
                return lambda: self._on(event.operator).stop(event.until_s)
            case plot.Freeze():
                return lambda: self._on(event.operator).freeze(event.until_s)
            case plot.ClockJump():
                return lambda: self._on(event.operator).clock.jump(event.by_s)
            case plot.CutWatch():
                return lambda: self._cut_watch(event)
            case _:
                raise ValueError(f"{event} has no time")

    def _by_user(self, deed: Callable[[], object]) -> None:
        try:
            deed()
        except Gone:
            return  # the resource is gone already

    def _change_alarm(self, event: plot.AlarmChange) -> None:
        if self.cloudwatch.change(event.name, event.state):
            state = AlarmState(event.state) if event.state is not None else None
            self.history.add(AlarmChanged(self.timeline.now_us, event.name, state))

    def _edit(self, event: plot.Edit) -> None:
        self.api_server.edit(self.key, event.changes)
        self._note_edit("applied " + ", ".join(f"{name}: {json.dumps(value)}" for name, value in event.changes.items()))

    def _command(self, event: plot.Command) -> None:
        found = self.api_server.get(self.key)
        self._commands += 1
        told = {
            "id": f"command-{self._commands}",
            "action": event.action,
            "generation": found["metadata"]["generation"] - event.is_late,
            "step": found["status"].get("stepIndex"),
            "by": "somebody",
        }
        self.api_server.annotate(self.key, json.dumps(told))
        self._note_edit(f"sent {event.action}")

    def _delete(self) -> None:
        self._note_edit("deleted")
        self.api_server.delete(self.key)

    def _note_edit(self, what: str) -> None:
        spec = parse_spec(self.api_server.get(self.key)["spec"])
        self.history.add(SpecEdited(self.timeline.now_us, spec, what))

    def _reroute(self, event: plot.Reroute) -> None:
        before = self.step_functions.alias
        if event.routing is None:
            self.step_functions.delete()
        elif before is None:
            self.step_functions.create(Routing(event.routing))
        else:
            self.step_functions.update(Routing(event.routing))
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

    def _on(self, operator: int) -> OperatorHost:
        return self.hosts[operator % len(self.hosts)]

    def _crashes(self) -> dict[tuple[int, bool], float]:
        crashes = [event for event in self.scenario.events if isinstance(event, plot.CrashAtCall)]
        return {(each.number, each.is_after_effect): each.down_s for each in crashes}

    # -- the watch --

    def _tell(self, resource: Resource, is_gone: bool) -> None:
        if self.timeline.now_us >= self._watch_cut_until_us:
            for host in self.hosts:
                host.hear(resource, is_gone, self.scenario.quirks.watch_lag_s)

    def _cut_watch(self, event: plot.CutWatch) -> None:
        self._watch_cut_until_us = max(self._watch_cut_until_us, us(event.until_s))
        if event.is_noticed:
            self.timeline.at(us(event.until_s), self._relist)

    def _relist(self) -> None:
        """A new watch begins with a list, which tells nothing of what was deleted meanwhile."""
        for resource in self.api_server.list():
            self._tell(resource, False)


class _JudgedHistory(History):
    """Hands each happening to the judge as soon as it is noted."""

    def __init__(self, judge: Judge | None, timeline: Timeline) -> None:
        super().__init__()
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
    specs = [scenario.spec, *(event.changes for event in scenario.events if isinstance(event, plot.Edit))]
    names = [name for spec in specs for name in (spec.get("alarms") or {}).get("names", ())]
    return {**dict.fromkeys(names, "OK"), **scenario.alarms}
