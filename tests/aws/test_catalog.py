"""Versions, against the emulator."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.core.values.readings import RunningExecutions, VersionFound
from sfn_rollouts.errors import Gone, Transient
from tests.aws.doubles import Answer

if TYPE_CHECKING:
    from devenv.aws.client import Emulator
    from sfn_rollouts.aws.connection import Aws
    from tests.aws.conftest import Connect
    from tests.aws.doubles import CannedServer

NOWHERE = StateMachineArn.parse("arn:aws:states:eu-west-1:123456789012:stateMachine:Nowhere")
NOT_THERE = Answer.error("StateMachineDoesNotExist")


def status(word: str) -> Answer:
    return Answer(body=json.dumps({"status": word, "creationDate": 1790000000.123456}))


@pytest.mark.parametrize(
    ("version", "found"), [(1, VersionFound.FOUND), (2, VersionFound.FOUND), (3, VersionFound.NO_VERSION)]
)
def test_a_version_is_found(aws: Aws, machine: StateMachineArn, version: int, found: VersionFound) -> None:
    assert aws.catalog.find(machine, version).found is found


def test_a_machine_that_is_not_there_is_distinguished_from_a_version_that_is_not(aws: Aws, emulator: Emulator) -> None:
    assert aws.catalog.find(NOWHERE, 1).found is VersionFound.NO_MACHINE


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        pytest.param([status("DELETING")], VersionFound.DELETING, id="the version is still described"),
        pytest.param([NOT_THERE, status("DELETING")], VersionFound.DELETING, id="only the machine is still described"),
        pytest.param([NOT_THERE, status("ACTIVE")], VersionFound.NO_VERSION, id="the machine is well"),
        pytest.param([NOT_THERE], VersionFound.NO_MACHINE, id="neither is there"),
    ],
)
def test_a_machine_that_is_being_deleted(
    answers, found: VersionFound, canned: CannedServer, connected: Connect
) -> None:
    canned.say(*answers)
    reading = connected().catalog.find(NOWHERE, 1)
    assert (reading.found, reading.created_at) == (found, None)


def test_a_version_is_dated_in_whole_milliseconds(canned: CannedServer, connected: Connect) -> None:
    """As the status stores it: with more, a date read back would be another date."""
    canned.say(status("ACTIVE"))
    created_at = connected().catalog.find(NOWHERE, 1).created_at
    assert created_at == datetime.fromtimestamp(1790000000.123, UTC)


def test_a_machine_that_is_created_again_has_another_version_1(
    aws: Aws, emulator: Emulator, machine: StateMachineArn
) -> None:
    before = aws.catalog.find(machine, 1)
    emulator.delete_machine(str(machine))
    assert emulator.publish_machine(machine.name) == str(machine)
    after = aws.catalog.find(machine, 1)
    assert (before.found, after.found) == (VersionFound.FOUND, VersionFound.FOUND)
    assert before.created_at is not None
    assert after.created_at is not None
    assert before.created_at < after.created_at


def test_the_definition_is_not_asked_for(aws: Aws, emulator: Emulator, machine: StateMachineArn) -> None:
    aws.catalog.find(machine, 1)
    assert [call.params["includedData"] for call in emulator.calls("DescribeStateMachine")] == ["METADATA_ONLY"]


def test_running_executions_of_one_version_are_counted(aws: Aws, emulator: Emulator, machine: StateMachineArn) -> None:
    starter = emulator.boto3_client("stepfunctions")
    arns = [
        starter.start_execution(stateMachineArn=machine.version(2), name=f"run-{n}")["executionArn"] for n in range(3)
    ]
    starter.start_execution(stateMachineArn=machine.version(1))
    starter.close()
    emulator.finish_execution(arns[0])
    assert aws.catalog.running(machine, 2) == RunningExecutions(2)
    assert aws.catalog.running(machine, 1) == RunningExecutions(1)


@pytest.mark.parametrize("body", ["{}", '{"status": null}', '{"stateMachineArn": "x"}'])
def test_an_answer_without_fields_does_not_say_that_there_is_no_version(
    body: str, canned: CannedServer, connected: Connect
) -> None:
    canned.say(Answer(body=body))
    with pytest.raises(Transient, match="not AWS's"):
        connected().catalog.find(NOWHERE, 1)


def test_an_answer_without_fields_does_not_say_that_nothing_runs(canned: CannedServer, connected: Connect) -> None:
    canned.say(Answer(body='{"nextToken": "2"}'))
    with pytest.raises(Transient, match="not AWS's"):
        connected().catalog.running(NOWHERE, 1)


def test_a_full_page_is_a_lower_bound(canned: CannedServer, connected: Connect) -> None:
    canned.say(Answer(body=json.dumps({"executions": [{}] * 1000, "nextToken": "more"})))
    assert connected().catalog.running(NOWHERE, 1) == RunningExecutions(1000, more=True)
    assert json.loads(canned.requests[0][2]) == {
        "stateMachineArn": f"{NOWHERE}:1",
        "statusFilter": "RUNNING",
        "maxResults": 1000,
    }
    assert len(canned.requests) == 1


def test_express_machines_cannot_be_counted(aws: Aws, emulator: Emulator) -> None:
    express = StateMachineArn.parse(emulator.publish_machine("Express", type="EXPRESS"))
    assert aws.catalog.running(express, 1) is None
    assert aws.catalog.find(express, 1).found is VersionFound.FOUND


def test_counting_a_machine_that_is_not_there_is_gone(aws: Aws) -> None:
    with pytest.raises(Gone):
        aws.catalog.running(NOWHERE, 1)


def test_counting_yields_half_of_the_quota_to_others(canned: CannedServer, connected: Connect) -> None:
    canned.say(Answer(body='{"executions": []}'))
    catalog = connected().catalog
    for _ in range(100):
        catalog.running(NOWHERE, 1)
    with pytest.raises(Transient, match="quota") as refusal:
        catalog.running(NOWHERE, 1)
    assert refusal.value.retry_after_s == pytest.approx(0.2)
    assert len(canned.requests) == 100
