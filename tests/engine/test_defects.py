"""Defects of our own: the one rollout that they concern is held and tried again, the others go on."""

from datetime import datetime
from typing import Any

import structlog
from structlog.testing import capture_logs

from sfn_rollouts.api.status import AlarmState, Outcome, Phase, Status
from sfn_rollouts.core.decide import decide
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.rollout import Rollout
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.ports import Key
from tests.engine.world import Metered, World, spec


class Switch:
    """A core with a defect that can be switched on, for one version."""

    def __init__(self) -> None:
        self.is_broken = False
        self.calls = 0

    def decide(self, rollout: Rollout, seen: Observation, now: datetime) -> Decision:
        if self.is_broken and getattr(rollout.spec, "version", 0) == 2:
            self.calls += 1
            raise ZeroDivisionError("a defect")
        return decide(rollout, seen, now)


def _in_flight(switch: Switch) -> World:
    world = World(switch.decide)
    world.api.apply("orders", spec(progressDeadline="1h"))
    world.run(until=lambda: world.status().step_index == 0)
    world.settle()
    switch.is_broken = True
    return world


def test_a_rollout_that_cannot_be_decided_is_held_visibly_and_tried_again() -> None:
    switch = Switch()
    world = _in_flight(switch)
    world.run_for(600)
    assert world.ready_reason() == "InternalError"
    assert world.cloud.routing() == Routing.split(1, 2, 10)
    assert 5 < switch.calls < 40
    assert len(world.api.phases) < 12
    switch.is_broken = False
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=301 + 130)


def test_one_that_cannot_be_decided_is_tried_again_ever_less_and_the_log_says_where_it_failed() -> None:
    switch = Switch()
    switch.is_broken = True
    world = World(switch.decide)
    world.api.apply("orders", spec(alarms=None))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("info"))  # undone by conftest.py
    with capture_logs() as logged:
        world.run_for(100)
    errors = [line for line in logged if line["log_level"] == "error"]
    assert {(line["event"], line["rollout"]) for line in errors} == {("deciding failed", "shop/orders")}
    assert all(isinstance(line["exc_info"], ZeroDivisionError) for line in errors)
    assert len(errors) == switch.calls < 10


def test_held_for_longer_than_the_deadline_it_goes_back_in_one_write() -> None:
    switch = Switch()
    world = _in_flight(switch)
    world.run(until=lambda: world.cloud.routing() == Routing.whole(1), limit_s=4000)
    world.run_for(3600)
    assert world.cloud.writes.count("100 % on version 1") == 1
    assert world.cloud.count()["read"] < 250
    switch.is_broken = False
    world.run(until=lambda: world.status().outcome is Outcome.ROLLED_BACK, limit_s=301)


def test_one_that_has_not_begun_is_tried_again_too() -> None:
    switch = Switch()
    switch.is_broken = True
    world = World(switch.decide)
    world.api.apply("orders", spec())
    world.run_for(60)
    assert world.ready_reason() == "InternalError"
    switch.is_broken = False
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=301 + 130)


def test_the_others_go_on() -> None:
    switch = Switch()
    switch.is_broken = True
    world = World(switch.decide)
    world.cloud.route_named("other", Routing.whole(1))
    world.api.apply("orders", spec())
    world.api.apply("other", spec(3, alias="other"))
    world.run(until=world.is_in(Phase.SUCCEEDED, name="other"), limit_s=200)


def test_a_core_that_never_comes_to_an_end_is_stopped() -> None:
    def restless(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
        return Decision(rollout.status.with_(weight=1 - (rollout.status.weight or 0)))

    world = World(restless)
    world.api.apply("orders", spec())
    world.run_for(60)
    assert world.ready_reason() == "InternalError"
    assert "no end after 12 decisions" in (world.status().message or "")


def test_a_defect_of_many_words_is_reported_in_few() -> None:
    def verbose(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
        raise ValueError("x" * 600)

    world = World(verbose)
    world.api.apply("orders", spec())
    world.run_for(1)
    assert (world.status().message or "").endswith(" ValueError: " + "x" * 500)


class Broken(Metered):
    """Fails for one rollout, once a test asks for it."""

    is_broken = False

    def rollout(self, key: Key, alias: AliasArn | None, status: Status) -> None:
        if self.is_broken and key.name == "orders":
            raise ZeroDivisionError("a defect")
        super().rollout(key, alias, status)


def _with(meter: Metered, **fields: Any) -> World:
    """A rollout in its first step."""
    world = World()
    world.meter = meter
    world.start()
    world.api.apply("orders", spec(**fields))
    world.run(until=lambda: world.status().step_index == 0)
    world.settle()
    return world


def test_a_tick_that_fails_outside_of_deciding_is_tried_again_and_traffic_comes_first() -> None:
    meter = Broken()
    world = _with(meter)
    meter.is_broken = True
    world.cloud.set_alarm("errors", AlarmState.ALARM)
    world.run(until=lambda: world.cloud.routing() == Routing.whole(1), limit_s=11)
    meter.is_broken = False
    world.run(until=world.is_in(Phase.ROLLED_BACK), limit_s=60)


def test_a_tick_that_failed_is_counted_and_made_again_though_nothing_else_happens() -> None:
    meter = Broken()
    world = _with(meter, alarms=None)
    meter.is_broken = True
    world.run_for(120)
    assert 3 < meter.defects < 20
    meter.is_broken = False
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=301 + 70)


def test_after_a_sound_tick_the_next_one_that_fails_is_tried_again_soon() -> None:
    meter = Broken()
    world = _with(meter, alarms=None, strategy={"canary": {"weight": 10, "interval": "1h"}})
    meter.is_broken = True
    world.api.command("orders", id="1", action="pause")
    world.run_for(120)
    meter.is_broken = False
    world.run(until=world.is_in(Phase.PAUSED), limit_s=301)
    world.settle()
    meter.is_broken, before = True, meter.defects
    world.api.command("orders", id="2", action="resume")
    world.run_for(6)
    assert meter.defects > before + 1
