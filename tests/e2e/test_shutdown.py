"""SIGTERM: what has begun is finished and reported, nothing new begins, and the next start goes on from there."""

import pytest

from tests.e2e.story import ALARM, QUICK_PATH, SLOW_STEPS, Story, outcomes, split, whole

STOPPED = 0
KILLED_AFTER_S = 30.0
"""terminationGracePeriodSeconds of deploy/base: whoever is still there then is killed in the middle of something."""


def test_an_idle_operator_stops(story: Story) -> None:
    """Exit code 0; a rollout that waits is left as it is, and goes on after the next start."""
    story.apply(version=2)
    story.wait_for_weight(10)

    story.operator.terminate()
    assert story.operator.wait_ended(KILLED_AFTER_S) == STOPPED

    story.restart()
    story.wait_for_phase("Succeeded")
    assert story.routings() == QUICK_PATH


def test_a_write_that_has_begun_is_verified_and_reported(story: Story) -> None:
    """Never between a write and its verification: AWS takes two seconds for the write, and the stop waits for it."""
    story.apply(version=2, steps=[{"pause": {}}, *SLOW_STEPS])
    story.wait_for_phase("Paused")
    writing = story.aws.fail("UpdateStateMachineAlias", "delay", times=1, delay_s=2)
    story.send("promote")
    story.wait_for_fault(writing)

    story.operator.terminate()
    assert story.operator.wait_ended(KILLED_AFTER_S) == STOPPED

    status = story.status()
    assert (status["weight"], status["intent"]) == (10, None)
    assert story.routing() == split(1, 2, 10)


def test_a_rollback_that_has_begun_is_verified_and_reported(story: Story) -> None:
    """The way back likewise."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    writing = story.aws.fail("UpdateStateMachineAlias", "delay", times=1, delay_s=2)
    story.aws.set_alarm(ALARM, "ALARM")
    story.wait_for_fault(writing)

    story.operator.terminate()
    assert story.operator.wait_ended(KILLED_AFTER_S) == STOPPED

    assert story.status()["phase"] == "RolledBack"
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]


@pytest.mark.parametrize("kind", ["timeout", "timeout-after"])
def test_a_write_without_an_answer_does_not_hold_the_stop(story: Story, kind: str) -> None:
    """AWS says nothing: it ends in time all the same, and the next start finds out what became of the write."""
    story.apply(version=2, steps=[{"pause": {}}, *SLOW_STEPS])
    story.wait_for_phase("Paused")
    fault = story.aws.fail("UpdateStateMachineAlias", kind, times=1)
    story.send("promote")
    story.wait_for_fault(fault)

    story.operator.terminate()
    assert story.operator.wait_ended(KILLED_AFTER_S) == STOPPED

    story.restart()
    story.wait_for_weight(10)
    assert story.routings() == [whole(1), split(1, 2, 10)]


def test_stopped_again_and_again(story: Story) -> None:
    """As when nodes are drained one after the other: the way is the planned one."""
    story.apply(version=2)
    for count in range(1, 6):
        story.operator.wait_ready()  # before that, SIGTERM may find a Python that is still importing
        story.wait_for_calls_or_success(count)
        story.operator.terminate()
        assert story.operator.wait_ended(KILLED_AFTER_S) == STOPPED
        story.restart()

    status = story.wait_for_phase("Succeeded")

    assert story.routings() == QUICK_PATH
    assert outcomes(status) == [(2, "Promoted", "RolloutComplete")]
