"""`version`: what runs here and there, and whether it fits."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from sfn_rollouts import __version__
from sfn_rollouts.api import GROUP, VERSION
from sfn_rollouts.plugin.connection import pass_cluster
from sfn_rollouts.plugin.kubectl import Cluster
from sfn_rollouts.plugin.operator_signs import LABEL, operator_namespace_option
from sfn_rollouts.plugin.output import output_option, serialized
from sfn_rollouts.plugin.problems import NotFoundError, PluginError
from sfn_rollouts.printable import one_line
from sfn_rollouts.shapes import Shape

if TYPE_CHECKING:
    from sfn_rollouts.api.kinds import Kind

UNKNOWN = "unknown"
_SHOWN = 3
_ROWS = {"accessCrd": "access crd"}
_DEPLOYMENTS: Shape = {
    "items": [{"metadata": dict, "spec": {"template": {"spec": {"containers": [{"image": str}]}}}}],
}
_CRD: Shape = {"spec": {"versions": [{"name": str, "served": bool, "schema": {"openAPIV3Schema": dict}}]}}

Answer = dict[str, str]


@click.command()
@operator_namespace_option
@output_option()
@pass_cluster
def version(cluster: Cluster, operator_namespace: str, output: str | None) -> None:
    """Show the versions of client, operator and CRDs; what cannot be known is "unknown", with why."""
    from sfn_rollouts.api.kinds import ACCESS, ROLLOUT  # noqa: PLC0415 - pydantic, 100 ms

    found = {
        "client": {"version": __version__, "note": f"knows {GROUP}/{VERSION}"},
        "operator": _operator(cluster, operator_namespace),
        "crd": _crd(cluster, ROLLOUT),
        "accessCrd": _crd(cluster, ACCESS),
    }
    if output is not None:
        click.echo(serialized(found, output))
        return
    for name, answer in found.items():
        click.echo(one_line(f"{_ROWS.get(name, name):<12}{answer['version']}  ({answer['note']})"))


def _operator(cluster: Cluster, namespace: str) -> Answer:
    """As its Deployment says."""
    try:
        deployments = cluster.read("deployments.apps", "--selector", LABEL, namespace=namespace, shape=_DEPLOYMENTS)[
            "items"
        ]
    except PluginError as error:
        return {"version": UNKNOWN, "note": error.message}
    if not deployments:
        note = f"no Deployment {LABEL} in namespace {namespace}; is it elsewhere? --operator-namespace"
        return {"version": UNKNOWN, "note": note}
    metadata, ready = deployments[0]["metadata"], (deployments[0].get("status") or {}).get("readyReplicas", 0)
    note = f"Deployment {namespace}/{metadata['name']}, {ready} of {deployments[0]['spec'].get('replicas', 1)} ready"
    return {"version": _version_of(deployments[0]), "note": note}


def _version_of(deployment: Mapping[str, Any]) -> str:
    """The tag of its image, else what its label says."""
    image = deployment["spec"]["template"]["spec"]["containers"][0]["image"].partition("@")[0]
    _, colon, tag = image.rpartition("/")[2].partition(":")
    labels = deployment["metadata"].get("labels") or {}
    return tag if colon else str(labels.get("app.kubernetes.io/version", UNKNOWN))


def _crd(cluster: Cluster, kind: "Kind") -> Answer:
    try:
        crd = cluster.read("customresourcedefinitions.apiextensions.k8s.io", kind.crd_name, shape=_CRD)
    except NotFoundError:
        return {"version": UNKNOWN, "note": "not installed: kubectl apply --server-side -f crds/"}
    except PluginError as error:
        return {"version": UNKNOWN, "note": error.message}
    served = [each["name"] for each in crd["spec"]["versions"] if each["served"]]
    ours = next((each for each in crd["spec"]["versions"] if each["name"] == VERSION and each["served"]), None)
    note = f"this client knows {VERSION} only" if ours is None else comparison(ours["schema"]["openAPIV3Schema"], kind)
    return {"version": ", ".join(served), "note": note}


def comparison(found: Mapping[str, Any], kind: "Kind") -> str:
    """Whether the CRD has the fields that this client was built with."""
    from sfn_rollouts.api.crd import resource_schema  # noqa: PLC0415 - pydantic, 100 ms

    known, there = set(_fields(resource_schema(kind))), set(_fields(found))
    if lacking := sorted(known - there):
        return f"older than this client, it lacks {_some(lacking)}; apply the CRD of this release"
    if more := sorted(there - known):
        return f"newer than this client, it also has {_some(more)}"
    return "the one that this client was built for"


def _fields(schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Paths of all properties, like spec.strategy.steps[].setWeight."""
    for name, child in schema.get("properties", {}).items():
        inner = f"{path}.{name}" if path else name
        yield inner
        yield from _fields(child, inner)
    if "items" in schema:
        yield from _fields(schema["items"], f"{path}[]")


def _some(paths: list[str]) -> str:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return f"{', '.join(paths[:_SHOWN])}{more}"
