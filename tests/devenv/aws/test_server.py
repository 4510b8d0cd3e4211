"""The server itself: loopback, keep-alive, accounts and regions, what moto answers, and what nobody implements."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from devenv.aws.client import Emulator
from devenv.aws.errors import AwsError
from devenv.aws.server import AwsEmulator

ROOT = Path(__file__).resolve().parents[3]


def test_it_listens_on_loopback_only() -> None:
    with AwsEmulator() as emulator:
        assert urlsplit(emulator.url).hostname == "127.0.0.1"


def test_one_connection_carries_many_calls(aws: Any) -> None:
    connection = http.client.HTTPConnection(urlsplit(aws.url).netloc)
    connection.connect()
    first = connection.sock
    for _ in range(3):
        connection.request("GET", "/_control/health")
        assert connection.getresponse().read() == b'{"status": "ok"}'
    assert connection.sock is first
    connection.close()


def test_stopping_hangs_up_on_idle_connections() -> None:
    with AwsEmulator() as emulator:
        connection = http.client.HTTPConnection(urlsplit(emulator.url).netloc, timeout=10)
        connection.request("GET", "/_control/health")
        connection.getresponse().read()
        idle = connection.sock
    assert idle is not None
    assert idle.recv(1) == b""
    connection.close()


def test_two_emulators_do_not_share_machines_or_alarms(aws: Any, machine: str) -> None:
    with AwsEmulator() as other:
        assert other.client.boto3_client("stepfunctions").list_state_machines()["stateMachines"] == []


def test_each_region_is_its_own(aws: Any, machine: str, refused: Any) -> None:
    elsewhere = Emulator(aws.url, region="us-east-1").boto3_client("stepfunctions")
    assert elsewhere.list_state_machines()["stateMachines"] == []
    assert refused(elsewhere.describe_state_machine, stateMachineArn=machine)[0] == "StateMachineDoesNotExist"


def test_credentials_of_an_assumed_role_land_in_its_account(aws: Any, machine: str, refused: Any) -> None:
    sts = aws.boto3_client("sts")
    role = sts.assume_role(RoleArn="arn:aws:iam::222222222222:role/target", RoleSessionName="test")["Credentials"]
    keys = {
        "aws_access_key_id": role["AccessKeyId"],
        "aws_secret_access_key": role["SecretAccessKey"],
        "aws_session_token": role["SessionToken"],
    }
    assert aws.boto3_client("sts", **keys).get_caller_identity()["Account"] == "222222222222"
    sfn = aws.boto3_client("stepfunctions", **keys)
    assert refused(sfn.describe_state_machine, stateMachineArn=machine)[0] == "StateMachineDoesNotExist"
    created = sfn.create_state_machine(
        name="Theirs", definition='{"StartAt":"A","States":{}}', roleArn="arn:aws:iam::222222222222:role/r"
    )
    assert created["stateMachineArn"] == "arn:aws:states:eu-west-1:222222222222:stateMachine:Theirs"


def test_moto_answers_the_other_services(aws: Any, cloudwatch: Any) -> None:
    topic = aws.boto3_client("sns").create_topic(Name="alarms")["TopicArn"]
    assert topic == "arn:aws:sns:eu-west-1:123456789012:alarms"
    cloudwatch.put_metric_data(Namespace="N", MetricData=[{"MetricName": "M", "Value": 1.0}])
    assert [metric["MetricName"] for metric in cloudwatch.list_metrics()["Metrics"]] == ["M"]
    created = aws.boto3_client("stepfunctions").create_activity(name="by-hand")
    assert created["activityArn"].endswith(":activity:by-hand")
    assert [call.operation for call in aws.calls()] == [
        "CreateTopic", "PutMetricData", "ListMetrics", "CreateActivity"
    ]  # fmt: skip


UNKNOWN = {
    "of Step Functions": ("stepfunctions", "test_state", {"definition": "{}"}, "states:TestState"),
    "of CloudWatch": ("cloudwatch", "describe_anomaly_detectors", {}, "cloudwatch:DescribeAnomalyDetectors"),
    "of a service that moto answers": (
        "iam",
        "simulate_custom_policy",
        {"PolicyInputList": ["{}"], "ActionNames": ["a:b"]},
        "iam:SimulateCustomPolicy",
    ),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_an_operation_that_nobody_implements_is_a_clean_error(case: str, aws: Any, refused: Any) -> None:
    service, operation, params, action = UNKNOWN[case]
    code, message = refused(getattr(aws.boto3_client(service), operation), **params)
    assert (code, message) == ("UnknownOperationException", f"The emulator does not implement {action}.")


BAD_BODIES = {
    "no JSON": ("{", "SerializationException"),
    "no object": ("[]", "SerializationException"),
    "a missing member": ("{}", "ValidationException"),
    "a member of a wrong type": ('{"stateMachineAliasArn": {}}', "InternalFailure"),
}


@pytest.mark.parametrize("case", BAD_BODIES)
def test_a_body_that_no_sdk_would_send_is_answered_all_the_same(case: str, aws: Any) -> None:
    body, code = BAD_BODIES[case]
    connection = http.client.HTTPConnection(urlsplit(aws.url).netloc)
    headers = {"X-Amz-Target": "AWSStepFunctions.DescribeStateMachineAlias"}
    connection.request("POST", "/", body, headers)
    assert json.loads(connection.getresponse().read())["__type"] == code
    connection.close()


def test_a_chunked_body_is_refused(aws: Any) -> None:
    connection = http.client.HTTPConnection(urlsplit(aws.url).netloc)
    connection.request("POST", "/", iter([b"{}"]), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
    assert connection.getresponse().status == 411
    connection.close()


def test_a_request_that_ends_before_its_body_was_never_made(aws: Any) -> None:
    """Its caller was killed while it asked: read without its body it would be another call, about nothing."""
    address = urlsplit(aws.url)
    head = "POST / HTTP/1.1\r\nHost: aws\r\nX-Amz-Target: AWSStepFunctions.DescribeStateMachine\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(f"{head}Content-Length: 20\r\n\r\n".encode())
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b"", "closed without an answer"
    assert aws.calls("DescribeStateMachine") == []


def test_many_clients_at_once_lose_no_update(aws: Any, machine: str) -> None:
    aliases = [aws.create_alias(machine, f"a{number}", {1: 100}) for number in range(8)]

    def work(alias: str) -> None:
        client = aws.boto3_client("stepfunctions")
        for number in range(20):
            routing = [{"stateMachineVersionArn": f"{machine}:{1 + number % 2}", "weight": 100}]
            client.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=routing)

    threads = [threading.Thread(target=work, args=(alias,)) for alias in aliases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(aws.calls("UpdateStateMachineAlias")) == 160
    # The first write repeats what the alias was created with.
    assert [len(aws.alias_history(alias)) for alias in aliases] == [20] * 8


def test_tags_belong_to_the_machine(sfn: Any, machine: str) -> None:
    sfn.tag_resource(resourceArn=machine, tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
    sfn.untag_resource(resourceArn=machine, tagKeys=["a"])
    assert sfn.list_tags_for_resource(resourceArn=machine)["tags"] == [{"key": "b", "value": "2"}]


def test_a_reset_empties_everything(aws: Any, sfn: Any, machine: str, alias: str) -> None:
    sfn.list_state_machines()
    aws.fail("*", "internal")
    aws.reset()
    assert aws.calls() == []
    assert sfn.list_state_machines()["stateMachines"] == []
    assert aws.alias_history(alias) == []


def test_the_control_surface_says_what_is_wrong(aws: Any) -> None:
    with pytest.raises(AwsError, match="ResourceNotFound"):
        aws.routing("arn:aws:states:eu-west-1:123456789012:stateMachine:Gone:live")
    with pytest.raises(AwsError, match="ResourceNotFound"):
        aws.set_alarm("gone", "OK")
    connection = http.client.HTTPConnection(urlsplit(aws.url).netloc)
    connection.request("GET", "/_control/nonsense")
    assert connection.getresponse().status == 404
    connection.close()


def test_calls_show_what_was_asked_and_what_came_of_it(aws: Any, sfn: Any, alias: str, refused: Any) -> None:
    sfn.describe_state_machine_alias(stateMachineAliasArn=alias)
    refused(sfn.describe_state_machine_alias, stateMachineAliasArn=f"{alias}-gone")
    first, second = aws.calls("DescribeStateMachineAlias")
    assert (first.service, first.account, first.region) == ("stepfunctions", "123456789012", "eu-west-1")
    assert (first.params, first.outcome) == ({"stateMachineAliasArn": alias}, "ok")
    assert second.outcome == "ResourceNotFound"
    assert first.at <= second.at
    assert aws.call_counts() == {"DescribeStateMachineAlias": 2}
    aws.forget_calls()
    assert aws.calls() == []


def test_as_a_program_it_prints_the_exports_and_ends_on_request() -> None:
    command = [sys.executable, "-m", "devenv.aws"]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ.copy(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        exports = dict(process.stdout.readline().removeprefix("export ").strip().split("=", 1) for _ in range(6))
        url = urlsplit(exports["AWS_ENDPOINT_URL"])
        connection = http.client.HTTPConnection(url.netloc, timeout=10)
        connection.request("GET", "/_control/health")
        assert connection.getresponse().status == 200
        connection.close()
        process.terminate()
        assert process.wait(timeout=20) == 0
    assert exports["AWS_DEFAULT_REGION"] == "eu-west-1"
