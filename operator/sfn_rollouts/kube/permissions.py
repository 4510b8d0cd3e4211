"""What the operator may do in the cluster, asked of the API server itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sfn_rollouts.api import GROUP, PLURAL
from sfn_rollouts.api.access import ACCESS_PLURAL
from sfn_rollouts.kube.answers import REVIEW
from sfn_rollouts.kube.connection import Connection, path_of


@dataclass(frozen=True, slots=True)
class Right:
    """One verb on one resource. Without a vital one there is no point in running.

    What is in no namespace is asked for once, and granted by a ClusterRole also where only some namespaces are watched.
    """

    verb: str
    group: str
    resource: str
    subresource: str = ""
    is_vital: bool = True
    name: str = ""  # of the one resource that it is about
    is_namespaced: bool = True

    def __str__(self) -> str:
        resource = f"{self.resource}/{self.subresource}" if self.subresource else self.resource
        return f"{self.verb} {resource}{'.' + self.group if self.group else ''}"


# The same list as deploy/base/rbac.yaml but for `get` on the CRDs, which is tried before; a test compares the two.
RIGHTS = (
    Right("list", GROUP, PLURAL),
    Right("watch", GROUP, PLURAL),
    Right("get", GROUP, PLURAL),
    Right("patch", GROUP, PLURAL),
    Right("patch", GROUP, PLURAL, "status"),
    Right("create", "", "events", is_vital=False),
    Right("patch", "", "events", is_vital=False),
    Right("list", GROUP, ACCESS_PLURAL, is_namespaced=False),
    Right("watch", GROUP, ACCESS_PLURAL, is_namespaced=False),
    Right("patch", GROUP, ACCESS_PLURAL, "status", is_vital=False, is_namespaced=False),
    Right("list", "", "namespaces", is_namespaced=False),
    Right("watch", "", "namespaces", is_namespaced=False),
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
    """Rights we lack, each with the namespace where ("" means everywhere, or in none). None are needed to ask.

    Raises:
        Transient, Denied: the API server does not answer the question.
    """
    return [
        (right, namespace)
        for right, namespace in _asked(namespaces, rights)
        if not _is_allowed(connection, right, namespace)
    ]


def _asked(namespaces: Sequence[str], rights: Sequence[Right]) -> Iterator[tuple[Right, str]]:
    for namespace in namespaces or ("",):
        yield from ((right, namespace) for right in rights if right.is_namespaced)
    yield from ((right, "") for right in rights if not right.is_namespaced)


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
