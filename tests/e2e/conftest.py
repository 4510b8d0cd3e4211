"""Each test: a namespace, an AWS and an operator process of its own, so that no two tests meet.

After each test the operator's log and the API server's audit log are looked through: no defect, and no right missing.
"""

from collections.abc import Iterator

import pytest

from devenv.aws.client import Emulator
from devenv.aws.server import AwsEmulator
from devenv.control_plane import ControlPlane
from devenv.operator_process import OperatorProcess
from tests.e2e.cluster import Cluster
from tests.e2e.story import Story, set_the_scene
from tests.e2e.traces import defects, refused_requests


@pytest.fixture
def aws() -> Iterator[Emulator]:
    """An empty AWS."""
    with AwsEmulator() as emulator:
        yield emulator.client


@pytest.fixture
def operator(
    control_plane: ControlPlane, crds_installed: None, namespace: str, aws: Emulator
) -> Iterator[OperatorProcess]:
    """Started, maybe not ready yet: like a person, a story does not ask first. Its connections can be cut."""
    with OperatorProcess(control_plane, aws, namespaces=[namespace], via_proxy=True) as process:
        yield process
        print(process.last_log_lines(200))  # shown if the test fails
        assert not defects(process.log_lines())
        assert not refused_requests(control_plane.audit_events(), process.user, namespace)


@pytest.fixture
def cluster(control_plane: ControlPlane, crds_installed: None) -> Iterator[Cluster]:
    """The API server as an administrator sees it, without the start of a kubectl at each look."""
    with Cluster(control_plane.admin_kubeconfig) as reached:
        yield reached


@pytest.fixture
def story(cluster: Cluster, namespace: str, aws: Emulator, operator: OperatorProcess) -> Story:
    """A state machine with three versions, its alias `live` on version 1, and the alarm `errors`, which is OK."""
    return set_the_scene(cluster, namespace, aws, operator)
