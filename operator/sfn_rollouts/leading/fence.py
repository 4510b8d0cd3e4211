"""The fence: nothing is written by an operator whose term is over. Asked just before each call, by the monotonic clock.

UpdateStateMachineAlias knows no precondition, so the time between this question and the call is all that is left open.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.readings import AliasReading
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.errors import Transient
from sfn_rollouts.ports import AccessStore, AliasRouter, Key, Outside, Report, ResourceStore, Urgency

IsLeader = Callable[[], bool]


def fenced(outside: Outside, is_leader: IsLeader) -> Outside:
    """Return the same ports, of which none writes, nor a chore is done, unless this operator leads."""
    router, store = FencedRouter(outside.router, is_leader), FencedStore(outside.store, is_leader)
    accesses = FencedAccesses(outside.accesses, is_leader)
    return replace(outside, router=router, store=store, accesses=accesses, leads=is_leader)


class FencedRouter:
    """An AliasRouter that writes only while this operator leads; it reads always."""

    def __init__(self, router: AliasRouter, is_leader: IsLeader) -> None:
        self._router = router
        self._is_leader = is_leader

    def read(self, alias: AliasArn, urgency: Urgency) -> AliasReading | None:
        """Return the alias."""
        return self._router.read(alias, urgency)

    def shift(self, alias: AliasArn, routing: Routing, urgency: Urgency) -> datetime:
        """Route the alias. Transient: the term is over."""
        _insist(self._is_leader)
        return self._router.shift(alias, routing, urgency)

    def create(self, alias: AliasArn, routing: Routing) -> datetime:
        """Create the alias. Transient: the term is over."""
        _insist(self._is_leader)
        return self._router.create(alias, routing)


class FencedStore:
    """A ResourceStore that reports only while this operator leads; it reads always."""

    def __init__(self, store: ResourceStore, is_leader: IsLeader) -> None:
        self._store = store
        self._is_leader = is_leader

    def list(self) -> Sequence[Mapping[str, Any]]:
        """All resources."""
        return self._store.list()

    def get(self, key: Key) -> Mapping[str, Any]:
        """One resource."""
        return self._store.get(key)

    def report(self, report: Report) -> Mapping[str, Any] | None:
        """Write the report. Transient: the term is over."""
        _insist(self._is_leader)
        return self._store.report(report)


class FencedAccesses:
    """An AccessStore that reports only while this operator leads; it reads always."""

    def __init__(self, store: AccessStore, is_leader: IsLeader) -> None:
        self._store = store
        self._is_leader = is_leader

    def list_accesses(self) -> Sequence[Mapping[str, Any]]:
        """All AWSAccesses."""
        return self._store.list_accesses()

    def list_namespaces(self) -> Sequence[Mapping[str, Any]]:
        """All namespaces."""
        return self._store.list_namespaces()

    def report_access(
        self, name: str, uid: str, resource_version: str, status: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """Write the status. Transient: the term is over."""
        _insist(self._is_leader)
        return self._store.report_access(name, uid, resource_version, status)


def _insist(is_leader: IsLeader) -> None:
    if not is_leader():
        raise Transient("this operator does not hold the lease (any more) and writes nothing")
