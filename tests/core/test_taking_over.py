"""A split alias without a status, as after a cluster was rebuilt in mid-rollout: taken over where a person says how."""

import pytest

from sfn_rollouts.api.status import AlarmState, Status
from sfn_rollouts.core.announce import announcements
from sfn_rollouts.core.values.readings import Trouble
from sfn_rollouts.core.values.routing import Routing
from tests.core.specs import APPROVAL, WITH_ALARM
from tests.core.world import Clear, World

FIRING = AlarmState.ALARM
AT_TEN, AT_THIRTY = Routing.split(1, 2, 10), Routing.split(1, 2, 30)
STEPS = {"steps": [{"setWeight": 10}, {"pause": {"duration": "5m"}}, {"setWeight": 50}, {"pause": {"duration": "5m"}}]}


def lost(alias=AT_TEN, stable=1, **spec):
    """A resource just applied, whose alias is split already."""
    return World(alias, stableVersion=stable, **{**WITH_ALARM, "strategy": STEPS, **spec})


def heard(world):
    """Reasons and words of all announcements."""
    pairs = zip([Status(), *world.statuses], world.statuses, strict=False)
    return [(str(news.reason), news.message) for before, after in pairs for news in announcements(before, after)]


def test_it_goes_on_from_the_split_as_it_was_found():
    world = lost()
    world.settle()
    status = world.status
    assert (world.writes, status.phase, world.ready()) == ([], "Progressing", ("False", "ShiftInProgress"))
    assert (status.stable_version, status.target_version, status.weight, status.step) == (1, 2, 10, "1/3")
    assert status.message == (
        "version 2 has 10 % of new executions, version 1 the rest (the split was found and taken over)"
    )
    assert status.step_started_at == world.now, "its wait starts now"
    assert world.decision.holds_finalizer
    assert world.decision.watches_alarms
    words = (
        "the alias was found split (90 % on version 1, 10 % on version 2) and is taken over: "
        "version 1 is stable, as spec.stableVersion says"
    )
    assert ("AliasTakenOver", words) in heard(world)
    world.advance(299)
    assert world.writes == []


def test_it_is_promoted_to_the_end():
    world = lost()
    world.advance(1200)
    assert world.writes == [Routing.split(1, 2, 50), Routing.whole(2)]
    assert (world.status.phase, world.status.outcome, world.status.taken_over) == ("Succeeded", "Promoted", None)
    assert [reason for reason, _ in heard(world)].count("AliasTakenOver") == 1


def test_at_a_gate_it_waits_for_a_person():
    world = lost(Routing.split(1, 2, 20), strategy=APPROVAL)
    world.settle()
    assert (world.status.phase, world.ready()[1]) == ("Paused", "AwaitingApproval")
    assert "(the split was found and taken over); waiting until somebody promotes" in world.status.message
    world.say("promote")
    assert world.writes == [Routing.split(1, 2, 60)]


def test_a_weight_between_two_steps_goes_on_as_in_an_edited_plan():
    edited = World(1, **WITH_ALARM, strategy={"steps": [{"setWeight": 30}, {"pause": {}}]})
    edited.settle()
    edited.edit(strategy=STEPS)
    world = lost(AT_THIRTY)
    world.advance(1)
    edited.advance(1)
    assert world.alias == edited.alias
    assert world.status.step == edited.status.step


@pytest.mark.parametrize("minutes", [0, 5])
def test_an_alarm_that_fires_leads_back_to_the_named_version(minutes):
    world = lost()
    if minutes:
        world.advance(60)
    world.alarm("A", FIRING)
    world.settle()
    world.poll()
    assert world.writes == [Routing.whole(1)]
    assert (world.status.phase, world.ready()) == ("RolledBack", ("False", "AlarmFiring"))
    assert (world.status.stable_version, world.status.history[0].version) == (1, 2)
    assert "AliasTakenOver" in [reason for reason, _ in heard(world)]


def test_what_fires_when_it_is_taken_over_leads_back_though_it_stood_by_before():
    """The field is added to a resource that has stood by, stalled, while the alarm fired."""
    world = lost(stable=None)
    world.alarm("A", FIRING)
    world.advance(600)
    assert (world.writes, world.ready()) == ([], ("False", "AliasSplit"))
    assert world.status.message.endswith(
        "or set spec.stableVersion to the side that is stable (1), then it is taken over"
    )
    world.edit(stableVersion=1)
    world.poll()
    assert (world.writes, world.status.phase) == ([Routing.whole(1)], "RolledBack")


@pytest.mark.parametrize("stood_by", [False, True])
@pytest.mark.parametrize("is_read", [False, True])
def test_an_alarm_that_may_fire_at_a_start_may_not_here(stood_by, is_read):
    """The first shift is past: it may be why the alarm fires."""
    world = lost(stable=None if stood_by else 1, alarms={"names": ["A"], "onFiringAtStart": "IgnoreUntilOk"})
    world.alarm("A", FIRING)
    world.board_reads = is_read
    world.settle()
    if stood_by:
        world.edit(stableVersion=1)
    assert world.status.taken_over or world.writes
    world.poll()
    assert (world.writes, world.status.phase) == ([Routing.whole(1)], "RolledBack")
    world.say("retry")
    assert world.writes[1:] == [AT_TEN], "a start like any other"


def test_a_pause_holds_the_steps_and_no_alarm():
    world = lost(paused=True)
    world.advance(1200)
    assert (world.writes, world.status.phase, world.status.weight) == ([], "Paused", 10)
    world.alarm("A", FIRING)
    world.poll()
    assert (world.writes, world.status.phase) == ([Routing.whole(1)], "RolledBack")


def test_a_pause_by_command_before_it_holds_the_steps_too():
    world = lost(stable=None)
    world.settle()
    world.say("pause")
    world.edit(stableVersion=1)
    world.advance(1200)
    assert (world.writes, world.status.phase) == ([], "Paused")
    world.say("resume")
    assert world.writes == [Routing.split(1, 2, 50)]


THIRD = Routing.split(1, 7, 30)


def test_a_third_version_gives_way_first():
    world = lost(THIRD)
    world.settle()
    assert world.writes == [Routing.whole(1), AT_TEN]
    assert (world.status.stable_version, world.status.target_version, world.status.step) == (1, 2, "1/3")
    assert (world.status.history[0].version, world.status.history[0].outcome) == (7, "Superseded")
    assert world.status.taken_over is None
    reasons = [reason for reason, _ in heard(world)]
    assert reasons.index("AliasTakenOver") < reasons.index("Superseded")


def test_a_third_version_under_a_firing_alarm_gives_way_and_the_start_waits():
    world = lost(THIRD)
    world.alarm("A", FIRING)
    world.advance(600)
    assert (world.writes, world.status.phase, world.ready()[1]) == ([Routing.whole(1)], "Pending", "AlarmFiring")
    world.alarm("A", Clear)
    world.poll()
    world.settle()
    assert world.writes == [Routing.whole(1), AT_TEN]


def test_a_pause_holds_the_write_that_takes_a_third_version_away():
    world = lost(THIRD, paused=True)
    world.advance(600)
    assert (world.writes, world.ready()) == ([], ("False", "AliasSplit"))
    assert "a pause holds the write that puts it back on version 1, as spec.stableVersion says" in world.status.message
    world.edit(paused=False)
    assert world.writes == [Routing.whole(1), AT_TEN]


@pytest.mark.parametrize("alias", [AT_TEN, THIRD])
@pytest.mark.parametrize("paused", [False, True])
def test_an_abort_before_it_is_taken_over_leads_back(alias, paused):
    world = lost(alias, stable=None)
    world.settle()
    world.edit(stableVersion=None)
    world.raw |= {"stableVersion": 1, "paused": paused}
    world.say("abort")
    assert world.writes[:1] == [Routing.whole(1)]
    assert (world.status.phase, world.ready()[1], world.status.last_command.result) == ("RolledBack", "Aborted", "Done")


LEFT_ALONE = {
    "nobody names the stable version": (AT_TEN, None, "stable (1)"),
    "it is on neither side": (AT_TEN, 5, "stable (1)"),
    "it is on neither side of a split without the target": (THIRD, 5, "stable (1 or 7)"),
    "it is the version asked for": (AT_TEN, 2, "stable (1)"),
}


@pytest.mark.parametrize("sentence", LEFT_ALONE)
def test_a_split_is_left_alone_where(sentence):
    alias, stable, words = LEFT_ALONE[sentence]
    world = lost(alias, stable)
    world.advance(3600)
    assert (world.writes, world.ready(), world.status.started_at) == ([], ("False", "AliasSplit"), None)
    assert f"or set spec.stableVersion to the side that is {words}, then it is taken over" in world.status.message
    world.route(1)
    world.advance(300)
    assert world.writes == [AT_TEN]


WHOLE = {"on the named one": 1, "on the target": 2, "on a third one": 7, "nowhere": None}


@pytest.mark.parametrize("where", WHOLE)
@pytest.mark.parametrize("stable", [1, 2, 7])
def test_a_whole_alias_is_begun_upon_as_without_the_field(where, stable):
    named, plain = lost(WHOLE[where], stable), lost(WHOLE[where], None)
    for world in (named, plain):
        world.advance(1200)
    assert named.writes == plain.writes
    assert named.status == plain.status


def test_our_own_split_is_not_taken_over_after_a_restart():
    world = lost(1)
    world.settle()
    world.restart()
    world.advance(1200)
    assert "AliasTakenOver" not in [reason for reason, _ in heard(world)]
    assert world.writes == [AT_TEN, Routing.split(1, 2, 50), Routing.whole(2)]


def test_a_name_that_has_stayed_in_the_manifest_counts_no_more():
    """Version 1 is two releases old: a split that somebody made since does not lead back to it."""
    world = lost(1)
    world.advance(1200)
    world.route(Routing.split(1, 2, 50))
    world.advance(1200)
    assert (world.ready(), len(world.writes)) == (("False", "AliasDrifted"), 3), "at rest driftPolicy decides"
    world.edit(version=4)
    world.advance(1200)
    assert (world.ready(), len(world.writes)) == (("False", "AliasSplit"), 3)
    assert "stable (2)" in world.status.message
    world.route(Routing.split(1, 3, 50))
    world.advance(1200)
    assert world.status.message.endswith("then the rollout starts by itself")


def test_a_status_that_was_restored_and_agrees_with_the_name_is_no_hindrance():
    """The backup is older than the rollout: its status ends with version 1."""
    world = World(1, version=1, **WITH_ALARM, strategy=STEPS)
    world.settle()
    world.operator_down(60)
    world.route(AT_TEN)
    world.raw["stableVersion"] = 1
    world.edit(version=2)
    world.settle()
    assert (world.writes, world.status.phase, world.status.taken_over) == ([], "Progressing", True)


def test_what_stands_before_any_start_stands_before_this():
    world = lost()
    world.missing_versions.add(2)
    world.alarm("A", FIRING)
    world.advance(60)
    assert (world.writes, world.ready()) == ([], ("False", "NotFound"))
    world.missing_versions.clear()
    world.troubles["alias"] = Trouble.DENIED
    world.restart()
    assert (world.writes, world.ready()) == ([], ("False", "AccessDenied"))


def test_a_look_from_long_before_is_no_ground_to_take_over_upon():
    world = lost(stable=None)
    world.advance(3600)
    world.operator_down(60)
    world.route(1)
    world.edit(stableVersion=1)
    assert "AliasTakenOver" not in [reason for reason, _ in heard(world)]
    assert world.writes == [AT_TEN]


def test_a_stale_answer_is_not_taken_over():
    world = World(1, version=1, **WITH_ALARM, strategy=STEPS)
    world.settle()
    world.operator_down(60)
    world.stale_alias = AT_TEN
    world.raw["stableVersion"] = 1
    world.edit(version=2)
    assert (world.writes, world.status.started_at) == ([], None)
    world.say("abort")
    assert (world.writes, world.status.phase) == ([], "RolledBack")


def test_an_edit_supersedes_it_and_deletion_restores():
    for happens in (lambda world: world.edit(version=3), lambda world: world.delete()):
        world = lost()
        world.settle()
        happens(world)
        assert world.writes[0] == Routing.whole(1)
