"""A cluster is lost in mid-rollout; in the new one the manifest names the stable version of the split alias."""

from tests.e2e.story import ALARM, QUICK_STEPS, SLOW_STEPS, Story, outcomes, split, whole


def _lose_the_cluster(story: Story) -> None:
    """The resource and all that it knew is gone, and the alias stands at 10 %."""
    story.apply(version=2, steps=SLOW_STEPS, deletionPolicy="Orphan")
    story.wait_for_weight(10)
    story.delete()
    story.wait_until_gone()
    assert story.routing() == split(1, 2, 10)


def test_an_alarm_fires_after_the_split_was_taken_over(story: Story) -> None:
    """Without stableVersion nobody would have watched it."""
    _lose_the_cluster(story)
    story.apply(version=2, steps=SLOW_STEPS, stableVersion=1)
    status = story.wait_for_weight(10)
    assert (status["phase"], status["stableVersion"], status["takenOver"]) == ("Progressing", 1, True)
    assert "90 % on version 1, 10 % on version 2" in story.wait_for_event("AliasTakenOver")
    assert story.is_held_by_finalizer()

    story.aws.set_alarm(ALARM, "ALARM")

    status = story.wait_for_phase("RolledBack")
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]
    assert outcomes(status) == [(2, "RolledBack", "AlarmFiring")]


def test_an_alarm_that_fires_already_leads_back(story: Story) -> None:
    """A start would wait for it; a split under a firing alarm must not."""
    _lose_the_cluster(story)
    story.aws.set_alarm(ALARM, "ALARM")

    story.apply(version=2, steps=SLOW_STEPS, stableVersion=1)

    story.wait_for_phase("RolledBack")
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]


def test_a_split_that_was_taken_over_is_promoted(story: Story) -> None:
    """It goes on where it stood: 10 % is not written again. The name may stay: the next rollout begins as ever."""
    _lose_the_cluster(story)
    story.apply(version=2, steps=QUICK_STEPS, stableVersion=1)
    story.wait_for_phase("Succeeded")
    assert story.routings() == [whole(1), split(1, 2, 10), split(1, 2, 50), whole(2)]

    story.edit(version=3)

    story.wait_for_routing(whole(3))
    assert story.routings()[4:] == [split(2, 3, 10), split(2, 3, 50), whole(3)]


def test_the_name_is_added_to_a_resource_that_stands_by(story: Story) -> None:
    """AliasSplit names the field as a way out; no restart is needed."""
    _lose_the_cluster(story)
    story.apply(version=2, steps=SLOW_STEPS)
    stalled = story.wait_for_reason("AliasSplit")
    assert "set spec.stableVersion to the side that is stable (1), then it is taken over" in stalled["message"]

    story.edit(stableVersion=1)

    story.wait_for_phase("Progressing")
    story.send("abort")
    story.wait_for_phase("RolledBack")
    assert story.routing() == whole(1)


def test_a_third_version_is_asked_for_in_the_new_cluster(story: Story) -> None:
    """Back to the named version in one write, then the new one from its first step."""
    _lose_the_cluster(story)
    story.apply(version=3, steps=QUICK_STEPS, stableVersion=1)
    story.wait_for_phase("Succeeded")
    assert story.routings()[2:] == [whole(1), split(1, 3, 10), split(1, 3, 50), whole(3)]


def test_the_status_alone_is_lost(story: Story) -> None:
    """Somebody removes it while the operator is down; the manifest has named the stable version all along."""
    story.apply(version=2, steps=SLOW_STEPS, stableVersion=1)
    story.wait_for_weight(10)
    story.operator.kill()
    story.cluster.write_status(story.namespace, story.name, None)

    story.restart()

    assert story.wait_for(lambda status: status["takenOver"], "taken over")["weight"] == 10
    story.aws.set_alarm(ALARM, "ALARM")
    story.wait_for_phase("RolledBack")
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]
