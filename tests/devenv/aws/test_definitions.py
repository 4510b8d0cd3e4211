"""Definitions: what a version was published with, and who may read it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from devenv.aws.client import small_definition

KEY = "arn:aws:kms:eu-west-1:123456789012:key/11112222-3333-4444-5555-666677778888"
BLUE, GREEN = (f"arn:aws:iam::123456789012:role/{name}" for name in ("blue", "green"))


def test_each_version_keeps_the_definition_the_role_and_the_type_it_was_published_with(aws: Any, sfn: Any) -> None:
    machine = aws.publish_machine("Orders", [small_definition("one")], type="EXPRESS", role=BLUE)
    assert aws.publish_version(machine, small_definition("two"), role=GREEN) == 2
    assert aws.publish_version(machine, small_definition("three")) == 3
    found = {
        qualifier: sfn.describe_state_machine(stateMachineArn=machine + qualifier)
        for qualifier in ("", ":1", ":2", ":3")
    }
    assert {key: (item["roleArn"], json.loads(item["definition"])["Comment"]) for key, item in found.items()} == {
        "": (GREEN, "three"),
        ":1": (BLUE, "one"),
        ":2": (GREEN, "two"),
        ":3": (GREEN, "three"),
    }
    assert {item["type"] for item in found.values()} == {"EXPRESS"}
    assert {key: item["stateMachineArn"] for key, item in found.items()} == {key: machine + key for key in found}


def test_a_role_alone_makes_a_version(aws: Any, sfn: Any, machine: str) -> None:
    sfn.update_state_machine(stateMachineArn=machine, roleArn=GREEN, publish=True)
    second, third = (sfn.describe_state_machine(stateMachineArn=f"{machine}:{number}") for number in (2, 3))
    assert (second["definition"], third["roleArn"]) == (third["definition"], GREEN)
    assert second["roleArn"] != GREEN


def test_a_version_shows_the_settings_that_it_was_published_with(aws: Any, sfn: Any, machine: str) -> None:
    sfn.update_state_machine(
        stateMachineArn=machine,
        loggingConfiguration={"level": "ALL", "includeExecutionData": True},
        tracingConfiguration={"enabled": True},
        publish=True,
    )
    second, third = (sfn.describe_state_machine(stateMachineArn=f"{machine}:{number}") for number in (2, 3))
    assert (second["loggingConfiguration"]["level"], second["tracingConfiguration"]) == ("OFF", {"enabled": False})
    assert (third["loggingConfiguration"]["level"], third["tracingConfiguration"]) == ("ALL", {"enabled": True})


def of_bytes(size: int) -> str:
    padding = size - len(json.dumps(small_definition("")))
    return json.dumps(small_definition("x" * padding))


def test_a_definition_of_one_megabyte_comes_back_whole(aws: Any, sfn: Any, machine: str) -> None:
    text = of_bytes(1_048_576)
    number = aws.publish_version(machine, text)
    assert sfn.describe_state_machine(stateMachineArn=f"{machine}:{number}")["definition"] == text


def test_a_definition_of_more_than_one_megabyte_is_refused(sfn: Any, machine: str, refused: Any) -> None:
    code, message = refused(sfn.update_state_machine, stateMachineArn=machine, definition=of_bytes(1_048_577))
    assert code == "ValidationException"
    assert "less than or equal to 1048576" in message


@pytest.fixture
def encrypted(aws: Any) -> str:
    return str(aws.publish_machine("Orders", [small_definition("secret")], key=KEY))


def test_an_encrypted_definition_is_readable_until_the_key_is_denied(
    aws: Any, sfn: Any, encrypted: str, refused: Any
) -> None:
    for qualifier in ("", ":1"):
        found = sfn.describe_state_machine(stateMachineArn=encrypted + qualifier)
        assert found["encryptionConfiguration"] == {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": KEY}
    aws.deny_key(KEY)
    for qualifier in ("", ":1"):
        code, message = refused(sfn.describe_state_machine, stateMachineArn=encrypted + qualifier)
        assert code == "KmsAccessDeniedException"
        assert f"is not authorized to perform: kms:Decrypt on resource: {KEY}" in message
    assert aws.calls("DescribeStateMachine")[-1].outcome == "KmsAccessDeniedException"
    aws.allow_key(KEY)
    assert "secret" in sfn.describe_state_machine(stateMachineArn=encrypted)["definition"]


def test_metadata_is_readable_without_the_key_and_has_no_definition(aws: Any, sfn: Any, encrypted: str) -> None:
    aws.deny_key(KEY)
    found = sfn.describe_state_machine(stateMachineArn=f"{encrypted}:1", includedData="METADATA_ONLY")
    assert found["definition"] == "{}"
    assert found["roleArn"].endswith(":role/state-machine")
    assert found["encryptionConfiguration"]["kmsKeyId"] == KEY


def test_metadata_of_an_open_machine_has_no_definition_either(sfn: Any, machine: str) -> None:
    for wanted, definition in (("METADATA_ONLY", "{}"), ("ALL_DATA", None)):
        found = sfn.describe_state_machine(stateMachineArn=machine, includedData=wanted)["definition"]
        assert found == (definition or sfn.describe_state_machine(stateMachineArn=machine)["definition"])


def test_data_of_another_kind_cannot_be_included(sfn: Any, machine: str, refused: Any) -> None:
    code, message = refused(sfn.describe_state_machine, stateMachineArn=machine, includedData="ALL")
    assert code == "ValidationException"
    assert "Member must satisfy enum value set: [ALL_DATA, METADATA_ONLY]" in message


def test_a_denied_key_hides_only_what_it_encrypts(aws: Any, sfn: Any, machine: str) -> None:
    aws.deny_key(KEY)
    assert "version 2" in sfn.describe_state_machine(stateMachineArn=machine)["definition"]


def test_the_definition_of_an_encrypted_execution_needs_the_key_too(
    aws: Any, sfn: Any, encrypted: str, refused: Any
) -> None:
    execution = sfn.start_execution(stateMachineArn=f"{encrypted}:1")["executionArn"]
    aws.deny_key(KEY)
    call = sfn.describe_state_machine_for_execution
    assert refused(call, executionArn=execution)[0] == "KmsAccessDeniedException"
    assert call(executionArn=execution, includedData="METADATA_ONLY")["definition"] == "{}"
