"""A world of tenants: an operator that listens to AWSAccesses, and for whom it makes each call."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sfn_rollouts import acting
from sfn_rollouts.core.announce import Announcement
from sfn_rollouts.core.values.identity import Caller, Identity
from sfn_rollouts.core.values.readings import Account  # noqa: TC001 - beside the rest
from sfn_rollouts.engine.accesses import AccessTable
from sfn_rollouts.engine.engine import Engine
from sfn_rollouts.engine.lanes import Lanes
from sfn_rollouts.errors import Conflict, Denied
from sfn_rollouts.ports import Outside
from tests.engine.fake_cloud import MACHINE
from tests.engine.fake_workers import FakeWorkers
from tests.engine.world import World, spec

ROLE = f"arn:aws:iam::{MACHINE.account}:role/sfn-rollouts"
THEIRS = Identity(ROLE, "x-1")
HALF, BACK = "90 % on version 1, 10 % on version 2", "100 % on version 1"
FIELDS = {"roleArn": ROLE, "externalId": "x-1", "namespaces": {"names": ["shop"]}, "stateMachines": [str(MACHINE)]}


class Signed:
    """A port that notes for whom it was called."""

    def __init__(self, port: Any, world: "Tenants") -> None:
        self._port, self._world = port, world

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._port, name)

        def signed(*args: Any, **kwargs: Any) -> Any:
            if name not in ("knows", "leave"):
                self._world.calls.append((name, acting.current()))
                if acting.current().identity in self._world.refused:
                    raise Denied("sts:AssumeRole is refused")
            elsewhere = self._world.accounts.get(acting.current().identity) if name == "account" else None
            return elsewhere or call(*args, **kwargs)

        return signed


class Accesses:
    """`ports.AccessStore`, whose watch brings each change at once."""

    def __init__(self, world: "Tenants") -> None:
        self._world = world
        self.stored: dict[str, dict[str, Any]] = {}
        self.namespaces: dict[str, dict[str, Any]] = {}
        self.version = 0
        self.written: list[dict[str, Any]] = []
        self.fails: list[Exception] = []
        self.announced: list[tuple[str, str]] = []
        self.prunes = ""  # a field of the status that an older CRD does not know

    def store(self, name: str, **fields: Any) -> dict[str, Any]:
        self.version += 1
        born = {"metadata": {"name": name, "uid": f"uid-{name}-{self.version}", "generation": 0}}
        known = self.stored.get(name, born)
        metadata = {**known["metadata"], "resourceVersion": str(self.version)}
        if "spec" in fields:
            metadata["generation"] += 1
        self.stored[name] = {**known, **fields, "metadata": metadata}
        return self.stored[name]

    def list_accesses(self) -> list[dict[str, Any]]:
        return list(self.stored.values())

    def list_namespaces(self) -> list[dict[str, Any]]:
        return list(self.namespaces.values())

    def report_access(
        self, name: str, uid: str, resource_version: str, status: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        if self.fails:
            raise self.fails.pop()
        known = self.stored.get(name)
        if known is None or known["metadata"]["uid"] != uid:
            return None
        if known["metadata"]["resourceVersion"] != resource_version:
            raise Conflict("it has changed")
        self.written.append(json.loads(json.dumps(status)))
        kept = {field: value for field, value in self.written[-1].items() if field != self.prunes}
        return self.store(name, status=kept)

    def announce_access(self, name: str, uid: str, announcements: Sequence[Announcement]) -> None:
        self.announced += [(name, str(each.reason)) for each in announcements]


class Tenants(World):
    """A world whose operator listens to AWSAccesses."""

    is_required = False

    def __init__(self) -> None:
        self.calls: list[tuple[str, Caller]] = []
        self.refused: set[Identity] = set()
        self.accounts: dict[Identity, Account] = {}  # of whom is not in the state machine's
        self.accesses = Accesses(self)
        super().__init__()

    def start(self) -> None:
        self.workers = FakeWorkers()
        self.api.watch.clear()
        self.engine = Engine(
            self.clock,
            Lanes(self.clock, self.workers, self.meter),
            self.outside(),
            min_poll_interval_s=5.0,
            accesses=AccessTable(is_required=self.is_required, is_known=False),
        )
        self._next_due = self._run_due()
        if self.is_swept:
            self.sweep()

    def outside(self) -> Outside:
        known = super().outside()
        ports = ("router", "catalog", "targets", "executions", "smokes", "alarms", "reach")
        signed = {name: Signed(getattr(known, name), self) for name in ports}
        self.announced.announce_access = self.accesses.announce_access
        return replace(known, **signed, accesses=self.accesses)

    def sweep(self) -> None:
        self.engine.sweep_accesses(self.accesses.list_accesses(), self.accesses.list_namespaces())
        super().sweep()

    def grant(self, name: str = "team", **fields: Any) -> None:
        self.engine.access_seen(self.accesses.store(name, spec={**FIELDS, **fields}))
        self._next_due = self._run_due()

    def revoke(self, name: str = "team") -> None:
        self.engine.access_gone(self.accesses.stored.pop(name)["metadata"]["uid"])
        self._next_due = self._run_due()

    def label(self, namespace: str, **labels: str) -> None:
        self.accesses.version += 1
        version = str(self.accesses.version)
        metadata = {"name": namespace, "uid": f"ns-{namespace}", "resourceVersion": version, "labels": labels}
        raw = {"metadata": metadata}
        self.accesses.namespaces[namespace] = raw
        self.engine.namespace_seen(raw)
        self._next_due = self._run_due()

    @property
    def identities(self) -> set[Identity]:
        return {caller.identity for _, caller in self.calls}

    def wait_for_reason(self, reason: str) -> None:
        self.run(lambda: bool(self.status().conditions) and self.ready_reason() == reason)


def tenants(**fields: Any) -> Tenants:
    world = Tenants()
    world.grant(**fields)
    world.api.apply("orders", spec())
    return world


def begun(**fields: Any) -> Tenants:
    world = tenants(**fields)
    world.run(lambda: world.cloud.writes == [HALF])
    return world
