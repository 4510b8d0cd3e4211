"""Whatever people do, in whatever order and at whatever moment: Hypothesis plays them, and cuts down what fails.

A state machine: each rule is something that a person does to the world as it is just then, or time that passes. After
each, every invariant has held; at the end, whatever was begun has come to an end.
"""

import json
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sfn_rollouts.core.values.commands import Action
from sfn_rollouts.sim.quiet import horizon_s
from sfn_rollouts.sim.scenario import AlarmChange, Command, Create, Delete, Edit, Event, Kill, Reroute, Scenario, Touch
from sfn_rollouts.sim.search.invariants.judging import Judge
from sfn_rollouts.sim.timeline import us
from sfn_rollouts.sim.world import World
from tests.sim.mutants import spec

STRATEGIES: tuple[dict[str, Any], ...] = (
    {"canary": {"weight": 30, "interval": "10s"}},
    {"allAtOnce": {}},
    {"steps": [{"setWeight": 20}, {"pause": {}}, {"setWeight": 70}, {"pause": {"duration": "5s"}}]},
)
CHANGES = st.one_of(
    st.fixed_dictionaries({"version": st.sampled_from((1, 2, 3, 9))}),
    st.fixed_dictionaries({"paused": st.booleans()}),
    st.fixed_dictionaries({"strategy": st.sampled_from(STRATEGIES)}),
    st.fixed_dictionaries({"retryToken": st.sampled_from(("", "1", "2"))}),
    st.fixed_dictionaries({"bakeTime": st.sampled_from(("0s", "20s", None))}),
    st.fixed_dictionaries({"driftPolicy": st.sampled_from(("Hold", "Reassert", "Adopt"))}),
    st.fixed_dictionaries({"progressDeadline": st.sampled_from(("30s", "10m"))}),
    st.fixed_dictionaries({"alarms": st.sampled_from((None, {"names": ["p95"]}, {"names": ["failures", "p95"]}))}),
)
SPEC = {**spec(), "progressDeadline": "5m"}
RIVAL = Create(0.0, {**SPEC, "version": 3})
WHICH = st.integers(0, 1)
"""The rollout, or the other one on its alias; actions to one that is not there come to nothing."""


class People(RuleBasedStateMachine):
    """People around one alias, and one operator."""

    def __init__(self) -> None:
        super().__init__()
        self._played: list[Event] = []
        self._is_rival_there = False
        self._open = ExitStack()
        self._world = World(Scenario(spec=SPEC, events=(RIVAL,)), Judge())  # RIVAL: there may be a second one
        self._open.enter_context(self._world.begun())

    def _do(self, event: Any) -> None:
        happened = replace(event, at_s=self._world.timeline.now_s)
        self._played.append(happened)
        self._world.do(happened)

    @rule(seconds=st.sampled_from((0.05, 0.3, 2.0, 10.0, 20.0, 90.0)))
    def time_passes(self, seconds: float) -> None:
        self._world.advance(seconds)

    @rule(changes=CHANGES, which=WHICH)
    def somebody_edits(self, changes: dict[str, Any], which: int) -> None:
        self._do(Edit(0.0, changes, which))

    @rule(action=st.sampled_from([str(action) for action in Action]), is_late=st.booleans(), which=WHICH)
    def somebody_commands(self, action: str, is_late: bool, which: int) -> None:
        self._do(Command(0.0, action, is_late, which))

    @rule(which=WHICH)
    def somebody_labels(self, which: int) -> None:
        self._do(Touch(0.0, which))

    @rule(which=WHICH)
    def somebody_deletes(self, which: int) -> None:
        self._do(Delete(0.0, which))

    @precondition(lambda self: not self._is_rival_there)
    @rule()
    def somebody_wants_the_same_alias(self) -> None:
        self._is_rival_there = True
        self._do(RIVAL)

    @rule(name=st.sampled_from(("failures", "p95")), state=st.sampled_from(("ALARM", "OK", None)))
    def an_alarm_changes(self, name: str, state: str | None) -> None:
        self._do(AlarmChange(0.0, name, state))

    @rule(routing=st.sampled_from((((1, 100),), ((2, 100),), ((1, 50), (2, 50)), None)))
    def somebody_routes_by_hand(self, routing: Any) -> None:
        self._do(Reroute(0.0, routing))

    @rule(seconds=st.sampled_from((0.0, 30.0)))
    def the_operator_is_killed(self, seconds: float) -> None:
        self._do(Kill(0.0, self._world.timeline.now_s + seconds))

    @invariant()
    def every_invariant_holds(self) -> None:
        broken = self._world.history.broken
        if broken is not None:
            note(json.dumps(self._scenario().to_json()))
        assert broken is None, broken

    def teardown(self) -> None:
        """Leave them alone until nothing is left to happen."""
        with self._open:
            self._world.end(us(horizon_s(self._scenario())))
            self.every_invariant_holds()

    def _scenario(self) -> Scenario:
        """What was played, to be kept in corpus/ should it fail."""
        return self._world.scenario.with_events(tuple(self._played))


TestPeople = People.TestCase
TestPeople.settings = settings(
    max_examples=60,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)
