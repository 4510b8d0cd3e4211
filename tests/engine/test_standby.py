"""Standing by: everything is known, nothing is done, until it is this operator's turn."""

from sfn_rollouts.api.status import AlarmState, Phase
from sfn_rollouts.core.values.routing import Routing
from tests.engine.world import World, spec


def _standing_by() -> World:
    """Another operator has taken the first step; this one has just started beside it."""
    world = World()
    world.api.apply("orders", spec())
    world.run(until=lambda: world.status().step_index == 0)
    world.settle()
    world.stands_by = True
    world.start()
    world.cloud.calls.clear()
    world.api.calls.clear()
    return world


def test_it_makes_no_call_and_writes_nothing() -> None:
    world = _standing_by()
    world.api.apply("copy", spec(3))
    world.cloud.set_alarm("errors", AlarmState.ALARM)
    world.run_for(3600)
    assert (world.cloud.calls, world.api.calls) == ([], [])
    assert world.cloud.routing() == Routing.split(1, 2, 10)
    assert world.engine.is_quiet


def test_when_it_leads_it_goes_on_from_what_the_other_one_wrote() -> None:
    world = _standing_by()
    world.api.write_status("orders", stepStartedAt="2026-03-01T13:00:30Z")
    world.run_for(300)
    world.engine.lead()
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=120)
    assert world.cloud.writes == ["90 % on version 1, 10 % on version 2", "100 % on version 2"]


def test_when_it_leads_it_finds_what_fired_meanwhile_and_goes_back() -> None:
    world = _standing_by()
    world.cloud.set_alarm("errors", AlarmState.ALARM)
    world.cloud.set_alarm("errors", AlarmState.OK)
    world.run_for(300)
    world.engine.lead()
    world.run(until=world.is_in(Phase.ROLLED_BACK), limit_s=2)
    assert world.cloud.routing() == Routing.whole(1)
