"""The sweep: what a watch has missed."""

from sfn_rollouts.api.status import Phase
from sfn_rollouts.errors import Transient
from tests.engine.world import World, spec


def _at_rest() -> World:
    world = World()
    world.api.apply("orders", spec())
    world.run(until=world.is_in(Phase.SUCCEEDED))
    world.settle()
    world.api.is_watch_cut = True
    return world


def test_it_finds_a_new_resource_and_a_changed_one() -> None:
    world = _at_rest()
    world.api.apply("orders", spec(3))
    world.api.apply("copy", spec(4))
    world.sweep()
    world.run(until=lambda: world.status().stable_version == 3, limit_s=200)
    assert world.ready_reason("copy") == "AliasConflict"


def test_with_the_first_one_begins_what_the_watch_has_brought_before() -> None:
    world = World()
    world.api.apply("orders", spec())
    world.is_swept = False
    world.start()
    resources = world.api.list()
    world.engine.upsert(resources[0])
    world.run_for(60)
    assert world.cloud.writes == []
    world.engine.sweep(resources)
    world.run(until=lambda: world.status().step_index == 0, limit_s=5)


def test_it_costs_nothing_where_nothing_was_missed() -> None:
    world = _at_rest()
    ticks = world.meter.sound_ticks
    world.sweep()
    assert world.meter.sound_ticks == ticks


def test_it_finds_that_one_has_vanished() -> None:
    world = _at_rest()
    world.api.drop("orders")
    world.sweep()
    world.settle()
    assert world.meter.shown == {}


def test_one_created_since_the_list_was_made_stays() -> None:
    world = _at_rest()
    world.engine.sweep([])
    world.settle()
    assert list(world.meter.shown.values()) == ["Succeeded"]


def test_while_the_api_server_does_not_answer_nobody_is_forgotten() -> None:
    world = _at_rest()
    world.api.drop("orders")
    world.api.faults.add("get", Transient("503"))
    world.sweep()
    world.settle()
    assert len(world.meter.shown) == 1
    world.sweep()
    world.settle()
    assert world.meter.shown == {}


def test_forgetting_an_unknown_one_changes_nothing() -> None:
    world = _at_rest()
    world.engine.forget("nobody")
    assert len(world.meter.shown) == 1


def test_after_a_restart_metrics_show_what_is_at_rest() -> None:
    world = _at_rest()
    world.meter.shown.clear()
    world.restart()
    world.run_for(1)
    assert list(world.meter.shown.values()) == ["Succeeded"]
