"""Reporting: when the next report may be made."""

from random import Random

import pytest

from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.engine.lanes import Lanes
from sfn_rollouts.engine.record import Record
from sfn_rollouts.engine.reporting import PACE, Reporting
from sfn_rollouts.engine.resource import Resource
from sfn_rollouts.errors import Transient
from tests.engine.world import World, spec


class Scene:
    """A new rollout of which nothing has been reported."""

    def __init__(self) -> None:
        self.world = world = World()
        world.api.apply("orders", spec())
        self.record = Record(Resource.parse(world.api.list()[0]), Random(1))
        self.reporting = Reporting(
            world.clock,
            Lanes(world.clock, world.workers, world.meter),
            world.outside(),
            lambda record, raw: record.take(Resource.parse(raw or {})),
            lambda uid: None,
        )

    def report(self, message: str | None, *, holds_finalizer: bool = False) -> float | None:
        """Ask for a report of a status; None where it has been made, else when to ask again."""
        self.record.working = self.record.working.with_(message=message)
        decision = Decision(self.record.working, holds_finalizer=holds_finalizer)
        next_at = self.reporting.start(self.record, decision)
        assert (next_at is None) is self.record.is_reporting
        self.world.workers.run_one()
        return next_at


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_after_one_that_failed_a_report_is_made_as_soon_as_its_time_has_come(scene: Scene) -> None:
    scene.world.api.faults.add("report", Transient("503"))
    assert scene.report("one") is None
    next_at = scene.report("one")
    assert next_at is not None
    assert 0.25 <= next_at - scene.world.clock.monotonic() <= 0.5
    scene.record.pace(PACE).next_at = scene.world.clock.monotonic()
    assert scene.report("one") is None
    assert scene.world.api.calls.count("report") == 2


def test_a_report_that_fails_after_a_success_is_tried_again_soon(scene: Scene) -> None:
    for _ in range(8):
        scene.world.api.faults.add("report", Transient("503"))
        assert scene.report("one") is None
        scene.world.clock.advance(10)
    assert scene.report("one") is None
    scene.world.api.faults.add("report", Transient("503"))
    assert scene.report("two") is None
    next_at = scene.report("two")
    assert next_at is not None
    assert next_at - scene.world.clock.monotonic() <= 0.5


def test_one_that_was_stored_after_another_had_failed_is_no_reason_to_wait(scene: Scene) -> None:
    scene.world.api.faults.add("report", Transient("503"))
    assert scene.report("one") is None
    scene.world.clock.advance(1)
    assert scene.report("two") is None
    assert scene.report("three") is None
    raw = scene.world.api.resource("orders")
    assert raw is not None
    assert raw["status"]["message"] == "three"


def test_a_finalizer_that_was_stored_is_no_reason_to_wait_either(scene: Scene) -> None:
    scene.world.api.faults.add("report", Transient("503"))
    assert scene.report("one") is None
    scene.world.clock.advance(1)
    assert scene.report(scene.record.stored.message, holds_finalizer=True) is None
    assert scene.record.resource.has_finalizer
    assert scene.report("two", holds_finalizer=True) is None
