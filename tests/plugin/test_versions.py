"""`set-version`, `undo`, `history` and `version`: which version there is, was, and shall be."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from devenv.control_plane import Kubectl
from sfn_rollouts import __version__
from sfn_rollouts.api import GROUP, PLURAL
from sfn_rollouts.api.kinds import KINDS, ROLLOUT
from sfn_rollouts.explain.ownership import owner_of
from sfn_rollouts.explain.rollout import Rollout
from sfn_rollouts.plugin.kubectl import Cluster as PersonsCluster
from sfn_rollouts.plugin.problems import PluginError
from sfn_rollouts.plugin.versioning import ask_for
from sfn_rollouts.plugin.versions import comparison
from tests.e2e.cluster import Cluster
from tests.e2e.story import QUICK_STEPS, Story
from tests.plugin.conftest import Plugin
from tests.plugin.rollouts import IN_FLIGHT, LATER, LONG_AGO, STATES, give, status

ARGO_CD = {"argocd.argoproj.io/tracking-id": "orders:sfnrollouts.dev/StepFunctionRollout:{namespace}/x"}
FLUX = {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}
HELM_BY_FLUX = {"helm.toolkit.fluxcd.io/name": "orders", "helm.toolkit.fluxcd.io/namespace": "prod"}


def spec_version(cluster: Cluster, namespace: str, name: str = "x") -> Any:
    return (cluster.get(namespace, name) or {})["spec"].get("version")


def past(version: int, stable: int, outcome: str, **fields: Any) -> dict[str, Any]:
    """An entry of status.history."""
    reason = "RolloutComplete" if outcome == "Promoted" else outcome
    times = {"startedAt": LONG_AGO, "finishedAt": LATER}
    return {"version": version, "stableVersion": stable, "outcome": outcome, "reason": reason} | times | fields


# -- set-version --


def test_set_version_edits_the_spec_and_says_how_to_wait(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    give(cluster, namespace, "x", STATES["done"])
    assert plugin.ok("set-version", "x", "43") == (
        "x: version 43 is asked for instead of 42 (generation 2)\nWait for it: kubectl sfnrollout status x --watch\n"
    )
    assert spec_version(cluster, namespace) == 43
    writers = {each["manager"] for each in (cluster.get(namespace, "x") or {})["metadata"]["managedFields"]}
    assert "sfnrollout-cli" in writers
    assert plugin.ok("set-version", "x", "43") == "x: version 43 is asked for already; nothing was changed\n"
    elsewhere = plugin.ok("set-version", "x", "44", "-n", namespace)
    assert elsewhere.endswith(f"kubectl sfnrollout status x -n {namespace} --watch\n")


@pytest.mark.parametrize(
    ("metadata", "who", "sync_command"),
    [
        pytest.param(
            {"annotations": ARGO_CD},
            "the Argo CD application orders",
            "argocd app sync orders",
            id="Argo CD, annotation",
        ),
        pytest.param(
            {"labels": {"argocd.argoproj.io/instance": "orders"}},
            "the Argo CD application orders",
            "argocd app sync orders",
            id="Argo CD, own label",
        ),
        pytest.param(
            {"labels": {"app.kubernetes.io/instance": "orders"}},
            "the Argo CD application (or Helm release) orders",
            "argocd app sync orders",
            id="Argo CD, default label",
        ),
        pytest.param(
            {"labels": FLUX},
            "the Flux Kustomization flux-system/apps",
            "flux reconcile kustomization apps -n flux-system --with-source",
            id="Flux Kustomization",
        ),
        pytest.param(
            {"labels": HELM_BY_FLUX},
            "the Flux HelmRelease prod/orders",
            "flux reconcile helmrelease orders -n prod --with-source",
            id="Flux HelmRelease",
        ),
    ],
)
def test_what_git_owns_is_changed_in_git(
    plugin: Plugin, cluster: Cluster, namespace: str, metadata: dict[str, dict[str, str]], who: str, sync_command: str
) -> None:
    here = {
        kind: {key: text.format(namespace=namespace) for key, text in words.items()} for kind, words in metadata.items()
    }
    give(cluster, namespace, "x", STATES["done"], metadata=here)
    assert plugin.error("set-version", "x", "43") == (
        f"error: x belongs to {who}\n"
        f"In Git, where it takes StepFunctionRollout {namespace}/x from, set\n"
        "  spec.version: 43\n"
        f"and commit; it comes sooner with: {sync_command}\n"
        "To set it here all the same, until Git sets it back to 42: --force\n"
    )
    assert spec_version(cluster, namespace) == 42
    assert "version 43 is asked for" in plugin.ok("set-version", "x", "43", "--force")
    assert spec_version(cluster, namespace) == 43


def test_an_annotation_copied_from_another_resource_owns_nothing() -> None:
    copied = {"argocd.argoproj.io/tracking-id": "orders:sfnrollouts.dev/StepFunctionRollout:a/template"}
    metadata = {"name": "x", "namespace": "a", "annotations": copied}
    assert owner_of(Rollout.from_resource({"metadata": metadata})) is None


HOSTILE_WORDS = [
    "x; touch PWN #",
    "$(touch PWN)",
    "`id`",
    "a'b",
    "a b",
    "-A",
    "a\nb",
    "a\x1b[2J",
    "a/b",
    "A",
    "a" * 300,
]


@pytest.mark.parametrize("name", HOSTILE_WORDS)
@pytest.mark.parametrize(
    "marked",
    [
        lambda name: {"annotations": {"argocd.argoproj.io/tracking-id": f"{name}:g/K:a/x"}},
        lambda name: {"labels": {"argocd.argoproj.io/instance": name}},
        lambda name: {"labels": {"app.kubernetes.io/instance": name}},
        lambda name: {
            "labels": {"kustomize.toolkit.fluxcd.io/name": name, "kustomize.toolkit.fluxcd.io/namespace": "b"}
        },
        lambda name: {"labels": {"helm.toolkit.fluxcd.io/name": "b", "helm.toolkit.fluxcd.io/namespace": name}},
    ],
    ids=["Argo CD, annotation", "Argo CD, own label", "Argo CD, default label", "Flux", "Flux, namespace"],
)
def test_a_name_that_is_none_is_reported_and_put_into_no_command(marked: Callable[[str], Any], name: str) -> None:
    owner = owner_of(Rollout.from_resource({"metadata": {"name": "x", "namespace": "a", **marked(name)}}))
    assert owner is not None
    assert owner.sync_command is None
    assert owner.who.isprintable()


def test_an_application_outside_of_argo_cds_namespace_is_named_as_its_command_line_does() -> None:
    tracked = {"argocd.argoproj.io/tracking-id": "team-a_orders:sfnrollouts.dev/StepFunctionRollout:a/x"}
    owner = owner_of(Rollout.from_resource({"metadata": {"name": "x", "namespace": "a", "annotations": tracked}}))
    assert owner is not None
    assert owner.sync_command == "argocd app sync team-a/orders"


def test_without_a_command_it_names_git_all_the_same(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    tracked = {"argocd.argoproj.io/tracking-id": f"x; touch PWN #:sfnrollouts.dev/StepFunctionRollout:{namespace}/x"}
    give(cluster, namespace, "x", STATES["done"], metadata={"annotations": tracked})
    assert plugin.error("set-version", "x", "43") == (
        "error: x belongs to the Argo CD application x; touch PWN #\n"
        f"In Git, where it takes StepFunctionRollout {namespace}/x from, set\n"
        "  spec.version: 43\n"
        "and commit\n"
        "To set it here all the same, until Git sets it back to 42: --force\n"
    )


def test_a_version_is_a_number(plugin: Plugin) -> None:
    for wrong in ("0", "-1", "latest", "4.2"):
        assert plugin.error("set-version", "x", "--", wrong).startswith("error: Invalid value for 'VERSION'")


@pytest.mark.parametrize(
    "words",
    [
        ("set-version", "x", "2147483648"),
        ("undo", "x", "--to", "2147483648"),
        ("status", "x", "--watch", "--version", "2147483648"),
        ("diff", "x", "--from", "2147483648"),
    ],
)
def test_a_number_that_no_version_has_is_reported_at_once(plugin: Plugin, words: tuple[str, ...]) -> None:
    """The API server would refuse it in words about floating point, and `status --watch` would wait for ever."""
    assert "2147483648 is not in the range 1<=x<=2147483647" in plugin.error(*words)


# -- undo --


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"stableVersion": 42, "history": [past(42, 41, "Promoted")]}, 41, id="what it set out from"),
        pytest.param(
            {
                "stableVersion": 42,
                "history": [past(42, 40, "Promoted"), past(43, 40, "RolledBack"), past(40, 39, "Promoted")],
            },
            40,
            id="one that went back was never promoted",
        ),
        pytest.param({**IN_FLIGHT, "history": [past(40, 39, "Promoted")]}, 41, id="in flight: what is stable"),
    ],
)
def test_undo_asks_for_what_was_promoted_before(
    plugin: Plugin, cluster: Cluster, namespace: str, fields: dict[str, Any], expected: int
) -> None:
    give(cluster, namespace, "x", status("Succeeded", "RolloutComplete", **fields))
    assert plugin.ok("undo", "x").startswith(f"x: version {expected} is asked for instead of 42 ")
    assert spec_version(cluster, namespace) == expected


@pytest.mark.parametrize(
    ("fields", "left", "before"),
    [
        pytest.param(
            {"stableVersion": 42, "history": [past(42, 44, "FastRolledBack"), past(44, 42, "Promoted")]},
            *(44, 44),
            id="undone, in one write",
        ),
        pytest.param(
            {"stableVersion": 42, "history": [past(42, 44, "Promoted"), past(44, 42, "Promoted")]},
            *(44, 44),
            id="undone, step by step",
        ),
        pytest.param({**IN_FLIGHT, "stableVersion": 44, "history": [past(44, 42, "Promoted")]}, 44, 44, id="in flight"),
        pytest.param(
            {
                **(IN_FLIGHT | {"stableVersion": 41, "targetVersion": 43, "observedGeneration": 0}),
                "history": [past(42, 41, "Promoted")],
            },
            *(43, 41),
            id="a moment ago, the operator has not seen it",
        ),
        pytest.param(
            {
                "stableVersion": 42,
                "history": [past(43, 42, "Aborted", reason="TargetWithdrawn"), past(42, 40, "Promoted")],
            },
            *(43, 40),
            id="withdrawn in flight",
        ),
        pytest.param(
            {
                "stableVersion": 42,
                "history": [past(43, 42, "RolledBack", reason="AlarmFiring"), past(42, 40, "Promoted")],
            },
            *(43, 40),
            id="after an alarm had rolled it back",
        ),
        pytest.param(
            {
                "stableVersion": 42,
                "history": [past(43, 42, "Aborted", reason="AbortedByCommand"), past(42, 40, "Promoted")],
            },
            *(43, 40),
            id="after it had been aborted",
        ),
    ],
)
def test_what_was_undone_is_not_undone_again(
    plugin: Plugin, cluster: Cluster, namespace: str, fields: dict[str, Any], left: int, before: int
) -> None:
    """By a second person in an incident it would lead back to the version that was just left, or further back."""
    give(cluster, namespace, "x", status("Succeeded", "RolloutComplete", **fields))
    assert plugin.error("undo", "x", "--force") == (
        f"error: x has gone back from version {left} to 42 already: nothing was changed\n"
        f"If version {before} is what you want: kubectl sfnrollout undo x --to {before}\n"
    )
    assert spec_version(cluster, namespace) == 42
    assert f"version {before} is asked for instead of 42" in plugin.ok("undo", "x", "--to", str(before))
    assert spec_version(cluster, namespace) == before


def test_undo_by_two_people_in_flight(story: Story, plugin: Plugin) -> None:
    """Version 3 is bad; the second undo would have all traffic on it again."""
    story.apply(version=2, steps=QUICK_STEPS)
    story.wait_for_phase("Succeeded")
    story.edit(version=3)
    story.wait_for(lambda status: status["stableVersion"] == 3, "version 3 to be stable")
    assert "version 2 is asked for instead of 3" in plugin.ok("undo", story.name)
    refused = plugin.error("undo", story.name)
    assert refused.startswith("error: rollout has gone back from version 3 to 2 already: nothing was changed\n")
    assert "kubectl sfnrollout undo rollout --to 3" in refused


def test_what_somebody_else_asks_for_meanwhile_is_left_alone(
    plugin: Plugin,
    cluster: Cluster,
    namespace: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What came between the look and the write is found by the resource's version; a status changes nothing of it."""
    monkeypatch.setenv("PATH", plugin.environment()["PATH"])
    give(cluster, namespace, "x", STATES["done"])
    person = PersonsCluster(["--kubeconfig", str(plugin.kubectl.kubeconfig)], namespace)
    seen = Rollout.from_resource(person.get("x"))

    cluster.write_status(namespace, "x", {"message": "another word"})
    ask_for(person, seen, 41, force=False)
    assert "version 41 is asked for instead of 42 (generation 2)" in capsys.readouterr().out

    ask_for(person, seen, 41, force=False)
    assert capsys.readouterr().out == "x: version 41 is asked for already; nothing was changed\n"

    with pytest.raises(PluginError, match="somebody else asks for version 41 of x now, instead of 42: nothing was"):
        ask_for(person, seen, 40, force=False)
    assert spec_version(cluster, namespace) == 41


def test_undo_without_a_past_names_the_way(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    give(cluster, namespace, "x", STATES["done"])
    assert plugin.error("undo", "x") == (
        "error: x has no earlier version in its history\nName one: kubectl sfnrollout set-version x VERSION\n"
    )


def test_undo_respects_git_and_tells_of_abort_in_flight(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    give(cluster, namespace, "x", STATES["moving"], metadata={"labels": FLUX})
    complaint = plugin.error("undo", "x")
    assert "  spec.version: 41\n" in complaint
    assert complaint.endswith("To leave the rollout in flight now: kubectl sfnrollout abort x\n")
    assert spec_version(cluster, namespace) == 42


def test_undo_takes_a_real_rollout_back(story: Story, plugin: Plugin) -> None:
    story.apply(version=2, steps=QUICK_STEPS)
    story.wait_for_phase("Succeeded")
    assert plugin.ok("undo", story.name).startswith("rollout: version 1 is asked for instead of 2 (generation 2)")
    assert plugin("status", story.name, "--watch", "--timeout", "60s").returncode == 0
    assert story.routing() == {1: 100}


# -- history --


def test_history_tells_how_each_ended(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    entries = [past(42, 41, "RolledBack", reason="AlarmFiring"), past(41, 40, "Promoted", startedAt=None)]
    give(
        cluster, namespace, "x", status("Progressing", "ShiftInProgress", **IN_FLIGHT, history=_without_nulls(entries))
    )
    rows = [line.split() for line in plugin.ok("history", "x").splitlines()]
    assert rows == [
        ["VERSION", "FROM", "OUTCOME", "FINISHED", "TOOK", "REASON"],
        ["42", "41", "in", "flight", "-", "-", "ShiftInProgress"],
        ["42", "41", "RolledBack", "2026-01-01", "10:30:05Z", "30m", "AlarmFiring"],
        ["41", "40", "Promoted", "2026-01-01", "10:30:05Z", "-", "RolloutComplete"],
    ]
    listed = json.loads(plugin.ok("history", "x", "-o", "json"))
    assert [each["version"] for each in listed] == [42, 41]
    assert yaml.safe_load(plugin.ok("history", "x", "-o", "yaml")) == listed


def test_history_without_any_says_so(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    give(cluster, namespace, "x")
    result = plugin("history", "x")
    assert (result.returncode, result.stderr) == (0, "No rollout of x has ended yet.\n")
    assert json.loads(plugin.ok("history", "x", "-o", "json")) == []


# -- version --


def deployment(namespace: str, image: str, labels: dict[str, str] | None = None) -> dict[str, Any]:
    name = {"app.kubernetes.io/name": "sfn-rollouts"}
    pod = {"metadata": {"labels": name}, "spec": {"containers": [{"name": "operator", "image": image}]}}
    metadata = {"name": "an-operator", "namespace": namespace, "labels": name | (labels or {})}
    spec = {"replicas": 2, "selector": {"matchLabels": name}, "template": pod}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


@pytest.mark.parametrize(
    ("image", "labels", "expected"),
    [
        pytest.param("sfn-rollouts:0.4.2", {}, "0.4.2", id="tag"),
        pytest.param(f"registry:5000/a/sfn-rollouts:0.4.2@sha256:{'0' * 64}", {}, "0.4.2", id="tag and digest"),
        pytest.param(
            f"registry:5000/a/sfn-rollouts@sha256:{'0' * 64}",
            {"app.kubernetes.io/version": "0.4.3"},
            "0.4.3",
            id="label",
        ),
        pytest.param("registry:5000/a/sfn-rollouts", {}, "unknown", id="neither"),
    ],
)
def test_version_of_the_operator(
    plugin: Plugin, kubectl: Kubectl, namespace: str, image: str, labels: dict[str, str], expected: str
) -> None:
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(deployment(namespace, image, labels)))
    text = plugin.ok("version", "--operator-namespace", namespace)
    assert text.splitlines() == [
        f"client      {__version__}  (knows sfnrollouts.dev/v1alpha1)",
        f"operator    {expected}  (Deployment {namespace}/an-operator, 0 of 2 ready)",
        "crd         v1alpha1  (the one that this client was built for)",
        "access crd  v1alpha1  (the one that this client was built for)",
    ]


def test_what_cannot_be_known_is_unknown_and_says_why(plugin: Plugin, namespace: str) -> None:
    reported = json.loads(plugin.ok("version", "-o", "json", "--operator-namespace", namespace))
    assert reported["operator"]["version"] == "unknown"
    assert reported["operator"]["note"].startswith("no Deployment app.kubernetes.io/name=sfn-rollouts in namespace")
    unreachable = plugin.ok("version", "--server", "https://127.0.0.1:1")
    assert unreachable.count("unknown  (no cluster answers") == 3
    assert unreachable.startswith(f"client      {__version__}  (")


def test_each_crd_is_the_one_that_the_client_was_built_for(kubectl: Kubectl, crds_installed: None) -> None:
    for kind in KINDS:
        found = json.loads(kubectl("get", "crd", kind.crd_name, "-o", "json").stdout)
        schema = found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        assert comparison(schema, kind) == "the one that this client was built for"


def test_an_older_or_newer_crd_is_reported(kubectl: Kubectl, crds_installed: None) -> None:
    crd = json.loads(kubectl("get", "crd", f"{PLURAL}.{GROUP}", "-o", "json").stdout)
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert comparison(schema, ROLLOUT) == "the one that this client was built for"
    spec = schema["properties"]["spec"]["properties"]
    spec["novelty"] = {"type": "string"}
    assert comparison(schema, ROLLOUT) == "newer than this client, it also has spec.novelty"
    del spec["bakeTime"]
    assert comparison(schema, ROLLOUT).startswith("older than this client, it lacks spec.bakeTime;")


def _without_nulls(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in each.items() if value is not None} for each in entries]
