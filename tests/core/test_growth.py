"""A further judge is one file and one row: no stage, no check and no closing knows of it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.status import AlarmState, Outcome, Phase, Status
from sfn_rollouts.core.announce import announcements
from sfn_rollouts.core.decide import decide, hold_after_error
from sfn_rollouts.core.judges.judge import Judge, Judgement
from sfn_rollouts.core.judges.table import JUDGES
from sfn_rollouts.core.values.conditions import ConditionValue, condition
from sfn_rollouts.core.values.decision import Decision, WriteKind
from sfn_rollouts.core.values.findings import Finding, Hold, Trip
from sfn_rollouts.core.values.looks import FindVersion, Look, ReadAlias
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import AlarmReading, AlarmSnapshot, AliasReading, VersionFound, VersionReading
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.rollout import Rollout
from sfn_rollouts.core.values.routing import Routing
from tests.core.specs import WITH_ALARM, spec
from tests.core.world import START, World


@dataclass(frozen=True, slots=True)
class ReadTide(Look[int]):
    """A toy: how high the sea stands, in centimetres."""


def judge_tide(_: Spec, status: Status, seen: Observation, now: datetime) -> Judgement:
    """Above 2 m it goes back, above 1 m a person must look. Its memory is `outcome`, for want of a field of its own."""
    level = seen.of(ReadTide())
    looks: frozenset[Look[int]] = frozenset({ReadTide()})
    if not isinstance(level, int):
        return Judgement((Hold(Reason.INITIALIZING, "the tide is being read"),), looks=looks, refresh=looks)
    words, findings = f"the sea stands {level} cm high", tuple[Finding, ...]()
    if level > 200:
        findings = (Trip(Reason.ALARM_FIRING, words),)
    elif level > 100:
        findings = (Hold(Reason.ALARM_UNEVALUATED, words, needs_person=True),)
    value = ConditionValue.false if findings else ConditionValue.true
    memory = {"outcome": Outcome.ABORTED if findings else status.outcome or Outcome.PROMOTED}
    return Judgement(findings, value(Reason.IN_SYNC, words), memory, lapses_at=now + timedelta(seconds=3))


TIDE = Judge("TideLow", judge_tide, blank={"outcome": None})
BOTH = (*JUDGES, TIDE)


@pytest.fixture(scope="module")
def world() -> World:
    """A canary at 10 %, whose next step is due; its alarm is silent."""
    world = World(**WITH_ALARM)
    world.advance(598)
    world.now += timedelta(seconds=3)
    world.seen = replace(world.seen, alarms=alarm(AlarmState.OK, world.now))
    return world


def alarm(state: AlarmState, read_at: datetime) -> dict[str, AlarmReading]:
    return {"A": AlarmReading(AlarmSnapshot(state, START - timedelta(hours=1)), read_at)}


def decided(world: World, tide: int | None, **changes: Any) -> Decision:
    seen = world.seen if tide is None else world.seen.answering(ReadTide(), tide)
    return decide(Rollout(1, spec(2, **{**WITH_ALARM, **changes}), world.status, START), seen, world.now, BOTH)


def test_what_it_lacks_is_looked_at_and_holds_the_step_meanwhile(world: World) -> None:
    decision = decided(world, None)
    assert ReadTide() in decision.looks
    assert decision.status.intent is None
    assert condition(decision.status, "TideLow").reason == "NotLooked"


def test_where_it_finds_nothing_the_step_is_taken_and_it_remembers(world: World) -> None:
    decision = decided(world, 50)
    assert decision.status.intent.weight == 100
    assert condition(decision.status, "TideLow").message == "the sea stands 50 cm high"
    assert decision.status.outcome is Outcome.PROMOTED
    assert decision.wake_at == world.now + timedelta(seconds=3), "its evidence grows old"


def test_its_hold_holds_the_step(world: World) -> None:
    decision = decided(world, 150)
    assert decision.status.intent is None
    assert decision.status.message == "the next step is held: the sea stands 150 cm high"
    assert condition(decision.status, "Stalled").reason == "AlarmUnevaluated"
    assert condition(decision.status, "TideLow").status == "False"
    news = announcements(world.status, decision.status)
    assert [(each.reason, each.is_warning) for each in news] == [("AlarmUnevaluated", True)]


def test_its_trip_sends_the_rollout_back(world: World) -> None:
    decision = decided(world, 250)
    assert decision.write.kind is WriteKind.RESTORE
    assert decision.write.routing == Routing.whole(1)
    assert (decision.status.phase, decision.status.trip.message) == (Phase.ROLLING_BACK, "the sea stands 250 cm high")


def test_a_trip_of_the_first_row_is_the_one_that_is_reported(world: World) -> None:
    firing = {"A": AlarmReading(AlarmSnapshot(AlarmState.ALARM, world.now), world.now)}
    seen = replace(world.seen.answering(ReadTide(), 250), alarms=firing)
    decision = decide(Rollout(1, spec(2, **WITH_ALARM), world.status, START), seen, world.now, BOTH)
    assert decision.status.trip.message == "alarm A is firing"


def test_it_holds_the_start_too() -> None:
    alias = AliasReading(Routing.whole(1), START, START)
    wanted = VersionReading(VersionFound.FOUND, START, START)
    seen = Observation({ReadAlias(): alias, FindVersion(2): wanted, ReadTide(): 150})
    seen = replace(seen, alarms=alarm(AlarmState.OK, START))
    decision = decide(Rollout(1, spec(2, **WITH_ALARM), Status(target_version=2), START), seen, START, BOTH)
    assert decision.status.message == "not started: the sea stands 150 cm high"


def test_nothing_is_remembered_of_the_rollout_before(world: World) -> None:
    ended = world.status.with_(finished_at=world.now, outcome=Outcome.ABORTED)
    again = decide(Rollout(2, spec(3, **WITH_ALARM), ended, START), world.seen, world.now, BOTH)
    assert (again.status.phase, again.status.target_version, again.status.outcome) == (Phase.PENDING, 3, None)


def test_its_condition_outlives_a_defect_of_the_operator(world: World) -> None:
    high = decided(world, 150).status
    held = hold_after_error(Rollout(1, spec(2, **WITH_ALARM), high, START), "KeyError", world.now, BOTH)
    assert condition(held.status, "TideLow") == condition(high, "TideLow")
