"""Every recorded scenario of versions, replayed and compared in full."""

from __future__ import annotations

import json
from typing import Any

import pytest

ROLE = "arn:aws:iam::123456789012:role/state-machine"


def definition(comment: str = "BASE_PASS_RESULT") -> str:
    state = {"Type": "Pass", "Result": {"Arg1": "argument1"}, "End": True}
    return json.dumps({"Comment": comment, "StartAt": "State_1", "States": {"State_1": state}})


def create(replay: Any, label: str = "creation_resp_1", **more: Any) -> str:
    replay.mask("stateMachine:Recorded", "stateMachine:<ArnPart_0idx>")
    replay.mask("Recorded", "<ArnPart_0idx>")
    answer = replay.answer(
        label, "create_state_machine", name="Recorded", definition=definition(), roleArn=ROLE, **more
    )
    return str(answer["stateMachineArn"])


def update(replay: Any, label: str, arn: str, comment: str, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = replay.answer(
        label, "update_state_machine", stateMachineArn=arn, definition=definition(comment), **more
    )
    return answer


def create_with_publish(replay: Any) -> None:
    create(replay, publish=True)


def create_express(replay: Any) -> None:
    create(replay, publish=True, type="EXPRESS")


def description_without_publish(replay: Any) -> None:
    replay.error("validation_exception", "response", "create_state_machine", name="Recorded", definition=definition(),
                 roleArn=ROLE, versionDescription="HelloWorld!")  # fmt: skip


def describe_both(replay: Any, **more: Any) -> None:
    arn = create(replay, publish=True, **more)
    replay.answer("describe_resp_version", "describe_state_machine", stateMachineArn=f"{arn}:1")
    replay.answer("describe_resp", "describe_state_machine", stateMachineArn=arn)


def describe_both_with_description(replay: Any) -> None:
    describe_both(replay, versionDescription="HelloWorld!")


def update_with_publish(replay: Any) -> None:
    arn = create(replay)
    for n in (1, 2):
        update(replay, f"update_resp_{n}", arn, f"BASE_PASS_RESULT-R{n}", publish=True)
        replay.answer(f"list_versions_resp_{n}", "list_state_machine_versions", stateMachineArn=arn)
    for label, publish in (("invalid_arn_1", False), ("invalid_arn_2", True)):
        replay.error(label, "response", "update_state_machine", stateMachineArn=f"{arn}:2", definition=definition("R3"),
                     publish=publish)  # fmt: skip


def publish_by_revision(replay: Any) -> None:
    arn = create(replay)
    revision = ""
    for n, more in ((1, {}), (2, {"description": "PublishedV2Description"})):
        revision = update(replay, f"update_resp_{n}", arn, f"BASE_PASS_RESULT-R{n}")["revisionId"]
        replay.answer(f"publish_v{n}", "publish_state_machine_version", stateMachineArn=arn, revisionId=revision,
                      **more)  # fmt: skip
        replay.answer(f"list_versions_resp_{n}", "list_state_machine_versions", stateMachineArn=arn)
        replay.answer(f"describe_v{n}", "describe_state_machine", stateMachineArn=f"{arn}:{n}")
    update(replay, "update_resp_3", arn, "BASE_PASS_RESULT-R3")
    replay.error("conflict_exception", "text", "publish_state_machine_version", stateMachineArn=arn,
                 revisionId=revision)  # fmt: skip


def list_and_delete(replay: Any) -> None:
    arn = create(replay, publish=True)
    version = f"{arn}:1"
    replay.answer("describe_resp_version", "describe_state_machine", stateMachineArn=version)
    replay.answer("list_versions_resp_1", "list_state_machine_versions", stateMachineArn=arn)
    replay.answer("delete_version_resp", "delete_state_machine_version", stateMachineVersionArn=version)
    replay.answer("list_versions_resp_2", "list_state_machine_versions", stateMachineArn=arn)
    replay.answer("delete_version_resp_after_del", "delete_state_machine_version", stateMachineVersionArn=version)


def start_and_describe(replay: Any, version_arn: str) -> None:
    execution = replay.answer("execution_resp", "start_execution", stateMachineArn=version_arn)["executionArn"]
    replay.mask(execution.rsplit(":", 1)[1], "<ExecArnPart_0idx>")
    replay.answer("describe_resp", "describe_state_machine_for_execution", executionArn=execution)


def machine_of_an_execution(replay: Any) -> None:
    start_and_describe(replay, create(replay, publish=True) + ":1")


def machine_of_an_execution_with_revision(replay: Any) -> None:
    arn = create(replay)
    start_and_describe(
        replay, update(replay, "update_resp", arn, "BASE_PASS_RESULT-R2", publish=True)["stateMachineVersionArn"]
    )


def publish_no_such_machine(replay: Any) -> None:
    nowhere = "arn:aws:states:eu-west-1:123456789012:stateMachine:nowhere"
    replay.mask(nowhere, "ssm_nonexistent_arn")
    replay.error("exception", "exception", "publish_state_machine_version", stateMachineArn=nowhere)


def publish_invalid_arn(replay: Any) -> None:
    replay.error("exception", "exception", "publish_state_machine_version", stateMachineArn="invalid_arn")


SCENARIOS = {
    "test_create_with_publish": create_with_publish,
    "test_create_express_with_publish": create_express,
    "test_create_with_version_description_no_publish": description_without_publish,
    "test_create_publish_describe_no_version_description": describe_both,
    "test_create_publish_describe_with_version_description": describe_both_with_description,
    "test_update_state_machine": update_with_publish,
    "test_publish_state_machine_version": publish_by_revision,
    "test_list_delete_version": list_and_delete,
    "test_describe_state_machine_for_execution_of_version": machine_of_an_execution,
    "test_describe_state_machine_for_execution_of_version_with_revision": machine_of_an_execution_with_revision,
    "test_publish_state_machine_version_no_such_machine": publish_no_such_machine,
    "test_publish_state_machine_version_invalid_arn": publish_invalid_arn,
}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_emulator_answers_what_aws_answered(scenario: str, replay: Any, recorded: Any) -> None:
    wanted = recorded("versions.json")[scenario]
    SCENARIOS[scenario](replay)
    assert replay.normalised() == wanted


def test_every_recorded_scenario_is_replayed(recorded: Any) -> None:
    assert SCENARIOS.keys() == recorded("versions.json").keys()
