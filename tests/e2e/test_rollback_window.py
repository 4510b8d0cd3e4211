"""Back to a version that was stable a moment ago: one write, no steps."""

from tests.e2e.story import ALARM, DONE, SLOW_STEPS, Story, outcomes, split, verdict, whole


def test_a_recent_stable_version_comes_back_in_one_write(story: Story) -> None:
    """Within spec.rollbackWindow the steps are left out, and an alarm that fires is no reason to wait: it is why one
    goes back."""
    story.apply(version=2, strategy={"allAtOnce": {}}, rollbackWindow={"revisions": 3, "within": "24h"})
    story.wait_for_phase("Succeeded")
    story.aws.set_alarm(ALARM, "ALARM")

    story.edit(version=1, strategy={"allAtOnce": None, "steps": list(SLOW_STEPS)})

    status = story.wait_for(lambda status: status["stableVersion"] == 1, "version 1 to be stable again")
    assert story.routings() == [whole(1), whole(2), whole(1)]
    assert (verdict(status), outcomes(status)[0]) == (DONE, (1, "FastRolledBack", "RolloutComplete"))


def test_a_version_outside_the_window_takes_the_steps(story: Story) -> None:
    """Two revisions back, with a window of one: an ordinary rollout."""
    story.apply(version=2, strategy={"allAtOnce": {}}, rollbackWindow={"revisions": 1})
    story.wait_for_phase("Succeeded")
    story.edit(version=3)
    story.wait_for(lambda status: status["stableVersion"] == 3, "version 3 to be stable")

    story.edit(version=1, strategy={"allAtOnce": None, "steps": list(SLOW_STEPS)})

    story.wait_for_weight(10)
    assert story.routings() == [whole(1), whole(2), whole(3), split(3, 1, 10)]
