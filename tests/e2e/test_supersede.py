"""Another version is asked for while one is in flight: the way there leads over the stable version."""

from tests.e2e.story import ALARM, DONE, SLOW_STEPS, Story, outcomes, reason_of, split, verdict, whole


def test_a_new_target_in_flight(story: Story) -> None:
    """Back to stable in one write (outcome Superseded), then the new rollout from its first step."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    story.command("promote")
    story.wait_for_weight(50)

    story.edit(version=3)

    status = story.wait_for(lambda status: (status["targetVersion"], status["weight"]) == (3, 10), "version 3 at 10 %")
    assert story.routings() == [whole(1), split(1, 2, 10), split(1, 2, 50), whole(1), split(1, 3, 10)]
    assert outcomes(status) == [(2, "Superseded", "Superseded")]
    assert status["stableVersion"] == 1


def test_the_stable_version_is_asked_for_again(story: Story) -> None:
    """One write back, then Succeeded/UpToDate; the history tells of an abort."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)

    story.edit(version=1)

    status = story.wait_for_phase("Succeeded")
    assert (verdict(status), reason_of(status)) == (DONE, "UpToDate")
    assert outcomes(status) == [(2, "Aborted", "TargetWithdrawn")]
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]


def test_a_new_target_in_the_bake(story: Story) -> None:
    """All traffic is on version 2, but it has not proved itself: version 1 is still the one to go back to."""
    story.apply(version=2, strategy={"allAtOnce": {}}, bakeTime="1h")
    story.wait_for_phase("Baking")

    story.edit(version=3)

    story.wait_for(lambda status: (status["targetVersion"], status["phase"]) == (3, "Baking"), "version 3 to bake")
    assert story.routings() == [whole(1), whole(2), whole(1), whole(3)]


def test_a_new_target_under_a_firing_alarm_waits_on_the_stable_version(story: Story) -> None:
    """The fix is merged while the alarm fires: the bad version goes at once, the fix waits until the alarm is OK."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    story.aws.set_alarm(ALARM, "ALARM")
    story.wait_for_phase("RolledBack")

    story.edit(version=3)
    story.wait_for(lambda status: status["targetVersion"] == 3 and reason_of(status) == "AlarmFiring", "version 3")
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]

    story.aws.set_alarm(ALARM, "OK")
    story.wait_for_weight(10)
    assert story.routing() == split(1, 3, 10)
