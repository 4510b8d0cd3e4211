"""As in the stories of one operator, but two of them, one lease, and AWS at an address that a test may choose.

After each test both logs and the API server's audit log are looked through: no defect, and no right missing.
"""

from collections.abc import Iterator

import pytest

from devenv.aws.client import Emulator
from devenv.control_plane import ControlPlane
from tests.e2e.cluster import Cluster
from tests.e2e.story import Story, set_the_scene
from tests.e2e.traces import defects, refused_requests
from tests.e2e.two_operators.pair import LEASE_NAMESPACE, Pair, running_pair


@pytest.fixture
def aws_url(aws: Emulator) -> str:
    """Where the operators find AWS."""
    return aws.url


@pytest.fixture
def pair(
    control_plane: ControlPlane, crds_installed: None, cluster: Cluster, namespace: str, aws: Emulator, aws_url: str
) -> Iterator[Pair]:
    """A leader and one that stands by, both ready. The connections of each to the API server can be cut."""
    with running_pair(control_plane, cluster, aws, namespace, {"AWS_ENDPOINT_URL": aws_url}) as pair:
        yield pair
        for operator in (pair.leader, pair.standby):
            print(operator.last_log_lines(100))  # shown if the test fails
            assert not defects(operator.log_lines())
        for place in (namespace, LEASE_NAMESPACE):
            assert not refused_requests(control_plane.audit_events(), pair.leader.user, place)


@pytest.fixture
def story(cluster: Cluster, namespace: str, aws: Emulator, pair: Pair) -> Story:
    """As in other stories; the operator is the pair's leader."""
    return set_the_scene(cluster, namespace, aws, pair.leader)
