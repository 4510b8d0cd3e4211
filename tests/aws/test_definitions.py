"""What a version holds, read with a person's credentials; and what a person reads when that fails."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sfn_rollouts.aws.definitions import UserStepFunctions
from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.errors import Denied, Gone, PortError, Transient
from tests.aws.doubles import Answer, CannedServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from devenv.aws.client import Emulator

    Open = Callable[[StateMachineArn], UserStepFunctions]

NOWHERE = StateMachineArn.parse("arn:aws:states:eu-west-1:123456789012:stateMachine:Nowhere")


@pytest.fixture
def opened() -> Iterator[Open]:
    """Open it where the environment points, when the test has finished setting it."""
    readers: list[UserStepFunctions] = []

    def open_one(machine: StateMachineArn) -> UserStepFunctions:
        readers.append(UserStepFunctions(machine))
        return readers[-1]

    yield open_one
    for each in readers:
        each.close()


def test_each_version_has_its_own_definition(emulator: Emulator, opened: Open) -> None:
    """A version's ARN answers what was published, whatever the machine has become since (recorded)."""
    definitions = [{"StartAt": name, "States": {name: {"Type": "Succeed"}}} for name in ("One", "Two")]
    reader = opened(StateMachineArn.parse(emulator.publish_machine("Orders", definitions)))
    assert [reader.read(version).definition for version in (1, 2)] == definitions


def test_the_role_and_the_logging_are_the_versions_too(emulator: Emulator, opened: Open) -> None:
    arn = emulator.publish_machine("Orders")
    client = emulator.boto3_client("stepfunctions")
    role = "arn:aws:iam::123456789012:role/another"
    client.update_state_machine(stateMachineArn=arn, roleArn=role, publish=True)
    client.close()
    reader = opened(StateMachineArn.parse(arn))
    before, after = reader.read(2), reader.read(3)
    assert before.settings["roleArn"] != after.settings["roleArn"] == role
    assert after.settings["loggingConfiguration"] == {"level": "OFF", "includeExecutionData": False}
    assert after.settings["type"] == "STANDARD"


def test_a_version_that_does_not_exist(emulator: Emulator, opened: Open) -> None:
    arn = emulator.publish_machine("Orders")
    with pytest.raises(Gone, match=f"{arn}:7 does not exist: it was deleted, or never published") as refusal:
        opened(StateMachineArn.parse(arn)).read(7)
    assert f"list-state-machine-versions --state-machine-arn {arn} " in refusal.value.why


def error(code: str, status: int = 400) -> Answer:
    headers = (("x-amzn-RequestId", "0a1b2c3d"), ("x-amzn-ErrorType", code))
    return Answer(status=status, body=json.dumps({"__type": code, "message": "secret-token"}), headers=headers)


FAILURES = {
    "not allowed": (error("AccessDeniedException"), Denied, "may not call states:DescribeStateMachine on .*Nowhere:1"),
    "expired": (error("ExpiredTokenException"), Denied, "does not accept your credentials .*aws sso login"),
    "unknown keys": (error("UnrecognizedClientException"), Denied, "aws sts get-caller-identity must work"),
    "encrypted": (error("KmsAccessDeniedException"), Denied, "may not call kms:Decrypt"),
    "throttled": (error("ThrottlingException"), Transient, "was throttled .*Try again"),
    "AWS fails": (error("InternalServerError", 500), Transient, "failed on the side of AWS"),
    "a load balancer, 503": (Answer(503, "<html>"), Transient, "failed on the side of AWS.*Try again"),
    "a proxy, 403": (Answer(403, "<html>forbidden</html>"), Transient, "an answer that is not AWS's .403.. Try again"),
    "something new": (error("TeapotException", 418), PortError, "could not be read .TeapotException."),
    "no definition": (Answer(body='{"status": "ACTIVE"}'), Transient, "an answer that is not AWS's"),
    "no JSON": (Answer(body='{"definition": "StartAt: A"}'), PortError, ":1 cannot be read: it is not JSON: Expecting"),
    "no object": (Answer(body='{"definition": "[]"}'), PortError, ":1 cannot be read: it is not a JSON object"),
}


@pytest.mark.parametrize(("answer", "kind", "words"), FAILURES.values(), ids=FAILURES.keys())
def test_a_failure_has_its_remedy(
    canned: CannedServer, opened: Open, answer: Answer, kind: type[PortError], words: str
) -> None:
    """Never of the operator's role: these are the person's credentials. And never AWS's text: it may hold a token."""
    canned.say(*[answer] * 3)
    with pytest.raises(kind, match=words) as refusal:
        opened(NOWHERE).read(1)
    assert "operator" not in refusal.value.why
    assert "secret-token" not in refusal.value.why


def test_no_credentials(bare_environment: None, opened: Open) -> None:
    with pytest.raises(Denied, match=r"no AWS credentials were found in your shell\. Log in .*AWS_PROFILE"):
        opened(NOWHERE)


def test_a_profile_that_does_not_exist(bare_environment: None, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "prod")
    with pytest.raises(Denied, match=r"cannot be used: ProfileNotFound profile=prod\. Log in"):
        opened(NOWHERE)
