"""What a real operator's /metrics shows, once every series has something to show."""

import secrets

import pytest

from devenv.aws.client import Emulator
from devenv.aws.server import AwsEmulator
from devenv.control_plane import ControlPlane, Kubectl
from devenv.operator_process import OperatorProcess
from devenv.waiting import wait_until
from tests.e2e.cluster import Cluster
from tests.e2e.story import ALARM, DEADLINE_S, SLOW_STEPS, Story, set_the_scene
from tests.monitoring.exposition import Page, read_page


@pytest.fixture(scope="session")
def page(control_plane: ControlPlane, kubectl: Kubectl, crds_installed: None) -> Page:
    """Read in the middle of a second rollout; the one before it went back, and AWS had throttled it.

    The operator ends here: it would write the status of every AWSAccess of other tests in this session.
    """
    namespace = f"test-{secrets.token_hex(4)}"
    kubectl("create", "namespace", namespace)
    with (
        AwsEmulator() as aws,
        OperatorProcess(control_plane, aws.client, namespaces=[namespace]) as operator,
        Cluster(control_plane.admin_kubeconfig) as cluster,
    ):
        story = set_the_scene(cluster, namespace, aws.client, operator)
        _live_through_much(story, aws.client)
        return read_page(operator.get("/metrics")[1])


def _live_through_much(story: Story, aws: Emulator) -> None:
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    story.wait_for_fault(aws.fail("DescribeAlarms", "throttle", times=1))
    aws.set_alarm(ALARM, "ALARM")
    story.wait_for_phase("RolledBack")
    aws.set_alarm(ALARM, "OK")
    story.edit(version=3, analysis={})
    story.wait_for_weight(10)
    story.wait_for(lambda status: (status["analysis"] or {}).get("target"), "a look at its executions")
    wait_until(lambda: "sfn_rollouts_events_total{" in story.operator.get("/metrics")[1], DEADLINE_S, "an Event")
