"""Telling: what is counted, logged and announced, with which weight."""

from datetime import datetime

import structlog
from structlog.testing import capture_logs

from sfn_rollouts.api.status import AlarmState, Phase
from sfn_rollouts.core.announce import StepEntered
from sfn_rollouts.core.decide import decide
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.rollout import Rollout
from sfn_rollouts.ports import Key
from tests.engine.fake_cloud import LIVE
from tests.engine.world import World, spec


def test_an_end_is_counted_for_its_rollout_and_its_alias() -> None:
    world = World()
    world.api.apply("orders", spec())
    world.run(until=world.is_in(Phase.SUCCEEDED))
    assert world.meter.ended == [Key("shop", "orders")]
    assert world.meter.aliases == {Key("shop", "orders"): LIVE}


def test_in_the_log_a_step_is_information_and_a_firing_alarm_a_warning() -> None:
    """Who is paged by warnings shall not be woken by a rollout that goes well."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("info"))  # undone by conftest.py
    world = World()
    world.api.apply("orders", spec())
    with capture_logs() as logged:
        world.run(until=lambda: world.status().step_index == 0)
        world.cloud.set_alarm("errors", AlarmState.ALARM)
        world.run(until=world.is_in(Phase.ROLLED_BACK))
    news = [line for line in logged if line["event"] != "alias written" and "rollout" in line]
    levels = {line["reason"]: line["log_level"] for line in news}
    assert (levels["StepStarted"], levels["AlarmFiring"]) == ("info", "warning")
    assert "error" not in levels.values()


def test_a_tick_is_measured_by_how_long_it_took() -> None:
    def slow(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
        world.clock.advance(0.25)
        return decide(rollout, seen, now)

    world = World(slow)
    world.api.apply("orders", spec())
    world.run_for(1)
    assert world.meter.longest_tick_s == 0.5  # what was decided is decided on once more


def test_a_step_is_announced_with_what_programs_need_and_measured_once_it_is_over() -> None:
    world = World()
    world.api.apply("orders", spec())
    world.run(until=lambda: world.status().step_index == 0)
    assert world.meter.steps_s == []
    world.run(until=world.is_in(Phase.SUCCEEDED))
    entered = [news.entered for news in world.announced.words if news.reason is Reason.STEP_STARTED]
    assert StepEntered("1/2", 2, 10) in entered
    assert all(60 <= step_s < 62 for step_s in world.meter.steps_s)
    assert len(world.meter.steps_s) == 2, "the step, and the bake"


def test_a_spec_that_has_no_plan_is_shown_too() -> None:
    world = World()
    world.api.apply("orders", spec(strategy={}))
    world.run(until=lambda: world.status().conditions)
    assert world.ready_reason() == "InvalidSpec"
    assert world.meter.shown == {Key("shop", "orders"): str(world.phase())}
