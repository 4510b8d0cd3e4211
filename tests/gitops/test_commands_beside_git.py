"""What people do beside Git: which of it a GitOps tool leaves alone, and what the operator makes of it."""

import json
import shlex
from pathlib import Path

import pytest

from devenv.control_plane import ControlPlane
from sfn_rollouts.plugin.kubectl import FIELD_MANAGER
from tests.e2e.cluster import COMMAND, Cluster
from tests.e2e.story import Story, outcomes, split, whole
from tests.gitops.test_drift import wanted
from tests.gitops.tools import Tools

SENT = '{"id":"1","action":"pause","generation":1,"by":"a person"}'

# who writes the command: its field manager, whether it is still there after Flux has reconciled
WRITERS = {
    "the plugin": (FIELD_MANAGER, True),
    "Argo CD's server": ("argocd-server", True),
    "the flux command's own": ("flux-client-side-apply", True),
    "kubectl annotate": (None, False),
    "kubectl patch": ("kubectl-patch", False),
    "a plugin named after its binary": ("kubectl-sfnrollout", False),
}


@pytest.fixture
def applied(tools: Tools, namespace: str) -> dict[str, object]:
    """A rollout as Git has it, applied by Flux; no operator runs."""
    manifest = {
        "apiVersion": "sfnrollouts.dev/v1alpha1",
        "kind": "StepFunctionRollout",
        "metadata": {"name": "rollout"},
        "spec": {
            "stateMachineArn": f"arn:aws:states:eu-west-1:123456789012:stateMachine:{namespace}",
            "alias": "live",
            "version": 2,
            "strategy": {"canary": {"weight": 10, "interval": "10m"}},
        },
    }
    tools.flux_apply(manifest)
    return manifest


@pytest.mark.parametrize("writer", WRITERS)
def test_a_command_and_flux(writer: str, tools: Tools, applied: dict[str, object]) -> None:
    manager, survives = WRITERS[writer]
    tools.annotate("rollout", SENT, manager)
    assert tools.get("rollout")["metadata"]["annotations"] == {COMMAND: SENT}
    tools.flux_apply(applied)
    assert tools.get("rollout")["metadata"].get("annotations", {}) == ({COMMAND: SENT} if survives else {})
    assert tools.get("rollout")["metadata"]["generation"] == 1


@pytest.mark.parametrize("writer", WRITERS)
def test_a_command_and_argo_cd(writer: str, tools: Tools, applied: dict[str, object]) -> None:
    """It deletes only what was in Git before."""
    tools.argo_sync(applied)
    manager, _ = WRITERS[writer]
    tools.annotate("rollout", SENT, manager)
    assert not tools.argo_diff(applied)
    tools.argo_sync(applied)
    assert tools.get("rollout")["metadata"]["annotations"][COMMAND] == SENT


def test_flux_leaves_the_status_alone(
    tools: Tools, applied: dict[str, object], cluster: Cluster, namespace: str
) -> None:
    """Whoever wrote it: the clean-up looks at no subresource."""
    status = {"observedGeneration": 1, "phase": "Progressing", "weight": 10}
    cluster.write_status(namespace, "rollout", status)
    tools.annotate("rollout", SENT)
    tools.flux_apply(applied)
    assert tools.get("rollout")["status"] == status


def test_a_resource_may_opt_out_of_the_clean_up(tools: Tools, applied: dict[str, object]) -> None:
    opted = {**applied, "metadata": {"name": "rollout", "annotations": {"kustomize.toolkit.fluxcd.io/ssa": "Merge"}}}
    tools.flux_apply(opted)
    tools.annotate("rollout", SENT)
    tools.flux_apply(opted)
    assert tools.get("rollout")["metadata"]["annotations"][COMMAND] == SENT


def test_a_pause_in_the_spec_by_hand(tools: Tools, applied: dict[str, object]) -> None:
    """Not in Git: Flux takes it back, Argo CD leaves it and shows nothing. In Git, both take it back."""
    tools.edit("rollout", {"paused": True})
    tools.flux_apply(applied)
    assert tools.get("rollout")["spec"]["paused"] is False

    tools.argo_sync(applied)
    tools.edit("rollout", {"paused": True})
    assert not tools.argo_diff(applied)
    tools.argo_sync(applied)
    assert tools.get("rollout")["spec"]["paused"] is True

    in_git = {**applied, "spec": {**applied["spec"], "paused": False}}  # type: ignore[dict-item] - a spec is a dict
    assert tools.argo_diff(in_git) == {"spec": {"paused": False}}
    tools.argo_sync(in_git)
    assert tools.get("rollout")["spec"]["paused"] is False


def test_a_version_by_hand_is_taken_back_by_both(tools: Tools, applied: dict[str, object]) -> None:
    tools.edit("rollout", {"version": 3})
    assert tools.flux_drift(applied) == {"rollout"}
    tools.flux_apply(applied)
    assert tools.get("rollout")["spec"]["version"] == 2
    tools.argo_sync(applied)
    tools.edit("rollout", {"version": 3})
    assert tools.argo_diff(applied) == {"spec": {"version": 2}}


def test_what_is_clicked_in_argo_cd_is_obeyed_by_the_operator(tools: Tools, story: Story) -> None:
    """Promote, abort and retry, each as a merge patch of what the script changed: no status, no new generation."""
    tools.argo_sync(wanted(story))
    story.wait_for_weight(10)
    patch = tools.click(story.name, "promote")
    assert set(patch["metadata"]) == {"annotations"}
    story.wait_for_weight(50)
    sent = json.loads(patch["metadata"]["annotations"][COMMAND])
    answer = story.status()["lastCommand"]
    assert (answer["id"], answer["action"], answer["result"]) == (sent["id"], "promote", "Done")

    tools.click(story.name, "abort")
    aborted = story.wait_for_phase("RolledBack")
    assert outcomes(aborted) == [(2, "Aborted", "Aborted")]
    assert "aborted by argocd" in aborted["message"]

    tools.click(story.name, "retry")
    story.wait_for_weight(10)
    assert story.routings() == [whole(1), split(1, 2, 10), split(1, 2, 50), whole(1), split(1, 2, 10)]
    assert story.generation() == 1


def test_a_click_on_what_has_changed_meanwhile_is_stale(tools: Tools, story: Story) -> None:
    """Argo CD reads, runs the script and writes; what has moved on in between is not promoted once more."""
    tools.argo_sync(wanted(story))
    story.wait_for_weight(10)
    seen = tools.get(story.name)
    story.command("promote")
    story.wait_for_weight(50)
    tools.click(story.name, "promote", seen)
    answered = story.wait_for(lambda status: status["lastCommand"]["result"] == "Stale", "a stale command")
    assert "it was meant for step index 0" in answered["lastCommand"]["message"]
    assert story.routing() == split(1, 2, 50)


def documented_wait() -> tuple[str, ...]:
    """The command of concepts.md that waits for a gate."""
    lines = (Path(__file__).parents[2] / "docs/concepts.md").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("    kubectl wait ") and "AwaitingApproval" in line]
    return tuple(shlex.split(line)[1:])


def test_the_documented_wait_for_a_gate_does_not_answer_for_the_version_before(
    control_plane: ControlPlane, story: Story
) -> None:
    """The operator has not seen the next version yet; the gate of the one before still stands in the status."""
    kubectl = control_plane.as_admin()
    command = [word for word in documented_wait() if not word.startswith("--timeout")]
    command[command.index("sfnrollout/order-processor")] = f"sfnrollout/{story.name}"
    wait = (*command, f"--namespace={story.namespace}")
    story.apply(version=2, steps=[{"setWeight": 10}, {"pause": {}}])
    assert "condition met" in kubectl(*wait, "--timeout=60s").stdout
    story.operator.kill()
    story.edit(version=3)
    assert story.status()["phase"] == "Paused"
    assert "condition not met" in kubectl(*wait, "--timeout=0", check=False).stderr
    story.restart()
    assert "condition met" in kubectl(*wait, "--timeout=120s").stdout
    assert story.routing() == split(1, 3, 10)


def test_kubectl_wait_waits_for_the_generation_that_was_applied(control_plane: ControlPlane, story: Story) -> None:
    """The old verdict does not end the wait for the new one; the new one does."""
    kubectl = control_plane.as_admin()
    wait = ("wait", "sfnrollout", story.name, f"--namespace={story.namespace}", "--for=condition=Promoted")
    story.apply(version=1)
    story.wait_for_phase("Succeeded")
    assert "condition met" in kubectl(*wait, "--timeout=0").stdout
    story.operator.kill()
    story.edit(version=2)
    assert "condition not met" in kubectl(*wait, "--timeout=0", check=False).stderr
    story.restart()
    assert "condition met" in kubectl(*wait, "--timeout=120s").stdout
    assert story.routing() == whole(2)
