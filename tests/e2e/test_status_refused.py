"""An admission policy denies what the operator writes: it is told by Events, traffic is safe, and it goes on after."""

from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from typing import Any

import pytest
import yaml
from kubernetes.client import ApiException

from devenv.control_plane import ControlPlane
from devenv.waiting import wait_until
from tests.e2e.story import ALARM, DEADLINE_S, QUICK_PATH, SLOW_STEPS, Story, outcomes, split, whole

WORDS = "no changes on a Friday"


@contextmanager
def status_denied(plane: ControlPlane, story: Story, reason: str) -> Iterator[None]:
    """Nobody may write the status of a rollout in this namespace; what the API server answers is as `reason` says."""
    policy = yaml.safe_dump_all(_policy(f"freeze-{token_hex(4)}", story.namespace, reason))
    admin = plane.as_admin()
    admin("apply", "--server-side", "-f", "-", stdin=policy)
    try:
        wait_until(lambda: _is_denied(story), DEADLINE_S, "the policy to be in force")
        yield
    finally:
        admin("delete", "-f", "-", stdin=policy)
    wait_until(lambda: not _is_denied(story), DEADLINE_S, "the policy to be gone")


def _is_denied(story: Story) -> bool:
    try:
        story.cluster.try_status(story.namespace, story.name, {"message": "tried"})
    except ApiException as error:
        return WORDS in str(error.body)
    return False


def _policy(name: str, namespace: str, reason: str) -> list[dict[str, Any]]:
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy"}
    rule = {
        "apiGroups": ["sfnrollouts.dev"],
        "apiVersions": ["*"],
        "operations": ["UPDATE"],
        "resources": ["stepfunctionrollouts/status"],
    }
    only = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
    return [
        kind
        | {
            "metadata": {"name": name},
            "spec": {
                "failurePolicy": "Fail",
                "matchConstraints": {"resourceRules": [rule]},
                "validations": [{"expression": "false", "reason": reason, "message": WORDS}],
            },
        },
        kind
        | {
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": {"policyName": name, "validationActions": ["Deny"], "matchResources": only},
        },
    ]


@pytest.mark.parametrize("reason", ["Forbidden", "Invalid"])
def test_an_alarm_fires_while_no_status_is_taken(story: Story, control_plane: ControlPlane, reason: str) -> None:
    """403 that is no missing right, and 422: the alias goes back, and Events say what the resource cannot."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)

    with status_denied(control_plane, story, reason):
        story.aws.set_alarm(ALARM, "ALARM")
        story.wait_for_routing(whole(1))
        told = story.wait_for_event("StatusNotStored")
        assert WORDS in told
        assert "grant the operator" not in told
        assert "alarm errors is firing" in story.wait_for_event("AlarmFiring")
        assert story.status()["phase"] == "Progressing"
        assert 'sfn_rollouts_status_writes_total{result="NotStored"}' in story.operator.get("/metrics")[1]

    status = story.wait_for_phase("RolledBack")
    assert outcomes(status) == [(2, "RolledBack", "AlarmFiring")]
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]


def test_no_step_is_taken_and_a_promote_is_answered_while_no_status_is_taken(
    story: Story, control_plane: ControlPlane
) -> None:
    """Its intent cannot be stored: should the operator die, nobody would know of the shift."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)

    with status_denied(control_plane, story, "Forbidden"):
        story.send("promote")
        assert "promote" in story.wait_for_event("CommandDone")
        story.wait_for_event("StatusNotStored")
        story.wait_for_polls()
        assert story.routing() == split(1, 2, 10)

    story.wait_for_weight(50)
    story.command("promote")
    story.wait_for_phase("Succeeded")
    assert story.routings() == QUICK_PATH
