"""Without --namespace one operator serves each namespace, also one that is created later.

In a cluster of its own: what earlier stories of a worker left in theirs would be served too, and spend this AWS's
quota on state machines that it does not have.
"""

from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest

from devenv.aws.client import Emulator
from devenv.control_plane import ControlPlane, install_crds
from devenv.operator_process import OperatorProcess
from tests.e2e.cluster import Cluster
from tests.e2e.rights import rights_requested
from tests.e2e.story import set_the_scene
from tests.e2e.traces import defects
from tests.e2e.whole_run import OPERATOR, Seen

CRDS = Path(__file__).parents[2] / "crds"


@pytest.fixture
def plane(todays_clock: None, seen: Seen) -> Iterator[ControlPlane]:
    with ControlPlane() as running:
        install_crds(running.as_admin(), CRDS)
        yield running
        seen.requests |= rights_requested(running.audit_events(), f"system:serviceaccount:{OPERATOR[0]}:{OPERATOR[1]}")


def test_one_operator_for_all_namespaces(plane: ControlPlane, aws: Emulator) -> None:
    with Cluster(plane.admin_kubeconfig) as cluster, OperatorProcess(plane, aws) as operator:
        namespace = cluster.create_namespace(f"test-{token_hex(4)}")
        story = set_the_scene(cluster, namespace, aws, operator)
        story.operator.wait_ready()
        later = cluster.create_namespace(f"{namespace}-later")
        other = story.called("other", later)
        machine = aws.publish_machine(f"Other-{namespace}")

        story.apply(version=2)
        other.apply(version=1, stateMachineArn=machine)

        other.wait_for_phase("Succeeded")
        story.wait_for_phase("Succeeded")
        print(operator.last_log_lines(200))  # shown if the test fails
        assert not defects(operator.log_lines())
