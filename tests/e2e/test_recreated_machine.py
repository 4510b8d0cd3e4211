"""A state machine is deleted and created again under its name, as IaC does when its type changes."""

from devenv.aws.client import small_definition
from tests.e2e.story import ALARM, ALIAS, QUICK_STEPS, SLOW_STEPS, WAITING_AT_THE_START, Story, split, verdict, whole


def recreate(story: Story, versions: int, alias: dict[int, int]) -> None:
    """Numbers count from 1 again, and mean other definitions."""
    name = story.machine.rpartition(":")[2]
    story.aws.delete_machine(story.machine)
    story.aws.publish_machine(name, [small_definition(f"another version {number + 1}") for number in range(versions)])
    story.aws.create_alias(story.machine, ALIAS, alias)


def test_a_number_of_the_former_machine_gives_no_right_to_skip_the_steps(story: Story) -> None:
    """Version 2 of the former machine was stable a moment ago; version 2 of this one never ran anywhere."""
    story.apply(version=2, steps=QUICK_STEPS, rollbackWindow={"revisions": 3})
    story.wait_for_phase("Succeeded")
    story.edit(version=3)
    story.wait_for(lambda status: status["stableVersion"] == 3, "version 3 to be stable")
    recreate(story, 1, whole(1))
    story.edit(version=1)
    story.wait_for_reason("UpToDate")
    story.aws.publish_version(story.machine, small_definition("never ran anywhere"))
    story.aws.set_alarm(ALARM, "ALARM")

    story.edit(version=2, strategy={"steps": list(SLOW_STEPS)})

    waiting = story.wait_for_reason("AlarmFiring")
    assert verdict(waiting) == WAITING_AT_THE_START
    story.wait_for_polls()
    assert story.routing() == whole(1)
    story.aws.set_alarm(ALARM, "OK")
    story.wait_for_weight(10)
    assert story.routing() == split(1, 2, 10)
