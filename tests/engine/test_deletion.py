"""Deletion: no split alias is left behind, and nothing keeps a resource for longer than that takes."""

import pytest
import structlog
from structlog.testing import capture_logs

from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.engine.regions import KEPT_S
from sfn_rollouts.errors import Denied
from tests.engine.faults import FOR_EVER
from tests.engine.world import World, spec


def _in_flight(**fields: object) -> World:
    world = World()
    world.api.apply("orders", spec(**fields))  # type: ignore[arg-type] # fields of the manifest
    world.run(until=lambda: world.status().step_index == 0)
    world.settle()
    return world


def _is_gone(world: World) -> bool:
    return world.api.resource("orders") is None


def test_deleted_in_flight_the_stable_version_is_restored_then_it_goes_without_last_words() -> None:
    world = _in_flight()
    written = len(world.api.phases)
    world.api.delete("orders")
    world.run(until=lambda: _is_gone(world), limit_s=10)
    assert world.cloud.routing() == Routing.whole(1)
    assert len(world.api.phases) == written
    world.run_for(3600)
    world.settle()  # what was kept for its region is given up by now, which is a job of its own
    assert world.meter.shown == {}
    assert world.engine.run_due() is None


def test_by_deletion_policy_the_split_is_left() -> None:
    world = _in_flight(deletionPolicy="Orphan")
    world.api.delete("orders")
    world.run(until=lambda: _is_gone(world), limit_s=10)
    assert world.cloud.routing() == Routing.split(1, 2, 10)


def test_deleted_at_rest_it_is_gone_at_once() -> None:
    world = World()
    world.api.apply("orders", spec())
    world.run(until=lambda: world.status().stable_version == 2)
    world.settle()
    world.api.delete("orders")
    assert _is_gone(world)


def test_a_restore_that_fails_keeps_the_resource_and_its_status_says_why() -> None:
    world = _in_flight()
    world.cloud.faults.add("shift", Denied("no UpdateStateMachineAlias"), FOR_EVER)
    world.api.delete("orders")
    world.run_for(3600)
    assert not _is_gone(world)
    assert world.status().trip is not None
    assert world.cloud.count()["shift"] < 480
    assert len(world.api.phases) < 20
    world.cloud.faults.fix("shift")
    world.run(until=lambda: _is_gone(world), limit_s=301)
    assert world.cloud.routing() == Routing.whole(1)


def test_killed_while_it_restores_for_a_deletion_it_goes_on() -> None:
    for point in range(1, 9):
        world = _in_flight()
        world.api.delete("orders")
        world.stop_at = world.points + point
        world.run_for(60)
        assert _is_gone(world), point
        assert world.cloud.routing() == Routing.whole(1), point
        assert world.cloud.writes.count("100 % on version 1") == 1, point


def test_without_our_finalizer_and_with_somebody_elses_it_is_left_in_peace() -> None:
    world = _in_flight()
    world.cloud.faults.add("shift", Denied("no UpdateStateMachineAlias"), FOR_EVER)
    world.api.set_finalizers("orders", "example.com/other")
    world.api.delete("orders")
    world.run_for(3600)
    assert not _is_gone(world)
    assert world.api.calls.count("report") < 30


def test_somebody_elses_finalizer_keeps_it_without_any_traffic() -> None:
    world = _in_flight()
    raw = world.api.resource("orders")
    assert raw is not None
    world.api.set_finalizers("orders", *raw["metadata"]["finalizers"], "example.com/other")
    world.api.delete("orders")
    world.run_for(60)
    calls, reports = len(world.cloud.calls), world.api.calls.count("report")
    world.run_for(3600)
    assert not _is_gone(world)
    assert (len(world.cloud.calls), world.api.calls.count("report")) == (calls, reports)
    world.api.set_finalizers("orders")
    world.settle()
    assert world.meter.shown == {}


@pytest.mark.parametrize("is_down", [False, True])
def test_a_finalizer_that_somebody_takes_away_is_put_back_before_the_next_step(is_down: bool) -> None:
    world = _in_flight()
    world.api.set_finalizers("orders")
    world.settle()
    world.api.is_down = is_down
    world.run_for(70)
    world.api.is_down = False
    world.run(until=lambda: world.status().stable_version == 2, limit_s=200)
    assert world.cloud.writes[-1] == "100 % on version 2"


@pytest.mark.parametrize("is_in_flight", [True, False])
def test_the_log_warns_of_one_that_is_gone_by_force_while_in_flight_and_of_no_other(*, is_in_flight: bool) -> None:
    world = _in_flight()
    if not is_in_flight:
        world.run(until=lambda: world.status().stable_version == 2)
        world.settle()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))  # undone by conftest.py
    with capture_logs() as logged:
        world.api.watch.append(world.api.drop("orders"))
        world.settle()
    words = "gone while in flight: nobody looks after its alias any more"
    assert [line["event"] for line in logged] == ([words] if is_in_flight else [])


def test_gone_by_force_while_in_flight_nothing_more_is_written() -> None:
    world = _in_flight()
    world.run(until=lambda: world.status().intent is not None)
    world.api.watch.append(world.api.drop("orders"))
    world.run_for(600)
    assert len(world.cloud.writes) == 1
    assert not world.workers.jobs


def test_nobody_is_woken_for_one_that_is_gone() -> None:
    world = _in_flight(alarms=None)
    assert world.engine.run_due() is not None
    world.engine.forget(world.api.drop("orders"))
    assert world.engine.run_due() == world.clock.monotonic() + KEPT_S  # its region, which nobody names any more
