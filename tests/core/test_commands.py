"""Commands: acted on once, for one generation, promote for one step; each is answered with a sentence."""

import json

import pytest

from sfn_rollouts.api.status import AlarmState, Status, Trip
from sfn_rollouts.core.announce import announcements
from sfn_rollouts.core.values.commands import Action, Command, Malformed, parse_command, pending_command
from sfn_rollouts.core.values.conditions import condition
from sfn_rollouts.core.values.readings import Trouble
from sfn_rollouts.core.values.routing import Routing
from tests.core.situations import (
    approving,
    baking,
    creating,
    fast_back,
    going_back,
    held,
    invalid,
    paused_by_command,
    paused_by_manifest,
    pending,
    rolled_back,
    stepping,
    succeeded,
    superseded,
)
from tests.core.specs import LINEAR, WITH_ALARM
from tests.core.world import UID, World


def answer(world):
    last = world.status.last_command
    return last.result, last.message


# sentence: where, command, result, words, phase and weight afterwards
ANSWERS = {
    "promote ends a wait for a person": (approving, "promote", "Done", "wait is over", "Progressing", 60),
    "promote ends a timed wait": (stepping, "promote", "Done", "wait is over", "Progressing", 50),
    "promote ends the bake": (baking, "promote", "Done", "wait is over", "Succeeded", 100),
    "promote does not lift a hold": (held, "promote", "Done", "conditions say what holds", "Progressing", 10),
    "promote needs a resume first": (paused_by_command, "promote", "Refused", "resume first", "Paused", 25),
    "promote needs the manifest first": (paused_by_manifest, "promote", "Refused", "spec.paused", "Paused", 25),
    "promote before the start": (pending, "promote", "Refused", "has not begun", "Pending", None),
    "promote-full goes to all traffic and bakes": (stepping, "promote-full", "Done", "100 %", "Baking", 100),
    "promote-full passes over approvals": (approving, "promote-full", "Done", "100 %", "Baking", 100),
    "promote-full does not pass over alarms": (held, "promote-full", "Done", "100 %", "Progressing", 10),
    "promote-full in the bake": (baking, "promote-full", "Refused", "promote ends the bake", "Baking", 100),
    "promote-full while paused": (paused_by_command, "promote-full", "Refused", "resume first", "Paused", 25),
    "promote-full before the start": (pending, "promote-full", "Refused", "has not begun", "Pending", None),
    "promote-full on the way back to a recent version": (
        fast_back,
        "promote-full",
        "Refused",
        "in one write already",
        "Progressing",
        0,
    ),
    "pause in a step": (stepping, "pause", "Done", "paused", "Paused", 25),
    "pause in the bake": (baking, "pause", "Done", "paused", "Paused", 100),
    "pause at the end": (succeeded, "pause", "Refused", "nothing is in flight", "Succeeded", 100),
    "pause on the way back": (going_back, "pause", "Refused", "going back", "RollingBack", 25),
    "resume lifts a pause": (paused_by_command, "resume", "Done", "clock never stopped", "Progressing", 25),
    "resume under spec.paused": (paused_by_manifest, "resume", "Refused", "manifest", "Paused", 25),
    "resume without a pause": (stepping, "resume", "Refused", "promote ends a wait", "Progressing", 25),
    "abort in a step": (stepping, "abort", "Done", "going back to version 1", "RolledBack", 0),
    "abort in the bake": (baking, "abort", "Done", "going back to version 1", "RolledBack", 0),
    "abort while paused": (paused_by_manifest, "abort", "Done", "going back", "RolledBack", 0),
    "abort before the start": (pending, "abort", "Done", "nothing was written", "RolledBack", 0),
    "abort on the way back": (going_back, "abort", "Done", "already going back", "RollingBack", 25),
    "abort at the end": (succeeded, "abort", "Refused", "nothing is in flight", "Succeeded", 100),
    "abort of a single write": (creating, "abort", "Refused", "single write", "Progressing", 0),
    "retry in flight": (stepping, "retry", "Refused", "has not ended", "Progressing", 25),
    "retry before the start": (pending, "retry", "Refused", "has not ended", "Pending", None),
    "retry after a success": (succeeded, "retry", "Refused", "version 2 succeeded", "Succeeded", 100),
    "retry after a rollback": (rolled_back, "retry", "Done", "trying version 2 again", "Progressing", 25),
}


@pytest.mark.parametrize("sentence", ANSWERS)
def test_answer(sentence):
    where, action, result, words, phase, weight = ANSWERS[sentence]
    world = where()
    world.say(action)
    given, message = answer(world)
    assert given == result
    assert words in message
    assert (world.status.phase, world.status.weight) == (phase, weight)
    assert world.status.last_command.action == action


def test_promote_ends_one_wait_and_not_the_next_at_the_same_weight():
    world = World(strategy={"steps": [{"setWeight": 5}, {"pause": {}}, {"pause": {}}]})
    world.settle()
    world.say("promote")
    assert (world.status.step_index, world.status.weight, world.ready()[1]) == (1, 5, "AwaitingApproval")


def test_promote_full_is_fast_promoted_and_still_bakes():
    world = stepping()
    world.say("promote-full")
    world.advance(299)
    assert world.status.phase == "Baking"
    world.advance(1)
    assert (world.status.outcome, world.writes[-1]) == ("FastPromoted", Routing.whole(2))


def test_promote_full_passes_over_the_wait_of_a_last_step():
    steps = [{"setWeight": 50}, {"pause": {}}, {"setWeight": 100}, {"pause": {"duration": "9m"}}]
    world = World(strategy={"steps": steps}, bakeTime=None)
    world.settle()
    world.say("promote-full")
    assert (world.status.phase, world.status.outcome) == ("Succeeded", "FastPromoted")


def test_promote_full_late_in_a_long_wait_does_not_exceed_the_deadline():
    world = World(strategy={"canary": {"weight": 10, "interval": "24h"}}, progressDeadline="1m", **WITH_ALARM)
    world.advance(5 * 3600)
    world.say("promote-full")
    assert world.status.phase == "Baking"


def test_promote_full_with_a_write_pending():
    world = World(strategy=LINEAR, progressDeadline="1h")
    world.advance(1)
    world.troubles["write"] = Trouble.TRANSIENT
    world.advance(1800)
    world.say("promote-full")
    world.troubles.clear()
    world.settle()
    assert (world.status.phase, [routing.weight_of(2) for routing in world.writes]) == ("Baking", [25, 50, 100])


def test_an_answer_fits_into_the_status():
    world = going_back()
    world.status = world.status.with_(trip=world.status.trip.with_(message="x" * 1024))
    world.say("pause")
    assert len(answer(world)[1]) == 1024


def test_an_abort_takes_back_a_promote_full():
    world = stepping()
    world.say("promote-full")
    world.say("abort")
    assert (world.alias, world.status.outcome, world.status.history[0].reason) == (
        Routing.whole(1),
        "Aborted",
        "Aborted",
    )


def test_an_abort_before_the_start_stays_on_the_version_that_somebody_else_has_routed():
    world = stepping()
    world.troubles["version"] = Trouble.TRANSIENT
    world.route(2)
    world.edit(version=3)
    world.settle()
    assert (world.ready()[1], world.status.history[0].reason) == ("RetryingAWS", "Superseded")
    world.say("abort")
    assert (world.status.phase, world.status.stable_version, world.alias) == ("RolledBack", 2, Routing.whole(2))


@pytest.mark.parametrize("alias", [None, Routing.split(1, 2, 50)])
def test_an_abort_before_the_start_with_nothing_to_stay_on_keeps_the_version_that_was_known(alias):
    world = World(version=3)
    world.status = Status(stable_version=1)
    world.alias = alias
    world.troubles["version"] = Trouble.TRANSIENT
    world.settle()
    world.say("abort")
    assert (world.status.phase, world.status.stable_version) == ("RolledBack", 1)


def test_promote_with_a_write_pending_is_answered():
    world = World()
    world.troubles["write"] = Trouble.TRANSIENT
    world.settle()
    world.say("promote")
    assert answer(world) == ("Done", "the wait is over already; the conditions say what holds the next step")


def test_promote_at_the_moment_when_the_wait_is_over_comes_too_late():
    world = World(alarms={"names": ["A"], "onInsufficientData": "Hold"})
    world.advance(30)
    world.alarm("A", AlarmState.INSUFFICIENT_DATA)
    world.poll()
    world.advance(570)
    world.say("promote")
    assert answer(world)[1] == "the wait is over already; the conditions say what holds the next step"
    assert world.status.wait_ended_at is None


def test_a_pause_of_nobody_in_particular():
    world = stepping()
    world.command = json.dumps({"id": "one", "action": "pause", "generation": 1})
    world.settle()
    words = condition(world.status, "Paused").message
    assert words == "paused by command; send resume to go on"


def test_a_pause_ends_with_the_rollout_it_was_meant_for():
    world = paused_by_command()
    world.edit(version=3)
    assert (world.status.phase, world.status.pause_command) == ("Progressing", None)


def test_promote_is_bound_to_its_step():
    world = stepping()
    world.say("promote", step=1)
    assert answer(world) == ("Stale", "it was meant for step index 1, the rollout is at 0")
    world.say("promote", step=0, id_="again")
    assert (answer(world)[0], world.status.weight) == ("Done", 50)


def test_other_commands_are_not_bound_to_a_step():
    world = stepping()
    world.say("abort", step=7)
    assert answer(world)[0] == "Done"


def test_a_command_is_bound_to_its_generation():
    world = stepping()
    world.edit(bakeTime="9m")
    world.say("abort", generation=1)
    assert answer(world) == ("Stale", "it was meant for generation 1, this is generation 2")
    assert world.status.phase == "Progressing"


@pytest.mark.parametrize("action", list(Action))
def test_an_object_obeys_no_command_that_it_was_created_with(action):
    """A backup, an export and a copy keep the annotation and lose the status; generation 1 is every object's first."""
    world = World()
    world.command = json.dumps({"id": "old", "action": action, "generation": 1, "step": 0, "by": "somebody"})
    world.settle()
    assert answer(world) == (
        "Stale",
        "this object had no status yet, so the command may have been created with it; if it is meant, send it again",
    )
    assert (world.status.phase, world.writes) == ("Progressing", [Routing.split(1, 2, 10)])
    world.say("abort", uid=None)
    assert (world.status.phase, answer(world)[0]) == ("RolledBack", "Done")


@pytest.mark.parametrize("where", [World, approving, succeeded])
def test_a_command_to_another_object_is_stale_wherever_it_is_found(where):
    world = where()
    before = world.status.phase
    world.say("abort", uid="0d39")
    assert answer(world) == ("Stale", "it was sent to another object, with uid 0d39; this one has uid 5f0e")
    assert world.status.phase == (before or "Progressing")


def test_a_command_sent_to_this_object_before_the_operators_first_look_is_obeyed():
    world = World()
    world.say("abort")
    assert (world.status.phase, answer(world)[0], world.writes) == ("RolledBack", "Done", [])
    assert world.status.message.startswith("aborted by eve before version 2 got any traffic; nothing was written")


def test_a_command_is_not_obeyed_a_second_time_where_somebody_takes_the_status_away():
    world = succeeded()
    world.say("abort")
    world.status, world.had_status = Status(), True
    world.settle()
    assert answer(world) == (
        "Stale",
        "the status was taken away, so the command may have been obeyed before; if it is meant, send it again",
    )
    assert world.ready() == ("True", "UpToDate")


def test_who_aborted_stands_in_whatever_tells_of_it():
    world = stepping()
    world.say("abort")
    assert "aborted by eve" in world.status.message
    assert (world.status.history[0].by, world.status.last_command.by) == ("eve", "eve")
    world.status = world.status.with_(conditions=())  # the words are found again by the history alone
    world.settle()
    assert world.status.message.startswith("version 2 was rolled back (Aborted by eve); change spec.version")


def test_who_aborted_is_named_for_the_rollout_that_was_aborted_when_the_next_is_asked_for():
    world = stepping()
    world.troubles["write"] = Trouble.TRANSIENT
    world.say("abort")
    assert (world.status.phase, world.status.trip.by) == ("RollingBack", "eve")
    world.edit(version=3)
    world.troubles.clear()
    world.settle()
    assert [(entry.version, entry.reason, entry.by) for entry in world.status.history] == [(2, "Aborted", "eve")]


def test_only_an_abort_is_put_down_to_somebody():
    world = stepping()
    world.say("promote", step=0)
    world.alarm("A", AlarmState.ALARM)
    world.poll()
    assert (world.status.history[0].reason, world.status.history[0].by) == ("AlarmFiring", None)


def test_a_command_is_acted_on_once():
    world = stepping()
    world.say("promote", id_="one")
    world.advance(10)
    assert world.status.weight == 50


def test_an_abort_sent_for_the_next_version_is_kept_for_it():
    world = superseded()
    world.say("abort")
    assert world.status.last_command is None
    world.troubles.clear()
    world.settle()
    assert (world.status.phase, world.status.target_version, answer(world)[0]) == ("RolledBack", 3, "Done")
    assert [entry.outcome for entry in world.status.history] == ["Aborted", "Superseded"]
    assert world.alias == Routing.whole(1)


@pytest.mark.parametrize("action", list(Action))
def test_a_command_on_an_invalid_spec_is_refused(action):
    """For the next generation it would be stale anyway, and whoever waits for an answer would hear nothing."""
    world = invalid()
    world.say(action)
    answered = world.status.last_command
    assert (answered.result, answered.message.partition(":")[0]) == ("Refused", "the spec is refused")


@pytest.mark.parametrize("action", list(Action))
def test_a_command_on_what_is_being_deleted_is_refused(action):
    world = World()
    world.advance(30)
    world.troubles["write"] = Trouble.TRANSIENT
    world.delete()
    world.say(action)
    answered = world.status.last_command
    assert (answered.result, answered.message) == ("Refused", "the resource is being deleted")
    world.troubles.clear()
    world.settle()
    assert world.alias == Routing.whole(1)


MALFORMED = {
    "no JSON": "promote",
    "no object": "[]",
    "no id": '{"action": "promote", "generation": 1}',
    "an empty id": '{"id": "", "action": "promote", "generation": 1}',
    "an unknown action": '{"id": "x", "action": "destroy", "generation": 1}',
    "no generation": '{"id": "x", "action": "promote"}',
    "a lone surrogate": '{"id": "\ud800", "action": 1}',
    "nothing": "",
}


@pytest.mark.parametrize("sentence", MALFORMED)
def test_malformed_commands_are_refused_once(sentence):
    world = stepping()
    world.command = MALFORMED[sentence]
    world.settle()
    result, message = answer(world)
    assert (result, world.status.phase) == ("Refused", "Progressing")
    assert message.startswith("this is no command: ")
    assert pending_command(world.command, world.status) is None


def test_a_wrong_action_is_answered_with_the_right_ones():
    command = parse_command('{"id": "x", "action": "destroy", "generation": 1}')
    assert isinstance(command, Malformed)
    assert "one of promote, promote-full, pause, resume, abort, retry" in command.why


def test_a_malformed_command_is_answered_with_each_of_its_faults():
    command = parse_command('{"id": "", "action": "promote"}')
    assert command.why == "id: String should have at least 1 character; generation: Field required"


def test_a_command_as_argo_cd_sends_it():
    written = {"id": "argocd-1790000000-4711", "action": "promote-full", "generation": 3, "by": None, "more": 1}
    assert parse_command(json.dumps(written)) == Command(id=written["id"], action="promote-full", generation=3)
    assert pending_command(None, Status()) is None


HOSTILE = "x\n2026-11-28T10:00:00Z [info] promoted\x1b[2J\x9b\u202e\u2028##[error]"
SEEN = "x 2026-11-28T10:00:00Z [info] promoted [2J   # #[error]"


def test_what_a_person_writes_into_a_command_begins_no_line_and_moves_no_cursor():
    world = stepping()
    written = {"id": HOSTILE, "action": "abort", "by": HOSTILE, "uid": UID, "generation": world.generation}
    world.command = json.dumps(written)
    world.settle()
    last, past = world.status.last_command, world.status.history[0]
    assert (last.id, last.by, past.by) == (SEEN, SEEN, SEEN)
    assert SEEN in world.status.message
    assert pending_command(world.command, world.status) is None, "it is answered, and not for ever again"


@pytest.mark.parametrize("field", ["uid", "id", "by"])
def test_what_is_made_printable_fits_into_its_field(field):
    text = "##[" * 84 + "x"
    written = {"id": "1", "action": "pause", "generation": 1, field: text}
    assert len(getattr(parse_command(json.dumps(written)), field)) == 253


@pytest.mark.parametrize("field", ["id", "action", "generation", "uid", "by", "step", HOSTILE])
def test_an_annotation_that_is_no_command_is_answered_in_printable_words(field):
    world = stepping()
    world.command = json.dumps({"id": "1", "action": "pause", "generation": [HOSTILE], field: [HOSTILE]})
    world.settle()
    assert answer(world)[0] == "Refused"
    assert answer(world)[1].isprintable()


def test_names_of_alarms_turn_no_sentence_round_and_command_no_ci_service():
    """What the CRD admits in a name, and no terminal should see."""
    name, seen = "a\u202eb\u00adc ##[error]", "a b c # #[error]"
    world = World(alarms={"names": [name]})
    world.alarm(name, AlarmState.OK)
    world.advance(30)
    world.alarm(name, AlarmState.ALARM)
    world.advance(60)
    assert any(f"alarm {seen} " in status.trip.message for status in world.statuses if status.trip)
    assert all(news.message.isprintable() for news in announcements(Status(), world.status))


def test_what_an_operator_before_this_one_stored_is_announced_in_printable_words():
    world = stepping()
    stored = world.status.with_(trip=Trip(reason="AlarmFiring", message=HOSTILE, at=world.now))
    [news] = announcements(world.status, stored)
    assert news.message.startswith(SEEN)
