"""A cluster as the shipped manifests set it up, entered as the operator's own service account."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import structlog.testing
import yaml

from devenv.control_plane import ControlPlane, Kubectl
from sfn_rollouts.clock import SteadyClock
from sfn_rollouts.kube.connection import Connection, connect
from sfn_rollouts.kube.store import KubeStore
from sfn_rollouts.ports import Key

DEPLOY = Path(__file__).parents[2] / "deploy" / "base"
OPERATOR = "system:serviceaccount:sfn-rollouts:sfn-rollouts"
SPEC: dict[str, Any] = {
    "stateMachineArn": "arn:aws:states:eu-west-1:123456789012:stateMachine:OrderProcessor",
    "alias": "live",
    "version": 2,
    "strategy": {"allAtOnce": {}},
}

Apply = Callable[..., Key]


@pytest.fixture(scope="session")
def operator_kubeconfig(control_plane: ControlPlane, kubectl: Kubectl, crds_installed: None) -> Path:
    """Who the operator is, with the rights of deploy/base and no others."""
    kubectl("apply", "--server-side", "--force-conflicts", "-k", str(DEPLOY))
    return control_plane.kubeconfig_for(OPERATOR, ["system:serviceaccounts"], via_proxy=True)


@pytest.fixture
def connection(operator_kubeconfig: Path) -> Iterator[Connection]:
    with closing(connect(str(operator_kubeconfig))) as connection:
        yield connection


@pytest.fixture
def store(connection: Connection, namespace: str) -> KubeStore:
    """Of the test's own namespace: others left their resources elsewhere."""
    return KubeStore(connection, [namespace])


@pytest.fixture
def clock() -> SteadyClock:
    return SteadyClock()


@pytest.fixture
def log_lines() -> Iterator[list[Any]]:
    """The log lines of the test, as dicts with `event`."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
def apply(kubectl: Kubectl, namespace: str) -> Iterator[Apply]:
    """`apply("name", finalizers=[...])` makes a rollout in the test's namespace; they are taken away at the end."""
    keys: list[Key] = []

    def make(name: str = "orders", **metadata: Any) -> Key:
        keys.append(Key(namespace, name))
        kubectl("apply", "-f", "-", stdin=yaml.safe_dump(manifest(keys[-1], **metadata)))
        return keys[-1]

    yield make
    for key in keys:
        kubectl(
            "patch",
            "sfnr",
            key.name,
            "-n",
            key.namespace,
            "--type=merge",
            "-p",
            '{"metadata":{"finalizers":null}}',
            check=False,
        )
    kubectl("delete", "sfnr", "--all", "-n", namespace)


def manifest(key: Key, **metadata: Any) -> dict[str, Any]:
    """A rollout that the API server accepts."""
    return {
        "apiVersion": "sfnrollouts.dev/v1alpha1",
        "kind": "StepFunctionRollout",
        "metadata": {"name": key.name, "namespace": key.namespace, **metadata},
        "spec": SPEC,
    }
