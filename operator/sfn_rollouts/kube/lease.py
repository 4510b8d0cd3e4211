"""The Lease at the API server: who leads, since when, and how to write it so that two cannot."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sfn_rollouts.errors import Gone
from sfn_rollouts.kube.answers import LEASE
from sfn_rollouts.kube.connection import FIELD_MANAGER, Connection, path_of
from sfn_rollouts.leading.candidate import Lease

LEASES = "leases.coordination.k8s.io"
_GROUP = ("apis", "coordination.k8s.io", "v1", "namespaces")
_WRITER = {"fieldManager": FIELD_MANAGER}
_INT32_MAX = 2**31 - 1


class LeaseStore:
    """`leading.candidate.LeaseLock` over one connection."""

    def __init__(self, connection: Connection, namespace: str, name: str) -> None:
        self._connection = connection
        self._namespace = namespace
        self._name = name

    def read(self) -> Lease | None:
        """Return the Lease, None while there is none."""
        try:
            return parsed(self._connection.call("get", LEASES, self._path(self._name), LEASE))
        except Gone:
            return None

    def create(self, holder: str, duration_s: float) -> Lease:
        """Create it as held. Conflict: somebody was faster."""
        now = _micro_time(datetime.now(UTC))
        body = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self._name, "namespace": self._namespace},
            "spec": {**_held(holder, duration_s, now), "acquireTime": now, "leaseTransitions": 0},
        }
        return parsed(self._connection.call("create", LEASES, self._path(), LEASE, _WRITER, body))

    def write(self, before: Lease, holder: str, duration_s: float) -> Lease:
        """Renew, take over, or, with no holder, release. Conflict: it is no longer as it was read."""
        now = _micro_time(datetime.now(UTC))
        spec = _held(holder, duration_s, now)
        if holder and holder != before.holder:
            spec |= {"acquireTime": now, "leaseTransitions": _one_more(before.transitions)}
        body = {"metadata": {"resourceVersion": before.resource_version}, "spec": spec}
        return parsed(self._connection.call("patch", LEASES, self._path(self._name), LEASE, _WRITER, body))

    def _path(self, *name: str) -> str:
        return path_of(*_GROUP, self._namespace, "leases", *name)


def parsed(raw: Mapping[str, Any]) -> Lease:
    """Parse a Lease as the API server returns it (`answers.LEASE`); what is absent counts as not held."""
    spec = raw.get("spec") or {}
    return Lease(
        resource_version=raw["metadata"]["resourceVersion"],
        holder=spec.get("holderIdentity") or "",
        duration_s=_within_int32(spec.get("leaseDurationSeconds") or 0),
        renewed=spec.get("renewTime") or "",
        transitions=_within_int32(spec.get("leaseTransitions") or 0),
    )


def _within_int32(number: int) -> int:
    """As the API server stores it; a longer number cannot even become a float."""
    return max(-_INT32_MAX, min(number, _INT32_MAX))


def _one_more(transitions: int) -> int:
    """Count on, from 0 again after the last number that the API server takes: it refuses a whole write over more."""
    return transitions + 1 if 0 <= transitions < _INT32_MAX else 0


def _held(holder: str, duration_s: float, now: str) -> dict[str, Any]:
    return {"holderIdentity": holder, "leaseDurationSeconds": max(int(duration_s), 1), "renewTime": now}


def _micro_time(moment: datetime) -> str:
    """As Kubernetes's MicroTime."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
