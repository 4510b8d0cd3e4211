"""Executions: which version they are bound to, and what they are counted for."""

from __future__ import annotations

from typing import Any

import pytest

from devenv.aws.server import AwsEmulator

QUALIFIERS = {
    "by the alias: alias and version": (":live", {"stateMachineAliasArn": ":live", "stateMachineVersionArn": ":1"}),
    "by the version: version only": (":1", {"stateMachineVersionArn": ":1"}),
    "by the plain ARN: neither": ("", {}),
}


@pytest.mark.parametrize("case", QUALIFIERS)
def test_an_execution_carries_what_it_was_started_by(case: str, sfn: Any, machine: str, alias: str) -> None:
    qualifier, wanted = QUALIFIERS[case]
    arn = sfn.start_execution(stateMachineArn=machine + qualifier)["executionArn"]
    listed = sfn.list_executions(stateMachineArn=machine)["executions"][0]
    for found in (sfn.describe_execution(executionArn=arn), listed):
        marks = {key: found[key] for key in ("stateMachineAliasArn", "stateMachineVersionArn") if key in found}
        assert marks == {key: machine + end for key, end in wanted.items()}
        assert (found["stateMachineArn"], found["status"]) == (machine, "RUNNING")


def test_executions_are_listed_by_machine_version_and_alias(sfn: Any, machine: str, alias: str) -> None:
    for qualifier in (":live", ":1", ":2", ""):
        sfn.start_execution(stateMachineArn=machine + qualifier, name=f"by{qualifier.replace(':', '-')}")
    names = {
        qualifier: {item["name"] for item in sfn.list_executions(stateMachineArn=machine + qualifier)["executions"]}
        for qualifier in (":live", ":1", ":2", "")
    }
    assert names[":live"] == {"by-live"}
    assert names[":1"] == {"by-live", "by-1"}
    assert names[":2"] == {"by-2"}
    assert len(names[""]) == 4


def test_an_alias_chooses_by_weight_and_repeatably_for_one_seed() -> None:
    def versions_chosen() -> list[str]:
        with AwsEmulator(seed=7) as emulator:
            machine = emulator.client.publish_machine("Orders")
            alias = emulator.client.create_alias(machine, "live", {1: 80, 2: 20})
            sfn = emulator.client.boto3_client("stepfunctions")
            for _ in range(200):
                sfn.start_execution(stateMachineArn=alias)
            found = emulator.client.executions(alias)
            return [item["stateMachineVersionArn"].rsplit(":", 1)[1] for item in found]

    first, second = versions_chosen(), versions_chosen()
    assert first == second
    assert 20 < first.count("2") < 60


def test_weight_zero_is_never_chosen(aws: Any, sfn: Any, machine: str) -> None:
    alias = aws.create_alias(machine, "live", {1: 100, 2: 0})
    for _ in range(50):
        sfn.start_execution(stateMachineArn=alias)
    assert {item["stateMachineVersionArn"] for item in aws.executions(alias)} == {f"{machine}:1"}


def test_a_running_execution_stays_on_its_version_when_the_alias_moves(aws: Any, sfn: Any, alias: str) -> None:
    arn = sfn.start_execution(stateMachineArn=alias)["executionArn"]
    aws.update_alias(alias, {2: 100})
    assert "version 1" in sfn.describe_state_machine_for_execution(executionArn=arn)["definition"]
    assert sfn.describe_execution(executionArn=arn)["stateMachineVersionArn"].endswith(":1")


def test_the_same_name_and_input_is_the_running_execution_itself(aws: Any, sfn: Any, alias: str, refused: Any) -> None:
    wanted = {"stateMachineArn": alias, "name": "order-1", "input": "{}"}
    first, second = (sfn.start_execution(**wanted) for _ in range(2))
    assert (first["executionArn"], first["startDate"]) == (second["executionArn"], second["startDate"])
    taken = ("ExecutionAlreadyExists", f"Execution Already Exists: '{first['executionArn']}'")
    assert refused(sfn.start_execution, **(wanted | {"input": "[]"})) == taken
    aws.finish_execution(first["executionArn"])
    assert refused(sfn.start_execution, **wanted) == taken


def test_an_execution_ends_as_asked(aws: Any, sfn: Any, alias: str) -> None:
    failed, stopped = (sfn.start_execution(stateMachineArn=alias)["executionArn"] for _ in range(2))
    aws.finish_execution(failed, "FAILED", error="Boom")
    sfn.stop_execution(executionArn=stopped, error="Enough", cause="by hand")
    first, second = (sfn.describe_execution(executionArn=arn) for arn in (failed, stopped))
    assert (first["status"], first["error"]) == ("FAILED", "Boom")
    assert (second["status"], second["error"], second["cause"]) == ("ABORTED", "Enough", "by hand")
    running = sfn.list_executions(stateMachineArn=alias, statusFilter="RUNNING")
    assert running["executions"] == []
    events = sfn.get_execution_history(executionArn=failed)["events"]
    assert [event["type"] for event in events] == ["ExecutionStarted", "ExecutionFailed"]


def test_an_express_machine_has_aliases_but_no_list_of_executions(aws: Any, sfn: Any, refused: Any) -> None:
    machine = aws.publish_machine("Quick", type="EXPRESS")
    alias = aws.create_alias(machine, "live", {2: 100})
    arn = sfn.start_execution(stateMachineArn=alias, name="same")["executionArn"]
    assert arn != sfn.start_execution(stateMachineArn=alias, name="same")["executionArn"]
    for listed in (machine, alias):
        assert refused(sfn.list_executions, stateMachineArn=listed)[0] == "StateMachineTypeNotSupported"
    assert refused(sfn.describe_execution, executionArn=arn)[0] == "InvalidArn"
    assert [item["stateMachineVersionArn"] for item in aws.executions(alias)] == [f"{machine}:2"] * 2


REFUSED = {
    "a machine that is not there": ({"stateMachineArn": "{arn}Gone"}, "StateMachineDoesNotExist"),
    "an alias that is not there": ({"stateMachineArn": "{arn}:gone"}, "StateMachineDoesNotExist"),
    "a version that is not there": ({"stateMachineArn": "{arn}:9"}, "StateMachineDoesNotExist"),
    "an input that is no JSON": ({"stateMachineArn": "{arn}", "input": "{"}, "InvalidExecutionInput"),
    "a malformed ARN": ({"stateMachineArn": "x"}, "InvalidArn"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_start_that_aws_refuses_is_refused(case: str, sfn: Any, machine: str, refused: Any) -> None:
    params, code = REFUSED[case]
    filled = {key: value.replace("{arn}", machine) for key, value in params.items()}
    assert refused(sfn.start_execution, **filled)[0] == code


def test_pages_of_executions_are_most_recent_first(sfn: Any, alias: str) -> None:
    for number in range(5):
        sfn.start_execution(stateMachineArn=alias, name=f"e{number}")
    pages = sfn.get_paginator("list_executions").paginate(stateMachineArn=alias, PaginationConfig={"PageSize": 2})
    starts = [item["startDate"] for page in pages for item in page["executions"]]
    assert len(starts) == 5
    assert starts == sorted(starts, reverse=True)


LISTS_REFUSED = {
    "of no machine": ({}, "ValidationException"),
    "of a version that is not there": ({"stateMachineArn": "{arn}:9"}, "ResourceNotFound"),
    "of an alias that is not there": ({"stateMachineArn": "{arn}:gone"}, "ResourceNotFound"),
}


@pytest.mark.parametrize("case", LISTS_REFUSED)
def test_a_list_that_aws_refuses_is_refused(case: str, sfn: Any, machine: str, refused: Any) -> None:
    params, code = LISTS_REFUSED[case]
    filled = {key: value.replace("{arn}", machine) for key, value in params.items()}
    assert refused(sfn.list_executions, **filled)[0] == code


def test_an_execution_that_is_not_there_does_not_exist(sfn: Any, machine: str, refused: Any) -> None:
    arn = "arn:aws:states:eu-west-1:123456789012:execution:Orders:gone"
    for call in (sfn.describe_execution, sfn.stop_execution, sfn.describe_state_machine_for_execution):
        assert refused(call, executionArn=arn) == ("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")


def test_a_stale_alias_that_names_a_deleted_version_starts_nothing(
    aws: Any, sfn: Any, machine: str, alias: str, refused: Any
) -> None:
    aws.set_consistency(reads=1)
    aws.update_alias(alias, {2: 100})
    sfn.delete_state_machine_version(stateMachineVersionArn=f"{machine}:1")
    assert refused(sfn.start_execution, stateMachineArn=alias)[0] == "StateMachineDoesNotExist"
