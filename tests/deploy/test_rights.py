"""That the comparison of rights finds what is missing and what is too much: it is believed after each whole run."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from devenv.aws.journal import CallRecord
from tests.e2e.rights import EVERYBODYS, AwsCall, Right, aws_calls, rights_granted, rights_requested, shipped_statements
from tests.e2e.whole_run import OPERATOR, Seen, findings

USER = "system:serviceaccount:sfn-rollouts:sfn-rollouts"
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:Orders"
EVENTS = Right("create", "", "events", namespace="team-a")
LEASE = Right("get", "coordination.k8s.io", "leases", "sfn-rollouts", "sfn-rollouts")
WRITTEN = {EVENTS, LEASE, EVERYBODYS}
RBAC, IAM = "deploy/base/rbac.yaml", "deploy/aws"
CALLED = {AwsCall(action, patterns[0].replace("*", "x")) for action, patterns in shipped_statements()}
"""Each action that is allowed, about something that its first pattern names."""


def bound(kind: str, namespace: str | None, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A role and its binding."""
    metadata = {"name": kind.lower()} | ({"namespace": namespace} if namespace else {})
    subject = {"kind": "ServiceAccount", "name": OPERATOR[1], "namespace": OPERATOR[0]}
    return [
        {"kind": kind, "metadata": metadata, "rules": rules},
        {
            "kind": f"{kind}Binding",
            "metadata": metadata,
            "roleRef": {"kind": kind, "name": kind.lower()},
            "subjects": [subject],
        },
    ]


SHIPPED = [
    *bound("ClusterRole", None, [{"apiGroups": [""], "resources": ["events"], "verbs": ["create"]}]),
    *bound(
        "Role",
        "sfn-rollouts",
        [
            {
                "apiGroups": ["coordination.k8s.io"],
                "resources": ["leases"],
                "resourceNames": ["sfn-rollouts"],
                "verbs": ["get"],
            }
        ],
    ),
]


def test_a_right_is_what_a_binding_gives() -> None:
    assert rights_granted(SHIPPED, OPERATOR) == {Right("create", "", "events"), LEASE}
    assert rights_granted(SHIPPED, ("team-a", "sfn-rollouts")) == set()


@pytest.mark.parametrize(
    ("what", "seen", "found"),
    [
        ("all is used and nothing else", Seen(WRITTEN, CALLED), []),
        (
            "one right is never used",
            Seen({EVENTS}, CALLED),
            [
                f"granted in {RBAC} and never used: get leases.coordination.k8s.io/sfn-rollouts in sfn-rollouts",
            ],
        ),
        (
            "the same, but only a part was run",
            Seen({EVENTS}, set(), is_whole=False),
            [],
        ),
        (
            "another name than the one that is granted",
            Seen({*WRITTEN, LEASE._replace(name="other")}, CALLED, is_whole=False),
            [
                f"asked of the API server and not in {RBAC}: get leases.coordination.k8s.io/other in sfn-rollouts",
            ],
        ),
        (
            "another verb",
            Seen({*WRITTEN, EVENTS._replace(verb="delete")}, CALLED),
            [f"asked of the API server and not in {RBAC}: delete events in team-a"],
        ),
        (
            "an action on AWS is never used",
            Seen(WRITTEN, {call for call in CALLED if call.action != "states:ListExecutions"}),
            [f"allowed in {IAM} and never used: states:ListExecutions"],
        ),
        (
            "an action on AWS is not allowed",
            Seen(WRITTEN, {*CALLED, AwsCall("states:StopExecution", MACHINE)}, is_whole=False),
            [f"asked of AWS and not in {IAM}: states:StopExecution on {MACHINE}"],
        ),
        (
            "what people do in the stories is theirs",
            Seen(WRITTEN, {*CALLED, AwsCall("states:StartExecution", MACHINE)}),
            [],
        ),
    ],
)
def test_what_is_found(what: str, seen: Seen, found: list[str]) -> None:
    assert findings(seen, SHIPPED) == found, what


def test_a_worker_hands_on_what_it_saw() -> None:
    whole, part = Seen({EVENTS}, CALLED), Seen({LEASE}, set(), is_whole=False)
    sent = Seen.from_output(whole.as_output())
    assert sent == whole

    sent.add(Seen.from_output(part.as_output()))

    assert sent == Seen({EVENTS, LEASE}, CALLED, is_whole=False)


def test_a_request_is_read_from_the_audit_log() -> None:
    about = {
        "resource": "stepfunctionrollouts",
        "subresource": "status",
        "apiGroup": "sfnrollouts.dev",
        "name": "orders",
    }
    event = {"user": {"username": USER}, "verb": "patch", "objectRef": {**about, "namespace": "team-a"}}
    refused = event | {"responseStatus": {"code": 403}, "verb": "delete"}
    other = event | {"user": {"username": "ann"}, "verb": "update"}
    path = {"user": {"username": USER}, "verb": "get", "requestURI": "/apis"}

    assert rights_requested([event, refused, other, path], USER) == {
        Right("patch", "sfnrollouts.dev", "stepfunctionrollouts/status", "orders", "team-a")
    }


def test_a_call_is_about_the_first_arn_in_it() -> None:
    """CreateStateMachineAlias names its machine nowhere but in the routing."""
    params = {"name": "live", "routingConfiguration": [{"stateMachineVersionArn": f"{MACHINE}:1", "weight": 100}]}
    record = recorded("stepfunctions", "CreateStateMachineAlias", params)

    assert aws_calls(record) == {AwsCall("states:CreateStateMachineAlias", f"{MACHINE}:1")}


def test_what_is_done_in_another_account_is_compared_as_if_it_were_in_this_one() -> None:
    theirs = MACHINE.replace("123456789012", "222222222222")
    record = recorded("stepfunctions", "DescribeStateMachine", {"stateMachineArn": theirs}, account="222222222222")

    assert aws_calls(record) == {AwsCall("states:DescribeStateMachine", MACHINE)}
    assert aws_calls(replace(record, account="123456789012")) == {AwsCall("states:DescribeStateMachine", theirs)}


def test_a_session_with_tags_needs_two_actions() -> None:
    role = "arn:aws:iam::222222222222:role/sfn-rollouts"

    assert aws_calls(recorded("sts", "AssumeRole", {"RoleArn": role})) == {AwsCall("sts:AssumeRole", role)}
    assert aws_calls(recorded("sts", "AssumeRole", {"RoleArn": role, "Tags": []})) == {
        AwsCall("sts:AssumeRole", role),
        AwsCall("sts:TagSession", role),
    }


def recorded(service: str, operation: str, params: dict[str, Any], account: str = "123456789012") -> CallRecord:
    return CallRecord(datetime.now(UTC), service, operation, account, "eu-west-1", params, "ok")
