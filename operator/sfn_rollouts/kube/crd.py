"""Whether the CRDs in the cluster are such that this operator can work with them."""

from collections.abc import Iterator, Mapping
from typing import Any

from sfn_rollouts.api import VERSION
from sfn_rollouts.api.crd import resource_schema
from sfn_rollouts.api.kinds import KINDS, Kind
from sfn_rollouts.errors import Gone
from sfn_rollouts.kube.answers import CRD
from sfn_rollouts.kube.connection import Connection, path_of

REMEDY = "apply the CRDs of this release: kubectl apply --server-side -f crds/, or crds.install=true with Helm"
_SHOWN = 5


def crd_problem(connection: Connection) -> str | None:
    """Read the CRDs; return what is wrong with the first that is, and the remedy; None when all is well.

    Raises:
        Denied: no permission to read it.
        Transient: no answer.
    """
    return next((problem for kind in KINDS if (problem := _problem(connection, kind))), None)


def _problem(connection: Connection, kind: Kind) -> str | None:
    try:
        found = connection.call(
            "get",
            "customresourcedefinitions.apiextensions.k8s.io",
            path_of("apis", "apiextensions.k8s.io", "v1", "customresourcedefinitions", kind.crd_name),
            CRD,
        )
    except Gone:
        return f"the CRD {kind.crd_name} is not installed; {REMEDY}"
    problem = shortcoming(found, kind)
    return problem and f"the CRD {kind.crd_name} {problem}; {REMEDY}"


def shortcoming(found: Mapping[str, Any], kind: Kind) -> str | None:
    """What this CRD lacks for us, None when nothing. A newer one, with more fields, is fine."""
    version = next((each for each in found["spec"]["versions"] if each["name"] == VERSION), None)
    if version is None or not version["served"]:
        return f"does not serve {VERSION}"
    if "status" not in (version.get("subresources") or {}):
        return "has no status subresource"
    lacking = sorted(_lacking(resource_schema(kind), _schema(version), ""))
    if lacking:
        # The API server drops unknown fields silently: a status without its intent would lose a rollout.
        more = f" and {len(lacking) - _SHOWN} more" if len(lacking) > _SHOWN else ""
        return f"is too old, it lacks {', '.join(lacking[:_SHOWN])}{more}"
    if not _is_established(found):
        return "is not established yet"
    return None


def _schema(version: Mapping[str, Any]) -> Mapping[str, Any]:
    return (version.get("schema") or {}).get("openAPIV3Schema") or {}


def _lacking(wanted: Mapping[str, Any], found: Mapping[str, Any], path: str) -> Iterator[str]:
    """Paths of the properties that are wanted and not found, the outermost only."""
    for name, schema in wanted.get("properties", {}).items():
        inner = f"{path}.{name}" if path else name
        if name in found.get("properties", {}):
            yield from _lacking(schema, found["properties"][name], inner)
        else:
            yield inner
    if "items" in wanted:
        yield from _lacking(wanted["items"], found.get("items", {}), f"{path}[]")


def _is_established(found: Mapping[str, Any]) -> bool:
    conditions = (found.get("status") or {}).get("conditions") or []
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)
