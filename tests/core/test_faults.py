"""Bad days: lost answers, stale reads, refusals, restarts, a spec that makes no sense, a defect of our own."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sfn_rollouts.api.status import AlarmState, Status
from sfn_rollouts.core.decide import decide, hold_after_error
from sfn_rollouts.core.values.conditions import condition, is_true
from sfn_rollouts.core.values.decision import WriteKind
from sfn_rollouts.core.values.looks import FindVersion, ReadAlias
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import Trouble, WriteFailure
from sfn_rollouts.core.values.rollout import InvalidSpec, Rollout
from sfn_rollouts.core.values.routing import Routing
from tests.core.specs import LINEAR, WITH_ALARM, spec
from tests.core.world import START, World, check_status

FIRING = AlarmState.ALARM


def weights(world):
    return [routing.weight_of(2) for routing in world.writes]


# -- answers that are lost, reads that are stale --


def test_a_write_whose_answer_was_lost_is_not_repeated():
    world = World(**WITH_ALARM)
    world.loses_answers = True
    world.settle()
    assert (world.status.intent.weight, weights(world)) == (10, [10])
    world.operator_down(60)
    world.troubles.clear()
    world.restart()
    assert (world.status.intent, world.status.weight, weights(world)) == (None, 10, [10])
    assert world.status.step_started_at == world.now, "the clock starts at the verification"


def test_an_intent_that_was_never_written_is_written_after_a_restart():
    world = World(**WITH_ALARM)
    world.troubles["write"] = Trouble.TRANSIENT
    world.settle()
    world.troubles.clear()
    world.restart()
    assert weights(world) == [10]


def test_an_alarm_with_an_answer_lost_sends_back_what_may_have_been_written():
    world = World(**WITH_ALARM)
    world.loses_answers = True
    world.settle()
    world.troubles.clear()
    world.loses_answers = False
    world.alarm("A", FIRING)
    world._read_alarms()
    world.settle()
    assert (world.alias, world.status.phase) == (Routing.whole(1), "RolledBack")


def test_an_alarm_with_an_intent_not_written_is_proved_by_a_write():
    world = World(**WITH_ALARM)
    world.troubles["write"] = Trouble.TRANSIENT
    world.settle()
    world.alarm("A", FIRING)
    world.poll()
    assert world.status.phase == "RollingBack"
    world.troubles.clear()
    world.settle()
    assert (world.writes, world.status.phase) == ([Routing.whole(1)], "RolledBack")


@pytest.mark.parametrize(("asked_s", "phase"), [(-1, "RollingBack"), (0, "RolledBack"), (1, "RolledBack")])
def test_a_restore_that_aws_took_since_the_alarm_is_proof_although_the_date_stays(asked_s, phase):
    world = World(**WITH_ALARM)
    world.troubles["write"] = Trouble.TRANSIENT
    world.settle()
    world.alarm("A", FIRING)
    world.poll()
    asked_at = world.status.trip.at + timedelta(seconds=asked_s)
    world.seen = replace(world.seen.answering(ReadAlias(), world._alias_fact()), restore_asked_at=asked_at)
    world.settle()
    assert (world.writes, world.status.phase) == ([], phase)


def test_on_the_way_back_nothing_is_due_any_more():
    world = World(strategy=LINEAR, **WITH_ALARM)
    world.advance(30)
    world.troubles["write"] = Trouble.TRANSIENT
    world.say("promote")
    world.edit(paused=True)
    world.edit(paused=False)
    assert world.status.wait_ended_at == world.status.due_since == world.now
    world.alarm("A", FIRING)
    world.poll()
    status = world.status
    assert status.phase == "RollingBack"
    assert (status.wait_ended_at, status.due_since, status.next_action_at) == (None, None, None)


@pytest.mark.parametrize("lost", ["step_index", "step_started_at"])
def test_a_status_that_has_lost_half_of_its_position_goes_on_at_once(lost):
    world = World(strategy=LINEAR)
    world.advance(310)
    world.status = world.status.with_(**{lost: None})
    world.settle()
    assert world.status.step_started_at == world.now
    world.advance(3600)
    assert world.status.phase == "Succeeded"


def test_an_answer_older_than_what_the_status_knows_is_no_drift_after_a_restart():
    world = World()
    world.advance(30)
    world.stale_alias = Routing.whole(1)
    world.restart()
    assert world.ready()[1] == "ShiftInProgress"
    assert is_true(world.status, "AliasInSync")


def test_a_finding_that_only_a_later_operator_knows_ends_as_an_abort():
    world = World(**WITH_ALARM)
    world.advance(30)
    world.troubles["write"] = Trouble.TRANSIENT
    world.alarm("A", FIRING)
    world.poll()
    world.status = world.status.with_(trip=world.status.trip.with_(reason="CanaryIsSick"))
    world.troubles.clear()
    world.settle()
    assert (world.status.phase, world.status.history[0].reason) == ("RolledBack", "Aborted")


@pytest.mark.parametrize("lost", ["all", "the date"])
def test_a_status_that_has_lost_what_it_knew_of_the_alias_goes_back_all_the_same(lost):
    world = World(**WITH_ALARM)
    world.troubles["write"] = Trouble.TRANSIENT
    world.settle()
    world.alarm("A", FIRING)
    world.poll()
    known = world.status.alias.with_(update_date=None) if lost == "the date" else None
    world.status = world.status.with_(alias=known)
    world.seen = world.seen.answering(ReadAlias(), world._alias_fact())
    world.settle()
    assert (world.alias, world.status.phase) == (Routing.whole(1), "RolledBack")


def test_what_was_known_of_the_alias_is_kept_where_nobody_has_looked_since():
    world = World(strategy={"steps": [{"pause": {}}, {"setWeight": 50}]})
    world.settle()
    known = world.status.alias
    world.seen = Observation()
    world.say("abort")
    ended = next(status for status in world.statuses if status.phase == "RolledBack")
    assert ended.alias == known is not None


def test_a_read_that_is_older_than_our_write_is_asked_again():
    world = World()
    world.stale_alias = Routing.whole(1)
    world.settle()
    assert (world.status.phase, world.status.intent.weight) == ("Progressing", 10)
    assert (world.decision.wake_at - world.now).total_seconds() == 0.5
    world.stale_alias = None
    world.advance(1)
    assert (world.status.weight, weights(world)) == (10, [10])


def test_a_stale_read_after_going_back():
    world = World(**WITH_ALARM)
    world.advance(30)
    world.stale_alias = Routing.split(1, 2, 10)
    world.alarm("A", FIRING)
    world.poll()
    assert (world.status.phase, weights(world)) == ("RollingBack", [10, 0])
    world.stale_alias = None
    world.advance(1)
    assert world.status.phase == "RolledBack"


def test_a_stale_read_of_a_new_alias():
    world = World(alias=None)
    world.stale_alias = Routing.whole(7)
    world.settle()
    world.settle()
    assert world.status.phase == "Progressing"
    world.stale_alias = None
    world.advance(1)
    assert world.status.phase == "Succeeded"


def test_an_alias_that_somebody_else_created_first():
    world = World(alias=None)
    world.troubles["write"] = Trouble.TRANSIENT
    world.settle()
    world.troubles.clear()
    world.route(7)
    world.settle()
    assert (world.status.stable_version, world.writes) == (7, [Routing.split(7, 2, 10)])


# -- writes that fail --

FAILURES = {
    Trouble.TRANSIENT: ("RetryingAWS", False),
    Trouble.DENIED: ("AccessDenied", True),
    Trouble.GONE: ("NotFound", True),
    Trouble.INTERNAL: ("InternalError", True),
}


@pytest.mark.parametrize("trouble", FAILURES)
def test_a_forward_write_that_fails(trouble):
    reason, is_stalled = FAILURES[trouble]
    world = World()
    world.troubles["write"] = trouble
    world.settle()
    assert (world.status.phase, world.ready()) == ("Progressing", ("False", reason))
    assert (condition(world.status, "Stalled") is not None) is is_stalled
    assert world.decision.write is not None, "tried again, as often as the engine's backoff allows"
    world.troubles.clear()
    world.settle()
    assert weights(world) == [10]


def test_a_conflict_is_no_failure():
    world = World()
    world.troubles["write"] = Trouble.CONFLICT
    world.settle()
    assert world.ready()[1] == "ShiftInProgress"


def going_back(trouble):
    world = World(progressDeadline="10m", **WITH_ALARM)
    world.advance(30)
    world.troubles["write"] = trouble
    world.alarm("A", FIRING)
    world.poll()
    return world


@pytest.mark.parametrize("trouble", [Trouble.TRANSIENT, Trouble.CONFLICT])
def test_a_rollback_that_is_retried(trouble):
    world = going_back(trouble)
    assert (world.status.phase, world.ready()[1]) == ("RollingBack", "RollbackInProgress")


def test_a_rollback_that_is_retried_for_too_long_has_failed_so_far():
    world = going_back(Trouble.TRANSIENT)
    world.advance(599)
    assert world.status.phase == "RollingBack"
    world.advance(1)
    assert (world.status.phase, world.ready()) == ("Failed", ("False", "RollbackFailed"))
    assert world.decision.write.kind is WriteKind.RESTORE
    world.troubles.clear()
    world.settle()
    assert (world.alias, world.status.phase) == (Routing.whole(1), "RolledBack")


@pytest.mark.parametrize("trouble", [Trouble.DENIED, Trouble.INTERNAL])
def test_a_rollback_that_a_person_must_fix(trouble):
    world = going_back(trouble)
    assert (world.status.phase, world.ready()) == ("Failed", ("False", "RollbackFailed"))
    assert "no answer" in world.status.message


def test_a_forward_write_that_was_refused_says_nothing_about_the_way_back():
    world = World(**WITH_ALARM)
    world.advance(30)
    world.seen = replace(world.seen, write_failure=WriteFailure("refused", Trouble.DENIED, START))
    world.alarm("A", FIRING)
    world.poll()
    assert "Failed" not in world.phases()
    assert world.status.phase == "RolledBack"


def test_the_api_server_is_down_when_the_alarm_fires():
    """The rollback needs no stored status; the engine carries the working one along."""
    world = World(**WITH_ALARM)
    world.advance(30)
    stored = world.status
    world.alarm("A", FIRING)
    world.poll()
    assert world.alias == Routing.whole(1)
    world.status = stored  # the operator dies before it could report
    world.operator_down(30)
    world.restart()
    assert (world.status.phase, weights(world)) == ("RolledBack", [10, 0])


def test_killed_while_going_back():
    world = going_back(Trouble.TRANSIENT)
    world.troubles.clear()
    world.restart()
    assert (world.alias, world.status.phase, world.ready()[1]) == (Routing.whole(1), "RolledBack", "AlarmFiring")


# -- a spec that makes no sense --


def test_invalid_at_the_start_and_fixed():
    world = World(version=0)
    world.settle()
    assert (world.status.phase, world.ready(), world.writes) == ("Failed", ("False", "InvalidSpec"), [])
    assert "version" in world.status.message
    world.edit(version=2)
    assert weights(world) == [10]


def test_invalid_at_rest_leaves_the_alias_alone_and_what_was_last_known_of_its_alarms():
    world = World(**WITH_ALARM)
    world.advance(1000)
    world.edit(bakeTime="never")
    assert (world.status.phase, world.alias) == ("Failed", Routing.whole(2))
    assert (world.status.alarm, condition(world.status, "AlarmsHealthy").reason) == ("OK", "AlarmsHealthy")
    world.edit(bakeTime="5m")
    assert world.ready() == ("True", "RolloutComplete")


def test_invalid_and_fixed_with_nothing_to_do_is_up_to_date_again():
    world = World(alias=2)
    world.settle()
    world.edit(bakeTime="never")
    world.edit(bakeTime="5m")
    assert world.ready() == ("True", "UpToDate")


def test_invalid_in_flight_goes_back_at_once():
    world = World(strategy=LINEAR)
    world.advance(30)
    world.edit(alias="")
    assert (world.alias, world.status.history[0].reason) == (Routing.whole(1), "InvalidSpec")
    world.edit(alias="live")
    assert (world.status.phase, world.ready()[1]) == ("RolledBack", "InvalidSpec")
    assert "send retry" in world.status.message


def test_invalid_while_going_back_goes_on_going_back():
    world = going_back(Trouble.TRANSIENT)
    world.edit(alias="")
    world.troubles.clear()
    world.settle()
    assert (world.alias, world.status.history[0].reason) == (Routing.whole(1), "AlarmFiring")


def test_invalid_while_an_alias_is_created():
    world = World(alias=None)
    world.troubles["write"] = Trouble.TRANSIENT
    world.settle()
    world.edit(bakeTime="never")
    assert (world.status.phase, world.status.started_at) == ("Failed", None)


def test_invalid_and_deleted():
    world = World()
    world.advance(30)
    world.raw["bakeTime"] = "never"
    world.delete()
    assert (world.alias, world.decision.holds_finalizer) == (Routing.whole(1), False)


# -- a defect of our own --


def errs(status, now, spec_=None, generation=1):
    decision = hold_after_error(Rollout(generation, spec_ or spec(), status, START), "KeyError: 'x' " * 200, now)
    check_status(status, decision.status, generation)
    return decision


def in_flight():
    world = World(**WITH_ALARM)
    world.advance(30)
    return world


def test_a_defect_holds_the_rollout_and_says_so():
    world = in_flight()
    decision = errs(world.status, world.now)
    ready = condition(decision.status, "Ready")
    assert (decision.status.phase, ready.reason) == ("Progressing", "InternalError")
    assert condition(decision.status, "Paused") is not None, "what was known stays known"
    assert decision.write is None
    assert decision.holds_finalizer
    assert decision.watches_alarms
    assert decision.wake_at == world.now + timedelta(seconds=5)


def test_a_defect_that_lasts_goes_back():
    world = in_flight()
    held = errs(world.status, world.now).status
    later = world.now + timedelta(hours=1)
    assert errs(held, later - timedelta(seconds=1)).write is None
    decision = errs(held, later)
    assert (decision.write.kind, decision.write.routing) == (WriteKind.RESTORE, Routing.whole(1))
    world.status, world.now = decision.status, later
    world.restart()
    assert (world.alias, world.ready()[1]) == (Routing.whole(1), "ProgressDeadlineExceeded")


def test_a_defect_is_bounded_by_the_deadline_of_the_spec():
    world = in_flight()
    short = spec(progressDeadline="10m")
    held = errs(world.status, world.now, short).status
    later = world.now + timedelta(minutes=10)
    assert errs(held, later - timedelta(seconds=1), short).wake_at == later
    decision = errs(held, later, short)
    assert decision.write is not None
    assert decision.wake_at == later + timedelta(minutes=5)
    assert decision.holds_finalizer
    assert decision.watches_alarms is False


# A failed write, seen while going back: seconds after the trip, phase stored with it, trouble, phase shown
FAILED_WRITES = {
    "a restore that was refused, before its phase was stored": (1, "Progressing", Trouble.DENIED, "Failed"),
    "a restore that was refused at once": (0, "Progressing", Trouble.DENIED, "Failed"),
    "a step that was refused before": (-1, "Progressing", Trouble.DENIED, "RollingBack"),
    "a restore whose failures began with a step's": (-1, "RollingBack", Trouble.DENIED, "Failed"),
    "a restore that has failed before": (-1, "Failed", Trouble.DENIED, "Failed"),
    "a conflict": (1, "RollingBack", Trouble.CONFLICT, "RollingBack"),
}


@pytest.mark.parametrize("sentence", FAILED_WRITES)
def test_whose_failure_it_is(sentence):
    after_s, stored, trouble, shown = FAILED_WRITES[sentence]
    world = going_back(Trouble.TRANSIENT)
    failed_at = world.status.trip.at + timedelta(seconds=after_s)
    seen = replace(world.seen, write_failure=WriteFailure("no", trouble, failed_at))
    status = world.status.with_(phase=stored)
    decision = decide(Rollout(1, spec(**WITH_ALARM), status, START), seen, world.now)
    assert decision.status.phase == shown


def test_a_defect_with_a_spec_of_no_sense_is_bounded_too():
    world = in_flight()
    held = errs(world.status, world.now, InvalidSpec("x")).status
    assert errs(held, world.now + timedelta(hours=1), InvalidSpec("x")).write is not None


def test_a_defect_while_going_back_writes_on():
    world = going_back(Trouble.TRANSIENT)
    assert errs(world.status, world.now).write.routing == Routing.whole(1)


def test_a_defect_with_nothing_in_flight_is_tried_again():
    decision = errs(Status(), START)
    assert (decision.status.phase, decision.holds_finalizer) == ("Pending", False)
    assert decision.wake_at == START + timedelta(seconds=5)


def test_a_defect_that_passes_leaves_no_trace():
    for world, reason in ((in_flight(), "ShiftInProgress"), (succeeded(), "RolloutComplete")):
        world.status = errs(world.status, world.now).status
        world.settle()
        assert world.ready()[1] == reason
        assert condition(world.status, "Stalled") is None


def succeeded():
    world = World(**WITH_ALARM)
    world.advance(1000)
    return world


def test_a_defect_while_rolled_back_keeps_the_verdict():
    world = in_flight()
    world.alarm("A", FIRING)
    world.poll()
    world.status = errs(world.status, world.now).status
    world.settle()
    assert (world.status.phase, world.ready()[1]) == ("RolledBack", "AlarmFiring")
    assert "send retry" in world.status.message


def test_a_defect_while_an_alias_is_created_has_nothing_to_go_back_to():
    world = World(alias=None)
    world.troubles["write"] = Trouble.TRANSIENT
    world.settle()
    decision = errs(world.status, world.now + timedelta(days=1))
    assert (decision.write, decision.holds_finalizer) == (None, True)


def test_a_status_that_has_lost_its_versions_guesses_none():
    world = World()
    world.advance(30)
    world.status = world.status.with_(stable_version=None)
    world.restart()
    assert (world.ready(), len(world.writes)) == (("False", "AliasSplit"), 1)


@pytest.mark.parametrize("bake", ["0s", "5m"])
@pytest.mark.parametrize("index", [1, 2, 9])
def test_a_position_beyond_the_weight_ends_no_rollout_on_a_split_alias(index, bake):
    world = World(bakeTime=bake)
    world.advance(30)
    world.status = world.status.with_(step_index=index)
    world.restart()
    world.advance(3600)
    assert (world.status.phase, world.alias) == ("Succeeded", Routing.whole(2))


def test_a_status_whose_alias_makes_no_sense_trusts_a_look():
    world = World()
    world.advance(30)
    broken = tuple(entry.with_(weight=7) for entry in world.status.alias.routing)
    world.status = world.status.with_(alias=world.status.alias.with_(routing=broken))
    world.restart()
    assert world.ready()[1] == "AliasDrifted"
    world.say("abort")
    assert (world.alias, world.status.phase) == (Routing.whole(1), "RolledBack")


def test_an_abort_before_any_traffic_needs_no_look():
    world = World(strategy={"steps": [{"pause": {}}, {"setWeight": 50}]})
    world.settle()
    world.troubles["alias"] = Trouble.TRANSIENT
    world.restart()
    world.say("abort")
    assert (world.status.phase, world.writes) == ("RolledBack", [])


# -- deletion --


def test_deleted_in_flight_goes_back_first():
    world = in_flight()
    world.delete()
    assert (world.alias, world.decision.holds_finalizer) == (Routing.whole(1), False)


def test_deleted_in_flight_to_be_orphaned():
    world = World(deletionPolicy="Orphan")
    world.settle()
    world.delete()
    assert (world.alias, world.decision.holds_finalizer) == (Routing.split(1, 2, 10), False)


@pytest.mark.parametrize("seconds", [0, 1000])
def test_deleted_with_nothing_in_flight(seconds):
    world = World(alias=1 if seconds else 2)
    world.advance(seconds)
    world.delete()
    assert (world.alias, world.decision.holds_finalizer) == (Routing.whole(2), False)


def test_deleted_and_aws_refuses():
    world = in_flight()
    world.troubles["write"] = Trouble.DENIED
    world.delete()
    assert world.decision.holds_finalizer
    assert (world.status.phase, world.ready()) == ("RollingBack", ("False", "Terminating"))
    assert "set spec.deletionPolicy to Orphan" in world.status.message
    world.raw["deletionPolicy"] = "Orphan"
    world.settle()
    assert not world.decision.holds_finalizer


def test_deleted_and_the_alias_is_gone():
    world = in_flight()
    world.route(None)
    world.delete()
    world.operator_down(10)
    world.settle()
    assert not world.decision.holds_finalizer


def test_deleted_and_somebody_else_took_the_alias():
    world = in_flight()
    world.route(7)
    world.delete()
    assert (world.alias, world.decision.holds_finalizer) == (Routing.whole(7), False)


def test_deleted_while_going_back():
    world = going_back(Trouble.TRANSIENT)
    world.troubles.clear()
    world.delete()
    assert (world.alias, world.decision.holds_finalizer) == (Routing.whole(1), False)


def test_deleted_while_an_alias_is_created():
    world = World(alias=None)
    world.troubles["write"] = Trouble.TRANSIENT
    world.settle()
    world.delete()
    assert (world.alias, world.decision.holds_finalizer) == (None, False)


def test_an_observation_of_nothing_asks_for_looks():
    world = World()
    world.seen = Observation()
    world._look = lambda looks: None
    world.settle()
    assert world.decision.looks == {ReadAlias(), FindVersion(2)}
