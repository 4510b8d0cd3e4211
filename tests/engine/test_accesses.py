"""AWSAccess in the engine: for whom each call is made, what wakes a rollout, what is never called."""

from collections.abc import Mapping
from typing import Any

import pytest

from sfn_rollouts import acting
from sfn_rollouts.api.status import AlarmState, Phase
from sfn_rollouts.core.values.identity import OWN, Caller, Identity
from sfn_rollouts.core.values.readings import Account
from sfn_rollouts.engine.accesses import AccessTable
from sfn_rollouts.engine.engine import Engine
from sfn_rollouts.engine.lanes import Lanes
from sfn_rollouts.errors import Denied
from sfn_rollouts.ports import Lane, Outside
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
            return call(*args, **kwargs)

        return signed


class Tenants(World):
    """A world whose operator listens to AWSAccesses."""

    is_required = False

    def __init__(self) -> None:
        self.calls: list[tuple[str, Caller]] = []
        self.refused: set[Identity] = set()
        self.accesses: dict[str, Mapping[str, Any]] = {}
        self.namespaces: dict[str, Mapping[str, Any]] = {}
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
        fields = {name: getattr(known, name) for name in known.__dataclass_fields__}
        return Outside(**{**fields, **signed})

    def sweep(self) -> None:
        self.engine.sweep_accesses(list(self.accesses.values()), list(self.namespaces.values()))
        super().sweep()

    def grant(self, name: str = "team", **fields: Any) -> None:
        self.accesses[name] = {"metadata": {"name": name, "uid": f"uid-{name}"}, "spec": {**FIELDS, **fields}}
        self.engine.access_seen(self.accesses[name])
        self._next_due = self._run_due()

    def revoke(self, name: str = "team") -> None:
        del self.accesses[name]
        self.engine.access_gone(f"uid-{name}")
        self._next_due = self._run_due()

    def label(self, namespace: str, **labels: str) -> None:
        raw = {"metadata": {"name": namespace, "uid": f"ns-{namespace}", "labels": labels}}
        self.namespaces[namespace] = raw
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


def test_each_call_is_made_for_the_rollout_and_alarms_for_the_access() -> None:
    world = begun()
    assert {name for name, _ in world.calls} >= {"account", "read", "find", "shift"}
    assert {caller for name, caller in world.calls if name == "shift"} == {Caller(THEIRS, "shop.orders")}
    assert world.identities == {THEIRS}
    assert Caller(THEIRS, "sfn-rollouts") in {caller for _, caller in world.calls}


def test_without_awsaccess_all_is_called_as_the_operator() -> None:
    world = Tenants()
    world.api.apply("orders", spec())
    world.run(lambda: world.cloud.writes == [HALF])
    assert world.identities == {OWN}


def test_tags_go_with_every_call_of_the_rollout() -> None:
    world = begun(sessionTags="Namespace")
    tags = (("sfnrollouts.dev/namespace", "shop"), ("sfnrollouts.dev/rollout", "orders"))
    assert world.identities == {Identity(ROLE, "x-1", tags)}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"namespaces": {"names": ["other"]}}, "AccessNotGranted"),
        ({"aliases": ["preview"]}, "AccessNotGranted"),
        ({"stateMachines": []}, "AccessNotGranted"),
    ],
    ids=["another namespace", "another alias", "a spec that is refused"],
)
def test_what_is_not_granted_is_not_called(fields: Mapping[str, Any], reason: str) -> None:
    world = tenants(**fields)
    world.wait_for_reason(reason)
    world.run_for(4000)
    assert world.calls == []
    assert (world.status().phase, world.cloud.writes) == (Phase.FAILED, [])


def test_where_one_is_required_nothing_begins_without() -> None:
    class Strict(Tenants):
        is_required = True

    world = Strict()
    world.api.apply("orders", spec())
    world.wait_for_reason("AccessNotGranted")
    assert world.calls == []
    world.grant()
    world.run(lambda: world.cloud.writes == [HALF])


def test_nothing_begins_before_the_accesses_are_listed_and_what_is_split_goes_back_all_the_same() -> None:
    world = begun()
    world.is_swept = False
    world.restart()
    world.calls.clear()
    world.cloud.set_alarm("errors", AlarmState.ALARM)
    world.engine.sweep(world.api.list())
    world.run(lambda: world.cloud.writes == [HALF, BACK])
    assert world.identities == {THEIRS}


def test_a_rollout_that_has_not_begun_waits_for_the_list() -> None:
    world = Tenants()
    world.is_swept = False
    world.restart()
    world.engine.sweep([])
    world.api.apply("orders", spec())
    world.run_for(60)
    assert world.calls == []
    world.engine.sweep_accesses([], [])
    world.run(lambda: world.cloud.writes == [HALF])


def test_labels_of_the_namespace_grant_and_revoke() -> None:
    world = tenants(namespaces={"selector": {"matchLabels": {"team": "a"}}})
    world.wait_for_reason("AccessNotGranted")
    world.label("shop", team="b")
    world.label("shop", team="a")
    world.run(lambda: world.cloud.writes == [HALF])
    world.label("shop", team="b")
    world.wait_for_reason("AccessNotGranted")
    world.run_for(600)
    assert world.cloud.writes == [HALF]


def test_a_namespace_that_is_gone_selects_nothing() -> None:
    world = Tenants()
    world.label("shop", team="a")
    world.grant(namespaces={"selector": {}})
    world.api.apply("orders", spec())
    world.run(lambda: world.cloud.writes == [HALF])
    world.engine.namespace_gone("ns-shop")
    world.engine.namespace_gone("ns-unknown")
    world.wait_for_reason("AccessNotGranted")


def test_revoked_in_flight_it_goes_no_further_and_back_as_it_began() -> None:
    world = begun()
    world.revoke()
    world.wait_for_reason("AccessNotGranted")
    world.run_for(600)
    assert world.cloud.writes == [HALF]
    world.restart()
    world.calls.clear()
    world.cloud.set_alarm("errors", AlarmState.ALARM)
    world.run(world.is_in(Phase.ROLLED_BACK))
    assert world.cloud.writes == [HALF, BACK]
    assert {caller.identity for name, caller in world.calls if name == "shift"} == {THEIRS}
    assert world.status().history[0].reason == "AlarmFiring"


def test_a_write_that_waits_for_a_thread_is_taken_back_when_it_is_revoked() -> None:
    world = tenants()
    world.run(lambda: world.status().intent is not None)
    world.workers.held = {Lane.FORWARD}
    world.revoke()
    world.workers.held = set()
    world.run_for(600)
    assert world.cloud.writes == []


def test_another_role_is_asked_at_once_although_the_first_one_was_refused() -> None:
    world = Tenants()
    world.refused = {THEIRS}
    world.grant()
    world.api.apply("orders", spec())
    world.wait_for_reason("AccessDenied")
    world.run_for(1000)
    other = ROLE + "-2"
    before = world.clock.elapsed_ms
    world.grant(roleArn=other)
    world.run(lambda: world.cloud.writes == [HALF])
    assert world.clock.elapsed_ms - before < 5000


def test_a_role_in_the_wrong_account_calls_nothing_but_who_it_is() -> None:
    world = Tenants()
    world.cloud.ours = Account("999999999999", "aws")
    world.grant()
    world.api.apply("orders", spec())
    world.wait_for_reason("ForeignAccount")
    assert {name for name, _ in world.calls} == {"account"}


def test_two_namespaces_one_alias_each_with_its_own_access() -> None:
    """Rivals are found by ARN: the older acts, whoever it is, and the other is not called for."""
    world = begun()
    world.grant("second", namespaces={"names": ["second"]}, externalId="x-2")
    world.api.apply("later", spec(), namespace="second")
    world.run(lambda: "AliasConflict" in world.announced.reasons)
    assert {name for name, caller in world.calls if caller.identity != THEIRS} == {"account"}


def test_an_account_is_asked_once_for_all_rollouts_of_a_role_and_again_when_it_was_out_of_use() -> None:
    world = begun()
    world.api.apply("other", spec())
    world.run_for(60)
    assert [name for name, _ in world.calls].count("account") == 1
    world.api.delete("other")
    world.run(world.is_in(Phase.SUCCEEDED))
    world.grant("another", namespaces={"names": ["another"]})
    world.revoke()
    world.wait_for_reason("AccessNotGranted")
    world.grant()
    world.run_for(10)
    assert [name for name, _ in world.calls].count("account") == 2


def test_the_same_again_changes_nothing() -> None:
    table = AccessTable(is_known=False)
    raw = {"metadata": {"name": "a", "uid": "1"}, "spec": FIELDS}
    other = {"metadata": {"name": "n", "uid": "2", "labels": None}}
    assert table.list([raw], [other])
    assert not table.list([raw], [other])
    assert not table.see(raw)
    assert not table.see_namespace(other)
    assert not table.gone("nobody")
    assert table.gone("1")
