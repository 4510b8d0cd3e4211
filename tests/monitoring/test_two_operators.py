"""What two operators show that share the work: no sum over both counts a rollout twice."""

from devenv.aws.server import AwsEmulator
from devenv.control_plane import ControlPlane
from devenv.waiting import wait_until
from tests.e2e.cluster import Cluster
from tests.e2e.story import DEADLINE_S, QUICK_STEPS, set_the_scene
from tests.e2e.two_operators.pair import AFTER_SIGTERM_S, Pair, running_pair


def test_only_the_leader_shows_rollouts_and_the_next_one_shows_them_as_they_are(
    control_plane: ControlPlane, crds_installed: None, namespace: str
) -> None:
    with (
        AwsEmulator() as aws,
        Cluster(control_plane.admin_kubeconfig) as cluster,
        running_pair(control_plane, cluster, aws.client, namespace, {}) as pair,
    ):
        story = set_the_scene(cluster, namespace, aws.client, pair.leader)
        story.apply(version=2, steps=QUICK_STEPS)
        story.wait_for_phase("Succeeded")
        assert leaders(pair) == ["1.0", "0.0"]
        assert "sfn_rollouts_rollout_phase{" in pair.leader.get("/metrics")[1]
        assert "sfn_rollouts_rollout_phase{" not in pair.standby.get("/metrics")[1]

        before = pair.holder()
        pair.leader.terminate()
        pair.wait_for_takeover(before, AFTER_SIGTERM_S + DEADLINE_S, "a drain")
        wait_until(
            lambda: value(pair.standby.get("/metrics")[1], "sfn_rollouts_leader") == "1.0", DEADLINE_S, "a leader"
        )
        shown = f'sfn_rollouts_rollout_phase{{name="rollout",namespace="{namespace}",phase="Succeeded"}}'
        wait_until(
            lambda: value(pair.standby.get("/metrics")[1], shown) == "1.0", DEADLINE_S, "the rollout to be shown"
        )


def leaders(pair: Pair) -> list[str]:
    return [value(each.get("/metrics")[1], "sfn_rollouts_leader") for each in (pair.leader, pair.standby)]


def value(page: str, series: str) -> str:
    return next(
        (line.removeprefix(f"{series} ") for line in page.splitlines() if line.startswith(f"{series} ")), "absent"
    )
