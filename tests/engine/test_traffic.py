"""Traffic: what a step waits for, and what it takes for the present."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from sfn_rollouts.core.decision import Decision, Write, WriteKind
from sfn_rollouts.core.observation import AliasMissing
from sfn_rollouts.core.routing import Routing
from sfn_rollouts.engine.record import Record
from sfn_rollouts.engine.resource import Resource
from sfn_rollouts.engine.traffic import Traffic
from tests.engine.world import World, spec

SPLIT = Routing.split(1, 2, 10)
STEP = Write(WriteKind.FORWARD, Routing.whole(2), expected=SPLIT)


class Scene:
    """A rollout after its first step; the next one is asked for."""

    def __init__(self) -> None:
        self.world = World()
        self.world.api.apply("orders", spec())
        self.world.run(until=lambda: self.world.status().step_index == 0)
        self.world.workers.jobs.clear()
        self.record = Record(Resource.parse(self.world.api.list()[0]), Random(1))
        self.traffic = Traffic(self.world.clock, self.world.workers, self.world.cloud, lambda uid: None)

    def ask(self, *, may_go_forward: bool = True) -> bool:
        """Whether the step's write is started, now or before."""
        decision = Decision(self.record.working, STEP)
        assert self.traffic.start(self.record, decision, may_go_forward=may_go_forward) is None
        return self.record.writing is not None


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_step_that_stands_at_the_api_server_is_taken(scene: Scene) -> None:
    assert scene.ask()
    assert scene.world.workers.run_one()
    assert scene.world.cloud.routing() == Routing.whole(2)
    assert scene.record.writing is None


def test_a_step_waits_for_the_report_that_is_under_way(scene: Scene) -> None:
    scene.record.is_reporting = True
    assert not scene.ask()
    assert not scene.world.workers.jobs


def test_a_step_waits_until_what_was_decided_is_stored(scene: Scene) -> None:
    scene.record.working = scene.record.working.with_(message="something else")
    assert not scene.ask()


def test_a_step_waits_for_the_finalizer(scene: Scene) -> None:
    scene.record.resource = replace(scene.record.resource, has_finalizer=False)
    assert not scene.ask()


def test_a_step_that_is_asked_for_again_meanwhile_is_started_once(scene: Scene) -> None:
    assert scene.ask()
    assert scene.ask()
    assert len(scene.world.workers.jobs) == 1
    assert scene.world.workers.run_one()
    assert scene.world.cloud.routing() == Routing.whole(2)


def test_a_step_that_has_not_begun_is_taken_back_when_nothing_may_go_forward(scene: Scene) -> None:
    assert scene.ask()
    assert not scene.ask(may_go_forward=False)
    assert scene.world.workers.run_one()
    assert scene.world.cloud.routing() == SPLIT


def test_an_alias_that_a_step_does_not_find_was_missing_when_the_step_was_asked_for(scene: Scene) -> None:
    scene.world.cloud.route(None)
    asked_at = scene.world.clock.now()
    assert scene.ask()
    assert scene.world.workers.run_one()
    assert scene.record.facts.alias == AliasMissing(asked_at)


def test_a_step_takes_no_answer_from_before_the_last_restore_for_the_present(scene: Scene) -> None:
    known = scene.record.working.alias
    assert known is not None
    assert known.update_date is not None
    later = known.update_date + timedelta(seconds=1)
    scene.record.facts.acknowledge(WriteKind.RESTORE, later, scene.world.clock.now())
    assert scene.ask()
    assert scene.world.workers.run_one()
    assert scene.world.cloud.routing() == SPLIT
    assert scene.record.writing is None
