"""At rest: never again by itself; retries, the rollback window, the count of executions."""

from dataclasses import replace

import pytest

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.values.readings import RunningExecutions, Trouble, Unseen
from sfn_rollouts.core.values.routing import Routing
from tests.core.specs import LINEAR, WITH_ALARM
from tests.core.world import START, Clear, World

FIRING = AlarmState.ALARM
WINDOW = {"rollbackWindow": {"revisions": 2}}


def rolled_back():
    world = World(**WITH_ALARM)
    world.advance(30)
    world.alarm("A", FIRING)
    world.poll()
    world.alarm("A", Clear)
    return world


def test_a_rollback_stays():
    world = rolled_back()
    count = len(world.statuses)
    world.advance(24 * 3600)
    assert (world.status.phase, world.ready()[1]) == ("RolledBack", "AlarmFiring")
    assert len(world.statuses) - count <= 1, "the count of executions, and nothing more"
    assert "send retry" in world.status.message


AGAIN = {
    "another version": {"version": 3},
    "a new retryToken": {"retryToken": "again"},
}


@pytest.mark.parametrize("sentence", AGAIN)
def test_again_by(sentence):
    world = rolled_back()
    world.edit(**AGAIN[sentence])
    world.poll()
    assert world.status.phase == "Progressing"
    assert world.status.alarms[0].state == "OK"


def test_a_new_retry_token_after_a_success_means_nothing():
    world = World()
    world.advance(1000)
    world.edit(retryToken="again")
    assert (world.status.phase, world.status.retry_token) == ("Succeeded", "again")


def test_the_version_that_is_live_asked_for_after_a_rollback():
    world = rolled_back()
    world.edit(version=1)
    assert world.ready() == ("True", "UpToDate")


def test_a_retry_sets_out_from_what_is_live_by_then():
    world = rolled_back()
    world.route(9)
    world.advance(120)
    world.say("retry")
    world.poll()
    assert (world.status.stable_version, world.writes[-1]) == (9, Routing.split(9, 2, 10))


def test_an_aborted_start_is_retried():
    world = World(**WITH_ALARM)
    world.alarm("A", FIRING)
    world.settle()
    world.say("abort")
    assert (world.status.phase, world.status.history[0].started_at) == ("RolledBack", None)
    world.alarm("A", Clear)
    world.say("retry")
    world.poll()
    assert world.writes == [Routing.split(1, 2, 10)]


def test_an_idle_rollout_writes_nothing_and_looks_seldom():
    world = World()
    world.advance(1000)
    count = len(world.statuses)
    assert (world.decision.wake_at - world.now).total_seconds() > 0
    world.advance(24 * 3600)
    assert len(world.statuses) == count
    assert not world.decision.watches_alarms


def test_a_version_found_up_to_date_is_not_judged_by_its_own_earlier_rollback():
    world = rolled_back()
    world.route(2)
    world.advance(60)
    world.say("retry")
    assert world.ready() == ("True", "UpToDate")
    world.advance(600)
    assert (world.status.phase, world.ready()) == ("Succeeded", ("True", "UpToDate"))


def test_a_version_gone_back_to_before_the_next_began_stays_up_to_date():
    """Its own success, reported before, is not reported again."""
    world = World(strategy={"allAtOnce": {}}, bakeTime=None)
    world.settle()
    world.edit(version=3, paused=True)
    world.edit(version=2, paused=None)
    count = len(world.statuses)
    assert world.ready() == ("True", "UpToDate")
    world.advance(600)
    assert (world.ready(), len(world.statuses)) == (("True", "UpToDate"), count)


def test_a_reason_that_only_a_later_operator_knows_is_shown_as_an_abort():
    world = rolled_back()
    entry = world.status.history[0].with_(reason="CanaryIsSick")
    world.status = world.status.with_(history=(entry,), phase=None)
    world.settle()
    assert world.ready() == ("False", "Aborted")


# -- executions --

COUNTS = {
    "some": (RunningExecutions(3), "3 executions are still running on version 1; AWS lets them finish there"),
    "more than a page": (
        RunningExecutions(1000, more=True),
        "at least 1000 executions are still running on version 1; AWS lets them finish there",
    ),
    "not countable": (Unseen("Express", START, Trouble.GONE), "executions on version 1 were not counted: Express"),
}


@pytest.mark.parametrize("sentence", COUNTS)
def test_executions_on_the_version_that_lost_its_traffic(sentence):
    running, words = COUNTS[sentence]
    world = World()
    world.running = running
    world.advance(1000)
    assert (world.status.running_executions.version, world.status.running_executions.message) == (1, words)


def test_the_reason_for_no_count_fits_into_the_status():
    world = World(strategy={"allAtOnce": {}}, bakeTime=None)
    world.running = Unseen("x" * 2000, START, Trouble.DENIED)
    world.settle()
    assert len(world.status.running_executions.message) == 1024


def test_executions_after_a_rollback_are_those_of_the_target():
    assert rolled_back().status.running_executions.version == 2


def test_a_new_alias_left_no_version():
    world = World(alias=None)
    world.settle()
    assert world.status.running_executions is None


def test_a_version_found_up_to_date_left_none_whatever_was_withdrawn_before():
    world = World()
    world.advance(30)
    world.edit(version=1)
    assert world.status.running_executions.version == 2
    world.route(3)
    world.advance(60)
    world.edit(version=3)
    assert (world.ready()[1], world.status.running_executions) == ("UpToDate", None)


# -- rollbackWindow --


def three_versions(**spec):
    """1, then 2, then 3."""
    world = World(**{**WINDOW, **spec})
    world.advance(1000)
    world.edit(version=3)
    world.advance(1000)
    assert world.status.stable_version == 3
    world.writes = []
    return world


def test_back_to_the_version_before_in_one_write():
    world = three_versions()
    world.edit(version=2)
    assert world.writes == [Routing.whole(2)]
    assert (world.status.phase, world.status.outcome) == ("Succeeded", "FastRolledBack")


def test_the_version_found_at_the_very_start_counts():
    world = three_versions()
    world.edit(version=1)
    assert world.writes == [Routing.whole(1)]


def test_beyond_the_revisions_steps_are_taken():
    world = three_versions(rollbackWindow={"revisions": 1})
    world.edit(version=1)
    assert world.writes == [Routing.split(3, 1, 10)]


@pytest.mark.parametrize(("within", "is_fast"), [("2h", True), ("1h", False)])
def test_within(within, is_fast):
    world = three_versions(rollbackWindow={"within": within})
    world.advance(5000)
    world.edit(version=2)
    assert (world.writes[0] == Routing.whole(2)) is is_fast


def test_without_a_window_steps_are_taken():
    world = three_versions(rollbackWindow=None)
    world.edit(version=2)
    assert world.writes == [Routing.split(3, 2, 10)]


def test_what_was_fled_from_is_no_recent_stable_version():
    world = three_versions(rollbackWindow={"revisions": 1})
    world.edit(version=2)
    world.writes = []
    world.edit(version=3)
    assert world.writes == [Routing.split(2, 3, 10)]
    world.edit(version=1)
    assert world.writes[-1] == Routing.whole(1), "but the one before still is"


def test_nor_a_wait_of_the_last_step():
    world = three_versions(strategy={"steps": [{"setWeight": 100}, {"pause": {"duration": "5m"}}]}, bakeTime=None)
    world.edit(version=2)
    assert (world.writes, world.status.outcome) == ([Routing.whole(2)], "FastRolledBack")


def test_neither_alarms_nor_steps_are_in_the_way_of_going_back():
    world = three_versions(**WITH_ALARM)
    world.alarm("A", FIRING)
    world.edit(version=2)
    assert (world.writes, world.status.outcome) == ([Routing.whole(2)], "FastRolledBack")


def test_a_pause_holds_it():
    world = three_versions()
    world.edit(paused=True)
    world.edit(version=2)
    assert (world.status.phase, world.writes) == ("Paused", [])
    world.edit(paused=False)
    assert world.writes == [Routing.whole(2)]


def test_a_pause_in_the_middle_withdraws_it():
    world = three_versions()
    world.troubles["write"] = Trouble.TRANSIENT
    world.edit(version=2)
    world.edit(paused=True)
    world.troubles.clear()
    world.advance(60)
    assert (world.status.phase, world.writes, world.status.started_at) == ("Paused", [], None)
    world.edit(paused=False)
    assert (world.writes, world.status.outcome) == ([Routing.whole(2)], "FastRolledBack")


@pytest.mark.parametrize("strategy", [{"allAtOnce": {}}, LINEAR], ids=str)
def test_edited_steps_on_the_way_do_not_keep_it_from_one_write(strategy):
    world = three_versions()
    world.troubles["write"] = Trouble.TRANSIENT
    world.edit(version=2)
    world.troubles.clear()
    world.seen = replace(world.seen, write_failure=None)
    world.edit(strategy=strategy)
    assert (world.writes, world.status.outcome) == ([Routing.whole(2)], "FastRolledBack")


def test_a_write_that_fails_for_long_is_tried_on():
    """To give up would leave all traffic on the version that somebody wants to leave."""
    world = three_versions(progressDeadline="1m")
    world.troubles["write"] = Trouble.TRANSIENT
    world.edit(version=2)
    world.advance(600)
    assert (world.status.phase, world.ready()[1]) == ("Progressing", "RetryingAWS")


def test_it_can_be_taken_back():
    world = three_versions()
    world.troubles["write"] = Trouble.TRANSIENT
    world.edit(version=2)
    world.say("abort")
    world.troubles.clear()
    world.settle()
    assert (world.alias, world.status.phase) == (Routing.whole(3), "RolledBack")
