"""Traffic: what a write takes for the present."""

from datetime import timedelta
from random import Random

from sfn_rollouts.core.decision import Decision, Write, WriteKind
from sfn_rollouts.core.routing import Routing
from sfn_rollouts.engine.record import Record
from sfn_rollouts.engine.resource import Resource
from sfn_rollouts.engine.traffic import Traffic
from tests.engine.world import World, spec

SPLIT = Routing.split(1, 2, 10)


def test_a_step_takes_no_answer_from_before_the_last_restore_for_the_present() -> None:
    world = World()
    world.api.apply("orders", spec())
    world.run(until=lambda: world.status().step_index == 0)
    record = Record(Resource.parse(world.api.list()[0]), Random(1))
    known = record.working.alias
    assert known is not None
    assert known.update_date is not None
    record.facts.acknowledge(WriteKind.RESTORE, known.update_date + timedelta(seconds=1), world.clock.now())
    world.workers.jobs.clear()

    step = Write(WriteKind.FORWARD, Routing.whole(2), expected=SPLIT)
    traffic = Traffic(world.clock, world.workers, world.cloud, lambda uid: None)
    traffic.start(record, Decision(record.stored, step), may_go_forward=True)
    assert world.workers.run_one()
    assert world.cloud.routing() == SPLIT
    assert record.writing is None
