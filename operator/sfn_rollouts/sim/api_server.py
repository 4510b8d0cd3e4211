"""The API server: resource versions, generations, conflicts, finalizers, deletion, watches."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sfn_rollouts.api import COMMAND_ANNOTATION, FINALIZER, GROUP, KIND, VERSION
from sfn_rollouts.errors import Conflict, Gone
from sfn_rollouts.ports import Key
from sfn_rollouts.sim.timeline import Time

Resource = Mapping[str, Any]
Watcher = Callable[[Resource, bool], None]
"""Called with each resource as changed, and whether it is gone."""

UNSEEN: Mapping[str, Any] = {"observedGeneration": -1}
"""A status that nobody has written, by the default of the CRD."""


class ApiServer:
    """Resources by key; every write makes a new value, so that what was handed out never changes.

    `unknown_fields` are those of the status that the CRD does not know, as an older one: they are neither shown nor
    stored, and any write of a resource stores what can be read of all else in it.
    """

    def __init__(self, time: Time) -> None:
        self._time = time
        self._version = 100
        self._uids = 0
        self._resources: dict[Key, Resource] = {}
        self.watchers: list[Watcher] = []
        self.unknown_fields: Collection[str] = ()

    # -- what people do --

    def create(self, key: Key, spec: Mapping[str, Any]) -> Resource:
        """`kubectl apply` of a new manifest."""
        self._uids += 1
        metadata = {
            "namespace": key.namespace,
            "name": key.name,
            "uid": f"uid-{self._uids}",
            "generation": 1,
            # No two at the same moment: it is how a world tells its rollouts apart.
            "creationTimestamp": (self._time.now + timedelta(microseconds=self._uids)).isoformat(),
        }
        spec = _without_nulls(spec)
        return self._store(
            {"apiVersion": f"{GROUP}/{VERSION}", "kind": KIND, "metadata": metadata, "spec": spec, "status": UNSEEN}
        )

    def edit(self, key: Key, changes: Mapping[str, Any]) -> Resource:
        """`kubectl apply` of a changed manifest: a new generation, if anything is new."""
        found = self.get(key)
        spec = _without_nulls({**found["spec"], **changes})
        if spec == found["spec"]:
            return found
        return self._store(_with_metadata({**found, "spec": spec}, generation=found["metadata"]["generation"] + 1))

    def annotate(self, key: Key, command: str) -> Resource:
        """A command arrives as an annotation."""
        found = self.get(key)
        annotations = {**found["metadata"].get("annotations", {}), COMMAND_ANNOTATION: command}
        return self._store(_with_metadata(found, annotations=annotations))

    def touch(self, key: Key) -> Resource:
        """Somebody else's label."""
        return self._store(_with_metadata(self.get(key), labels={"touched": str(self._version)}))

    def lose_status(self, key: Key) -> Resource:
        """A manifest is all that is left of it, as in a cluster that was built again: no status and no finalizer."""
        return self._store(_with_metadata({**self.get(key), "status": UNSEEN}, finalizers=[], annotations={}))

    def set_finalizers(self, key: Key, finalizers: Sequence[str]) -> Resource:
        """Replace the list of finalizers; the last one taken from a deleted resource removes it."""
        changed = _with_metadata(self.get(key), finalizers=[*finalizers])
        if "deletionTimestamp" in changed["metadata"] and not finalizers:
            self._remove(changed)
            return changed
        return self._store(changed)

    def delete(self, key: Key) -> None:
        """`kubectl delete`: at once without finalizers, else marked."""
        found = self.get(key)
        if not found["metadata"].get("finalizers"):
            self._remove(found)
        elif "deletionTimestamp" not in found["metadata"]:
            generation = found["metadata"]["generation"] + 1
            stamp = self._time.now.isoformat()
            self._store(_with_metadata(found, generation=generation, deletionTimestamp=stamp))

    # -- what the operator does --

    def find(self, key: Key) -> Resource | None:
        """One resource, None where there is none."""
        found = self._resources.get(key)
        return None if found is None else self._pruned(found)

    def get(self, key: Key) -> Resource:
        """One resource.

        Raises:
            Gone: there is none.
        """
        found = self.find(key)
        if found is None:
            raise Gone(f"{key} not found")
        return found

    def list(self) -> list[Resource]:
        """All of them."""
        return [self._pruned(resource) for resource in self._resources.values()]

    def set_finalizer(self, key: Key, version: str, wanted: bool) -> Resource:
        """Add our finalizer or take it away, guarded by the resource version."""
        found = self._guarded(key, version)
        others = [each for each in found["metadata"].get("finalizers", []) if each != FINALIZER]
        if wanted and "deletionTimestamp" in found["metadata"]:
            raise Conflict("no new finalizers can be added if the object is being deleted")
        return self.set_finalizers(key, [*others, FINALIZER] if wanted else others)

    def set_status(self, key: Key, version: str, status: Mapping[str, Any]) -> Resource:
        """Write the status, guarded by the resource version; the same again writes nothing."""
        changed = self._pruned({**self._guarded(key, version), "status": status})
        return changed if changed == self._resources[key] else self._store(changed)

    def _guarded(self, key: Key, version: str) -> Resource:
        found = self.get(key)
        if found["metadata"]["resourceVersion"] != version:
            raise Conflict(f"{key} has been modified")
        return found

    def _pruned(self, resource: Resource) -> Resource:
        if not self.unknown_fields:
            return resource
        status = {name: value for name, value in resource["status"].items() if name not in self.unknown_fields}
        return {**resource, "status": status}

    def _store(self, resource: Resource) -> Resource:
        self._version += 1
        stored = _with_metadata(resource, resourceVersion=str(self._version))
        self._resources[_key(stored)] = stored
        for watcher in tuple(self.watchers):
            watcher(stored, False)
        return stored

    def _remove(self, resource: Resource) -> None:
        self._version += 1
        del self._resources[_key(resource)]
        for watcher in tuple(self.watchers):
            watcher(resource, True)


def _key(resource: Resource) -> Key:
    return Key(resource["metadata"]["namespace"], resource["metadata"]["name"])


def _without_nulls(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in spec.items() if value is not None}


def _with_metadata(resource: Resource, **changes: Any) -> dict[str, Any]:
    return {**resource, "metadata": {**resource["metadata"], **changes}}
