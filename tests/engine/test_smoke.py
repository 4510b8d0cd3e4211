"""The smoke in the engine: one execution of a name, whoever is killed, and nothing that a rollback waits for."""

from typing import Any

import pytest

from sfn_rollouts.api.status import AlarmState, Phase
from sfn_rollouts.core.values.chores import RunSmoke, StartSmoke
from sfn_rollouts.core.values.looks import ReadSmoke
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.errors import Denied, NoAnswer, Transient
from sfn_rollouts.ports import Lane
from sfn_rollouts.sim.smokes import Ending
from tests.core.specs import UNCHECKED
from tests.engine.faults import FOR_EVER
from tests.engine.world import World, spec

START, READ, RUN = "start execution", "read execution", "run execution"


def smoked(version: int = 2, **fields: Any) -> dict[str, Any]:
    return spec(version, preflight={**UNCHECKED, "smoke": {"input": {"dryRun": True}, "timeout": "1m"}}, **fields)


def world_with(ending: Ending) -> World:
    world = World()
    world.cloud.smokes.usual = ending
    world.api.apply("orders", smoked())
    return world


def started(world: World) -> list[str]:
    return list(world.cloud.smokes.started)


def calls(world: World) -> list[str]:
    return [call for call in world.cloud.calls if call in (START, READ, RUN)]


def test_it_is_started_once_read_until_it_ends_and_traffic_follows() -> None:
    world = world_with(Ending(after_s=20.0))
    world.run_for(10)
    assert (world.phase(), world.ready_reason(), world.cloud.writes) == (Phase.PENDING, "SmokeRunning", [])
    world.run(until=world.is_in(Phase.PROGRESSING))
    assert calls(world).count(START) == len(started(world)) == 1
    assert 2 <= calls(world).count(READ) <= 12


def test_nothing_is_started_before_its_attempt_is_stored() -> None:
    """The version is read, the attempt decided, and then the API server takes no status."""
    world = World()

    def goes_down(call: str) -> None:
        world.api.is_down = world.api.is_down or call == "find"

    world.cloud.after_call = goes_down
    world.api.apply("orders", smoked())
    world.run_for(120)
    assert started(world) == []
    world.cloud.after_call = lambda call: None
    world.api.is_down = False
    world.run(until=world.is_in(Phase.PROGRESSING))
    assert len(started(world)) == 1


@pytest.mark.parametrize("down_s", [0.0, 10.0, 300.0])
def test_an_operator_that_is_killed_while_it_runs_finds_it_again(down_s: float) -> None:
    world = world_with(Ending(after_s=20.0))
    world.run(until=lambda: started(world))
    world.restart(down_s)
    world.run(until=world.is_in(Phase.PROGRESSING))
    assert len(started(world)) == 1


def test_wherever_the_operator_is_killed_there_is_one_execution() -> None:
    reference = world_with(Ending(after_s=5.0))
    reference.run(until=reference.is_in(Phase.PROGRESSING))
    for point in range(1, reference.points + 1):
        world = World()
        world.stop_at = world.points + point
        world.cloud.smokes.usual = Ending(after_s=5.0)
        world.api.apply("orders", smoked())
        world.run(until=world.is_in(Phase.PROGRESSING))
        assert (len(started(world)), world.crashes) == (1, 1)


def test_a_start_whose_answer_is_lost_is_found() -> None:
    world = World()
    world.cloud.faults.add(START, NoAnswer("lost"), 1, is_after_effect=True)
    world.api.apply("orders", smoked())
    world.run(until=world.is_in(Phase.PROGRESSING))
    assert (calls(world).count(START), len(started(world))) == (2, 1)


@pytest.mark.parametrize(
    ("error", "reason"), [(Denied("grant it"), "PreflightFailed"), (Transient("no"), "SmokeRunning")]
)
def test_a_start_that_is_refused_is_tried_again_ever_more_seldom(error: Exception, reason: str) -> None:
    world = World()
    world.cloud.faults.add(START, error, FOR_EVER)
    world.api.apply("orders", smoked())
    world.run_for(3600)
    assert (world.phase(), world.ready_reason(), world.cloud.writes) == (Phase.PENDING, reason, [])
    assert 10 < calls(world).count(START) < 200


def test_a_retry_runs_another_one() -> None:
    world = world_with(Ending("FAILED", 2.0))
    world.run_for(60)
    assert world.ready_reason() == "PreflightFailed"
    world.cloud.smokes.usual = Ending()
    generation = world.api.list()[0]["metadata"]["generation"]
    world.api.command("orders", id="again", action="retry", generation=generation)
    world.run(until=world.is_in(Phase.PROGRESSING), limit_s=30)
    assert len(started(world)) == 2


def test_at_rest_nothing_is_asked_or_kept() -> None:
    world = world_with(Ending())
    world.run(until=world.is_in(Phase.SUCCEEDED))
    world.run_for(60)
    before = calls(world)
    world.run_for(7000)
    assert calls(world) == before
    (record,) = world.engine._records.values()
    assert not {type(look) for look in record.facts.answers} & {StartSmoke, RunSmoke, ReadSmoke}


def test_one_that_blocks_asks_for_nothing_more() -> None:
    world = world_with(Ending("FAILED", 2.0))
    world.run_for(60)
    before = calls(world)
    world.run_for(7000)
    assert calls(world) == before


def test_an_express_execution_is_run_in_a_lane_of_its_own_and_once() -> None:
    world = World()
    world.cloud.is_express = True
    world.cloud.smokes.usual = Ending(after_s=0.0)
    world.workers.held.add(Lane.CHORES)
    world.api.apply("orders", smoked())
    world.run(until=world.is_in(Phase.PROGRESSING))
    assert calls(world) == [RUN]


def test_a_rollback_waits_for_no_smoke_of_a_neighbour() -> None:
    """Two rollouts of a place: one goes back while the smoke of the other hangs."""
    world = World()
    world.api.apply("orders", spec())
    world.run(until=world.is_in(Phase.PROGRESSING))
    world.cloud.is_express = True
    world.workers.held |= {Lane.CHORES, Lane.LONG_CHORES}
    world.cloud.route_named("other", Routing.whole(1))
    world.api.apply("other", smoked(alias="other"))
    world.run_for(20)
    world.cloud.set_alarm("errors", AlarmState.ALARM)
    world.run(until=world.is_in(Phase.ROLLED_BACK), limit_s=15)
    assert world.cloud.routing() == Routing.whole(1)
