"""What deploy/flux ships: it refers to what is there, and each answer to a manual gate does what it says."""

import json
from pathlib import Path
from typing import Any

import celpy
import jsonschema
import pytest
import yaml

from devenv.control_plane import Kubectl
from sfn_rollouts.api import GROUP, KIND, VERSION
from sfn_rollouts.api.durations import Duration
from sfn_rollouts.api.kinds import ACCESS, ROLLOUT
from sfn_rollouts.api.resource import kind_of, lint, parse_spec
from sfn_rollouts.core.values.plan import compile_plan
from tests.gitops.flux import FOLDER, HealthCheck
from tests.gitops.situations import ROWS

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    (path.name, document) for path in sorted(FOLDER.glob("*.yaml")) for document in yaml.safe_load_all(path.read_text())
]
KUSTOMIZATIONS = {name: document["spec"] for name, document in DOCUMENTS if document["kind"] == "Kustomization"}
KNOWN = {
    ("v1", "Namespace"),
    ("source.toolkit.fluxcd.io/v1", "OCIRepository"),
    ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
    ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"),
    ("notification.toolkit.fluxcd.io/v1beta3", "Provider"),
    ("notification.toolkit.fluxcd.io/v1beta3", "Alert"),
}
APPROVAL = "waiting for approval"


def one(kind: str) -> dict[str, Any]:
    return next(document for _, document in DOCUMENTS if document["kind"] == kind)


def test_only_served_kinds_are_used() -> None:
    assert {(document["apiVersion"], document["kind"]) for _, document in DOCUMENTS} == KNOWN


def test_the_release_takes_the_chart_from_the_repository_beside_it() -> None:
    repository, release = one("OCIRepository"), one("HelmRelease")
    assert release["spec"]["chartRef"] == {"kind": "OCIRepository", "name": repository["metadata"]["name"]}
    assert (
        release["metadata"]["namespace"] == repository["metadata"]["namespace"] == one("Namespace")["metadata"]["name"]
    )
    chart = yaml.safe_load((ROOT / "charts/sfn-rollouts/Chart.yaml").read_text())
    assert repository["spec"]["url"].endswith(f"/{chart['name']}")
    assert chart["version"].startswith(repository["spec"]["ref"]["semver"].removesuffix("x"))


def test_the_charts_schema_takes_the_values() -> None:
    schema = json.loads((ROOT / "charts/sfn-rollouts/values.schema.json").read_text())
    jsonschema.validate(one("HelmRelease")["spec"]["values"], schema)


@pytest.mark.parametrize("file", KUSTOMIZATIONS)
def test_a_kustomization_builds_what_lint_accepts(file: str, kubectl: Kubectl) -> None:
    built = kubectl("kustomize", str(ROOT / KUSTOMIZATIONS[file]["path"])).stdout
    (resource,) = yaml.safe_load_all(built)
    assert kind_of(resource) is (ACCESS if file == "accesses.yaml" else ROLLOUT)
    assert not lint(resource)


def test_the_alert_names_the_kustomization_and_its_provider() -> None:
    alert = one("Alert")
    names = {document["metadata"]["name"] for _, document in DOCUMENTS if document["kind"] == "Kustomization"}
    assert {source["name"] for source in alert["spec"]["eventSources"]} <= names
    assert alert["spec"]["providerRef"]["name"] == one("Provider")["metadata"]["name"]


def test_answer_1_waits_longer_than_the_rollout_takes_and_a_night(kubectl: Kubectl) -> None:
    """Without a person it would take its waits, its bake and its progressDeadline."""
    wanted = KUSTOMIZATIONS["rollouts-wait.yaml"]
    assert wanted["wait"] is True
    spec = parse_spec(yaml.safe_load(kubectl("kustomize", str(ROOT / wanted["path"])).stdout)["spec"])
    plan = compile_plan(spec)
    waits_s = [plan.wait_at(index) for index in range(plan.bake_index)]
    assert None in waits_s, "a plan with a manual gate"
    known_s = sum(wait for wait in waits_s if wait is not None) + plan.bake_s + spec.progress_deadline.seconds
    assert Duration(wanted["timeout"]).seconds > known_s + 12 * 3600
    assert HealthCheck.of("rollouts-wait.yaml")(ROWS[APPROVAL].resource()) == "InProgress"


def test_answer_2_does_not_wait() -> None:
    wanted = KUSTOMIZATIONS["rollouts-apart.yaml"]
    assert wanted["wait"] is False
    assert wanted.keys().isdisjoint({"healthChecks", "healthCheckExprs"})


def test_answer_3_counts_a_pause_as_done_and_a_rollback_as_failed() -> None:
    check = HealthCheck.of("rollouts-pause-counts.yaml")
    assert KUSTOMIZATIONS["rollouts-pause-counts.yaml"]["wait"] is True
    assert check(ROWS[APPROVAL].resource()) == "Current"
    assert check(ROWS["paused by spec.paused"].resource()) == "Current"
    assert check(ROWS["rolled back by an alarm"].resource()) == "Failed"
    assert check(ROWS["traffic is moving"].resource()) == "InProgress"


def test_the_expressions_are_for_the_resource_that_the_crd_defines() -> None:
    (checks,) = KUSTOMIZATIONS["rollouts-pause-counts.yaml"]["healthCheckExprs"]
    assert (checks["apiVersion"], checks["kind"]) == (f"{GROUP}/{VERSION}", KIND)


WITHOUT = {
    "no conditions": {"observedGeneration": 1},
    "no conditions yet": {"observedGeneration": 1, "conditions": []},
    "only ones that nobody asks for": {"conditions": [{"type": "Promoted", "status": "False"}]},
    "never seen": {"observedGeneration": -1},
}


@pytest.mark.parametrize("what", WITHOUT)
def test_a_field_that_is_absent_is_no_error(what: str) -> None:
    """To Flux an error is "not yet", until the timeout; then it says nothing of what is wrong."""
    resource = {"metadata": {"generation": 1}, "status": WITHOUT[what]}
    assert HealthCheck.of("rollouts-pause-counts.yaml")(resource) == "InProgress"


def test_without_the_guard_it_would_be_one() -> None:
    unguarded = HealthCheck({"current": "status.conditions.exists(c, c.type == 'Ready')"})
    with pytest.raises(celpy.CELEvalError):
        unguarded({"metadata": {"generation": 1}, "status": {"observedGeneration": 1}})


def test_an_expression_that_is_no_boolean_is_refused() -> None:
    with pytest.raises(TypeError):
        HealthCheck({"current": "status.phase"})({"metadata": {"generation": 1}, "status": {"phase": "Paused"}})
