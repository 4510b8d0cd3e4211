"""The node of the playground: what is deployed runs, as its service account, and ends with its Deployment."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from devenv.aws.server import AwsEmulator
from devenv.control_plane import ControlPlane, Kubectl
from devenv.playground.node import Node
from devenv.waiting import wait_until

BASE = Path(__file__).parents[2] / "deploy/base"


@pytest.fixture
def node(control_plane: ControlPlane, crds_installed: None) -> Iterator[Node]:
    with AwsEmulator() as emulator, Node(control_plane, emulator.client.environment()) as running:
        yield running


def test_a_deployment_comes_up_is_changed_and_goes(kubectl: Kubectl, namespace: str, node: Node) -> None:
    """In a namespace of its own, so that no other test meets its lease."""
    manifests = kubectl("kustomize", str(BASE)).stdout.replace("namespace: sfn-rollouts", f"namespace: {namespace}")
    identity = _only(manifests, ("ServiceAccount", "Role", "RoleBinding", "ClusterRole"))
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=identity)
    kubectl("apply", "-f", "-", stdin=_bound(namespace))
    kubectl("apply", "-f", "-", stdin=_only(manifests, ("Deployment",)))
    about = ("-n", namespace, "deployment/sfn-rollouts")

    assert "successfully rolled out" in kubectl("rollout", "status", *about, "--timeout=60s").stdout
    before = _pods(kubectl, namespace)
    kubectl("set", "env", *about, "SFN_ROLLOUTS_LOG_LEVEL=debug")
    assert "successfully rolled out" in kubectl("rollout", "status", *about, "--timeout=60s").stdout
    wait_until(lambda: len(_pods(kubectl, namespace)) == 2, 30, "the old pods to go")
    after = _pods(kubectl, namespace)
    kubectl("delete", *about)

    assert len(before) == 2
    assert not before & after
    wait_until(lambda: not _pods(kubectl, namespace), 30, "the pods to end with their Deployment")
    (first_log, *_) = (node.logs / f"{pod}.log" for pod in after)
    assert "stopping" in first_log.read_text()


def _pods(kubectl: Kubectl, namespace: str) -> set[str]:
    listed = json.loads(kubectl("get", "pods", "-n", namespace, "-o", "json").stdout)["items"]
    return {pod["metadata"]["name"] for pod in listed}


def _only(manifests: str, kinds: tuple[str, ...]) -> str:
    return yaml.safe_dump_all(each for each in yaml.safe_load_all(manifests) if each["kind"] in kinds)


def _bound(namespace: str) -> str:
    """The shipped ClusterRole for this namespace's service account as well."""
    return yaml.safe_dump(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": f"sfn-rollouts-{namespace}"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "sfn-rollouts"},
            "subjects": [{"kind": "ServiceAccount", "name": "sfn-rollouts", "namespace": namespace}],
        }
    )
