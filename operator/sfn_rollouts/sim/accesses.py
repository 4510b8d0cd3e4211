"""The AWSAccesses at the API server, what they truly say to the rollouts of the one namespace, and the port to them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sfn_rollouts.api.resource import parse_access
from sfn_rollouts.core.granting import Access, match
from sfn_rollouts.core.values.access import AccessReading
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.errors import Conflict
from sfn_rollouts.sim.network import Caller, Network

_LIST, _PATCH_STATUS = "kubernetes.List", "kubernetes.PatchStatus"

Resource = Mapping[str, Any]
NAMESPACE = "default"


class AccessServer:
    """What people apply and delete; `watchers` hear of each change as (resource, whether it is gone)."""

    def __init__(self, specs: Mapping[str, Mapping[str, Any]]) -> None:
        self.watchers: list[Callable[[Resource, bool], None]] = []
        self._stored: dict[str, Resource] = {}
        self._version = 0
        for name, spec in specs.items():
            self.apply(name, spec)

    def apply(self, name: str, spec: Mapping[str, Any] | None) -> None:
        """Create an AWSAccess or change its spec; None deletes it."""
        known = self._stored.get(name)
        if spec is None:
            if known is not None:
                del self._stored[name]
                self._tell(known, is_gone=True)
            return
        born: Mapping[str, Any] = {"uid": f"{name}-{self._version}", "generation": 0}
        metadata = known["metadata"] if known is not None else born
        self._store(name, {**metadata, "generation": metadata["generation"] + 1}, spec, {})

    def list(self) -> Sequence[Resource]:
        """All that there are."""
        return list(self._stored.values())

    def set_status(self, name: str, uid: str, version: str, status: Mapping[str, Any]) -> Resource | None:
        """Write the status; None once it is gone. Conflict: it has changed since that version."""
        known = self._stored.get(name)
        if known is None or known["metadata"]["uid"] != uid:
            return None
        if known["metadata"]["resourceVersion"] != version:
            raise Conflict(f"AWSAccess {name} has changed since it was read")
        return self._store(name, known["metadata"], known["spec"], status)

    def says(self, alias: AliasArn) -> AccessReading:
        """Return what they say to a rollout of this alias."""
        known = [Access(name, parse_access(each["spec"])) for name, each in self._stored.items()]
        return match(known, NAMESPACE, None, alias, is_required=False)

    def _store(
        self, name: str, metadata: Mapping[str, Any], spec: Mapping[str, Any], status: Mapping[str, Any]
    ) -> Resource:
        self._version += 1
        stamped = {**metadata, "name": name, "resourceVersion": str(self._version)}
        self._stored[name] = {"metadata": stamped, "spec": spec, "status": status}
        self._tell(self._stored[name], is_gone=False)
        return self._stored[name]

    def _tell(self, resource: Resource, *, is_gone: bool) -> None:
        for watcher in self.watchers:
            watcher(resource, is_gone)


class SimAccessStore:
    """`ports.AccessStore`."""

    def __init__(self, caller: Caller, network: Network, server: AccessServer) -> None:
        self._caller = caller
        self._network = network
        self._server = server

    def list_accesses(self) -> Sequence[Resource]:
        """All AWSAccesses."""
        return self._network.call(self._caller, _LIST, lambda _: self._server.list())

    def list_namespaces(self) -> Sequence[Resource]:
        """None: no access here selects by label."""
        return ()

    def report_access(self, name: str, uid: str, resource_version: str, status: Mapping[str, Any]) -> Resource | None:
        """Write the status."""

        def effect(_: float) -> Resource | None:
            return self._server.set_status(name, uid, resource_version, status)

        return self._network.call(self._caller, _PATCH_STATUS, effect)
