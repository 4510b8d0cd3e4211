"""Steps are edited while a rollout is in flight: it goes on in the new ones, and its weight never falls."""

import pytest

from tests.e2e.story import SLOW_STEPS, Story, split, whole

HOUR = {"pause": {"duration": "1h"}}

EDITS = {
    "at the first step that is not below": (
        [{"setWeight": 20}, HOUR, {"setWeight": 60}, HOUR],
        [split(1, 2, 60), whole(2)],
    ),
    "at the step of the same weight, whose wait starts anew": (
        [{"setWeight": 5}, HOUR, {"setWeight": 50}, HOUR, {"setWeight": 75}, HOUR],
        [split(1, 2, 75), whole(2)],
    ),
    "at 100 % where all steps are below": ([{"setWeight": 5}, HOUR, {"setWeight": 40}, HOUR], [whole(2)]),
}


@pytest.mark.parametrize(("steps", "rest"), EDITS.values(), ids=EDITS.keys())
def test_edited_steps_go_on(story: Story, steps: list[dict[str, object]], rest: list[dict[int, int]]) -> None:
    """At 50 % the plan changes; the position is found by weight, and nothing is written that would lower it."""
    story.apply(version=2, steps=SLOW_STEPS, bakeTime="1h")
    story.wait_for_weight(10)
    story.command("promote")
    before = story.wait_for_weight(50)

    story.edit(strategy={"steps": steps})
    story.wait_for(lambda status: status["planHash"] != before["planHash"], "the new plan to be taken up")
    seen = 3
    while story.routing() != whole(2):
        if len(story.routings()) == seen + 1 or story.status()["weight"] == 50:
            seen = len(story.routings())
            story.command("promote")

    story.wait_for_phase("Baking")
    assert story.routings() == [whole(1), split(1, 2, 10), split(1, 2, 50), *rest]


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
    assert story.routings() == [whole(1), split(1, 2, 10)]
