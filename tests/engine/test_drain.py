"""Draining: what has begun ends and is reported, nothing forward begins, rollbacks go on."""

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.ports import Lane
from tests.engine.world import World, spec


def test_a_write_that_has_begun_is_verified_and_reported() -> None:
    world = World()
    world.api.apply("orders", spec())
    world.on_effect = lambda what: world.engine.drain() if what == "before an alias write" else None
    world.run(until=lambda: len(world.cloud.writes) == 1)
    world.settle()
    assert world.engine.is_quiet
    assert world.status().step_index == 0
    assert world.status().intent is None


def test_a_write_that_has_not_begun_is_taken_back() -> None:
    world = World()
    world.api.apply("orders", spec())
    world.workers.held = {Lane.FORWARD}
    world.run_for(1)
    world.workers.held = set()
    world.run(until=lambda: any(job.lane is Lane.FORWARD for job in world.workers.jobs) and world.status().intent)
    assert not world.engine.is_quiet
    world.engine.drain()
    world.run_for(60)
    assert world.engine.is_quiet
    assert world.cloud.writes == []


def test_nothing_forward_begins_and_the_scheduler_does_not_spin() -> None:
    world = World()
    world.api.apply("orders", spec())
    world.run(until=lambda: world.status().step_index == 0)
    world.settle()
    world.engine.drain()
    jobs = world.workers.submitted[Lane.FORWARD]
    world.run_for(600)
    assert world.workers.submitted[Lane.FORWARD] == jobs
    assert len(world.cloud.writes) == 1
    assert world.engine.is_quiet


def test_a_rollback_goes_on() -> None:
    world = World()
    world.api.apply("orders", spec())
    world.run(until=lambda: world.status().step_index == 0)
    world.engine.drain()
    world.cloud.set_alarm("errors", AlarmState.ALARM)
    world.run(until=lambda: world.cloud.routing() == Routing.whole(1), limit_s=11)
    world.settle()
    assert world.engine.is_quiet
    assert world.ready_reason() == "AlarmFiring"


def test_without_an_api_server_it_is_quiet_between_two_tries() -> None:
    world = World()
    world.api.apply("orders", spec())
    world.api.is_down = True
    world.engine.drain()
    world.engine.sweep([world.api.resource("orders")])  # type: ignore[list-item]
    world.settle()
    assert world.engine.is_quiet
