"""Something in front of the API server answers 200 in its place: as good as no answer, and no worse."""

import pytest

from devenv.control_plane import ControlPlane
from devenv.control_plane.foreign_page import Page
from devenv.operator_process import OperatorProcess
from devenv.waiting import wait_until
from tests.e2e.story import ALARM, SLOW_STEPS, Story, outcomes, split, whole
from tests.e2e.two_operators.pair import AFTER_SIGKILL_S, LEASE_LOST, POLL_S, Pair, measured

PAGES = {
    "a maintenance page": Page(b"<html>maintenance</html>"),
    "an empty object": Page(b"{}", content_type="application/json"),
    "an ingress without a backend": Page(b"404 page not found", 404, "text/plain"),
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_leader_keeps_its_term_and_rolls_back(
    story: Story, pair: Pair, control_plane: ControlPlane, page: Page
) -> None:
    """It watches alarms for as long as its term is valid, then it ends as one that cannot renew; the other leads."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    before = pair.holder()

    with control_plane.foreign_page(page) as foreign:
        pair.leader_network.divert(foreign.port)
        pair.leader_network.cut()
        story.aws.set_alarm(ALARM, "ALARM")
        measured("rollback behind a foreign page", story.wait_for_routing(whole(1), POLL_S + 3.0))
        pair.wait_for_takeover(before, AFTER_SIGKILL_S, "the leader's way leads to a foreign page")
        assert pair.leader.wait_ended() == LEASE_LOST

    assert outcomes(story.wait_for_phase("RolledBack")) == [(2, "RolledBack", "AlarmFiring")]
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]


def test_a_start_waits_until_it_is_gone(story: Story, pair: Pair, control_plane: ControlPlane) -> None:
    with control_plane.foreign_page(PAGES["a maintenance page"]) as foreign:
        pair.standby.kill()
        pair.standby_network.divert(foreign.port)
        pair.standby_network.cut()
        pair.standby.start()
        wait_until(lambda: _waits(pair.standby), 30, "the start to wait")
    pair.standby_network.divert()
    pair.standby.wait_ready()


def _waits(operator: OperatorProcess) -> bool:
    return any(line.get("message") == "waiting for the API server" for line in operator.log_lines())
