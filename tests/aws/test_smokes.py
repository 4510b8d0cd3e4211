"""Executions that the operator starts, against the emulator: by real boto3, with StartSyncExecution's own endpoint."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sfn_rollouts.aws import smokes
from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.errors import Denied, Gone, NoAnswer, PortError, Transient
from tests.aws.doubles import Answer

if TYPE_CHECKING:
    from devenv.aws.client import Emulator
    from sfn_rollouts.aws.connection import Aws
    from tests.aws.conftest import Connect
    from tests.aws.doubles import CannedServer

NAME, INPUT = "smoke-2-abc-20260301T120000000Z", '{"dryRun":true}'
MACHINE = StateMachineArn.parse("arn:aws:states:eu-west-1:123456789012:stateMachine:Orders")


@pytest.fixture
def machine(emulator: Emulator) -> StateMachineArn:
    """Two versions of a Standard one."""
    return StateMachineArn.parse(emulator.publish_machine("Orders"))


@pytest.fixture
def express(emulator: Emulator) -> StateMachineArn:
    return StateMachineArn.parse(emulator.publish_machine("Quick", type="EXPRESS"))


def names(emulator: Emulator, machine: StateMachineArn) -> list[str]:
    return [each["name"] for each in emulator.executions(str(machine))]


# -- Standard --


def test_an_execution_of_the_version_is_started_with_the_input(
    aws: Aws, emulator: Emulator, machine: StateMachineArn
) -> None:
    run = aws.smokes.start(machine, 2, NAME, INPUT)
    assert (run.arn, run.status, run.stopped_at) == (machine.execution(NAME), "RUNNING", None)
    (found,) = emulator.executions(machine.version(2))
    assert found["stateMachineVersionArn"] == machine.version(2)
    assert "stateMachineAliasArn" not in found
    (call,) = emulator.calls("StartExecution")
    assert call.params["input"] == INPUT


def test_started_twice_it_is_one_execution(aws: Aws, emulator: Emulator, machine: StateMachineArn) -> None:
    first = aws.smokes.start(machine, 2, NAME, INPUT)
    again = aws.smokes.start(machine, 2, NAME, INPUT)
    assert (again.arn, again.started_at) == (first.arn, first.started_at)
    assert names(emulator, machine) == [NAME]


def test_one_that_has_ended_is_found_with_its_end(aws: Aws, emulator: Emulator, machine: StateMachineArn) -> None:
    emulator.set_outcome(machine.version(2), "SUCCEEDED", output={"total": 3})
    aws.smokes.start(machine, 2, NAME, INPUT)
    found = aws.smokes.start(machine, 2, NAME, INPUT)
    assert (found.status, json.loads(found.output)) == ("SUCCEEDED", {"total": 3})
    assert found.stopped_at is not None
    assert names(emulator, machine) == [NAME]


def test_a_failure_is_read_with_error_and_cause(aws: Aws, emulator: Emulator, machine: StateMachineArn) -> None:
    emulator.set_outcome(machine.version(2), "FAILED", error="Card.Declined", cause="no money")
    aws.smokes.start(machine, 2, NAME, INPUT)
    read = aws.smokes.read(machine, NAME)
    assert (read.status, read.error, read.cause, read.output) == ("FAILED", "Card.Declined", "no money", "")


def test_a_start_whose_answer_is_lost_is_found(aws: Aws, emulator: Emulator, machine: StateMachineArn) -> None:
    emulator.fail("StartExecution", "reset-after", times=1)
    with pytest.raises(NoAnswer):
        aws.smokes.start(machine, 2, NAME, INPUT)
    aws.smokes.start(machine, 2, NAME, INPUT)
    assert names(emulator, machine) == [NAME]


def test_one_that_aws_does_not_show_yet_is_asked_for_again(aws: Aws, machine: StateMachineArn) -> None:
    with pytest.raises(Transient, match="does not show execution smoke-2"):
        aws.smokes.read(machine, NAME)


def test_a_version_that_is_not_there(aws: Aws, machine: StateMachineArn) -> None:
    with pytest.raises(Gone):
        aws.smokes.start(machine, 99, NAME, INPUT)


@pytest.mark.parametrize(
    ("kind", "error", "says"),
    [("denied", Denied, "states:StartExecution"), ("throttle", Transient, "was throttled")],
)
def test_what_aws_refuses(
    aws: Aws, emulator: Emulator, machine: StateMachineArn, kind: str, error: type[PortError], says: str
) -> None:
    emulator.fail("StartExecution", kind)
    with pytest.raises(error, match=says):
        aws.smokes.start(machine, 2, NAME, INPUT)
    assert names(emulator, machine) == []


def test_an_input_that_aws_does_not_take_names_the_field(aws: Aws, machine: StateMachineArn) -> None:
    with pytest.raises(Denied, match=r"because of its input .*Correct spec\.preflight\.smoke\.input"):
        aws.smokes.start(machine, 2, NAME, "no JSON")


def test_a_limit_of_running_executions_is_waited_for(canned: CannedServer, connected: Connect) -> None:
    canned.say(Answer(400, '{"__type": "ExecutionLimitExceeded", "message": "too many"}'))
    with pytest.raises(Transient, match="limit of running executions"):
        connected().smokes.start(MACHINE, 2, NAME, INPUT)


# -- Express --


def test_an_express_execution_is_run_to_its_end(aws: Aws, emulator: Emulator, express: StateMachineArn) -> None:
    emulator.set_outcome(express.version(2), "SUCCEEDED", after_s=12.5, output={"total": 3})
    run = aws.smokes.run(express, 2, NAME, INPUT)
    assert (run.status, json.loads(run.output)) == ("SUCCEEDED", {"total": 3})
    assert NAME in run.arn.split(":")
    assert run.stopped_at is not None
    assert (run.stopped_at - run.started_at).total_seconds() == 12.5


def test_one_that_fails_is_an_answer_too(aws: Aws, emulator: Emulator, express: StateMachineArn) -> None:
    emulator.set_outcome(express.version(2), "FAILED", error="Card.Declined", cause="no money")
    run = aws.smokes.run(express, 2, NAME, INPUT)
    assert (run.status, run.error, run.cause) == ("FAILED", "Card.Declined", "no money")


def test_one_whose_answer_is_lost_is_not_run_again(aws: Aws, emulator: Emulator, express: StateMachineArn) -> None:
    emulator.fail("StartSyncExecution", "reset-after", times=1)
    with pytest.raises(NoAnswer):
        aws.smokes.run(express, 2, NAME, INPUT)
    with pytest.raises(Gone, match="Send retry to run another one"):
        aws.smokes.run(express, 2, NAME, INPUT)
    assert names(emulator, express) == [NAME]
    assert len(emulator.calls("StartSyncExecution")) == 1
    aws.smokes.run(express, 2, f"{NAME}-again", INPUT)


@pytest.mark.parametrize("kind", ["denied", "throttle"])
def test_one_that_was_refused_is_run_the_next_time(
    aws: Aws, emulator: Emulator, express: StateMachineArn, kind: str
) -> None:
    emulator.fail("StartSyncExecution", kind, times=1)
    with pytest.raises((Denied, Transient)):
        aws.smokes.run(express, 2, NAME, INPUT)
    aws.clients.close()
    assert names(emulator, express) == []
    assert not aws.smokes._sent


def test_one_that_failed_on_the_side_of_aws_may_have_run(
    aws: Aws, emulator: Emulator, express: StateMachineArn
) -> None:
    emulator.fail("StartSyncExecution", "internal", times=1)
    with pytest.raises(Transient):
        aws.smokes.run(express, 2, NAME, INPUT)
    with pytest.raises(Gone):
        aws.smokes.run(express, 2, NAME, INPUT)


def test_names_are_not_remembered_for_ever(aws: Aws, express: StateMachineArn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smokes, "MOST_REMEMBERED", 2)
    for number in range(4):
        aws.smokes.run(express, 2, f"{NAME}-{number}", INPUT)
    assert list(aws.smokes._sent) == [(express, f"{NAME}-2"), (express, f"{NAME}-3")]


def test_which_kind_a_version_is_of_is_read_with_it(
    aws: Aws, machine: StateMachineArn, express: StateMachineArn
) -> None:
    assert not aws.catalog.find(machine, 1).is_express
    assert aws.catalog.find(express, 1).is_express
