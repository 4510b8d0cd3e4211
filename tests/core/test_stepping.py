"""In flight: steps, waits, pauses, edited steps, the deadline."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.decide import decide
from sfn_rollouts.core.values.conditions import condition, is_true
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import AlarmSnapshot, Trouble
from sfn_rollouts.core.values.routing import Routing
from tests.core.specs import APPROVAL, LINEAR, WITH_ALARM
from tests.core.world import START, Clear, World

FIRING, NO_DATA = AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA
M = 60


def weights(world):
    return [routing.weight_of(world.status.target_version) for routing in world.writes]


STORIES = {
    "a canary": ({}, [(0, 10), (10, 100)], 15),
    "linear": ({"strategy": LINEAR, "bakeTime": None}, [(0, 25), (5, 50), (10, 75), (15, 100)], 20),
    "all at once": ({"strategy": {"allAtOnce": {}}, "bakeTime": None}, [(0, 100)], 0),
    "all at once with a bake": ({"strategy": {"allAtOnce": {}}, "bakeTime": "3m"}, [(0, 100)], 3),
    "exponential": (
        {"strategy": {"exponential": {"initialWeight": 20, "factor": 2, "interval": "1m"}}, "bakeTime": "0s"},
        [(0, 20), (1, 40), (2, 80), (3, 100)],
        3,
    ),
}


@pytest.mark.parametrize("sentence", STORIES)
def test_a_rollout_from_start_to_end(sentence):
    spec, shifts, end_minute = STORIES[sentence]
    world = World(**spec)
    world.settle()
    for minute, weight in shifts:
        world.advance(minute * M - (world.now - START).total_seconds())
        assert world.status.weight == weight
    if end_minute > shifts[-1][0]:
        world.advance(end_minute * M - (world.now - START).total_seconds() - 1)
        assert world.status.phase == "Baking"
        world.advance(1)
    assert (world.status.phase, world.status.outcome, world.ready()[1]) == (
        "Succeeded",
        "Promoted",
        "RolloutComplete",
    )
    assert weights(world) == [weight for _, weight in shifts]
    assert world.alias == Routing.whole(2), "one entry, never one of weight 0"
    assert (world.status.stable_version, world.status.weight) == (2, 100)
    assert (world.status.history[0].stable_version, world.status.history[0].version) == (1, 2)
    assert not world.decision.holds_finalizer
    assert not world.decision.watches_alarms
    assert is_true(world.status, "Promoted")


def test_in_flight_says_where_it_is():
    world = World(strategy=LINEAR, **WITH_ALARM)
    world.advance(400)
    status = world.status
    assert (status.step, status.step_index, status.weight, status.alarm) == ("2/4", 1, 50, "OK")
    assert (status.next_action_at - status.step_started_at).total_seconds() == 300
    assert world.decision.holds_finalizer
    assert world.decision.watches_alarms
    assert is_true(status, "AlarmsHealthy")
    assert is_true(status, "AliasInSync")
    assert "version 2 has 50 %" in status.message


def test_a_step_is_intent_then_write_then_verification():
    world = World()
    world.settle()
    intents = [(status.intent.weight, status.intent.step_index) for status in world.statuses if status.intent]
    assert intents == [(10, 0)]
    assert world.status.intent is None
    assert world.status.step_started_at == START


def test_an_approval_waits_for_ever_and_knows_no_deadline():
    world = World(strategy=APPROVAL, bakeTime=None)
    world.advance(2 * 24 * 3600)
    assert (world.status.phase, world.ready()[1], world.status.weight) == ("Paused", "AwaitingApproval", 20)
    assert world.status.next_action_at is None
    assert not is_true(world.status, "Paused"), "nobody paused it"
    world.say("promote", step=0)
    assert world.status.weight == 60
    world.advance(10 * M)
    assert world.status.phase == "Succeeded"


# -- alarms in flight --


def test_an_alarm_in_the_middle_of_a_wait_sends_it_back():
    world = World(**WITH_ALARM)
    world.advance(100)
    world.alarm("A", FIRING)
    world.poll()
    assert (world.writes[-1], world.status.phase) == (Routing.whole(1), "RolledBack")
    assert "threshold crossed" in world.status.message


def test_the_alarm_that_ended_a_rollout_without_traffic_is_shown_as_it_was():
    world = World(strategy={"steps": [{"pause": {}}, {"setWeight": 50}]}, **WITH_ALARM)
    world.settle()
    world.alarm("A", FIRING)
    world.poll()
    assert (world.writes, world.status.phase, world.status.alarm) == ([], "RolledBack", "ALARM")


def test_long_words_of_an_alarm_fit_into_the_status():
    world = World(**WITH_ALARM)
    world.settle()
    world.alarms["A"] = AlarmSnapshot(FIRING, world.now, "w" * 1023)
    world.poll()
    assert max(len(status.trip.message) for status in world.statuses if status.trip) == 1024


@pytest.mark.parametrize("phase", ["Baking", "Paused"])
def test_alarms_are_watched_through(phase):
    world = World(**WITH_ALARM)
    world.advance(601 if phase == "Baking" else 1)
    if phase == "Paused":
        world.edit(paused=True)
        world.advance(36000)
    assert world.status.phase == phase
    world.alarm("A", FIRING)
    world.poll()
    assert world.alias == Routing.whole(1)


def test_an_alarm_is_read_once_more_after_the_last_wait():
    world = World(**WITH_ALARM)
    world.advance(595)
    world.operator_down(5)
    world.alarm("A", FIRING)
    world.settle()
    assert weights(world) == [10, 0]


def test_an_alarm_that_fires_between_intent_and_write_stops_the_write():
    world = World(**WITH_ALARM)
    world.advance(1)
    world.troubles["write"] = Trouble.TRANSIENT
    world.advance(600)
    assert world.status.intent.weight == 100
    world.alarm("A", FIRING)
    world._read_alarms()
    world.troubles.clear()
    world.settle()
    assert weights(world) == [10, 0]


def test_an_alarm_while_the_operator_was_down():
    world = World(**WITH_ALARM)
    world.advance(30)
    world.blip()
    world.operator_down(3600)
    world.restart()
    assert (world.status.history[0].reason, weights(world)) == ("AlarmTransient", [10, 0])


def test_a_blip_between_two_polls_and_a_history_that_is_late():
    world = World(**WITH_ALARM)
    world.advance(30)
    world.histories_are_late = True
    world.blip()
    world.poll()
    assert world.status.phase == "Progressing"
    world.histories_are_late = False
    world.operator_down(10)
    world.poll()
    assert world.status.history[0].reason == "AlarmTransient"


def test_a_hold_keeps_the_step_and_lifts_by_itself():
    world = World(alarms={"names": ["A"], "onInsufficientData": "Hold"})
    world.advance(30)
    world.alarm("A", NO_DATA)
    world.advance(800)
    assert (world.status.phase, world.ready()) == ("Progressing", ("False", "AlarmInsufficientData"))
    assert world.status.next_action_at is None
    assert condition(world.status, "AlarmsHealthy").status == "False"
    world.alarm("A", Clear)
    world.poll()
    assert world.status.weight == 100


def test_alarms_that_cannot_be_read_hold_then_say_so():
    world = World(**WITH_ALARM)
    world.advance(30)
    world.troubles["alarms"] = Trouble.TRANSIENT
    world.poll()
    assert condition(world.status, "AlarmsHealthy").status == "Unknown"
    world.advance(700)
    assert world.ready() == ("False", "AlarmUnreadable")
    world.troubles["alarms"] = Trouble.DENIED
    world.poll()
    assert world.ready() == ("False", "AccessDenied")
    assert condition(world.status, "Stalled") is not None


def test_an_alarm_added_in_flight():
    world = World()
    world.advance(30)
    world.alarm("A", Clear, START)
    world.edit(**WITH_ALARM)
    world.poll()
    assert world.status.alarm == "OK"
    world.blip()
    world.poll()
    assert world.status.history[0].reason == "AlarmTransient"


def test_no_alarm_is_watched_any_more_once_taken_out():
    world = World(**WITH_ALARM)
    world.advance(30)
    world.edit(alarms=None)
    assert (world.status.alarms, world.status.alarm) == ((), "None")
    assert condition(world.status, "AlarmsHealthy").reason == "NoAlarms"


# -- pauses --


def test_a_pause_holds_the_step_and_not_its_clock():
    world = World()
    world.advance(60)
    world.edit(paused=True)
    assert world.status.next_action_at is None
    world.advance(3 * 3600)
    assert (world.status.phase, weights(world)) == ("Paused", [10])
    assert condition(world.status, "Paused").message == "paused by spec.paused; set it to false to go on"
    world.edit(paused=False)
    assert weights(world) == [10, 100]


def test_the_time_of_a_pause_is_not_counted_against_the_deadline():
    world = World(progressDeadline="10m", alarms={"names": ["A"], "onInsufficientData": "Hold"})
    world.advance(30)
    world.alarm("A", NO_DATA)
    world.edit(paused=True)
    world.advance(5 * 3600)
    world.edit(paused=False)
    world.advance(599)
    assert world.status.phase == "Progressing"
    world.advance(1)
    assert world.status.phase == "Failed"


def test_nor_is_the_time_of_a_second_pause():
    world = held(progressDeadline="10m")
    for _ in range(2):
        world.edit(paused=True)
        world.advance(700)
        world.edit(paused=False)
        assert (world.status.phase, world.status.due_since) == ("Progressing", world.now)
    world.advance(599)
    assert world.status.phase == "Progressing"
    world.advance(1)
    assert world.status.phase == "Failed"


def test_a_pause_before_the_end_of_the_bake():
    world = World()
    world.advance(650)
    world.edit(paused=True)
    world.advance(1000)
    assert world.status.phase == "Paused"
    world.edit(paused=False)
    assert world.status.phase == "Succeeded"


def test_a_pause_with_the_first_write_pending_goes_back_before_the_start():
    world = World()
    world.troubles["write"] = Trouble.TRANSIENT
    world.settle()
    world.edit(paused=True)
    assert (world.status.phase, world.status.intent.weight) == ("Paused", 10)
    world.troubles.clear()
    world.advance(15)
    assert (world.status.phase, world.status.started_at, world.writes) == ("Paused", None, [])
    assert world.status.message.startswith("not started")
    world.edit(paused=False)
    assert weights(world) == [10]


def test_a_pause_command_survives_the_withdrawn_write():
    world = World()
    world.troubles["write"] = Trouble.TRANSIENT
    world.settle()
    world.say("pause")
    world.troubles.clear()
    world.advance(20)
    assert (world.status.started_at, world.status.pause_command.by) == (None, "eve")
    world.say("resume")
    assert weights(world) == [10]


def test_a_pause_with_a_later_write_pending_keeps_the_step():
    world = World()
    world.advance(1)
    world.troubles["write"] = Trouble.TRANSIENT
    world.advance(600)
    world.edit(paused=True)
    world.troubles.clear()
    world.advance(30)
    assert (world.status.intent, world.status.weight, world.status.step_index) == (None, 10, 0)
    world.edit(paused=False)
    assert weights(world) == [10, 100]


def test_a_pause_after_a_write_whose_answer_was_lost_keeps_what_is_live():
    world = World()
    world.loses_answers = True
    world.settle()
    assert world.status.intent is not None
    world.edit(paused=True)
    world.advance(60)
    assert (world.status.phase, world.status.weight) == ("Paused", 10)
    assert (world.status.intent, weights(world)) == (None, [10])


# -- edited steps --


def stepped(at_s=310.0, **spec):
    """Linear by 25 at its second step, unless said otherwise."""
    world = World(strategy=LINEAR, **spec)
    world.advance(at_s)
    return world


EDITS = {
    "goes on at the same weight, and waits again": ({"linear": {"increment": 50, "interval": "5m"}}, 50, 300, 100),
    "goes on at the next weight above, at once where no step below has a wait": (
        {"steps": [{"setWeight": 10}, {"setWeight": 80}, {"pause": {"duration": "5m"}}]},
        80,
        300,
        100,
    ),
    "never falls, and stays where it is until a person says so where the step below has a gate": (
        {"steps": [{"setWeight": 5}, {"setWeight": 10}, {"pause": {}}, {"setWeight": 90}, {"pause": {}}]},
        50,
        9999,
        50,
    ),
    "stays where it is for the wait of the step below, then goes on at the next weight above": (
        {"steps": [{"setWeight": 20}, {"pause": {"duration": "7m"}}, {"setWeight": 60}, {"pause": {}}]},
        50,
        420,
        60,
    ),
    "stays where it is for the last wait below, whatever steps without one lie between": (
        {"steps": [{"setWeight": 10}, {"pause": {"duration": "7m"}}, {"setWeight": 20}, {"setWeight": 30}]},
        50,
        420,
        100,
    ),
    "made gentler, never jumps to all traffic": ({"canary": {"weight": 10, "interval": "5m"}}, 50, 300, 100),
    "in one step, all traffic": ({"allAtOnce": {}}, 100, 1, 100),
}


@pytest.mark.parametrize("sentence", EDITS)
def test_an_edited_plan(sentence):
    strategy, now, wait_s, then = EDITS[sentence]
    world = stepped()
    assert world.status.weight == 50
    world.advance(100)
    world.edit(strategy=strategy)
    assert world.status.weight == now
    world.advance(wait_s - 1)
    assert world.status.weight == now
    world.advance(1)
    assert world.status.weight == then


def test_an_edited_plan_while_baking_goes_on_baking():
    world = stepped(901)
    started = world.status.step_started_at
    world.edit(strategy={"canary": {"weight": 5, "interval": "1m"}})
    assert (world.status.phase, world.status.step_started_at) == ("Baking", started)
    world.advance(300)
    assert world.status.phase == "Succeeded"


def test_a_shorter_bake_ends_at_once_and_not_by_the_deadline():
    world = World(bakeTime="24h", progressDeadline="1m")
    world.advance(5 * 3600)
    world.edit(bakeTime="1h")
    assert world.status.phase == "Succeeded"


def test_an_edited_plan_while_paused_moves_nothing():
    world = stepped(paused=False)
    world.edit(paused=True)
    world.edit(strategy={"allAtOnce": {}})
    world.advance(100)
    assert (world.status.phase, world.status.weight) == ("Paused", 50)
    world.edit(paused=False)
    assert world.status.weight == 100


def held_intent():
    """A canary at 10 % with the intent of 100 % stored, and an alarm that lost its data just then."""
    world = World(alarms={"names": ["A"], "onInsufficientData": "Hold"})
    world.advance(1)
    world.troubles["write"] = Trouble.TRANSIENT
    world.advance(600)
    world.troubles.clear()
    world.alarm("A", NO_DATA)
    world.poll()
    assert world.status.intent.weight == 100
    return world


def test_an_edited_plan_takes_back_an_intent_that_is_held():
    world = held_intent()
    world.seen = world.seen.__class__(alarms=world.seen.alarms)  # no failed write is remembered after a restart
    world.edit(strategy={"steps": [{"setWeight": 10}, {"pause": {}}, {"setWeight": 20}, {"pause": {}}]})
    world.alarm("A", Clear)
    world.poll()
    assert (world.status.phase, world.status.weight, weights(world)) == ("Paused", 10, [10])


def test_an_edited_plan_looks_at_once_whether_a_held_intent_was_written():
    world = World(strategy={"canary": {"weight": 10, "interval": "1m"}}, alarms={"names": ["A"]})
    world.advance(1)
    world.troubles["write"] = Trouble.CONFLICT
    world.advance(60)
    world.seen = replace(world.seen, write_failure=None)
    assert world.status.intent.at > world.seen.alias.read_at
    world.edit(strategy={"steps": [{"setWeight": 10}, {"pause": {}}]})
    assert (world.status.intent, world.status.weight, weights(world)) == (None, 10, [10])


def test_an_edited_plan_settles_an_intent_whose_write_may_have_been_made():
    world = held_intent()
    world.edit(strategy={"steps": [{"setWeight": 10}, {"pause": {}}]})
    assert world.status.intent.weight == 100
    world.alarm("A", Clear)
    world.poll()
    assert weights(world) == [10, 100]


def test_an_edited_plan_before_the_first_write():
    world = World()
    world.troubles["write"] = Trouble.TRANSIENT
    world.settle()
    world.troubles.clear()
    world.seen = world.seen.__class__()  # restarted
    world.edit(strategy={"canary": {"weight": 33, "interval": "1m"}})
    assert weights(world) == [33]


def test_an_edited_plan_has_the_whole_deadline_for_its_next_step():
    world = held()
    world.operator_down(3600)
    world.restart()
    assert world.status.due_since == world.now
    world.advance(60)
    world.edit(strategy=LINEAR)
    assert (world.status.due_since, world.status.wait_ended_at) == (None, world.now)


# -- the deadline --


def held(**spec):
    world = World(**{"progressDeadline": "30m", "alarms": {"names": ["A"], "onInsufficientData": "Hold"}, **spec})
    world.advance(30)
    world.alarm("A", NO_DATA)
    return world


def test_a_step_held_too_long_goes_back():
    world = held()
    world.advance(600 + 1800 - 31)
    assert world.status.phase == "Progressing"
    world.advance(1)
    assert (world.status.phase, world.ready()[1], world.status.outcome) == (
        "Failed",
        "ProgressDeadlineExceeded",
        "RolledBack",
    )
    assert "alarm A has no data" in world.status.message
    assert world.phases()[-2:] == ["RollingBack", "Failed"]


def test_the_time_of_a_stopped_operator_is_not_held_against_the_step():
    world = held()
    world.operator_down(24 * 3600)
    world.restart()
    assert world.status.phase == "Progressing"
    world.advance(1799)
    assert world.status.phase == "Progressing"
    world.restart()
    world.advance(1)
    assert world.status.phase == "Failed", "but a restart does not start the deadline again"


def test_a_step_found_overdue_counts_from_the_first_look_however_long_its_alarms_are_not_read():
    world = World(**WITH_ALARM)
    world.advance(30)
    world.operator_down(3600)
    first = decide(world._rollout(), Observation(), world.now).status
    world.status = first
    world.operator_down(60)
    assert (
        decide(world._rollout(), Observation(), world.now).status.due_since
        == first.due_since
        == world.now - timedelta(seconds=60)
    )


def test_an_overdue_step_that_is_left_leaves_nothing_overdue():
    minute = {"pause": {"duration": "1m"}}
    world = World(strategy={"steps": [{"setWeight": 5}, minute, minute]})
    world.advance(30)
    world.operator_down(3600)
    world.restart()
    assert (world.status.step_index, world.status.due_since) == (1, None)


def test_the_plans_own_waits_do_not_count():
    world = World(strategy={"canary": {"weight": 10, "interval": "48h"}}, progressDeadline="1s")
    world.advance(47 * 3600)
    assert world.status.phase == "Progressing"


def test_waiting_to_start_knows_no_deadline():
    world = World(progressDeadline="1s", **WITH_ALARM)
    world.alarm("A", FIRING)
    world.advance(36000)
    assert world.status.phase == "Pending"


def test_the_first_write_that_never_succeeds():
    world = World(progressDeadline="1m")
    world.troubles["write"] = Trouble.TRANSIENT
    world.advance(59)
    assert world.ready() == ("False", "RetryingAWS")
    world.advance(1)
    assert world.status.trip.reason == "ProgressDeadlineExceeded"
    world.troubles.clear()
    world.settle()
    assert (world.status.phase, world.alias) == ("Failed", Routing.whole(1))


# -- another target --


def test_another_target_in_flight_goes_back_first():
    world = World()
    world.advance(30)
    world.edit(version=3)
    assert world.writes == [Routing.split(1, 2, 10), Routing.whole(1), Routing.split(1, 3, 10)]
    assert (world.status.history[0].outcome, world.status.target_version) == ("Superseded", 3)
    assert world.status.started_at == world.now


def test_the_stable_version_asked_for_in_flight():
    world = World()
    world.advance(30)
    world.edit(version=1)
    assert world.writes[-1] == Routing.whole(1)
    assert (world.status.phase, world.ready()) == ("Succeeded", ("True", "UpToDate"))
    entry = world.status.history[0]
    assert (entry.outcome, entry.reason, world.status.outcome) == ("Aborted", "TargetWithdrawn", "Aborted")
    assert world.status.running_executions.version == 2
    world.advance(3600)
    assert world.ready() == ("True", "UpToDate")


def test_a_target_changed_twice():
    world = World()
    world.advance(30)
    world.troubles["write"] = Trouble.TRANSIENT
    world.edit(version=1)
    world.edit(version=4)
    world.troubles.clear()
    world.settle()
    assert world.writes[-1] == Routing.split(1, 4, 10)
    assert world.status.history[0].reason == "TargetWithdrawn"


def test_a_target_changed_and_changed_back():
    world = World()
    world.advance(30)
    world.troubles["write"] = Trouble.TRANSIENT
    world.edit(version=3)
    world.edit(version=2)
    world.troubles.clear()
    world.settle()
    assert world.writes[-2:] == [Routing.whole(1), Routing.split(1, 2, 10)]


def test_another_target_before_any_traffic_moved():
    world = World(strategy={"steps": [{"pause": {}}, {"setWeight": 50}, {"pause": {}}]})
    world.settle()
    world.edit(version=3)
    assert (world.writes, world.status.target_version, world.status.history[0].outcome) == ([], 3, "Superseded")


def test_an_alarm_outranks_another_target():
    world = World(**WITH_ALARM)
    world.advance(30)
    world.alarm("A", FIRING)
    world._read_alarms()
    world.edit(version=3)
    assert world.status.history[0].reason == "AlarmFiring"
    assert (world.status.phase, world.status.target_version) == ("Pending", 3)


def test_a_retry_token_in_flight_asks_for_nothing():
    world = World(**WITH_ALARM)
    world.advance(30)
    world.edit(retryToken="again")
    world.alarm("A", FIRING)
    world.poll()
    world.alarm("A", Clear)
    world.advance(3600)
    assert world.status.phase == "RolledBack"
