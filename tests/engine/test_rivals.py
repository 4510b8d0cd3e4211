"""Two resources on one alias: one acts, the other waits until it is gone."""

from collections.abc import Mapping
from random import Random
from typing import Any

from sfn_rollouts.api.status import Phase
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.engine.record import Record
from sfn_rollouts.engine.resource import Resource
from sfn_rollouts.engine.rivals import Rivals
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


def test_the_older_one_is_who_was_created_first() -> None:
    world = World()
    world.api.apply("orders", spec(2))
    older = world.api.resource("orders")
    assert older is not None
    younger = {**older, "metadata": {**older["metadata"], "name": "copy", "uid": "uid-0"}}
    younger["metadata"]["creationTimestamp"] = "2026-03-01T23:59:59Z"
    records = [Record(Resource.parse(raw), Random(1)) for raw in (older, younger)]
    rivals = Rivals({record.uid: record for record in records})
    for record in records:
        rivals.claim(record)
    assert [rivals.has_older(record) for record in records] == [False, True]


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


def _in_flight_as_an_older_one_appears(first: Mapping[str, Any]) -> World:
    """The watch did not show its creation."""
    world = World()
    world.api.is_watch_cut = True
    world.api.apply("first", first)
    world.api.is_watch_cut = False
    world.clock.advance(5)
    world.api.apply("orders", spec(2))
    world.run(until=lambda: world.status().step_index == 0)
    found = world.api.resource("first")
    assert found is not None
    world.engine.upsert(found)
    return world


def test_one_in_flight_is_not_stopped_by_an_older_one_that_appears() -> None:
    world = _in_flight_as_an_older_one_appears(first=spec(2))
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=200)
    assert world.cloud.routing() == Routing.whole(2)


def test_the_older_one_acts_as_soon_as_the_one_in_flight_has_ended() -> None:
    world = _in_flight_as_an_older_one_appears(first=spec(3))
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=200)
    assert world.ready_reason("first") == "AliasConflict"
    world.run(until=lambda: world.status("first").step_index == 0, limit_s=5)
    world.run(until=world.is_in(Phase.SUCCEEDED, name="first"), limit_s=200)
    assert (world.cloud.routing(), world.ready_reason()) == (Routing.whole(3), "AliasConflict")
