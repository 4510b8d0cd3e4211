"""The sources: which call answers a look, in which lane, how often it is tried, and how long it stays known."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from sfn_rollouts.analysis import LOOK_EVERY_S, Plan, Policy, Reported, foresee
from sfn_rollouts.api.analysis import Verdict
from sfn_rollouts.api.status import AlarmState, Phase, Status, Trip
from sfn_rollouts.core.values.analysis import ForecastReading
from sfn_rollouts.core.values.arn import AliasArn, Place
from sfn_rollouts.core.values.chores import RunSmoke, StartSmoke
from sfn_rollouts.core.values.executions import Counted, CountedMinutes, ExecutionPage, ExecutionReading, MinuteCounts
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
from sfn_rollouts.errors import Denied, Gone, NotListed, PortError, Transient
from sfn_rollouts.ports import LARGEST_PAGE, Clock, Lane, Outside, Urgency
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
    assert {kind: (limit_s(1), limit_s(100)) for kind, limit_s in limits.items()} == {
        FindCallee: (11.0, 110.0),
        ReadHistory: (31.0, 130.0),
    }
    for kind, limit_s in limits.items():
        lane, _ = known_sources[kind].route(IN_FLIGHT)
        assert limit_s(1) < 2 * SIZES[lane].limit_s


@dataclass(frozen=True)
class Manner:
    """How a source is asked, and how long its answers are kept: what `Source` says by itself, unless said here."""

    tries: int = 0
    is_kept: bool = True
    is_kept_at_rest: bool = True
    may_be_put_right: bool = False
    longest_pause_s: float = 300.0
    is_done_once: bool = False


MANNERS = {
    ReadAlias: Manner(),
    FindVersion: Manner(),
    ReadDefinition: Manner(tries=3),
    FindCallee: Manner(tries=3, may_be_put_right=True),
    AskRole: Manner(tries=3, may_be_put_right=True),
    CountCallers: Manner(tries=3, may_be_put_right=True),
    ReadSmoke: Manner(is_kept_at_rest=False),
    CountRunning: Manner(tries=5, is_kept=False),
    ForecastAnalysis: Manner(tries=3, is_kept_at_rest=False),
    JudgeExecutions: Manner(is_kept_at_rest=False, longest_pause_s=LOOK_EVERY_S),
    ReadHistory: Manner(is_kept=False, longest_pause_s=15.0),
    StartSmoke: Manner(is_kept_at_rest=False, is_done_once=True),
    RunSmoke: Manner(is_kept_at_rest=False, is_done_once=True),
}


@pytest.mark.parametrize("kind", MANNERS)
def test_each_source_is_asked_in_its_own_manner(
    known_sources: Mapping[type[Look[Any]], Source], kind: type[Look[Any]]
) -> None:
    source = known_sources[kind]
    assert Manner(**{each.name: getattr(source, each.name) for each in fields(Manner)}) == MANNERS[kind]


@pytest.mark.parametrize("found", VersionFound)
def test_only_a_version_that_is_not_there_is_something_that_somebody_must_create_first(
    known_sources: Mapping[type[Look[Any]], Source], found: VersionFound
) -> None:
    lacking = {kind for kind, source in known_sources.items() if source.is_lacking(VersionReading(found, NOON, NOON))}
    assert lacking == (set() if found is VersionFound.FOUND else {FindVersion})
    assert not known_sources[FindVersion].is_lacking(AliasMissing(NOON))


class Leads:
    """Whether this operator leads; a test may change it."""

    def __init__(self) -> None:
        self.is_so = True

    def __call__(self) -> bool:
        return self.is_so


@pytest.mark.parametrize("chore", [StartSmoke(7, "name", "given", "{}"), RunSmoke(7, "name", "given", "{}")], ids=str)
def test_whatever_its_row_says_a_chore_is_done_by_a_leader_alone_in_a_lane_of_chores_and_by_itself(
    chore: Look[Any],
) -> None:
    asked = Asked("done")
    row = Source(asked.do, together_s=float, tries=2)
    leads, clock, given = Leads(), FakeClock(), list[object]()

    def rows(outside: Outside, clock: Clock) -> Mapping[type[Look[Any]], Source]:
        given.extend((outside.leads, clock))
        return {type(chore): row}

    fenced = fenced_chores(rows, replace(World().outside(), leads=leads), clock)[type(chore)]
    assert given == [leads, clock]
    assert (fenced.together_s, fenced.is_done_once, fenced.tries) == (None, True, 2)
    assert fenced.route(IN_FLIGHT) == LANES[type(chore)][0]
    assert fenced.answer(LIVE, chore, Urgency.BACKGROUND) == "done"
    leads.is_so = False
    with pytest.raises(Transient) as raised:
        fenced.answer(LIVE, chore, Urgency.BACKGROUND)
    assert raised.value.why == "this operator does not hold the lease (any more) and does nothing"
    assert asked.calls == [("do", LIVE, chore, Urgency.BACKGROUND)]


# -- the forecast --


class Express:
    """`ports.ExecutionFeed` of an Express machine: nothing is listed, 12 start a day, in two minutes."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def page(self, alias: AliasArn, token: str | None, limit: int = LARGEST_PAGE) -> ExecutionPage:
        raise NotListed("AWS does not list executions of Express state machines")

    def minutes(self, place: Place, wanted: Collection[Counted], since: datetime) -> CountedMinutes:
        self.calls.append((place, wanted, since))
        started = [MinuteCounts(NOON, count, 0, 0) for count in (5, 7)]
        return CountedMinutes(dict.fromkeys(wanted, started), NOON)


def test_of_an_express_machine_a_day_of_counted_minutes_says_what_a_plan_can_notice() -> None:
    """Counts say nothing of durations, and come late."""
    express, clock, look = Express(), FakeClock(), ForecastAnalysis(PLAN, Policy(), 60.0)
    clock.advance(30.5)
    source = sources(replace(World().outside(), executions=express), clock)[ForecastAnalysis]
    reading = source.answer(LIVE, look, Urgency.BACKGROUND)
    assert express.calls == [(MACHINE.place, [Counted(MACHINE, "live")], NOON - timedelta(days=1))]
    foreseen = foresee(PLAN, Policy(durations=False), 0.5, bake_s=60.0, reported=Reported.COUNTED)
    read_at = NOON + timedelta(seconds=30.5)
    assert reading == ForecastReading(0.5, foreseen.noticed, foreseen.in_words(0.5), read_at)


class Pages:
    """`ports.ExecutionFeed` of a Standard machine: pages of executions by how many seconds ago each started."""

    def __init__(self, *pages: Sequence[float]) -> None:
        self.tokens: list[str | None] = []
        self._pages = pages

    def page(self, alias: AliasArn, token: str | None, limit: int = LARGEST_PAGE) -> ExecutionPage:
        self.tokens.append(token)
        number = int(token or 0)
        executions = tuple(
            ExecutionReading(f"e{number}-{each}", 1, NOON - timedelta(seconds=ago_s), None, "RUNNING")
            for each, ago_s in enumerate(self._pages[number])
        )
        more = str(number + 1) if number + 1 < len(self._pages) else None
        # Each page is answered a while after the one before it; the first one says when "now" is.
        return ExecutionPage(executions, more, NOON + timedelta(hours=number))

    def minutes(self, place: Place, wanted: Collection[Counted], since: datetime) -> CountedMinutes:
        raise AssertionError("what is listed is not counted")


STARTS = {
    "none": ([[]], 0.0, 1),
    "one page, and a day is over within it": ([[60, 3600, 86399, 86400, 90000]], 3 / 24, 1),
    "a page that does not end the day": ([[60, 120]], 2 / 24, 1),
    "a second page with the end of the day": ([[60, 120], [180, 90000], [100000]], 3 / 24, 2),
    "more than three pages": ([[60, 120], [900, 600], [900, 1200], [1800]], 6 / 1200 * 3600, 3),
    "three pages in one second": ([[0, 0], [0, 0], [0, 0], [0]], 6 * 3600.0, 3),
}


@pytest.mark.parametrize("listed", STARTS)
def test_a_few_pages_of_executions_say_how_often_one_starts(listed: str) -> None:
    pages, starts_per_hour, read = STARTS[listed]
    feed, look = Pages(*pages), ForecastAnalysis(PLAN, Policy(), 0.0)
    source = sources(replace(World().outside(), executions=feed), FakeClock())[ForecastAnalysis]
    assert source.answer(LIVE, look, Urgency.BACKGROUND).starts_per_hour == pytest.approx(starts_per_hour)
    assert feed.tokens == [None, "1", "2"][:read]


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
