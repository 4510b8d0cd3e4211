"""A state machine is deleted and created again under its name: its numbers count from 1 again: other versions."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from sfn_rollouts.api.status import AlarmState, Status
from sfn_rollouts.core.announce import announcements
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.core.values.looks import FindVersion, ReadAlias
from sfn_rollouts.core.values.readings import Trouble
from sfn_rollouts.core.values.routing import Routing
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
    world.now += timedelta(seconds=1)
    world.recreate(alias)
    world.troubles.clear()
    world.seen = replace(world.seen.answering(ReadAlias(), world._alias_fact()), write_failure=None)
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


def test_a_split_before_the_first_write_is_nobodys() -> None:
    world = begun_before_the_change(Routing.split(1, 7, 40))
    assert (world.ready(), world.writes) == (("False", "AliasSplit"), [])


def test_the_wanted_version_routed_to_by_hand_before_the_first_write_is_no_drift() -> None:
    world = World()
    world.troubles["write"] = Trouble.CONFLICT
    world.settle()
    world.route(2)
    world.troubles.clear()
    world.seen = replace(world.seen.answering(ReadAlias(), world._alias_fact()), write_failure=None)
    world.settle()
    assert (world.ready(), world.writes) == (("True", "UpToDate"), [])


def test_a_served_version_that_cannot_be_read_keeps_it_from_beginning() -> None:
    world = World()
    world.troubles["version 1"] = Trouble.TRANSIENT
    world.settle()
    assert (world.ready(), world.writes) == (("Unknown", "RetryingAWS"), [])
    assert world.status.message == "version 1 could not be read: no answer"
    world.troubles.clear()
    world.settle()
    assert world.writes == [Routing.split(1, 2, 10)]


# -- at rest --

PLAN = {"steps": [{"setWeight": 10}, {"pause": {"duration": "1h"}}]}


def ended(outcome: str, **spec: object) -> World:
    """Version 2 was promoted, or has gone back to 1."""
    world = World(strategy=PLAN, **spec, **WITH_ALARM)
    world.advance(30)
    if outcome == "RolledBack":
        world.alarm("A", AlarmState.ALARM)
        world.poll()
        world.alarm("A", AlarmState.OK)
    else:
        world.say("promote-full")
        world.advance(1000)
    assert world.status.outcome == outcome
    world.writes.clear()
    return world


def recreated_at_rest(world: World, alias: Routing | int | None) -> World:
    world.recreate(alias)
    world.advance(700)
    return world


POLICIES = ["Hold", "Reassert", "Adopt"]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("outcome", ["FastPromoted", "RolledBack"])
def test_at_rest_an_alias_that_serves_the_wanted_version_is_up_to_date(outcome: str, policy: str) -> None:
    world = recreated_at_rest(ended(outcome, driftPolicy=policy), 2)
    assert (world.ready()[0], world.writes) == ("True", [])
    assert world.status.target_creation_date == world.published_at


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("outcome", ["FastPromoted", "RolledBack"])
def test_at_rest_another_version_2_gets_its_traffic_by_steps(outcome: str, policy: str) -> None:
    world = recreated_at_rest(ended(outcome, driftPolicy=policy), 1)
    assert world.writes == [Routing.split(1, 2, 10)]
    news = [each for before, after in pairwise(world.statuses) for each in announcements(before, after)]
    messages = [each.message for each in news if each.reason == "StateMachineRecreated"]
    assert len(messages) == 1
    assert "its version 2 is another one than before" in messages[0]


def test_at_rest_a_version_that_went_back_stays_so_where_nobody_knows_its_date() -> None:
    """Of an older operator's status nobody can tell; to try again by itself could be the same version."""
    world = ended("RolledBack")
    world.status = without_dates(world.status)
    recreated_at_rest(world, 1)
    assert (world.status.phase, world.ready()[1], world.writes) == ("RolledBack", "AlarmFiring", [])


def test_at_rest_what_nobody_knows_the_date_of_is_put_back_by_steps() -> None:
    world = ended("FastPromoted", driftPolicy="Reassert")
    world.status = without_dates(world.status)
    recreated_at_rest(world, 1)
    assert world.writes == [Routing.split(1, 2, 10)]


def test_at_rest_what_cannot_be_read_is_put_back_by_steps_once_it_can() -> None:
    world = ended("FastPromoted", driftPolicy="Reassert")
    world.troubles["version"] = Trouble.DENIED
    world.route(1)
    world.advance(700)
    assert (world.ready()[1], world.writes) == ("AccessDenied", [])
    world.troubles.clear()
    world.settle()
    world.advance(10)
    assert world.writes == [Routing.split(1, 2, 10)]


@pytest.mark.parametrize("policy", POLICIES)
def test_at_rest_a_version_that_cannot_be_read_is_asked_for_again(policy: str) -> None:
    world = ended("RolledBack", driftPolicy=policy)
    world.troubles["version"] = Trouble.TRANSIENT
    for alias in (1, 2):
        world.recreate(alias)
        world.advance(700)
        assert (world.status.phase, FindVersion(2) in world.decision.looks) == ("RolledBack", True)
    world.troubles.clear()
    world.settle()
    assert world.ready() == ("True", "UpToDate")


def test_at_rest_an_alias_written_again_as_it_was_is_looked_into_once() -> None:
    world = ended("FastPromoted")
    world.route(2)
    world.advance(700)
    statuses = len(world.statuses)
    assert world.ready() == ("True", "RolloutComplete")
    world.transcript.clear()
    world.advance(3600)
    assert len(world.statuses) == statuses
    assert all(FindVersion(2) not in what.looks for _, what in world.transcript if isinstance(what, Decision))


# -- in flight --


def recreated_in_flight(alias: Routing | int | None, **spec: object) -> World:
    world = World(strategy=PLAN, **spec)
    world.advance(30)
    assert world.alias == Routing.split(1, 2, 10)
    world.writes.clear()
    world.recreate(alias)
    world.restart()
    return world


@pytest.mark.parametrize("policy", POLICIES)
def test_in_flight_an_alias_that_serves_the_wanted_version_is_up_to_date(policy: str) -> None:
    world = recreated_in_flight(2, driftPolicy=policy)
    assert (world.ready(), world.writes) == (("True", "UpToDate"), [])
    assert [(each.version, each.outcome, each.reason) for each in world.status.history] == [
        (2, "Aborted", "StateMachineRecreated")
    ]


@pytest.mark.parametrize("policy", POLICIES)
def test_in_flight_it_begins_again_from_what_the_alias_serves(policy: str) -> None:
    world = recreated_in_flight(7, driftPolicy=policy)
    world.advance(20)
    assert world.writes == [Routing.split(7, 2, 10)]
    assert world.status.stable_version == 7


@pytest.mark.parametrize("policy", POLICIES)
def test_in_flight_a_split_of_another_life_is_nobodys(policy: str) -> None:
    world = recreated_in_flight(Routing.split(1, 2, 60), driftPolicy=policy)
    assert (world.status.phase, world.ready()[1], world.writes) == ("Pending", "AliasSplit", [])


def test_a_pause_outlives_the_state_machine() -> None:
    world = World(strategy=PLAN)
    world.advance(30)
    world.say("pause")
    world.writes.clear()
    world.recreate(1)
    world.restart()
    assert (world.status.phase, world.writes) == ("Paused", [])


def test_in_flight_nothing_is_put_back_on_a_version_that_cannot_be_read() -> None:
    world = World(strategy=PLAN, driftPolicy="Reassert")
    world.advance(30)
    world.writes.clear()
    world.route(7)
    world.troubles["version"] = Trouble.DENIED
    world.restart()
    assert (world.ready()[1], world.writes) == ("AliasDrifted", [])
    assert "it is not put back: version 2 could not be read: no answer" in world.status.message
    world.troubles.clear()
    world.settle()
    assert world.writes == [Routing.split(1, 2, 10)]


def test_a_way_back_that_was_left_to_somebody_ends_with_its_state_machine() -> None:
    world = World(strategy=PLAN, **WITH_ALARM)
    world.advance(30)
    world.troubles["write"] = Trouble.TRANSIENT
    world.alarm("A", AlarmState.ALARM)
    world.poll()
    world.troubles.clear()
    world.recreate(7)
    world.seen = replace(world.seen.answering(ReadAlias(), world._alias_fact()), write_failure=None)
    world.alarm("A", AlarmState.OK)
    world.settle()
    world.advance(30)
    assert world.status.history[0].outcome == "RolledBack"
    assert (world.alias, world.status.stable_version) == (Routing.split(7, 2, 10), 7)


def test_another_number_that_somebody_routed_to_is_no_other_life() -> None:
    """A version that is deleted since has no date: the number may be of this machine."""
    world = World(strategy=PLAN)
    world.advance(30)
    world.missing_versions.add(2)
    world.route(7)
    world.restart()
    assert world.ready() == ("False", "AliasDrifted")


def test_a_way_back_to_a_version_that_went_with_its_state_machine_ends() -> None:
    """The alias is whole on what this rollout had moved to, of another life, and the stable version is no more."""
    world = World(strategy={"allAtOnce": {}}, bakeTime="1h")
    world.advance(30)
    assert world.alias == Routing.whole(2)
    world.recreate(2)
    world.missing_versions.add(1)
    world.edit(version=1)
    world.advance(60)
    assert world.status.history[0].reason == "StateMachineRecreated"
    assert (world.status.phase, world.ready()[1]) == ("Failed", "NotFound")


def test_a_way_back_to_a_version_that_somebody_deleted_stays_a_failure() -> None:
    world = World(strategy={"allAtOnce": {}}, bakeTime="1h")
    world.advance(30)
    world.missing_versions.add(1)
    world.edit(version=1)
    world.advance(60)
    assert (world.status.phase, world.ready()[1]) == ("Failed", "RollbackFailed")


def test_a_version_that_is_asked_for_again_is_not_said_to_serve_before_a_look() -> None:
    world = World(strategy={"steps": [{"pause": {"duration": "1h"}}, {"setWeight": 10}]})
    world.advance(60)
    world.troubles["alias"] = Trouble.DENIED
    world.edit(version=1)
    assert (world.status.phase, world.ready()[1]) == ("RollingBack", "RollbackInProgress")
    assert "the alias could not be read: no answer" in world.status.message
    world.troubles.clear()
    world.route(None)
    world.settle()
    assert (world.alias, world.status.phase) == (Routing.whole(1), "Succeeded")
    assert world.status.message == "alias live was created with all traffic on version 1"
