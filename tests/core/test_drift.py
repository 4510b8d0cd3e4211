"""Somebody else changes the alias: in flight and at rest, by driftPolicy."""

import pytest

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.values.conditions import condition, is_true
from sfn_rollouts.core.values.looks import ReadAlias
from sfn_rollouts.core.values.plan import bake_index_of
from sfn_rollouts.core.values.readings import Trouble
from sfn_rollouts.core.values.routing import Routing
from tests.core.specs import LINEAR, WITH_ALARM
from tests.core.world import Clear, World

SPLIT, OTHER = Routing.split(1, 2, 77), Routing.split(1, 7, 50)
FIRING = AlarmState.ALARM


def in_flight(policy, alias, **spec):
    """Linear at 50 %, then somebody routes the alias, and the slow check finds it."""
    world = World(**{"strategy": LINEAR, "driftPolicy": policy, **spec})
    world.advance(310)
    assert world.status.weight == 50
    world.route(alias)
    world.restart()
    return world


# -- in flight --

HELD = {
    "a split between the two": SPLIT,
    "a split with a third": OTHER,
    "all on the stable version": 1,
    "all on the target": 2,
    "all on another version": 7,
}


@pytest.mark.parametrize("sentence", HELD)
def test_hold(sentence):
    world = in_flight("Hold", HELD[sentence])
    assert (world.status.phase, world.ready()) == ("Progressing", ("False", "AliasDrifted"))
    assert "somebody else" in world.status.message
    assert "or abort" in world.status.message
    assert condition(world.status, "AliasInSync").status == "False"
    assert len(world.writes) == 2


@pytest.mark.parametrize("sentence", HELD)
def test_held_until_the_deadline_then_a_split_goes_back_and_what_is_whole_is_left_alone(sentence):
    world = in_flight("Hold", HELD[sentence], progressDeadline="10m")
    world.advance(290 + 600 + 10)
    is_split = HELD[sentence] in (SPLIT, OTHER)
    is_back = is_split or HELD[sentence] == 1
    assert world.alias == (Routing.whole(1) if is_back else world.alias)
    assert len(world.writes) == (3 if is_split else 2)
    assert (world.status.phase, world.ready()[1]) == (
        ("Failed", "ProgressDeadlineExceeded") if is_back else ("RollingBack", "AliasDrifted")
    )


def test_a_drift_is_judged_once_the_alarms_have_been_read():
    """It may be our own rollback, not yet reported when the operator died."""
    world = World(**WITH_ALARM)
    world.advance(30)
    world.route(1)
    world.board_reads = False
    world.alarm("A", FIRING)
    world.restart()
    assert "AliasDrifted" not in {status.conditions[0].reason for status in world.statuses}
    assert world.status.history[0].reason == "AlarmFiring"


def test_a_blip_while_drift_is_held():
    world = in_flight("Hold", SPLIT, **WITH_ALARM)
    world.histories_are_late = True
    world.blip()
    world.poll()
    assert world.ready()[1] == "AliasDrifted"
    world.histories_are_late = False
    world.operator_down(5)
    world.poll()
    assert (world.alias, world.status.history[0].reason) == (Routing.whole(1), "AlarmTransient")


def test_put_back_by_hand_it_goes_on():
    world = in_flight("Hold", SPLIT)
    world.route(Routing.split(1, 2, 50))
    world.advance(300)
    assert world.status.weight == 75
    assert is_true(world.status, "AliasInSync")


def test_reassert_writes_the_step_again_and_its_wait_starts_again():
    world = in_flight("Reassert", SPLIT)
    assert world.alias == Routing.split(1, 2, 50)
    world.advance(299)
    assert world.status.weight == 50
    world.advance(1)
    assert world.status.weight == 75


def ended_while_nobody_looked(before_the_restart):
    """The bake is over before another operator takes over."""
    world = World()
    world.advance(700)
    assert world.status.phase == "Baking"
    world.operator_down(300)
    before_the_restart(world)
    world.restart()
    return world


def test_no_success_is_reported_for_an_alias_that_somebody_changed_meanwhile():
    world = ended_while_nobody_looked(lambda world: world.route(1))
    assert (world.ready()[1], world.status.history, world.status.stable_version) == ("AliasDrifted", (), 1)


def test_no_success_is_reported_for_an_alias_that_somebody_changed_during_the_bake():
    """Nobody had looked since the last write; the bake's end is when somebody does."""
    world = World()
    world.advance(899)
    assert world.status.phase == "Baking"
    world.route(1)
    world.advance(1)
    assert (world.ready()[1], world.status.history, world.status.stable_version) == ("AliasDrifted", (), 1)


def test_no_success_is_reported_for_an_alias_that_cannot_be_read():
    world = ended_while_nobody_looked(lambda world: world.troubles.update(alias=Trouble.TRANSIENT))
    assert (world.status.phase, world.ready()[1], world.status.history) == ("Baking", "RetryingAWS", ())
    assert world.status.message == "the next step is held: the alias could not be read: no answer"
    world.troubles.clear()
    world.advance(600)
    assert world.status.phase == "Succeeded"


def test_reassert_waits_for_the_alarms():
    world = World(driftPolicy="Reassert", strategy=LINEAR, alarms={"names": ["A"], "onInsufficientData": "Hold"})
    world.advance(30)
    world.alarm("A", AlarmState.INSUFFICIENT_DATA)
    world.route(SPLIT)
    world.restart()
    world.poll()
    assert (world.ready()[1], world.alias) == ("AlarmInsufficientData", SPLIT)
    world.alarm("A", Clear)
    world.poll()
    assert world.alias == Routing.split(1, 2, 25)


def test_reassert_is_held_by_a_pause():
    world = in_flight("Reassert", SPLIT, paused=False)
    world.edit(paused=True)
    world.route(SPLIT)
    world.restart()
    assert (world.status.phase, world.ready()[1], world.alias) == ("Paused", "AliasDrifted", SPLIT)
    world.edit(paused=False)
    assert world.alias == Routing.split(1, 2, 50)


def test_reassert_before_the_first_traffic_puts_all_back_on_stable():
    world = World(driftPolicy="Reassert", strategy={"steps": [{"pause": {}}, {"setWeight": 50}]})
    world.settle()
    world.route(OTHER)
    world.restart()
    assert (world.alias, world.status.weight, world.status.step_index) == (Routing.whole(1), 0, 0)


def test_reassert_in_the_bake_bakes_again():
    world = World(driftPolicy="Reassert")
    world.advance(700)
    world.route(1)
    world.restart()
    assert (world.status.phase, world.alias) == ("Baking", Routing.whole(2))
    world.advance(299)
    assert world.status.phase == "Baking"
    world.advance(1)
    assert world.status.phase == "Succeeded"


def test_reassert_writes_a_pending_step_over_the_drift():
    world = World(driftPolicy="Reassert")
    world.advance(1)
    world.troubles["write"] = Trouble.TRANSIENT
    world.advance(600)
    world.route(OTHER)
    world.troubles.clear()
    world.restart()
    assert world.alias == Routing.whole(2)


def test_reassert_where_the_next_step_writes_over_it_anyway():
    world = World(driftPolicy="Reassert", alarms={"names": ["A"], "onInsufficientData": "Hold"})
    world.troubles["write"] = Trouble.TRANSIENT
    world.settle()
    world.troubles.clear()
    world.alarm("A", AlarmState.INSUFFICIENT_DATA)
    world.restart()
    world.edit(strategy={"canary": {"weight": 33, "interval": "1m"}})
    assert (world.status.step_index, world.status.intent) == (None, None)
    world.route(OTHER)
    world.restart()
    assert world.alias == OTHER
    world.alarm("A", Clear)
    world.poll()
    assert world.alias == Routing.split(1, 2, 33)


ADOPTED = {
    "less traffic": (Routing.split(1, 2, 25), 25, "1/4", "Progressing"),
    "traffic between two steps": (Routing.split(1, 2, 60), 60, "2/4", "Progressing"),
    "all traffic": (2, 100, "4/4", "Baking"),
}


@pytest.mark.parametrize("sentence", ADOPTED)
def test_adopt(sentence):
    alias, weight, step, phase = ADOPTED[sentence]
    world = in_flight("Adopt", alias)
    assert (world.status.weight, world.status.step, world.status.phase) == (weight, step, phase)
    world.advance(3600)
    assert world.status.phase == "Succeeded"


@pytest.mark.parametrize("policy", ["onUnreadable", "onUnevaluated", "onInsufficientData"])
def test_reassert_leaves_alone_what_may_be_its_own_way_back(policy):
    """The restore was on AWS and its status was not, when the operator was killed; the reason for it has passed."""
    world = World(driftPolicy="Reassert", alarms={"names": ["A"], policy: "Rollback"})
    world.advance(30)
    before = world.alias
    assert before.sole is None
    world.route(1)
    world.restart()
    assert (world.ready()[1], world.alias) == ("AliasDrifted", Routing.whole(1))
    assert "maybe because this rollout went back" in world.status.message
    world.route(OTHER)
    world.restart()
    assert world.alias == before, "what cannot be its own is put back as ever"


def test_adopt_gives_up_a_write_that_is_pending():
    """To write it after all would take traffic away from the target again."""
    world = World(driftPolicy="Adopt", strategy=LINEAR)
    world.advance(1)
    world.troubles["write"] = Trouble.TRANSIENT
    world.advance(300)
    assert world.status.intent.weight == 50
    world.route(Routing.split(1, 2, 75))
    world.troubles.clear()
    world.restart()
    assert (world.status.intent, world.status.weight, world.alias) == (None, 75, Routing.split(1, 2, 75))


PROMOTED_INTO = {
    "between two steps": (30, 50),
    "below the step": (5, 10),
    "at the next step, whose wait begins": (50, 50),
    "above the last step but one": (60, 100),
}


@pytest.mark.parametrize("sentence", PROMOTED_INTO)
def test_adopt_keeps_the_promote_that_found_it(sentence):
    """The answer was that the wait is over: it does not begin again at the weight that somebody else set."""
    foreign, weight = PROMOTED_INTO[sentence]
    steps = [{"setWeight": 10}, {"pause": {"duration": "1h"}}, {"setWeight": 50}, {"pause": {"duration": "1h"}}]
    world = World(driftPolicy="Adopt", strategy={"steps": steps}, bakeTime="10m")
    world.advance(30)
    world.route(Routing.split(1, 2, foreign))
    world.say("promote")
    assert world.status.last_command.result == "Done"
    assert (world.status.weight, world.status.intent) == (weight, None)


def test_adopt_all_on_stable_is_the_end():
    world = in_flight("Adopt", 1)
    assert (world.status.phase, world.status.outcome, world.ready()[1]) == ("RolledBack", "Aborted", "AliasAdopted")
    assert len(world.writes) == 2


def test_adopt_cannot_take_a_third_version():
    world = in_flight("Adopt", OTHER)
    assert world.ready() == ("False", "AliasDrifted")


def test_a_drift_while_a_write_is_pending_holds_by_policy():
    world = World()
    world.advance(1)
    world.troubles["write"] = Trouble.TRANSIENT
    world.advance(600)
    world.troubles.clear()
    world.route(OTHER)
    world.settle()
    assert (world.ready()[1], world.alias) == ("AliasDrifted", OTHER)
    world.advance(3600)
    assert (world.status.phase, world.alias) == ("Failed", Routing.whole(1))


def test_an_alias_deleted_while_a_write_is_pending():
    world = World()
    world.advance(1)
    world.troubles["write"] = Trouble.TRANSIENT
    world.advance(600)
    world.troubles.clear()
    world.route(None)
    world.settle()
    world.advance(6)
    assert world.ready()[1] == "NotFound"
    assert "was deleted" in world.status.message


def test_put_back_by_hand_when_the_bake_is_over_it_ends_and_says_that_the_alias_is_in_sync():
    world = World()
    world.advance(700)
    world.route(1)
    world.restart()
    assert not is_true(world.status, "AliasInSync")
    world.operator_down(300)
    world.route(2)
    world.seen = world.seen.answering(ReadAlias(), world._alias_fact())
    world.settle()
    ended = next(status for status in world.statuses if status.phase == "Succeeded")
    assert is_true(ended, "AliasInSync")


# -- going back over it --


def tripped(alias, **spec):
    world = World(strategy=LINEAR, **{**WITH_ALARM, **spec})
    world.advance(310)
    world.route(alias)
    world.alarm("A", FIRING)
    world.poll()
    return world


@pytest.mark.parametrize("alias", [SPLIT, OTHER])
def test_a_trip_goes_over_every_split(alias):
    world = tripped(alias)
    assert (world.alias, world.status.phase) == (Routing.whole(1), "RolledBack")


@pytest.mark.parametrize("alias", [2, 7])
def test_a_trip_leaves_a_whole_routing_of_somebody_else_alone(alias):
    world = tripped(alias)
    assert (world.alias, world.status.phase) == (Routing.whole(alias), "RollingBack")
    assert world.ready() == ("False", "AliasDrifted")
    assert f"all traffic to version {alias}, which is left alone" in world.status.message
    world.route(1)
    world.advance(60)
    assert (world.status.phase, world.ready()[1]) == ("RolledBack", "AlarmFiring")


@pytest.mark.parametrize("seen", [1, 7])
def test_a_look_from_before_the_alarm_proves_nothing(seen):
    world = in_flight("Hold", seen, **WITH_ALARM)
    world.route(SPLIT)
    world.operator_down(1)
    world.alarm("A", FIRING)
    world.poll()
    assert (world.alias, world.status.phase) == (Routing.whole(1), "RolledBack")


def test_left_alone_another_version_sets_out_from_what_is_live():
    world = tripped(7)
    world.alarm("A", Clear)
    world.edit(version=3)
    world.poll()
    assert (world.status.stable_version, world.writes[-1]) == (7, Routing.split(7, 3, 25))
    assert world.status.history[0].reason == "AlarmFiring"


def test_left_alone_a_retry_token_sets_out_too():
    world = tripped(7)
    world.alarm("A", Clear)
    world.edit(retryToken="go")
    world.poll()
    assert world.writes[-1] == Routing.split(7, 2, 25)


def test_withdrawn_but_somebody_else_took_the_alias():
    world = World(strategy=LINEAR)
    world.advance(310)
    world.route(7)
    world.edit(version=1)
    assert (world.status.stable_version, world.writes[-1]) == (7, Routing.split(7, 1, 25))


def test_a_trip_with_the_alias_deleted():
    world = tripped(None)
    world.advance(6)
    assert (world.status.phase, world.ready()[1]) == ("RollingBack", "NotFound")
    assert "alias live was deleted; its state machine is there, so there is nothing to put back" in world.status.message
    assert "create the alias on version" in world.status.message
    world.route(1)
    world.advance(60)
    assert world.status.phase == "RolledBack"


def test_a_trip_before_any_traffic_with_a_foreign_split():
    world = World(strategy={"steps": [{"pause": {}}, {"setWeight": 50}]})
    world.settle()
    world.route(OTHER)
    world.restart()
    world.say("abort")
    assert (world.alias, world.status.phase) == (Routing.whole(1), "RolledBack")


# -- at rest --


def at_rest(policy, alias, **spec):
    world = World(driftPolicy=policy, **spec)
    world.advance(1000)
    assert world.status.phase == "Succeeded"
    world.route(alias)
    world.advance(600)
    return world


@pytest.mark.parametrize("alias", [SPLIT, 1, 7, None])
def test_hold_at_rest(alias):
    world = at_rest("Hold", alias)
    assert (world.status.phase, world.ready()) == ("Succeeded", ("False", "AliasDrifted"))
    assert "set spec.driftPolicy" in world.status.message
    assert not is_true(world.status, "Promoted")
    count = len(world.statuses)
    world.advance(1800)
    world.restart()
    assert (world.ready()[1], len(world.statuses)) == ("AliasDrifted", count), "no flapping, not even by a restart"
    world.route(2)
    world.advance(600)
    assert world.ready() == ("True", "RolloutComplete")
    assert is_true(world.status, "AliasInSync")


@pytest.mark.parametrize("alias", [SPLIT, 1, 7])
def test_reassert_at_rest(alias):
    world = at_rest("Reassert", alias)
    assert (world.alias, world.status.phase) == (Routing.whole(2), "Succeeded")
    assert len(world.status.history) == 1, "no rollout of its own"
    assert "Progressing" in world.phases()[-2:]
    assert world.status.message == "alias live was put back on version 2 after somebody else changed it"


def test_reassert_at_rest_creates_a_deleted_alias():
    world = at_rest("Reassert", None)
    assert (world.alias, world.status.phase) == (Routing.whole(2), "Succeeded")


def test_reassert_at_rest_waits_for_alarms_as_at_a_start():
    world = World(driftPolicy="Reassert", **WITH_ALARM)
    world.advance(1000)
    world.alarm("A", FIRING)
    world.route(1)
    world.advance(600)
    assert (world.alias, world.status.phase, world.ready()[1]) == (Routing.whole(1), "Progressing", "AlarmFiring")
    world.advance(7200)
    world.alarm("A", Clear)
    world.poll()
    assert (world.alias, world.status.phase) == (Routing.whole(2), "Succeeded")


def test_reassert_at_rest_is_held_by_a_pause():
    world = at_rest("Reassert", 1, paused=False)
    world.edit(paused=True)
    world.route(1)
    world.advance(600)
    assert (world.alias, world.ready()[1]) == (Routing.whole(1), "AliasDrifted")
    assert "spec.paused holds" in world.status.message
    assert condition(world.status, "AliasInSync").status == "False"


def reasserting(alias=1):
    world = World(driftPolicy="Reassert")
    world.advance(1000)
    world.route(alias)
    world.troubles["write"] = Trouble.TRANSIENT
    world.advance(600)
    assert world.status.shortcut == "Reassert"
    world.troubles.clear()
    return world


def test_reassert_gives_way_to_another_version():
    world = reasserting()
    world.edit(version=3)
    assert world.writes[-1] == Routing.split(1, 3, 10)


def test_reassert_counts_its_step_in_the_plan_as_edited_since():
    world = World(driftPolicy="Reassert")
    world.advance(1000)
    world.edit(strategy=LINEAR)
    world.route(1)
    world.advance(600)
    status = world.status
    assert (status.step, status.step_index, bake_index_of(status.plan_hash)) == ("4/4", 3, 4)


def test_reassert_of_an_alias_that_is_deleted_meanwhile():
    world = reasserting()
    world.route(None)
    world.advance(10)
    assert (world.alias, world.status.outcome) == (Routing.whole(2), "Promoted")


def test_reassert_of_an_alias_that_is_changed_once_more():
    world = reasserting()
    world.route(9)
    world.advance(1)
    assert world.alias == Routing.whole(2)


def test_adopt_at_rest():
    world = at_rest("Adopt", 7)
    assert world.ready() == ("True", "AliasAdopted")
    assert (world.status.stable_version, world.status.weight) == (7, 0)
    world.edit(driftPolicy="Hold")
    world.restart()
    assert world.ready() == ("True", "AliasAdopted"), "taken is taken"
    world.route(2)
    world.advance(600)
    assert (world.ready(), world.status.stable_version) == (("True", "RolloutComplete"), 2)


def test_adopt_at_rest_cannot_take_a_split():
    assert at_rest("Adopt", SPLIT).ready() == ("False", "AliasDrifted")
    assert at_rest("Adopt", None).ready() == ("False", "AliasDrifted")


def test_drift_after_a_rollback_is_reported_and_changes_nothing():
    world = World(**WITH_ALARM)
    world.advance(30)
    world.alarm("A", FIRING)
    world.poll()
    world.route(7)
    world.advance(600)
    assert (world.status.phase, world.ready()[1]) == ("RolledBack", "AlarmFiring")
    assert condition(world.status, "AliasInSync").reason == "AliasDrifted"


def test_a_stale_answer_at_rest_is_no_drift():
    world = World()
    world.advance(1000)
    world.stale_alias = Routing.split(1, 2, 10)
    world.advance(600)
    assert world.ready() == ("True", "RolloutComplete")
