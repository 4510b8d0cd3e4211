"""values.yaml, its schema and the README agree, and wrong values are refused by name."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from devenv.generate.chart_page import documented, with_values
from devenv.helm import Helm
from sfn_rollouts import __version__
from tests.chart.rendering import CHART, PROMETHEUS_OPERATOR, Values, refusal, render

VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
README = (CHART / "README.md").read_text()
HANDED_ON = {"kubernetesObject", "kubernetesList"}
"""What the API server checks, and nobody else."""


def schema_of(path: str) -> dict[str, Any]:
    """The schema of one value, references followed."""
    found = SCHEMA
    for name in path.split("."):
        found = resolved(found["properties"][name])
    return found


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    return SCHEMA["definitions"][reference.rpartition("/")[2]] if reference else schema


def objects(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each object in the schema that is ours: not handed on, and no map of labels or annotations."""
    yield path, schema
    for name, inner in schema.get("properties", {}).items():
        if "properties" in inner:
            yield from objects(inner, f"{path}.{name}")


def test_the_schema_and_the_values_have_the_same_names() -> None:
    def names(schema: dict[str, Any], values: Any) -> None:
        assert schema["properties"].keys() == values.keys()
        for name, inner in schema["properties"].items():
            if "properties" in inner:
                names(inner, values[name])

    names(SCHEMA, VALUES)


def test_the_schema_takes_no_name_that_it_does_not_know() -> None:
    assert [path for path, schema in objects(SCHEMA) if schema["additionalProperties"] is not False] == []


def test_only_what_kubernetes_checks_is_left_open() -> None:
    loose = {
        value.path
        for value in documented((CHART / "values.yaml").read_text())
        if schema_of(value.path) in [SCHEMA["definitions"][name] for name in HANDED_ON]
    }

    assert loose == {
        *("podSecurityContext", "securityContext", "resources", "startupProbe", "livenessProbe", "readinessProbe"),
        *("strategy", "affinity", "tolerations", "topologySpreadConstraints"),
        *("extraEnv", "extraEnvFrom", "extraVolumes", "extraVolumeMounts"),
        *("networkPolicy.ingressFrom", "networkPolicy.extraEgress"),
        *("metrics.serviceMonitor.relabelings", "metrics.serviceMonitor.metricRelabelings"),
    }


def test_every_value_says_what_it_is_for() -> None:
    explained = {value.path: value.meaning for value in documented((CHART / "values.yaml").read_text())}

    assert len(explained) > 60
    assert [path for path, meaning in explained.items() if not re.fullmatch(r"[A-Z`].*\.", meaning)] == []


UNEXPLAINED = {
    "a value": ("# -- Good.\na: 1\nb: 2\n", "b"),
    "a value in an object": ("a:\n  # -- Good.\n  b: 1\n  c: {}\n", "a.c"),
    "an ordinary comment": ("# -- Good.\na: 1\n\n# About b.\nb: 2\n", "b"),
}


@pytest.mark.parametrize(("values", "named"), UNEXPLAINED.values(), ids=UNEXPLAINED.keys())
def test_a_value_without_an_explanation_is_named(values: str, named: str) -> None:
    with pytest.raises(ValueError, match=f"values.yaml: {named} has no comment"):
        list(documented(values))


def test_a_readme_without_its_marks_is_reported() -> None:
    with pytest.raises(ValueError, match="needs the marks"):
        with_values("# Chart\n", "# -- Good.\na: 1\n")


def test_the_readme_has_a_row_for_each_value() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \|", README, re.MULTILINE)

    assert rows == [value.path for value in documented((CHART / "values.yaml").read_text())]


def test_the_readmes_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#([^)]*))?\)", README)
    assert len(links) >= 3

    for path, anchor in links:
        page = (CHART / path).read_text()
        headings = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
        assert not anchor or anchor in [heading.lower().replace(" ", "-") for heading in headings]


EXAMPLES = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_readmes_values_are_taken(example: str, helm: Helm) -> None:
    assert render(helm, yaml.safe_load(example), apis=[PROMETHEUS_OPERATOR])


def test_the_readme_has_examples() -> None:
    assert len(EXAMPLES) == 5


def test_the_chart_is_of_the_products_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())

    assert chart["appVersion"] == __version__
    assert chart["kubeVersion"] == ">=1.29.0-0"


def test_lint_finds_nothing(helm: Helm) -> None:
    assert "1 chart(s) linted, 0 chart(s) failed" in helm("lint", "--strict", str(CHART)).stdout


def test_a_package_holds_what_is_needed_and_nothing_else(helm: Helm, tmp_path: Path) -> None:
    helm("package", str(CHART), "-d", str(tmp_path))
    [package] = tmp_path.glob("sfn-rollouts-*.tgz")

    assert render(helm, chart=package) == render(helm)


REFUSED = {
    "a name that does not exist": ({"replica": 3}, "'replica' not allowed"),
    "a name that does not exist, in an object": ({"image": {"name": "x"}}, "at '/image': additional properties 'name'"),
    "a word for a number": ({"replicas": "two"}, "at '/replicas'"),
    "a negative number": ({"replicas": -1}, "at '/replicas'"),
    "a word for a boolean": ({"crds": {"install": "yes"}}, "at '/crds/install'"),
    "another word for a boolean": ({"crds": {"keep": "keep"}}, "at '/crds/keep'"),
    "an image with its tag in the repository": ({"image": {"repository": "x:"}}, "at '/image/repository'"),
    "a tag with a blank": ({"image": {"tag": "a b"}}, "at '/image/tag'"),
    "a digest without its algorithm": ({"image": {"digest": "0" * 64}}, "at '/image/digest'"),
    "a pull policy": ({"image": {"pullPolicy": "Sometimes"}}, "at '/image/pullPolicy'"),
    "a pull secret as a word": ({"imagePullSecrets": ["key"]}, "at '/imagePullSecrets/0'"),
    "a name that is no name": ({"fullnameOverride": "My Operator"}, "at '/fullnameOverride'"),
    "namespaces as a text": ({"watchNamespaces": "a,b"}, "at '/watchNamespaces'"),
    "a namespace that cannot be": ({"watchNamespaces": ["Team_A"]}, "at '/watchNamespaces/0'"),
    "a namespace twice": ({"watchNamespaces": ["a", "a"]}, "at '/watchNamespaces'"),
    "a namespace for the lease": ({"leaderElection": {"namespace": "A"}}, "at '/leaderElection/namespace'"),
    "a word for whether an access is required": ({"requireAccess": "yes"}, "at '/requireAccess'"),
    "a number for a duration": ({"minPollInterval": 5}, "at '/minPollInterval'"),
    "a duration in days": ({"startTimeout": "1d"}, "at '/startTimeout'"),
    "a port that cannot be": ({"healthPort": 70000}, "at '/healthPort'"),
    "a log format": ({"log": {"format": "xml"}}, "at '/log/format'"),
    "a log level": ({"log": {"level": "INFO"}}, "at '/log/level'"),
    "a region by its place": ({"aws": {"region": "Ireland"}}, "at '/aws/region'"),
    "access keys": ({"aws": {"accessKeyId": "AKIA"}}, "'accessKeyId' not allowed"),
    "an annotation that is a number": (
        {"serviceAccount": {"annotations": {"a": 1}}},
        "at '/serviceAccount/annotations/a'",
    ),
    "a label that is a boolean": ({"podLabels": {"a": True}}, "at '/podLabels/a'"),
    "a label that is too long": ({"commonLabels": {"a": "b" * 64}}, "at '/commonLabels/a'"),
    "a budget of nobody": ({"podDisruptionBudget": {"maxUnavailable": 0}}, "at '/podDisruptionBudget/maxUnavailable'"),
    "a grace shorter than the drain": ({"terminationGracePeriodSeconds": 5}, "at '/terminationGracePeriodSeconds'"),
    "a list for an object": ({"resources": []}, "at '/resources'"),
    "an object for a list": ({"tolerations": {"key": "a"}}, "at '/tolerations'"),
    "environment as a map": ({"extraEnv": {"A": "b"}}, "at '/extraEnv'"),
    "a port by its name": ({"networkPolicy": {"egressPorts": ["https"]}}, "at '/networkPolicy/egressPorts/0'"),
    "a third way": ({"metrics": {"serviceMonitor": {"enabled": "maybe"}}}, "at '/metrics/serviceMonitor/enabled'"),
    "a dashboard that depends": ({"metrics": {"dashboard": {"enabled": "auto"}}}, "at '/metrics/dashboard/enabled'"),
    "two that both work": (
        {"leaderElection": {"enabled": False}},
        "replicas is 2, but leaderElection.enabled is false",
    ),
    "an account without a name": ({"serviceAccount": {"create": False}}, "set serviceAccount.name to the account"),
    "a scrape that nobody does": (
        {"metrics": {"serviceMonitor": {"enabled": True}}},
        "metrics.serviceMonitor.enabled is true, but this cluster does not serve monitoring.coreos.com/v1",
    ),
    "rules that nobody reads": (
        {"metrics": {"prometheusRule": {"enabled": True}}},
        "metrics.prometheusRule.enabled is true, but this cluster does not serve monitoring.coreos.com/v1",
    ),
}


@pytest.mark.parametrize(("values", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_a_wrong_value_is_refused_by_its_name(values: Values, said: str, helm: Helm) -> None:
    assert said in refusal(helm, values)


TAKEN = {
    "what a parent chart hands down": {"global": {"imageRegistry": "x"}},
    "a region of a sovereign cloud": {"aws": {"region": "eusc-de-east-1"}},
    "a region of the government": {"aws": {"region": "us-gov-west-1"}},
    "a registry with a port": {"image": {"repository": "registry.example:5000/team/sfn-rollouts"}},
    "half of the replicas": {"podDisruptionBudget": {"maxUnavailable": "50%"}},
    "one alone without a lease": {"replicas": 1, "leaderElection": {"enabled": False}},
    "none at all": {"replicas": 0},
    "no probe": {"startupProbe": None},
}


@pytest.mark.parametrize("values", TAKEN.values(), ids=TAKEN.keys())
def test_what_is_right_is_taken(values: Values, helm: Helm) -> None:
    assert render(helm, values)
