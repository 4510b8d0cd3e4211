"""Lambda functions as GetFunctionConfiguration shows them: by every name, in every state, and when there is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from devenv.aws.client import Emulator
from devenv.aws.server import AwsEmulator

if TYPE_CHECKING:
    from collections.abc import Iterator

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:Charge"
CALL = "GetFunctionConfiguration"


@pytest.fixture
def client(aws: Any) -> Any:
    return aws.boto3_client("lambda")


@pytest.fixture
def function(aws: Any) -> str:
    """`Charge` with versions 1 and 2, and an alias `live` of version 1."""
    assert [aws.publish_function("Charge") for _ in range(2)] == [1, 2]
    assert aws.alias_function("Charge", "live", 1) == f"{ARN}:live"
    return "Charge"


NAMES = {
    # a sentence: (FunctionName, Qualifier, the end of the ARN that is answered, Version)
    "the name alone": ("Charge", None, "", "$LATEST"),
    "a name and a number": ("Charge", "2", ":2", "2"),
    "a name and an alias": ("Charge", "live", ":live", "1"),
    "a name and $LATEST": ("Charge", "$LATEST", ":$LATEST", "$LATEST"),
    "a name with a number": ("Charge:1", None, ":1", "1"),
    "a name with an alias": ("Charge:live", None, ":live", "1"),
    "a partial ARN": ("123456789012:function:Charge", None, "", "$LATEST"),
    "a partial ARN with a number": ("123456789012:function:Charge:2", None, ":2", "2"),
    "a partial ARN and a number": ("123456789012:function:Charge", "2", ":2", "2"),
    "an account and a name": ("123456789012:Charge", "1", ":1", "1"),
    "a full ARN": (ARN, None, "", "$LATEST"),
    "a full ARN with a number": (f"{ARN}:1", None, ":1", "1"),
    "a full ARN with an alias": (f"{ARN}:live", None, ":live", "1"),
    "a full ARN with $LATEST": (f"{ARN}:$LATEST", None, ":$LATEST", "$LATEST"),
    "a full ARN and a number": (ARN, "2", ":2", "2"),
    "the same number twice": (f"{ARN}:2", "2", ":2", "2"),
}


def asked(name: str, qualifier: str | None) -> dict[str, str]:
    return {"FunctionName": name} | ({"Qualifier": qualifier} if qualifier else {})


@pytest.mark.parametrize("case", NAMES)
def test_a_function_is_found_by_each_of_its_names(case: str, client: Any, function: str) -> None:
    name, qualifier, end, version = NAMES[case]
    found = client.get_function_configuration(**asked(name, qualifier))
    assert (found["FunctionName"], found["FunctionArn"], found["Version"]) == (function, ARN + end, version)
    assert (found["State"], found["LastUpdateStatus"]) == ("Active", "Successful")


NOT_THERE = {
    "a function": ("Gone", None, "Function not found: {base}:Gone"),
    "a version of it": ("Gone", "1", "Function not found: {base}:Gone:1"),
    "a full ARN": (ARN.replace("Charge", "Gone") + ":7", None, "Function not found: {base}:Gone:7"),
    "a number": ("Charge", "9", "Function not found: {base}:Charge:9"),
    "a number in the name": ("Charge:9", None, "Function not found: {base}:Charge:9"),
    "an alias": ("Charge", "next", "Function not found: {base}:Charge:next"),
    "a function of another region": (
        ARN.replace("eu-west-1", "us-east-1"),
        None,
        "Functions from 'us-east-1' are not reachable in this region ('eu-west-1')",
    ),
}


@pytest.mark.parametrize("case", NOT_THERE)
def test_what_is_not_there_is_not_found_in_awss_words(case: str, client: Any, function: str) -> None:
    name, qualifier, text = NOT_THERE[case]
    with pytest.raises(client.exceptions.ResourceNotFoundException) as caught:
        client.get_function_configuration(**asked(name, qualifier))
    answer = caught.value.response
    assert answer["Error"]["Message"] == text.replace("{base}", ARN.rpartition(":")[0])
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 404


REFUSED = {
    "two qualifiers that differ": (f"{ARN}:1", "2", "InvalidParameterValueException", "The derived qualifier from"),
    "no name": ("Charge Card", None, "ValidationException", "at 'functionName' failed to satisfy constraint"),
    "another account": (ARN.replace("123456789012", "222222222222"), None, "AccessDeniedException", "not authorized"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_name_that_lambda_refuses_is_refused(case: str, client: Any, function: str, refused: Any) -> None:
    name, qualifier, code, text = REFUSED[case]
    found = refused(client.get_function_configuration, **asked(name, qualifier))
    assert found[0] == code
    assert text in found[1]


def test_a_number_is_never_given_out_again(aws: Any, client: Any, function: str, refused: Any) -> None:
    aws.delete_function_version("Charge", 2)
    wanted = ("ResourceNotFoundException", f"Function not found: {ARN}:2")
    assert refused(client.get_function_configuration, FunctionName=ARN, Qualifier="2") == wanted
    assert aws.publish_function("Charge") == 3
    aws.delete_function_version("Charge", 3)
    assert aws.publish_function("Charge") == 4
    assert refused(client.get_function_configuration, FunctionName=ARN, Qualifier="3")[0] == wanted[0]


def test_a_function_that_was_deleted_is_gone_with_its_versions(
    aws: Any, client: Any, function: str, refused: Any
) -> None:
    aws.delete_function("Charge")
    for qualifier in (None, "1", "live"):
        assert (
            refused(client.get_function_configuration, **asked("Charge", qualifier))[0] == "ResourceNotFoundException"
        )
    assert aws.publish_function("Charge") == 1


def test_a_version_that_an_alias_names_cannot_be_deleted(client: Any, function: str, refused: Any) -> None:
    assert refused(client.delete_function, FunctionName="Charge", Qualifier="1")[0] == "ResourceConflictException"
    assert (
        refused(client.delete_function, FunctionName="Charge", Qualifier="live")[0] == "InvalidParameterValueException"
    )
    assert client.get_function_configuration(FunctionName="Charge", Qualifier="1")["Version"] == "1"


def test_an_alias_moves_to_another_version(aws: Any, client: Any, function: str, refused: Any) -> None:
    client.update_alias(FunctionName="Charge", Name="live", FunctionVersion="2")
    assert client.get_function_configuration(FunctionName="Charge", Qualifier="live")["Version"] == "2"
    client.delete_function(FunctionName="Charge", Qualifier="1")
    wanted = ("ResourceNotFoundException", f"Function not found: {ARN}:1")
    assert refused(client.update_alias, FunctionName="Charge", Name="live", FunctionVersion="1") == wanted
    assert refused(client.create_alias, FunctionName="Charge", Name="live", FunctionVersion="2")[0] == (
        "ResourceConflictException"
    )


def test_publishing_what_has_not_changed_makes_no_version(client: Any, function: str) -> None:
    assert client.publish_version(FunctionName="Charge")["FunctionArn"] == f"{ARN}:2"
    client.update_function_configuration(FunctionName="Charge", Timeout=9)
    assert client.publish_version(FunctionName="Charge", Description="slow")["Version"] == "3"
    second, third = (client.get_function_configuration(FunctionName="Charge", Qualifier=number) for number in "23")
    assert [(item["Timeout"], item["Description"]) for item in (second, third)] == [(3, ""), (9, "slow")]


def test_a_function_is_created_once(client: Any, function: str, refused: Any) -> None:
    wanted = {"FunctionName": "Charge", "Role": "arn:aws:iam::123456789012:role/r", "Code": {"ZipFile": b"code"}}
    assert refused(client.create_function, **wanted) == ("ResourceConflictException", "Function already exist: Charge")
    created = client.create_function(**(wanted | {"FunctionName": "Refund", "Publish": True}))
    assert (created["FunctionArn"], created["Version"]) == (ARN.replace("Charge", "Refund") + ":1", "1")


STATES = {
    "not ready yet": {
        "State": "Pending",
        "StateReasonCode": "Creating",
        "StateReason": "The function is being created.",
    },
    "asleep": {"State": "Inactive", "StateReasonCode": "Idle", "StateReason": "The function is inactive."},
    "broken": {"State": "Failed", "StateReasonCode": "ImageDeleted", "StateReason": "The image was deleted."},
    "half changed": {"State": "Active", "LastUpdateStatus": "InProgress"},
    "badly changed": {
        "State": "Active",
        "LastUpdateStatus": "Failed",
        "LastUpdateStatusReason": "The role is gone.",
        "LastUpdateStatusReasonCode": "InsufficientRolePermissions",
    },
}


@pytest.mark.parametrize("case", STATES)
def test_one_version_is_in_a_state_of_its_own(case: str, aws: Any, client: Any, function: str) -> None:
    state = STATES[case]
    aws.set_function_state("Charge", qualifier="2", state=state["State"], **_without_state(state))
    found = client.get_function_configuration(FunctionName="Charge", Qualifier="2")
    assert {name: found[name] for name in state} == state
    other = client.get_function_configuration(FunctionName="Charge", Qualifier="1")
    assert (other["State"], "StateReason" in other, other["LastUpdateStatus"]) == ("Active", False, "Successful")
    aws.set_function_state("Charge", "Active", qualifier="2")
    assert "StateReason" not in client.get_function_configuration(FunctionName="Charge", Qualifier="2")


def _without_state(state: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in state.items() if name != "State"}


def test_a_state_is_set_by_an_alias_too_and_only_of_what_is_there(aws: Any, client: Any, function: str) -> None:
    aws.set_function_state("Charge", "Failed", qualifier="live")
    assert client.get_function_configuration(FunctionName="Charge", Qualifier="1")["State"] == "Failed"
    with pytest.raises(Exception, match=f"Function not found: {ARN}:9"):
        aws.set_function_state("Charge", "Failed", qualifier="9")


def test_a_state_that_lambda_does_not_have_is_a_defect_of_the_test(aws: Any, client: Any, function: str) -> None:
    aws.set_function_state("Charge", "Sleepy")
    with pytest.raises(Exception, match=r"GetFunctionConfiguration\.State is 'Sleepy', not one of Pending, Active"):
        client.get_function_configuration(FunctionName="Charge")


def test_each_region_has_functions_of_its_own(aws: Any, function: str, refused: Any) -> None:
    elsewhere = Emulator(aws.url, region="us-east-1").boto3_client("lambda")
    code, message = refused(elsewhere.get_function_configuration, FunctionName="Charge")
    assert (code, "us-east-1" in message) == ("ResourceNotFoundException", True)


def test_the_journal_names_the_operation_and_the_function(aws: Any, client: Any, function: str, refused: Any) -> None:
    client.get_function_configuration(FunctionName=f"{ARN}:1")
    refused(client.get_function_configuration, FunctionName="Charge", Qualifier="9")
    first, second = aws.calls(CALL)
    assert (first.service, first.params, first.outcome) == ("lambda", {"FunctionName": f"{ARN}:1"}, "ok")
    assert second.params == {"FunctionName": "Charge", "Qualifier": "9"}
    assert second.outcome == "ResourceNotFoundException"
    assert aws.call_counts() == {CALL: 2}, "the client's own calls are not in it"


def test_what_the_emulator_lacks_is_refused_and_not_left_to_others(client: Any, function: str, refused: Any) -> None:
    for call, action in ((client.list_functions, "ListFunctions"), (client.get_account_settings, "GetAccountSettings")):
        assert refused(call) == ("UnknownOperationException", f"The emulator does not implement lambda:{action}.")


FAULTS = {
    "throttle": ("TooManyRequestsException", 429, "Rate exceeded"),
    "denied": ("AccessDeniedException", 403, f"lambda:{CALL} on resource: {ARN}:1"),
    "internal": ("InternalFailure", 500, "The request processing has failed."),
    "unavailable": ("ServiceUnavailableException", 503, "Service is unavailable."),
    "expired": ("ExpiredTokenException", 400, "expired"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_refusal_speaks_lambdas_protocol(kind: Any, aws: Any, client: Any, function: str) -> None:
    code, status, text = FAULTS[kind]
    aws.fail(CALL, kind, times=1)
    with pytest.raises(client.exceptions.ClientError) as caught:
        client.get_function_configuration(FunctionName=f"{ARN}:1")
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert text in answer["Error"]["Message"]
    assert client.get_function_configuration(FunctionName=f"{ARN}:1")["Version"] == "1"


def test_a_fault_can_be_meant_for_one_function_only(aws: Any, client: Any, function: str, refused: Any) -> None:
    aws.publish_function("Refund")
    aws.fail(CALL, "throttle", match="Refund")
    client.get_function_configuration(FunctionName="Charge")
    refund = ARN.replace("Charge", "Refund")
    for name in ("Refund", "Refund:1", refund, f"{refund}:1", "123456789012:function:Refund"):
        assert refused(client.get_function_configuration, FunctionName=name)[0] == "TooManyRequestsException"


@pytest.mark.parametrize("kind", ["reset", "timeout", "drip"])
def test_an_answer_of_lambda_can_be_lost(kind: Any, aws: Any, function: str) -> None:
    impatient = aws.boto3_client("lambda", read_timeout_s=0.2)
    aws.fail(CALL, kind, times=1, delay_s=5)
    with pytest.raises(Exception, match=r"Connection|[Tt]imed out|timeout"):
        impatient.get_function_configuration(FunctionName="Charge")
    assert [call.outcome for call in aws.calls(CALL)] == [kind]


@pytest.fixture
def throttled() -> Iterator[tuple[AwsEmulator, list[datetime]]]:
    now = [datetime(2026, 11, 20, tzinfo=UTC)]
    with AwsEmulator(clock=lambda: now[0]) as emulator:
        emulator.client.publish_function("Charge")
        emulator.client.set_quotas()
        yield emulator, now


def test_lambdas_control_plane_has_fifteen_calls_a_second_for_all_operations(
    throttled: tuple[AwsEmulator, list[datetime]], refused: Any
) -> None:
    emulator, now = throttled
    client = emulator.client.boto3_client("lambda")
    for _ in range(14):
        client.get_function_configuration(FunctionName="Charge")
    client.publish_version(FunctionName="Charge")
    full = ("TooManyRequestsException", "Rate exceeded")
    assert refused(client.get_function_configuration, FunctionName="Charge") == full
    assert refused(client.publish_version, FunctionName="Charge") == full
    now[0] += timedelta(seconds=1)
    client.get_function_configuration(FunctionName="Charge")
