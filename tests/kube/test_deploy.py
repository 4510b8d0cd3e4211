"""The shipped manifests: taken by a real API server, restricted by its Pod Security, and no right too many or few."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from devenv.control_plane import Kubectl
from sfn_rollouts.api.kinds import KINDS
from sfn_rollouts.kube.permissions import LEASE_RIGHTS, RIGHTS
from tests.kube.conftest import DEPLOY

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def manifests(kubectl: Kubectl) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(kubectl("kustomize", str(DEPLOY)).stdout))


def one(manifests: list[dict[str, Any]], kind: str, name: str = "sfn-rollouts") -> dict[str, Any]:
    [found] = [each for each in manifests if each["kind"] == kind and each["metadata"]["name"] == name]
    return found


def test_the_api_server_takes_them(
    kubectl: Kubectl, manifests: list[dict[str, Any]], operator_kubeconfig: Path
) -> None:
    shown = kubectl("apply", "--server-side", "--dry-run=server", "-k", str(DEPLOY))

    assert shown.stderr == "", "not even a warning"
    assert shown.stdout.count("(server dry run)") == len(manifests)


def test_the_pod_is_restricted(kubectl: Kubectl, manifests: list[dict[str, Any]], operator_kubeconfig: Path) -> None:
    """The namespace enforces it; a pod is made here as the deployment's controller would."""
    template = one(manifests, "Deployment")["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "operator"}, "spec": template["spec"]}
    privileged = {**pod, "spec": {"containers": [{"name": "x", "image": "x"}]}}
    create = ("create", "--dry-run=server", "-n", "sfn-rollouts", "-f", "-")

    refused = kubectl(*create, stdin=yaml.safe_dump(privileged), check=False)

    assert "violates PodSecurity" in refused.stderr, "the namespace does not enforce"
    assert "created" in kubectl(*create, stdin=yaml.safe_dump(pod)).stdout


def test_the_rights_are_those_that_are_asked_for_at_start(manifests: list[dict[str, Any]]) -> None:
    granted = {
        (verb, group, resource)
        for rule in one(manifests, "ClusterRole")["rules"]
        if "resourceNames" not in rule
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }

    assert granted == {
        (right.verb, right.group, "/".join(filter(None, [right.resource, right.subresource]))) for right in RIGHTS
    }


def test_the_rights_on_the_lease_are_those_that_are_asked_for_at_start(manifests: list[dict[str, Any]]) -> None:
    leader_election = one(manifests, "Role", "sfn-rollouts-leader-election")
    granted = {
        (verb, rule.get("resourceNames", [""])[0]) for rule in leader_election["rules"] for verb in rule["verbs"]
    }

    assert granted == {(right.verb, right.name) for right in LEASE_RIGHTS}
    assert leader_election["metadata"]["namespace"] == "sfn-rollouts"


def test_the_only_crds_to_read_are_ours(manifests: list[dict[str, Any]]) -> None:
    [rule] = [rule for rule in one(manifests, "ClusterRole")["rules"] if "resourceNames" in rule]

    assert rule["resourceNames"] == [kind.crd_name for kind in KINDS]
    assert rule["verbs"] == ["get"]


def test_nothing_is_latest(manifests: list[dict[str, Any]]) -> None:
    [container] = one(manifests, "Deployment")["spec"]["template"]["spec"]["containers"]

    assert container["image"] == "sfn-rollouts:0.1.0"


def test_the_pod_may_take_as_long_as_the_drain(manifests: list[dict[str, Any]]) -> None:
    assert one(manifests, "Deployment")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > 10


def test_the_image_is_small_in_rights() -> None:
    instructions = [line.split(" ", 1) for line in (ROOT / "Dockerfile").read_text().splitlines() if line[:1].isupper()]
    last = dict(instructions)

    assert last["USER"] == "65532:65532"
    assert last["ENTRYPOINT"].startswith('["'), "the exec form: a shell as process 1 would swallow SIGTERM"
    assert [value for name, value in instructions if name == "FROM"] == ["${BASE} AS build", "${BASE}"]


def test_nothing_else_gets_into_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()

    assert "*" in ignored
    assert [line for line in ignored if line.startswith("!")] == ["!requirements/runtime.txt", "!operator/sfn_rollouts"]
