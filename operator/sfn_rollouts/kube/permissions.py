"""What the operator may do in the cluster, asked of the API server itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from sfn_rollouts.api import GROUP, PLURAL
from sfn_rollouts.kube.answers import REVIEW
from sfn_rollouts.kube.connection import Connection, path_of


@dataclass(frozen=True, slots=True)
class Right:
    """One verb on one resource. Without a vital one there is no point in running."""

    verb: str
    group: str
    resource: str
    subresource: str = ""
    is_vital: bool = True
    name: str = ""  # of the one resource that it is about

    def __str__(self) -> str:
        resource = f"{self.resource}/{self.subresource}" if self.subresource else self.resource
        return f"{self.verb} {resource}{'.' + self.group if self.group else ''}"


# The same list as deploy/base/rbac.yaml but for `get` on the CRD, which is tried before; a test compares the two.
RIGHTS = (
    Right("list", GROUP, PLURAL),
    Right("watch", GROUP, PLURAL),
    Right("get", GROUP, PLURAL),
    Right("patch", GROUP, PLURAL),
    Right("patch", GROUP, PLURAL, "status"),
    Right("create", "", "events", is_vital=False),
    Right("patch", "", "events", is_vital=False),
)


LEASE = "sfn-rollouts"
LEASE_RIGHTS = (
    Right("create", "coordination.k8s.io", "leases"),
    Right("get", "coordination.k8s.io", "leases", name=LEASE),
    Right("patch", "coordination.k8s.io", "leases", name=LEASE),
)
"""For leader election, in the lease's namespace."""


def missing_rights(
    connection: Connection, namespaces: Sequence[str], rights: Sequence[Right] = RIGHTS
) -> list[tuple[Right, str]]:
    """Rights we lack, each with the namespace where ("" means everywhere). None are needed to ask.

    Raises:
        Transient, Denied: the API server does not answer the question.
    """
    return [
        (right, namespace)
        for namespace in namespaces or ("",)
        for right in rights
        if not _is_allowed(connection, right, namespace)
    ]


def _is_allowed(connection: Connection, right: Right, namespace: str) -> bool:
    attributes = {
        "namespace": namespace,
        "verb": right.verb,
        "group": right.group,
        "resource": right.resource,
        "subresource": right.subresource,
        "name": right.name,
    }
    answer = connection.call(
        "create",
        "selfsubjectaccessreviews.authorization.k8s.io",
        path_of("apis", "authorization.k8s.io", "v1", "selfsubjectaccessreviews"),
        REVIEW,
        body={
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        },
    )
    return bool(answer["status"]["allowed"])
