"""The API server as the ports show it: resource versions, generations, conflicts, finalizers, deletion, a watch."""

import copy
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sfn_rollouts.api import COMMAND_ANNOTATION, FINALIZER
from sfn_rollouts.errors import Conflict, Gone, Transient
from sfn_rollouts.ports import Key, Report
from tests.engine.fake_clock import FakeClock
from tests.engine.faults import Faults

Raw = dict[str, Any]


class FakeApiServer:
    """`ports.ResourceStore`. `watch` holds what a watch would bring: a resource, or the uid of one that is gone."""

    def __init__(self, clock: FakeClock, effect: Callable[[str], None]) -> None:
        self._clock = clock
        self._effect = effect
        self._resources: dict[Key, Raw] = {}
        self._version = 100
        self.faults = Faults()
        self.is_down = False
        self.is_watch_cut = False
        self.watch: deque[Raw | str] = deque()
        self.calls: list[str] = []
        self.phases: list[str] = []  # each status written
        self.unknown_fields: set[str] = set()  # an older CRD prunes them, read and written

    # -- what people do --

    def apply(self, name: str, spec: Mapping[str, Any], namespace: str = "shop") -> str:
        """Create the resource or change its spec; gives its uid."""
        key = Key(namespace, name)
        known = self._resources.get(key)
        if known is not None:
            if known["spec"] != spec:
                self._change(key, spec=copy.deepcopy(dict(spec)), generation=known["metadata"]["generation"] + 1)
            return str(known["metadata"]["uid"])
        uid = f"uid-{self._version}"
        metadata = {"namespace": namespace, "name": name, "uid": uid, "generation": 1, "finalizers": []}
        metadata["creationTimestamp"] = f"{self._clock.now():%Y-%m-%dT%H:%M:%SZ}"
        self._resources[key] = {
            "metadata": metadata,
            "spec": copy.deepcopy(dict(spec)),
            "status": {"observedGeneration": -1},
        }
        self._bump(key)
        return uid

    def command(self, name: str, namespace: str = "shop", **command: Any) -> None:
        key = Key(namespace, name)
        text = json.dumps({"generation": self._resources[key]["metadata"]["generation"], **command})
        self._resources[key]["metadata"]["annotations"] = {COMMAND_ANNOTATION: text}
        self._bump(key)

    def delete(self, name: str, namespace: str = "shop") -> None:
        key = Key(namespace, name)
        self._resources[key]["metadata"]["deletionTimestamp"] = "2026-03-01T12:00:00Z"
        self._bump(key)
        self._collect(key)

    def set_finalizers(self, name: str, *finalizers: str, namespace: str = "shop") -> None:
        key = Key(namespace, name)
        self._resources[key]["metadata"]["finalizers"] = list(finalizers)
        self._bump(key)
        self._collect(key)

    def write_status(self, name: str, namespace: str = "shop", **fields: Any) -> None:
        """Somebody else writes fields of the status."""
        key = Key(namespace, name)
        self._resources[key]["status"].update(fields)
        self._bump(key)

    def drop(self, name: str, namespace: str = "shop") -> str:
        """Gone by force, and an event that the watch missed; gives the uid."""
        return str(self._resources.pop(Key(namespace, name))["metadata"]["uid"])

    def resource(self, name: str, namespace: str = "shop") -> Raw | None:
        raw = self._resources.get(Key(namespace, name))
        return None if raw is None else self._shown(raw)

    # -- ports.ResourceStore --

    def list(self) -> Sequence[Mapping[str, Any]]:
        self._answer("list")
        return [self._shown(raw) for raw in self._resources.values()]

    def get(self, key: Key) -> Mapping[str, Any]:
        self._answer("get")
        if key not in self._resources:
            raise Gone(f"{key} is gone")
        return self._shown(self._resources[key])

    def report(self, report: Report) -> Mapping[str, Any] | None:
        self._answer("report")
        raw = self._resources.get(report.key)
        if raw is None:
            return None
        if (raw["metadata"]["resourceVersion"], raw["metadata"]["uid"]) != (report.resource_version, report.uid):
            raise Conflict(f"{report.key} has changed since it was read")
        if report.finalizer is not None:
            self._set_finalizer(report.key, raw, is_wanted=report.finalizer)
            if report.key not in self._resources:
                return None
        if report.status is not None:
            self._set_status(report.key, raw, report.status)
        self.faults.strike("report", is_after_effect=True)
        return self._shown(raw)

    # -- inside --

    def _shown(self, raw: Raw) -> Raw:
        status = {field: value for field, value in raw["status"].items() if field not in self.unknown_fields}
        return copy.deepcopy(raw | {"status": status})

    def _answer(self, call: str) -> None:
        self.calls.append(call)
        if self.is_down:
            raise Transient("the API server does not answer")
        self.faults.strike(call, is_after_effect=False)

    def _set_finalizer(self, key: Key, raw: Raw, *, is_wanted: bool) -> None:
        self._effect("before a finalizer write")
        others = [each for each in raw["metadata"]["finalizers"] if each != FINALIZER]
        assert not (is_wanted and "deletionTimestamp" in raw["metadata"]), "no new finalizer on what is being deleted"
        raw["metadata"]["finalizers"] = [*others, FINALIZER] if is_wanted else others
        self._bump(key)
        self._collect(key)
        self._effect("after a finalizer write")

    def _set_status(self, key: Key, raw: Raw, status: Mapping[str, Any]) -> None:
        self._effect("before a status write")
        raw["status"] = json.loads(json.dumps(status))
        self.phases.append(raw["status"].get("phase", ""))
        self._bump(key)
        self._effect("after a status write")

    def _change(self, key: Key, spec: Raw, generation: int) -> None:
        raw = self._resources[key]
        raw["spec"], raw["metadata"]["generation"] = spec, generation
        self._bump(key)

    def _bump(self, key: Key) -> None:
        """Any write stores what can be read of all else."""
        self._version += 1
        raw = self._resources[key]
        raw["metadata"]["resourceVersion"] = str(self._version)
        raw["status"] = self._shown(raw)["status"]
        if not self.is_watch_cut:
            self.watch.append(copy.deepcopy(raw))

    def _collect(self, key: Key) -> None:
        metadata = self._resources[key]["metadata"]
        if "deletionTimestamp" in metadata and not metadata["finalizers"]:
            del self._resources[key]
            if not self.is_watch_cut:
                self.watch.append(str(metadata["uid"]))
