"""The resource is deleted: no split alias is left behind, unless that was asked for; the alias itself stays."""

from tests.e2e.story import SLOW_STEPS, Story, split, whole


def test_deletion_in_flight_restores_stable(story: Story) -> None:
    """deletionPolicy: Restore (the default): all traffic on stable first, then the finalizer goes."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)

    story.delete()

    story.wait_until_gone()
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]


def test_deletion_in_flight_may_orphan_the_split(story: Story) -> None:
    """deletionPolicy: Orphan: the traffic stays as it is, the resource goes."""
    story.apply(version=2, steps=SLOW_STEPS, deletionPolicy="Orphan")
    story.wait_for_weight(10)

    story.delete()

    story.wait_until_gone()
    assert story.routings() == [whole(1), split(1, 2, 10)]


def test_deletion_at_rest_touches_nothing(story: Story) -> None:
    """Nothing in flight, no finalizer: the resource is gone at once, and the alias serves on."""
    story.apply(version=2, strategy={"allAtOnce": {}})
    story.wait_for_phase("Succeeded")
    assert not story.is_held_by_finalizer()

    story.delete()

    story.wait_until_gone()
    assert story.routings() == [whole(1), whole(2)]


def test_deletion_while_the_operator_is_down(story: Story) -> None:
    """The finalizer waits for the operator, which restores and lets go when it is back."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    story.operator.kill()
    story.delete()
    assert story.is_held_by_finalizer()
    assert story.routing() == split(1, 2, 10)

    story.restart()

    story.wait_until_gone()
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]


def test_deletion_waits_for_aws(story: Story) -> None:
    """AWS refuses the write for a while: the resource stays until stable is restored."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    fault = story.aws.fail("UpdateStateMachineAlias", "unavailable", times=2)

    story.delete()
    story.wait_for_fault(fault)
    story.wait_until_gone()

    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]


def test_deleted_and_created_again(story: Story) -> None:
    """The same name is another resource: it sets out from the alias as it is, not from the old status."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    story.delete()
    story.wait_until_gone()

    story.apply(version=3, steps=SLOW_STEPS)

    story.wait_for(lambda status: (status["targetVersion"], status["weight"]) == (3, 10), "version 3 to begin")
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1), split(1, 3, 10)]
