"""Commands reach the operator, and what it answers reaches the person: done, refused, too late, or nothing at all."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from devenv.control_plane import ControlPlane, Kubectl
from devenv.waiting import wait_until
from sfn_rollouts.api import COMMAND_ANNOTATION
from tests.e2e.cluster import Cluster
from tests.e2e.story import DEADLINE_S, SLOW_STEPS, Story, outcomes, split, whole
from tests.plugin.conftest import Plugin
from tests.plugin.rollouts import STATES, give

Command = dict[str, Any]
APPROVAL = [{"setWeight": 10}, {"pause": {}}]


def sent(cluster: Cluster, namespace: str, name: str) -> Command | None:
    """The command that stands in the annotation."""
    resource = cluster.get(namespace, name) or {}
    text = resource["metadata"].get("annotations", {}).get(COMMAND_ANNOTATION)
    return None if text is None else json.loads(text)


def test_promote_ends_a_wait_and_says_so(story: Story, plugin: Plugin) -> None:
    story.apply(version=2, steps=APPROVAL)
    story.wait_for_phase("Paused")
    assert plugin.ok("promote", story.name) == "rollout: the current wait is over\n"
    story.wait_for_phase("Succeeded")
    assert story.routings() == [whole(1), split(1, 2, 10), whole(2)]


def test_a_command_is_bound_to_what_the_person_saw(story: Story, plugin: Plugin) -> None:
    story.apply(version=2, steps=APPROVAL)
    story.wait_for_phase("Paused")
    answer = json.loads(plugin.ok("promote", story.name, "-o", "json"))
    command = sent(story.cluster, story.namespace, story.name)
    assert command == {"id": answer["id"], "action": "promote", "generation": 1, "step": 0, "by": "devenv-admin"}
    assert (answer["action"], answer["result"]) == ("promote", "Done")
    managers = {each["manager"] for each in (story.resource() or {})["metadata"]["managedFields"]}
    assert "sfnrollout-cli" in managers, "Flux takes away what a manager wrote whose name begins with kubectl"
    assert not any(each.startswith("kubectl") for each in managers)


def test_full_skips_the_steps(story: Story, plugin: Plugin) -> None:
    story.apply(version=2, steps=SLOW_STEPS, bakeTime="1h")
    story.wait_for_weight(10)
    assert plugin.ok("promote", story.name, "--full") == "rollout: going to 100 %, then the bake\n"
    story.wait_for_phase("Baking")
    refused = plugin.error("promote", story.name, "--full")
    assert refused == (
        "error: rollout: promote-full was refused: all traffic is on the target already; promote ends the bake\n"
        "How it stands: kubectl sfnrollout get rollout\n"
    )


def test_pause_resume_abort_and_retry_in_a_persons_words(story: Story, plugin: Plugin) -> None:
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    assert plugin.ok("pause", story.name) == "rollout: paused: the next step is held, alarms stay watched\n"
    story.wait_for_phase("Paused")
    assert "promote was refused: the rollout is paused: resume first" in plugin.error("promote", story.name)
    assert plugin.ok("resume", story.name) == "rollout: resumed; the step's clock never stopped\n"
    assert plugin.ok("abort", story.name) == "rollout: going back to version 1\n"
    story.wait_for_phase("RolledBack")
    assert "abort was refused: nothing is in flight" in plugin.error("abort", story.name)
    assert plugin.ok("retry", story.name) == "rollout: trying version 2 again\n"
    story.wait_for_weight(10)
    assert outcomes(story.status()) == [(2, "Aborted", "Aborted")]


def test_a_refusal_is_an_error_for_programs_too(story: Story, plugin: Plugin) -> None:
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    result = plugin("retry", story.name, "-o", "yaml")
    assert (result.returncode, yaml.safe_load(result.stdout)["result"]) == (1, "Refused")
    assert result.stderr.startswith("error: rollout: retry was refused: nothing to retry")


def test_a_command_that_comes_too_late_is_an_error(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    """As an operator answers when the generation has moved on between a person's look and their command."""
    give(cluster, namespace, "moving", STATES["moving"])
    with sending(plugin, "promote", "moving") as process:
        command = wait_until(lambda: sent(cluster, namespace, "moving"), DEADLINE_S, "the command to be written")
        answer(cluster, namespace, "moving", command, "Stale", "it was meant for generation 1, this is generation 2")
        output, complaint = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, output) == (1, "")
    assert complaint.startswith(
        "error: moving: promote came too late: it was meant for generation 1, this is generation 2\n"
    )


def test_a_command_that_another_replaced_is_an_error(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    give(cluster, namespace, "moving", STATES["moving"])
    with sending(plugin, "promote", "moving") as process:
        wait_until(lambda: sent(cluster, namespace, "moving"), DEADLINE_S, "the command to be written")
        other = json.dumps({"id": "1", "action": "abort", "generation": 1, "by": "ann\x1b[2J"})
        cluster.patch(namespace, "moving", {"metadata": {"annotations": {COMMAND_ANNOTATION: other}}})
        _, complaint = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert complaint.startswith("error: another command took its place before the operator saw it: abort by ann [2J\n")


@pytest.mark.parametrize(
    ("lease", "expected"),
    [
        pytest.param(None, "There is no Lease sfn-rollouts in namespace {}", id="none"),
        pytest.param({}, "The operator has stopped: nobody holds the Lease", id="given up"),
        pytest.param(
            {"ago": 300}, "The operator does not run: its Lease sfn-rollouts in namespace {} was last", id="old"
        ),
        pytest.param({"ago": 2}, "An operator runs (its Lease was renewed", id="fresh"),
    ],
)
def test_without_an_answer_it_tells_why(
    plugin: Plugin, cluster: Cluster, kubectl: Kubectl, namespace: str, lease: dict[str, int] | None, expected: str
) -> None:
    give(cluster, namespace, "moving", STATES["moving"])
    if lease is not None:
        kubectl("apply", "-f", "-", stdin=yaml.safe_dump(lease_of(namespace, **lease)))
    complaint = plugin.error("pause", "moving", "--timeout", "1s", "--operator-namespace", namespace)
    first, why = complaint.splitlines()
    assert first == "error: pause was sent to moving, and no operator has answered within 1 s"
    assert why.startswith(expected.format(namespace))
    by_environment = plugin.error(
        "pause", "moving", "--timeout", "1s", environment={"SFN_ROLLOUTS_OPERATOR_NAMESPACE": namespace}
    )
    assert by_environment.splitlines()[1].startswith(expected.format(namespace))


def test_who_may_not_read_the_lease_is_told_so(
    control_plane: ControlPlane, plugin: Plugin, cluster: Cluster, kubectl: Kubectl, namespace: str
) -> None:
    user = f"ann-{namespace}"
    allow(kubectl, namespace, user, "get,list,watch,patch", "stepfunctionrollouts.sfnrollouts.dev")
    give(cluster, namespace, "unseen")
    kubeconfig = control_plane.kubeconfig_for(user, namespace=namespace)
    complaint = plugin.error("pause", "unseen", "--timeout", "1s", kubeconfig=kubeconfig)
    assert complaint.splitlines()[1] == (
        "No operator has ever looked at this rollout. Whether an operator runs cannot be told: "
        f"user {user} may not get leases in namespace sfn-rollouts."
    )
    assert (sent(cluster, namespace, "unseen") or {})["by"] == user


def test_who_may_not_watch_is_told_that_it_was_sent(
    control_plane: ControlPlane, plugin: Plugin, cluster: Cluster, kubectl: Kubectl, namespace: str
) -> None:
    user = f"bob-{namespace}"
    allow(kubectl, namespace, user, "get,patch", "stepfunctionrollouts.sfnrollouts.dev")
    give(cluster, namespace, "moving", STATES["moving"])
    kubeconfig = control_plane.kubeconfig_for(user, namespace=namespace)
    complaint = plugin.error("pause", "moving", kubeconfig=kubeconfig)
    assert complaint.startswith(
        "error: pause was sent to moving, but its answer cannot be seen: "
        f"user {user} may not watch stepfunctionrollouts in namespace {namespace}\n"
    )


def sending(plugin: Plugin, *arguments: str) -> subprocess.Popen[str]:
    """The plugin as a process that waits for its answer."""
    command = plugin.command(*arguments, "--timeout", "60s")
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=plugin.environment()
    )


def answer(cluster: Cluster, namespace: str, name: str, command: Command | None, result: str, message: str) -> None:
    """Answer as an operator does."""
    assert command is not None
    fields = {"id": command["id"], "action": command["action"], "result": result, "message": message}
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    cluster.write_status(namespace, name, {"lastCommand": fields | {"observedAt": now}})


def lease_of(namespace: str, ago: int | None = None) -> dict[str, Any]:
    """The operator's Lease, renewed so many seconds ago; given up, without."""
    spec: dict[str, Any] = {"leaseDurationSeconds": 15, "holderIdentity": ""}
    if ago is not None:
        renewed = datetime.now(UTC) - timedelta(seconds=ago)
        spec |= {"holderIdentity": "pod-a", "renewTime": renewed.isoformat(timespec="microseconds")}
    metadata = {"name": "sfn-rollouts", "namespace": namespace}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}


def allow(kubectl: Kubectl, namespace: str, user: str, verbs: str, resource: str) -> None:
    """Let a user do this in the namespace."""
    kubectl("create", "role", user, f"--verb={verbs}", f"--resource={resource}", "-n", namespace)
    kubectl("create", "rolebinding", user, f"--role={user}", f"--user={user}", "-n", namespace)
