"""Killed, or without an answer, between any two effects: it ends as it would have, and nothing is shifted twice."""

from collections.abc import Callable
from random import Random

import pytest

from sfn_rollouts.api.status import AlarmState, Outcome, Phase
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.errors import Transient
from tests.engine.world import Crash, World, spec

ENDS = (Phase.SUCCEEDED, Phase.ROLLED_BACK, Phase.FAILED)
Ending = tuple[object, ...]


def _promoted() -> World:
    world = World()
    world.api.apply("orders", spec())
    return world


def _rolled_back() -> World:
    world = _promoted()
    world.at(30, lambda: world.cloud.set_alarm("errors", AlarmState.ALARM))
    return world


def _superseded() -> World:
    world = _promoted()
    world.at(30, lambda: world.api.apply("orders", spec(3)) and None)
    return world


def _aborted() -> World:
    world = _promoted()
    world.at(30, lambda: world.api.command("orders", id="a", action="abort"))
    return world


def _created() -> World:
    world = _promoted()
    world.cloud.route(None)
    return world


STORIES: dict[str, Callable[[], World]] = {
    "a canary is promoted": _promoted,
    "an alarm fires at the first step": _rolled_back,
    "another version is asked for at the first step": _superseded,
    "somebody aborts at the first step": _aborted,
    "the alias is new": _created,
}


def _end(world: World) -> Ending:
    """Go on until all is quiet; what must be the same with and without trouble."""
    world.run_for(1200)
    assert not world.workers.jobs
    status = world.status()
    history = [(entry.version, str(entry.outcome), entry.reason) for entry in status.history]
    raw = world.api.resource("orders")
    assert raw is not None
    return (
        world.cloud.writes,
        world.cloud.routing(),
        status.phase,
        history,
        status.trip,
        status.intent,
        raw["metadata"]["finalizers"],
        world.ready_reason(),
    )


def _points(story: str) -> list[int]:
    world = STORIES[story]()
    _end(world)
    return list(range(1, world.points + 1))


EVERY_POINT = [(story, point) for story in STORIES for point in _points(story)]


@pytest.mark.parametrize(("story", "point"), EVERY_POINT)
def test_killed_at_any_point_it_ends_as_if_nothing_had_happened(story: str, point: int) -> None:
    undisturbed, world = STORIES[story](), STORIES[story]()
    world.stop_at = point
    assert _end(world) == _end(undisturbed)
    assert world.crashes == 1


@pytest.mark.parametrize(("story", "point"), EVERY_POINT)
def test_without_an_answer_at_any_point_it_ends_as_if_nothing_had_happened(story: str, point: int) -> None:
    undisturbed, world = STORIES[story](), STORIES[story]()
    world.stop_at, world.stopped_by = point, Transient("connection reset")
    assert _end(world) == _end(undisturbed)
    assert world.crashes == 0


@pytest.mark.parametrize("down_s", [0.0, 5.0, 300.0])
@pytest.mark.parametrize("clears", [False, True], ids=["and stays", "and clears"])
@pytest.mark.parametrize("point", _points("a canary is promoted"))
def test_an_alarm_that_fires_while_the_operator_is_down_is_not_missed(point: int, clears: bool, down_s: float) -> None:
    world = _promoted()
    world.stop_at, world.down_s = point, down_s
    was_in_flight = []

    def fire() -> None:
        was_in_flight.append(world.status().started_at is not None and world.status().finished_at is None)
        world.cloud.set_alarm("errors", AlarmState.ALARM)
        if clears:
            world.cloud.set_alarm("errors", AlarmState.OK)

    world.on_stop = fire
    world.run_for(1800)
    assert was_in_flight
    if was_in_flight[0] and world.cloud.writes:
        assert world.cloud.routing() == Routing.whole(1)
        assert world.status().outcome is Outcome.ROLLED_BACK
        assert world.cloud.writes.count("100 % on version 1") <= 1
    elif was_in_flight[0]:
        assert world.cloud.routing() == Routing.whole(1)
    elif clears or world.status().finished_at is not None:
        assert world.phase() is Phase.SUCCEEDED
    else:
        assert (world.phase(), world.ready_reason()) == (Phase.PENDING, "AlarmFiring")
        assert world.cloud.writes == []


@pytest.mark.parametrize("point", _points("a canary is promoted"))
def test_an_alarm_that_fires_when_an_answer_is_lost_is_not_missed(point: int) -> None:
    world = _promoted()
    world.stop_at, world.stopped_by = point, Transient("connection reset")
    world.on_stop = lambda: world.cloud.set_alarm("errors", AlarmState.ALARM)
    world.run_for(1800)
    if world.status().started_at is None:
        assert (world.phase(), world.cloud.writes) == (Phase.PENDING, [])
    else:
        assert world.cloud.routing() in (Routing.whole(1), Routing.whole(2))
        assert world.phase() in ENDS
    if world.cloud.writes and world.phase() is Phase.ROLLED_BACK:
        assert world.cloud.writes[-1] == "100 % on version 1"


@pytest.mark.parametrize("seed", range(30))
def test_killed_again_and_again_it_still_gets_there(seed: int) -> None:
    world, random = _rolled_back(), Random(seed)
    world.down_s = random.choice([0.1, 1.0, 5.0])

    def again() -> None:
        world.stop_at = world.points + random.randint(2, 15)

    world.on_stop = again
    again()
    world.run_for(120)
    assert world.crashes >= 1
    world.stop_at = None
    has_begun = bool(world.cloud.writes)
    world.run_for(600)
    assert world.cloud.routing() == Routing.whole(1)
    assert world.phase() is (Phase.ROLLED_BACK if has_begun else Phase.PENDING)
    assert len(world.cloud.writes) in (0, 2)


def test_a_crash_is_none_of_the_errors_that_the_engine_catches() -> None:
    assert not issubclass(Crash, Exception)
