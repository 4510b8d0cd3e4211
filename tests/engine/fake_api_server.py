"""The API server as the ports show it, with outages, refusals and lost answers."""

import copy
import json
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sfn_rollouts.errors import Conflict, Transient
from sfn_rollouts.ports import Key, Report
from sfn_rollouts.sim.api_server import ApiServer, Resource
from tests.engine.fake_clock import FakeClock
from tests.engine.faults import Faults
from tests.true_time import TrueTime

Raw = dict[str, Any]


class FakeApiServer:
    """`ports.ResourceStore`. `watch` holds what a watch would bring: a resource, or the uid of one that is gone.

    `effect` is called around the operator's writes.
    """

    def __init__(self, clock: FakeClock, effect: Callable[[str], None]) -> None:
        self._effect = effect
        self._server = ApiServer(TrueTime(clock.now))
        self._server.watchers.append(self._watched)
        self.faults = Faults()
        self.is_down = False
        self.is_watch_cut = False
        self.watch: deque[Raw | str] = deque()
        self.calls: list[str] = []
        self.phases: list[str] = []  # each status written

    @property
    def unknown_fields(self) -> Collection[str]:
        """Fields of the status that an older CRD prunes, read and written."""
        return self._server.unknown_fields

    @unknown_fields.setter
    def unknown_fields(self, names: Collection[str]) -> None:
        self._server.unknown_fields = names

    # -- what people do --

    def apply(self, name: str, spec: Mapping[str, Any], namespace: str = "shop") -> str:
        """Create the resource or change its spec; returns its uid."""
        key, spec = Key(namespace, name), copy.deepcopy(dict(spec))
        known = self._server.find(key)
        if known is None:
            return str(self._server.create(key, spec)["metadata"]["uid"])
        return str(self._server.edit(key, {**dict.fromkeys(known["spec"]), **spec})["metadata"]["uid"])

    def command(self, name: str, namespace: str = "shop", **command: Any) -> None:
        key = Key(namespace, name)
        generation = self._server.get(key)["metadata"]["generation"]
        self._server.annotate(key, json.dumps({"generation": generation, **command}))

    def delete(self, name: str, namespace: str = "shop") -> None:
        self._server.delete(Key(namespace, name))

    def set_finalizers(self, name: str, *finalizers: str, namespace: str = "shop") -> None:
        self._server.set_finalizers(Key(namespace, name), finalizers)

    def write_status(self, name: str, namespace: str = "shop", **fields: Any) -> None:
        """Somebody else writes fields of the status."""
        key = Key(namespace, name)
        found = self._server.get(key)
        self._server.set_status(key, found["metadata"]["resourceVersion"], {**found["status"], **fields})

    def drop(self, name: str, namespace: str = "shop") -> str:
        """Gone by force, and an event that the watch missed; returns the uid."""
        key, is_watch_cut = Key(namespace, name), self.is_watch_cut
        self.is_watch_cut = True
        uid = str(self._server.set_finalizers(key, ())["metadata"]["uid"])
        if self._server.find(key) is not None:
            self._server.delete(key)
        self.is_watch_cut = is_watch_cut
        return uid

    def uid(self, name: str, namespace: str = "shop") -> str:
        return str(self._server.get(Key(namespace, name))["metadata"]["uid"])

    def resource(self, name: str, namespace: str = "shop") -> Raw | None:
        found = self._server.find(Key(namespace, name))
        return None if found is None else _copied(found)

    # -- ports.ResourceStore --

    def list(self) -> Sequence[Mapping[str, Any]]:
        self._answer("list")
        return [_copied(resource) for resource in self._server.list()]

    def get(self, key: Key) -> Mapping[str, Any]:
        self._answer("get")
        return _copied(self._server.get(key))

    def report(self, report: Report) -> Mapping[str, Any] | None:
        self._answer("report")
        stored = self._server.find(report.key)
        if stored is None:
            return None
        if (_version(stored), stored["metadata"]["uid"]) != (report.resource_version, report.uid):
            raise Conflict(f"{report.key} has changed since it was read")
        if report.finalizer is not None:
            stored = self._set_finalizer(report.key, stored, is_wanted=report.finalizer)
            if stored is None:
                return None
        if report.status is not None:
            stored = self._set_status(report.key, stored, report.status)
        self.faults.strike("report", is_after_effect=True)
        return _copied(stored)

    # -- inside --

    def _answer(self, call: str) -> None:
        self.calls.append(call)
        if self.is_down:
            raise Transient("the API server does not answer")
        self.faults.strike(call, is_after_effect=False)

    def _set_finalizer(self, key: Key, found: Resource, *, is_wanted: bool) -> Resource | None:
        self._effect("before a finalizer write")
        assert not (is_wanted and "deletionTimestamp" in found["metadata"]), "no new finalizer on what is being deleted"
        stored = self._server.set_finalizer(key, _version(found), is_wanted)
        is_gone = self._server.find(key) is None
        self._effect("after a finalizer write")
        return None if is_gone else stored

    def _set_status(self, key: Key, found: Resource, status: Mapping[str, Any]) -> Resource:
        self._effect("before a status write")
        stored = self._server.set_status(key, _version(found), json.loads(json.dumps(status)))
        self.phases.append(status.get("phase", ""))
        self._effect("after a status write")
        return stored

    def _watched(self, resource: Resource, is_gone: bool) -> None:
        if not self.is_watch_cut:
            self.watch.append(str(resource["metadata"]["uid"]) if is_gone else _copied(resource))


def _version(resource: Resource) -> str:
    return str(resource["metadata"]["resourceVersion"])


def _copied(resource: Resource) -> Raw:
    return copy.deepcopy(dict(resource))
