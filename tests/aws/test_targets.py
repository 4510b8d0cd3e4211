"""What preflight looks at, against the emulator."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sfn_rollouts.asl.pins import Pin
from sfn_rollouts.asl.rights import Right
from sfn_rollouts.aws.remembered import DENIED_S, POLICY_S, RememberingInspector
from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.core.values.targets import Permission
from sfn_rollouts.errors import Denied, Gone, PortError, Transient
from tests.aws.doubles import NOON, Answer

if TYPE_CHECKING:
    from devenv.aws.client import Emulator
    from sfn_rollouts.aws.connection import Aws
    from tests.aws.conftest import Connect
    from tests.aws.doubles import CannedServer, HandClock

INVOKE = "lambda:InvokeFunction"
SIMULATE, FUNCTION = "SimulatePrincipalPolicy", "GetFunctionConfiguration"


def calling(*functions: str) -> dict[str, Any]:
    states = {f"Call{n}": {"Type": "Task", "Resource": arn, "End": True} for n, arn in enumerate(functions)}
    return {"StartAt": "Call0", "States": states}


def publish(emulator: Emulator, definition: Any, **more: Any) -> StateMachineArn:
    return StateMachineArn.parse(emulator.publish_machine("Orders", [definition], **more))


@pytest.fixture
def function(emulator: Emulator) -> str:
    """ARN of version 1 of a function."""
    return f"{emulator.put_function('charge')}:{emulator.publish_function('charge')}"


# -- definitions --


def test_a_definition_is_read_with_its_role(aws: Aws, emulator: Emulator, function: str) -> None:
    role = emulator.put_role("orders")
    machine = publish(emulator, calling(function), role=role)
    reading = aws.targets.definition(machine, 1, None)
    assert (reading.role, reading.is_express, reading.why) == (role, False, "")
    assert reading.outline is not None
    assert [call.pin for call in reading.outline.calls] == [Pin.VERSION]
    assert reading.outline.rights == (Right(INVOKE, function, ("Call0",)),)


def test_each_version_keeps_its_own_definition(aws: Aws, emulator: Emulator, function: str) -> None:
    machine = publish(emulator, calling(function))
    emulator.publish_version(str(machine), calling(function.rpartition(":")[0]))
    pins = [aws.targets.definition(machine, version, None).outline.calls[0].pin for version in (1, 2)]
    assert pins == [Pin.VERSION, Pin.NOTHING]


def test_an_express_machine_says_so(aws: Aws, emulator: Emulator, function: str) -> None:
    machine = publish(emulator, calling(function), type="EXPRESS")
    assert aws.targets.definition(machine, 1, None).is_express


def test_a_version_that_is_not_there(aws: Aws, emulator: Emulator, machine: StateMachineArn) -> None:
    with pytest.raises(Gone):
        aws.targets.definition(machine, 99, None)


def test_a_version_of_another_life_is_not_the_one_that_is_asked_for(aws: Aws, machine: StateMachineArn) -> None:
    created_at = aws.catalog.find(machine, 1).created_at
    assert aws.targets.definition(machine, 1, created_at).outline is not None
    with pytest.raises(Gone, match="created again"):
        aws.targets.definition(machine, 1, datetime(2020, 1, 1, tzinfo=UTC))


def test_an_encrypted_definition_whose_key_may_not_be_used(canned: CannedServer, connected: Connect) -> None:
    canned.say(Answer.error("KmsAccessDeniedException"))
    with pytest.raises(Denied, match="kms:Decrypt"):
        connected().targets.definition(NOWHERE, 1, None)


NOWHERE = StateMachineArn.parse("arn:aws:states:eu-west-1:123456789012:stateMachine:Nowhere")


def test_a_definition_that_cannot_be_understood_is_a_reading_with_a_reason(
    canned: CannedServer, connected: Connect
) -> None:
    answer = {"definition": '{"States": {}, "States": {}}', "roleArn": "r", "creationDate": 1790000000.0}
    canned.say(Answer(body=json.dumps({**answer, "type": "STANDARD"})))
    reading = connected().targets.definition(NOWHERE, 1, None)
    assert (reading.outline, reading.why) == (None, '"States" stands twice in one object')


# -- what is called --


def test_a_function_that_can_be_called(aws: Aws, function: str) -> None:
    assert aws.targets.callee(function).lacking == ""


def test_a_version_that_was_deleted(aws: Aws, emulator: Emulator, function: str) -> None:
    emulator.delete_function_version("charge", 1)
    assert "no such version" in aws.targets.callee(function).lacking


def test_a_function_that_was_never_there(aws: Aws, function: str) -> None:
    assert aws.targets.callee(function.replace("charge", "nobody")).lacking


def test_a_function_that_is_not_active(aws: Aws, emulator: Emulator, function: str) -> None:
    emulator.set_function_state("charge", "Failed", qualifier="1", StateReason="its image is gone")
    assert aws.targets.callee(function).lacking == "Lambda says it is Failed (its image is gone)"


def test_an_alias_of_a_function(aws: Aws, emulator: Emulator, function: str) -> None:
    assert aws.targets.callee(emulator.alias_function("charge", "live", 1)).lacking == ""
    assert aws.targets.callee(f"{function.rpartition(':')[0]}:other").lacking


@pytest.mark.parametrize(
    ("qualifier", "is_there"), [("", True), (":1", True), (":live", True), (":9", False), (":other", False)]
)
def test_state_machines_with_and_without_a_qualifier(aws: Aws, alias: Any, qualifier: str, is_there: bool) -> None:
    assert (aws.targets.callee(f"{alias.machine}{qualifier}").lacking == "") is is_there


# -- permissions --


def test_what_a_role_may_and_may_not_do(aws: Aws, emulator: Emulator, machine: StateMachineArn) -> None:
    role = emulator.put_role("orders")
    emulator.allow("orders", INVOKE, f"arn:aws:lambda:*:{machine.account}:function:charge:*")
    emulator.allow("orders", "sns:*")
    emulator.deny("orders", "sns:Publish", "arn:aws:sns:*:*:secret")
    at = f"arn:aws:lambda:eu-west-1:{machine.account}:function"
    topic = f"arn:aws:sns:eu-west-1:{machine.account}"
    rights = {(INVOKE, f"{at}:charge:3"), (INVOKE, f"{at}:refund:3"), ("sns:Publish", f"{topic}:secret"),
              ("sns:Publish", f"{topic}:news")}  # fmt: skip
    found = aws.targets.permissions(role, rights, machine.place).of
    assert found == {
        (INVOKE, f"{at}:charge:3"): Permission.ALLOWED,
        (INVOKE, f"{at}:refund:3"): Permission.NOT_ALLOWED,
        ("sns:Publish", f"{topic}:secret"): Permission.DENIED,
        ("sns:Publish", f"{topic}:news"): Permission.ALLOWED,
    }


def test_a_condition_that_only_a_call_decides_decides_nothing(
    aws: Aws, emulator: Emulator, machine: StateMachineArn
) -> None:
    statement = {"Effect": "Allow", "Action": INVOKE, "Resource": "*",
                 "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}  # fmt: skip
    role = emulator.put_role("orders", {"Version": "2012-10-17", "Statement": [statement]})
    right = (INVOKE, f"arn:aws:lambda:eu-west-1:{machine.account}:function:charge:3")
    assert aws.targets.permissions(role, {right}, machine.place).of == {right: Permission.UNDECIDED}


def test_many_resources_are_asked_for_in_a_few_calls(aws: Aws, emulator: Emulator, machine: StateMachineArn) -> None:
    role = emulator.put_role("orders")
    emulator.allow("orders", INVOKE)
    rights = {(INVOKE, f"arn:aws:lambda:eu-west-1:{machine.account}:function:f{n}:1") for n in range(45)}
    found = aws.targets.permissions(role, rights, machine.place).of
    assert found == dict.fromkeys(rights, Permission.ALLOWED)
    assert len(emulator.calls(SIMULATE)) == 3


def test_a_role_that_is_not_there(aws: Aws, machine: StateMachineArn) -> None:
    with pytest.raises(Gone):
        aws.targets.permissions(f"arn:aws:iam::{machine.account}:role/nobody", {(INVOKE, "*")}, machine.place)


# -- callers --


def test_executions_past_the_alias_are_counted(aws: Aws, emulator: Emulator, alias: Any) -> None:
    starter = emulator.boto3_client("stepfunctions")
    for n, arn in enumerate((str(alias), str(alias), str(alias.machine), alias.machine.version(1))):
        starter.start_execution(stateMachineArn=arn, name=f"run-{n}")
    starter.close()
    reading = aws.targets.callers(alias)
    assert (reading.past_alias, reading.started, reading.more, reading.by_metrics) == (1, 4, False, False)


def test_executions_of_an_express_machine_are_counted_by_metrics(
    aws: Aws, emulator: Emulator, function: str, clock: HandClock
) -> None:
    """Those of the last three minutes are not: some may be reported for the machine, and not yet for the alias."""
    machine = publish(emulator, calling(function), type="EXPRESS")
    live, other = (emulator.create_alias(str(machine), name, {1: 100}) for name in ("live", "other"))
    hours_ago = [clock.now() - timedelta(hours=hours) for hours in (1, 23, 25)]
    emulator.add_executions(live, [(1, started, None, "RUNNING") for started in hours_ago])
    emulator.add_executions(
        other, [(1, hours_ago[0], None, "RUNNING"), (1, clock.now() - timedelta(minutes=2), None, "RUNNING")]
    )
    reading = aws.targets.callers(machine.alias("live"))
    assert (reading.past_alias, reading.started, reading.more, reading.by_metrics) == (1, 3, False, True)


def test_more_starts_by_the_alias_than_there_were_are_nobody_past_it(canned: CannedServer, connected: Connect) -> None:
    """CloudWatch reports by its best effort: a point may be lacking."""
    body = {
        "Id": "m1",
        "StatusCode": "Complete",
        "Timestamps": [(NOON - timedelta(hours=1)).timestamp()],
        "Values": [2],
    }
    of_all = {"Id": "m0", "StatusCode": "Complete", "Timestamps": [], "Values": []}
    canned.say(
        Answer.error("StateMachineTypeNotSupported"), Answer(body=json.dumps({"MetricDataResults": [of_all, body]}))
    )
    reading = connected().targets.callers(NOWHERE.alias("live"))
    assert (reading.past_alias, reading.started) == (0, 0)


# -- bad days --

ASK = {
    "DescribeStateMachine": lambda targets: targets.definition(NOWHERE, 1, None),
    FUNCTION: lambda targets: targets.callee("arn:aws:lambda:eu-west-1:123456789012:function:f:1"),
    SIMULATE: lambda targets: targets.permissions("arn:aws:iam::123456789012:role/r", {(INVOKE, "*")}, NOWHERE.place),
    "ListExecutions": lambda targets: targets.callers(NOWHERE.alias("live")),
}


@pytest.mark.parametrize("operation", ASK)
@pytest.mark.parametrize(
    ("code", "error"), [("AccessDeniedException", Denied), ("ThrottlingException", Transient), ("Strange", PortError)]
)
def test_whatever_aws_refuses_is_an_error_of_the_port(
    operation: str, code: str, error: type[PortError], canned: CannedServer, connected: Connect
) -> None:
    by_xml = f"<ErrorResponse><Error><Code>{code}</Code></Error><RequestId>1</RequestId></ErrorResponse>"
    canned.say(Answer(400, by_xml) if operation == SIMULATE else Answer.error(code))
    with pytest.raises(error):
        ASK[operation](connected().targets)


@pytest.mark.parametrize("operation", ASK)
def test_an_answer_of_somebody_else_passes_for_nothing(
    operation: str, canned: CannedServer, connected: Connect
) -> None:
    with pytest.raises(PortError):
        ASK[operation](connected().targets)


# -- what is remembered --


def test_a_definition_is_read_once_for_each_life(
    aws: Aws, emulator: Emulator, machine: StateMachineArn, clock: HandClock
) -> None:
    created_at = aws.catalog.find(machine, 1).created_at
    emulator.forget_calls()
    targets = RememberingInspector(aws.targets, clock)
    for _ in range(3):
        targets.definition(machine, 1, created_at)
    assert len(emulator.calls("DescribeStateMachine")) == 1


def test_a_policy_is_asked_again_after_five_minutes(
    aws: Aws, emulator: Emulator, machine: StateMachineArn, clock: HandClock
) -> None:
    role, right = emulator.put_role("orders"), (INVOKE, "*")
    emulator.allow("orders", INVOKE)
    targets = RememberingInspector(aws.targets, clock)
    assert targets.permissions(role, {right}, machine.place).of[right] is Permission.ALLOWED
    emulator.deny("orders", INVOKE)
    assert targets.permissions(role, {right}, machine.place).of[right] is Permission.ALLOWED
    clock.advance(POLICY_S)
    assert targets.permissions(role, {right}, machine.place).of[right] is Permission.DENIED


@pytest.mark.parametrize("is_denied", [False, True])
def test_a_permission_that_was_given_is_seen_at_once(
    is_denied: bool, aws: Aws, emulator: Emulator, machine: StateMachineArn, clock: HandClock
) -> None:
    """A rollout that waits for it asks from every 5 s, and would hear the old answer for five minutes."""
    role, right = emulator.put_role("orders"), (INVOKE, "*")
    if is_denied:
        emulator.deny("orders", INVOKE)
    targets = RememberingInspector(aws.targets, clock)
    assert targets.permissions(role, {right}, machine.place).of[right] is not Permission.ALLOWED
    emulator.allow("orders", INVOKE)
    assert targets.permissions(role, {right}, machine.place).of[right] is Permission.ALLOWED


def test_what_may_not_be_asked_is_asked_once_an_hour(
    aws: Aws, emulator: Emulator, function: str, clock: HandClock
) -> None:
    targets = RememberingInspector(aws.targets, clock)
    emulator.fail(FUNCTION, "denied")
    for _ in range(3):
        with pytest.raises(Denied, match="lambda:GetFunctionConfiguration was denied"):
            targets.callee(function)
    assert len(emulator.calls(FUNCTION)) == 1
    emulator.clear_faults()
    clock.advance(DENIED_S)
    assert targets.callee(function).lacking == ""
