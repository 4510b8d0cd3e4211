"""API server and store are gone, or connections to them are cut: traffic is safe, the status comes later."""

import time

from devenv.control_plane import ControlPlane
from tests.e2e.outages import power_lost
from tests.e2e.story import ALARM, QUICK_PATH, SLOW_STEPS, Story, outcomes, split, whole
from tests.e2e.two_operators.pair import AFTER_SIGKILL_S, LEASE_LOST, POLL_S, Pair, measured

OUTAGE_S = 30.0
AFTER_ALARM_S = POLL_S + 3.0
WAY_BACK = [whole(1), split(1, 2, 10), whole(1)]


def test_an_alarm_fires_just_after_the_control_plane_is_lost(
    story: Story, pair: Pair, control_plane: ControlPlane
) -> None:
    """The leader's term is still valid: it rolls back at once, on its own. Then it ends, as it cannot renew; the other
    leads when the API server is back, and writes down what happened."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    before = pair.holder()

    with power_lost(control_plane, OUTAGE_S):
        story.aws.set_alarm(ALARM, "ALARM")
        measured("rollback without a control plane", story.wait_for_routing(whole(1), AFTER_ALARM_S))
        assert pair.leader.wait_ended() == LEASE_LOST

    pair.wait_for_takeover(before, AFTER_SIGKILL_S, f"{OUTAGE_S:g} s without a control plane")
    assert outcomes(story.wait_for_phase("RolledBack")) == [(2, "RolledBack", "AlarmFiring")]
    assert "alarm errors is firing" in story.wait_for_event("AlarmFiring")
    assert not story.is_held_by_finalizer()
    assert story.routings() == WAY_BACK
    assert story.written() == WAY_BACK[1:]


def test_an_alarm_fires_when_the_leader_has_ended_for_want_of_a_control_plane(
    story: Story, pair: Pair, control_plane: ControlPlane
) -> None:
    """Nobody leads, and nobody can be elected: the way back is on the alias within a takeover and one poll from when
    the API server is there again."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)

    with power_lost(control_plane, OUTAGE_S):
        began = time.monotonic()
        assert pair.leader.wait_ended() == LEASE_LOST
        measured("a leader without a control plane ends itself", time.monotonic() - began)
        story.aws.set_alarm(ALARM, "ALARM")
    took_s = story.wait_for_routing(whole(1), AFTER_SIGKILL_S + POLL_S)

    measured("rollback after the control plane is back", took_s)
    assert outcomes(story.wait_for_phase("RolledBack")) == [(2, "RolledBack", "AlarmFiring")]
    assert story.routings() == WAY_BACK
    assert story.written() == WAY_BACK[1:]


def test_the_leader_alone_loses_the_api_server(story: Story, pair: Pair) -> None:
    """All others reach it. The leader rolls back while its term lasts, and ends; only then does the other lead."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    before = pair.holder()

    pair.leader_network.refuse()
    pair.leader_network.cut()
    story.aws.set_alarm(ALARM, "ALARM")
    measured("rollback of a leader that is cut off", story.wait_for_routing(whole(1), AFTER_ALARM_S))
    pair.wait_for_takeover(before, AFTER_SIGKILL_S, "the leader's way to the API server is cut")

    assert pair.leader.wait_ended() == LEASE_LOST
    assert outcomes(story.wait_for_phase("RolledBack")) == [(2, "RolledBack", "AlarmFiring")]
    assert story.written() == WAY_BACK[1:]


def test_every_watch_is_cut_again_and_again(story: Story, pair: Pair) -> None:
    """Before each step: what is asked for meanwhile is seen, nobody is deposed, and each routing is written once."""
    before = pair.holder()
    story.apply(version=2, steps=SLOW_STEPS, bakeTime="1h")
    for weight in (10, 50, 100):
        pair.cut_watches()
        story.wait_for_weight(weight)
        pair.cut_watches()
        assert story.command("promote")["result"] == "Done"
    story.wait_for_phase("Succeeded")

    assert (pair.holder(), pair.changes_of_leader()) == (before, 0)
    assert story.routings() == QUICK_PATH
    assert story.written() == QUICK_PATH[1:]
