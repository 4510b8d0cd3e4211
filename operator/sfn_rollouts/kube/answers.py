"""What an answer of the API server must be to be one, and not that of something in front of it.

A load balancer, an access proxy or a captive portal answers with pages of its own, with 200 as well as with 404. Taken
for the API server's, a page would end a thread of ours, "404" from an ingress would say that a rollout in flight is
gone, and `{}` that nothing is to be done. Such an answer is no answer: Transient, whatever its code is.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sfn_rollouts.api import GROUP, KIND, VERSION
from sfn_rollouts.api.access import ACCESS_KIND
from sfn_rollouts.errors import Transient
from sfn_rollouts.shapes import Shape, misfit


@dataclass(frozen=True, slots=True)
class Answer:
    """What is due: apiVersion and kind (empty: it has none), and the parts that whoever asked relies on."""

    api_version: str
    kind: str
    parts: Mapping[str, Shape]

    def misfit(self, value: Any) -> str | None:
        """Return in what decoded JSON is no such answer, None when it is one."""
        if type(value) is not dict:
            return f"a JSON {_NAMES.get(type(value), 'value')} and no object"
        said = (value.get("apiVersion", ""), value.get("kind", ""))
        if self.kind and said != (self.api_version, self.kind):
            return f"no {self.kind} of {self.api_version}"
        missing = misfit(value, self.parts)
        return missing and f"{missing} is not there or not as it must be"


_NAMES = {list: "list", str: "text", int: "number", float: "number", bool: "boolean", type(None): "null"}
_OF_THE_CLUSTER: Mapping[str, Shape] = {
    "name": str,
    "uid": str,
    "resourceVersion": str,
    "generation": int,
    "creationTimestamp": str,
    "deletionTimestamp?": str,
    "annotations?": dict,
    "finalizers?": [str],
}
_METADATA: Shape = {**_OF_THE_CLUSTER, "namespace": str}
ROLLOUT = Answer(f"{GROUP}/{VERSION}", KIND, {"metadata": _METADATA, "spec?": dict, "status?": dict})
ROLLOUTS = Answer(f"{GROUP}/{VERSION}", f"{KIND}List", {"metadata": {"continue?": str}, "items": [ROLLOUT.parts]})
ACCESS = Answer(
    f"{GROUP}/{VERSION}",
    ACCESS_KIND,
    {"metadata": _OF_THE_CLUSTER, "spec?": dict, "status?": dict},
)
ACCESSES = Answer(f"{GROUP}/{VERSION}", f"{ACCESS_KIND}List", {"metadata": {"continue?": str}, "items": [ACCESS.parts]})
NAMESPACE = Answer("v1", "Namespace", {"metadata": {"name": str, "uid": str, "labels?": dict}})
NAMESPACES = Answer("v1", "NamespaceList", {"metadata": {"continue?": str}, "items": [NAMESPACE.parts]})
LEASE = Answer(
    "coordination.k8s.io/v1",
    "Lease",
    {
        "metadata": {"resourceVersion": str},
        "spec?": {"holderIdentity?": str, "leaseDurationSeconds?": int, "renewTime?": str, "leaseTransitions?": int},
    },
)
CRD = Answer(
    "apiextensions.k8s.io/v1",
    "CustomResourceDefinition",
    {
        "metadata": {"resourceVersion": str},
        "spec": {
            "versions": [
                {"name": str, "served": bool, "subresources?": dict, "schema?": {"openAPIV3Schema?": dict}},
            ]
        },
        "status?": {"conditions?": [{"type": str, "status": str}]},
    },
)
EVENT = Answer("v1", "Event", {"metadata": {"name": str}})
REVIEW = Answer("authorization.k8s.io/v1", "SelfSubjectAccessReview", {"status": {"allowed": bool}})
GROUPS = Answer("v1", "APIGroupList", {"groups": [{"name": str, "versions": [{"version": str}]}]})
KINDS = Answer("v1", "APIResourceList", {"resources": [{"name": str}]})
SERVER_VERSION = Answer("", "", {"gitVersion": str})
_STATUS = Answer("v1", "Status", {"message?": str, "status?": str})


def understood(what: str, due: Answer, body: bytes, content_type: str | None) -> dict[str, Any]:
    """Return the answer decoded; `what` is "verb resource", `content_type` the header.

    Raises:
        Transient: it is not the API server's.
    """
    problem, decoded = _decoded(body, content_type)
    problem = problem or due.misfit(decoded)
    if problem:
        raise Transient(f"{what}: it was answered with what is not the API server's: {problem}")
    return dict(decoded)


def status_of(body: bytes, content_type: str | None) -> Mapping[str, Any] | None:
    """Return the Status with which the API server refuses, None where something else wrote the page."""
    problem, decoded = _decoded(body, content_type)
    return None if problem or _STATUS.misfit(decoded) else dict(decoded)


def _decoded(body: bytes, content_type: str | None) -> tuple[str | None, Any]:
    """Return what is wrong, or None, and the JSON. A header that is absent means JSON, as in client-go."""
    media_type = (content_type or "application/json").split(";")[0].strip().lower()
    if media_type != "application/json":
        return f"{media_type[:60]!a} and no JSON", None
    try:
        return None, json.loads(body)
    except (ValueError, RecursionError):  # a page, a text that was cut off, thousands of brackets
        return "no JSON", None
