"""Traffic moves to the target step by step, and each step is what was written down."""

import pytest

from tests.e2e.story import DONE, MOVING, QUICK_PATH, SLOW_STEPS, Story, outcomes, reason_of, split, verdict, whole

STRATEGIES = {
    "a canary takes one small step": (
        {"canary": {"weight": 10, "interval": "1s"}},
        [whole(1), split(1, 2, 10), whole(2)],
    ),
    "linear steps are equal": (
        {"linear": {"increment": 40, "interval": "1s"}},
        [whole(1), split(1, 2, 40), split(1, 2, 80), whole(2)],
    ),
    "exponential steps grow": (
        {"exponential": {"initialWeight": 5, "factor": 4, "interval": "1s"}},
        [whole(1), split(1, 2, 5), split(1, 2, 20), split(1, 2, 80), whole(2)],
    ),
    "all at once is one write": ({"allAtOnce": {}}, [whole(1), whole(2)]),
    "a preset goes by CodeDeploy's name": ({"preset": "AllAtOnce"}, [whole(1), whole(2)]),
}


@pytest.mark.parametrize(("strategy", "path"), STRATEGIES.values(), ids=STRATEGIES.keys())
def test_strategies(story: Story, strategy: dict[str, object], path: list[dict[int, int]]) -> None:
    """The alias goes exactly the way of the strategy, and ends as ONE routing entry, never one of weight 0."""
    story.apply(version=2, strategy=strategy)

    status = story.wait_for_phase("Succeeded")

    assert story.routings() == path
    assert story.writes() == len(path) - 1  # each step is written once
    assert outcomes(status) == [(2, "Promoted", "RolloutComplete")]


def test_a_canary_from_apply_to_promoted(story: Story) -> None:
    """Each step waits, says where it is, and is taken once; then the bake; then nothing is left of the way there."""
    story.apply(version=2, steps=SLOW_STEPS, bakeTime="1h")

    first = story.wait_for_weight(10)
    assert (first["phase"], first["step"], first["stableVersion"], first["targetVersion"]) == (
        "Progressing",
        "1/3",
        1,
        2,
    )
    assert (verdict(first), reason_of(first)) == (MOVING, "ShiftInProgress")
    assert first["alias"]["routing"] == [{"version": 1, "weight": 90}, {"version": 2, "weight": 10}]
    assert first["alarm"] == "OK"
    assert story.is_held_by_finalizer()
    story.wait_for_polls()
    assert story.routing() == split(1, 2, 10)

    story.command("promote")
    story.wait_for_weight(50)
    story.command("promote")
    baking = story.wait_for_phase("Baking")
    assert (baking["step"], baking["weight"], reason_of(baking)) == ("3/3", 100, "Baking")
    assert story.routing() == whole(2)

    story.command("promote")
    done = story.wait_for_phase("Succeeded")
    assert verdict(done) == DONE
    assert reason_of(done, "Promoted") == "RolloutComplete"
    assert (done["stableVersion"], done["weight"]) == (2, 100)
    assert not {"intent", "trip", "nextActionAt"} & done.keys()
    assert story.routings() == QUICK_PATH
    assert not story.is_held_by_finalizer()


def test_the_next_version_sets_out_from_the_last(story: Story) -> None:
    """The version that succeeded is the stable one of the next rollout."""
    story.apply(version=2, strategy={"allAtOnce": {}})
    story.wait_for_phase("Succeeded")

    story.edit(version=3, strategy={"allAtOnce": None, "canary": {"weight": 20, "interval": "1s"}})

    status = story.wait_for(lambda status: status["stableVersion"] == 3, "version 3 to be stable")
    assert story.routings() == [whole(1), whole(2), split(2, 3, 20), whole(3)]
    assert outcomes(status) == [(3, "Promoted", "RolloutComplete"), (2, "Promoted", "RolloutComplete")]


def test_an_alias_that_serves_the_version_is_left_alone(story: Story) -> None:
    """All traffic is on the target already: Succeeded, nothing written."""
    story.apply(version=1)

    status = story.wait_for_phase("Succeeded")

    assert (verdict(status), reason_of(status), status["stableVersion"]) == (DONE, "UpToDate", 1)
    assert story.routings() == [whole(1)]
    assert story.writes() == 0
    assert not story.is_held_by_finalizer()


def test_running_executions_stay_and_are_counted(story: Story) -> None:
    """AWS never moves a running execution; the operator counts those that stay on the former version, and says so."""
    client = story.aws.boto3_client("stepfunctions")
    machine = story.aws.publish_machine("Slow", [_waiting("version 1"), _waiting("version 2")])
    story.aws.create_alias(machine, "live", whole(1))
    for _ in range(3):
        client.start_execution(stateMachineArn=f"{machine}:live", input="{}")

    story.apply(version=2, stateMachineArn=machine, strategy={"allAtOnce": {}})

    status = story.wait_for(lambda status: "runningExecutions" in status, "running executions to be counted")
    assert (status["runningExecutions"]["version"], status["runningExecutions"]["running"]) == (1, 3)
    assert "3 executions are still running on version 1" in story.wait_for_event("ExecutionsCounted")


def _waiting(comment: str) -> dict[str, object]:
    return {"Comment": comment, "StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}}}
