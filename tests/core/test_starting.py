"""Before the first shift: what is created, what is left alone, what is waited for."""

from dataclasses import replace

import pytest

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.values.conditions import condition
from sfn_rollouts.core.values.looks import ReadAlias
from sfn_rollouts.core.values.readings import Trouble, VersionFound
from sfn_rollouts.core.values.routing import Routing
from tests.core.specs import MACHINE, WITH_ALARM
from tests.core.world import Clear, World

FIRING, NO_DATA = AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA


def test_a_missing_alias_is_created_with_all_traffic_on_the_target():
    world = World(alias=None)
    world.settle()
    assert world.writes == [Routing.whole(2)]
    assert (world.status.phase, world.status.outcome, world.status.stable_version) == ("Succeeded", "Promoted", 2)
    assert world.ready() == ("True", "RolloutComplete")


def test_no_alarm_keeps_a_missing_alias_from_being_created():
    world = World(alias=None, **WITH_ALARM)
    world.alarm("A", FIRING)
    world.settle()
    assert world.writes == [Routing.whole(2)]


def test_an_alias_on_the_target_is_left_alone():
    world = World(alias=2)
    world.settle()
    assert (world.writes, world.status.history, world.status.outcome) == ([], (), None)
    assert world.ready() == ("True", "UpToDate")
    assert world.status.alarm == "None"


def test_the_version_found_becomes_stable():
    world = World(alias=7)
    world.settle()
    assert world.status.stable_version == 7
    assert world.writes == [Routing.split(7, 2, 10)]


def test_a_split_by_somebody_else_is_left_alone_until_it_is_whole():
    world = World(alias=Routing.split(1, 7, 30))
    world.advance(3600)
    assert (world.writes, world.ready()) == ([], ("False", "AliasSplit"))
    assert "already split (70 % on version 1, 30 % on version 7)" in world.status.message
    assert "route it to one version" in world.status.message
    assert condition(world.status, "AliasInSync").reason == "AliasSplit"
    assert len(world.statuses) == 2, "initializing and the finding: no flapping"
    world.route(1)
    world.advance(300)
    assert world.writes == [Routing.split(1, 2, 10)]


def test_the_first_step_may_carry_no_traffic():
    world = World(strategy={"steps": [{"pause": {"duration": "1m"}}, {"setWeight": 50}]})
    world.settle()
    assert (world.writes, world.status.phase, world.status.weight, world.status.step) == ([], "Progressing", 0, "1/3")
    world.advance(60)
    assert world.writes == [Routing.split(1, 2, 50), Routing.whole(2)]


def test_a_pause_before_the_start_looks_at_the_alias_now_and_then():
    world = World(paused=True)
    world.settle()
    assert (world.decision.wake_at - world.now).total_seconds() == 300
    world.route(2)
    world.advance(301)
    assert world.ready() == ("True", "UpToDate")


def test_a_wait_for_alarms_that_cannot_be_read_looks_at_the_alias_now_and_then():
    world = World(**WITH_ALARM)
    world.troubles["alarms"] = Trouble.TRANSIENT
    world.advance(60)
    assert world.ready()[1] == "AlarmUnreadable"
    world.route(2)
    world.advance(300)
    assert world.ready() == ("True", "UpToDate")


WAITS = {
    "a firing alarm": ({}, FIRING, ("Unknown", "AlarmFiring")),
    "an alarm without data, to be held for": (
        {"onInsufficientData": "Hold"},
        NO_DATA,
        ("Unknown", "AlarmInsufficientData"),
    ),
    "an alarm without data, to roll back for": (
        {"onInsufficientData": "Rollback"},
        NO_DATA,
        ("Unknown", "AlarmInsufficientData"),
    ),
    "a missing alarm": ({}, None, ("False", "AlarmMissing")),
}


@pytest.mark.parametrize("sentence", WAITS)
def test_the_start_waits_for(sentence):
    policy, state, ready = WAITS[sentence]
    world = World(alarms={"names": ["A"], **policy})
    world.alarm("A", state)
    world.advance(7200)
    assert (world.status.phase, world.ready(), world.writes) == ("Pending", ready, [])
    assert world.status.message.startswith("not started: alarm A")
    assert not world.decision.holds_finalizer
    world.alarm("A", Clear)
    world.poll()
    world.advance(60)
    assert world.writes == [Routing.split(1, 2, 10)]


def test_a_refused_look_at_the_alarms_is_failed_and_goes_on_once_allowed():
    world = World(**WITH_ALARM)
    world.troubles["alarms"] = Trouble.DENIED
    world.advance(60)
    assert (world.status.phase, world.ready()) == ("Failed", ("False", "AccessDenied"))
    assert world.decision.watches_alarms
    world.troubles.clear()
    world.poll()
    assert world.writes == [Routing.split(1, 2, 10)]


def test_a_firing_alarm_may_be_ignored_until_it_was_ok():
    world = World(alarms={"names": ["A"], "onFiringAtStart": "IgnoreUntilOk"})
    world.alarm("A", FIRING)
    world.settle()
    assert world.writes == [Routing.split(1, 2, 10)]
    world.operator_down(5)
    for state in (Clear, FIRING):
        world.operator_down(1)
        world.alarm("A", state)
    world.poll()
    assert (world.status.phase, world.status.history[0].reason) == ("RolledBack", "AlarmFiring")


FIXED = {
    "a version that is not published": (
        lambda world: world.missing_versions.add(2),
        "NotFound",
        f"version 2 of {MACHINE} does not exist: publish it",
    ),
    "a refused look at the version": (
        lambda world: world.troubles.update(version=Trouble.DENIED),
        "AccessDenied",
        "version 2 could not be read",
    ),
    "a refused look at the alias": (
        lambda world: world.troubles.update(alias=Trouble.DENIED),
        "AccessDenied",
        "the alias could not be read",
    ),
    "a look that says gone": (lambda world: world.troubles.update(alias=Trouble.GONE), "NotFound", "the alias"),
}


@pytest.mark.parametrize("sentence", FIXED)
def test_what_a_person_must_fix(sentence):
    spoil, reason, words = FIXED[sentence]
    world = World()
    spoil(world)
    world.settle()
    assert (world.status.phase, world.ready()) == ("Failed", ("False", reason))
    assert words in world.status.message
    assert world.decision.looks, "the engine looks again, ever less often"
    world.troubles.clear()
    world.missing_versions.clear()
    world.settle()
    assert world.writes == [Routing.split(1, 2, 10)]


@pytest.mark.parametrize("found", [VersionFound.NO_MACHINE, VersionFound.DELETING])
def test_a_machine_that_is_not_there(found):
    world = World()
    world.machine = found
    world.settle()
    assert (world.status.phase, world.ready()) == ("Failed", ("False", "NotFound"))
    assert world.status.message.startswith(f"state machine {MACHINE} ")
    assert "create" in world.status.message


PASSING = {Trouble.TRANSIENT: ("Unknown", "RetryingAWS"), Trouble.INTERNAL: ("False", "InternalError")}


@pytest.mark.parametrize("trouble", PASSING)
def test_trouble_at_the_start(trouble):
    world = World()
    world.troubles["alias"] = trouble
    world.settle()
    assert (world.status.phase, world.ready()) == ("Pending", PASSING[trouble])
    assert world.decision.looks == {ReadAlias()}


def test_what_was_read_long_before_the_start_is_read_again():
    """A wait for an alarm may be long; the version found at its end is the stable one."""
    world = World(**WITH_ALARM)
    world.alarm("A", FIRING)
    world.settle()
    world.route(9)
    world.advance(60)
    assert world.writes == []
    world.alarm("A", Clear)
    world.poll()
    assert (world.status.stable_version, world.writes) == (9, [Routing.split(9, 2, 10)])


def test_a_stale_answer_is_no_ground_to_start_on():
    world = World()
    world.advance(1300)
    assert world.status.phase == "Succeeded"
    world.stale_alias = Routing.split(1, 2, 10)
    world.edit(version=3)
    assert (world.status.phase, world.ready()) == ("Pending", ("Unknown", "Initializing"))
    world.stale_alias = None
    world.advance(1)
    assert world.status.stable_version == 2


def test_paused_from_the_start():
    world = World(paused=True)
    world.advance(7200)
    assert (world.status.phase, world.ready(), world.writes) == ("Paused", ("False", "Paused"), [])
    world.edit(paused=False)
    assert world.writes == [Routing.split(1, 2, 10)]


def test_paused_and_the_alias_moves_to_the_target_by_hand():
    world = World(paused=True)
    world.settle()
    world.route(2)
    world.advance(300)
    assert world.ready() == ("True", "UpToDate")


def test_paused_by_command_and_the_alias_moves_to_the_target_by_hand():
    world = World(**WITH_ALARM)
    world.alarm("A", FIRING)
    world.settle()
    world.say("pause")
    world.route(2)
    world.advance(301)
    assert (world.ready(), world.status.pause_command) == (("True", "UpToDate"), None)


def test_a_retry_token_before_the_start_asks_for_nothing_after_an_abort():
    world = World(**WITH_ALARM)
    world.alarm("A", FIRING)
    world.settle()
    world.edit(retryToken="again")
    world.say("abort")
    world.alarm("A", Clear)
    world.advance(60)
    assert (world.status.phase, world.writes) == ("RolledBack", [])


def test_another_target_before_the_start():
    world = World(**WITH_ALARM)
    world.alarm("A", FIRING)
    world.settle()
    world.edit(version=3)
    assert world.status.target_version == 3
    world.edit(version=1)
    assert world.ready() == ("True", "UpToDate")
    assert world.status.history == ()


def test_a_rival_that_goes_away():
    world = World()
    world.seen = replace(world.seen, has_older_rival=True)
    world.say("pause")
    assert (world.ready(), world.status.last_command.result) == (("False", "AliasConflict"), "Refused")
    assert "another resource" in world.status.message
    assert not world.decision.watches_alarms
    world.seen = replace(world.seen, has_older_rival=False)
    world.settle()
    assert world.writes == [Routing.split(1, 2, 10)]


def test_a_rival_says_nothing_to_a_rollout_in_flight():
    world = World()
    world.settle()
    world.seen = replace(world.seen, has_older_rival=True)
    world.settle()
    assert world.status.phase == "Progressing"


def test_two_alarm_waits_in_a_row_keep_their_times():
    world = World(**WITH_ALARM)
    world.alarm("A", FIRING)
    world.settle()
    before = condition(world.status, "Ready").last_transition_time
    world.advance(100)
    world.alarm("A", None)
    world.poll()
    assert condition(world.status, "Ready").last_transition_time > before


def test_alarms_that_nobody_has_read_are_asked_for():
    world = World(**WITH_ALARM)
    world.board_reads = False
    world.settle()
    assert world.writes == [Routing.split(1, 2, 10)]


def test_alarms_read_long_before_the_start_are_read_again():
    world = World(**WITH_ALARM, paused=True)
    world.settle()
    world.board_reads = False
    world.operator_down(25)
    world.alarm("A", FIRING)
    world.edit(paused=False)
    assert (world.writes, world.ready()[1]) == ([], "AlarmFiring")
