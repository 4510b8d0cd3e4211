"""The API server as GitOps tools see it, and a rollout under a real operator."""

from collections.abc import Iterator

import pytest

from devenv.aws.server import AwsEmulator
from devenv.control_plane import ControlPlane
from devenv.operator_process import OperatorProcess
from tests.e2e.cluster import Cluster
from tests.e2e.story import Story, set_the_scene
from tests.gitops.tools import Tools


@pytest.fixture
def cluster(control_plane: ControlPlane, crds_installed: None) -> Iterator[Cluster]:
    """As an administrator."""
    with Cluster(control_plane.admin_kubeconfig) as reached:
        yield reached


@pytest.fixture
def tools(control_plane: ControlPlane, crds_installed: None, namespace: str) -> Iterator[Tools]:
    """kubectl, Argo CD and Flux, each as it writes."""
    with Tools(control_plane, namespace) as ready:
        yield ready


@pytest.fixture
def story(control_plane: ControlPlane, cluster: Cluster, namespace: str) -> Iterator[Story]:
    """A state machine with three versions, its alias `live` on version 1, and the alarm `errors`, which is OK."""
    with (
        AwsEmulator() as emulator,
        OperatorProcess(control_plane, emulator.client, namespaces=[namespace]) as operator,
    ):
        yield set_the_scene(cluster, namespace, emulator.client, operator)
        print(operator.last_log_lines(100))  # shown if the test fails
