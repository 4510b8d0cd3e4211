"""The API server is away, hangs, answers errors or is faster than we are: traffic is safe, the status comes later."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from devenv.control_plane import ControlPlane
from devenv.waiting import wait_until
from tests.e2e.outages import api_server_down, api_server_hanging, cut_off, store_down
from tests.e2e.story import ALARM, QUICK_PATH, SLOW_STEPS, Story, outcomes, split, whole

Outage = Callable[[ControlPlane], AbstractContextManager[None]]
UNWRITTEN = "status could not be written"

OUTAGES: dict[str, Outage] = {
    "is down": api_server_down,
    "hangs": api_server_hanging,
    "has lost its store": store_down,
    "is cut off from the operator": cut_off,
}


@pytest.mark.parametrize("outage", OUTAGES.values(), ids=OUTAGES.keys())
def test_an_alarm_fires_while_the_api_server(story: Story, control_plane: ControlPlane, outage: Outage) -> None:
    """The alias is rolled back all the same; the status, its Event and the finalizer follow later."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)

    with outage(control_plane):
        story.aws.set_alarm(ALARM, "ALARM")
        story.wait_for_routing(whole(1))
        story.wait_for_log(UNWRITTEN)

    status = story.wait_for_phase("RolledBack")
    assert outcomes(status) == [(2, "RolledBack", "AlarmFiring")]
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]
    assert "alarm errors is firing" in story.wait_for_event("AlarmFiring")
    assert not story.is_held_by_finalizer()


def test_no_step_is_taken_while_its_intent_cannot_be_stored(story: Story, control_plane: ControlPlane) -> None:
    """A due step waits for the API server: should the operator die too, nobody else would know of the shift. The
    outage is a long one: a minute of stopped time is for the operator like a minute of refused connections."""
    story.apply(version=2, steps=[{"setWeight": 10}, {"pause": {"duration": "2s"}}])
    story.wait_for_weight(10)

    with api_server_down(control_plane):
        story.wait_for_log(UNWRITTEN, 5)
        assert story.routing() == split(1, 2, 10)

    story.wait_for_phase("Succeeded")
    assert story.routings() == [whole(1), split(1, 2, 10), whole(2)]


def test_the_watch_is_cut(story: Story, control_plane: ControlPlane) -> None:
    """Whatever is asked for afterwards, or was asked for meanwhile, is seen."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    wait_until(control_plane.cut_watches, 30, "a watch to cut")
    story.command("promote")
    story.wait_for_weight(50)

    with cut_off(control_plane):
        story.edit(version=3)
    story.wait_for(lambda status: (status["targetVersion"], status["weight"]) == (3, 10), "version 3 to begin")
    assert story.routings() == [whole(1), split(1, 2, 10), split(1, 2, 50), whole(1), split(1, 3, 10)]


def test_somebody_else_writes_the_resource_all_the_time(story: Story) -> None:
    """409 on our writes: read again, decide again; no step is lost and none is taken twice."""
    story.apply(version=2)
    for count in range(400):
        story.cluster.patch(story.namespace, story.name, {"metadata": {"labels": {"count": str(count)}}})
        if story.status()["phase"] == "Succeeded":
            break

    status = story.wait_for_phase("Succeeded")

    assert story.routings() == QUICK_PATH
    assert outcomes(status) == [(2, "Promoted", "RolloutComplete")]


def test_somebody_removes_the_status(story: Story) -> None:
    """The status is the only memory. Without it, the split alias is somebody else's as far as anyone can tell."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    story.operator.kill()
    story.cluster.write_status(story.namespace, story.name, None)

    story.restart()

    story.wait_for_reason("AliasSplit")
    assert story.routing() == split(1, 2, 10)


def test_the_api_server_restarts_in_mid_rollout(story: Story, control_plane: ControlPlane) -> None:
    """As in every upgrade of a control plane."""
    story.apply(version=2)
    story.wait_for_weight(10)

    with api_server_down(control_plane):
        pass

    story.wait_for_phase("Succeeded")
    assert story.routings() == QUICK_PATH
