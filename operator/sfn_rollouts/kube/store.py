"""The resources at the API server: list, read, write status and finalizer. AWSAccesses and namespaces likewise."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sfn_rollouts.api import FINALIZER, GROUP, PLURAL, VERSION
from sfn_rollouts.api.access import ACCESS_PLURAL, AccessStatus
from sfn_rollouts.errors import Conflict, Gone
from sfn_rollouts.kube.answers import ACCESS, ACCESSES, NAMESPACES, ROLLOUT, ROLLOUTS, Answer
from sfn_rollouts.kube.connection import FIELD_MANAGER, Connection, path_of
from sfn_rollouts.kube.patches import finalizer_patch, status_patch, with_or_without
from sfn_rollouts.ports import Key, Report

_PAGE = 500
_WRITER = {"fieldManager": FIELD_MANAGER}


class KubeStore:
    """`ports.ResourceStore` over one connection. `namespaces` empty means all of them."""

    def __init__(self, connection: Connection, namespaces: Sequence[str] = (), page: int = _PAGE) -> None:
        self._connection = connection
        self._namespaces = tuple(namespaces)
        self._page = {"limit": str(page)}

    def list(self) -> Sequence[Mapping[str, Any]]:
        """All resources in scope, read in pages."""
        scopes = [("namespaces", namespace) for namespace in self._namespaces]
        paths = [path_of("apis", GROUP, VERSION, *scope, PLURAL) for scope in scopes or ((),)]
        return [each for path in paths for each in self._pages(PLURAL, path, ROLLOUTS)]

    def list_accesses(self) -> Sequence[Mapping[str, Any]]:
        """All AWSAccesses of the cluster, whatever the scope."""
        return [*self._pages(ACCESS_PLURAL, path_of("apis", GROUP, VERSION, ACCESS_PLURAL), ACCESSES)]

    def list_namespaces(self) -> Sequence[Mapping[str, Any]]:
        """All namespaces of the cluster, whatever the scope."""
        return [*self._pages("namespaces", path_of("api", "v1", "namespaces"), NAMESPACES)]

    def get(self, key: Key) -> Mapping[str, Any]:
        """One resource. Gone: it was deleted."""
        return self._connection.call("get", PLURAL, _path(key), ROLLOUT)

    def report(self, report: Report) -> Mapping[str, Any] | None:
        """Write finalizer, then status; return the resource as stored, None once it is gone.

        Raises:
            Conflict: the resource is no longer at `report.resource_version`.
        """
        try:
            return self._write(report)
        except Gone:
            return None

    def report_access(
        self, name: str, uid: str, resource_version: str, status: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """Write the status of an AWSAccess; return it as stored, None once it is gone.

        Raises:
            Conflict: it is no longer at this version, or another one of the same name has come in its place.
        """
        path = path_of("apis", GROUP, VERSION, ACCESS_PLURAL, name, "status")
        body = status_patch(resource_version, status, AccessStatus)
        body["metadata"]["uid"] = uid
        try:
            return self._connection.call("patch", f"{ACCESS_PLURAL}/status", path, ACCESS, _WRITER, body)
        except Gone:
            return None

    def _write(self, report: Report) -> Mapping[str, Any] | None:
        stored: Mapping[str, Any] | None = None
        if report.finalizer is not None:
            stored = self._set_finalizer(report)
            if _is_gone(stored):
                return None
        if report.status is None:
            return stored if stored is not None else self.get(report.key)
        version = report.resource_version if stored is None else stored["metadata"]["resourceVersion"]
        body = status_patch(version, report.status)
        return self._connection.call("patch", f"{PLURAL}/status", _path(report.key, "status"), ROLLOUT, _WRITER, body)

    def _set_finalizer(self, report: Report) -> Mapping[str, Any]:
        # The patch replaces the list, and the report does not know others' finalizers: read them, as of the decision.
        found = self.get(report.key)
        if found["metadata"]["resourceVersion"] != report.resource_version or found["metadata"]["uid"] != report.uid:
            raise Conflict(f"{report.key} has changed since it was read")
        before = found["metadata"].get("finalizers") or []
        after = with_or_without(before, FINALIZER, wanted=bool(report.finalizer))
        if after == before:
            return found
        body = finalizer_patch(report.resource_version, after)
        return self._connection.call("patch", PLURAL, _path(report.key), ROLLOUT, _WRITER, body)

    def _pages(self, resource: str, path: str, due: Answer) -> Iterator[Mapping[str, Any]]:
        query = self._page
        while True:
            page = self._connection.call("list", resource, path, due, query)
            yield from page["items"]
            following = page["metadata"].get("continue")
            if not following:
                return
            query = {**self._page, "continue": following}


def _path(key: Key, *subresource: str) -> str:
    return path_of("apis", GROUP, VERSION, "namespaces", key.namespace, PLURAL, key.name, *subresource)


def _is_gone(resource: Mapping[str, Any]) -> bool:
    """Whether taking the last finalizer away has just deleted it: the API server answers that with its last state."""
    metadata = resource["metadata"]
    return metadata.get("deletionTimestamp") is not None and not metadata.get("finalizers")
