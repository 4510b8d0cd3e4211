"""Whatever is done to AWSAccesses: nothing is moved that was not granted, and no split alias is without a way back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sfn_rollouts import acting
from sfn_rollouts.api.resource import parse_status
from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.values.arn import AliasArn, StateMachineArn
from sfn_rollouts.core.values.identity import OWN, Identity
from sfn_rollouts.core.values.readings import AliasReading
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.ports import AliasRouter, Outside, Urgency
from tests.engine.fake_cloud import MACHINE
from tests.engine.tenants import ROLE, Tenants
from tests.engine.world import spec

NAMESPACES = ("shop", "till", "depot")
OTHER = StateMachineArn.parse(str(MACHINE).replace("OrderProcessor", "Payments"))
MACHINES = (MACHINE, OTHER)
NAME = "orders"
BACK_WITHIN_S = 60.0
"""From an alarm on until the alias is back: three polls, what else was under way, and a restart of the operator."""

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Write:
    """One call of UpdateStateMachineAlias, and what the AWSAccesses said at that moment."""

    namespace: str
    alias: AliasArn
    routing: Routing
    urgency: Urgency
    signed_by: Identity
    granted: Identity | None
    began_at: datetime | None
    at: datetime


class Teams(Tenants):
    """Notes each write, and keeps a journal of what was granted; judged by a few lines of its own."""

    def __init__(self) -> None:
        self.writes: list[Write] = []
        self.journal: list[tuple[datetime, Mapping[tuple[str, AliasArn], Identity | None]]] = []
        super().__init__()
        self.cloud.machines = set(MACHINES)
        for machine in MACHINES:
            self.cloud.route(Routing.whole(1), machine.alias("live"))
            self.cloud.set_alarm(machine.name, AlarmState.OK)

    def outside(self) -> Outside:
        known = super().outside()
        return replace(known, router=Noted(known.router, self))

    def last_write(self, alias: AliasArn) -> Write:
        return [each for each in self.writes if each.alias == alias][-1]

    def journalize(self) -> None:
        """Something has changed in the cluster."""
        every = [(namespace, machine.alias("live")) for namespace in NAMESPACES for machine in MACHINES]
        self.journal.append((self.clock.now(), {each: self.granted(*each) for each in every}))

    def granted(self, namespace: str, alias: AliasArn) -> Identity | None:
        """As whom a rollout may call now; None: as nobody."""
        specs = [stored["spec"] for stored in self.accesses.stored.values()]
        if not specs:
            return OWN
        matching = [each for each in specs if self._matches(each, namespace, alias)]
        return _identity(matching[0], namespace) if len(matching) == 1 else None

    def _matches(self, fields: Fields, namespace: str, alias: AliasArn) -> bool:
        named, selector = fields["namespaces"].get("names"), fields["namespaces"].get("selector")
        team = self.accesses.namespaces.get(namespace, {"metadata": {"labels": {}}})["metadata"]["labels"].get("team")
        is_selected = selector is None or selector["matchLabels"]["team"] == team
        arn = str(alias.machine)
        is_its_machine = any(
            arn.startswith(each[:-1]) if each.endswith("*") else arn == each for each in fields["stateMachines"]
        )
        is_its_alias = not fields.get("aliases") or alias.name in fields["aliases"]
        return (named is None or namespace in named) and is_selected and is_its_machine and is_its_alias

    def granted_since(self, write: Write) -> set[Identity | None]:
        """As whom it might have called at any time since its rollout began."""
        key = write.namespace, write.alias
        before = [said[key] for at, said in self.journal if write.began_at is None or at <= write.began_at]
        after = [said[key] for at, said in self.journal if write.began_at is not None and at > write.began_at]
        return {*before[-1:], *after}


class Noted:
    """`ports.AliasRouter`."""

    def __init__(self, router: AliasRouter, world: Teams) -> None:
        self._router = router
        self._world = world

    def read(self, alias: AliasArn, urgency: Urgency) -> AliasReading | None:
        return self._router.read(alias, urgency)

    def shift(self, alias: AliasArn, routing: Routing, urgency: Urgency) -> datetime:
        caller, world = acting.current(), self._world
        namespace, _, name = caller.session_name.partition(".")
        raw = world.api.resource(name, namespace)
        began_at = parse_status(raw["status"]).started_at if raw is not None else None
        granted = world.granted(namespace, alias)
        now = world.clock.now()
        world.writes.append(Write(namespace, alias, routing, urgency, caller.identity, granted, began_at, now))
        return self._router.shift(alias, routing, urgency)

    def create(self, alias: AliasArn, routing: Routing) -> datetime:
        raise AssertionError("every alias is there")


def _identity(fields: Fields, namespace: str) -> Identity:
    if "roleArn" not in fields:
        return OWN
    tags = (("sfnrollouts.dev/namespace", namespace), ("sfnrollouts.dev/rollout", NAME))
    return Identity(fields["roleArn"], fields.get("externalId", ""), tags if "sessionTags" in fields else ())


namespaces = st.sampled_from(NAMESPACES)
teams = st.sampled_from(("a", "b"))
names = st.sampled_from(("first", "first", "second", "third"))
who = st.one_of(
    st.sets(namespaces, min_size=1).map(lambda names: {"names": sorted(names)}),
    teams.map(lambda team: {"selector": {"matchLabels": {"team": team}}}),
    st.tuples(namespaces, teams).map(lambda both: {"names": [both[0]], "selector": {"matchLabels": {"team": both[1]}}}),
)
what = st.sampled_from(([str(MACHINE)], [str(OTHER)], [str(MACHINE), str(OTHER)], [str(MACHINE)[:-9] + "*"]))
as_whom: st.SearchStrategy[dict[str, str]] = st.sampled_from(
    (
        {"roleArn": ROLE},
        {"roleArn": ROLE, "externalId": "x-1"},
        {"roleArn": ROLE + "-2"},
        {"roleArn": ROLE, "sessionTags": "Namespace"},
        {},
    )
)
EVERYTHING: Fields = {"namespaces": {"names": list(NAMESPACES)}, "stateMachines": [str(MACHINE)[:-14] + "*"]}
accesses = st.builds(
    lambda who, what, role, aliases: {"namespaces": who, "stateMachines": what, **role, **aliases},
    who,
    what,
    as_whom,
    st.sampled_from(({}, {}, {}, {"aliases": ["live"]}, {"aliases": ["preview"]})),
)


class Cluster(RuleBasedStateMachine):
    """Three teams with a rollout each, on one or two state machines."""

    def __init__(self) -> None:
        super().__init__()
        self.world = Teams()
        self.machines: dict[str, StateMachineArn] = {}
        self._judged = 0

    @initialize(are_rivals=st.booleans(), role=as_whom, is_governed=st.sampled_from((True, True, True, False)))
    def begin(self, are_rivals: bool, role: dict[str, str], is_governed: bool) -> None:
        others = MACHINE if are_rivals else OTHER
        self.machines = dict(zip(NAMESPACES, (MACHINE, others, OTHER), strict=True))
        for namespace in NAMESPACES:
            self.label(namespace, "a")
        if is_governed:
            self.grant("first", {**EVERYTHING, **role})
        for namespace in NAMESPACES[:2]:
            self.ask_for(namespace, 2)
        self.wait(20)

    # -- what the platform team does --

    @rule(name=names, access=accesses)
    def grant(self, name: str, access: Fields) -> None:
        """Create one, or edit it, or set a second one beside it."""
        self.world.accesses.store(name, spec=dict(access))
        self.world.journalize()
        self.world.engine.access_seen(self.world.accesses.stored[name])
        self.world.settle()

    @rule(name=names)
    def revoke(self, name: str) -> None:
        known = self.world.accesses.stored.pop(name, None)
        if known is not None:
            self.world.journalize()
            self.world.engine.access_gone(known["metadata"]["uid"])
            self.world.settle()

    @rule(namespace=namespaces, team=teams)
    def label(self, namespace: str, team: str) -> None:
        metadata = self.world.accesses
        metadata.version += 1
        raw = {
            "metadata": {
                "name": namespace,
                "uid": f"ns-{namespace}",
                "resourceVersion": str(metadata.version),
                "labels": {"team": team},
            }
        }
        metadata.namespaces[namespace] = raw
        self.world.journalize()
        self.world.engine.namespace_seen(raw)
        self.world.settle()

    # -- what tenants do --

    @rule(namespace=namespaces, version=st.sampled_from((1, 2, 3, 4)))
    def ask_for(self, namespace: str, version: int) -> None:
        machine = self.machines[namespace]
        fields = {"stateMachineArn": str(machine), "alarms": {"names": [machine.name]}, "progressDeadline": "5m"}
        canary = {"canary": {"weight": 10, "interval": "10m"}}
        self.world.api.apply(NAME, spec(version, **fields, strategy=canary), namespace=namespace)
        self.world.settle()

    @rule(namespace=namespaces)
    def withdraw(self, namespace: str) -> None:
        if self.world.api.resource(NAME, namespace) is not None:
            self.world.api.delete(NAME, namespace)

    # -- what happens --

    @rule(seconds=st.sampled_from((1, 20, 70, 200, 700)))
    def wait(self, seconds: int) -> None:
        self.world.run_for(seconds)

    @rule(down_s=st.sampled_from((0.0, 15.0)))
    def restart(self, down_s: float) -> None:
        self.world.restart(down_s)

    @rule(machine=st.sampled_from(MACHINES), is_revoked=st.booleans(), is_restarted=st.booleans())
    def alarm_fires(self, machine: StateMachineArn, is_revoked: bool, is_restarted: bool) -> None:
        """Whatever was revoked: what is split goes back."""
        alias, world = machine.alias("live"), self.world
        if is_revoked:
            self.revoke("first")
        before = world.cloud.routing(alias)
        world.cloud.set_alarm(machine.name, AlarmState.ALARM)
        if is_restarted:
            world.restart(5.0)
        if before is not None and before.sole is None:
            last = world.last_write(alias)
            stable = world.status(NAME, last.namespace).stable_version
            assert stable is not None
            is_granted = world.granted(last.namespace, alias) == last.signed_by
            event("split, and granted" if is_granted else "split, and not granted any more")
            world.run(lambda: world.cloud.routing(alias) == Routing.whole(stable), limit_s=BACK_WITHIN_S)
        world.run_for(30)
        world.cloud.set_alarm(machine.name, AlarmState.OK)

    # -- what must hold --

    @invariant()
    def each_write_is_signed_by_whom_it_was_granted_to(self) -> None:
        judged, self._judged = self._judged, len(self.world.writes)
        for write in self.world.writes[judged:]:
            assert write.signed_by in self.world.granted_since(write), write
            if write.urgency is not Urgency.ROLLBACK:
                assert write.signed_by == write.granted, write

    def teardown(self) -> None:
        """Once everything is granted again, and nothing fires, nothing stays split."""
        for name in sorted(self.world.accesses.stored):
            self.revoke(name)
        self.grant("all", EVERYTHING)
        self.world.run_for(3600)
        self.each_write_is_signed_by_whom_it_was_granted_to()
        for machine in MACHINES:
            routing = self.world.cloud.routing(machine.alias("live"))
            assert routing is not None
            assert routing.sole is not None, routing


TestCluster = Cluster.TestCase
TestCluster.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)
