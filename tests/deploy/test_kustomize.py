"""The base and each overlay: built by kubectl, fit for each supported Kubernetes, taken by a real API server."""

import re
import shutil
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from devenv.control_plane import Kubectl
from devenv.waiting import wait_until
from tests.deploy.conftest import DEPLOY, Build, Manifest, one

FOLDERS = ("base", "overlays/namespaced", "overlays/irsa", "overlays/monitoring")
KUBERNETES = [f"1.{minor}.0" for minor in range(29, 38)]
PAGE = DEPLOY.parent / "docs" / "permissions.md"
OPERATORS_OWN = "monitoring.coreos.com"
"""API group of the Prometheus operator: no part of Kubernetes, so neither its schemas nor this API server know it."""

SUBJECT = [{"kind": "ServiceAccount", "name": "sfn-rollouts", "namespace": "sfn-rollouts"}]
CLUSTER_RULES = [
    {"apiGroups": ["sfnrollouts.dev"], "resources": ["awsaccesses"], "verbs": ["list", "watch"]},
    {"apiGroups": ["sfnrollouts.dev"], "resources": ["awsaccesses/status"], "verbs": ["patch"]},
    {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["list", "watch"]},
    {
        "apiGroups": ["apiextensions.k8s.io"],
        "resources": ["customresourcedefinitions"],
        "resourceNames": ["stepfunctionrollouts.sfnrollouts.dev", "awsaccesses.sfnrollouts.dev"],
        "verbs": ["get"],
    },
]
"""About what is in no namespace."""


def kubernetes_own(manifests: list[Manifest]) -> list[Manifest]:
    return [each for each in manifests if not each["apiVersion"].startswith(OPERATORS_OWN)]


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("version", KUBERNETES)
def test_every_supported_kubernetes_knows_every_field(build: Build, folder: str, version: str) -> None:
    for manifest in kubernetes_own(build(folder)):
        kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("version", [version for version in KUBERNETES if version != "1.29.0"])
def test_kubernetes_knows_the_policies_since_1_30(build: Build, version: str) -> None:
    for manifest in build("policies"):
        kubernetes_validate.validate(manifest, version, strict=True)


def test_a_field_that_kubernetes_does_not_know_is_found(build: Build) -> None:
    wrong = yaml.safe_load(yaml.safe_dump(one(build("base"), "Deployment")))
    wrong["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES[-1], strict=True)


@pytest.mark.parametrize("folder", [*FOLDERS, "policies"])
def test_the_api_server_takes_it(build: Build, kubectl: Kubectl, namespaces_exist: None, folder: str) -> None:
    manifests = kubernetes_own(build(folder))

    shown = kubectl(
        *("apply", "--server-side", "--dry-run=server", "--force-conflicts", "-f", "-"),
        stdin=yaml.safe_dump_all(manifests),
    )

    assert shown.stderr == "", "not even a warning"
    assert len(shown.stdout.splitlines()) == len(manifests)


@pytest.mark.parametrize("folder", FOLDERS)
def test_all_is_labelled_and_selectors_stay_as_they_are(build: Build, folder: str) -> None:
    """A selector cannot be changed once it is there, so no label of a release may get into it."""
    name, part_of = "app.kubernetes.io/name", "app.kubernetes.io/part-of"
    for manifest in build(folder):
        labels = manifest["metadata"]["labels"]
        assert (labels[name], labels[part_of]) == ("sfn-rollouts", "sfn-rollouts"), manifest["kind"]
    assert one(build(folder), "Deployment")["spec"]["selector"] == {"matchLabels": {name: "sfn-rollouts"}}
    assert one(build(folder), "PodDisruptionBudget")["spec"]["selector"] == {"matchLabels": {name: "sfn-rollouts"}}
    assert one(build(folder), "Service")["spec"]["selector"] == {name: "sfn-rollouts"}


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_image_has_a_version(build: Build, folder: str) -> None:
    template = one(build(folder), "Deployment")["spec"]["template"]
    assert [each["image"] for each in template["spec"]["containers"]] == ["sfn-rollouts:0.1.0"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_only_the_operator_gets_the_status(build: Build, folder: str) -> None:
    def may_touch_it(role: Manifest) -> bool:
        return any("/status" in each or each == "*" for rule in role["rules"] for each in rule["resources"])

    roles = [each for each in build(folder) if each["kind"] in ("Role", "ClusterRole")]
    bindings = [each for each in build(folder) if each["kind"] in ("RoleBinding", "ClusterRoleBinding")]

    assert {role["metadata"]["name"] for role in roles if may_touch_it(role)} == {"sfn-rollouts"}
    assert [each["subjects"] for each in bindings] == [SUBJECT] * len(bindings)


def test_people_get_what_the_built_in_roles_promise(build: Build) -> None:
    view, edit = (one(build("base"), "ClusterRole", f"sfn-rollouts-{name}") for name in ("view", "edit"))
    on_rollouts = {"apiGroups": ["sfnrollouts.dev"], "resources": ["stepfunctionrollouts"]}

    to_see = {"resources": ["stepfunctionrollouts", "awsaccesses"], "verbs": ["get", "list", "watch"]}
    assert view["rules"] == [on_rollouts | to_see]
    assert edit["rules"] == [on_rollouts | {"verbs": ["create", "update", "patch", "delete"]}]
    assert [taken_up_by(view), taken_up_by(edit)] == [{"view", "edit", "admin"}, {"edit", "admin"}]


def taken_up_by(role: Manifest) -> set[str]:
    prefix = "rbac.authorization.k8s.io/aggregate-to-"
    labels: dict[str, Any] = role["metadata"]["labels"]
    return {
        label.removeprefix(prefix) for label, value in labels.items() if label.startswith(prefix) and value == "true"
    }


def test_a_namespaced_install_has_the_same_rights_in_fewer_places(build: Build) -> None:
    everywhere = one(build("base"), "ClusterRole")["rules"]
    manifests = build("overlays/namespaced")
    bound = {
        (each["kind"], each["metadata"].get("namespace"), each["roleRef"]["kind"], each["roleRef"]["name"])
        for each in manifests
        if each["kind"].endswith("Binding")
    }

    assert one(manifests, "ClusterRole")["rules"] == CLUSTER_RULES
    assert [*one(manifests, "Role", namespace="team-a")["rules"], *CLUSTER_RULES] == everywhere
    assert bound == {
        ("ClusterRoleBinding", None, "ClusterRole", "sfn-rollouts"),
        ("RoleBinding", "team-a", "Role", "sfn-rollouts"),
        ("RoleBinding", "default", "Role", "sfn-rollouts-access-events"),
        ("RoleBinding", "sfn-rollouts", "Role", "sfn-rollouts-leader-election"),
    }


def test_a_namespaced_install_watches_what_it_has_rights_for(build: Build) -> None:
    [container] = one(build("overlays/namespaced"), "Deployment")["spec"]["template"]["spec"]["containers"]

    assert container["args"] == ["run", "--leader-elect", "--namespace=team-a"]


def test_irsa_is_two_annotations_and_nothing_else(build: Build) -> None:
    annotated = yaml.safe_load(yaml.safe_dump(build("overlays/irsa")))

    annotations = one(annotated, "ServiceAccount")["metadata"].pop("annotations")

    assert annotations == {
        "eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/sfn-rollouts",
        "eks.amazonaws.com/sts-regional-endpoints": "true",
    }
    assert annotated == build("base")


def test_prometheus_finds_the_metrics_and_leaves_the_rollouts_labels(build: Build) -> None:
    manifests = build("overlays/monitoring")
    monitor, service = one(manifests, "ServiceMonitor"), one(manifests, "Service")
    [endpoint] = monitor["spec"]["endpoints"]

    assert monitor["metadata"]["namespace"] == service["metadata"]["namespace"] == "sfn-rollouts"
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert (endpoint["port"], endpoint["path"]) == (service["spec"]["ports"][0]["name"], "/metrics")
    assert endpoint["honorLabels"] is True


def test_alerts_and_dashboard_are_those_that_are_tested(build: Build) -> None:
    """Elsewhere: that they use only series that exist (tests of deploy/monitoring)."""
    manifests = build("overlays/monitoring")
    dashboard = one(manifests, "ConfigMap", "sfn-rollouts-dashboard")

    assert one(manifests, "PrometheusRule")["spec"] == yaml.safe_load((DEPLOY / "monitoring/alerts.yaml").read_text())
    assert dashboard["data"] == {"sfn-rollouts.json": (DEPLOY / "monitoring/dashboard.json").read_text()}
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"


def test_what_an_install_may_have_besides_goes_together(kubectl: Kubectl, tmp_path: Path) -> None:
    """As docs/permissions.md shows: the Role stays where it is, and nothing is lost of either."""
    shutil.copytree(DEPLOY, tmp_path / "deploy")
    [shown] = re.findall(r"```yaml\n(kind: Kustomization\n.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "deploy" / "mine").mkdir()
    (tmp_path / "deploy" / "mine" / "kustomization.yaml").write_text(shown)

    manifests = list(yaml.safe_load_all(kubectl("kustomize", str(tmp_path / "deploy" / "mine")).stdout))

    assert one(manifests, "Role")["metadata"]["namespace"] == "team-a"
    assert "eks.amazonaws.com/role-arn" in one(manifests, "ServiceAccount")["metadata"]["annotations"]
    for kind, name in (("ServiceMonitor", "sfn-rollouts"), ("ConfigMap", "sfn-rollouts-dashboard")):
        assert one(manifests, kind, name)["metadata"]["namespace"] == "sfn-rollouts"


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        ("view", ["get", "list", "watch"], ["create", "update", "patch", "delete", "patch --subresource=status"]),
        (
            "edit",
            ["create", "update", "patch", "delete"],
            ["deletecollection", "patch --subresource=status", "update --subresource=status", "promote", "abort"],
        ),
    ],
)
def test_the_api_server_grants_people_just_that(
    build: Build, kubectl: Kubectl, crds_installed: None, namespace: str, role: str, may: list[str], may_not: list[str]
) -> None:
    user = f"{role}-{namespace}"
    shipped = one(build("base"), "ClusterRole", f"sfn-rollouts-{role}")
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=yaml.safe_dump(shipped))
    kubectl("create", "rolebinding", user, f"--clusterrole=sfn-rollouts-{role}", f"--user={user}", "-n", namespace)

    def is_allowed(verb: str) -> bool:
        verb, *flags = verb.split()
        asked = kubectl("auth", "can-i", verb, "sfnr", *flags, "-n", namespace, f"--as={user}", check=False)
        return asked.stdout.strip() == "yes"

    wait_until(lambda: is_allowed(may[0]), 30, "the API server to know the new role")
    assert [verb for verb in may if not is_allowed(verb)] == []
    assert [verb for verb in may_not if is_allowed(verb)] == []


def test_whoever_may_edit_every_namespace_may_see_accesses_and_write_none(
    build: Build, kubectl: Kubectl, crds_installed: None, namespace: str
) -> None:
    """An AWSAccess lends a role to namespaces: that is for administrators of the cluster."""
    user = f"editor-{namespace}"
    for role in ("view", "edit"):
        shipped = one(build("base"), "ClusterRole", f"sfn-rollouts-{role}")
        kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=yaml.safe_dump(shipped))
        kubectl(
            *("create", "clusterrolebinding", f"{user}-{role}"),
            *(f"--clusterrole=sfn-rollouts-{role}", f"--user={user}"),
        )

    def is_allowed(verb: str, *flags: str) -> bool:
        asked = kubectl("auth", "can-i", verb, "awsaccesses", *flags, f"--as={user}", check=False)
        return asked.stdout.strip() == "yes"

    wait_until(lambda: is_allowed("list"), 30, "the API server to know the new roles")
    assert is_allowed("get")
    assert [verb for verb in ("create", "update", "patch", "delete", "deletecollection") if is_allowed(verb)] == []
    assert not is_allowed("patch", "--subresource=status")
