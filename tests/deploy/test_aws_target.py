"""The role of a target account, thrice, and what the operator needs to assume it; then both at the emulator."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cfnlint import ManualArgs
from cfnlint.api import lint_file
from cfnlint.decode.cfn_yaml import load

from devenv.aws.client import Emulator
from devenv.aws.server import AwsEmulator
from sfn_rollouts.aws.apis import Api
from sfn_rollouts.core.granting import TAGS
from tests.deploy.aws_documents import AWS, block, by_sid, contents, sub, terraform_of

TARGET = AWS / "target"
PAGE = (AWS.parents[1] / "docs" / "permissions.md").read_text()
HOME, ACCOUNT = "123456789012", "222222222222"
OPERATOR, EXTERNAL_ID = f"arn:aws:iam::{HOME}:role/sfn-rollouts", "payments-production"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/sfn-rollouts"
PARAMETERS = {"AWS::Partition": "aws", "AWS::AccountId": ACCOUNT, "StateMachineName": "payments-*"}
ASSUMES = ["sts:AssumeRole", "sts:TagSession"]
"""The second is asked for where session tags are passed:
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html"""

Document = dict[str, Any]


def document(name: str) -> Document:
    parsed: Document = json.loads((AWS / name).read_text())
    return parsed


@pytest.fixture(scope="module")
def template() -> Document:
    loaded: Document = load(str(TARGET / "cloudformation.yaml"))
    return loaded


@pytest.fixture(scope="module")
def terraform() -> Document:
    return terraform_of(TARGET / "main.tf")


def test_the_role_may_what_the_operator_calls_and_no_more() -> None:
    """As the operator may in an account of its own, on the team's state machines."""
    of_the_team = (
        json.dumps(document("iam-policy.json"))
        .replace(HOME, ACCOUNT)
        .replace("stateMachine:*", "stateMachine:payments-*")
        .replace("execution:*", "execution:payments-*:*")
    )

    assert document("target/iam-policy.json") == json.loads(of_the_team)


def test_terraform_allows_and_trusts_the_same(terraform: Document) -> None:
    operators = block(terraform_of(AWS / "main.tf"), "data", "aws_iam_policy_document", "operator")["statement"]
    trust = block(terraform, "data", "aws_iam_policy_document", "trust")["statement"]
    conditions = [(each["actions"], *each["condition"]) for each in trust]

    assert block(terraform, "data", "aws_iam_policy_document", "target")["statement"] == operators
    assert conditions == [
        (
            ["sts:AssumeRole"],
            {"test": "StringEquals", "variable": "sts:ExternalId", "values": ["${var.external_id}"]},
        ),
        (
            ["sts:TagSession"],
            {"test": "ForAllValues:StringEquals", "variable": "aws:TagKeys", "values": list(TAGS)},
        ),
    ]
    assert [each["principals"] for each in trust] == [
        [{"type": "AWS", "identifiers": ["${var.operator_role_arn}"]}]
    ] * 2


def test_cfn_lint_has_nothing_to_say() -> None:
    assert lint_file(TARGET / "cloudformation.yaml", ManualArgs(include_checks=["I"])) == []


def test_cloudformation_allows_the_same(template: Document) -> None:
    [policy] = template["Resources"]["Role"]["Properties"]["Policies"]
    [own] = load(str(AWS / "cloudformation.yaml"))["Resources"]["Role"]["Properties"]["Policies"]
    statements = policy["PolicyDocument"]["Statement"]

    assert policy == own
    assert by_sid(statements, "Sid", "Action") == by_sid(
        document("target/iam-policy.json")["Statement"], "Sid", "Action"
    )
    assert {sub(arn["Fn::Sub"], PARAMETERS) for arn in statements[1]["Resource"]} == {
        f"arn:aws:states:*:{ACCOUNT}:stateMachine:payments-*",
        f"arn:aws:states:*:{ACCOUNT}:stateMachine:payments-*:*",
    }


def test_cloudformation_trusts_the_same(template: Document) -> None:
    text = json.dumps(template["Resources"]["Role"]["Properties"]["AssumeRolePolicyDocument"])
    filled = text.replace('{"Ref": "OperatorRoleArn"}', f'"{OPERATOR}"').replace(
        '{"Ref": "ExternalId"}', f'"{EXTERNAL_ID}"'
    )

    assert json.loads(filled) == document("target/trust-policy.json")


def test_the_operator_may_assume_the_named_roles_and_no_other() -> None:
    [statement] = document("assume-role-policy.json")["Statement"]
    dynamic = block(terraform_of(AWS / "main.tf"), "data", "aws_iam_policy_document", "operator")["dynamic"]
    [added] = contents(dynamic)
    stack = load(str(AWS / "cloudformation.yaml"))["Resources"]["TargetRoles"]
    [policy] = stack["Properties"]["PolicyDocument"]["Statement"]

    assert statement["Action"] == added["actions"] == policy["Action"] == ASSUMES
    assert Api.ASSUME_ROLE.action in ASSUMES
    assert all(re.fullmatch(r"arn:aws:iam::\d{12}:role/sfn-rollouts", arn) for arn in statement["Resource"])
    assert (added["resources"], policy["Resource"]) == ("${statement.value}", {"Ref": "TargetRoleArns"})
    assert stack["Condition"] == "AssumesRoles", "without target roles the operator may assume none"


def test_the_page_gives_parameters_that_there_are(template: Document) -> None:
    stack_set = PAGE[PAGE.index("create-stack-set ") : PAGE.index("create-stack-instances")]
    given = set(re.findall(r"ParameterKey=(\w+)", stack_set))
    required = {name for name, each in template["Parameters"].items() if "Default" not in each}

    assert required <= given <= set(template["Parameters"])
    assert set(re.findall(r"TargetRoleArns|target_role_arns", PAGE)) == {"TargetRoleArns", "target_role_arns"}


# -- At the emulator, as AWS evaluates them


@pytest.fixture(scope="module")
def operator() -> Iterator[Emulator]:
    """Two accounts with the shipped documents; the target has a machine of the team, and one of somebody else."""
    with AwsEmulator() as running:
        home, team = running.client, Emulator(running.client.url, account=ACCOUNT)
        home.put_role("sfn-rollouts", document("assume-role-policy.json"))
        shipped = document("target/iam-policy.json")
        team.put_role("sfn-rollouts", shipped, trust=document("target/trust-policy.json"))
        team.put_role("admin", shipped, trust=document("target/trust-policy.json"))
        for name in ("payments-charge", "refunds"):
            team.create_alias(team.publish_machine(name), "live", {1: 100})
        yield home


def client(operator: Emulator, service: str, **credentials: str) -> Any:
    return operator.boto3_client(service, **(credentials or operator.credentials("sfn-rollouts", "pod")))


def assume(operator: Emulator, role: str = ROLE, external_id: str | None = EXTERNAL_ID, **more: Any) -> dict[str, str]:
    request = {"RoleArn": role, "RoleSessionName": "payments.charge", **more}
    request |= {} if external_id is None else {"ExternalId": external_id}
    keys = client(operator, "sts").assume_role(**request)["Credentials"]
    return {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }


def tags(*keys: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": "payments"} for key in keys]


def test_the_operator_assumes_it_and_moves_the_teams_alias_alone(operator: Emulator) -> None:
    session = client(operator, "stepfunctions", **assume(operator, Tags=tags(*TAGS)))
    machine = f"arn:aws:states:eu-west-1:{ACCOUNT}:stateMachine"

    assert (
        session.describe_state_machine_alias(stateMachineAliasArn=f"{machine}:payments-charge:live")["name"] == "live"
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        session.describe_state_machine_alias(stateMachineAliasArn=f"{machine}:refunds:live")


@pytest.mark.parametrize(
    "request_",
    [
        {"external_id": None},
        {"external_id": "refunds-production"},
        {"role": f"arn:aws:iam::{ACCOUNT}:role/admin"},
    ],
    ids=["without the external id", "with that of another access", "another role that trusts it"],
)
def test_nothing_else_is_assumed(operator: Emulator, request_: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        assume(operator, **request_)
