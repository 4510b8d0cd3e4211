"""Each test: a namespace, an AWS and an operator process of its own, so that no two tests meet.

After each test the operator's log and the API server's audit log are looked through: no defect, and no right missing.
What was asked for in all of them is kept for the end of the run (whole_run.py).
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from devenv.aws.client import Emulator
from devenv.aws.server import AwsEmulator
from devenv.control_plane import ControlPlane
from devenv.operator_process import OperatorProcess
from tests.e2e.cluster import Cluster
from tests.e2e.rights import aws_calls, rights_requested
from tests.e2e.story import Story, set_the_scene
from tests.e2e.traces import defects, refused_requests
from tests.e2e.whole_run import OPERATOR, SEEN, Seen

Spans = list[tuple[datetime, datetime]]


@pytest.fixture(scope="session")
def seen(pytestconfig: pytest.Config) -> Seen:
    """What is compared with the shipped rights at the end of the run."""
    return pytestconfig.stash[SEEN]


@pytest.fixture(scope="session")
def spans_of_stories(control_plane: ControlPlane, seen: Seen) -> Iterator[Spans]:
    """When a test of this folder ran: others act as the operator too. The audit log is read once, at the end."""
    spans: Spans = []
    yield spans
    events = [event for event in control_plane.audit_events() if _is_within(event, spans)]
    seen.requests |= rights_requested(events, f"system:serviceaccount:{OPERATOR[0]}:{OPERATOR[1]}")


@pytest.fixture(autouse=True)
def kept_for_the_end_of_the_run(spans_of_stories: Spans) -> Iterator[None]:
    began = datetime.now(UTC)
    yield
    spans_of_stories.append((began, datetime.now(UTC)))


def _is_within(event: dict[str, str], spans: Spans) -> bool:
    at = datetime.fromisoformat(event["requestReceivedTimestamp"])
    return any(began <= at <= ended for began, ended in spans)


@pytest.fixture
def aws(seen: Seen) -> Iterator[Emulator]:
    """An empty AWS."""
    with AwsEmulator() as emulator:
        yield emulator.client
        seen.calls |= {call for record in emulator.client.calls() for call in aws_calls(record)}


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
