"""The AWSAccesses and namespaces of the cluster, and what they say to each rollout."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from sfn_rollouts.api.access import AccessSpec, AccessStatus
from sfn_rollouts.api.problems import SpecError
from sfn_rollouts.api.resource import parse_access, parse_access_status
from sfn_rollouts.core.granting import Access, match
from sfn_rollouts.core.values.access import AccessReading, NotGranted
from sfn_rollouts.core.values.identity import Identity
from sfn_rollouts.engine.record import Record
from sfn_rollouts.engine.resource import uid_of, version_of
from sfn_rollouts.engine.tombstones import Tombstones

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

    @property
    def says(self) -> AccessSpec | str:
        """What rollouts are matched by."""
        return self.spec


@dataclass(frozen=True, slots=True)
class _Namespace:
    name: str
    uid: str
    resource_version: str
    says: Mapping[str, str]  # its labels

    @classmethod
    def parse(cls, raw: Raw) -> "_Namespace":
        metadata = raw["metadata"]
        return cls(metadata["name"], uid_of(raw), version_of(raw), dict(metadata.get("labels") or {}))


class _Item(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def uid(self) -> str: ...
    @property
    def resource_version(self) -> str: ...
    @property
    def says(self) -> object: ...


Item = TypeVar("Item", bound=_Item)


class _Latest(Generic[Item]):
    """The latest state of each resource of a kind, in whatever order the watch and the lists bring it.

    A list may be older than what the watch brought meanwhile, and a watch that was broken never brings what was deleted
    in between. Each method returns whether it changes what the resources say.
    """

    def __init__(self) -> None:
        self._items: dict[str, Item] = {}  # by name: of two with one name the older is gone
        self._unlisted: set[str] = set()  # uids: the watch brought them since the last list
        self._tombstones = Tombstones()

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    def get(self, name: str) -> Item | None:
        return self._items.get(name)

    def see(self, item: Item) -> bool:
        known = self._items.get(item.name)
        if item.uid in self._tombstones or (known is not None and not _is_newer(item, known)):
            return False
        self._items[item.name] = item
        if known is None or known.uid != item.uid:
            self._unlisted.add(item.uid)
        return known is None or known.says != item.says

    def gone(self, uid: str) -> bool:
        self._tombstones.add(uid)
        gone = [item.name for item in self if item.uid == uid]
        for name in gone:
            del self._items[name]
        return bool(gone)

    def list(self, items: Iterable[Item]) -> bool:
        before = {item.name: item.says for item in self}
        listed = [item for item in items if item.uid not in self._tombstones]
        there = {item.uid for item in listed} | self._unlisted
        self._items = {item.name: item for item in self if item.uid in there}
        for item in listed:
            self.see(item)
        self._unlisted.clear()
        return before != {item.name: item.says for item in self}


class AccessTable:
    """Each method that takes something in returns whether it changes what the table says.

    `is_required`: nothing is granted while there is no AWSAccess. `is_known`: there is nothing to wait for; else the
    table says nothing before `list`, since what was not read yet grants nothing.
    """

    def __init__(self, *, is_required: bool = False, is_known: bool = True) -> None:
        self._is_required = is_required
        self._is_known = is_known
        self._accesses = _Latest[KnownAccess]()
        self._namespaces = _Latest[_Namespace]()
        self._said: dict[str, AccessReading] = {}  # by the uid of the rollout, since the last change

    def see(self, raw: Raw) -> bool:
        """An AWSAccess as the API server has it."""
        return self._accesses.see(KnownAccess.parse(raw)) and self._changed()

    def gone(self, uid: str) -> bool:
        """An AWSAccess was deleted."""
        return self._accesses.gone(uid) and self._changed()

    def see_namespace(self, raw: Raw) -> bool:
        """A namespace as the API server has it."""
        return self._namespaces.see(_Namespace.parse(raw)) and self._changed()

    def namespace_gone(self, uid: str) -> bool:
        """A namespace was deleted."""
        return self._namespaces.gone(uid) and self._changed()

    def list(self, accesses: Iterable[Raw], namespaces: Iterable[Raw]) -> bool:
        """All that there are. What was created since the list was made stays until the next one."""
        was_known, self._is_known = self._is_known, True
        changes = (
            not was_known,
            self._accesses.list(map(KnownAccess.parse, accesses)),
            self._namespaces.list(map(_Namespace.parse, namespaces)),
        )
        return any(changes) and self._changed()

    def of(self, record: Record) -> AccessReading | None:
        """Return what they say to a rollout; None: they have not been listed yet."""
        if not self._is_known:
            return None
        said = self._said.get(record.uid)
        if said is None:
            said = self._said[record.uid] = self._match(record)
        return said

    def known(self) -> tuple[KnownAccess, ...]:
        """All AWSAccesses, as they are known."""
        return tuple(self._accesses)

    def identities(self) -> Iterator[Identity]:
        """Return those that the accesses name, without the tags of rollouts."""
        for each in self._accesses:
            if isinstance(each.spec, AccessSpec):
                yield Identity(each.spec.role_arn, each.spec.external_id)

    def forget(self, uid: str) -> None:
        """The rollout is gone."""
        self._said.pop(uid, None)

    def _match(self, record: Record) -> AccessReading:
        alias, namespace = record.resource.alias, record.resource.key.namespace
        if alias is None:
            return NotGranted(is_any=bool(self._accesses))
        known = self._namespaces.get(namespace)
        labels = known.says if known is not None else None
        found = match(
            (each.access for each in self._accesses if each.access is not None),
            namespace, labels, alias,
            is_required=self._is_required or bool(self._accesses),
        )  # fmt: skip
        return NotGranted(is_any=True) if isinstance(found, NotGranted) and self._accesses else found

    def _changed(self) -> bool:
        self._said.clear()
        return True


def _spec(raw: Raw) -> AccessSpec | str:
    try:
        return parse_access(raw.get("spec"))
    except SpecError as error:
        return str(error)[:1024]


def _is_newer(seen: _Item, known: _Item) -> bool:
    """Versions of resources of one kind are ordered numbers (Kubernetes 1.35)."""
    if seen.resource_version.isdecimal() and known.resource_version.isdecimal():
        return int(seen.resource_version) > int(known.resource_version)
    return seen != known
