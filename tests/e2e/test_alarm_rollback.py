"""An alarm fires: all traffic goes back to the stable version in one write, wherever the rollout is."""

from collections.abc import Callable

import pytest

from tests.e2e.story import (
    ALARM,
    SLOW_STEPS,
    STALLED,
    WAITING_AT_THE_START,
    Story,
    outcomes,
    reason_of,
    split,
    verdict,
    whole,
)


def _at_a_step(story: Story) -> None:
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)


def _at_a_later_step(story: Story) -> None:
    _at_a_step(story)
    story.command("promote")
    story.wait_for_weight(50)


def _awaiting_approval(story: Story) -> None:
    story.apply(version=2, steps=[{"setWeight": 10}, {"pause": {}}])
    story.wait_for_phase("Paused")


def _paused_by_the_manifest(story: Story) -> None:
    _at_a_step(story)
    story.edit(paused=True)
    story.wait_for_phase("Paused")


def _paused_by_command(story: Story) -> None:
    _at_a_step(story)
    assert story.command("pause")["result"] == "Done"
    story.wait_for_phase("Paused")


def _baking(story: Story) -> None:
    story.apply(version=2, strategy={"allAtOnce": {}}, bakeTime="1h")
    story.wait_for_phase("Baking")


def _promoted_in_full(story: Story) -> None:
    story.apply(version=2, steps=SLOW_STEPS, bakeTime="1h")
    story.wait_for_weight(10)
    assert story.command("promote-full")["result"] == "Done"
    story.wait_for_phase("Baking")


MOMENTS = {
    "at a step": (_at_a_step, [whole(1), split(1, 2, 10), whole(1)]),
    "at a later step": (_at_a_later_step, [whole(1), split(1, 2, 10), split(1, 2, 50), whole(1)]),
    "while it waits for approval": (_awaiting_approval, [whole(1), split(1, 2, 10), whole(1)]),
    "while the manifest pauses it": (_paused_by_the_manifest, [whole(1), split(1, 2, 10), whole(1)]),
    "while a command pauses it": (_paused_by_command, [whole(1), split(1, 2, 10), whole(1)]),
    "in the bake": (_baking, [whole(1), whole(2), whole(1)]),
    "in the bake after promote-full": (_promoted_in_full, [whole(1), split(1, 2, 10), whole(2), whole(1)]),
}


@pytest.mark.parametrize(("reach", "path"), MOMENTS.values(), ids=MOMENTS.keys())
def test_an_alarm_rolls_back(story: Story, reach: Callable[[Story], None], path: list[dict[int, int]]) -> None:
    """Alarms are watched at every step, all through pauses and the bake; going back is one write to stable."""
    reach(story)

    story.aws.set_alarm(ALARM, "ALARM", reason="Threshold Crossed: 7 failed executions")

    status = story.wait_for_phase("RolledBack")
    assert story.routings() == path
    assert outcomes(status) == [(2, "RolledBack", "AlarmFiring")]
    assert (verdict(status), reason_of(status), status["weight"]) == (STALLED, "AlarmFiring", 0)
    assert "alarm errors is firing: Threshold Crossed: 7 failed executions" in status["message"]
    assert not story.is_held_by_finalizer()


def test_a_composite_alarm_counts_like_a_metric_alarm(story: Story) -> None:
    """A composite alarm follows its children, and is read together with metric alarms."""
    story.aws.put_composite_alarm("anything", f'ALARM("{ALARM}")')
    story.apply(version=2, steps=SLOW_STEPS, alarms={"names": ["anything"], "pollInterval": "1s"})
    story.wait_for_weight(10)

    story.aws.set_alarm(ALARM, "ALARM")

    assert "alarm anything is firing" in story.wait_for_phase("RolledBack")["message"]
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]


def test_a_version_that_was_rolled_back_is_not_tried_again_by_itself(story: Story) -> None:
    """RolledBack and stalled, though the alarm is OK again and the operator starts again; a retry token or command ends
    that, and so does another version."""
    _at_a_step(story)
    story.aws.set_alarm(ALARM, "ALARM")
    story.wait_for_phase("RolledBack")
    story.aws.set_alarm(ALARM, "OK")
    story.operator.kill()
    story.restart()
    assert story.command("promote")["result"] == "Refused"
    assert (story.routings(), story.status()["phase"]) == ([whole(1), split(1, 2, 10), whole(1)], "RolledBack")

    story.edit(retryToken="after the fix")
    story.wait_for_weight(10)
    story.command("abort")
    story.wait_for_phase("RolledBack")

    assert story.command("retry")["result"] == "Done"
    story.wait_for_weight(10)
    story.command("abort")
    story.wait_for_phase("RolledBack")

    story.edit(version=3)
    story.wait_for(lambda status: (status["weight"], status["targetVersion"]) == (10, 3), "version 3 to begin")
    assert story.routings() == [whole(1), *[split(1, 2, 10), whole(1)] * 3, split(1, 3, 10)]


def test_an_alarm_that_fires_at_the_start_is_waited_for(story: Story) -> None:
    """Alarms are read before the first shift: nothing moves while one fires, then the rollout starts by itself."""
    story.aws.set_alarm(ALARM, "ALARM")
    story.apply(version=2, steps=SLOW_STEPS)

    waiting = story.wait_for_reason("AlarmFiring")
    assert (waiting["phase"], verdict(waiting)) == ("Pending", WAITING_AT_THE_START)
    story.wait_for_polls()
    assert (story.routings(), story.writes()) == ([whole(1)], 0)

    story.aws.set_alarm(ALARM, "OK")
    story.wait_for_weight(10)


def test_ignore_until_ok_starts_under_a_firing_alarm(story: Story) -> None:
    """onFiringAtStart: IgnoreUntilOk starts; once the alarm has been OK, its next firing counts."""
    story.aws.set_alarm(ALARM, "ALARM")
    story.apply(
        version=2,
        steps=SLOW_STEPS,
        alarms={"names": [ALARM], "pollInterval": "1s", "onFiringAtStart": "IgnoreUntilOk"},
    )
    story.wait_for_weight(10)
    story.wait_for_polls()
    assert story.routing() == split(1, 2, 10)

    story.aws.set_alarm(ALARM, "OK")
    story.aws.set_alarm(ALARM, "ALARM")

    story.wait_for_phase("RolledBack")
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]


INSUFFICIENT_DATA = {
    "Ignore goes on": ("Ignore", "Succeeded", None),
    "Hold takes no further step": ("Hold", "Progressing", "AlarmInsufficientData"),
    "Rollback goes back": ("Rollback", "RolledBack", "AlarmInsufficientData"),
}


@pytest.mark.parametrize(("policy", "phase", "reason"), INSUFFICIENT_DATA.values(), ids=INSUFFICIENT_DATA.keys())
def test_an_alarm_without_data(story: Story, policy: str, phase: str, reason: str | None) -> None:
    """onInsufficientData says what an alarm without data means."""
    story.apply(
        version=2,
        steps=[{"setWeight": 10}, {"pause": {}}],
        alarms={"names": [ALARM], "pollInterval": "1s", "onInsufficientData": policy},
    )
    story.wait_for_phase("Paused")

    story.aws.set_alarm(ALARM, "INSUFFICIENT_DATA")
    story.wait_for(lambda status: status["alarm"] == "INSUFFICIENT_DATA", "the alarm's state to be seen")
    if policy != "Rollback":
        assert story.command("promote")["result"] == "Done"

    status = story.wait_for_phase(phase)
    if reason:
        assert reason_of(story.wait_for_reason(reason)) == reason
    assert story.routing() == {"Succeeded": whole(2), "Progressing": split(1, 2, 10), "RolledBack": whole(1)}[phase]
    assert status["phase"] == phase
