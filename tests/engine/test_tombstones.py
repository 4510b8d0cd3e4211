"""What is gone stays gone, whatever the watch still tells of the time before."""

from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.engine.tombstones import Tombstones
from tests.engine.world import World, spec


def test_a_late_event_from_before_the_deletion_does_not_begin_the_rollout_again() -> None:
    world = World()
    world.api.apply("orders", spec(alarms={"names": []}))
    world.run(until=lambda: world.status().intent is not None)
    late = world.api.resource("orders")
    assert late is not None
    world.run(until=lambda: world.status().step_index == 0)
    world.settle()
    world.api.delete("orders")
    world.run(until=lambda: world.api.resource("orders") is None, limit_s=10)
    world.settle()
    world.engine.upsert(late)
    world.run_for(600)
    assert world.cloud.routing() == Routing.whole(1)
    assert world.meter.shown == {}


def test_only_so_many_are_remembered() -> None:
    tombstones = Tombstones()
    for number in range(5000):
        tombstones.add(f"uid-{number}")
    assert "uid-4999" in tombstones
    assert "uid-904" in tombstones
    assert "uid-903" not in tombstones
