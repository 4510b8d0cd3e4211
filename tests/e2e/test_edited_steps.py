"""Steps are edited while a rollout is in flight: it goes on in the new ones, and its weight never falls."""

import pytest

from tests.e2e.story import SLOW_STEPS, Story, split, whole

HOUR = {"pause": {"duration": "1h"}}

EDITS = {
    "after the wait of the step below": (
        [{"setWeight": 20}, HOUR, {"setWeight": 60}, HOUR],
        [60],
        "step 2/3 (60 %) is next",
    ),
    "at the step of the same weight, whose wait starts again": (
        [{"setWeight": 5}, HOUR, {"setWeight": 50}, HOUR, {"setWeight": 75}, HOUR],
        [75],
        "stays at 50 % in step 2/4; step 3/4 (75 %) is next, after a wait of 1h",
    ),
    "and never at once at 100 % where all steps are below": (
        [{"setWeight": 10}, HOUR, {"setWeight": 25}, HOUR],
        [100],
        "step 3/3 (100 %) is next",
    ),
}


@pytest.mark.parametrize(("steps", "promoted", "reported"), EDITS.values(), ids=EDITS.keys())
def test_edited_steps_go_on(story: Story, steps: list[dict[str, object]], promoted: list[int], reported: str) -> None:
    """At 50 % the plan changes; the position is found by weight, and nothing is written that would move it at once."""
    story.apply(version=2, steps=SLOW_STEPS, bakeTime="1h")
    story.wait_for_weight(10)
    story.command("promote")
    before = story.wait_for_weight(50)

    story.edit(strategy={"steps": steps})
    story.wait_for(lambda status: status["planHash"] != before["planHash"], "the new plan to be taken up")
    assert reported in story.wait_for_event("StepsEdited")
    story.wait_for_polls()
    assert story.routing() == split(1, 2, 50)
    for weight in promoted:
        story.command("promote")
        story.wait_for_weight(weight)
    if story.routing() != whole(2):
        story.command("promote")

    story.wait_for_phase("Baking")
    assert [reason for _, reason, _ in story.events()].count("StepsEdited") == 1
    rest = [split(1, 2, weight) for weight in promoted if weight < 100]
    assert story.routings() == [whole(1), split(1, 2, 10), split(1, 2, 50), *rest, whole(2)]


def test_an_edit_in_the_bake_keeps_the_bake(story: Story) -> None:
    """All traffic is on the target: whatever the steps say, none is taken again."""
    story.apply(version=2, strategy={"allAtOnce": {}}, bakeTime="1h")
    before = story.wait_for_phase("Baking")

    story.edit(strategy={"allAtOnce": None, "steps": list(SLOW_STEPS)})
    story.wait_for(lambda status: status["planHash"] != before["planHash"], "the new plan to be taken up")
    story.command("promote")

    story.wait_for_phase("Succeeded")
    assert story.routings() == [whole(1), whole(2)]


def test_an_edit_of_something_else_moves_nothing(story: Story) -> None:
    """A longer bake is no new plan: the step's clock goes on."""
    story.apply(version=2, steps=SLOW_STEPS)
    before = story.wait_for_weight(10)

    story.edit(bakeTime="2h")
    after = story.wait_for(lambda status: status["observedGeneration"] == 2, "the edit to be seen")

    assert after["stepStartedAt"] == before["stepStartedAt"]
    assert "StepsEdited" not in [reason for _, reason, _ in story.events()]
    assert story.routings() == [whole(1), split(1, 2, 10)]
