"""Approvals that end: nobody promotes in time, and the rollout goes back, or on, as the plan says."""

from datetime import timedelta

import pytest

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.announce import announcements
from sfn_rollouts.core.values.conditions import condition
from sfn_rollouts.core.values.plan import compile_plan
from sfn_rollouts.core.values.routing import Routing
from tests.core.specs import WITH_ALARM, spec
from tests.core.world import START, World

DAY_S = 24 * 3600


def gate(on_timeout=None, timeout="24h", **changes):
    """At 20 %, waiting for a person."""
    pause = {"timeout": timeout, **({"onTimeout": on_timeout} if on_timeout else {})}
    steps = [{"setWeight": 20}, {"pause": pause}, {"setWeight": 60}, {"pause": {"duration": "10m"}}]
    world = World(strategy={"steps": steps}, **changes)
    world.settle()
    return world


def events(world):
    """Reasons and messages of all that people heard."""
    pairs = zip(world.statuses, world.statuses[1:], strict=False)
    news = [item for before, after in pairs for item in announcements(before, after)]
    return [(item.reason, item.message, item.is_warning) for item in news]


@pytest.mark.parametrize("on_timeout", [None, "Rollback"])
def test_nobody_promotes_in_time_and_it_goes_back(on_timeout):
    world = gate(on_timeout)
    assert (world.ready()[1], condition(world.status, "AwaitingApproval").status) == ("AwaitingApproval", "True")
    assert world.status.next_action_at == START + timedelta(seconds=DAY_S)
    assert world.status.message.endswith("waiting until somebody promotes within 24h, else back to version 1")
    world.advance(DAY_S - 1)
    assert (world.status.phase, world.alias) == ("Paused", Routing.split(1, 2, 20))
    world.advance(1)
    assert (world.status.phase, world.ready()[1], world.alias) == ("RolledBack", "ApprovalTimedOut", Routing.whole(1))
    assert (world.status.outcome, world.status.history[0].reason) == ("RolledBack", "ApprovalTimedOut")
    assert "nobody promoted step 1/3 within 24h" in world.status.message
    assert world.status.next_action_at is None


def test_nobody_promotes_in_time_and_it_goes_on_as_if_somebody_had():
    world = gate("Continue")
    assert world.status.message.endswith("somebody promotes within 24h, else it goes on by itself")
    world.advance(DAY_S - 1)
    assert world.status.weight == 20
    world.advance(1)
    assert (world.status.phase, world.status.weight) == ("Progressing", 60)
    assert (world.status.approval_timeout.step, world.status.approval_timeout.at) == (
        "1/3",
        START + timedelta(seconds=DAY_S),
    )
    event = ("ApprovalTimedOut", "nobody promoted step 1/3 in time; going on, as onTimeout: Continue says", True)
    assert events(world).count(event) == 1
    assert condition(world.status, "AwaitingApproval").status == "False"
    world.advance(3600)
    assert (world.status.phase, world.status.outcome) == ("Succeeded", "Promoted")
    assert events(world).count(event) == 1


def test_a_promote_in_time_ends_it():
    world = gate()
    world.advance(DAY_S - 1)
    world.say("promote", step=0)
    world.advance(3600)
    assert (world.status.phase, world.status.outcome) == ("Succeeded", "Promoted")
    assert world.status.approval_timeout is None


@pytest.mark.parametrize("on_timeout", ["Rollback", "Continue"])
@pytest.mark.parametrize("action", ["promote", "promote-full"])
def test_a_promote_that_is_there_at_the_look_is_in_time(on_timeout, action):
    """The operator was down when the time was over: who promoted meanwhile has approved."""
    world = gate(on_timeout)
    world.operator_down(DAY_S + 3600)
    world.say(action)
    assert (world.status.last_command.result, world.status.weight) == ("Done", 60 if action == "promote" else 100)
    assert world.status.approval_timeout is None


@pytest.mark.parametrize("on_timeout", ["Rollback", "Continue"])
def test_a_promote_that_is_meant_for_another_step_is_none(on_timeout):
    world = gate(on_timeout)
    world.operator_down(DAY_S + 3600)
    world.say("promote", step=7)
    assert world.status.last_command.result == "Stale"
    assert world.status.weight == (0 if on_timeout == "Rollback" else 60)


@pytest.mark.parametrize(("on_timeout", "weight"), [("Rollback", 0), ("Continue", 60)])
def test_it_is_over_however_late_somebody_looks(on_timeout, weight):
    world = gate(on_timeout)
    world.operator_down(3 * DAY_S)
    world.restart()
    assert world.status.weight == weight


@pytest.mark.parametrize(("on_timeout", "weight"), [("Rollback", 0), ("Continue", 60)])
@pytest.mark.parametrize("by_manifest", [True, False])
def test_a_pause_does_not_stop_its_clock_and_holds_what_is_due(on_timeout, weight, by_manifest):
    world = gate(on_timeout)
    if by_manifest:
        world.edit(paused=True)
    else:
        world.say("pause")
    assert world.status.next_action_at is None
    world.advance(DAY_S + 3600)
    assert (world.ready()[1], world.status.weight) == ("Paused", 20)
    if by_manifest:
        world.edit(paused=False)
    else:
        world.say("resume")
    assert world.status.weight == weight


def test_a_pause_that_ends_before_leaves_what_is_left_of_the_time():
    world = gate()
    world.say("pause")
    world.advance(3600)
    world.say("resume")
    assert (world.ready()[1], world.status.next_action_at) == ("AwaitingApproval", START + timedelta(seconds=DAY_S))


def test_an_alarm_is_why_it_goes_back_where_both_are():
    world = gate(**WITH_ALARM)
    world.advance(DAY_S - 1)
    world.alarm("A", AlarmState.ALARM)
    world.operator_down(1)
    world.poll()
    assert world.status.history[0].reason == "AlarmFiring"


def test_it_does_not_go_on_past_an_alarm_that_holds():
    """As after a promote: the alarms are read, and hold, and the deadline counts."""
    world = gate("Continue", progressDeadline="1h", alarms={"names": ["A"], "onInsufficientData": "Hold"})
    world.advance(60)
    world.alarm("A", AlarmState.INSUFFICIENT_DATA)
    world.advance(DAY_S)
    assert (world.ready()[1], world.status.weight) == ("AlarmInsufficientData", 20)
    assert condition(world.status, "AwaitingApproval").status == "False"
    world.advance(3600)
    assert world.status.history[0].reason == "ProgressDeadlineExceeded"


def test_drift_at_a_gate_does_not_keep_a_split_beyond_the_time():
    world = gate()
    world.advance(60)
    world.route(Routing.split(1, 2, 50))
    world.advance(DAY_S - 60)
    assert (world.status.history[0].reason, world.alias) == ("ApprovalTimedOut", Routing.whole(1))


def test_each_gate_has_a_time_of_its_own():
    steps = [{"setWeight": 20}, {"pause": {"timeout": "1h", "onTimeout": "Continue"}}, {"pause": {"timeout": "2h"}}]
    world = World(strategy={"steps": steps})
    world.advance(3600)
    assert (world.status.step_index, world.ready()[1]) == (1, "AwaitingApproval")
    assert [reason for reason, _, _ in events(world)].count("ApprovalTimedOut") == 1
    world.advance(7200 - 1)
    assert world.status.phase == "Paused"
    world.advance(1)
    assert world.status.history[0].reason == "ApprovalTimedOut"


def test_a_next_rollout_knows_nothing_of_it():
    world = gate("Continue")
    world.advance(2 * DAY_S)
    assert world.status.approval_timeout is not None
    world.edit(version=3)
    assert world.status.approval_timeout is None


def test_an_edit_of_the_time_begins_it_again():
    """As an edit of any wait does."""
    world = gate()
    world.advance(3600)
    steps = [{"setWeight": 20}, {"pause": {"timeout": "2h"}}]
    world.edit(strategy={"steps": steps})
    assert world.status.next_action_at == START + timedelta(seconds=3 * 3600)


def test_a_plan_without_timeouts_has_the_digest_that_it_always_had():
    """Else an upgrade of the operator would move each rollout in flight in its plan, and begin its wait again."""
    steps = [{"setWeight": 20}, {"pause": {}}, {"setWeight": 60}, {"pause": {"duration": "10m"}}]
    assert compile_plan(spec(strategy={"steps": steps})).digest == "3-e3f6dbd17638"
    timed = [{"setWeight": 20}, {"pause": {"timeout": "24h"}}, *steps[2:]]
    goes_on = [{"setWeight": 20}, {"pause": {"timeout": "24h", "onTimeout": "Continue"}}, *steps[2:]]
    digests = {compile_plan(spec(strategy={"steps": each})).digest for each in (steps, timed, goes_on)}
    assert len(digests) == 3
