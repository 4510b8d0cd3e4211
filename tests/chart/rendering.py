"""The chart as Helm renders it, without a cluster."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from devenv.helm import Helm

CHART = Path(__file__).parents[2] / "charts" / "sfn-rollouts"
PROMETHEUS_OPERATOR = "monitoring.coreos.com/v1"

Manifest = dict[str, Any]
Values = Mapping[str, Any]


def render(
    helm: Helm,
    values: Values | None = None,
    *,
    chart: Path = CHART,
    namespace: str = "sfn-rollouts",
    apis: Sequence[str] = (),
) -> list[Manifest]:
    """What a release called sfn-rollouts would consist of, its test pod last.

    `apis` is what the cluster serves besides Kubernetes' own.
    """
    served = (argument for api in apis for argument in ("--api-versions", api))
    text = helm(
        "template", "sfn-rollouts", str(chart), "-n", namespace, "-f", "-", *served, stdin=as_yaml(values)
    ).stdout
    return [each for each in yaml.load_all(text, yaml.CSafeLoader) if each]


def refusal(helm: Helm, values: Values) -> str:
    """What Helm says to values that it does not take."""
    result = helm("template", "sfn-rollouts", str(CHART), "-f", "-", stdin=as_yaml(values), check=False)
    assert result.returncode != 0, f"taken: {values}"
    return result.stderr


def as_yaml(values: Values | None) -> str:
    """As in a person's file."""
    return yaml.safe_dump(dict(values or {}))


def one(manifests: Sequence[Manifest], kind: str, name: str | None = None) -> Manifest:
    """The only one of its kind, or of its kind and name."""
    [found] = [each for each in manifests if each["kind"] == kind and name in (None, each["metadata"]["name"])]
    return found


def kinds(manifests: Sequence[Manifest]) -> list[str]:
    """Of all, in order of the alphabet, each as often as it is there."""
    return sorted(each["kind"] for each in manifests)


def pod_of(manifests: Sequence[Manifest]) -> Manifest:
    """The pod's spec in the Deployment."""
    return dict(one(manifests, "Deployment")["spec"]["template"]["spec"])
