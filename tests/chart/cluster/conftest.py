"""Each test has a cluster of its own: a release has the CRD in it, which all tests of a shared cluster need."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv.aws.client import Emulator
from devenv.aws.server import AwsEmulator
from devenv.control_plane import ControlPlane, Kubectl, ensure_binaries
from devenv.helm import Helm
from devenv.playground.node import Node

NAMESPACE = "sfn-rollouts"
RELEASE = ("sfn-rollouts", "-n", NAMESPACE)
"""What follows `helm install` and the like."""


@pytest.fixture
def cluster(todays_clock: None) -> Iterator[ControlPlane]:
    """It has nothing of ours, but for an empty namespace that takes restricted pods only."""
    with ControlPlane(ensure_binaries()) as running:
        kubectl = running.as_admin()
        kubectl("create", "namespace", NAMESPACE)
        kubectl("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
        yield running


@pytest.fixture
def kubectl(cluster: ControlPlane) -> Kubectl:
    """As an administrator of that cluster."""
    return cluster.as_admin()


@pytest.fixture
def helm(cluster: ControlPlane, helm_binary: Path, tmp_path: Path) -> Helm:
    """As an administrator of that cluster."""
    return Helm(helm_binary, tmp_path / "helm", cluster.admin_kubeconfig)


@pytest.fixture
def aws() -> Iterator[Emulator]:
    """An empty AWS."""
    with AwsEmulator() as emulator:
        yield emulator.client


@pytest.fixture
def node(cluster: ControlPlane, aws: Emulator) -> Iterator[Node]:
    """What runs the pods."""
    with Node(cluster, aws.environment()) as running:
        yield running
