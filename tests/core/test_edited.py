"""Steps that are edited while traffic is split, as people hear of it: once, with what comes next."""

import pytest

from sfn_rollouts.api.resource import parse_spec
from sfn_rollouts.core.announce import announcements
from sfn_rollouts.core.values.plan import compile_plan
from sfn_rollouts.core.values.readings import Trouble
from tests.core.specs import LINEAR
from tests.core.test_stepping import EDITS, stepped

MESSAGES = {
    "goes on at the same weight, and waits again": (
        "the steps were edited at step 2/4 with 50 %: stays at 50 % in step 1/2; step 2/2 (100 %) is next, "
        "after a wait of 5m"
    ),
    "goes on at the next weight above, at once where no step below has a wait": (
        "the steps were edited at step 2/4 with 50 %: goes on at once with step 2/3 (80 %)"
    ),
    "never falls, and stays where it is until a person says so where the step below has a gate": (
        "the steps were edited at step 2/4 with 50 %: stays at 50 % in step 2/4; step 3/4 (90 %) is next, "
        "as soon as somebody promotes"
    ),
    "stays where it is for the wait of the step below, then goes on at the next weight above": (
        "the steps were edited at step 2/4 with 50 %: stays at 50 % in step 1/3; step 2/3 (60 %) is next, "
        "after a wait of 7m"
    ),
    "in one step, all traffic": "the steps were edited at step 2/4 with 50 %: goes on at once with step 1/1 (100 %)",
}


def edit_messages(world, since):
    """What Events of a world say about edited steps, each tick of the engine being reported as one."""
    news = announcements(since, world.status, compile_plan(parse_spec(world.raw)))
    return [item.message for item in news if item.reason == "StepsEdited"]


@pytest.mark.parametrize("sentence", MESSAGES)
def test_an_edited_plan_is_reported_once(sentence):
    """`edit` settles until AWS answers, as the engine does in one tick and the next; here the first of them counts."""
    world = stepped()
    world.troubles["write"] = Trouble.TRANSIENT
    world.advance(100)
    before = world.status
    world.edit(strategy=EDITS[sentence][0])
    assert edit_messages(world, before) == [MESSAGES[sentence]]

    world.restart()
    edited = world.status
    world.advance(1)
    assert edit_messages(world, edited) == []


def test_an_edited_plan_is_reported_by_whoever_finds_it():
    """The operator was down: what it stored last is all that it knows."""
    world = stepped()
    before = world.status
    world.raw["strategy"], world.generation = {"steps": [{"setWeight": 50}, {"pause": {"duration": "90m"}}]}, 2
    world.restart()
    [message] = edit_messages(world, before)
    assert message.endswith("stays at 50 % in step 1/2; step 2/2 (100 %) is next, after a wait of 1h30m")


def test_an_edited_plan_in_a_pause_says_so():
    world = stepped()
    world.say("pause")
    before = world.status
    world.edit(strategy={"linear": {"increment": 50, "interval": "10s"}})
    assert edit_messages(world, before)[0].endswith("is next, after a wait of 10s, when it is resumed")


def test_an_edited_plan_below_its_first_step_says_what_holds_nothing_but_the_pause():
    world = stepped()
    world.say("pause")
    before = world.status
    world.edit(strategy={"allAtOnce": {}})
    [message] = edit_messages(world, before)
    assert message.endswith("with 50 %: stays at 50 %; step 1/1 (100 %) is next, at once, when it is resumed")


def test_an_edited_plan_on_the_way_to_all_traffic_says_so():
    world = stepped()
    world.troubles["write"] = Trouble.TRANSIENT
    world.say("promote-full")
    world.seen = world.seen.__class__()
    before = world.status
    edited = before.with_(plan_hash="2-other", intent=None)
    plan = compile_plan(parse_spec(world.raw))
    [message] = [
        item.message for item in announcements(edited, before.with_(intent=None), plan) if item.reason == "StepsEdited"
    ]
    assert "step 4/4 (100 %) is next, at once" in message


NO_EDITS = {
    "a longer bake": {"bakeTime": "9h"},
    "the same steps in other words": {
        "strategy": {
            "steps": [
                step
                for weight in (25, 50, 75)
                for step in ({"setWeight": weight}, {"pause": {"duration": LINEAR["linear"]["interval"]}})
            ]
        }
    },
    "another version": {"version": 3, "strategy": {"allAtOnce": {}}},
    "a pause": {"paused": True},
    "other alarms": {"alarms": {"names": ["B"], "onMissing": "Ignore"}},
}


@pytest.mark.parametrize("sentence", NO_EDITS)
def test_an_edit_that_changes_no_steps_in_flight_tells_nothing_of_steps(sentence):
    world = stepped()
    before = world.status
    world.edit(**NO_EDITS[sentence])
    assert edit_messages(world, before) == []


def test_an_edited_plan_while_baking_tells_nothing():
    world = stepped(901)
    before = world.status
    world.edit(strategy={"canary": {"weight": 5, "interval": "1m"}})
    assert world.status.plan_hash != before.plan_hash
    assert edit_messages(world, before) == []
    assert announcements(before, world.status) == (), "nor of a step that was started"
