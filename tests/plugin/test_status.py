"""`status`: the exit code that a pipeline acts on, and what it never takes for an answer."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devenv.control_plane import ControlPlane
from sfn_rollouts.explain.rollout import Rollout
from sfn_rollouts.plugin.awaited import Verdict, verdict
from tests.e2e.cluster import Cluster
from tests.e2e.story import ALARM, QUICK_STEPS, Story
from tests.plugin.conftest import Plugin
from tests.plugin.rollouts import ENDED, IN_FLIGHT, STATES, give, status

DEADLINE_S = 45.0
VERDICTS = {
    "stalled-in-flight": Verdict.FAILED,
    "rolled-back": Verdict.FAILED,
    "going-back": Verdict.UNDECIDED,
    "alarmed": Verdict.UNDECIDED,
    "paused": Verdict.UNDECIDED,
    "unseen": Verdict.UNDECIDED,
    "moving": Verdict.UNDECIDED,
    "done": Verdict.PROMOTED,
}


@pytest.mark.parametrize("name", STATES)
def test_each_state_has_its_verdict(name: str) -> None:
    resource = {"metadata": {"generation": 1}, "status": STATES[name]}
    assert verdict(Rollout.from_resource(resource)) is VERDICTS[name]


@pytest.mark.parametrize("name", STATES)
def test_a_status_of_an_older_generation_is_no_answer(name: str) -> None:
    resource = {"metadata": {"generation": 2}, "status": STATES[name]}
    assert verdict(Rollout.from_resource(resource)) is Verdict.UNDECIDED


def test_what_is_being_deleted_will_not_be_promoted() -> None:
    resource = {"metadata": {"generation": 1, "deletionTimestamp": "2026-01-01T10:00:00Z"}, "status": STATES["done"]}
    assert verdict(Rollout.from_resource(resource)) is Verdict.FAILED


@pytest.mark.parametrize("name", ["done", "rolled-back", "moving", "unseen"])
def test_without_watch_it_says_how_it_stands(plugin: Plugin, cluster: Cluster, namespace: str, name: str) -> None:
    give(cluster, namespace, name, STATES[name])
    result = plugin("status", name)
    words = {
        "done": "done: Succeeded, RolloutComplete: version 42 has all traffic\n",
        "rolled-back": "rolled-back: RolledBack, AlarmFiring: errors fired\n",
        "moving": "moving: Progressing, step 1/2, 10% on version 42, ShiftInProgress: 10 % for 10 minutes\n",
        "unseen": "unseen: Unseen: no operator has looked at generation 1 yet\n",
    }
    assert (result.returncode, result.stdout.partition(" ")[2], result.stderr) == (VERDICTS[name], words[name], "")


@pytest.mark.parametrize("name", ["done", "rolled-back", "stalled-in-flight"])
def test_a_watch_on_what_has_ended_ends_at_once(plugin: Plugin, cluster: Cluster, namespace: str, name: str) -> None:
    give(cluster, namespace, name, STATES[name])
    result = plugin("status", name, "--watch", "--timeout", "1h")
    assert (result.returncode, len(result.stdout.splitlines())) == (VERDICTS[name], 1)


def test_the_timeout_has_an_exit_code_of_its_own(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    give(cluster, namespace, "moving", STATES["moving"])
    result = plugin("status", "moving", "--watch", "--timeout", "1s")
    assert (result.returncode, len(result.stdout.splitlines())) == (2, 1)
    assert result.stderr == "error: timed out after 1s: moving is neither promoted nor rolled back\n"


def test_a_promotion_is_reported_transition_by_transition(story: Story, plugin: Plugin) -> None:
    story.apply(version=2, steps=QUICK_STEPS)
    result = plugin("status", story.name, "--watch", "--timeout", "60s")
    assert (result.returncode, result.stderr) == (0, "")
    words = [line.partition(" ")[2] for line in result.stdout.splitlines()]
    assert any(line.startswith("rollout: Progressing, step 1/3, 10% on version 2, ShiftInProgress:") for line in words)
    assert words[-1].startswith("rollout: Succeeded, RolloutComplete:")
    assert len(words) == len(set(words))


def test_a_rollback_ends_it_with_1_and_the_reason(story: Story, plugin: Plugin) -> None:
    story.apply(version=2, steps=[{"setWeight": 10}, {"pause": {"duration": "1h"}}])
    with watching(plugin, story.name) as process:
        story.wait_for_weight(10)
        story.aws.set_alarm(ALARM, "ALARM")
        output, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert "rollout: RolledBack, AlarmFiring:" in output.splitlines()[-1]


def test_the_old_verdict_does_not_answer_for_a_new_version(story: Story, plugin: Plugin) -> None:
    """As in a pipeline: a new version is applied on a rollout that had succeeded, and asked for at once."""
    story.apply(version=2, steps=QUICK_STEPS)
    story.wait_for_phase("Succeeded")
    story.edit(version=3)
    result = plugin("status", story.name, "--watch", "--timeout", "60s")
    assert result.returncode == 0
    assert story.status()["targetVersion"] == 3
    assert story.status()["phase"] == "Succeeded"


def test_another_version_meanwhile_is_no_success_of_this_one(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    give(cluster, namespace, "moving", STATES["moving"])
    with watching(plugin, "moving") as process:
        process.stdout.readline()  # type: ignore[union-attr]
        cluster.patch(namespace, "moving", {"spec": {"version": 43}})
        _, complaint = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert complaint == "error: version 42 was superseded: moving asks for 43 now\n"


def test_a_deletion_meanwhile_is_an_error(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    give(cluster, namespace, "moving", STATES["moving"])
    with watching(plugin, "moving") as process:
        process.stdout.readline()  # type: ignore[union-attr]
        cluster.delete(namespace, "moving")
        _, complaint = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, complaint) == (1, "error: moving was deleted meanwhile\n")


def test_a_watch_survives_its_connection(
    control_plane: ControlPlane, plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    """Cut twice: once with nothing missed, once with the end missed."""
    kubeconfig = control_plane.kubeconfig_for("ci", groups=("system:masters",), namespace=namespace, via_proxy=True)
    give(cluster, namespace, "moving", STATES["moving"])
    with watching(plugin, "moving", kubeconfig) as process:
        process.stdout.readline()  # type: ignore[union-attr]
        control_plane.proxy.refuse()
        control_plane.cut_watches()
        cluster.write_status(namespace, "moving", status("Baking", "Baking", "all is well", **IN_FLIGHT))
        control_plane.proxy.accept()
        line = process.stdout.readline()  # type: ignore[union-attr]
        assert "moving: Baking, step 1/2" in line
        control_plane.cut_watches()
        cluster.write_status(namespace, "moving", STATES["done"])
        output, complaint = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, complaint) == (0, "")
    assert "moving: Succeeded" in output


def test_the_timeout_also_ends_a_watch_on_a_cluster_that_is_gone(
    control_plane: ControlPlane, plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    kubeconfig = control_plane.kubeconfig_for("ci", groups=("system:masters",), namespace=namespace, via_proxy=True)
    give(cluster, namespace, "moving", STATES["moving"])
    with watching(plugin, "moving", kubeconfig, "3s") as process:
        process.stdout.readline()  # type: ignore[union-attr]
        control_plane.proxy.refuse()
        control_plane.cut_watches()
        try:
            process.communicate(timeout=DEADLINE_S)
        finally:
            control_plane.proxy.accept()
    assert process.returncode == 2


def test_a_pipeline_is_not_green_for_the_version_before(story: Story, plugin: Plugin) -> None:
    """As in a pipeline that has pushed version 3, which Git's tool applies while it waits; then so for a revert."""
    story.apply(version=2, steps=QUICK_STEPS)
    story.wait_for_phase("Succeeded")
    with watching(plugin, story.name, version=3) as process:
        assert words_of(process) == "rollout: it asks for version 2, not for 3 yet"
        story.edit(version=3)
        output, complaint = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, complaint) == (0, "")
    assert "rollout: Succeeded, RolloutComplete: version 3" in output.splitlines()[-1].partition(" ")[2]
    with watching(plugin, story.name, version=2) as process:
        assert words_of(process) == "rollout: it asks for version 3, not for 2 yet"
        story.edit(version=2)
        output, complaint = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, complaint) == (0, "")
    assert "rollout: Succeeded, RolloutComplete: version 2" in output.splitlines()[-1].partition(" ")[2]


DONE_WITH_43 = status("Succeeded", "RolloutComplete", "version 43 has all traffic", 2, **ENDED | {"targetVersion": 43})


def test_a_version_that_git_is_about_to_ask_for_is_waited_for(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    """The version before was promoted long ago, which is no answer, whether the new one is applied yet or seen yet."""
    give(cluster, namespace, "orders", STATES["done"])
    with watching(plugin, "orders", version=43) as process:
        assert words_of(process) == "orders: it asks for version 42, not for 43 yet"
        cluster.patch(namespace, "orders", {"spec": {"version": 43}})
        assert words_of(process) == "orders: Unseen: no operator has looked at generation 2 yet"
        cluster.write_status(namespace, "orders", DONE_WITH_43)
        output, complaint = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, complaint) == (0, "")
    assert output.partition(" ")[2] == "orders: Succeeded, RolloutComplete: version 43 has all traffic\n"


def test_so_is_a_rollout_that_is_not_there(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    """Deleted and made again before it asks for the version, as some GitOps tools replace a resource."""
    with watching(plugin, "orders", version=42) as process:
        assert words_of(process) == "orders: it is not there yet"
        give(cluster, namespace, "orders", version=41)
        assert words_of(process) == "orders: it asks for version 41, not for 42 yet"
        cluster.delete(namespace, "orders")
        assert words_of(process) == "orders: it is not there yet"
        give(cluster, namespace, "orders", STATES["rolled-back"])
        output, complaint = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, complaint) == (1, "")
    assert output.splitlines()[-1].partition(" ")[2] == "orders: RolledBack, AlarmFiring: errors fired"


def test_a_version_that_another_was_applied_in_place_of(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    give(cluster, namespace, "orders", STATES["done"])
    with watching(plugin, "orders", version=43) as process:
        words_of(process)
        cluster.patch(namespace, "orders", {"spec": {"version": 44}})
        _, complaint = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, complaint) == (1, "error: version 43 was superseded: orders asks for 44 now\n")


NEVER = {
    "not there": ("order", "error: timed out after 1s: there is no rollout order\nDid you mean orders?\n"),
    "another version": ("orders", "error: timed out after 1s: orders asks for version 42, not for 43\n"),
}


@pytest.mark.parametrize(("name", "complaint"), NEVER.values(), ids=NEVER.keys())
def test_the_timeout_says_what_was_waited_for(
    plugin: Plugin, cluster: Cluster, namespace: str, name: str, complaint: str
) -> None:
    give(cluster, namespace, "orders", STATES["done"])
    result = plugin("status", name, "--watch", "--version", "43", "--timeout", "1s")
    assert (result.returncode, result.stderr) == (2, complaint)


ONCE = {
    "this version": ("orders", 42, Verdict.PROMOTED, "Succeeded, RolloutComplete: version 42 has all traffic"),
    "a newer one": ("orders", 43, Verdict.UNDECIDED, "it asks for version 42, not for 43 yet"),
    "not there": ("order", 43, Verdict.UNDECIDED, "it is not there yet"),
}


@pytest.mark.parametrize(("name", "version", "code", "words"), ONCE.values(), ids=ONCE.keys())
def test_without_watch_it_speaks_of_that_version_too(
    plugin: Plugin, cluster: Cluster, namespace: str, name: str, version: int, code: Verdict, words: str
) -> None:
    give(cluster, namespace, "orders", STATES["done"])
    result = plugin("status", name, "--version", str(version))
    assert (result.returncode, result.stdout.partition(" ")[2], result.stderr) == (code, f"{name}: {words}\n", "")


@pytest.mark.parametrize("version", ["0", "-1", "latest", ""])
def test_what_is_no_version_is_refused(plugin: Plugin, version: str) -> None:
    assert "Invalid value for '--version'" in plugin.error("status", "any", f"--version={version}")


def test_a_version_is_waited_for_through_an_outage(
    control_plane: ControlPlane, plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    kubeconfig = control_plane.kubeconfig_for("ci", groups=("system:masters",), namespace=namespace, via_proxy=True)
    with watching(plugin, "orders", kubeconfig, version=42) as process:
        assert words_of(process) == "orders: it is not there yet"
        control_plane.proxy.refuse()
        control_plane.cut_watches()
        give(cluster, namespace, "orders", STATES["done"])
        control_plane.proxy.accept()
        _, complaint = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, complaint) == (0, "")


def test_ctrl_c_ends_a_watch_without_a_word(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    give(cluster, namespace, "moving", STATES["moving"])
    with watching(plugin, "moving") as process:
        process.stdout.readline()  # type: ignore[union-attr]
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, complaint.strip()) == (130, "")


def test_a_timeout_without_watch_is_refused(plugin: Plugin) -> None:
    assert plugin.error("status", "any", "--timeout", "1s").startswith("error: --timeout is for --watch\n")


def words_of(process: subprocess.Popen[str]) -> str:
    """The next line that it writes, without the time."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n").partition(" ")[2]


@contextmanager
def watching(
    plugin: Plugin, name: str, kubeconfig: Path | None = None, timeout: str = "60s", version: int | None = None
) -> Iterator[subprocess.Popen[str]]:
    """`status --watch` as a process, killed at the end if it still runs."""
    of_version = [] if version is None else ["--version", str(version)]
    command = plugin.command("status", name, "--watch", "--timeout", timeout, *of_version)
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=plugin.environment(kubeconfig) | {"PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            yield process
        finally:
            process.kill()
