"""A canary from accepted to Promoted: exactly the writes, status writes and Events that it needs."""

from sfn_rollouts.api.status import Outcome, Phase
from tests.engine.world import World, spec


def test_a_canary_ends_promoted_with_two_writes_and_each_transition_reported_once() -> None:
    world = World()
    world.api.apply("orders", spec())
    world.run(until=world.is_in(Phase.SUCCEEDED))
    world.run_for(3600)
    assert world.cloud.writes == ["90 % on version 1, 10 % on version 2", "100 % on version 2"]
    print(world.api.phases, world.announced.reasons, world.meter.status_writes)
    assert world.status().outcome is Outcome.PROMOTED
