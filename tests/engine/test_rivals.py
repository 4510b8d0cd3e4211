"""Two resources on one alias: one acts, the other waits until it is gone."""

from sfn_rollouts.api.status import Phase
from sfn_rollouts.core.routing import Routing
from tests.engine.world import World, spec


def _two() -> World:
    world = World()
    world.api.apply("orders", spec(2))
    world.clock.advance(5)
    world.api.apply("copy", spec(3))
    return world


def test_the_older_one_acts_and_the_other_says_why_it_does_not() -> None:
    world = _two()
    world.run(until=world.is_in(Phase.SUCCEEDED))
    assert world.cloud.routing() == Routing.whole(2)
    assert world.ready_reason("copy") == "AliasConflict"


def test_once_the_older_one_is_deleted_the_other_acts() -> None:
    world = _two()
    world.run(until=world.is_in(Phase.SUCCEEDED))
    world.settle()
    world.api.delete("orders")
    world.run(until=world.is_in(Phase.SUCCEEDED, name="copy"), limit_s=200)
    assert world.cloud.routing() == Routing.whole(3)


def test_nothing_begins_before_the_first_sweep_but_what_is_in_flight_goes_on() -> None:
    world = World()
    world.api.apply("orders", spec(2))
    world.run(until=lambda: world.status().step_index == 0)
    world.settle()
    world.clock.advance(5)
    world.api.apply("copy", spec(3))
    world.settle()
    in_flight, waiting = world.api.list()
    world.is_swept = False
    world.start()
    world.run_for(1)
    assert world.workers.submitted.total() == 0
    world.engine.upsert(waiting)
    world.run_for(60)
    assert world.workers.submitted.total() == 0
    world.engine.upsert(in_flight)
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=200)
    assert world.ready_reason("copy") == "AliasConflict"


def test_one_in_flight_is_not_stopped_by_an_older_one_that_appears() -> None:
    world = World()
    world.api.apply("orders", spec(2))
    world.run(until=lambda: world.status().step_index == 0)
    raw = world.api.resource("orders")
    assert raw is not None
    raw["metadata"] |= {"name": "restored", "uid": "uid-0", "creationTimestamp": "2020-01-01T00:00:00Z"}
    raw["status"] = {"observedGeneration": -1}
    world.engine.upsert(raw)
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=200)
