"""AWSAccess in the engine: for whom each call is made, what wakes a rollout, what is never called."""

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from sfn_rollouts.api.access import AccessStatus
from sfn_rollouts.api.problems import SpecError
from sfn_rollouts.api.resource import parse_access
from sfn_rollouts.api.status import AlarmState, Phase
from sfn_rollouts.core.values.access import AccessReading, Granted, NotGranted, Ungoverned
from sfn_rollouts.core.values.identity import OWN, Caller, Identity
from sfn_rollouts.core.values.readings import Account
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.engine.accesses import AccessTable, KnownAccess
from sfn_rollouts.engine.record import Record
from sfn_rollouts.engine.resource import Resource
from sfn_rollouts.errors import Conflict, Transient
from sfn_rollouts.ports import Lane
from tests.engine.fake_cloud import MACHINE
from tests.engine.tenants import BACK, FIELDS, HALF, ROLE, THEIRS, Tenants, begun, tenants
from tests.engine.world import World, spec


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
    world.run_for(3000)
    assert {name for name, _ in world.calls} <= {"account"}
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


def test_an_older_one_that_is_not_granted_keeps_nobody_from_the_alias() -> None:
    """Else any namespace could block another team's alias, by a resource that was there first."""
    world = Tenants()
    world.grant("another", namespaces={"names": ["another"]})
    world.api.apply("orders", spec(), namespace="attacker")
    world.run_for(60)
    world.grant(stateMachines=["arn:aws:states:*:*:stateMachine:*"])
    world.clock.advance(5)
    world.api.apply("orders", spec())
    world.run(world.is_in(Phase.SUCCEEDED))
    assert world.identities == {THEIRS}
    assert "AliasConflict" not in world.announced.reasons


def test_an_older_one_whose_role_is_of_another_account_keeps_nobody_from_the_alias() -> None:
    """It can never act; which account its role is of is known once STS has answered, after the other one was seen."""
    world = Tenants()
    world.grant("first", namespaces={"names": ["first"]}, roleArn="arn:aws:iam::999999999999:role/other")
    world.accounts = {Identity("arn:aws:iam::999999999999:role/other", "x-1"): Account("999999999999", "aws")}
    world.grant()
    world.api.apply("older", spec(), namespace="first")
    world.clock.advance(5)
    world.api.apply("orders", spec())
    world.run(world.is_in(Phase.SUCCEEDED), limit_s=7200)
    assert {caller.identity for name, caller in world.calls if name == "shift"} == {THEIRS}


def test_who_waits_for_an_older_one_acts_once_that_one_is_revoked() -> None:
    world = Tenants()
    world.grant("first", namespaces={"names": ["first"]})
    world.api.apply("older", spec(), namespace="first")
    world.run_for(3600)
    world.grant()
    world.clock.advance(5)
    world.api.apply("orders", spec(3))
    world.wait_for_reason("AliasConflict")
    world.revoke("first")
    world.run(world.is_in(Phase.SUCCEEDED))
    assert world.cloud.routing() == Routing.whole(3)


def test_an_account_is_asked_once_for_all_rollouts_of_a_role_and_again_when_it_was_out_of_use() -> None:
    world = begun()
    world.api.apply("other", spec())
    world.run_for(60)
    assert [name for name, _ in world.calls].count("account") == 1
    world.api.delete("other")
    world.run(world.is_in(Phase.SUCCEEDED))
    world.grant("another", namespaces={"names": ["another"]}, roleArn=ROLE + "-2")
    world.revoke()
    world.wait_for_reason("AccessNotGranted")
    world.grant()
    world.run_for(10)
    assert [caller.identity for name, caller in world.calls if name == "account"].count(THEIRS) == 2


def access_raw(version: int | str, uid: str = "1", name: str = "a", **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, "uid": uid, "resourceVersion": str(version), "generation": 1}
    return {"metadata": metadata, "spec": {**FIELDS, **fields}}


def namespace_raw(version: int, **labels: str) -> dict[str, Any]:
    return {"metadata": {"name": "shop", "uid": "ns", "resourceVersion": str(version), "labels": labels or None}}


def record(**fields: Any) -> Record:
    world = World()
    world.api.apply("orders", spec(**fields))
    return Record(Resource.parse(world.api.list()[0]), Random(0))


def reading(table: AccessTable) -> AccessReading | None:
    return table.of(record())


def test_the_same_again_changes_nothing() -> None:
    table = AccessTable(is_known=False)
    assert table.list([access_raw(7)], [namespace_raw(8)])
    assert not table.list([access_raw(7)], [namespace_raw(8)])
    assert not table.see(access_raw(7))
    assert not table.see(access_raw(6, externalId="older"))
    assert not table.see(access_raw("x"))
    assert table.see(access_raw("x", externalId="newer"))
    assert not table.see_namespace(namespace_raw(8))
    assert not table.see_namespace(namespace_raw(9))
    assert not table.gone("nobody")
    assert table.gone("1")


def test_of_two_with_one_name_the_older_is_gone_though_the_watch_never_said_so() -> None:
    """Its deletion was missed while the watch was broken; it must not stand beside the one that came in its place."""
    table = AccessTable()
    table.see(access_raw(1, uid="first", roleArn=ROLE + "-1"))
    table.see(access_raw(3, uid="second"))
    assert isinstance(said := reading(table), Granted)
    assert said.use.role_arn == ROLE
    assert not table.gone("first")
    assert not table.see(access_raw(2, uid="first", roleArn=ROLE + "-1"))
    assert [each.uid for each in table.known()] == ["second"]


def test_a_list_that_is_older_than_the_watch_takes_nothing_back() -> None:
    """It was asked for before the watch brought the change, and its answer came after."""
    table = AccessTable()
    listed, labelled = access_raw(1, stateMachines=["arn:aws:states:*:*:stateMachine:*"]), namespace_raw(2, team="a")
    table.list([listed], [labelled])
    assert table.see(access_raw(3))
    assert table.see_namespace(namespace_raw(4))
    assert not table.list([listed], [labelled])
    assert [each.spec for each in table.known()] == [parse_access(FIELDS)]
    assert table.gone("1")
    assert not table.list([listed], [labelled])
    assert reading(table) == Ungoverned()


def test_what_was_created_while_the_list_was_made_stays_until_the_next_one() -> None:
    table = AccessTable()
    table.see(access_raw(1))
    assert not table.list([], [])
    assert isinstance(reading(table), Granted)
    assert table.list([], [])
    assert reading(table) == Ungoverned()


def test_what_came_in_place_of_another_one_stays_until_the_next_list_though_this_one_does_not_have_it() -> None:
    table, first = AccessTable(), access_raw(1, uid="first")
    table.list([first], [])
    assert not table.see(access_raw(2, uid="second"))
    assert not table.list([first], [])
    assert [each.uid for each in table.known()] == ["second"]
    assert table.list([], [])


def test_what_was_changed_and_is_in_no_list_any_more_is_gone() -> None:
    table = AccessTable()
    table.list([access_raw(1)], [])
    table.see(access_raw(2, externalId="newer"))
    assert table.list([], [])
    assert table.known() == ()


def test_one_version_is_one_state() -> None:
    table = AccessTable()
    table.see(access_raw(7))
    assert not table.see(access_raw(7, externalId="other"))
    assert table.see(access_raw(8, externalId="other"))


def test_a_namespace_that_is_gone_changes_something_once() -> None:
    table = AccessTable()
    table.see_namespace(namespace_raw(1))
    assert [table.namespace_gone("ns"), table.namespace_gone("ns")] == [True, False]


def test_what_they_say_to_a_rollout_is_found_out_once_until_something_changes() -> None:
    table, orders = AccessTable(), record()
    table.see(access_raw(1))
    said = table.of(orders)
    assert table.of(orders) is said
    table.see(access_raw(2, externalId="other"))
    assert (found := table.of(orders)) != said
    table.forget(orders.uid)
    assert table.of(orders) == found
    assert table.of(orders) is not found
    table.forget("of a rollout that was never asked about")


@pytest.mark.parametrize("fields", [{}, {"stateMachineArn": "none"}], ids=["an alias", "no alias"])
@pytest.mark.parametrize(
    ("access", "is_any"),
    [(None, False), ({"namespaces": {"names": ["other"]}}, True), ({"stateMachines": []}, True)],
    ids=["none", "another namespace", "a spec that is refused"],
)
def test_what_is_not_granted_is_said_with_whether_there_are_any(
    fields: Mapping[str, Any], access: Mapping[str, Any] | None, is_any: bool
) -> None:
    table = AccessTable(is_required=True)
    if access is not None:
        table.see(access_raw(1, **access))
    assert table.of(record(**fields)) == NotGranted(is_any=is_any)


def test_the_identities_are_those_of_the_specs_that_can_be_read() -> None:
    table = AccessTable()
    table.see(access_raw(1))
    table.see(access_raw(2, uid="2", name="b", stateMachines=[]))
    assert list(table.identities()) == [THEIRS]


def test_an_access_is_known_by_what_the_api_server_says_of_it() -> None:
    raw = access_raw(7)
    del raw["metadata"]["generation"]
    assert KnownAccess.parse(raw) == KnownAccess("a", "1", "7", 1, parse_access(FIELDS), AccessStatus())


@pytest.mark.parametrize("count", [1, 40])
def test_why_a_spec_is_refused_is_kept_as_far_as_a_condition_has_room(count: int) -> None:
    raw = access_raw(7, stateMachines=[f"arn:aws:states:no-{number}" for number in range(count)])
    with pytest.raises(SpecError) as raised:
        parse_access(raw["spec"])
    known = KnownAccess.parse(raw)
    assert known.spec == str(raised.value)[:1024]
    assert known.access is None


# -- the status of an access --


def ready_of(world: Tenants, name: str = "team") -> tuple[str, str, str]:
    [ready] = world.accesses.stored[name]["status"]["conditions"]
    return ready["status"], ready["reason"], ready["message"]


def test_its_status_says_the_account_and_how_many_rollouts_use_it() -> None:
    world = begun()
    world.run(lambda: world.accesses.written and world.accesses.written[-1]["rollouts"] == 1)
    status = world.accesses.stored["team"]["status"]
    assert (status["account"], status["observedGeneration"]) == (MACHINE.account, 1)
    assert ready_of(world) == ("True", "AccessVerified", f"role {ROLE} is of account {MACHINE.account}")
    assert world.accesses.announced == [("team", "AccessVerified")]
    world.api.drop("orders")
    world.engine.forget("gone")
    world.sweep()
    world.run(lambda: world.accesses.written[-1]["rollouts"] == 0)


def test_a_role_is_verified_without_any_rollout_and_then_once_an_hour() -> None:
    world = Tenants()
    world.grant()
    world.run_for(7300)
    assert [name for name, _ in world.calls] == ["account"] * 3
    assert [each.get("account") for each in world.accesses.written] == [None, *[MACHINE.account] * 3]


def test_a_refused_role_is_reported_and_tried_again_until_it_works() -> None:
    world = Tenants()
    world.refused = {THEIRS}
    world.grant()
    world.run(lambda: bool(world.accesses.written))
    world.run_for(1000)
    why = f"role {ROLE} cannot be verified: sts:AssumeRole is refused"
    assert ready_of(world) == ("False", "AccessDenied", why)
    assert [each["conditions"][0]["status"] for each in world.accesses.written] == ["Unknown", "False"]
    world.refused = set()
    world.run(lambda: ready_of(world)[0] == "True")
    assert world.accesses.announced == [("team", "AccessDenied"), ("team", "AccessVerified")]


def test_a_role_that_is_deleted_later_is_noticed_and_its_rollouts_are_not_stopped_for_it() -> None:
    world = begun()
    world.run(world.is_in(Phase.SUCCEEDED))
    world.refused = {THEIRS}
    world.run(lambda: ready_of(world)[0] == "False", limit_s=4000)
    assert world.accesses.stored["team"]["status"]["account"] == MACHINE.account
    assert world.ready_reason() != "AccessNotGranted"


def test_nobody_turns_in_a_circle_while_sts_takes_its_time() -> None:
    world = Tenants()
    world.workers.held.add(Lane.FORWARD)
    world.grant()
    before = world.steps
    world.run_for(60)
    assert world.steps - before < 40
    assert world.calls == []
    world.workers.held.clear()
    world.run(lambda: bool(world.accesses.written) and ready_of(world)[0] == "True", limit_s=5)


def test_with_tags_it_is_verified_by_the_first_rollout() -> None:
    world = Tenants()
    world.grant(sessionTags="Namespace")
    world.run(lambda: bool(world.accesses.written))
    assert ready_of(world)[:2] == ("Unknown", "NotLooked")
    assert world.calls == []
    world.api.apply("orders", spec())
    world.run(lambda: ready_of(world)[0] == "True")
    assert world.identities == {
        Identity(ROLE, "x-1", (("sfnrollouts.dev/namespace", "shop"), ("sfnrollouts.dev/rollout", "orders")))
    }


def test_a_spec_that_is_refused_is_reported_and_grants_nothing() -> None:
    world = Tenants()
    world.grant(stateMachines=[])
    world.run(lambda: bool(world.accesses.written))
    assert ready_of(world)[:2] == ("False", "InvalidSpec")
    assert world.calls == []


@pytest.mark.parametrize("error", [Conflict("it has changed"), Transient("no answer")])
def test_a_status_that_could_not_be_written_is_written_again(error: Exception) -> None:
    world = Tenants()
    world.accesses.fails = [error, error]
    world.grant()
    world.run(lambda: bool(world.accesses.written), limit_s=60)


def test_one_that_is_gone_meanwhile_is_let_go() -> None:
    world = Tenants()
    world.grant()
    world.accesses.stored["team"]["metadata"]["uid"] = "another"
    world.run_for(60)
    assert world.accesses.written == []


def test_who_stands_by_writes_nothing() -> None:
    world = Tenants()
    world.engine._stands_by = True
    world.grant()
    world.run_for(60)
    assert (world.calls, world.accesses.written) == ([], [])


def test_a_status_that_is_stored_as_another_one_is_sent_again_ever_more_slowly() -> None:
    world = Tenants()
    world.accesses.prunes = "account"
    world.grant()
    world.run_for(3000)
    assert 5 < len(world.accesses.written) < 30, "after five minutes at most each five minutes"


def test_changes_wait_for_the_pause_after_a_failure() -> None:
    world = Tenants()
    world.accesses.fails = [Transient("no answer")] * 4
    world.grant()
    world.run_for(3.0)
    world.grant(aliases=["live"])
    world.run(lambda: bool(world.accesses.written), limit_s=60)
    assert world.accesses.stored["team"]["status"]["observedGeneration"] == 2


def test_a_resource_that_names_no_alias_is_granted_nothing() -> None:
    world = Tenants()
    world.grant()
    world.api.apply("orders", spec(stateMachineArn="none"))
    world.run(lambda: bool(world.status().conditions))
    assert (world.ready_reason(), {name for name, _ in world.calls}) == ("InvalidSpec", set())


def test_two_operators_that_count_their_own_rollouts_do_not_answer_each_other_without_end() -> None:
    world = begun()
    world.run(lambda: bool(world.accesses.written) and ready_of(world)[0] == "True")

    def other() -> None:
        status = {**world.accesses.stored["team"]["status"], "rollouts": 7}
        world.engine.access_seen(world.accesses.store("team", status=status))
        world.at(1.0, other)

    world.at(1.0, other)
    before = len(world.accesses.written)
    world.run_for(3000)
    assert 5 < len(world.accesses.written) - before < 40


def test_what_is_new_is_written_at_once_all_the_same() -> None:
    world = Tenants()
    world.accesses.prunes = "account"
    world.grant()
    world.run_for(2000)
    world.grant(aliases=["live"])
    world.run(lambda: world.accesses.stored["team"]["status"]["observedGeneration"] == 2, limit_s=320)
