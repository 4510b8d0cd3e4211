"""A state machine is deleted and created again under its name: its numbers count from 1 again: other versions."""

from dataclasses import replace

import pytest

from sfn_rollouts.api.status import AlarmState, Status
from sfn_rollouts.core.observation import Trouble
from sfn_rollouts.core.routing import Routing
from tests.core.specs import WITH_ALARM
from tests.core.world import World

WINDOW = {"rollbackWindow": {"revisions": 3}, **WITH_ALARM}


def two_promotions() -> World:
    """1, then 2, then 3."""
    world = World(**WINDOW)
    world.advance(1000)
    world.edit(version=3)
    world.advance(1000)
    assert world.status.stable_version == 3
    return world


def without_dates(status: Status) -> Status:
    """As an operator left it that did not know of dates."""
    history = tuple(entry.with_(creation_date=None, stable_creation_date=None) for entry in status.history)
    return status.with_(history=history, stable_creation_date=None, target_creation_date=None)


def test_a_recent_stable_version_comes_back_in_one_write() -> None:
    world = two_promotions()
    world.alarm("A", AlarmState.ALARM)
    world.edit(version=2)
    assert (world.alias, world.status.outcome) == (Routing.whole(2), "FastRolledBack")


def test_a_number_of_another_life_takes_the_steps_and_waits_for_the_alarms() -> None:
    world = two_promotions()
    world.recreate(1)
    world.edit(version=1)
    assert world.ready() == ("True", "UpToDate")
    world.alarm("A", AlarmState.ALARM)
    writes = len(world.writes)
    world.operator_down(11)
    world.edit(version=2)
    assert (world.ready(), len(world.writes)) == (("Unknown", "AlarmFiring"), writes)
    world.alarm("A", AlarmState.OK)
    world.poll()
    world.advance(20)
    assert world.writes[writes:] == [Routing.split(1, 2, 10)]


def test_what_was_read_before_a_long_wait_is_read_again() -> None:
    """Paused before the start: the version that was found then is gone when it goes on."""
    world = two_promotions()
    world.edit(version=2, paused=True)
    world.advance(60)
    world.recreate(3)
    world.edit(paused=False)
    world.advance(20)
    assert world.alias == Routing.split(3, 2, 10)


def test_the_status_of_an_older_operator_takes_the_steps() -> None:
    world = two_promotions()
    world.status = without_dates(world.status)
    world.edit(version=2)
    world.advance(20)
    assert world.alias == Routing.split(3, 2, 10)


def test_versions_are_remembered_with_their_dates() -> None:
    world = two_promotions()
    newest = world.status.history[0]
    assert (newest.creation_date, newest.stable_creation_date) == (world.published_at, world.published_at)
    assert world.status.stable_creation_date == world.status.target_creation_date == world.published_at


def begun_before_the_change(alias: Routing | int, **spec: object) -> World:
    """The rollout has begun upon what it read a moment ago, and its first write finds another alias."""
    world = World(**spec)
    world.troubles["write"] = Trouble.CONFLICT
    world.settle()
    assert world.status.intent is not None
    world.recreate(alias)
    world.troubles.clear()
    world.seen = replace(world.seen, write_failure=None, alias=world._alias_fact())
    world.settle()
    return world


@pytest.mark.parametrize("policy", ["Hold", "Reassert", "Adopt"])
def test_an_alias_that_serves_the_wanted_version_before_the_first_write_is_left_as_it_is(policy: str) -> None:
    world = begun_before_the_change(2, driftPolicy=policy)
    world.advance(60)
    assert (world.ready(), world.writes) == (("True", "UpToDate"), [])


def test_an_alias_on_another_version_before_the_first_write_is_set_out_from() -> None:
    world = begun_before_the_change(7)
    world.advance(60)
    assert (world.writes, world.status.stable_version) == ([Routing.split(7, 2, 10)], 7)


def test_a_split_before_the_first_write_is_held() -> None:
    world = begun_before_the_change(Routing.split(1, 7, 40))
    assert (world.ready(), world.writes) == (("False", "AliasDrifted"), [])
