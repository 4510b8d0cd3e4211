"""The operator is killed (SIGKILL) between any two lines: it goes on, or goes back, as if nothing had happened.

Faults of AWS hold the operator at the very point; then it is killed, what was held is let go, and it starts again.
"""

from collections.abc import Callable

import pytest

from devenv.control_plane import ControlPlane
from tests.e2e.outages import cut_off
from tests.e2e.story import ALARM, QUICK_PATH, SLOW_STEPS, Story, outcomes, split, whole

Action = Callable[[Story], None]


def _held(story: Story, operation: str, kind: str, *, after: int = 0) -> int:
    """Hold one call of this operation, once `after` others have passed."""
    if after:
        story.aws.fail(operation, "delay", times=after, delay_s=0)
    return story.aws.fail(operation, kind, times=1)


def _at_ten_percent(story: Story) -> None:
    story.apply(version=2, steps=[{"setWeight": 10}, {"pause": {}}, {"setWeight": 50}, {"pause": {"duration": "1s"}}])
    story.wait_for_phase("Paused")


# -- points on the way forward


def _just_created(story: Story) -> None:
    story.apply(version=2)


def _while_looking(story: Story) -> None:
    fault = _held(story, "DescribeStateMachineAlias", "timeout")
    story.apply(version=2)
    story.wait_for_fault(fault)


def _intent_stored_alias_not_read(story: Story) -> None:
    _at_ten_percent(story)
    fault = _held(story, "DescribeStateMachineAlias", "timeout")
    story.send("promote")
    story.wait_for(lambda status: status["intent"], "the intent to be stored")
    story.wait_for_fault(fault)


def _write_sent_not_in_effect(story: Story) -> None:
    _at_ten_percent(story)
    fault = _held(story, "UpdateStateMachineAlias", "timeout")
    story.send("promote")
    story.wait_for_fault(fault)


def _written_answer_not_seen(story: Story) -> None:
    _at_ten_percent(story)
    fault = _held(story, "UpdateStateMachineAlias", "timeout-after")
    story.send("promote")
    story.wait_for_fault(fault)
    story.wait_for_routing(split(1, 2, 50))


def _written_not_read_back(story: Story) -> None:
    _at_ten_percent(story)
    fault = _held(story, "DescribeStateMachineAlias", "timeout", after=1)
    story.send("promote")
    story.wait_for_fault(fault)
    story.wait_for_routing(split(1, 2, 50))


def _at_a_wait(story: Story) -> None:
    story.apply(version=2)
    story.wait_for_weight(10)


def _in_the_bake(story: Story) -> None:
    story.apply(version=2, bakeTime="2s")
    story.wait_for_phase("Baking")


def _after_the_end(story: Story) -> None:
    story.apply(version=2)
    story.wait_for_phase("Succeeded")


FORWARD: dict[str, Action] = {
    "as soon as the resource exists": _just_created,
    "while it looks for the first time": _while_looking,
    "with the intent stored, before the alias is read": _intent_stored_alias_not_read,
    "with the write sent, before it takes effect": _write_sent_not_in_effect,
    "after the write took effect, before its answer": _written_answer_not_seen,
    "after the write, before it is read back": _written_not_read_back,
    "in a step's wait": _at_a_wait,
    "in the bake": _in_the_bake,
    "after the end": _after_the_end,
}


@pytest.mark.parametrize("reach", FORWARD.values(), ids=FORWARD.keys())
def test_killed_on_the_way_forward(story: Story, reach: Action) -> None:
    """The rollout goes on where it was: the alias's way is the planned one, with no step left out or taken twice."""
    reach(story)
    _kill_and_restart(story)

    status = story.wait_for(lambda status: status["phase"] == "Succeeded" or _promote(story, status), "success")
    story.wait_for_phase("Succeeded")

    assert story.routings() == QUICK_PATH
    assert outcomes(status) == [(2, "Promoted", "RolloutComplete")]


def test_killed_after_the_verification_before_the_status(story: Story, control_plane: ControlPlane) -> None:
    """AWS has the step, the API server has only its intent: the step is recognized, its wait starts again."""
    _at_ten_percent(story)
    fault = _held(story, "UpdateStateMachineAlias", "timeout-after")
    story.send("promote")
    story.wait_for_fault(fault)
    with cut_off(control_plane):
        story.aws.clear_faults()
        story.wait_for_log("status could not be written")
        story.operator.kill()
    assert story.status()["intent"]["weight"] == 50

    story.restart()

    story.wait_for_phase("Succeeded")
    assert story.routings() == QUICK_PATH


def test_killed_again_and_again(story: Story) -> None:
    """After each first, second, ... seventh call to AWS; whatever that cuts off, the way is the planned one."""
    story.apply(version=2)
    for count in range(1, 8):
        story.wait_for_calls_or_success(count)
        story.operator.kill()
        story.restart()

    story.wait_for_phase("Succeeded")

    assert story.routings() == QUICK_PATH


def test_killed_while_it_creates_an_alias(story: Story) -> None:
    """The alias is there with all traffic on the version, and was created once."""
    machine = story.aws.publish_machine("New")
    fault = _held(story, "CreateStateMachineAlias", "timeout-after")
    story.apply(version=2, stateMachineArn=machine)
    story.wait_for_fault(fault)
    _kill_and_restart(story)

    story.wait_for_phase("Succeeded")

    changes = story.aws.alias_history(f"{machine}:live")
    assert [(change.event, change.routing) for change in changes] == [("created", whole(2))]


# -- points on the way back


def _restore_sent_not_in_effect(story: Story) -> None:
    fault = _held(story, "UpdateStateMachineAlias", "timeout")
    story.aws.set_alarm(ALARM, "ALARM")
    story.wait_for_fault(fault)


def _restored_answer_not_seen(story: Story) -> None:
    fault = _held(story, "UpdateStateMachineAlias", "timeout-after")
    story.aws.set_alarm(ALARM, "ALARM")
    story.wait_for_fault(fault)
    story.wait_for_routing(whole(1))


def _fired_while_down(story: Story) -> None:
    story.operator.kill()
    story.aws.set_alarm(ALARM, "ALARM")


def _after_the_rollback(story: Story) -> None:
    story.aws.set_alarm(ALARM, "ALARM")
    story.wait_for_phase("RolledBack")


BACK: dict[str, Action] = {
    "with the way back sent, before it takes effect": _restore_sent_not_in_effect,
    "after the way back took effect, before its answer": _restored_answer_not_seen,
    "before the alarm fires": _fired_while_down,
    "after the rollback": _after_the_rollback,
}


@pytest.mark.parametrize("clears", [False, True], ids=["the alarm still fires", "the alarm has cleared meanwhile"])
@pytest.mark.parametrize("reach", BACK.values(), ids=BACK.keys())
def test_killed_on_the_way_back(story: Story, reach: Action, clears: bool) -> None:
    """No alarm is missed: what fired is found on the next start, also where it has cleared while nobody looked."""
    _at_ten_percent(story)
    reach(story)
    story.operator.kill()
    if clears:
        story.aws.set_alarm(ALARM, "OK")
    _kill_and_restart(story)

    status = story.wait_for_phase("RolledBack")

    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]
    (outcome,) = outcomes(status)
    assert outcome[:2] == (2, "RolledBack")
    assert outcome[2] in ("AlarmFiring", "AlarmTransient")


def test_a_blip_while_the_operator_was_down(story: Story) -> None:
    """It fired and cleared with nobody there: rolled back on the next start."""
    _at_ten_percent(story)
    story.operator.kill()
    story.aws.blip(ALARM)
    story.restart()

    assert outcomes(story.wait_for_phase("RolledBack")) == [(2, "RolledBack", "AlarmTransient")]
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]


def test_killed_while_a_target_gives_way_to_the_next(story: Story) -> None:
    """Version 3 is asked for; the way back from version 2 is cut off in the middle."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    fault = _held(story, "UpdateStateMachineAlias", "timeout-after")
    story.edit(version=3)
    story.wait_for_fault(fault)
    _kill_and_restart(story)

    status = story.wait_for(lambda status: (status["targetVersion"], status["weight"]) == (3, 10), "version 3")
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1), split(1, 3, 10)]
    assert outcomes(status) == [(2, "Superseded", "Superseded")]


@pytest.mark.parametrize("kind", ["timeout", "timeout-after"])
def test_killed_while_it_aborts(story: Story, kind: str) -> None:
    """The command stays at the resource until it is answered."""
    _at_ten_percent(story)
    fault = _held(story, "UpdateStateMachineAlias", kind)
    story.send("abort")
    story.wait_for_fault(fault)
    _kill_and_restart(story)

    status = story.wait_for_phase("RolledBack")
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]
    assert outcomes(status) == [(2, "Aborted", "Aborted")]
    assert status["lastCommand"]["result"] == "Done"


@pytest.mark.parametrize("kind", ["timeout", "timeout-after"])
def test_killed_while_it_restores_for_a_deletion(story: Story, kind: str) -> None:
    """The finalizer keeps the resource until the alias is whole."""
    _at_ten_percent(story)
    fault = _held(story, "UpdateStateMachineAlias", kind)
    story.delete()
    story.wait_for_fault(fault)
    _kill_and_restart(story)

    story.wait_until_gone()
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]


def _kill_and_restart(story: Story) -> None:
    story.operator.kill()
    story.aws.clear_faults()
    story.restart()


def _promote(story: Story, status: dict[str, object]) -> bool:
    """Send the approval that `_at_ten_percent` waits for, if the killed operator has not seen it."""
    if status["phase"] == "Paused" and status["weight"] == 10:
        story.command("promote")
    return False
