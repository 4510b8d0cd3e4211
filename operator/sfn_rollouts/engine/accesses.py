"""The AWSAccesses and namespaces of the cluster, and what they say to each rollout."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sfn_rollouts.api.access import AccessSpec, AccessStatus
from sfn_rollouts.api.problems import SpecError
from sfn_rollouts.api.resource import parse_access, parse_access_status
from sfn_rollouts.core.granting import Access, match
from sfn_rollouts.core.values.access import AccessReading, NotGranted
from sfn_rollouts.core.values.identity import Identity
from sfn_rollouts.engine.record import Record
from sfn_rollouts.engine.resource import uid_of, version_of

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KnownAccess:
    """An AWSAccess as the API server has it. `spec` is why it is refused, where it is: then it grants nothing."""

    name: str
    uid: str
    resource_version: str
    generation: int
    spec: AccessSpec | str
    status: AccessStatus

    @classmethod
    def parse(cls, raw: Raw) -> "KnownAccess":
        """Parse one, strictly what a person wrote and leniently what an operator did."""
        metadata = raw["metadata"]
        return cls(
            name=metadata["name"],
            uid=uid_of(raw),
            resource_version=version_of(raw),
            generation=int(metadata.get("generation", 1)),
            spec=_spec(raw),
            status=parse_access_status(raw.get("status")),
        )

    @property
    def access(self) -> Access | None:
        """What it grants; None: nothing."""
        return Access(self.name, self.spec) if isinstance(self.spec, AccessSpec) else None


@dataclass(frozen=True, slots=True)
class _Namespace:
    uid: str
    labels: Mapping[str, str]


class AccessTable:
    """Each method that takes something in returns whether it changes what the table says.

    `is_required`: nothing is granted while there is no AWSAccess. `is_known`: there is nothing to wait for; else the
    table says nothing before `list`, since what was not read yet grants nothing.
    """

    def __init__(self, *, is_required: bool = False, is_known: bool = True) -> None:
        self._is_required = is_required
        self._is_known = is_known
        self._accesses: dict[str, KnownAccess] = {}  # by uid
        self._namespaces: dict[str, _Namespace] = {}  # by name
        self._round = 0
        self._said: dict[str, tuple[int, AccessReading]] = {}

    def see(self, raw: Raw) -> bool:
        """An AWSAccess as the API server has it."""
        seen, known = KnownAccess.parse(raw), self._accesses.get(uid_of(raw))
        if known is not None and not _is_newer(seen, known):
            return False
        self._accesses[seen.uid] = seen
        return (known is None or known.spec != seen.spec) and self._changed()

    def gone(self, uid: str) -> bool:
        """An AWSAccess was deleted."""
        if uid not in self._accesses:
            return False
        del self._accesses[uid]
        return self._changed()

    def see_namespace(self, raw: Raw) -> bool:
        """A namespace as the API server has it."""
        name, seen = _namespace(raw)
        if self._namespaces.get(name) == seen:
            return False
        self._namespaces[name] = seen
        return self._changed()

    def namespace_gone(self, uid: str) -> bool:
        """A namespace was deleted."""
        gone = [name for name, each in self._namespaces.items() if each.uid == uid]
        for name in gone:
            del self._namespaces[name]
        return bool(gone) and self._changed()

    def list(self, accesses: Iterable[Raw], namespaces: Iterable[Raw]) -> bool:
        """All that there are."""
        before = self._is_known, self._specs(), self._namespaces
        self._is_known = True
        self._accesses = {uid_of(raw): KnownAccess.parse(raw) for raw in accesses}
        self._namespaces = dict(map(_namespace, namespaces))
        return before != (self._is_known, self._specs(), self._namespaces) and self._changed()

    def of(self, record: Record) -> AccessReading | None:
        """Return what they say to a rollout; None: they have not been listed yet."""
        if not self._is_known:
            return None
        said = self._said.get(record.uid)
        if said is None or said[0] != self._round:
            said = self._said[record.uid] = self._round, self._match(record)
        return said[1]

    def known(self) -> tuple[KnownAccess, ...]:
        """All AWSAccesses, as they are known."""
        return tuple(self._accesses.values())

    def identities(self) -> Iterator[Identity]:
        """Return those that the accesses name, without the tags of rollouts."""
        for each in self._accesses.values():
            if isinstance(each.spec, AccessSpec):
                yield Identity(each.spec.role_arn, each.spec.external_id)

    def forget(self, uid: str) -> None:
        """The rollout is gone."""
        self._said.pop(uid, None)

    def _specs(self) -> dict[str, AccessSpec | str]:
        return {uid: each.spec for uid, each in self._accesses.items()}

    def _match(self, record: Record) -> AccessReading:
        alias, namespace = record.resource.alias, record.resource.key.namespace
        if alias is None:
            return NotGranted(is_any=bool(self._accesses))
        known = self._namespaces.get(namespace)
        labels = known.labels if known is not None else None
        found = match(
            (each.access for each in self._accesses.values() if each.access is not None),
            namespace, labels, alias,
            is_required=self._is_required or bool(self._accesses),
        )  # fmt: skip
        return NotGranted(is_any=True) if isinstance(found, NotGranted) and self._accesses else found

    def _changed(self) -> bool:
        self._round += 1
        return True


def _namespace(raw: Raw) -> tuple[str, _Namespace]:
    metadata = raw["metadata"]
    return metadata["name"], _Namespace(uid_of(raw), dict(metadata.get("labels") or {}))


def _spec(raw: Raw) -> AccessSpec | str:
    try:
        return parse_access(raw.get("spec"))
    except SpecError as error:
        return str(error)[:1024]


def _is_newer(seen: KnownAccess, known: KnownAccess) -> bool:
    """Versions of one resource are ordered numbers (Kubernetes 1.35)."""
    if seen.resource_version.isdecimal() and known.resource_version.isdecimal():
        return int(seen.resource_version) > int(known.resource_version)
    return seen != known
