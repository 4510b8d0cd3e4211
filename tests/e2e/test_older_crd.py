"""An older CRD is applied in flight: what it cannot hold is reported with the remedy, and traffic is safe.

In a cluster of their own: all other stories of a worker share one CRD.
"""

from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest
import yaml

from devenv.aws.client import Emulator
from devenv.control_plane import ControlPlane, install_crds
from devenv.operator_process import OperatorProcess
from devenv.waiting import wait_until
from tests.e2e.cluster import Cluster
from tests.e2e.story import (
    ALARM,
    DEADLINE_S,
    SLOW_STEPS,
    STALLED,
    Story,
    outcomes,
    set_the_scene,
    split,
    verdict,
    whole,
)
from tests.e2e.traces import defects, refused_requests

CRDS = Path(__file__).parents[2] / "crds"
MEMORY = ("intent", "trip", "alarms", "planHash", "stepIndex")
REMEDY = "kubectl apply --server-side -f crds/"


@pytest.fixture(scope="module")
def plane(todays_clock: None) -> Iterator[ControlPlane]:
    with ControlPlane() as running:
        yield running


@pytest.fixture
def story(plane: ControlPlane, aws: Emulator) -> Iterator[Story]:
    install_crds(plane.as_admin(), CRDS)
    with Cluster(plane.admin_kubeconfig) as cluster:
        namespace = cluster.create_namespace(f"test-{token_hex(4)}")
        with OperatorProcess(plane, aws, namespaces=[namespace]) as operator:
            yield set_the_scene(cluster, namespace, aws, operator)
            print(operator.last_log_lines(200))  # shown if the test fails
            assert not defects(operator.log_lines())
            assert not refused_requests(plane.audit_events(), operator.user, namespace)


def apply_older_crd(plane: ControlPlane, story: Story) -> None:
    """Return when it is served: what is stored is read without the fields that it lacks."""
    crd = yaml.safe_load((CRDS / "stepfunctionrollouts.yaml").read_text())
    status = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"]
    for field in MEMORY:
        del status[field]
    plane.as_admin()("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=yaml.safe_dump(crd))
    wait_until(lambda: not set(MEMORY) & set(story.status()), DEADLINE_S, "the older CRD to be served")


def test_a_promote_is_answered_and_has_its_effect_when_the_crd_is_back(story: Story, plane: ControlPlane) -> None:
    """What is read lacks fields, and nobody has written that."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    apply_older_crd(plane, story)

    story.send("promote")
    assert "the current wait is over" in story.wait_for_event("CommandDone")
    story.wait_for_event("StatusNotStored")
    story.wait_for_polls()
    assert story.routing() == split(1, 2, 10)

    install_crds(plane.as_admin(), CRDS)
    story.wait_for_weight(50)


def test_an_alarm_fires_and_the_resource_says_what_is_true(story: Story, plane: ControlPlane) -> None:
    """It cannot hold the trip, and says all the same that the alias went back, and why."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    apply_older_crd(plane, story)

    story.aws.set_alarm(ALARM, "ALARM")
    story.wait_for_routing(whole(1))
    status = story.wait_for_phase("RolledBack")

    assert "alarm errors is firing" in status["message"]
    assert verdict(status) == STALLED
    assert outcomes(status) == [(2, "RolledBack", "AlarmFiring")]
    reported = story.wait_for_event("StatusNotStored")
    assert "is too old, it lacks status.alarms, status.intent, status.planHash, status.stepIndex" in reported
    assert REMEDY in reported
    assert 'sfn_rollouts_status_writes_total{result="NotStored"}' in story.operator.get("/metrics")[1]

    install_crds(plane.as_admin(), CRDS)
    status = story.wait_for_phase("RolledBack")
    assert outcomes(status) == [(2, "RolledBack", "AlarmFiring")]
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]
