"""An alarm that fires and clears between two polls has fired all the same: its history tells."""

import pytest

from tests.e2e.story import ALARM, QUICK_PATH, SLOW_STEPS, Story, outcomes, split, whole


def test_a_blip_between_two_polls_rolls_back(story: Story) -> None:
    """No poll saw it in ALARM; its state's timestamp and its history did."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)

    story.aws.blip(ALARM)

    status = story.wait_for_phase("RolledBack")
    assert outcomes(status) == [(2, "RolledBack", "AlarmTransient")]
    assert "fired at" in status["message"]
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]


def test_a_blip_may_be_ignored(story: Story) -> None:
    """onTransient: Ignore lets only the state of the moment count, and a firing that lasts still counts."""
    story.apply(version=2, steps=SLOW_STEPS, alarms={"names": [ALARM], "pollInterval": "1s", "onTransient": "Ignore"})
    story.wait_for_weight(10)
    story.aws.blip(ALARM)
    story.wait_for_polls()
    assert story.status()["phase"] == "Progressing"

    story.aws.set_alarm(ALARM, "ALARM")
    story.wait_for_phase("RolledBack")


def test_what_an_alarm_did_before_the_rollout_is_not_held_against_it(story: Story) -> None:
    """A blip before the first shift is the former version's."""
    story.aws.blip(ALARM)
    story.apply(version=2)

    story.wait_for_phase("Succeeded")

    assert story.routings() == QUICK_PATH


@pytest.mark.parametrize("policy", ["Rollback", "Ignore"])
def test_a_blip_while_the_operator_stood_still(story: Story, policy: str) -> None:
    """A process that hangs (a node that is paused, say) finds the blip when it goes on."""
    story.apply(version=2, steps=SLOW_STEPS, alarms={"names": [ALARM], "pollInterval": "1s", "onTransient": policy})
    story.wait_for_weight(10)
    story.operator.pause()
    story.aws.blip(ALARM)
    story.operator.resume()

    if policy == "Rollback":
        assert outcomes(story.wait_for_phase("RolledBack")) == [(2, "RolledBack", "AlarmTransient")]
    else:
        story.wait_for_polls()
        assert story.status()["phase"] == "Progressing"
