"""SimulatePrincipalPolicy: what a role's policies say, decided from the documents themselves."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from devenv.aws.client import Emulator
from devenv.aws.server import AwsEmulator

CALL = "SimulatePrincipalPolicy"
INVOKE = "lambda:InvokeFunction"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:Charge"
PINNED = f"{FUNCTION}:3"
ALLOWED, IMPLICIT, EXPLICIT = "allowed", "implicitDeny", "explicitDeny"


@pytest.fixture
def iam(aws: Any) -> Any:
    return aws.boto3_client("iam")


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any = INVOKE, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = INVOKE, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return allow(action, resource, **more) | {"Effect": "Deny"}


def asked(iam: Any, role: str, resource: str = PINNED, action: str = INVOKE, **more: Any) -> dict[str, Any]:
    """The one decision on one resource."""
    answer = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=[action], ResourceArns=[resource], **more)
    [result] = answer["EvaluationResults"]
    [specific] = result["ResourceSpecificResults"]
    assert (result["EvalActionName"], specific["EvalResourceName"]) == (action, resource)
    assert result["EvalDecision"] == specific["EvalResourceDecision"]
    found: dict[str, Any] = specific
    return found


NOT_ACTION = {"Effect": "Allow", "NotAction": ["iam:*", "lambda:Delete*"], "Resource": "*"}
NOT_RESOURCE = {"Effect": "Allow", "Action": INVOKE, "NotResource": [f"{FUNCTION}:*"]}

STATEMENTS: dict[str, tuple[list[dict[str, Any]], str, str, str]] = {
    # a sentence: (statements, action, resource, decision)
    "nothing is said": ([], INVOKE, PINNED, IMPLICIT),
    "the very resource": ([allow(resource=PINNED)], INVOKE, PINNED, ALLOWED),
    "the function alone is not its version": ([allow(resource=FUNCTION)], INVOKE, PINNED, IMPLICIT),
    "a version is not the function": ([allow(resource=PINNED)], INVOKE, FUNCTION, IMPLICIT),
    "all versions": ([allow(resource=f"{FUNCTION}:*")], INVOKE, PINNED, ALLOWED),
    "all versions do not mean the function": ([allow(resource=f"{FUNCTION}:*")], INVOKE, FUNCTION, IMPLICIT),
    "an asterisk goes over colons": ([allow(resource="arn:aws:lambda:*")], INVOKE, PINNED, ALLOWED),
    "a question mark is one character": ([allow(resource=f"{FUNCTION}:?")], INVOKE, PINNED, ALLOWED),
    "and not two": ([allow(resource=f"{FUNCTION}:?")], INVOKE, f"{FUNCTION}:33", IMPLICIT),
    "a dot is a dot": ([allow(resource=PINNED.replace("Charge", "C.arge"))], INVOKE, PINNED, IMPLICIT),
    "names of resources have cases": ([allow(resource=PINNED.replace("Charge", "charge"))], INVOKE, PINNED, IMPLICIT),
    "names of actions have none": ([allow("LAMBDA:invokefunction")], INVOKE, PINNED, ALLOWED),
    "one of several": ([allow(["s3:*", INVOKE], ["arn:aws:s3:::b", PINNED])], INVOKE, PINNED, ALLOWED),
    "a part of an action": ([allow("lambda:Inv*")], INVOKE, PINNED, ALLOWED),
    "every action": ([allow("*")], INVOKE, PINNED, ALLOWED),
    "another action": ([allow("lambda:Get*")], INVOKE, PINNED, IMPLICIT),
    "all but what is not meant": ([NOT_ACTION], INVOKE, PINNED, ALLOWED),
    "but not that": ([NOT_ACTION], "lambda:DeleteFunction", PINNED, IMPLICIT),
    "everywhere but there": ([NOT_RESOURCE], INVOKE, FUNCTION, ALLOWED),
    "and there not": ([NOT_RESOURCE], INVOKE, PINNED, IMPLICIT),
    "a deny is stronger, before": ([deny(), allow()], INVOKE, PINNED, EXPLICIT),
    "a deny is stronger, after": ([allow(), deny()], INVOKE, PINNED, EXPLICIT),
    "a deny elsewhere is none": ([allow(), deny(resource=FUNCTION)], INVOKE, PINNED, ALLOWED),
    "a deny of one resource beside an allow of all": ([allow(), deny(resource=PINNED)], INVOKE, PINNED, EXPLICIT),
    "a resource means all only when all is asked": ([allow(resource=PINNED)], INVOKE, "*", IMPLICIT),
}


@pytest.mark.parametrize("case", STATEMENTS)
def test_statements_are_decided_as_iam_decides_them(case: str, aws: Any, iam: Any) -> None:
    statements, action, resource, decision = STATEMENTS[case]
    role = aws.put_role("pays", *([document(*statements)] if statements else []))
    if resource != "*":
        assert asked(iam, role, resource, action)["EvalResourceDecision"] == decision
        assert asked(iam, role, resource, action)["MissingContextValues"] == []
    answer = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=[action], ResourceArns=[resource])
    assert answer["EvaluationResults"][0]["EvalDecision"] == decision


def context(**values: Any) -> list[dict[str, Any]]:
    """Keys with `_` for the colon."""
    return [
        {"ContextKeyName": key.replace("_", ":"), "ContextKeyValues": listed, "ContextKeyType": "string"}
        for key, value in values.items()
        for listed in [value if isinstance(value, list) else [value]]
    ]


SOURCE = "arn:aws:states:eu-west-1:123456789012:stateMachine:Orders"

CONDITIONS: dict[str, tuple[dict[str, Any], dict[str, Any], str, list[str]]] = {
    # a sentence: (Condition of an Allow, what is handed over, decision, what is missing)
    "equal": ({"StringEquals": {"aws:Team": "pay"}}, {"aws_Team": "pay"}, ALLOWED, []),
    "equal to one of several": ({"StringEquals": {"aws:Team": ["a", "pay"]}}, {"aws_Team": "pay"}, ALLOWED, []),
    "equal but for the case": ({"StringEquals": {"aws:Team": "pay"}}, {"aws_Team": "Pay"}, IMPLICIT, []),
    "the case of a key": ({"StringEquals": {"AWS:team": "pay"}}, {"aws_Team": "pay"}, ALLOWED, []),
    "an asterisk that is meant": ({"StringEquals": {"aws:Team": "p*"}}, {"aws_Team": "pay"}, IMPLICIT, []),
    "in any case": ({"StringEqualsIgnoreCase": {"aws:Team": "PAY"}}, {"aws_Team": "pay"}, ALLOWED, []),
    "like": ({"StringLike": {"aws:Team": "p?y*"}}, {"aws_Team": "payments"}, ALLOWED, []),
    "unlike": ({"StringLike": {"aws:Team": "p?y"}}, {"aws_Team": "payments"}, IMPLICIT, []),
    "not equal": ({"StringNotEquals": {"aws:Team": ["a", "b"]}}, {"aws_Team": "pay"}, ALLOWED, []),
    "equal to one that it must not be": (
        {"StringNotEquals": {"aws:Team": ["a", "pay"]}},
        {"aws_Team": "pay"},
        IMPLICIT,
        [],
    ),
    "not like": ({"StringNotLike": {"aws:Team": "p*"}}, {"aws_Team": "pay"}, IMPLICIT, []),
    "an ARN": ({"ArnLike": {"aws:SourceArn": f"{SOURCE[:-3]}*"}}, {"aws_SourceArn": SOURCE}, ALLOWED, []),
    "an ARN of another region": (
        {"ArnEquals": {"aws:SourceArn": SOURCE.replace("eu-west-1", "us-*")}},
        {"aws_SourceArn": SOURCE},
        IMPLICIT,
        [],
    ),
    "an asterisk stays within a part of an ARN": (
        {"ArnLike": {"aws:SourceArn": "arn:*:stateMachine:Orders"}},
        {"aws_SourceArn": SOURCE},
        IMPLICIT,
        [],
    ),
    "an ARN that it must not be": (
        {"ArnNotLike": {"aws:SourceArn": f"{SOURCE}*"}},
        {"aws_SourceArn": SOURCE},
        IMPLICIT,
        [],
    ),
    "true": ({"Bool": {"aws:SecureTransport": "true"}}, {"aws_SecureTransport": "true"}, ALLOWED, []),
    "true without quotes": ({"Bool": {"aws:SecureTransport": True}}, {"aws_SecureTransport": "true"}, ALLOWED, []),
    "false": ({"Bool": {"aws:SecureTransport": "true"}}, {"aws_SecureTransport": "false"}, IMPLICIT, []),
    "all of several operators": (
        {"StringEquals": {"aws:Team": "pay"}, "Bool": {"aws:SecureTransport": "true"}},
        {"aws_Team": "pay", "aws_SecureTransport": "false"},
        IMPLICIT,
        [],
    ),
    "all of several keys": (
        {"StringEquals": {"aws:Team": "pay", "aws:Unit": "x"}},
        {"aws_Team": "pay"},
        IMPLICIT,
        ["aws:Unit"],
    ),
    "a key that was not handed over": ({"StringEquals": {"aws:Team": "pay"}}, {}, IMPLICIT, ["aws:Team"]),
    "its negation holds": ({"StringNotEquals": {"aws:Team": "pay"}}, {}, ALLOWED, ["aws:Team"]),
    "if it exists, and it does not": ({"StringEqualsIfExists": {"aws:Team": "pay"}}, {}, ALLOWED, ["aws:Team"]),
    "if it exists, and is another": ({"StringEqualsIfExists": {"aws:Team": "pay"}}, {"aws_Team": "a"}, IMPLICIT, []),
    "it must not exist": ({"Null": {"aws:Team": "true"}}, {}, ALLOWED, ["aws:Team"]),
    "it must exist": ({"Null": {"aws:Team": "false"}}, {}, IMPLICIT, ["aws:Team"]),
    "it must exist, and does": ({"Null": {"aws:Team": False}}, {"aws_Team": "pay"}, ALLOWED, []),
    "any of its values": ({"ForAnyValue:StringEquals": {"aws:Keys": ["a"]}}, {"aws_Keys": ["b", "a"]}, ALLOWED, []),
    "any of no values": ({"ForAnyValue:StringEquals": {"aws:Keys": ["a"]}}, {}, IMPLICIT, ["aws:Keys"]),
    "all of its values": ({"ForAllValues:StringEquals": {"aws:Keys": ["a"]}}, {"aws_Keys": ["b", "a"]}, IMPLICIT, []),
    "all of no values": ({"ForAllValues:StringEquals": {"aws:Keys": ["a"]}}, {}, ALLOWED, ["aws:Keys"]),
}


@pytest.mark.parametrize("case", CONDITIONS)
def test_conditions_hold_as_iam_says(case: str, aws: Any, iam: Any) -> None:
    condition, handed_over, decision, missing = CONDITIONS[case]
    role = aws.put_role("pays", document(allow(Condition=condition)))
    found = asked(iam, role, ContextEntries=context(**handed_over))
    assert (found["EvalResourceDecision"], found["MissingContextValues"]) == (decision, missing)


def test_a_deny_whose_condition_does_not_hold_denies_nothing(aws: Any, iam: Any) -> None:
    condition = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    role = aws.put_role("pays", document(allow(), deny(Condition=condition)))
    for region, decision in (("eu-west-1", EXPLICIT), ("us-east-1", ALLOWED)):
        found = asked(iam, role, ContextEntries=context(aws_RequestedRegion=region))
        assert (found["EvalResourceDecision"], found["MissingContextValues"]) == (decision, [])
    undecided = asked(iam, role)
    assert (undecided["EvalResourceDecision"], undecided["MissingContextValues"]) == (ALLOWED, ["aws:RequestedRegion"])


def test_only_statements_about_the_action_and_the_resource_miss_keys(aws: Any, iam: Any) -> None:
    elsewhere = {"Condition": {"StringEquals": {"aws:Team": "pay"}}}
    role = aws.put_role("pays", document(allow(), deny("s3:*", **elsewhere), deny(resource=FUNCTION, **elsewhere)))
    assert asked(iam, role)["MissingContextValues"] == []


def test_a_variable_in_a_resource_is_a_key_too(aws: Any, iam: Any) -> None:
    role = aws.put_role("pays", document(allow(resource=FUNCTION.replace("Charge", "${aws:PrincipalTag/Fn}"))))
    unknown = asked(iam, role, FUNCTION)
    assert (unknown["EvalResourceDecision"], unknown["MissingContextValues"]) == (IMPLICIT, ["aws:PrincipalTag/Fn"])
    for name, decision in (("Charge", ALLOWED), ("Refund", IMPLICIT)):
        entry = {"ContextKeyName": "aws:PrincipalTag/Fn", "ContextKeyValues": [name], "ContextKeyType": "string"}
        found = asked(iam, role, FUNCTION, ContextEntries=[entry])
        assert (found["EvalResourceDecision"], found["MissingContextValues"]) == (decision, [])


UNKNOWN = {
    "an operator": {"NumericLessThan": {"aws:MultiFactorAuthAge": "60"}},
    "a variable in a value": {"StringEquals": {"aws:Team": "${aws:PrincipalTag/Team}"}},
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_the_emulator_cannot_evaluate_it_says(case: str, aws: Any, iam: Any, refused: Any) -> None:
    role = aws.put_role("pays", document(allow(Condition=UNKNOWN[case])))
    call = {"PolicySourceArn": role, "ActionNames": [INVOKE]}
    code, message = refused(iam.simulate_principal_policy, **call)
    assert (code, message.startswith("The emulator does not evaluate ")) == ("PolicyEvaluation", True)


def test_policies_made_by_real_calls_count_inline_and_attached(aws: Any, iam: Any) -> None:
    role = iam.create_role(RoleName="pays", Path="/service-role/", AssumeRolePolicyDocument=json.dumps(document()))
    arn = role["Role"]["Arn"]
    assert asked(iam, arn)["EvalResourceDecision"] == IMPLICIT
    iam.put_role_policy(RoleName="pays", PolicyName="inline", PolicyDocument=json.dumps(document(allow())))
    by_inline = asked(iam, arn)
    managed = iam.create_policy(PolicyName="never", PolicyDocument=json.dumps(document(deny())))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="pays", PolicyArn=managed)
    by_managed = asked(iam, arn)
    assert [(item["EvalResourceDecision"], item["MatchedStatements"]) for item in (by_inline, by_managed)] == [
        (ALLOWED, [{"SourcePolicyId": "role_pays_inline", "SourcePolicyType": "role"}]),
        (EXPLICIT, [{"SourcePolicyId": "never", "SourcePolicyType": "user-managed"}]),
    ]
    iam.create_policy_version(PolicyArn=managed, PolicyDocument=json.dumps(document(allow())), SetAsDefault=True)
    assert asked(iam, arn)["EvalResourceDecision"] == ALLOWED
    iam.delete_role_policy(RoleName="pays", PolicyName="inline")
    iam.detach_role_policy(RoleName="pays", PolicyArn=managed)
    assert asked(iam, arn)["EvalResourceDecision"] == IMPLICIT


BOUNDARIES = {
    "within": (allow("lambda:*"), ALLOWED, True),
    "beyond": (allow("s3:*"), IMPLICIT, False),
    "forbidden": (deny("lambda:*"), EXPLICIT, False),
}


@pytest.mark.parametrize("case", BOUNDARIES)
def test_a_permissions_boundary_only_takes_away(case: str, aws: Any, iam: Any) -> None:
    statement, decision, is_within = BOUNDARIES[case]
    role = aws.put_role("pays", document(allow()))
    boundary = iam.create_policy(PolicyName="limit", PolicyDocument=json.dumps(document(statement)))["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName="pays", PermissionsBoundary=boundary)
    found = asked(iam, role)
    assert found["EvalResourceDecision"] == decision
    assert found["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": is_within}
    aws.put_role("pays")
    assert asked(iam, role)["EvalResourceDecision"] == (EXPLICIT if case == "forbidden" else IMPLICIT)


def test_documents_that_are_handed_over_count_too(aws: Any, iam: Any) -> None:
    role = aws.put_role("pays", document(allow()))
    denied = asked(iam, role, PolicyInputList=[json.dumps(document(deny()))])
    assert denied["EvalResourceDecision"] == EXPLICIT
    assert denied["MatchedStatements"] == [{"SourcePolicyId": "PolicyInputList.1", "SourcePolicyType": "none"}]


def test_every_action_is_asked_about_every_resource(aws: Any, iam: Any) -> None:
    role = aws.put_role(
        "pays", document(allow(resource=PINNED), allow("states:StartExecution"), deny(resource=FUNCTION))
    )
    results = iam.simulate_principal_policy(
        PolicySourceArn=role, ActionNames=[INVOKE, "states:StartExecution"], ResourceArns=[PINNED, FUNCTION, SOURCE]
    )["EvaluationResults"]
    found = {
        result["EvalActionName"]: [item["EvalResourceDecision"] for item in result["ResourceSpecificResults"]]
        for result in results
    }
    assert found == {INVOKE: [ALLOWED, EXPLICIT, IMPLICIT], "states:StartExecution": [ALLOWED] * 3}
    assert [result["EvalDecision"] for result in results] == [EXPLICIT, ALLOWED]
    combined = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=[INVOKE], ResourceArns=[PINNED, SOURCE])
    assert combined["EvaluationResults"][0]["EvalDecision"] == IMPLICIT
    assert combined["EvaluationResults"][0]["MatchedStatements"] == [], "what allows one resource decides not about all"
    assert results[0]["EvalResourceName"] == "arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}"


@pytest.mark.parametrize("resources", [{}, {"ResourceArns": ["*"]}])
def test_without_resources_the_action_as_a_whole_is_decided(resources: Any, aws: Any, iam: Any) -> None:
    condition = {"StringEquals": {"aws:Team": "pay"}}
    role = aws.put_role("pays", document(allow(Condition=condition)))
    [result] = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=[INVOKE], **resources)[
        "EvaluationResults"
    ]
    assert (result["EvalResourceName"], result["EvalDecision"], result["MissingContextValues"]) == (
        "*", IMPLICIT, ["aws:Team"]
    )  # fmt: skip
    assert "ResourceSpecificResults" not in result


def decisions(pages: Any) -> list[tuple[str, str]]:
    return [
        (result["EvalActionName"], item["EvalResourceName"])
        for page in pages
        for result in page["EvaluationResults"]
        for item in result["ResourceSpecificResults"]
    ]


def test_a_hundred_decisions_are_a_page_unless_said_otherwise(aws: Any, iam: Any) -> None:
    role = aws.put_role("pays", document(allow()))
    actions = [INVOKE, "lambda:GetFunction", "states:StartExecution"]
    wanted = {"PolicySourceArn": role, "ActionNames": actions, "ResourceArns": [f"{FUNCTION}:{n}" for n in range(70)]}
    first = iam.simulate_principal_policy(**wanted)
    assert (first["IsTruncated"], len(decisions([first]))) == (True, 100)
    second, third = (
        iam.simulate_principal_policy(**wanted, Marker=first["Marker"], **more) for more in ({}, {"MaxItems": 1000})
    )
    assert (second["IsTruncated"], third["IsTruncated"]) == (True, False)
    every = [(action, resource) for action in actions for resource in wanted["ResourceArns"]]
    assert decisions([first, third]) == every
    paginator = iam.get_paginator("simulate_principal_policy")
    assert decisions(paginator.paginate(**wanted, PaginationConfig={"PageSize": 7})) == every


def test_a_marker_belongs_to_its_question(aws: Any, iam: Any, refused: Any) -> None:
    role = aws.put_role("pays", document(allow()))
    wanted = {"PolicySourceArn": role, "ActionNames": [INVOKE], "ResourceArns": [PINNED, FUNCTION], "MaxItems": 1}
    marker = iam.simulate_principal_policy(**wanted)["Marker"]
    other = wanted | {"ResourceArns": [FUNCTION, PINNED]}
    assert refused(iam.simulate_principal_policy, **other, Marker=marker) == ("InvalidInput", "Invalid Marker.")
    assert refused(iam.simulate_principal_policy, **wanted, Marker="nonsense")[0] == "InvalidInput"


BASE = "arn:aws:iam::123456789012"
REFUSED = {
    "a role that is not there": (
        {"PolicySourceArn": f"{BASE}:role/gone"},
        "NoSuchEntity",
        "The role with name gone cannot be found.",
    ),
    "a role under another path": (
        {"PolicySourceArn": f"{BASE}:role/app/pays"},
        "NoSuchEntity",
        "The role with name pays cannot be found.",
    ),
    "a role of another account": (
        {"PolicySourceArn": "arn:aws:iam::222222222222:role/pays"},
        "AccessDenied",
        "not authorized",
    ),
    "a user": ({"PolicySourceArn": f"{BASE}:user/somebody"}, "InvalidInput", "is no role"),
    "no ARN": ({"PolicySourceArn": "x" * 20}, "InvalidInput", "is no role"),
    "an action without a service": ({"ActionNames": ["InvokeFunction"]}, "InvalidInput", "InvokeFunction"),
    "too many items": ({"MaxItems": 1001}, "ValidationError", "less than or equal to 1000"),
    "another caller": ({"CallerArn": f"{BASE}:user/somebody"}, "PolicyEvaluation", "does not simulate CallerArn"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_question_that_iam_refuses_is_refused(case: str, aws: Any, iam: Any, refused: Any) -> None:
    changes, code, text = REFUSED[case]
    wanted = {"PolicySourceArn": aws.put_role("pays"), "ActionNames": [INVOKE]} | changes
    found = refused(iam.simulate_principal_policy, **wanted)
    assert found[0] == code
    assert text in found[1]


def test_a_role_that_is_not_there_is_an_error_of_its_own(iam: Any) -> None:
    with pytest.raises(iam.exceptions.NoSuchEntityException) as caught:
        iam.simulate_principal_policy(PolicySourceArn=f"{BASE}:role/gone", ActionNames=[INVOKE])
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_the_client_allows_and_denies_single_actions(aws: Any, iam: Any) -> None:
    role = aws.put_role("pays")
    found = [asked(iam, role)["EvalResourceDecision"]]
    for say in (aws.allow, aws.deny, aws.allow):
        say("pays", INVOKE, f"{FUNCTION}:*")
        found.append(asked(iam, role)["EvalResourceDecision"])
    aws.deny("pays", INVOKE)
    found.append(asked(iam, role)["EvalResourceDecision"])
    aws.put_role("pays", document(allow()))
    found.append(asked(iam, role)["EvalResourceDecision"])
    aws.delete_role("pays")
    assert found == [IMPLICIT, ALLOWED, EXPLICIT, ALLOWED, EXPLICIT, ALLOWED]
    with pytest.raises(Exception, match="NoSuchEntity"):
        asked(iam, role)


def test_a_document_that_iam_refuses_is_refused_by_the_client_too(aws: Any) -> None:
    with pytest.raises(Exception, match="MalformedPolicyDocument"):
        aws.put_role("pays", document({"Effect": "Maybe"}))


def test_the_role_of_a_machine_can_be_asked_about(aws: Any, sfn: Any, iam: Any) -> None:
    machine = aws.publish_machine("Orders", role=aws.put_role("pays", document(allow())))
    role = sfn.describe_state_machine(stateMachineArn=f"{machine}:1")["roleArn"]
    assert asked(iam, role)["EvalResourceDecision"] == ALLOWED


def test_iam_is_one_place_for_all_regions(aws: Any, iam: Any) -> None:
    role = aws.put_role("pays", document(allow()))
    elsewhere = Emulator(aws.url, region="ap-southeast-2").boto3_client("iam")
    assert asked(elsewhere, role) == asked(iam, role)
    assert {(call.service, call.region) for call in aws.calls(CALL)} == {("iam", "us-east-1")}


def test_the_journal_names_the_role_the_actions_and_the_resources(aws: Any, iam: Any) -> None:
    role = aws.put_role("pays", document(allow()))
    asked(iam, role)
    [call] = aws.calls(CALL)
    assert call.params == {"PolicySourceArn": role, "ActionNames": [INVOKE], "ResourceArns": [PINNED]}
    assert aws.call_counts() == {CALL: 1}


FAULTS = {
    "throttle": ("Throttling", 400, "Rate exceeded"),
    "denied": ("AccessDenied", 403, f"iam:{CALL} on resource: {BASE}:role/pays"),
    "internal": ("InternalFailure", 500, "failed"),
    "unavailable": ("ServiceUnavailableException", 503, "unavailable"),
    "expired": ("ExpiredToken", 400, "expired"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_refusal_speaks_iams_protocol(kind: Any, aws: Any, iam: Any) -> None:
    code, status, text = FAULTS[kind]
    role = aws.put_role("pays", document(allow()))
    aws.fail(CALL, kind, times=1)
    with pytest.raises(iam.exceptions.ClientError) as caught:
        asked(iam, role)
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert text in answer["Error"]["Message"]
    assert asked(iam, role)["EvalResourceDecision"] == ALLOWED


def test_a_fault_can_be_meant_for_one_role_only(aws: Any, iam: Any, refused: Any) -> None:
    pays, ships = (aws.put_role(name, document(allow())) for name in ("pays", "ships"))
    aws.fail(CALL, "throttle", match="ships")
    assert asked(iam, pays)["EvalResourceDecision"] == ALLOWED
    wanted = {"PolicySourceArn": ships, "ActionNames": [INVOKE]}
    assert refused(iam.simulate_principal_policy, **wanted)[0] == "Throttling"


@pytest.mark.parametrize("kind", ["reset", "timeout", "drip"])
def test_an_answer_of_iam_can_be_lost(kind: Any, aws: Any) -> None:
    role = aws.put_role("pays", document(allow()))
    impatient = aws.boto3_client("iam", read_timeout_s=0.2)
    aws.fail(CALL, kind, times=1, delay_s=5)
    with pytest.raises(Exception, match=r"Connection|[Tt]imed out|timeout"):
        asked(impatient, role)
    assert [call.outcome for call in aws.calls(CALL)] == [kind]


def test_an_account_has_two_simulations_a_second_in_all_regions_together(refused: Any) -> None:
    now = [datetime(2026, 11, 20, tzinfo=UTC)]
    with AwsEmulator(clock=lambda: now[0]) as emulator:
        aws = emulator.client
        role = aws.put_role("pays", document(allow()))
        aws.set_quotas()
        places = [Emulator(aws.url, region=region).boto3_client("iam") for region in ("eu-west-1", "us-east-1")]
        for iam in places:
            asked(iam, role)
        wanted = {"PolicySourceArn": role, "ActionNames": [INVOKE]}
        for iam in places:
            assert refused(iam.simulate_principal_policy, **wanted) == ("Throttling", "Rate exceeded")
        now[0] += timedelta(seconds=1)
        asked(places[0], role)
