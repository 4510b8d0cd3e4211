"""Bad days as a real boto3 client without retries meets them, before and after the write took effect."""

from __future__ import annotations

import socket
import threading
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from devenv.waiting import wait_until

V2 = {2: 100}


def shift(client: Any, alias: str) -> None:
    version = alias.rsplit(":", 1)[0] + ":2"
    client.update_state_machine_alias(
        stateMachineAliasArn=alias, routingConfiguration=[{"stateMachineVersionArn": version, "weight": 100}]
    )


REFUSALS = {
    "throttle": ("ThrottlingException", 400, "Rate exceeded"),
    "internal": ("InternalFailure", 500, "The request processing has failed."),
    "unavailable": ("ServiceUnavailableException", 503, "Service is unavailable."),
    "expired": ("ExpiredTokenException", 400, "The security token included in the request is expired"),
    "deleting": (
        "StateMachineDeleting",
        400,
        "State Machine is being deleted: 'arn:aws:states:eu-west-1:123456789012:stateMachine:Orders:live'",
    ),
    "conflict": ("ConflictException", 400, "A concurrent request conflicts with UpdateStateMachineAlias."),
    "invalid": (
        "ValidationException",
        400,
        (
            "1 validation error detected: Value '[arn:aws:states:eu-west-1:123456789012:stateMachine:Orders:live]' at "
            "'input' failed to satisfy constraint: Member must satisfy constraint: "
            "[Member must not contain control characters]"
        ),
    ),
    "denied": (
        "AccessDeniedException",
        400,
        (
            "User: arn:aws:iam::123456789012:user/emulated is not authorized to perform: "
            "states:UpdateStateMachineAlias on resource: "
            "arn:aws:states:eu-west-1:123456789012:stateMachine:Orders:live "
            "because no identity-based policy allows the states:UpdateStateMachineAlias action"
        ),
    ),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_has_no_effect_and_is_counted(kind: Any, aws: Any, sfn: Any, alias: str) -> None:
    aws.fail("UpdateStateMachineAlias", kind, times=1)
    with pytest.raises(ClientError) as caught:
        shift(sfn, alias)
    found = caught.value.response
    status = found["ResponseMetadata"]["HTTPStatusCode"]
    assert (found["Error"]["Code"], status, found["Error"]["Message"]) == REFUSALS[kind]
    assert aws.routing(alias) == {1: 100}
    shift(sfn, alias)
    assert aws.routing(alias) == V2
    assert [call.outcome for call in aws.calls("UpdateStateMachineAlias")] == [REFUSALS[kind][0], "ok"]


def test_one_name_that_is_refused_is_a_refusal_of_the_whole_call(aws: Any) -> None:
    client = aws.boto3_client("cloudwatch")
    for name in ("good", "bad"):
        aws.put_alarm(name)
    aws.fail("DescribeAlarms", "invalid", match="bad")
    assert len(client.describe_alarms(AlarmNames=["good"])["MetricAlarms"]) == 1
    with pytest.raises(ClientError) as caught:
        client.describe_alarms(AlarmNames=["good", "bad"])
    assert caught.value.response["Error"]["Code"] == "ValidationError"
    assert "at 'alarmNames' failed to satisfy constraint" in str(caught.value)


def test_an_answer_without_fields(aws: Any) -> None:
    aws.put_alarm("good")
    aws.fail("DescribeAlarms", "empty", times=1)
    client = aws.boto3_client("cloudwatch")
    assert set(client.describe_alarms(AlarmNames=["good"])) == {"ResponseMetadata"}
    assert len(client.describe_alarms(AlarmNames=["good"])["MetricAlarms"]) == 1


LOST = {
    # kind: (what boto3 raises, the routing afterwards)
    "reset": (ConnectionClosedError, {1: 100}),
    "reset-after": (ConnectionClosedError, V2),
    "timeout": (ReadTimeoutError, {1: 100}),
    "timeout-after": (ReadTimeoutError, V2),
}


@pytest.mark.parametrize("kind", LOST)
def test_a_lost_answer_is_lost_before_or_after_the_write(kind: Any, aws: Any, sfn: Any, alias: str) -> None:
    error, routing = LOST[kind]
    impatient = aws.boto3_client("stepfunctions", read_timeout_s=0.2)
    aws.fail("UpdateStateMachineAlias", kind, times=1)
    with pytest.raises(error):
        shift(impatient, alias)
    assert aws.routing(alias) == routing
    assert [call.outcome for call in aws.calls("UpdateStateMachineAlias")] == [kind]
    shift(sfn, alias)
    assert aws.routing(alias) == V2


def test_a_retrying_client_gets_through_a_counted_fault(aws: Any, alias: str) -> None:
    aws.fail("UpdateStateMachineAlias", "reset-after", times=1)
    aws.fail("UpdateStateMachineAlias", "unavailable", times=1)
    shift(aws.boto3_client("stepfunctions", attempts=3), alias)
    outcomes = [call.outcome for call in aws.calls("UpdateStateMachineAlias")]
    assert outcomes == ["reset-after", "ServiceUnavailableException", "ok"]
    assert [change.routing for change in aws.alias_history(alias)] == [{1: 100}, V2]


def test_a_reset_is_a_reset_on_the_wire(aws: Any, alias: str) -> None:
    aws.fail("*", "reset", times=1)
    address = urlsplit(aws.url)
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: a\r\nX-Amz-Target: AWSStepFunctions.X\r\nContent-Length: 2\r\n\r\n{}"
        )
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


MATCHES = {
    "the alias's ARN": ("{alias}", True),
    "its name": ("live", True),
    "its machine's ARN": ("{machine}", True),
    "another name": ("next", False),
    "the machine's name, which is not the alias": ("Orders", False),
}


@pytest.mark.parametrize("case", MATCHES)
def test_a_fault_can_be_meant_for_one_alias_only(case: str, aws: Any, sfn: Any, machine: str, alias: str) -> None:
    match, is_hit = MATCHES[case]
    aws.fail("UpdateStateMachineAlias", "throttle", match=match.format(alias=alias, machine=machine))
    if is_hit:
        with pytest.raises(ClientError):
            shift(sfn, alias)
    else:
        shift(sfn, alias)
    assert aws.routing(alias) == ({1: 100} if is_hit else V2)


def test_a_fault_for_one_alarm_hits_a_batch_that_names_it(aws: Any, cloudwatch: Any, refused: Any) -> None:
    for name in ("a", "b"):
        aws.put_alarm(name)
    aws.fail("DescribeAlarms", "denied", match="b")
    cloudwatch.describe_alarms(AlarmNames=["a"])
    code, message = refused(cloudwatch.describe_alarms, AlarmNames=["a", "b"])
    assert code == "AccessDenied"
    assert "is not authorized to perform: cloudwatch:DescribeAlarms on resource: *" in message


def test_throttling_of_cloudwatch_has_the_code_of_its_query_protocol(aws: Any, cloudwatch: Any, refused: Any) -> None:
    aws.fail("DescribeAlarms", "throttle", times=1)
    assert refused(cloudwatch.describe_alarms) == ("Throttling", "Rate exceeded")


def test_a_fault_without_a_count_holds_until_it_is_cleared(aws: Any, sfn: Any, alias: str, refused: Any) -> None:
    aws.fail("DescribeStateMachineAlias", "unavailable")
    for _ in range(3):
        refused(sfn.describe_state_machine_alias, stateMachineAliasArn=alias)
    aws.clear_faults()
    sfn.describe_state_machine_alias(stateMachineAliasArn=alias)


def test_clearing_the_faults_lets_a_delayed_call_go(aws: Any, sfn: Any, alias: str) -> None:
    aws.fail("UpdateStateMachineAlias", "delay", times=1, delay_s=60)
    writer = threading.Thread(target=shift, args=(sfn, alias))
    writer.start()
    wait_until(lambda: aws.faults()[0].times == 0, deadline_s=10, what="the fault holds the call")
    assert aws.routing(alias) == {1: 100}
    aws.clear_faults()
    writer.join(timeout=10)
    assert aws.routing(alias) == V2


def test_faults_hit_the_services_that_moto_answers(aws: Any, refused: Any) -> None:
    sts = aws.boto3_client("sts")
    aws.fail("AssumeRole", "denied", times=1)
    role = {"RoleArn": "arn:aws:iam::222222222222:role/target", "RoleSessionName": "test"}
    code, message = refused(sts.assume_role, **role)
    assert code == "AccessDenied"
    assert "sts:AssumeRole on resource: arn:aws:iam::222222222222:role/target" in message
    assert sts.assume_role(**role)["Credentials"]


def test_a_kind_that_does_not_exist_is_refused(aws: Any) -> None:
    with pytest.raises(Exception, match="no fault kind 'sulk'; there are throttle, internal"):
        aws.fail("UpdateStateMachineAlias", "sulk")
