"""The alias does not exist: it is created with all traffic on the version, once."""

from devenv.aws.client import small_definition
from tests.e2e.story import ALARM, DONE, Story, outcomes, verdict, whole


def test_a_missing_alias_is_created(story: Story) -> None:
    """One write, no steps: there is no version that callers could stay on."""
    machine = story.aws.publish_machine("New", [small_definition("version 1"), small_definition("version 2")])

    story.apply(version=2, stateMachineArn=machine)

    status = story.wait_for_phase("Succeeded")
    changes = story.aws.alias_history(f"{machine}:live")
    assert [(change.event, change.routing) for change in changes] == [("created", whole(2))]
    assert (verdict(status), outcomes(status)) == (DONE, [(2, "Promoted", "RolloutComplete")])
    assert story.writes() == 1


def test_a_lost_answer_to_the_creation_is_no_trouble(story: Story) -> None:
    """AWS created the alias and the answer was lost: it is found, not created again, and no rollout begins."""
    machine = story.aws.publish_machine("New", [small_definition("version 1"), small_definition("version 2")])
    story.aws.fail("CreateStateMachineAlias", "reset-after", times=1)
    story.aws.set_alarm(ALARM, "ALARM")  # a new alias waits for no alarm

    story.apply(version=2, stateMachineArn=machine)

    story.wait_for_phase("Succeeded")
    assert [change.event for change in story.aws.alias_history(f"{machine}:live")] == ["created"]
