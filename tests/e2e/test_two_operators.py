"""Two operators, one lease: the standby takes over in time, and never do both write.

The lease is the shipped one, in the operator's own namespace, with the shipped rights. Takeover times are printed, not
asserted tightly: docs/reliability.md states them.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from devenv.aws.client import Emulator
from devenv.control_plane import ControlPlane, Kubectl
from devenv.operator_process import OperatorProcess
from devenv.waiting import wait_until
from tests.e2e.cluster import Cluster
from tests.e2e.story import ALARM, QUICK_PATH, SLOW_STEPS, Story, set_the_scene, split, whole
from tests.e2e.traces import defects

LEASE_NAMESPACE = "sfn-rollouts"
TAKEOVER_DEADLINE_S = 60.0


@dataclass(frozen=True)
class Pair:
    """A leader and one that stands by."""

    leader: OperatorProcess
    standby: OperatorProcess
    kubectl: Kubectl

    def holder(self) -> str:
        """Identity of who holds the lease, empty while nobody does."""
        shown = self.kubectl(
            "get", "lease", "sfn-rollouts", "-n", LEASE_NAMESPACE, "-o", "jsonpath={.spec.holderIdentity}", check=False
        )
        return shown.stdout.strip()

    def wait_for_takeover(self, before: str) -> float:
        """Wait until another holds the lease; gives the seconds since the call."""
        began = time.monotonic()
        wait_until(lambda: self.holder() not in ("", before), TAKEOVER_DEADLINE_S, "the standby to take over")
        return time.monotonic() - began


@pytest.fixture
def pair(
    control_plane: ControlPlane, crds_installed: None, kubectl: Kubectl, namespace: str, aws: Emulator
) -> Iterator[Pair]:
    """Both are ready, the first leads. The lease of an earlier test is taken away: its holder is dead."""
    kubectl("delete", "lease", "sfn-rollouts", "-n", LEASE_NAMESPACE, "--ignore-not-found")
    arguments = ("--leader-elect", "--leader-elect-namespace", LEASE_NAMESPACE)
    with OperatorProcess(control_plane, aws, namespaces=[namespace], arguments=arguments) as first:
        first.wait_ready()
        pair = Pair(first, OperatorProcess(control_plane, aws, namespaces=[namespace], arguments=arguments), kubectl)
        wait_until(pair.holder, TAKEOVER_DEADLINE_S, "a leader")
        with pair.standby as second:
            second.wait_ready()
            yield pair
            print(first.last_log_lines(100), second.last_log_lines(100), sep="\n")
            assert not defects(first.log_lines())
            assert not defects(second.log_lines())


@pytest.fixture
def story(cluster: Cluster, namespace: str, aws: Emulator, pair: Pair) -> Story:
    """As in other stories; the operator is the pair's leader."""
    return set_the_scene(cluster, namespace, aws, pair.leader)


def test_a_killed_leader_is_replaced_and_an_alarm_of_that_time_rolls_back(story: Story, pair: Pair) -> None:
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    before = pair.holder()

    pair.leader.kill()
    story.aws.blip(ALARM)
    took_s = pair.wait_for_takeover(before)
    print(f"takeover after SIGKILL: {took_s:.1f} s")

    assert story.wait_for_phase("RolledBack")["history"][0]["reason"] == "AlarmTransient"
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]


def test_a_leader_that_is_stopped_hands_over_at_once_and_the_rollout_goes_on(story: Story, pair: Pair) -> None:
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    before = pair.holder()

    pair.leader.terminate()
    took_s = pair.wait_for_takeover(before)
    print(f"takeover after SIGTERM: {took_s:.1f} s")
    assert pair.leader.wait_ended() == 0

    story.wait_for(lambda status: story.command("promote")["result"] == "Done", "the new leader to promote")
    story.wait_for_weight(50)
    assert story.command("promote-full")["result"] == "Done"
    story.wait_for_phase("Succeeded")
    assert story.routings() == QUICK_PATH


def test_a_leader_that_stood_still_past_its_lease_writes_nothing_when_it_wakes(story: Story, pair: Pair) -> None:
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    before = pair.holder()

    pair.leader.pause()
    pair.wait_for_takeover(before)
    story.wait_for(lambda status: story.command("abort")["result"] == "Done", "the new leader to abort")
    story.wait_for_phase("RolledBack")
    calls = len(story.aws.calls("UpdateStateMachineAlias"))
    pair.leader.resume()

    assert pair.leader.wait_ended() == 7
    assert len(story.aws.calls("UpdateStateMachineAlias")) == calls
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]


def test_one_that_stands_by_is_ready_and_writes_nothing(story: Story, pair: Pair) -> None:
    story.apply(version=2)
    story.wait_for_phase("Succeeded")

    assert pair.standby.get("/readyz")[0] == 200
    assert "sfn_rollouts_status_writes_total{" not in pair.standby.get("/metrics")[1]
    assert "sfn_rollouts_aws_calls_total{" not in pair.standby.get("/metrics")[1]
    assert story.routings()[-1] == whole(2)
