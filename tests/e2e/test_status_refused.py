"""A policy or a webhook denies what the operator writes: Events tell it, traffic is safe, and it goes on after."""

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
UNREACHABLE = "failed calling webhook"


@contextmanager
def status_denied(plane: ControlPlane, story: Story, reason: str) -> Iterator[None]:
    """Nobody may write the status of a rollout in this namespace; what the API server answers is as `reason` says."""
    make = _webhook if reason == UNREACHABLE else _policy
    policy = yaml.safe_dump_all(make(f"freeze-{token_hex(4)}", story.namespace, reason))
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
        return WORDS in str(error.body) or UNREACHABLE in str(error.body)
    return False


RULE = {
    "apiGroups": ["sfnrollouts.dev"],
    "apiVersions": ["*"],
    "operations": ["UPDATE"],
    "resources": ["stepfunctionrollouts/status"],
}


def _only(namespace: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}


def _webhook(name: str, namespace: str, reason: str) -> list[dict[str, Any]]:
    """One at which nobody listens: the API server answers 500 for `reason`."""
    webhook = {
        "name": f"{name}.example.com",
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 1,
        "clientConfig": {"url": "https://127.0.0.1:1/"},
        "rules": [RULE],
    }
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration"}
    return [kind | {"metadata": {"name": name}, "webhooks": [webhook | _only(namespace)]}]


def _policy(name: str, namespace: str, reason: str) -> list[dict[str, Any]]:
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy"}
    return [
        kind
        | {
            "metadata": {"name": name},
            "spec": {
                "failurePolicy": "Fail",
                "matchConstraints": {"resourceRules": [RULE]},
                "validations": [{"expression": "false", "reason": reason, "message": WORDS}],
            },
        },
        kind
        | {
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": {"policyName": name, "validationActions": ["Deny"], "matchResources": _only(namespace)},
        },
    ]


@pytest.mark.parametrize("reason", ["Forbidden", "Invalid", UNREACHABLE])
def test_an_alarm_fires_while_no_status_is_taken(story: Story, control_plane: ControlPlane, reason: str) -> None:
    """403 that is no missing right, 422, and 500 of a webhook that does not answer: Events say what happens."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)

    with status_denied(control_plane, story, reason):
        story.aws.set_alarm(ALARM, "ALARM")
        story.wait_for_routing(whole(1))
        reported = story.wait_for_event("StatusNotStored")
        assert (UNREACHABLE if reason == UNREACHABLE else WORDS) in reported
        assert "grant the operator" not in reported
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
