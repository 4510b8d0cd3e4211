"""The chart and `kubectl apply -k deploy/` give the operator the same rights and the same pod."""

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from devenv.control_plane import ensure_binaries
from devenv.control_plane.kubectl import Kubectl
from devenv.helm import Helm
from sfn_rollouts.api.kinds import KINDS, Kind
from sfn_rollouts.config import Settings
from tests.chart.rendering import CHART, PROMETHEUS_OPERATOR, Manifest, Values, one, pod_of, render

DEPLOY = Path(__file__).parents[2] / "deploy"
INSTALLATIONS: dict[str, tuple[str, Values]] = {
    "for all namespaces": ("base", {}),
    "for some namespaces": ("overlays/namespaced", {"watchNamespaces": ["team-a"]}),
}
DEFAULT_FLAGS = {
    "--health-port=8080",
    "--log-format=json",
    "--log-level=info",
    "--min-poll-interval=5s",
    "--start-timeout=30s",
}
"""Said aloud by the chart, left to the operator by kustomize."""

MONITORING: Values = {
    "metrics": {name: {"enabled": True} for name in ("serviceMonitor", "prometheusRule", "dashboard")},
}

Right = tuple[str, str, str, str, str]


@pytest.fixture(scope="module")
def kustomize(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Manifest]]:
    """Builds a folder below deploy/."""
    kubectl = Kubectl(ensure_binaries().kubectl, Path(os.devnull), tmp_path_factory.mktemp("kubectl"))
    return lambda folder: list(yaml.safe_load_all(kubectl("kustomize", str(DEPLOY / folder)).stdout))


@pytest.fixture(scope="module", params=INSTALLATIONS.values(), ids=INSTALLATIONS.keys())
def both(
    request: pytest.FixtureRequest, helm: Helm, kustomize: Callable[[str], list[Manifest]]
) -> tuple[list[Manifest], list[Manifest]]:
    """(of the chart, of kustomize)."""
    folder, values = request.param
    return render(helm, values), kustomize(folder)


def rights(manifests: Sequence[Manifest]) -> dict[tuple[str, str], set[Right]]:
    """(namespace, verb, group, resource, name) of each subject, which is a service account's namespace and name."""
    found: dict[tuple[str, str], set[Right]] = {}
    for binding in manifests:
        if binding["kind"] in ("RoleBinding", "ClusterRoleBinding"):
            for subject in binding["subjects"]:
                found.setdefault((subject["namespace"], subject["name"]), set()).update(granted(binding, manifests))
    return found


def granted(binding: Manifest, manifests: Sequence[Manifest]) -> Iterator[Right]:
    namespace = binding["metadata"].get("namespace", "")
    [role] = [each for each in manifests if is_bound(binding, each)]
    for rule in role["rules"]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for name in rule.get("resourceNames", [""]):
                    yield from ((namespace, verb, group, resource, name) for verb in rule["verbs"])


def is_bound(binding: Manifest, role: Manifest) -> bool:
    wanted = binding["roleRef"]["kind"], binding["roleRef"]["name"]
    is_near = wanted[0] == "ClusterRole" or role["metadata"].get("namespace") == binding["metadata"]["namespace"]
    return is_near and (role["kind"], role["metadata"]["name"]) == wanted


def test_the_operator_has_the_same_rights(both: tuple[list[Manifest], list[Manifest]]) -> None:
    chart, kustomize = both

    assert rights(chart) == rights(kustomize)
    assert rights(chart).keys() == {("sfn-rollouts", "sfn-rollouts")}


def test_an_install_for_some_namespaces_has_no_right_outside_but_about_what_is_in_no_namespace(helm: Helm) -> None:
    [of_operator] = rights(render(helm, {"watchNamespaces": ["a", "b"]})).values()

    assert {right[1:] for right in of_operator if not right[0]} == {
        *(("get", "apiextensions.k8s.io", "customresourcedefinitions", kind.crd_name) for kind in KINDS),
        *((verb, "sfnrollouts.dev", "awsaccesses", "") for verb in ("list", "watch")),
        ("patch", "sfnrollouts.dev", "awsaccesses/status", ""),
        *((verb, "", "namespaces", "") for verb in ("list", "watch")),
    }
    assert {right[0] for right in of_operator} == {"", "a", "b", "default", "sfn-rollouts"}


def test_people_get_the_same_rights(both: tuple[list[Manifest], list[Manifest]]) -> None:
    chart, kustomize = both

    for name in ("sfn-rollouts-view", "sfn-rollouts-edit"):
        ours, theirs = one(chart, "ClusterRole", name), one(kustomize, "ClusterRole", name)
        assert ours["rules"] == theirs["rules"]
        assert aggregation(ours) == aggregation(theirs) != {}


def aggregation(role: Manifest) -> dict[str, str]:
    return {name: value for name, value in role["metadata"]["labels"].items() if "/aggregate-to-" in name}


def test_nobody_but_the_operator_writes_the_status(helm: Helm) -> None:
    manifests = render(helm)
    roles = [each for each in manifests if each["kind"] in ("Role", "ClusterRole")]
    writers = [role["metadata"]["name"] for role in roles if "/status" in str(role["rules"])]

    assert writers == ["sfn-rollouts"]


def test_the_pod_is_the_same(both: tuple[list[Manifest], list[Manifest]]) -> None:
    chart, kustomize = (comparable(pod_of(manifests)) for manifests in both)

    assert chart == kustomize


def comparable(pod: Manifest) -> dict[str, Any]:
    """Without what may differ: the image, and what one of them leaves to a default."""
    [container] = pod.pop("containers")
    args = [*container.pop("args")]
    assert container.pop("image").endswith("sfn-rollouts:0.1.0")
    container.pop("imagePullPolicy", None)
    pod.pop("automountServiceAccountToken", None)
    return {"pod": pod, "container": container, "args": sorted({*args} - DEFAULT_FLAGS)}


def test_what_the_chart_says_aloud_is_what_the_operator_would_do_anyway() -> None:
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    said = dict(flag.removeprefix("--").split("=") for flag in DEFAULT_FLAGS)

    assert said == {name: str(defaults[name.replace("-", "_")]) for name in said}


def test_all_else_is_the_same(both: tuple[list[Manifest], list[Manifest]]) -> None:
    for kind in ("Service", "PodDisruptionBudget", "Deployment"):
        ours, theirs = (without_labels(one(manifests, kind)["spec"]) for manifests in both)
        assert ours == theirs


def without_labels(spec: Manifest) -> Manifest:
    """How pods are found differs, since a chart can be installed more than once; the pod is compared elsewhere."""
    return {name: value for name, value in spec.items() if name not in ("selector", "template", "revisionHistoryLimit")}


def test_monitoring_is_the_same(helm: Helm, kustomize: Callable[[str], list[Manifest]]) -> None:
    ours, theirs = render(helm, MONITORING, apis=[PROMETHEUS_OPERATOR]), kustomize("overlays/monitoring")

    assert one(ours, "PrometheusRule")["spec"] == one(theirs, "PrometheusRule")["spec"]
    assert without_labels(one(ours, "ServiceMonitor")["spec"]) == without_labels(one(theirs, "ServiceMonitor")["spec"])
    [ours_shown], [theirs_shown] = (one(manifests, "ConfigMap")["data"].items() for manifests in (ours, theirs))
    assert (ours_shown[0], json.loads(ours_shown[1])) == (theirs_shown[0], json.loads(theirs_shown[1]))


def test_helm_test_starts_the_images_own_python(helm: Helm) -> None:
    [entry_point] = re.findall(r"^ENTRYPOINT (.*)$", (DEPLOY.parent / "Dockerfile").read_text(), re.MULTILINE)
    [container] = one(render(helm), "Pod")["spec"]["containers"]

    assert container["command"][:2] == [json.loads(entry_point)[0], "-c"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_crd_is_the_same(helm: Helm, kind: Kind) -> None:
    crd = one(render(helm), "CustomResourceDefinition", kind.crd_name)
    ours = yaml.safe_load((CHART.parents[1] / "crds" / f"{kind.plural}.yaml").read_text())

    assert crd["spec"] == ours["spec"]
    assert crd["metadata"]["name"] == ours["metadata"]["name"]
    assert crd["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_the_crd_can_be_left_to_the_release(helm: Helm) -> None:
    values = {"crds": {"keep": False, "annotations": {"a": "b"}}}

    for kind in KINDS:
        crd = one(render(helm, values), "CustomResourceDefinition", kind.crd_name)
        assert crd["metadata"]["annotations"] == {"a": "b"}
