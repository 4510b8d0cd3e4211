"""Somebody else changes the alias: found before each write, and dealt with by driftPolicy."""

import pytest

from tests.e2e.story import (
    ALARM,
    DONE,
    SLOW_STEPS,
    STALLED,
    Story,
    condition_of,
    outcomes,
    reason_of,
    split,
    verdict,
    whole,
)

FOREIGN = {1: 50, 3: 50}
"""A split that this rollout did not make, with a version that it knows nothing of."""


def _at_ten_percent(story: Story, policy: str) -> None:
    story.apply(version=2, steps=SLOW_STEPS, driftPolicy=policy)
    story.wait_for_weight(10)


def test_hold_stops_and_says_how_to_resolve_it(story: Story) -> None:
    """Nothing is written over another hand; once the alias is routed back the rollout goes on by itself."""
    _at_ten_percent(story, "Hold")
    story.aws.update_alias(story.alias, FOREIGN)

    story.command("promote")
    held = story.wait_for_reason("AliasDrifted")
    assert (held["phase"], verdict(held)) == ("Progressing", STALLED)
    assert condition_of(held, "AliasInSync")["status"] == "False"
    assert "route it back, or abort, or set spec.driftPolicy" in held["message"]
    assert story.routing() == FOREIGN

    story.aws.update_alias(story.alias, split(1, 2, 10))
    story.wait_for_weight(50)
    assert story.routings() == [whole(1), split(1, 2, 10), FOREIGN, split(1, 2, 10), split(1, 2, 50)]


def test_reassert_writes_the_wanted_routing_again(story: Story) -> None:
    """The step that is due is written over the foreign routing, which is never taken for a version of the rollout."""
    _at_ten_percent(story, "Reassert")
    story.aws.update_alias(story.alias, FOREIGN)

    story.command("promote")

    story.wait_for_weight(50)
    assert story.routings() == [whole(1), split(1, 2, 10), FOREIGN, split(1, 2, 50)]


def test_adopt_goes_on_from_what_is_there(story: Story) -> None:
    """Somebody moved the weight to 30: the next step is the first that is not below it."""
    _at_ten_percent(story, "Adopt")
    story.aws.update_alias(story.alias, split(1, 2, 30))

    story.command("promote")

    story.wait_for_weight(50)
    assert story.routings() == [whole(1), split(1, 2, 10), split(1, 2, 30), split(1, 2, 50)]


def test_adopt_takes_a_way_back_for_an_abort(story: Story) -> None:
    """Somebody routed all traffic back to stable by hand: the rollout ends as they asked."""
    _at_ten_percent(story, "Adopt")
    story.aws.update_alias(story.alias, whole(1))

    story.command("promote")

    status = story.wait_for_phase("RolledBack")
    assert outcomes(status) == [(2, "Aborted", "AliasAdopted")]
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]


def test_a_trip_restores_stable_over_a_foreign_split(story: Story) -> None:
    """An alarm fires: whoever split the alias, all traffic goes to stable."""
    _at_ten_percent(story, "Hold")
    story.aws.update_alias(story.alias, FOREIGN)

    story.aws.set_alarm(ALARM, "ALARM")

    story.wait_for_phase("RolledBack")
    assert story.routings() == [whole(1), split(1, 2, 10), FOREIGN, whole(1)]


def test_a_trip_leaves_a_foreign_routing_that_is_whole(story: Story) -> None:
    """All traffic on another version is a person's decision, maybe the fix: held, and said."""
    _at_ten_percent(story, "Hold")
    story.aws.update_alias(story.alias, whole(3))

    story.aws.set_alarm(ALARM, "ALARM")
    held = story.wait_for_reason("AliasDrifted")
    assert (held["phase"], verdict(held)) == ("RollingBack", STALLED)
    assert "somebody else routed all traffic to version 3, which is left alone" in held["message"]
    assert story.routing() == whole(3)

    story.aws.update_alias(story.alias, whole(1))
    story.wait_for_phase("RolledBack")
    assert story.routings() == [whole(1), split(1, 2, 10), whole(3), whole(1)]


def test_a_deleted_alias_is_reported_and_created_as_it_was_left_it_goes_on(story: Story) -> None:
    """Somebody deleted the alias in mid-rollout: it is not created again by itself."""
    _at_ten_percent(story, "Hold")
    story.aws.boto3_client("stepfunctions").delete_state_machine_alias(stateMachineAliasArn=story.alias)

    story.command("promote")

    held = story.wait_for_reason("NotFound")
    assert (held["phase"], verdict(held)) == ("Progressing", STALLED)
    assert (
        "alias live was deleted; its state machine is there; create the alias as this rollout left it ("
        in (held["message"])
    )
    assert story.aws.alias_history(story.alias)[-1].event == "deleted"

    story.aws.create_alias(story.machine, "live", split(1, 2, 10))
    story.wait_for_weight(50)


def test_with_the_state_machine_deleted_an_abort_ends_it(story: Story) -> None:
    """Nothing is left to put back: it says so, and does not go back for ever."""
    _at_ten_percent(story, "Hold")
    story.aws.delete_machine(story.machine)

    story.command("promote")
    held = story.wait_for_reason("NotFound")
    assert (held["phase"], verdict(held)) == ("Progressing", STALLED)
    assert f"state machine {story.machine} was deleted, and alias live with it" in held["message"]

    story.command("abort")
    ended = story.wait_for_phase("Failed")
    assert (outcomes(ended), verdict(ended)) == ([(2, "Aborted", "NotFound")], STALLED)


def test_with_the_state_machine_deleted_a_trip_ends_at_the_deadline(story: Story) -> None:
    """A rollback that finds nothing waits no longer than a step would."""
    story.apply(version=2, steps=SLOW_STEPS, progressDeadline="10s")
    story.wait_for_weight(10)
    story.aws.delete_machine(story.machine)

    story.aws.set_alarm(ALARM, "ALARM")

    held = story.wait_for_reason("NotFound")
    assert "so there is nothing to put back" in held["message"]
    ended = story.wait_for_phase("Failed")
    assert outcomes(ended) == [(2, "RolledBack", "NotFound")]


AT_REST = {
    "Hold says so": ("Hold", "AliasDrifted", STALLED, [whole(3)]),
    "Reassert puts it back": ("Reassert", "RolloutComplete", DONE, [whole(3), whole(2)]),
    "Adopt takes it": ("Adopt", "AliasAdopted", DONE, [whole(3)]),
}


@pytest.mark.parametrize(("policy", "reason", "kstatus", "after"), AT_REST.values(), ids=AT_REST.keys())
def test_drift_after_the_end(
    story: Story, policy: str, reason: str, kstatus: dict[str, str], after: list[dict[int, int]]
) -> None:
    """The slow check (and each start of the operator, as here) compares the alias with how it was left."""
    story.apply(version=2, strategy={"allAtOnce": {}}, driftPolicy=policy)
    story.wait_for_phase("Succeeded")
    story.operator.kill()
    story.aws.update_alias(story.alias, whole(3))

    story.restart()

    story.wait_for_routing(after[-1])
    status = story.wait_for(
        lambda status: reason_of(status) == reason and verdict(status) == kstatus, f"{reason} after the drift"
    )
    assert status["phase"] == "Succeeded"
    assert story.routings() == [whole(1), whole(2), *after]
