"""What the chart renders, for each kind of installation, against the schemas of each Kubernetes that it supports."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from devenv.helm import Helm
from tests.chart.rendering import CHART, PROMETHEUS_OPERATOR, Manifest, Values, kinds, one, render

VERSIONS = [f"1.{minor}" for minor in range(29, 38)]
PROMETHEUS_OPERATOR_CRDS = Path(__file__).parent / "prometheus_operator_crds.yaml"

EVERYTHING: Values = {
    "commonLabels": {"team": "platform"},
    "crds": {"annotations": {"argocd.argoproj.io/sync-options": "Prune=false"}},
    "replicas": 3,
    "image": {
        "repository": "registry.example:5000/sfn-rollouts",
        "digest": f"sha256:{'0' * 64}",
        "pullPolicy": "Always",
    },
    "imagePullSecrets": [{"name": "registry"}],
    "leaderElection": {"namespace": "leases"},
    "log": {"format": "text", "level": "debug"},
    "aws": {"region": "eu-west-1"},
    "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/x"}},
    "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}},
    "podAnnotations": {"example.com/a": "b"},
    "podLabels": {"example.com/c": "d"},
    "priorityClassName": "system-cluster-critical",
    "nodeSelector": {"kubernetes.io/arch": "arm64"},
    "tolerations": [{"key": "a", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "topologySpreadConstraints": [
        {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule"}
    ],
    "extraEnv": [{"name": "AWS_ENDPOINT_URL_SFN", "value": "https://states.example"}],
    "extraEnvFrom": [{"secretRef": {"name": "proxy"}}],
    "extraVolumes": [{"name": "ca", "configMap": {"name": "ca"}}],
    "extraVolumeMounts": [{"name": "ca", "mountPath": "/ca"}],
    "service": {"annotations": {"prometheus.io/scrape": "true"}},
    "networkPolicy": {
        "enabled": True,
        "ingressFrom": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}],
        "extraEgress": [{"ports": [{"port": 3128}]}],
    },
    "metrics": {
        "serviceMonitor": {
            "enabled": True,
            "labels": {"release": "prometheus"},
            "relabelings": [{"targetLabel": "cluster", "replacement": "eu"}],
            "metricRelabelings": [{"sourceLabels": ["__name__"], "regex": "python_.*", "action": "drop"}],
        },
        "prometheusRule": {"enabled": "auto", "labels": {"release": "prometheus"}},
        "dashboard": {"enabled": True, "annotations": {"grafana_folder": "AWS"}},
    },
}
INSTALLATIONS: dict[str, Values] = {
    "as it comes": {},
    "with all that there is": EVERYTHING,
    "for some namespaces": {"watchNamespaces": ["team-a", "42"]},
    "one alone, without a lease": {"replicas": 1, "leaderElection": {"enabled": False}},
    "with nothing that can be left out": {
        "crds": {"install": False},
        "serviceAccount": {"create": False, "name": "given"},
        "rbac": {"create": False, "aggregateRoles": False},
        "podDisruptionBudget": {"enabled": False},
        "startupProbe": None,
        "resources": None,
        "podSecurityContext": None,
    },
    "CRDs that go with the release": {"crds": {"keep": False}},
    "closed off, without Pod Identity": {
        "networkPolicy": {"enabled": True, "podIdentity": False, "egressPorts": [443]}
    },
}
KINDS_AS_IT_COMES = [
    *(
        "ClusterRole",
        "ClusterRole",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "CustomResourceDefinition",
        "Deployment",
        "Pod",
    ),
    *("PodDisruptionBudget", "Role", "RoleBinding", "Service", "ServiceAccount"),
]


@pytest.fixture(scope="module")
def rendered(helm: Helm) -> dict[str, list[Manifest]]:
    """All installations, rendered once."""
    return {name: render(helm, values, apis=[PROMETHEUS_OPERATOR]) for name, values in INSTALLATIONS.items()}


def distinct(rendered: dict[str, list[Manifest]]) -> Iterator[Manifest]:
    """Each manifest once, whichever installation has it."""
    yield from {
        json.dumps(each, sort_keys=True): each for manifests in rendered.values() for each in manifests
    }.values()


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_knows_every_field(version: str, rendered: dict[str, list[Manifest]]) -> None:
    ours = [each for each in distinct(rendered) if each["apiVersion"] != PROMETHEUS_OPERATOR]
    assert {"CustomResourceDefinition", "NetworkPolicy", "ConfigMap"} < set(kinds(ours))

    for manifest in ours:
        assert kubernetes_validate.validate(manifest, version, strict=True) == version


def test_a_field_that_kubernetes_does_not_know_would_be_found(helm: Helm) -> None:
    wrong = one(render(helm, {"livenessProbe": {"httpGet": {"port": "health"}, "period": 5}}), "Deployment")

    with pytest.raises(kubernetes_validate.ValidationError, match="period"):
        kubernetes_validate.validate(wrong, VERSIONS[0], strict=True)


def test_the_prometheus_operator_knows_every_field(rendered: dict[str, list[Manifest]]) -> None:
    theirs = [each for each in distinct(rendered) if each["apiVersion"] == PROMETHEUS_OPERATOR]

    assert kinds(theirs) == ["PrometheusRule", "ServiceMonitor"]
    for manifest in theirs:
        jsonschema.validate(manifest, schema_of(manifest["kind"]))


@cache
def schema_of(kind: str) -> dict[str, Any]:
    """Of a kind of the Prometheus Operator; strict, as `kubectl apply` is."""
    crds = yaml.safe_load_all(PROMETHEUS_OPERATOR_CRDS.read_text())
    [found] = [crd["spec"] for crd in crds if crd["spec"]["names"]["kind"] == kind]
    return strict(found["versions"][0]["schema"]["openAPIV3Schema"])


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without room for fields that it does not list; metadata is left to Kubernetes."""
    inner = {name: strict(each) for name, each in schema.get("properties", {}).items()}
    closed = {"properties": inner, "additionalProperties": False} if inner else {}
    return {**schema, **closed, **({"items": strict(schema["items"])} if "items" in schema else {})}


def test_what_is_not_asked_for_is_not_there(rendered: dict[str, list[Manifest]]) -> None:
    assert kinds(rendered["as it comes"]) == KINDS_AS_IT_COMES


def test_what_can_be_left_out_is(rendered: dict[str, list[Manifest]]) -> None:
    assert kinds(rendered["with nothing that can be left out"]) == ["Deployment", "Pod", "Service"]


def test_an_older_kubernetes_is_refused(helm: Helm) -> None:
    result = helm("template", "sfn-rollouts", str(CHART), "--kube-version", "1.28.9", check=False)

    assert "chart requires kubeVersion: >=1.29.0-0 which is incompatible with Kubernetes v1.28.9" in result.stderr


def test_a_vendors_build_of_a_supported_kubernetes_is_taken(helm: Helm) -> None:
    assert helm("template", "sfn-rollouts", str(CHART), "--kube-version", "v1.29.3-eks-adc7111").returncode == 0
