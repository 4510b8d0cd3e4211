"""AssumeRole by trust policy, and who one is then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ParamValidationError

from devenv.aws import constraints
from devenv.aws.client import trusting
from devenv.aws.errors import AwsError
from tests.devenv.aws.accounts import (
    EXTERNAL_ID,
    HOME,
    OPERATOR_ROLE,
    TEAM,
    TEAM_ROLE,
    Accounts,
    allow,
    as_keys,
    document,
    tags,
)
from tests.devenv.aws.world import T0

POD = f"arn:aws:sts::{HOME}:assumed-role/operator/pod"
USER = f"arn:aws:iam::{HOME}:user/emulated"
SESSION = f"arn:aws:sts::{TEAM}:assumed-role/sfn-rollouts/payments.orders"
DENIED = ("AccessDenied", f"User: {POD} is not authorized to perform: sts:AssumeRole on resource: {TEAM_ROLE}")
UNTAGGED = ("AccessDenied", DENIED[1].replace("sts:AssumeRole", "sts:TagSession"))


def test_an_assumed_role_is_somebody_for_an_hour(accounts: Accounts) -> None:
    answer = accounts.assume()
    found = answer["Credentials"]
    assert found["AccessKeyId"].startswith("ASIA")
    assert len(found["AccessKeyId"]) == 20
    assert len(found["SecretAccessKey"]) == 40
    assert found["Expiration"] == T0 + timedelta(hours=1)
    role_id, _, name = answer["AssumedRoleUser"]["AssumedRoleId"].partition(":")
    assert (role_id[:4], name, answer["AssumedRoleUser"]["Arn"]) == ("AROA", "payments.orders", SESSION)
    assert "PackedPolicySize" not in answer
    identity = accounts.team.boto3_client("sts", **as_keys(found)).get_caller_identity()
    del identity["ResponseMetadata"]
    assert identity == {"UserId": f"{role_id}:payments.orders", "Account": TEAM, "Arn": SESSION}


def test_who_has_assumed_nothing_is_who_one_was(accounts: Accounts) -> None:
    assert accounts.sts.get_caller_identity()["Arn"] == POD
    assert accounts.home.boto3_client("sts").get_caller_identity()["Arn"] == USER
    assert accounts.team.boto3_client("sts").get_caller_identity()["Account"] == HOME, "keys say it, not the place"


def test_a_users_own_keys_are_that_user(accounts: Accounts) -> None:
    iam = accounts.home.boto3_client("iam")
    arn = iam.create_user(UserName="ada")["User"]["Arn"]
    made = iam.create_access_key(UserName="ada")["AccessKey"]
    keys = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
    ada = accounts.home.boto3_client("sts", **keys)
    assert ada.get_caller_identity()["Arn"] == arn
    accounts.team.set_trust("sfn-rollouts", trusting(arn))
    assert ada.assume_role(RoleArn=TEAM_ROLE, RoleSessionName="ada")["Credentials"]


def test_a_role_by_web_identity_is_trusted_as_that_role(accounts: Accounts) -> None:
    """As a pod has its role on EKS: moto answers it, and asks no token."""
    assumed = accounts.home.boto3_client("sts").assume_role_with_web_identity(
        RoleArn=OPERATOR_ROLE, RoleSessionName="irsa", WebIdentityToken="token"
    )
    sts = accounts.home.boto3_client("sts", **as_keys(assumed["Credentials"]))
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:sts::{HOME}:assumed-role/operator/irsa"
    assert sts.assume_role(RoleArn=TEAM_ROLE, RoleSessionName="ok", ExternalId=EXTERNAL_ID)["Credentials"]
    [call] = accounts.home.calls("AssumeRole")
    assert (call.role, call.session_name) == (OPERATOR_ROLE, "irsa")


def trust(principal: Any, action: Any = "sts:AssumeRole", effect: str = "Allow", **condition: Any) -> dict[str, Any]:
    statement = {"Effect": effect, "Principal": principal, "Action": action}
    return document(statement | ({"Condition": condition} if condition else {}))


def both(*documents: dict[str, Any]) -> dict[str, Any]:
    return document(*(statement for each in documents for statement in each["Statement"]))


ANYBODY = {"AWS": "*"}
TRUSTS: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    # a sentence: (trust policy, what the call says beside role and session name, is it let in)
    "the role": (trust({"AWS": OPERATOR_ROLE}), {}, True),
    "one of several": (trust({"AWS": [f"{OPERATOR_ROLE}-2", OPERATOR_ROLE]}), {}, True),
    "the session itself": (trust({"AWS": POD}), {}, True),
    "another session of the role": (trust({"AWS": f"{POD}-2"}), {}, False),
    "another role": (trust({"AWS": f"{OPERATOR_ROLE}-2"}), {}, False),
    "the root of the account": (trust({"AWS": f"arn:aws:iam::{HOME}:root"}), {}, True),
    "the number of the account": (trust({"AWS": HOME}), {}, True),
    "another account": (trust({"AWS": "arn:aws:iam::333333333333:root"}), {}, False),
    "its own account alone": (trust({"AWS": f"arn:aws:iam::{TEAM}:root"}), {}, False),
    "everybody": (trust(ANYBODY), {}, True),
    "everybody in short": (trust("*"), {}, True),
    "a service": (trust({"Service": "states.amazonaws.com"}), {}, False),
    "an asterisk in an ARN is a letter": (trust({"AWS": f"{OPERATOR_ROLE[:-1]}*"}), {}, False),
    "another action": (trust(ANYBODY, "sts:TagSession"), {}, False),
    "a deny is stronger": (both(trust(ANYBODY), trust({"AWS": OPERATOR_ROLE}, effect="Deny")), {}, False),
    "a deny of somebody else": (both(trust(ANYBODY), trust({"AWS": HOME[::-1]}, effect="Deny")), {}, True),
    "its external id": (trust(ANYBODY, StringEquals={"sts:ExternalId": "t-1"}), {"ExternalId": "t-1"}, True),
    "another external id": (trust(ANYBODY, StringEquals={"sts:ExternalId": "t-1"}), {"ExternalId": "t-2"}, False),
    "no external id": (trust(ANYBODY, StringEquals={"sts:ExternalId": "t-1"}), {}, False),
    "an external id that nobody asked for": (trust(ANYBODY), {"ExternalId": "t-1"}, True),
    "a pattern of external ids": (trust(ANYBODY, StringLike={"sts:ExternalId": "t-*"}), {"ExternalId": "t-2"}, True),
    "the session's name": (trust(ANYBODY, StringLike={"sts:RoleSessionName": "payments.*"}), {}, True),
    "another session's name": (trust(ANYBODY, StringLike={"sts:RoleSessionName": "orders.*"}), {}, False),
    "the role as a condition": (trust(ANYBODY, ArnEquals={"aws:PrincipalArn": OPERATOR_ROLE}), {}, True),
    "tags that it lets pass": (
        trust(ANYBODY, ["sts:AssumeRole", "sts:TagSession"]),
        {"Tags": tags(namespace="payments")},
        True,
    ),
    "the tag that it wants": (
        trust(
            ANYBODY,
            ["sts:AssumeRole", "sts:TagSession"],
            StringEquals={"aws:RequestTag/sfnrollouts.dev/namespace": "payments"},
        ),
        {"Tags": tags(namespace="payments")},
        True,
    ),
    "another value of the tag": (
        trust(
            ANYBODY,
            ["sts:AssumeRole", "sts:TagSession"],
            StringEquals={"aws:RequestTag/sfnrollouts.dev/namespace": "payments"},
        ),
        {"Tags": tags(namespace="orders")},
        False,
    ),
    "without the tag": (
        trust(ANYBODY, StringEquals={"aws:RequestTag/sfnrollouts.dev/namespace": "payments"}),
        {},
        False,
    ),
    "no tags but these": (
        trust(
            ANYBODY,
            ["sts:AssumeRole", "sts:TagSession"],
            **{"ForAllValues:StringEquals": {"aws:TagKeys": ["sfnrollouts.dev/namespace"]}},
        ),
        {"Tags": tags(namespace="payments", rollout="orders")},
        False,
    ),
}


@pytest.mark.parametrize("case", TRUSTS)
def test_a_trust_policy_decides_who_is_let_in(case: str, accounts: Accounts, refused: Any) -> None:
    policy, said, is_let_in = TRUSTS[case]
    accounts.team.set_trust("sfn-rollouts", policy)
    wanted = {"RoleArn": TEAM_ROLE, "RoleSessionName": "payments.orders"} | said
    if is_let_in:
        assert accounts.sts.assume_role(**wanted)["AssumedRoleUser"]["Arn"] == SESSION
    else:
        assert refused(accounts.sts.assume_role, **wanted) == DENIED


def test_tags_need_a_permission_of_their_own(accounts: Accounts, refused: Any) -> None:
    accounts.team.set_trust("sfn-rollouts", trusting(OPERATOR_ROLE))
    assert refused(accounts.assume, Tags=tags(namespace="payments")) == UNTAGGED
    assert accounts.assume()["Credentials"]
    accounts.team.set_trust("sfn-rollouts", trusting(OPERATOR_ROLE, may_tag=True))
    accounts.home.put_role("operator", document(allow("sts:AssumeRole")))
    assert refused(accounts.assume, Tags=tags(namespace="payments")) == UNTAGGED
    accounts.home.allow("operator", "sts:TagSession")
    assert accounts.assume(Tags=tags(namespace="payments"))["PackedPolicySize"] == 33 * 100 // 2048


OWN: dict[str, tuple[dict[str, Any] | None, str, bool]] = {
    # a sentence: (what the operator's own policy says, whom the team's role trusts, is it let in)
    "no policy limits it": (None, OPERATOR_ROLE, True),
    "allowed": (allow("sts:AssumeRole", "arn:aws:iam::*:role/sfn-rollouts"), OPERATOR_ROLE, True),
    "another role allowed": (allow("sts:AssumeRole", "arn:aws:iam::*:role/other"), OPERATOR_ROLE, False),
    "another account needs both": (allow("states:*"), OPERATOR_ROLE, False),
    "denied": (allow("sts:*") | {"Effect": "Deny"}, OPERATOR_ROLE, False),
}


@pytest.mark.parametrize("case", OWN)
def test_the_callers_own_policy_counts_too(case: str, accounts: Accounts, refused: Any) -> None:
    own, principal, is_let_in = OWN[case]
    accounts.home.put_role("operator", *([document(own)] if own else []))
    accounts.team.set_trust("sfn-rollouts", trusting(principal))
    if is_let_in:
        assert accounts.assume()["Credentials"]
    else:
        assert refused(accounts.assume) == DENIED


NEIGHBOURS = {"named": (OPERATOR_ROLE, True), "by their account": (HOME, False)}


@pytest.mark.parametrize("case", NEIGHBOURS)
def test_within_an_account_a_role_that_is_named_needs_no_policy(case: str, accounts: Accounts, refused: Any) -> None:
    principal, is_let_in = NEIGHBOURS[case]
    accounts.home.put_role("operator", document(allow("states:*")))
    neighbour = accounts.home.put_role("neighbour", trust=trusting(principal))
    wanted = {"RoleArn": neighbour, "RoleSessionName": "pod"}
    if is_let_in:
        assert accounts.sts.assume_role(**wanted)["Credentials"]
    else:
        assert refused(accounts.sts.assume_role, **wanted)[0] == "AccessDenied"
    accounts.home.deny("operator", "sts:AssumeRole")
    assert refused(accounts.sts.assume_role, **wanted)[0] == "AccessDenied"


def test_a_role_that_is_not_there_is_denied_like_one_that_trusts_somebody_else(
    accounts: Accounts, refused: Any
) -> None:
    gone = f"arn:aws:iam::{TEAM}:role/gone"
    wanted = {"RoleArn": gone, "RoleSessionName": "payments.orders"}
    assert refused(accounts.sts.assume_role, **wanted) == ("AccessDenied", DENIED[1].replace(TEAM_ROLE, gone))
    accounts.team.delete_role("sfn-rollouts")
    assert refused(accounts.assume) == DENIED


def test_a_denial_is_a_403(accounts: Accounts) -> None:
    accounts.team.delete_role("sfn-rollouts")
    with pytest.raises(accounts.sts.exceptions.ClientError) as caught:
        accounts.assume()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_an_account_whose_roles_nobody_wrote_lets_everybody_in(accounts: Accounts) -> None:
    role = "arn:aws:iam::333333333333:role/some/path/target"
    assumed = accounts.sts.assume_role(RoleArn=role, RoleSessionName="ok")["AssumedRoleUser"]
    assert assumed["Arn"] == "arn:aws:sts::333333333333:assumed-role/target/ok"


def constraint(value: str, member: str, text: str) -> str:
    return (
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {text}"
    )


LONG = "n" * 65
INVALID: dict[str, tuple[dict[str, Any], str, str]] = {
    "a long session name": (
        {"RoleSessionName": LONG},
        "ValidationError",
        constraint(LONG, "roleSessionName", "have length less than or equal to 64"),
    ),
    "a session name with a slash": (
        {"RoleSessionName": "payments/orders"},
        "ValidationError",
        constraint("payments/orders", "roleSessionName", r"satisfy regular expression pattern: [\w+=,.@-]*"),
    ),
    "a session name with an umlaut": (
        {"RoleSessionName": "zürich"},
        "ValidationError",
        constraint("zürich", "roleSessionName", r"satisfy regular expression pattern: [\w+=,.@-]*"),
    ),
    "more than half a day": (
        {"DurationSeconds": 43_201},
        "ValidationError",
        constraint("43201", "durationSeconds", "have value less than or equal to 43200"),
    ),
    "more than an hour in a chain": (
        {"DurationSeconds": 3601},
        "ValidationError",
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
    ),
    "a user": (
        {"RoleArn": f"arn:aws:iam::{TEAM}:user/ada"},
        "ValidationError",
        f"arn:aws:iam::{TEAM}:user/ada is invalid",
    ),
    "two tags of one name": (
        {"Tags": [{"Key": "Team", "Value": "a"}, {"Key": "team", "Value": "b"}]},
        "InvalidParameterValue",
        "Duplicate tag keys found: team. Tag keys are case insensitive.",
    ),
    "a tag of AWS": (
        {"Tags": [{"Key": "aws:team", "Value": "a"}]},
        "InvalidParameterValue",
        "Tag keys beginning with aws: are reserved: aws:team",
    ),
    "a session policy": (
        {"Policy": "{}"},
        "PolicyEvaluation",
        "The emulator does not implement Policy of AssumeRole.",
    ),
}


@pytest.mark.parametrize("case", INVALID)
def test_what_sts_refuses_it_refuses_by_name(case: str, accounts: Accounts, refused: Any) -> None:
    said, code, text = INVALID[case]
    accounts.team.put_role("sfn-rollouts", max_s=43_200)
    name = said.get("RoleSessionName", "payments.orders")
    assert refused(accounts.assume, session_name=name, **said) == (code, text)


MINIMA: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "a short session name": ({"RoleSessionName": "n"}, "n", "roleSessionName", "length greater than or equal to 2"),
    "a short external id": ({"ExternalId": "x"}, "x", "externalId", "length greater than or equal to 2"),
    "less than a quarter of an hour": (
        {"DurationSeconds": 899},
        "899",
        "durationSeconds",
        "value greater than or equal to 900",
    ),
}


@pytest.mark.parametrize("case", MINIMA)
def test_what_boto3_refuses_itself_sts_refuses_as_well(case: str, accounts: Accounts) -> None:
    said, value, member, text = MINIMA[case]
    params = {"RoleArn": TEAM_ROLE, "RoleSessionName": "payments.orders"} | said
    with pytest.raises(ParamValidationError):
        accounts.sts.assume_role(**params)
    with pytest.raises(AwsError) as caught:
        constraints.check("sts", "AssumeRole", params)
    assert (caught.value.code, caught.value.message) == ("ValidationError", constraint(value, member, f"have {text}"))


def test_a_user_may_stay_as_long_as_the_role_lets(accounts: Accounts, refused: Any) -> None:
    accounts.team.put_role("sfn-rollouts", trust=trusting(USER))
    sts = accounts.home.boto3_client("sts")
    wanted = {"RoleArn": TEAM_ROLE, "RoleSessionName": "ada", "DurationSeconds": 7200}
    text = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    assert refused(sts.assume_role, **wanted) == ("ValidationError", text)
    accounts.team.put_role("sfn-rollouts", max_s=7200)
    assert sts.assume_role(**wanted)["Credentials"]["Expiration"] == T0 + timedelta(hours=2)


def test_a_trust_policy_that_iam_refuses_is_refused_by_the_client_too(accounts: Accounts) -> None:
    with pytest.raises(Exception, match="MalformedPolicyDocument"):
        accounts.team.set_trust("sfn-rollouts", {"Version": "2012-10-17", "Statement": {"Effect": "Maybe"}})
    with pytest.raises(Exception, match="NoSuchEntity"):
        accounts.team.set_trust("gone", trusting(OPERATOR_ROLE))
    with pytest.raises(Exception, match="NoSuchEntity"):
        accounts.team.credentials("gone", "pod")


def test_a_principal_that_is_excluded_is_more_than_the_emulator_knows(accounts: Accounts, refused: Any) -> None:
    policy = {"Effect": "Deny", "NotPrincipal": {"AWS": OPERATOR_ROLE}, "Action": "sts:AssumeRole"}
    accounts.team.set_trust("sfn-rollouts", document(policy))
    assert refused(accounts.assume) == ("PolicyEvaluation", "The emulator does not evaluate NotPrincipal.")
