"""The AWS rights that are shipped, thrice: as a policy document, for Terraform and for CloudFormation.

That they are enough, and none too many, is also seen in each whole end-to-end run (tests/e2e/whole_run.py).
"""

import ast
import json
import re
from pathlib import Path
from typing import Any

import boto3
import pytest
from cfnlint import ManualArgs
from cfnlint.api import lint_file
from cfnlint.decode.cfn_yaml import load

from sfn_rollouts.aws.apis import Api
from tests.deploy.aws_documents import AWS, block, by_sid, contents, sub, terraform_of
from tests.e2e.rights import iam_statements

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "operator" / "sfn_rollouts").rglob("*.py"))
ISSUER = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
PARAMETERS = {
    "AWS::Partition": "aws",
    "AWS::AccountId": "123456789012",
    "ClusterName": "my-cluster",
    "OidcIssuer": ISSUER,
    "Namespace": "sfn-rollouts",
    "ServiceAccount": "sfn-rollouts",
    "StateMachineName": "*",
}
RESOURCES = {
    "state machines": "arn:aws:states:*:123456789012:stateMachine:*",
    "executions": "arn:aws:states:*:123456789012:execution:*",
    "functions": "arn:aws:lambda:*:123456789012:function:*",
    "roles": "arn:aws:iam::123456789012:role/*",
    "`*`": "*",
}
"""As docs/permissions.md names them."""


def operations_called() -> set[str]:
    """Each method of a boto3 client that the code names, wherever it stands; `super()` is no client."""
    clients = [
        boto3.client(service, region_name="eu-west-1")
        for service in ("stepfunctions", "cloudwatch", "sts", "lambda", "iam")
    ]
    operations = {name: api for client in clients for name, api in client.meta.method_to_api_mapping.items()}
    nodes = (node for source in SOURCES for node in ast.walk(ast.parse(source.read_text())))
    named = (node for node in nodes if isinstance(node, ast.Attribute) and ast.unparse(node.value) != "super()")
    return {operations[node.attr] for node in named if node.attr in operations}


def test_the_policy_allows_what_the_code_calls_and_no_more() -> None:
    """Nothing is called by a name in a string, which the search for methods would not see."""
    assert operations_called() == {api.value for api in Api}
    assert not [source.name for source in SOURCES if "get_paginator" in source.read_text()]
    assert not [source.name for source in SOURCES if "get_waiter" in source.read_text()]

    assert sorted(action for action, _ in iam_statements()) == sorted(api.action for api in Api if api.needs_permission)


def test_the_page_gives_a_reason_for_each() -> None:
    page = (ROOT / "docs" / "permissions.md").read_text()
    explained = re.findall(rf"^\| (\w+:\w+) \| ({'|'.join(map(re.escape, RESOURCES))}) \| .+ \|$", page, re.MULTILINE)

    assert {action: [RESOURCES[what]] for action, what in explained} == dict(iam_statements())
    assert len(explained) == len(iam_statements())


def test_everything_is_named_by_its_kind_and_alarms_cannot_be() -> None:
    """CloudWatch hides composite alarms from who may see only some."""
    kinds = {"states": "state machines", "lambda": "functions", "iam": "roles", "cloudwatch": "`*`"}
    kinds_of_actions = {"states:DescribeExecution": "executions"}
    for action, resources in iam_statements():
        kind = kinds_of_actions.get(action) or kinds[action.partition(":")[0]]
        assert resources == [RESOURCES[kind]], action


def document() -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = json.loads((AWS / "iam-policy.json").read_text())["Statement"]
    return statements


# -- Terraform


@pytest.fixture(scope="module")
def terraform() -> dict[str, Any]:
    return terraform_of(AWS / "main.tf")


def test_terraform_allows_the_same(terraform: dict[str, Any]) -> None:
    statements = block(terraform, "data", "aws_iam_policy_document", "operator")["statement"]

    assert by_sid(statements, "sid", "actions") == by_sid(document(), "Sid", "Action")
    partition, account = "${data.aws_partition.current.partition}", "${data.aws_caller_identity.current.account_id}"
    assert [each["resources"] for each in statements] == [
        "${local.state_machines}",
        "${local.state_machines}",
        ["*"],
        ["*"],
        *(
            [RESOURCES[what].replace(":aws:", f":{partition}:").replace("123456789012", account)]
            for what in ("functions", "roles")
        ),
        "${local.state_machines}",
        "${local.executions}",
    ]


def test_terraform_trusts_the_operators_account_alone(terraform: dict[str, Any]) -> None:
    dynamic = block(terraform, "data", "aws_iam_policy_document", "trust")["dynamic"]
    irsa, pod_identity = ({each["variable"]: each["values"] for each in one["condition"]} for one in contents(dynamic))

    assert irsa == {
        "${local.oidc_issuer}:aud": ["sts.amazonaws.com"],
        "${local.oidc_issuer}:sub": ["system:serviceaccount:${var.namespace}:${var.service_account}"],
    }
    assert pod_identity == {
        "aws:RequestTag/eks-cluster-name": ["${statement.value}"],
        "aws:RequestTag/kubernetes-namespace": ["${var.namespace}"],
        "aws:RequestTag/kubernetes-service-account": ["${var.service_account}"],
    }
    assert {each["test"] for one in contents(dynamic) for each in one["condition"]} == {"StringEquals"}


def test_terraform_associates_the_account_that_is_shipped(terraform: dict[str, Any]) -> None:
    association = block(terraform, "resource", "aws_eks_pod_identity_association", "operator")
    defaults = {name: block(terraform, "variable", name)["default"] for name in ("namespace", "service_account")}

    assert association["role_arn"] == "${aws_iam_role.operator.arn}"
    assert (association["namespace"], association["service_account"]) == ("${var.namespace}", "${var.service_account}")
    assert defaults == {"namespace": "sfn-rollouts", "service_account": "sfn-rollouts"}


# -- CloudFormation


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    loaded: dict[str, Any] = load(str(AWS / "cloudformation.yaml"))
    return loaded


def test_cfn_lint_has_nothing_to_say() -> None:
    assert lint_file(AWS / "cloudformation.yaml", ManualArgs(include_checks=["I"])) == []


def test_cloudformation_allows_the_same(template: dict[str, Any]) -> None:
    [policy] = template["Resources"]["Role"]["Properties"]["Policies"]
    statements = policy["PolicyDocument"]["Statement"]
    machine = RESOURCES["state machines"]

    assert by_sid(statements, "Sid", "Action") == by_sid(document(), "Sid", "Action")
    for each in (*statements[:2], statements[6]):
        assert [sub(arn["Fn::Sub"], PARAMETERS) for arn in each["Resource"]] == [machine, f"{machine}:*"]
    assert [each["Resource"] for each in statements[2:4]] == ["*", "*"]
    assert [sub(each["Resource"]["Fn::Sub"], PARAMETERS) for each in (*statements[4:6], statements[7])] == [
        RESOURCES["functions"],
        RESOURCES["roles"],
        f"{RESOURCES['executions']}:*",
    ]


@pytest.mark.parametrize(("index", "file"), [(1, "trust-policy-pod-identity.json"), (2, "trust-policy-irsa.json")])
def test_cloudformation_trusts_as_the_documents_do(template: dict[str, Any], index: int, file: str) -> None:
    trust = template["Resources"]["Role"]["Properties"]["AssumeRolePolicyDocument"]["Fn::If"]

    assert json.loads(sub(trust[index]["Fn::Sub"], PARAMETERS)) == json.loads((AWS / file).read_text())


def test_irsa_is_bound_to_one_account_and_one_audience() -> None:
    """Without `sub` every pod of the cluster, without `aud` every audience, could take the role."""
    [statement] = json.loads((AWS / "trust-policy-irsa.json").read_text())["Statement"]

    assert statement["Condition"] == {
        "StringEquals": {
            f"{ISSUER}:aud": "sts.amazonaws.com",
            f"{ISSUER}:sub": "system:serviceaccount:sfn-rollouts:sfn-rollouts",
        }
    }
