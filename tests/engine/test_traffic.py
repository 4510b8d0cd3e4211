"""Traffic: what a step waits for, and what it takes for the present."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
import structlog
from structlog.testing import capture_logs

from sfn_rollouts.api.status import Intent
from sfn_rollouts.core.values.decision import Decision, Write, WriteKind
from sfn_rollouts.core.values.readings import AliasMissing, Trouble, WriteFailure
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.engine.facts import FailedWrite
from sfn_rollouts.engine.lanes import Lanes
from sfn_rollouts.engine.record import Record
from sfn_rollouts.engine.recovery import Recovery
from sfn_rollouts.engine.resource import Resource
from sfn_rollouts.engine.traffic import Traffic
from sfn_rollouts.errors import Denied, Transient
from tests.engine.world import World, spec

SPLIT = Routing.split(1, 2, 10)
STEP = Write(WriteKind.FORWARD, Routing.whole(2), expected=SPLIT)
RESTORE = Write(WriteKind.RESTORE, Routing.whole(1), expected=SPLIT, ours=frozenset({SPLIT, Routing.whole(1)}))


class Scene:
    """A rollout after its first step; the next one is asked for."""

    def __init__(self) -> None:
        self.world = World()
        self.world.api.apply("orders", spec())
        self.world.run(until=lambda: self.world.status().step_index == 0)
        self.world.workers.jobs.clear()
        self.record = Record(Resource.parse(self.world.api.list()[0]), Random(1))
        intent = Intent(weight=100, step_index=1, at=self.world.clock.now())
        self.record.stored = self.record.working = self.record.working.with_(intent=intent)
        lanes = Lanes(self.world.clock, self.world.workers, self.world.meter)
        self.retried: list[tuple[str, bool]] = []
        recovery = Recovery(self.world.clock, lambda uid, is_over: self.retried.append((uid, is_over)))
        self.traffic = Traffic(self.world.clock, lanes, self.world.cloud, recovery, lambda uid: None)

    def ask(self, *, may_go_forward: bool = True) -> bool:
        """Whether the step's write is started, now or before."""
        decision = Decision(self.record.working, STEP)
        assert self.traffic.start(self.record, decision, may_go_forward=may_go_forward) is None
        return self.record.writing is not None

    def wait(self) -> float:
        """The monotonic time at which to ask again for the step, which is not started yet."""
        next_at = self.traffic.start(self.record, Decision(self.record.working, STEP), may_go_forward=True)
        assert self.record.writing is None
        assert next_at is not None
        return next_at


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


def test_a_step_that_is_asked_for_again_right_after_it_was_taken_waits_a_moment(scene: Scene) -> None:
    """AWS may still answer with what was before."""
    assert scene.ask()
    assert scene.world.workers.run_one()
    next_at = scene.wait()
    assert 0.1 <= next_at - scene.world.clock.monotonic() <= 0.2
    scene.world.clock.advance(next_at - scene.world.clock.monotonic())
    scene.record.pace(WriteKind.FORWARD).next_at = scene.world.clock.monotonic()
    assert scene.ask()


def test_of_a_step_that_fails_again_and_again_it_is_known_why_and_since_when(scene: Scene) -> None:
    scene.world.cloud.faults.add("shift", Transient("reset"))
    scene.world.cloud.faults.add("shift", Denied("no UpdateStateMachineAlias"))
    assert scene.ask()
    assert scene.world.workers.run_one()
    first_at = scene.world.clock.now()
    assert 0.25 <= scene.wait() - scene.world.clock.monotonic() <= 0.5
    scene.world.clock.advance(1)
    assert scene.ask()
    assert scene.world.workers.run_one()
    failure = WriteFailure("no UpdateStateMachineAlias", Trouble.DENIED, first_at)
    assert scene.record.facts.failed == FailedWrite(WriteKind.FORWARD, failure)
    assert 5 <= scene.wait() - scene.world.clock.monotonic() <= 10


def test_a_step_does_not_wait_for_the_failures_of_one_before_it_that_is_settled(scene: Scene) -> None:
    scene.world.cloud.faults.add("shift", Denied("no UpdateStateMachineAlias"))
    assert scene.ask()
    assert scene.world.workers.run_one()
    with_intent = scene.record.working
    settled = scene.record.working = with_intent.with_(intent=None)
    scene.traffic.start(scene.record, Decision(settled), may_go_forward=True)
    assert scene.record.facts.failed is None
    scene.record.working = with_intent
    assert scene.ask()


def test_a_defect_of_a_write_is_logged_with_its_traceback_and_a_bad_moment_of_aws_without(scene: Scene) -> None:
    errors = [ValueError("a defect"), Transient("reset")]
    for error in errors:
        scene.world.cloud.faults.add("shift", error)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("info"))  # undone by conftest.py
    with capture_logs() as logged:
        for _ in errors:
            assert scene.ask()
            assert scene.world.workers.run_one()
            scene.world.clock.advance(600)
    assert [line["exc_info"] for line in logged] == [errors[0], None]


def test_a_restore_was_asked_for_before_aws_was_called(scene: Scene) -> None:
    """What AWS took counts from that moment on: a trip that came while it was under way wants a restore of its own."""
    asked_at = scene.world.clock.now()
    scene.traffic.start(scene.record, Decision(scene.record.working, RESTORE), may_go_forward=False)
    assert scene.world.workers.run_one()
    assert scene.world.clock.now() > asked_at
    assert scene.record.facts.restore_asked_at == asked_at
    assert scene.record.facts.restored_at == scene.world.cloud.write_times[-1]


def test_a_restore_that_is_asked_for_again_where_it_is_to_be_seen_is_not_written_twice(scene: Scene) -> None:
    restore = Decision(scene.record.working, RESTORE)
    for _ in range(2):
        scene.traffic.start(scene.record, restore, may_go_forward=False)
        assert scene.world.workers.run_one()
        scene.world.clock.advance(600)
    assert scene.world.cloud.writes == [str(SPLIT), str(RESTORE.routing)]


@pytest.mark.parametrize("kind", [WriteKind.FORWARD, WriteKind.RESTORE])
def test_a_step_takes_no_answer_from_before_the_last_write_for_the_present(scene: Scene, kind: WriteKind) -> None:
    known = scene.record.working.alias
    assert known is not None
    assert known.update_date is not None
    later = known.update_date + timedelta(seconds=1)
    scene.record.facts.acknowledge(kind, later, scene.world.clock.now())
    assert scene.ask()
    assert scene.world.workers.run_one()
    assert scene.world.cloud.routing() == SPLIT
    assert scene.record.writing is None
