"""The sources: which call answers a look, in which lane, how often it is tried, and how long it stays known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from sfn_rollouts.analysis import LOOK_EVERY_S, Plan, Policy
from sfn_rollouts.api.analysis import Verdict
from sfn_rollouts.api.status import AlarmState, Phase, Status, Trip
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.chores import RunSmoke, StartSmoke
from sfn_rollouts.core.values.executions import ExecutionPage
from sfn_rollouts.core.values.looks import (
    AskRole,
    CountCallers,
    CountRunning,
    FindCallee,
    FindVersion,
    ForecastAnalysis,
    JudgeExecutions,
    Look,
    ReadAlias,
    ReadDefinition,
    ReadHistory,
    ReadSmoke,
)
from sfn_rollouts.core.values.readings import (
    AliasMissing,
    AliasReading,
    RunningExecutions,
    Unseen,
    VersionFound,
    VersionReading,
)
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.core.values.smoke import SUCCEEDED, Run
from sfn_rollouts.core.values.targets import CallersReading
from sfn_rollouts.engine.chores import chores, fenced_chores
from sfn_rollouts.engine.lanes import SIZES
from sfn_rollouts.engine.sources import sources
from sfn_rollouts.engine.sources.source import Source
from sfn_rollouts.errors import Denied, Gone, PortError, Transient
from sfn_rollouts.ports import LARGEST_PAGE, Lane, Outside, Urgency
from tests.core.specs import UNCHECKED
from tests.engine.fake_clock import NOON, FakeClock
from tests.engine.fake_cloud import LIVE, MACHINE
from tests.engine.faults import FOR_EVER
from tests.engine.world import World, spec

RIGHTS = frozenset({("lambda:InvokeFunction", "arn:of:the:function")})
PLAN = Plan(((0.5, 600.0),))
RUN = Run("arn", SUCCEEDED, NOON, NOON, NOON, NOON, "{}")
JUDGED = JudgeExecutions(1, 2, PLAN, Policy(), 5.0, ((NOON, 50),))
NO_EXECUTIONS = ExecutionPage((), None, NOON)
HISTORY = ReadHistory("errors", NOON, NOON + timedelta(seconds=9))


class Asked:
    """Any port; remembers what it was asked."""

    def __init__(self, answer: Any) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self._answer = answer

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.calls.append((name, *arguments))
            return self._answer

        return call


@dataclass(frozen=True)
class Case:
    """A look or a chore: the port that is asked, how, and what it answers."""

    look: Look[Any]
    port: str
    call: tuple[Any, ...]
    answer: Any = None

    def __str__(self) -> str:
        return type(self.look).__name__


CASES = [
    Case(ReadAlias(), "router", ("read", LIVE, Urgency.BACKGROUND), AliasReading(Routing.whole(1), NOON, NOON)),
    Case(FindVersion(7), "catalog", ("find", MACHINE, 7), VersionReading(VersionFound.FOUND, NOON, NOON)),
    Case(ReadDefinition(7, NOON), "targets", ("definition", MACHINE, 7, NOON)),
    Case(FindCallee("arn:of:it"), "targets", ("callee", "arn:of:it")),
    Case(AskRole("arn:of:the:role", RIGHTS), "targets", ("permissions", "arn:of:the:role", RIGHTS, MACHINE.place)),
    Case(CountCallers(), "targets", ("callers", LIVE)),
    Case(ReadSmoke("name", "{}"), "smokes", ("read", MACHINE, "name"), RUN),
    Case(CountRunning(7), "catalog", ("running", MACHINE, 7), RunningExecutions(3)),
    Case(ForecastAnalysis(PLAN, Policy(), 0.0), "executions", ("page", LIVE, None), NO_EXECUTIONS),
    Case(
        JudgeExecutions(1, 2, PLAN, Policy(), 5.0, ((NOON, 50),)),
        "executions",
        ("page", LIVE, None, LARGEST_PAGE),
        NO_EXECUTIONS,
    ),
    Case(HISTORY, "alarms", ("history", MACHINE.place, "errors", NOON), ()),
    Case(StartSmoke(7, "name", "given", "{}"), "smokes", ("start", MACHINE, 7, "name", "given"), RUN),
    Case(RunSmoke(7, "name", "given", "{}"), "smokes", ("run", MACHINE, 7, "name", "given"), RUN),
]


def all_of(outside: Outside) -> Mapping[type[Look[Any]], Source]:
    clock = FakeClock()
    return {**sources(outside, clock), **fenced_chores(chores, outside, clock)}


@pytest.fixture
def known_sources() -> Mapping[type[Look[Any]], Source]:
    return all_of(World().outside())


def test_each_kind_of_look_and_chore_is_known_here(known_sources: Mapping[type[Look[Any]], Source]) -> None:
    assert [type(case.look) for case in CASES] == list(LANES) == list(known_sources)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_look_or_chore_is_one_call_for_what_it_names(case: Case) -> None:
    port = Asked(case.answer)
    answering = all_of(replace(World().outside(), **{case.port: port}))
    [(look, answer)] = answering[type(case.look)].answer_all(LIVE, [case.look], Urgency.BACKGROUND).items()
    assert look == case.look
    assert not isinstance(answer, Exception)
    assert port.calls == [case.call]


@pytest.mark.parametrize("kind", [ForecastAnalysis, JudgeExecutions])
def test_what_the_executions_say_was_so_when_they_were_read(kind: type[Look[Any]]) -> None:
    [case] = [case for case in CASES if type(case.look) is kind]
    answering = all_of(replace(World().outside(), executions=Asked(case.answer)))
    assert answering[kind].answer(LIVE, case.look, Urgency.BACKGROUND).read_at == NOON


def _answer(look: Look[Any]) -> object:
    """Where AWS knows nothing."""
    outside = replace(World().outside(), router=Asked(None), catalog=Asked(None))
    return sources(outside, FakeClock())[type(look)].answer(LIVE, look, Urgency.FORWARD)


def test_executions_that_aws_does_not_list_are_reported_as_such() -> None:
    with pytest.raises(Gone) as raised:
        _answer(CountRunning(7))
    assert raised.value.why == "AWS does not list executions of Express state machines"


def test_an_alias_that_is_not_there_was_missing_when_it_was_asked_for() -> None:
    assert _answer(ReadAlias()) == AliasMissing(NOON)


# -- jobs --

URGENT, USUAL = (Lane.ROLLBACK, Urgency.ROLLBACK), (Lane.FORWARD, Urgency.FORWARD)
LATER, BESIDE = (Lane.FORWARD, Urgency.BACKGROUND), (Lane.CHORES, Urgency.BACKGROUND)
ALARMS, LONG = (Lane.ALARMS, Urgency.FORWARD), (Lane.LONG_CHORES, Urgency.BACKGROUND)

IN_FLIGHT = Status(started_at=NOON)
GOING_BACK = Status(started_at=NOON, trip=Trip(reason="AlarmFiring", message="errors", at=NOON))
AT_REST = Status(started_at=NOON, finished_at=NOON)

LANES = {
    ReadAlias: (USUAL, URGENT, LATER),
    FindVersion: (USUAL, USUAL, USUAL),
    ReadDefinition: (BESIDE, BESIDE, BESIDE),
    FindCallee: (BESIDE, BESIDE, BESIDE),
    AskRole: (BESIDE, BESIDE, BESIDE),
    CountCallers: (BESIDE, BESIDE, BESIDE),
    ReadSmoke: (BESIDE, BESIDE, BESIDE),
    CountRunning: (USUAL, USUAL, USUAL),
    ForecastAnalysis: (LATER, LATER, LATER),
    JudgeExecutions: (LATER, LATER, LATER),
    ReadHistory: (ALARMS, ALARMS, ALARMS),
    StartSmoke: (BESIDE, BESIDE, BESIDE),
    RunSmoke: (LONG, LONG, LONG),
}
"""Lane and urgency in flight, on the way back, and at rest."""


@pytest.mark.parametrize("kind", LANES)
def test_nothing_that_can_wait_stands_where_a_rollback_goes(
    known_sources: Mapping[type[Look[Any]], Source], kind: type[Look[Any]]
) -> None:
    assert tuple(known_sources[kind].route(status) for status in (IN_FLIGHT, GOING_BACK, AT_REST)) == LANES[kind]


def test_only_what_may_be_many_goes_together_with_time_for_each(
    known_sources: Mapping[type[Look[Any]], Source],
) -> None:
    limits = {kind: source.together_s for kind, source in known_sources.items() if source.together_s is not None}
    assert set(limits) == {FindCallee, ReadHistory}
    for kind, limit_s in limits.items():
        lane, _ = known_sources[kind].route(IN_FLIGHT)
        assert limit_s(100) >= limit_s(1) + 99.0, "a second for each"
        assert 10.0 < limit_s(1) < 2 * SIZES[lane].limit_s


def echo(error_at: str | None = None) -> Callable[[AliasArn, Any, Urgency], object]:
    def answer(alias: AliasArn, look: ReadHistory, urgency: Urgency) -> object:
        if look.alarm == error_at:
            raise Denied(look.alarm)
        return alias, look.alarm, urgency

    return answer


BOTH = [replace(HISTORY, alarm=name) for name in ("errors", "latency")]


def test_of_several_looks_in_one_job_one_that_fails_stops_no_other() -> None:
    together = Source(echo("errors"), together_s=float)
    answers = together.answer_all(LIVE, BOTH, Urgency.FORWARD)
    assert isinstance(answers[BOTH[0]], Denied)
    assert answers[BOTH[1]] == (LIVE, "latency", Urgency.FORWARD)


def test_a_job_of_one_look_that_fails_is_a_job_that_fails() -> None:
    """What is lost must be seen as lost by whoever keeps count of that."""
    with pytest.raises(Denied):
        Source(echo("errors")).answer_all(LIVE, BOTH[:1], Urgency.FORWARD)


# -- tries --

EVERYTHING = ("pins", "targets", "permissions", "callers")


def checked(*checks: str, version: int = 2, **fields: Any) -> dict[str, Any]:
    return spec(version, preflight={**UNCHECKED, **dict.fromkeys(checks, "Enforce")}, **fields)


def verdicts(world: World) -> set[str]:
    preflight = world.status().preflight
    return {str(finding.verdict) for finding in preflight.findings} if preflight is not None else set()


PREFLIGHT_CALLS = pytest.mark.parametrize("call", ["definition", "callee", "permissions", "callers"])


@PREFLIGHT_CALLS
def test_what_is_throttled_now_and_then_is_seen_all_the_same(call: str) -> None:
    world = World()
    world.cloud.faults.add(call, Transient("throttled"), 2)
    world.api.apply("orders", checked(*EVERYTHING))
    world.run(until=world.is_in(Phase.PROGRESSING), limit_s=60)
    assert verdicts(world) == {"Passed"}


@PREFLIGHT_CALLS
def test_what_is_throttled_again_and_again_is_unseen_within_a_minute(call: str) -> None:
    world = World()
    world.cloud.faults.add(call, Transient("throttled"), FOR_EVER)
    world.api.apply("orders", checked(*EVERYTHING))
    world.run(until=world.is_in(Phase.PROGRESSING), limit_s=60)
    assert "Unknown" in verdicts(world)


def analysed(version: int = 2, **fields: Any) -> dict[str, Any]:
    return spec(version, analysis={}, **fields)


@pytest.mark.parametrize(("times", "is_shown"), [(2, True), (10, False)])
def test_a_forecast_is_tried_a_few_times_and_then_nothing_waits_for_it(times: int, is_shown: bool) -> None:
    world = World()
    world.cloud.faults.add("page", Transient("throttled"), times)
    world.api.apply("orders", analysed())
    world.run(until=world.is_in(Phase.PROGRESSING), limit_s=60)
    analysis = world.status().analysis
    assert (analysis is not None and analysis.forecast is not None) is is_shown


def verdict(world: World) -> str | None:
    analysis = world.status().analysis
    return analysis.verdict if analysis is not None else None


@pytest.mark.parametrize("error", [Denied("grant ListExecutions"), PortError("garbage")], ids=["denied", "odd"])
def test_executions_that_may_be_read_again_are_read_with_the_next_look(error: PortError) -> None:
    world = World()
    world.api.apply("orders", analysed(strategy={"canary": {"weight": 10, "interval": "2h"}}))
    world.run(until=world.is_in(Phase.PROGRESSING))
    world.cloud.faults.add("page", error, FOR_EVER)
    world.run_for(900)
    assert verdict(world) is Verdict.BLIND
    world.cloud.faults.fix("page")
    world.run(until=lambda: verdict(world) is not Verdict.BLIND, limit_s=LOOK_EVERY_S + 1.0)


# -- what stays known --


def known(world: World) -> set[type[Look[Any]]]:
    """The kinds of which anything is kept of the one rollout."""
    [record] = world.engine._records.values()
    return {type(look) for look, answer in record.facts.answers.items() if not isinstance(answer, Unseen)}


def test_of_what_was_asked_for_a_rollout_little_is_kept_when_it_is_over() -> None:
    world = World()
    smoked = {**UNCHECKED, **dict.fromkeys(EVERYTHING, "Enforce"), "smoke": {"input": {}}}
    world.api.apply("orders", analysed(preflight=smoked))
    world.run(until=world.is_in(Phase.PROGRESSING))
    world.run_for(5)
    assert {ForecastAnalysis, ReadDefinition, FindCallee, AskRole, CountCallers, StartSmoke} <= known(world)
    world.run(until=world.is_in(Phase.SUCCEEDED))
    world.run_for(60)
    assert known(world) == {ReadAlias, FindVersion, ReadDefinition}


def test_of_an_express_run_nothing_is_kept_when_it_is_over() -> None:
    world = World()
    world.cloud.is_express = True
    world.api.apply("orders", spec(preflight={**UNCHECKED, "smoke": {"input": {}}}))
    world.run(until=world.is_in(Phase.PROGRESSING))
    assert RunSmoke in known(world)
    world.run(until=world.is_in(Phase.SUCCEEDED))
    world.run_for(60)
    assert RunSmoke not in known(world)


def test_executions_are_counted_again_each_time_that_a_version_loses_its_traffic() -> None:
    world = World()
    for version, running in ((2, 3), (1, 4), (2, 5)):
        world.cloud.running_executions = RunningExecutions(running)
        world.api.apply("orders", spec(version))
        world.run(until=lambda version=version: world.status().stable_version == version)
        world.run_for(10)
        counted = world.status().running_executions
        assert counted is not None
        assert counted.running == running
    assert world.cloud.counted == [1, 2, 1]


def test_the_history_of_an_alarm_is_forgotten_once_nobody_asks_for_it() -> None:
    """An alarm that changes every few minutes for months would fill the memory with what was judged long ago."""
    world = World()
    world.api.apply("orders", spec())
    world.run(until=lambda: world.status().step_index == 0)
    asked_before = world.cloud.count()["history"]
    world.cloud.set_alarm("errors", AlarmState.INSUFFICIENT_DATA)
    world.cloud.set_alarm("errors", AlarmState.OK)
    world.run(until=lambda: world.cloud.count()["history"] > asked_before, limit_s=30)
    world.run_for(30)
    assert world.phase() is Phase.PROGRESSING
    assert ReadHistory not in known(world)


# -- what somebody may put right --


def _callee(world: World, *, is_right: bool) -> None:
    world.cloud.targets.is_there = is_right


def _role(world: World, *, is_right: bool) -> None:
    world.cloud.targets.is_allowed = is_right


def _callers(world: World, *, is_right: bool) -> None:
    reading = CallersReading(0 if is_right else 2, 3, more=False, read_at=world.clock.now())
    world.cloud.targets.callers = lambda read_at: replace(reading, read_at=read_at)  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("make", "check"),
    [(_callee, "targets"), (_role, "permissions"), (_callers, "callers")],
    ids=["callee", "role", "callers"],
)
def test_who_puts_it_right_and_says_so_is_believed_at_once(make: Callable[..., None], check: str) -> None:
    world = World()
    make(world, is_right=False)
    world.api.apply("orders", checked(check))
    world.run_for(900)
    assert world.ready_reason() == "PreflightFailed"
    make(world, is_right=True)
    world.api.apply("orders", checked(check, retryToken="again"))
    world.run(until=world.is_in(Phase.PROGRESSING), limit_s=5)
