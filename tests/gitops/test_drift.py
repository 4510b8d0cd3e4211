"""The same manifest again is no change, whoever applies it: no new generation, no other spec, no drift to be shown."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.story import SLOW_STEPS, Story, split, whole
from tests.gitops.tools import Tools

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted([*(ROOT / "examples").glob("*.yaml"), ROOT / "examples/gitops/order-processor/base/rollout.yaml"])
Resource = dict[str, Any]
Apply = Callable[..., None]

WAYS: dict[str, Apply] = {
    "kubectl apply": Tools.kubectl_apply,
    "Flux": Tools.flux_apply,
    "Argo CD": Tools.argo_sync,
    "Argo CD with ServerSideApply": Tools.argo_sync_on_server,
}


def manifest_of(path: Path) -> Resource:
    """Under the name of its file: the examples all have one."""
    manifest = dict(yaml.safe_load(path.read_text()))
    manifest["metadata"]["name"] = path.stem
    return manifest


@pytest.mark.parametrize("way", WAYS)
def test_an_example_applied_twice_is_applied_once(way: str, tools: Tools) -> None:
    manifests = [manifest_of(path) for path in EXAMPLES]
    names = [manifest["metadata"]["name"] for manifest in manifests]
    WAYS[way](tools, *manifests)
    first = [tools.get(name) for name in names]
    WAYS[way](tools, *manifests)
    for name, before in zip(names, first, strict=True):
        assert_unchanged(before, tools.get(name))
    assert not tools.flux_drift(*manifests)
    for manifest in manifests:
        assert not tools.argo_diff(manifest)


def assert_unchanged(before: Resource, after: Resource) -> None:
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    assert after["spec"] == before["spec"]


def test_what_differs_is_shown(tools: Tools) -> None:
    """Else the tests here could not fail."""
    manifest = manifest_of(EXAMPLES[0])
    tools.argo_sync(manifest)
    changed = {**manifest, "spec": {**manifest["spec"], "version": 43}}
    assert tools.argo_diff(changed) == {"spec": {"version": 43}}
    assert tools.flux_drift(changed) == {EXAMPLES[0].stem}
    without = {**manifest, "spec": {name: value for name, value in manifest["spec"].items() if name != "alarms"}}
    assert tools.argo_diff(without) == {"spec": {"alarms": None}}


@pytest.mark.parametrize("way", ["kubectl apply", "Flux", "Argo CD"])
def test_a_rollout_in_flight_is_not_disturbed(way: str, tools: Tools, story: Story) -> None:
    """Reconciled at every moment of its life: nothing is written again, and the rollout does not notice."""
    manifest = wanted(story)
    WAYS[way](tools, manifest)
    story.wait_for_weight(10)
    assert_undisturbed(way, tools, story, manifest)
    tools.click(story.name, "pause")
    story.wait_for_phase("Paused")
    assert_undisturbed(way, tools, story, manifest)
    tools.click(story.name, "resume")
    story.wait_for_phase("Progressing")
    tools.click(story.name, "abort")
    story.wait_for(lambda status: status["runningExecutions"], "the last word: how many executions stay")
    assert_undisturbed(way, tools, story, manifest)
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]


def assert_undisturbed(way: str, tools: Tools, story: Story, manifest: Resource) -> None:
    before, writes = tools.get(story.name), story.writes()
    WAYS[way](tools, manifest)
    WAYS[way](tools, manifest)
    if before["status"]["phase"] != "RolledBack":
        story.wait_for_polls(2)  # the operator has looked again
    after = tools.get(story.name)
    assert_unchanged(before, after)
    assert after["status"] == before["status"]
    assert after["metadata"].get("annotations") == before["metadata"].get("annotations")
    assert story.writes() == writes
    assert not tools.argo_diff(manifest)


def wanted(story: Story) -> Resource:
    """The manifest as it stands in Git."""
    return {
        "apiVersion": "sfnrollouts.dev/v1alpha1",
        "kind": "StepFunctionRollout",
        "metadata": {"name": story.name},
        "spec": {
            "stateMachineArn": story.machine,
            "alias": "live",
            "version": 2,
            "strategy": {"steps": list(SLOW_STEPS)},
            "alarms": {"names": ["errors"], "pollInterval": "1s"},
        },
    }


def test_the_operator_owns_nothing_but_status_and_finalizer(tools: Tools, story: Story) -> None:
    tools.flux_apply(wanted(story))
    story.wait_for_weight(10)
    entries = tools.get(story.name)["metadata"]["managedFields"]
    others = [entry for entry in entries if entry["manager"] != "kustomize-controller"]
    assert {entry.get("subresource") for entry in others} <= {None, "status"}
    for entry in others:
        fields = entry["fieldsV1"]
        assert set(fields) == ({"f:status"} if entry.get("subresource") else {"f:metadata"})
        assert set(fields.get("f:metadata", {})) <= {"f:finalizers"}
