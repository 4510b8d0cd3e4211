"""Where the operator's credentials lead: another account and an unknown region are reported before any look."""

from dataclasses import replace

import pytest

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.values.conditions import condition
from sfn_rollouts.core.values.readings import Account, AlarmReading, AlarmSnapshot, Trouble, Unseen
from sfn_rollouts.core.values.routing import Routing
from tests.core.specs import WITH_ALARM
from tests.core.world import START, World

OURS = Account("123456789012", "aws")
ELSEWHERE = Account("210987654321", "aws")
CHINA = Account("123456789012", "aws-cn")


def with_credentials_of(world: World, account: Account | Unseen | None) -> World:
    world.seen = replace(world.seen, account=account)
    return world


def test_a_rollout_of_another_account_is_stopped_with_both_and_looks_at_nothing() -> None:
    world = with_credentials_of(World(**WITH_ALARM), ELSEWHERE)
    world.advance(3600)
    assert world.ready() == ("False", "ForeignAccount")
    assert (world.status.phase, world.decision.looks, world.decision.wake_at) == ("Failed", frozenset(), None)
    assert not world.decision.watches_alarms
    assert not world.decision.holds_finalizer
    assert "is in account 123456789012, and the operator has credentials of account 210987654321" in (
        world.status.message
    )
    assert "run an operator with credentials of the other one" in world.status.message
    assert len(world.statuses) == 1, "said once"


def test_another_partition_is_another_account() -> None:
    world = with_credentials_of(World(), CHINA)
    world.settle()
    assert world.ready() == ("False", "ForeignAccount")
    assert "credentials of account 123456789012 of partition aws-cn" in world.status.message


@pytest.mark.parametrize("account", [OURS, None, Unseen("no STS", START)], ids=["ours", "not asked", "unseen"])
def test_our_own_account_and_one_that_nobody_could_tell_go_on(account: Account | Unseen | None) -> None:
    world = with_credentials_of(World(), account)
    world.settle()
    assert world.writes == [Routing.split(1, 2, 10)]


def test_with_the_right_credentials_it_begins() -> None:
    world = with_credentials_of(World(), ELSEWHERE)
    world.settle()
    with_credentials_of(world, OURS).settle()
    assert world.writes == [Routing.split(1, 2, 10)]


def test_a_command_is_refused_with_the_reason() -> None:
    world = with_credentials_of(World(), ELSEWHERE)
    world.settle()
    world.say("abort")
    assert world.status.last_command is not None
    assert world.status.last_command.result == "Refused"
    assert "account 210987654321" in world.status.last_command.message


def test_an_unknown_region_is_reported_with_the_way_out() -> None:
    world = World()
    world.seen = replace(world.seen, is_region_known=False)
    world.advance(3600)
    assert world.ready() == ("False", "UnknownRegion")
    assert (world.decision.looks, world.decision.wake_at) == (frozenset(), None)
    assert "region eu-west-1 is not known in partition aws" in world.status.message
    assert "set its AWS_REGION" in world.status.message


def test_a_region_that_a_downgraded_operator_does_not_know_stops_nothing_in_flight() -> None:
    world = World()
    world.settle()
    world.seen = replace(world.seen, is_region_known=False)
    world.advance(7200)
    assert world.status.phase == "Succeeded" or world.status.history[0].outcome == "Promoted"


def in_flight(**fields: object) -> World:
    world = with_credentials_of(World(**fields), OURS)
    world.settle()
    assert world.writes == [Routing.split(1, 2, 10)]
    return with_credentials_of(world, ELSEWHERE)


def test_credentials_exchanged_in_flight_hold_the_next_step_and_read_no_alarm() -> None:
    """In the other account an alarm of the same name would be taken for ours."""
    world = in_flight(**WITH_ALARM, progressDeadline="720h")
    world.advance(1200)
    assert world.writes == [Routing.split(1, 2, 10)]
    assert (world.status.phase, world.status.alarm) == ("Progressing", "UNKNOWN")
    assert world.ready() == ("False", "ForeignAccount")
    assert "the next step is held: the state machine is in account 123456789012" in world.status.message
    assert not world.decision.watches_alarms


def test_an_alarm_that_fires_there_is_not_ours_and_people_see_why() -> None:
    world = in_flight(**WITH_ALARM, progressDeadline="720h")
    world.alarm("A", AlarmState.ALARM)
    world.seen = replace(world.seen, alarms={"A": AlarmReading(AlarmSnapshot(AlarmState.ALARM, START), START)})
    world.settle()
    assert world.writes == [Routing.split(1, 2, 10)]
    assert condition(world.status, "AlarmsHealthy").reason == "AccessDenied"
    assert world.status.alarms[0].reason == "it is in another account than the operator's credentials"


def test_they_hold_it_without_alarms_too_and_lets_it_go_on_later() -> None:
    world = in_flight(progressDeadline="720h")
    world.advance(1200)
    assert world.ready() == ("False", "ForeignAccount")
    with_credentials_of(world, OURS).advance(1)
    assert world.writes == [Routing.split(1, 2, 10), Routing.whole(2)]


def test_the_way_back_is_tried_all_the_same() -> None:
    world = in_flight(**WITH_ALARM)
    world.say("abort")
    assert world.writes == [Routing.split(1, 2, 10), Routing.whole(1)]


def test_a_split_is_not_left_unattended() -> None:
    world = in_flight(progressDeadline="10m")
    world.troubles["write"] = Trouble.DENIED
    world.advance(3600)
    assert world.ready() == ("False", "RollbackFailed")
