"""AWSAccess: who may move what, and by which role, on the real API server and an AWS of three accounts.

The operator's own role may assume the two teams' roles and do nothing else; see teams.py.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from kubernetes.client import ApiException

from devenv.aws.client import Emulator
from devenv.control_plane import ControlPlane, Kubectl
from devenv.operator_process import OperatorProcess
from tests.e2e.cluster import Cluster
from tests.e2e.story import (
    ALARM,
    ALIAS,
    DONE,
    QUICK_PATH,
    SLOW_STEPS,
    STALLED,
    Story,
    outcomes,
    reason_of,
    set_the_scene,
    split,
    verdict,
    whole,
)
from tests.e2e.teams import (
    NAMESPACE_TAG,
    ROLE,
    ROLLOUT_TAG,
    Team,
    of_account,
    put_operators_role,
    put_teams_role,
    shipped,
)
from tests.e2e.traces import defects, refused_requests

ORDERS, BILLING = "111111111111", "222222222222"
SHARED = "sfn-rollouts"
"""Name of the session in which alarms are read, which several rollouts may watch."""


@pytest.fixture
def namespaces(cluster: Cluster, namespace: str) -> list[str]:
    """Of the orders' team, of the billing's, and of one that has no account."""
    return [namespace, *(cluster.create_namespace(f"{namespace}-{team}") for team in ("billing", "guests"))]


@pytest.fixture
def arguments() -> list[str]:
    """Of the operator's command line; a test may have others."""
    return []


@pytest.fixture
def operator(
    control_plane: ControlPlane, cluster: Cluster, namespaces: list[str], aws: Emulator, arguments: list[str]
) -> Iterator[OperatorProcess]:
    """With the keys of its own role. What the test has granted is taken back at the end, for the tests after it."""
    put_operators_role(aws)
    keys = aws.environment(**aws.credentials(ROLE, "pod"))
    with OperatorProcess(control_plane, aws, namespaces=namespaces, arguments=arguments, environment=keys) as process:
        try:
            yield process
        finally:
            cluster.delete_all_accesses()
        print(process.last_log_lines(200))
        assert not defects(process.log_lines())
        for each in namespaces:
            assert not refused_requests(control_plane.audit_events(), process.user, each)


@pytest.fixture
def orders(cluster: Cluster, namespaces: list[str], aws: Emulator, operator: OperatorProcess) -> Team:
    return team_of(ORDERS, cluster, namespaces[0], aws, operator)


@pytest.fixture
def billing(cluster: Cluster, namespaces: list[str], aws: Emulator, operator: OperatorProcess) -> Team:
    return team_of(BILLING, cluster, namespaces[1], aws, operator)


def team_of(account: str, cluster: Cluster, namespace: str, aws: Emulator, operator: OperatorProcess) -> Team:
    own, external_id = of_account(aws, account), f"of-{account}"
    role = put_teams_role(own, external_id)
    return Team(set_the_scene(cluster, namespace, own, operator), role, external_id)


@pytest.fixture
def guest(orders: Team, namespaces: list[str], control_plane: ControlPlane, kubectl: Kubectl) -> Iterator[Story]:
    """Somebody with the shipped rights of a tenant in the third namespace, who has an eye on the orders' alias."""
    user, namespace = f"guest-of-{namespaces[2]}", namespaces[2]
    for role in ("view", "edit"):
        bound = (f"--clusterrole=sfn-rollouts-{role}", f"--user={user}", f"--namespace={namespace}")
        kubectl("create", "rolebinding", role, *bound)
    with Cluster(control_plane.kubeconfig_for(user)) as limited:
        yield replace(orders.story.called("guest", namespace), cluster=limited)


@pytest.fixture
def home(cluster: Cluster, namespaces: list[str], aws: Emulator, operator: OperatorProcess) -> Team:
    """A team in the operator's own account, where the operator's own role may do what is shipped."""
    own = put_operators_role(aws, shipped("iam-policy.json"), shipped("assume-role-policy.json"))
    return Team(set_the_scene(cluster, namespaces[0], aws, operator), own)


def test_each_alias_is_moved_by_the_role_of_its_team(
    orders: Team, billing: Team, kubectl: Kubectl, aws: Emulator
) -> None:
    """Two accounts, two roles: CloudTrail names role and rollout for each call, and the operator's own role has done
    nothing but to assume the two."""
    for team in (orders, billing):
        team.grant()
        team.story.apply(version=2)

    for team in (orders, billing):
        assert verdict(team.story.wait_for_phase("Succeeded")) == DONE
        assert team.story.routings() == QUICK_PATH
        assert team.signatures() == {(team.role, f"{team.story.namespace}.rollout"), (team.role, SHARED)}
        assert team.writers() == [(team.role, f"{team.story.namespace}.rollout")] * (len(QUICK_PATH) - 1)
        access = team.wait_for_access("AccessVerified", rollouts=1)
        assert (verdict(access), access["account"]) == (DONE, team.story.aws.account)
        said = ("Normal", f"role {team.role} is of account {team.story.aws.account}")
        assert team.wait_for_access_event("AccessVerified") == said
        heads, cells = kubectl("get", "awsaccess", team.story.namespace).stdout.splitlines()
        shown = dict(zip(heads.split(), cells.split(), strict=True))
        assert (shown["READY"], shown["ACCOUNT"], shown["ROLLOUTS"]) == ("True", team.story.aws.account, "1")

    own = [call for call in aws.calls() if call.role == f"arn:aws:iam::{aws.account}:role/{ROLE}"]
    assert {call.operation for call in own} <= {"AssumeRole", "GetCallerIdentity"}
    assert {call.params["RoleArn"] for call in own if call.operation == "AssumeRole"} == {orders.role, billing.role}
    assert all(call.outcome == "ok" for call in aws.calls() if call.role is not None)


def test_what_is_not_granted_is_not_even_looked_at(orders: Team, guest: Story) -> None:
    """Attack A6: a team that may edit in its own namespace writes a rollout for another team's alias. Nothing moves,
    AWS is asked nothing for it, and the owner goes on."""
    orders.grant()
    guest.apply(version=3, strategy={"allAtOnce": {}}, alarms=None)

    status = guest.wait_for_reason("AccessNotGranted")
    assert (status["phase"], verdict(status)) == ("Failed", STALLED)
    assert f"no AWSAccess lets this namespace move alias live of {guest.machine}" in status["message"]
    assert guest.command("retry")["result"] == "Refused"
    with pytest.raises(ApiException, match=r"awsaccesses.*is forbidden"):
        guest.cluster.create_access("own", {"namespaces": {"names": [guest.namespace]}, "stateMachines": ["arn:*"]})
    with pytest.raises(ApiException, match=r"namespaces.*is forbidden"):
        guest.cluster.label_namespace(guest.namespace, team="orders")

    orders.story.apply(version=2)
    orders.story.wait_for_phase("Succeeded")
    assert orders.story.routings() == QUICK_PATH
    assert orders.signatures() == {(orders.role, f"{orders.story.namespace}.rollout"), (orders.role, SHARED)}
    assert guest.status()["message"] == status["message"]
    guest.delete()
    guest.wait_until_gone()


def test_two_that_match_are_one_too_many(orders: Team) -> None:
    """Nobody chooses between them; once one is narrowed the rollout begins."""
    orders.grant()
    other = orders.grant("zz-" + orders.story.namespace, aliases=["live", "preview"])
    orders.story.apply(version=2)

    status = orders.story.wait_for_reason("AccessAmbiguous")
    assert (status["phase"], verdict(status)) == ("Failed", STALLED)
    assert f"several AWSAccesses match ({orders.story.namespace}, {other})" in status["message"]
    assert orders.calls() == []

    orders.story.cluster.edit_access(other, aliases=["preview"])
    orders.story.wait_for_phase("Succeeded")
    assert orders.story.routings() == QUICK_PATH


def test_revoked_in_flight_it_goes_no_step_and_back_as_it_came(orders: Team, billing: Team) -> None:
    """Also through a restart: the access under which it began is kept in the status, and an alarm brings it back."""
    orders.grant()
    billing.grant()
    orders.story.apply(version=2, steps=SLOW_STEPS)
    orders.story.wait_for_weight(10)

    orders.revoke()
    status = orders.story.wait_for_reason("AccessNotGranted")
    assert (status["phase"], verdict(status)) == ("Progressing", STALLED)
    assert f"AWSAccess {orders.story.namespace}, under which this rollout goes on" in status["message"]
    orders.story.send("promote")
    orders.story.wait_for_polls()
    orders.story.operator.kill()
    orders.story.restart()
    orders.story.wait_for_polls()
    assert orders.story.routings() == [whole(1), split(1, 2, 10)]
    assert reason_of(orders.story.status()) == "AccessNotGranted"

    orders.story.aws.set_alarm(ALARM, "ALARM")
    status = orders.story.wait_for(lambda status: status["history"], "it to go back")
    assert orders.story.routings() == [whole(1), split(1, 2, 10), whole(1)]
    assert outcomes(status) == [(2, "RolledBack", "AlarmFiring")]
    assert (verdict(status), reason_of(status)) == (STALLED, "AccessNotGranted")
    assert status["message"].startswith("version 2 was rolled back (AlarmFiring); no AWSAccess lets this namespace")
    assert not orders.story.is_held_by_finalizer()
    assert orders.writers() == [(orders.role, f"{orders.story.namespace}.rollout")] * 2


def test_labels_of_the_namespace_revoke_and_grant_again(orders: Team) -> None:
    cluster, namespace = orders.story.cluster, orders.story.namespace
    cluster.label_namespace(namespace, team="orders")
    orders.grant(namespaces={"selector": {"matchLabels": {"team": "orders"}}})
    orders.story.apply(version=2, steps=SLOW_STEPS)
    orders.story.wait_for_weight(10)

    cluster.label_namespace(namespace, team="billing")
    assert verdict(orders.story.wait_for_reason("AccessNotGranted")) == STALLED
    orders.story.send("promote")
    orders.story.wait_for(lambda status: (status["lastCommand"] or {}).get("result") == "Refused", "promote refused")
    orders.story.wait_for_polls()
    assert orders.story.routing() == split(1, 2, 10)

    cluster.label_namespace(namespace, team="orders")
    orders.story.wait_for_reason("ShiftInProgress")
    orders.story.send("promote")
    orders.story.wait_for_weight(50)


def test_a_role_that_is_deleted_in_flight_is_named_and_the_way_back_waits_for_it(orders: Team, aws: Emulator) -> None:
    orders.grant()
    orders.story.apply(version=2, steps=SLOW_STEPS)
    orders.story.wait_for_weight(10)

    orders.story.aws.delete_role(ROLE)
    orders.story.aws.expire_sessions(ROLE)
    orders.story.wait_for(lambda status: status["alarm"] == "UNKNOWN", "the alarms to be out of sight")
    orders.story.send("abort")
    status = orders.story.wait_for_reason("RollbackFailed")
    assert verdict(status) == STALLED
    assert f"sts:AssumeRole was denied (AccessDenied) for {orders.role}" in status["message"]
    assert "Check that the role exists" in status["message"]
    assert orders.story.routing() == split(1, 2, 10)

    orders.trust_again()
    orders.story.wait_for_phase("RolledBack")
    assert orders.story.routings() == [whole(1), split(1, 2, 10), whole(1)]


def test_a_wrong_external_id_is_said_calmly_and_begins_once_it_is_corrected(orders: Team, billing: Team) -> None:
    """What is refused for one role is tried seldom and logged seldom, however many rollouts wait for it, and disturbs
    no other team."""
    billing.grant()
    orders.grant(externalId="of-somebody-else")
    waiting = [orders.story, *(orders.story.called(f"other-{number}") for number in (1, 2, 3))]
    for story in waiting[1:]:
        story.aws.create_alias(story.machine, story.name, whole(1))
    for story in waiting:
        story.apply(version=2, alias=ALIAS if story is orders.story else story.name)

    for story in waiting:
        status = story.wait_for_reason("AccessDenied")
        assert (status["phase"], verdict(status)) == ("Failed", STALLED)
        assert f"sts:AssumeRole was denied (AccessDenied) for {orders.role}" in status["message"]
        assert "with the externalId of the AWSAccess" in status["message"]
        assert "of-somebody-else" not in status["message"]
    access = orders.wait_for_access("AccessDenied", rollouts=len(waiting))
    assert (verdict(access), access["account"]) == ({"Ready": "False"}, None)
    kind, message = orders.wait_for_access_event("AccessDenied")
    assert kind == "Warning"
    assert f"role {orders.role} cannot be verified: sts:AssumeRole was denied" in message
    billing.story.apply(version=2)
    billing.story.wait_for_phase("Succeeded")
    assert len(orders.asked()) <= 30
    said = [line for line in orders.story.operator.log_lines() if orders.role in str(line)]
    assert len(said) <= 30

    orders.narrow(externalId=orders.external_id)
    orders.story.wait_for_phase("Succeeded")
    assert orders.story.routings() == QUICK_PATH
    orders.wait_for_access("AccessVerified")


def test_a_role_of_another_account_is_not_tried_on_the_machines(orders: Team, billing: Team) -> None:
    """The AWSAccess says so itself, before there is a rollout."""
    orders.grant(roleArn=billing.role, externalId=billing.external_id)
    access = orders.wait_for_access("ForeignAccount", rollouts=0)
    assert (verdict(access), access["account"]) == ({"Ready": "False"}, BILLING)
    kind, message = orders.wait_for_access_event("ForeignAccount")
    assert kind == "Warning"
    assert f"role {billing.role} is of account {BILLING}, and stateMachines names others" in message

    orders.story.apply(version=2)
    status = orders.story.wait_for_reason("ForeignAccount")
    assert (status["phase"], verdict(status)) == ("Failed", STALLED)
    assert f"is in account {ORDERS}, and the role of AWSAccess {orders.story.namespace} in" in status["message"]
    assert orders.calls() == []

    orders.narrow(roleArn=orders.role, externalId=orders.external_id)
    orders.story.wait_for_phase("Succeeded")


def test_session_tags_let_a_trust_policy_choose_the_namespaces(orders: Team, guest: Story, aws: Emulator) -> None:
    """The AWSAccess is for two namespaces, and the role trusts sessions of one alone. Both the role and the operator
    must allow sts:TagSession."""
    namespace = orders.story.namespace
    untagged = shipped("assume-role-policy.json", {'"sts:TagSession"': '"sts:SetSourceIdentity"'})
    put_operators_role(aws, untagged)
    put_teams_role(orders.story.aws, orders.external_id, tagged_namespace=namespace)
    orders.grant(namespaces={"names": [namespace, guest.namespace]}, sessionTags="Namespace")
    assert orders.wait_for_access("NotLooked", rollouts=0)["conditions"][0]["status"] == "Unknown"
    orders.story.apply(version=2)
    status = orders.story.wait_for_reason("AccessDenied")
    assert "Allow sts:TagSession beside sts:AssumeRole" in status["message"]

    put_operators_role(aws)
    orders.story.command("retry")
    orders.story.wait_for_phase("Succeeded")
    tags = {NAMESPACE_TAG: namespace, ROLLOUT_TAG: "rollout"}
    assert [call.session_tags for call in orders.calls()] == [tags] * len(orders.calls())

    orders.story.aws.create_alias(orders.story.machine, "preview", whole(1))
    guest.apply(version=3, alias="preview")
    assert f"for {orders.role}" in guest.wait_for_reason("AccessDenied")["message"]
    assert orders.story.routings() == QUICK_PATH


def test_without_any_access_the_operators_own_identity_moves_all(home: Team, billing: Team) -> None:
    """Until there is one, be it for others."""
    home.story.apply(version=2)
    home.story.wait_for_phase("Succeeded")
    assert home.story.routings() == QUICK_PATH
    assert home.signatures() == {(home.role, "pod")}

    billing.grant()
    home.story.edit(version=3)
    assert verdict(home.story.wait_for_reason("AccessNotGranted")) == STALLED

    home.grant(roleArn=None)
    home.story.wait_for(lambda status: status["stableVersion"] == 3, "version 3 to be stable")
    assert home.signatures() == {(home.role, "pod")}
    assert home.wait_for_access("AccessVerified", rollouts=1)["account"] == home.story.aws.account
    _, message = home.wait_for_access_event("AccessVerified")
    assert message == f"the operator's own identity is of account {home.story.aws.account}"


@pytest.mark.parametrize("arguments", [["--require-access"]], ids=["require-access"])
def test_where_access_is_required_nothing_begins_without(home: Team) -> None:
    home.story.apply(version=2)
    status = home.story.wait_for_reason("AccessNotGranted")
    assert (status["phase"], verdict(status)) == ("Failed", STALLED)
    assert "there is no AWSAccess, and the operator requires one (--require-access)" in status["message"]
    assert home.calls() == []

    home.grant(roleArn=None)
    home.story.wait_for_phase("Succeeded")
    assert home.story.routings() == QUICK_PATH
