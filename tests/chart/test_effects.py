"""What each value does to what is installed."""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import pytest

from devenv.generate.chart_page import documented
from devenv.helm import Helm
from sfn_rollouts.api.durations import Duration
from sfn_rollouts.config import LogFormat, LogLevel, Settings
from tests.chart.rendering import CHART, PROMETHEUS_OPERATOR, Manifest, Values, as_yaml, kinds, one, pod_of, render

ALL_ON = {
    "networkPolicy": {"enabled": True},
    "metrics": {name: {"enabled": True} for name in ("serviceMonitor", "prometheusRule", "dashboard")},
}
"""So that whatever can be set has something to show in."""

SAMPLES: dict[str, Any] = {
    "nameOverride": "rollouts",
    "fullnameOverride": "my-rollouts",
    "commonLabels": {"team": "a"},
    "crds.install": False,
    "crds.keep": False,
    "crds.annotations": {"a": "b"},
    "replicas": 3,
    "image.repository": "registry.example/x",
    "image.tag": "1",
    "image.digest": f"sha256:{'0' * 64}",
    "image.pullPolicy": "Always",
    "imagePullSecrets": [{"name": "a"}],
    "watchNamespaces": ["a"],
    "requireAccess": True,
    "leaderElection.enabled": False,
    "leaderElection.namespace": "a",
    "minPollInterval": "10s",
    "startTimeout": "10s",
    "healthPort": 9090,
    "log.format": "text",
    "log.level": "debug",
    "aws.region": "eu-west-1",
    "serviceAccount.create": False,
    "serviceAccount.name": "a",
    "serviceAccount.annotations": {"a": "b"},
    "serviceAccount.automount": True,
    "rbac.create": False,
    "rbac.aggregateRoles": False,
    "podDisruptionBudget.enabled": False,
    "podDisruptionBudget.maxUnavailable": "50%",
    "strategy": {"type": "Recreate"},
    "revisionHistoryLimit": 3,
    "podAnnotations": {"a": "b"},
    "podLabels": {"a": "b"},
    "podSecurityContext": {"fsGroup": 1},
    "securityContext": {"runAsUser": 1},
    "resources": {"limits": {"cpu": "1"}},
    "startupProbe": {"periodSeconds": 9},
    "livenessProbe": {"periodSeconds": 9},
    "readinessProbe": {"periodSeconds": 9},
    "terminationGracePeriodSeconds": 60,
    "priorityClassName": "a",
    "nodeSelector": {"a": "b"},
    "tolerations": [{"key": "a"}],
    "affinity": {"podAntiAffinity": {}},
    "topologySpreadConstraints": [{"maxSkew": 1}],
    "extraEnv": [{"name": "A", "value": "b"}],
    "extraEnvFrom": [{"secretRef": {"name": "a"}}],
    "extraVolumes": [{"name": "a", "emptyDir": {}}],
    "extraVolumeMounts": [{"name": "a", "mountPath": "/a"}],
    "service.annotations": {"a": "b"},
    "networkPolicy.enabled": False,
    "networkPolicy.ingressFrom": [{"podSelector": {}}],
    "networkPolicy.egressPorts": [8443],
    "networkPolicy.podIdentity": False,
    "networkPolicy.extraEgress": [{"ports": [{"port": 3128}]}],
    "metrics.serviceMonitor.enabled": False,
    "metrics.serviceMonitor.labels": {"a": "b"},
    "metrics.serviceMonitor.interval": "15s",
    "metrics.serviceMonitor.scrapeTimeout": "5s",
    "metrics.serviceMonitor.relabelings": [{"targetLabel": "a"}],
    "metrics.serviceMonitor.metricRelabelings": [{"targetLabel": "a"}],
    "metrics.prometheusRule.enabled": False,
    "metrics.prometheusRule.labels": {"a": "b"},
    "metrics.dashboard.enabled": False,
    "metrics.dashboard.labels": {"a": "b"},
    "metrics.dashboard.annotations": {"a": "b"},
}
NEEDS = {"leaderElection.enabled": {"replicas": 1}, "serviceAccount.create": {"serviceAccount": {"name": "a"}}}
"""What a value cannot be without; the same for both sides of a comparison."""


def nested(path: str, value: Any) -> Values:
    """{"a": {"b": value}} of a.b."""
    return reduce(lambda inner, name: {name: inner}, reversed(path.split(".")), value)


def merged(first: Values, second: Values) -> Values:
    both = {
        name: merged(first[name], second[name]) for name in first.keys() & second.keys() if is_map(first, second, name)
    }
    return {**first, **second, **both}


def is_map(first: Values, second: Values, name: str) -> bool:
    return isinstance(first[name], dict) and isinstance(second[name], dict)


def rendered_text(helm: Helm, values: Values) -> str:
    served = ("--api-versions", PROMETHEUS_OPERATOR)
    return helm("template", "sfn-rollouts", str(CHART), "-f", "-", *served, stdin=as_yaml(values)).stdout


def test_each_value_is_tried() -> None:
    assert [*SAMPLES] == [
        value.path for value in documented((CHART / "values.yaml").read_text()) if value.path != "global"
    ]


@pytest.fixture(scope="module")
def with_all_on(helm: Helm) -> str:
    """What most values are compared with."""
    return rendered_text(helm, ALL_ON)


@pytest.mark.parametrize("path", SAMPLES)
def test_no_value_is_without_effect(path: str, helm: Helm, with_all_on: str) -> None:
    values = merged(ALL_ON, NEEDS.get(path, {}))
    before = rendered_text(helm, values) if path in NEEDS else with_all_on

    assert rendered_text(helm, merged(values, nested(path, SAMPLES[path]))) != before


def test_the_settings_reach_the_operator(helm: Helm) -> None:
    """As `sfn-rollouts run` understands them."""
    [container] = pod_of(
        render(
            helm,
            {
                "watchNamespaces": ["a", "b"],
                "requireAccess": True,
                "leaderElection": {"namespace": "c"},
                "minPollInterval": "7s",
                "startTimeout": "8s",
                "healthPort": 9090,
                "log": {"format": "text", "level": "debug"},
            },
        )
    )["containers"]

    assert settings_of(container["args"]) == Settings(
        namespaces=("a", "b"),
        require_access=True,
        leader_elect=True,
        leader_elect_namespace="c",
        min_poll_interval=Duration("7s"),
        start_timeout=Duration("8s"),
        health_port=9090,
        log_format=LogFormat.TEXT,
        log_level=LogLevel.DEBUG,
    )


def settings_of(args: Sequence[str]) -> Settings:
    """By the command line itself, short of running."""
    from sfn_rollouts.cli import run  # noqa: PLC0415 - click's command, which is loaded for this test only
    from sfn_rollouts.cli.flags import settings_from  # noqa: PLC0415

    assert args[0] == "run"
    return settings_from(run.make_context("run", list(args[1:])).params)


def image(manifests: Sequence[Manifest]) -> list[str]:
    return [each["spec"]["containers"][0]["image"] for each in (one(manifests, "Pod"), {"spec": pod_of(manifests)})]


def operator(manifests: Sequence[Manifest]) -> Manifest:
    [container] = pod_of(manifests)["containers"]
    return dict(container)


EFFECTS: dict[str, tuple[Values, Callable[[Sequence[Manifest]], Any], Any]] = {
    "a tag goes to the operator and to its test": (
        {"image": {"repository": "a.example/b", "tag": "7"}},
        image,
        ["a.example/b:7"] * 2,
    ),
    "a digest outdoes the tag": (
        {"image": {"repository": "b", "tag": "7", "digest": f"sha256:{'0' * 64}"}},
        image,
        [f"b@sha256:{'0' * 64}"] * 2,
    ),
    "a single replica has no budget": (
        {"replicas": 1},
        lambda manifests: "PodDisruptionBudget" in kinds(manifests),
        False,
    ),
    "without a lease, the old pod goes before the new one comes": (
        {"replicas": 1, "leaderElection": {"enabled": False}},
        lambda manifests: one(manifests, "Deployment")["spec"]["strategy"],
        {"type": "Recreate"},
    ),
    "without a lease, nobody has a right on one": (
        {"replicas": 1, "leaderElection": {"enabled": False}},
        lambda manifests: "Role" in kinds(manifests),
        False,
    ),
    "the right on the lease is where the lease is": (
        {"leaderElection": {"namespace": "leases"}},
        lambda manifests: {one(manifests, kind)["metadata"]["namespace"] for kind in ("Role", "RoleBinding")},
        {"leases"},
    ),
    "the port is the same everywhere": (
        {"healthPort": 9090},
        lambda manifests: (operator(manifests)["ports"], one(manifests, "Service")["spec"]["ports"]),
        (
            [{"name": "health", "containerPort": 9090}],
            [{"name": "health", "port": 9090, "targetPort": "health"}],
        ),
    ),
    "a region is what boto3 and other SDKs read": (
        {"aws": {"region": "eu-west-1"}},
        lambda manifests: [(each["name"], each.get("value")) for each in operator(manifests)["env"]],
        [("POD_NAMESPACE", None), ("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "eu-west-1")],
    ),
    "pods spread by their own labels": (
        {"topologySpreadConstraints": [{"topologyKey": "zone"}]},
        lambda manifests: pod_of(manifests)["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"],
        {"app.kubernetes.io/name": "sfn-rollouts", "app.kubernetes.io/instance": "sfn-rollouts"},
    ),
    "a spread with labels of its own keeps them": (
        {"topologySpreadConstraints": [{"labelSelector": {"matchLabels": {"a": "b"}}}]},
        lambda manifests: pod_of(manifests)["topologySpreadConstraints"],
        [{"labelSelector": {"matchLabels": {"a": "b"}}}],
    ),
    "an account that is given gets the rights": (
        {"serviceAccount": {"create": False, "name": "given"}},
        lambda manifests: (
            pod_of(manifests)["serviceAccountName"],
            subject(manifests),
            kinds(manifests).count("ServiceAccount"),
        ),
        ("given", "given", 0),
    ),
    "common labels are on everything": (
        {"commonLabels": {"team": "a"}, **ALL_ON},
        lambda manifests: {each["metadata"]["labels"]["team"] for each in manifests},
        {"a"},
    ),
    "who reads metrics is joined by helm test": (
        {"networkPolicy": {"enabled": True, "ingressFrom": [{"podSelector": {"matchLabels": {"a": "b"}}}]}},
        lambda manifests: [each["podSelector"]["matchLabels"] for each in ingress(manifests)["from"]],
        [{"app.kubernetes.io/name": "sfn-rollouts-test"}, {"a": "b"}],
    ),
}


def subject(manifests: Sequence[Manifest]) -> str:
    [found] = one(manifests, "ClusterRoleBinding")["subjects"]
    return str(found["name"])


def ingress(manifests: Sequence[Manifest]) -> Manifest:
    [found] = one(manifests, "NetworkPolicy")["spec"]["ingress"]
    return dict(found)


@pytest.mark.parametrize(("values", "look", "expected"), EFFECTS.values(), ids=EFFECTS.keys())
def test_effect(values: Values, look: Callable[[Sequence[Manifest]], Any], expected: Any, helm: Helm) -> None:
    assert look(render(helm, values, apis=[PROMETHEUS_OPERATOR])) == expected


def test_the_test_pod_is_found_by_nothing_that_looks_for_operators(helm: Helm) -> None:
    manifests = render(helm, ALL_ON, apis=[PROMETHEUS_OPERATOR])
    labels = one(manifests, "Pod")["metadata"]["labels"]
    selectors = [
        one(manifests, "Service")["spec"]["selector"],
        one(manifests, "Deployment")["spec"]["selector"]["matchLabels"],
        one(manifests, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        one(manifests, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
    ]

    assert [selector for selector in selectors if selector.items() <= labels.items()] == []


NAMES = {
    "the product's own": ("sfn-rollouts", "sfn-rollouts"),
    "one that has the product in it": ("prod-sfn-rollouts", "prod-sfn-rollouts"),
    "another": ("prod", "prod-sfn-rollouts"),
    "a number": ("42", "42-sfn-rollouts"),
}


@pytest.mark.parametrize(("release", "name"), NAMES.values(), ids=NAMES.keys())
def test_a_release_gives_its_name(release: str, name: str, helm: Helm) -> None:
    text = helm("template", release, str(CHART), "--show-only", "templates/deployment.yaml").stdout

    assert f"  name: {name}\n" in text
    assert f'app.kubernetes.io/instance: "{release}"\n' in text
