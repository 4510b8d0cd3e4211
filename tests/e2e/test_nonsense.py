"""What should not be: a status that somebody wrote by hand, an alias with an entry of weight 0. One rollout is held, or
goes on; nothing breaks, no other rollout suffers, and the deadline bounds every hold."""

from typing import Any

import pytest

from tests.e2e.story import ALARM, SLOW_STEPS, Story, split, whole

SCRIBBLES: dict[str, dict[str, Any]] = {
    "a plan that nobody has compiled": {"planHash": "nonsense"},
    "an intent for a step that the plan does not have": {
        "intent": {"weight": 77, "stepIndex": 40, "at": "2026-01-01T00:00:00.000Z"}
    },
    "a routing that is none": {"alias": {"routing": [{"version": 1, "weight": 3}]}},
}


@pytest.mark.parametrize("scribble", SCRIBBLES.values(), ids=SCRIBBLES.keys())
def test_a_status_with(story: Story, scribble: dict[str, Any]) -> None:
    """Whatever it says, an abort ends it with one version serving all, and another rollout is not touched by it."""
    machine = story.aws.publish_machine("Other")
    story.aws.create_alias(machine, "live", whole(1))
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    story.cluster.write_status(story.namespace, story.name, scribble)
    other = story.called("other")
    other.apply(version=2, stateMachineArn=machine)

    story.aws.set_alarm(ALARM, "ALARM")

    story.wait_for(lambda status: status["phase"] in ("RolledBack", "Failed", "Succeeded"), "an end")
    assert len(story.routing()) == 1
    other.wait_for(lambda status: status["phase"] in ("RolledBack", "Pending"), "its own verdict on the alarm")


def test_an_alias_with_an_entry_of_weight_zero(story: Story) -> None:
    """Some tools leave one behind. It serves nothing, so the alias counts as whole; our own end has one entry."""
    story.aws.update_alias(story.alias, {1: 100, 3: 0})

    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    assert story.routing() == split(1, 2, 10)

    story.command("abort")
    story.wait_for_phase("RolledBack")
    assert story.routing() == whole(1)
