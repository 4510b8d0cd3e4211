"""The next process may run on a host whose clock is behind the one before."""

from datetime import timedelta

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.values.readings import Trouble
from sfn_rollouts.core.values.routing import Routing
from tests.core.specs import LINEAR, WITH_ALARM
from tests.core.world import World


def _tripped_an_hour_ahead() -> World:
    """It has found the alarm firing and could not write; then a process with a clock an hour behind takes over."""
    world = World(strategy=LINEAR, **WITH_ALARM)
    world.advance(310)
    world.troubles["write"] = Trouble.TRANSIENT
    world.alarm("A", AlarmState.ALARM)
    world.poll()
    assert world.status.trip is not None
    del world.troubles["write"]
    world.now -= timedelta(hours=1)
    return world


def test_the_way_back_to_a_recent_version_ends_when_the_clock_has_caught_up() -> None:
    world = World(strategy={"allAtOnce": {}}, bakeTime=None, rollbackWindow={"revisions": 1})
    world.settle()
    world.edit(version=1)
    verified = next(status for status in world.statuses if status.shortcut is not None and status.step_index == 0)
    world.status = verified
    world.now -= timedelta(seconds=10)
    world.settle()
    assert world.status.phase == "Progressing"
    assert world.decision.wake_at == world.now + timedelta(seconds=10)
    world.advance(10)
    assert (world.status.phase, world.status.outcome) == ("Succeeded", "FastRolledBack")


def test_somebody_elses_routing_is_left_alone_at_once() -> None:
    world = _tripped_an_hour_ahead()
    world.route(7)
    world.alias_date += timedelta(hours=2)  # AWS's clock is not the host's
    world.restart()
    assert (world.alias, world.ready()) == (Routing.whole(7), ("False", "AliasDrifted"))


def test_the_way_back_is_written_and_ends_at_once() -> None:
    world = _tripped_an_hour_ahead()
    world.alias_date += timedelta(hours=2)
    world.restart()
    assert (world.alias, world.status.phase) == (Routing.whole(1), "RolledBack")
