"""Each alarm by itself: one that is refused, not evaluated or missing hurts its own rollout only."""

from collections.abc import Iterator
from typing import Any

import pytest

from devenv.aws.client import Emulator
from devenv.control_plane import ControlPlane
from devenv.operator_process import OperatorProcess
from tests.e2e.cluster import Cluster
from tests.e2e.story import (
    ALARM,
    QUICK_PATH,
    QUICK_STEPS,
    SLOW_STEPS,
    Story,
    condition_of,
    reason_of,
    set_the_scene,
    split,
    whole,
)

REFUSED = "refused"


@pytest.fixture
def two_teams(
    control_plane: ControlPlane, cluster: Cluster, namespace: str, aws: Emulator
) -> Iterator[tuple[Story, Story]]:
    """Two rollouts of two namespaces, with a state machine each, under one operator."""
    other = cluster.create_namespace(f"{namespace}-other")
    with OperatorProcess(control_plane, aws, namespaces=[namespace, other]) as operator:
        yield set_the_scene(cluster, namespace, aws, operator), set_the_scene(cluster, other, aws, operator)
        print(operator.last_log_lines(100))


@pytest.mark.parametrize("refusal", ["invalid", "denied"])
def test_a_name_that_is_refused_does_not_hold_up_another_team(two_teams: tuple[Story, Story], refusal: Any) -> None:
    """AWS refuses every call with that name. The victim goes back at the first poll that sees its alarm fire."""
    victim, attacker = two_teams
    victim.apply(version=2, steps=SLOW_STEPS)
    victim.wait_for_weight(10)
    victim.aws.fail("DescribeAlarms", refusal, match=REFUSED)
    attacker.apply(version=2, alarms={"names": [REFUSED], "pollInterval": "1s"})
    reported = attacker.wait_for(lambda status: f"alarm {REFUSED}" in str(status["message"]), "what is wrong")
    assert attacker.routing() == whole(1)
    assert reason_of(reported) in ("RetryingAWS", "AlarmUnreadable", "AccessDenied")
    assert victim.status()["alarm"] == "OK"

    victim.aws.forget_calls()
    victim.aws.set_alarm(ALARM, "ALARM")

    took_s = victim.wait_for_routing(whole(1))
    polls = [call for call in victim.aws.calls("DescribeAlarms") if ALARM in call.params["AlarmNames"]]
    print(f"the victim was back {took_s:.1f} s after its alarm, at poll {len(polls)}")
    assert victim.aws.calls("UpdateStateMachineAlias")[0].at > polls[0].at
    before_write = [call for call in polls if call.at < victim.aws.calls("UpdateStateMachineAlias")[0].at]
    assert len(before_write) <= 2
    assert all(call.outcome == "ok" for call in before_write)


def test_an_alarm_that_is_not_evaluated_holds(story: Story) -> None:
    """Its state says OK, and nobody knows: no step is taken until it is evaluated again."""
    story.apply(version=2, steps=[{"setWeight": 10}, {"pause": {"duration": "3s"}}, {"setWeight": 50}])
    story.wait_for_weight(10)
    story.aws.set_evaluation(ALARM, "EVALUATION_ERROR")

    held = story.wait_for_reason("AlarmUnevaluated")
    assert held["alarm"] == "UNKNOWN"
    assert "alarm errors is not evaluated (EVALUATION_ERROR)" in held["message"]
    assert condition_of(held, "AlarmsHealthy")["status"] == "False"
    assert story.routing() == split(1, 2, 10)

    story.aws.set_evaluation(ALARM, "PARTIAL_DATA")
    story.wait_for_phase("Succeeded")
    assert story.routings() == QUICK_PATH


def test_a_log_alarm_that_fires_goes_back(story: Story) -> None:
    """Like a metric alarm."""
    story.aws.put_log_alarm("log-lines")
    story.apply(version=2, steps=SLOW_STEPS, alarms={"names": [ALARM, "log-lines"], "pollInterval": "1s"})
    story.wait_for_weight(10)

    story.aws.set_alarm("log-lines", "ALARM")

    story.wait_for_phase("RolledBack")
    assert "alarm log-lines is firing" in story.status()["message"]


def test_an_alarm_that_one_poll_misses_is_no_reason_to_go_back(story: Story) -> None:
    """Three in a row are, and a new process of the operator goes on counting."""
    story.apply(version=2, steps=SLOW_STEPS, alarms={"names": [ALARM], "pollInterval": "5s"})
    story.wait_for_weight(10)
    story.aws.delete_alarm(ALARM)
    missed = story.wait_for_reason("AlarmMissing", "AlarmsHealthy")
    assert "not fully guarded: alarm errors does not exist" in missed["message"]
    assert missed["alarms"][0]["missed"]["polls"] == 1
    story.aws.put_alarm(ALARM)
    found = story.wait_for_reason("AlarmsHealthy", "AlarmsHealthy")
    assert "missed" not in found["alarms"][0]
    assert story.routing() == split(1, 2, 10)

    story.aws.delete_alarm(ALARM)
    story.wait_for_reason("AlarmMissing", "AlarmsHealthy")
    story.operator.kill()
    assert story.status()["alarms"][0]["missed"]["polls"] == 1
    assert story.routing() == split(1, 2, 10)
    story.restart()

    story.wait_for_phase("RolledBack")
    assert "alarm errors does not exist" in story.status()["message"]


def test_answers_without_fields_are_no_answers(story: Story) -> None:
    """A document `{}` says neither that an alarm is missing nor that there is no alias or version."""
    for operation in ("DescribeAlarms", "DescribeStateMachineAlias", "DescribeStateMachine"):
        story.aws.fail(operation, "empty", times=2)

    story.apply(version=2, steps=QUICK_STEPS)
    story.wait_for_weight(10)
    story.aws.fail("DescribeAlarms", "empty", times=2)

    story.wait_for_phase("Succeeded")
    assert story.routings() == QUICK_PATH
    assert not {"AlarmMissing", "NotFound"} & {reason for _, reason, _ in story.events()}
