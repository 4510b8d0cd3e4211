"""What the engine tells the meter: how long things took, what became of readings, what is shown of whom."""

from datetime import datetime, timedelta

import pytest

from sfn_rollouts.api.status import AlarmState, HistoryEntry, Outcome, Phase, Status
from sfn_rollouts.api.status import Trip as TripStatus
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.rollout import Rollout
from sfn_rollouts.engine.durations import rollback_s, step_s
from sfn_rollouts.errors import Transient
from tests.engine.fake_clock import NOON
from tests.engine.faults import FOR_EVER
from tests.engine.world import World, spec

LATER = NOON + timedelta(minutes=5)
MUCH_LATER = NOON + timedelta(minutes=10)
TRIP = TripStatus(reason="AlarmFiring", message="it fires", at=LATER)
IN_STEP = Status(started_at=NOON, step_started_at=NOON)

# -- durations, from two statuses --

STEPS = {
    "the next step began": (IN_STEP, IN_STEP.model_copy(update={"step_started_at": LATER}), 300.0),
    "the next step began after the shortest wait that there is": (
        IN_STEP,
        IN_STEP.model_copy(update={"step_started_at": NOON + timedelta(seconds=1)}),
        1.0,
    ),
    "it had no wait of its own": (
        IN_STEP,
        IN_STEP.model_copy(update={"step_started_at": NOON + timedelta(milliseconds=999)}),
        None,
    ),
    "nothing happened": (IN_STEP, IN_STEP, None),
    "no step has begun": (Status(), IN_STEP, None),
    "all is done": (
        IN_STEP,
        IN_STEP.model_copy(update={"finished_at": LATER, "outcome": Outcome.PROMOTED}),
        300.0,
    ),
    "it went back before anybody noted why": (
        IN_STEP,
        IN_STEP.model_copy(update={"finished_at": LATER, "outcome": Outcome.ROLLED_BACK}),
        None,
    ),
    "it was going back": (
        IN_STEP.model_copy(update={"trip": TRIP}),
        IN_STEP.model_copy(update={"finished_at": MUCH_LATER, "outcome": Outcome.ROLLED_BACK}),
        None,
    ),
    "another rollout began": (IN_STEP, Status(started_at=LATER, step_started_at=LATER), None),
    "the clock was set back": (
        IN_STEP,
        IN_STEP.model_copy(update={"step_started_at": NOON - timedelta(minutes=1)}),
        None,
    ),
    "it rests": (
        IN_STEP.model_copy(update={"finished_at": LATER, "outcome": Outcome.PROMOTED}),
        IN_STEP.model_copy(update={"finished_at": LATER, "outcome": Outcome.PROMOTED, "message": "still"}),
        None,
    ),
}


@pytest.mark.parametrize("sentence", STEPS)
def test_a_step_is_over_when(sentence: str) -> None:
    before, after, seconds = STEPS[sentence]
    assert step_s(before, after) == seconds


def test_a_rollback_lasts_from_the_finding_to_the_end_and_never_less_than_nothing() -> None:
    ended = HistoryEntry(version=2, outcome=Outcome.ROLLED_BACK, reason="AlarmFiring", finished_at=MUCH_LATER)
    assert rollback_s(Status(trip=TRIP), ended) == 300.0
    assert rollback_s(Status(trip=TRIP), None) is None
    assert rollback_s(Status(), ended) is None
    assert rollback_s(Status(trip=TRIP), ended.model_copy(update={"finished_at": NOON})) == 0.0


# -- in a world --


def test_a_canary_has_a_step_and_a_bake_of_a_minute_each() -> None:
    world = World()
    world.api.apply("orders", spec())
    world.run(until=world.is_in(Phase.SUCCEEDED))
    assert [round(seconds) for seconds in world.meter.steps_s] == [60, 60]
    assert world.meter.rollbacks_s == []
    assert world.meter.sound_ticks > 0
    assert world.meter.defects == 0


def test_a_rollback_is_measured_and_the_step_that_it_cut_short_is_not() -> None:
    world = World()
    world.api.apply("orders", spec())
    world.run(until=lambda: world.status().step_index == 0)
    world.cloud.set_alarm("errors", AlarmState.ALARM)
    world.run(until=world.is_in(Phase.ROLLED_BACK))
    assert len(world.meter.rollbacks_s) == 1
    assert 0 < world.meter.rollbacks_s[0] < 2
    assert world.meter.steps_s == []


def test_a_decision_that_fails_is_counted_as_a_defect() -> None:
    def broken(rollout: Rollout, seen: Observation, now: datetime) -> None:
        raise ZeroDivisionError("a defect")

    world = World(broken)  # type: ignore[arg-type] - it never gives a decision
    world.api.apply("orders", spec())
    world.run_for(1)
    assert world.meter.defects > 0
    assert world.meter.sound_ticks == 0


def test_one_that_stands_by_shows_no_rollout_until_it_leads() -> None:
    world = World()
    world.api.apply("orders", spec())
    world.run(until=world.is_in(Phase.SUCCEEDED))
    world.meter.shown.clear()
    world.stands_by = True
    world.start()
    world.run_for(60)
    assert world.meter.shown == {}

    world.engine.lead()
    assert list(world.meter.shown.values()) == ["Succeeded"]


# -- the alarm board --


def _watching(*names: str) -> World:
    """A rollout in its first step of an hour, which watches these alarms every 10 s."""
    world = World()
    for name in names:
        world.cloud.set_alarm(name, AlarmState.OK)
    canary = {"canary": {"weight": 10, "interval": "1h"}}
    world.api.apply("orders", spec(strategy=canary, alarms={"names": list(names)}))
    world.run(until=lambda: world.status().step_index == 0)
    world.run_for(60)
    return world


def test_each_alarm_of_a_call_is_counted_by_what_came_of_it() -> None:
    world = _watching("errors", "latency")
    assert set(world.meter.alarm_reads_of) == {"Read", "Missing"}
    assert world.meter.alarm_reads_of["Missing"] == 0
    read = world.meter.alarm_reads_of["Read"]

    world.cloud.faults.add("alarms", Transient("503"))
    world.run_for(15)
    assert world.meter.alarm_reads_of["Transient"] == 2
    assert world.meter.alarm_reads_of["Read"] > read

    world.cloud.delete_alarm("latency")
    world.run_for(10)
    assert world.meter.alarm_reads_of["Missing"] == 1


def test_the_board_shows_its_oldest_reading_which_is_of_the_last_poll() -> None:
    world = _watching("errors", "latency")
    watched, unseen, oldest = world.meter.board
    assert (watched, unseen) == (2, 0)
    assert oldest is not None
    assert (world.clock.now() - oldest).total_seconds() <= 10


def test_alarms_that_cannot_be_read_for_three_polls_are_unseen() -> None:
    world = _watching("errors", "latency")
    oldest = world.meter.board[2]
    world.cloud.faults.add("alarms", Transient("503"), FOR_EVER)
    world.run_for(20)
    assert world.meter.board == (2, 0, oldest)
    world.run_for(20)
    assert world.meter.board == (2, 2, oldest)


def test_a_board_that_nobody_watches_has_no_oldest_reading() -> None:
    world = _watching("errors")
    world.api.command("orders", id="a", action="abort")
    world.run(until=world.is_in(Phase.ROLLED_BACK))
    assert world.meter.board == (0, 0, None)


def test_an_alarm_that_has_never_been_read_is_as_old_as_the_request_to_read_it() -> None:
    world = World()
    world.cloud.faults.add("alarms", Transient("503"), FOR_EVER)
    world.api.apply("orders", spec())
    since = world.clock.now()
    world.run_for(5)
    watched, unseen, oldest = world.meter.board
    assert (watched, unseen) == (1, 1)
    assert oldest is not None
    assert timedelta() <= oldest - since < timedelta(seconds=1)
