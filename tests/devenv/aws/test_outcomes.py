"""How executions end: as a test has set it for their version, by the emulator's clock."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.devenv.aws.world import T0, World

KEY = "arn:aws:kms:eu-west-1:123456789012:key/11112222-3333-4444-5555-666677778888"


OUTCOMES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "success": ({"status": "SUCCEEDED"}, {"status": "SUCCEEDED", "output": "{}"}),
    "success with an output": (
        {"status": "SUCCEEDED", "output": {"paid": True}},
        {"status": "SUCCEEDED", "output": '{"paid": true}'},
    ),
    "failure": (
        {"status": "FAILED", "error": "Card.Declined", "cause": "no funds"},
        {"status": "FAILED", "error": "Card.Declined", "cause": "no funds"},
    ),
    "failure without a word": ({"status": "FAILED"}, {"status": "FAILED"}),
    "timeout": ({"status": "TIMED_OUT", "error": "States.Timeout"}, {"status": "TIMED_OUT", "error": "States.Timeout"}),
    "abort": ({"status": "ABORTED", "cause": "by hand"}, {"status": "ABORTED", "cause": "by hand"}),
}


@pytest.mark.parametrize("case", OUTCOMES)
def test_an_execution_ends_as_its_version_was_set_to(case: str, world: World) -> None:
    outcome, wanted = OUTCOMES[case]
    world.aws.set_outcome(f"{world.machine}:1", **outcome, after_s=90)
    arn = world.aws.start(world.alias)
    assert world.described(arn) == {"status": "RUNNING"}
    world.wait(89.9)
    assert world.described(arn) == {"status": "RUNNING"}
    world.wait(0.1)
    assert world.described(arn) == wanted | {"stopDate": T0 + timedelta(seconds=90)}
    listed = world.sfn.list_executions(stateMachineArn=world.alias)["executions"][0]
    assert (listed["status"], listed["stopDate"]) == (wanted["status"], T0 + timedelta(seconds=90))
    world.wait(1000)
    assert world.described(arn)["stopDate"] == T0 + timedelta(seconds=90)


def test_without_a_time_an_execution_ends_at_once(world: World) -> None:
    world.aws.set_outcome(f"{world.machine}:1", "FAILED")
    assert world.described(world.aws.start(world.alias)) == {"status": "FAILED", "stopDate": T0}


def test_an_execution_may_run_for_ever(world: World) -> None:
    world.aws.set_outcome(f"{world.machine}:1", "RUNNING")
    arns = [world.aws.start(f"{world.machine}:{number}") for number in (1, 2)]
    world.wait(400 * 86_400)
    assert [world.described(arn) for arn in arns] == [{"status": "RUNNING"}] * 2


def test_each_version_has_an_outcome_of_its_own_and_the_machine_has_one_for_the_rest(world: World) -> None:
    world.aws.set_outcome(world.machine, "SUCCEEDED")
    world.aws.set_outcome(f"{world.machine}:2", "FAILED", error="Boom")
    found = {end: world.described(world.aws.start(world.machine + end))["status"] for end in ("", ":1", ":2", ":live")}
    assert found == {"": "SUCCEEDED", ":1": "SUCCEEDED", ":2": "FAILED", ":live": "SUCCEEDED"}
    world.aws.update_alias(world.alias, {2: 100})
    assert world.described(world.aws.start(world.alias))["error"] == "Boom"


def test_an_outcome_is_fixed_at_the_start(world: World) -> None:
    world.aws.set_outcome(f"{world.machine}:1", "FAILED", after_s=10)
    first = world.aws.start(world.alias)
    world.aws.set_outcome(f"{world.machine}:1", "SUCCEEDED")
    world.wait(10)
    assert [world.described(arn)["status"] for arn in (first, world.aws.start(world.alias))] == ["FAILED", "SUCCEEDED"]


def test_who_stops_an_execution_comes_before_its_outcome(world: World) -> None:
    world.aws.set_outcome(f"{world.machine}:1", "SUCCEEDED", after_s=10)
    stopped, late = world.aws.start(world.alias), world.aws.start(world.alias)
    world.wait(5)
    world.sfn.stop_execution(executionArn=stopped, error="Enough", cause="by hand")
    world.wait(10)
    wanted = {"status": "ABORTED", "error": "Enough", "cause": "by hand", "stopDate": T0 + timedelta(seconds=5)}
    assert world.described(stopped) == wanted
    assert world.sfn.stop_execution(executionArn=late)["stopDate"] == T0 + timedelta(seconds=10)
    assert world.described(late)["status"] == "SUCCEEDED"


def test_the_last_event_says_how_it_went(world: World) -> None:
    world.aws.set_outcome(f"{world.machine}:1", "TIMED_OUT", error="States.Timeout")
    world.aws.set_outcome(f"{world.machine}:2", "SUCCEEDED", output=[1])
    ends = [
        world.sfn.get_execution_history(executionArn=world.aws.start(f"{world.machine}:{number}"))["events"][-1]
        for number in (1, 2)
    ]
    assert [end["type"] for end in ends] == ["ExecutionTimedOut", "ExecutionSucceeded"]
    assert ends[0]["executionTimedOutEventDetails"] == {"error": "States.Timeout"}
    assert ends[1]["executionSucceededEventDetails"] == {"output": "[1]"}


def test_an_outcome_that_no_execution_has_is_refused(world: World) -> None:
    with pytest.raises(Exception, match="no execution ends as 'DONE'"):
        world.aws.set_outcome(world.machine, "DONE")


# -- names


def test_a_start_whose_answer_was_lost_is_found_by_its_name(world: World) -> None:
    wanted = {"stateMachineArn": f"{world.machine}:2", "name": "smoke-2-1", "input": '{"dryRun": true}'}
    world.aws.fail("StartExecution", "reset-after", times=1)
    with pytest.raises(Exception, match=r"[Cc]onnection"):
        world.sfn.start_execution(**wanted)
    world.wait(3)
    again = world.sfn.start_execution(**wanted)
    assert again["startDate"] == T0
    assert [item["name"] for item in world.aws.executions(world.machine)] == ["smoke-2-1"]


def test_a_name_is_taken_once_its_execution_has_ended_and_free_after_ninety_days(world: World, refused: Any) -> None:
    """API reference: "If the execution is closed or if the input is different, it returns ExecutionAlreadyExists"."""
    world.aws.set_outcome(world.machine, "SUCCEEDED", after_s=60)
    wanted = {"stateMachineArn": world.machine, "name": "smoke"}
    arn = world.sfn.start_execution(**wanted)["executionArn"]
    world.wait(59)
    assert world.sfn.start_execution(**wanted)["executionArn"] == arn
    world.wait(1)
    taken = ("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
    for given in ({}, {"input": "[]"}):
        assert refused(world.sfn.start_execution, **wanted, **given) == taken
    assert world.described(arn)["status"] == "SUCCEEDED"
    world.wait(90 * 86_400)
    assert refused(world.sfn.start_execution, **wanted) == taken
    world.wait(1)
    again = world.sfn.start_execution(**wanted, input="[]")
    assert (again["executionArn"], again["startDate"]) == (arn, world.now)


def test_an_execution_is_forgotten_ninety_days_after_it_closed(world: World, refused: Any) -> None:
    world.aws.set_outcome(f"{world.machine}:1", "SUCCEEDED", after_s=3600)
    world.aws.set_outcome(f"{world.machine}:2", "RUNNING")
    closed, running = (world.aws.start(f"{world.machine}:{number}") for number in (1, 2))
    world.wait(90 * 86_400 + 3601)
    assert refused(world.sfn.describe_execution, executionArn=closed)[0] == "ExecutionDoesNotExist"
    assert [
        item["executionArn"] for item in world.sfn.list_executions(stateMachineArn=world.machine)["executions"]
    ] == [running]


def test_one_name_serves_two_machines_and_not_two_versions(world: World, refused: Any) -> None:
    other = world.aws.publish_machine("Refunds")
    first, second = (world.aws.start(machine, name="smoke") for machine in (world.machine, other))
    assert first != second
    answer = world.sfn.start_execution(stateMachineArn=f"{world.machine}:2", name="smoke")
    assert answer["executionArn"] == first, "the name and the input are the running execution, whatever was asked for"
    assert "stateMachineVersionArn" not in world.sfn.describe_execution(executionArn=first)


@pytest.mark.parametrize("name", ["a b", "a/b", "a:b", "a*", "a\n", "a#b", "a{b}"])
def test_a_name_with_a_character_that_aws_forbids_is_invalid(name: str, world: World, refused: Any) -> None:
    found = refused(world.sfn.start_execution, stateMachineArn=world.machine, name=name)
    assert found == ("InvalidName", f"Invalid Name: '{name}'")


# -- lists


def test_a_list_is_filtered_by_what_has_come_true_and_paged(world: World) -> None:
    world.aws.set_outcome(f"{world.machine}:1", "FAILED", after_s=5)
    for _ in range(3):
        world.aws.start(world.alias)
        world.wait(1)
    world.aws.start(f"{world.machine}:1")
    world.aws.start(world.machine)
    world.wait(4)

    def starts(arn: str, status: str) -> list[datetime]:
        pages = world.sfn.get_paginator("list_executions").paginate(
            stateMachineArn=arn, statusFilter=status, PaginationConfig={"PageSize": 2}
        )
        return [item["startDate"] for page in pages for item in page["executions"]]

    assert starts(world.alias, "FAILED") == [T0 + timedelta(seconds=second) for second in (2, 1, 0)]
    assert starts(world.alias, "RUNNING") == []
    assert len(starts(f"{world.machine}:1", "FAILED")) == 3
    assert len(starts(f"{world.machine}:1", "RUNNING")) == 1
    assert len(starts(world.machine, "RUNNING")) == 2
    world.wait(1)
    assert len(starts(f"{world.machine}:1", "FAILED")) == 4


def test_items_say_by_what_they_were_started(world: World) -> None:
    for end in (":live", ":2", ""):
        world.aws.start(world.machine + end, name=f"by{end.replace(':', '-')}")
    found = {
        item["name"]: (item.get("stateMachineAliasArn"), item.get("stateMachineVersionArn"))
        for item in world.sfn.list_executions(stateMachineArn=world.machine)["executions"]
    }
    assert found == {
        "by-live": (world.alias, f"{world.machine}:1"),
        "by-2": (None, f"{world.machine}:2"),
        "by": (None, None),
    }


LISTS_REFUSED = {
    "of both at once": ({"stateMachineArn": "{arn}", "mapRunArn": "{arn}"}, "ValidationException"),
    "of a Map Run": ({"mapRunArn": "arn:aws:states:eu-west-1:123456789012:mapRun:Orders/M:1"}, "ResourceNotFound"),
    "of what waits for a redrive": (
        {"stateMachineArn": "{arn}", "statusFilter": "PENDING_REDRIVE"},
        "ValidationException",
    ),
    "of what was redriven": ({"stateMachineArn": "{arn}", "redriveFilter": "REDRIVEN"}, "ValidationException"),
    "of an unknown status": ({"stateMachineArn": "{arn}", "statusFilter": "DONE"}, "ValidationException"),
}


@pytest.mark.parametrize("case", LISTS_REFUSED)
def test_a_list_that_aws_refuses_is_refused(case: str, world: World, refused: Any) -> None:
    params, code = LISTS_REFUSED[case]
    filled = {key: value.replace("{arn}", world.machine) for key, value in params.items()}
    assert refused(world.sfn.list_executions, **filled)[0] == code


def test_the_metadata_of_an_execution_has_no_data(world: World, refused: Any) -> None:
    machine = world.aws.publish_machine("Secrets", key=KEY)
    world.aws.set_outcome(machine, "SUCCEEDED")
    arn = world.aws.start(machine, input={"card": 1})
    assert world.sfn.describe_execution(executionArn=arn)["input"] == '{"card": 1}'
    world.aws.deny_key(KEY)
    assert refused(world.sfn.describe_execution, executionArn=arn)[0] == "KmsAccessDeniedException"
    assert refused(world.sfn.start_execution, stateMachineArn=machine)[0] == "KmsAccessDeniedException"
    found = world.sfn.describe_execution(executionArn=arn, includedData="METADATA_ONLY")
    assert (found["status"], "input" in found, "output" in found) == ("SUCCEEDED", False, False)


# -- Express


@pytest.fixture
def quick(world: World) -> str:
    """An EXPRESS machine of two versions."""
    return world.aws.publish_machine("Quick", type="EXPRESS")


@pytest.mark.parametrize("case", [case for case in OUTCOMES if case != "abort"])
def test_a_synchronous_execution_answers_how_it_went(case: str, world: World, quick: str) -> None:
    outcome, wanted = OUTCOMES[case]
    world.aws.set_outcome(f"{quick}:2", **outcome, after_s=1.25)
    found = world.sfn.start_sync_execution(stateMachineArn=f"{quick}:2", name="smoke", input='{"dryRun": true}')
    assert {key: found[key] for key in ("status", "output", "error", "cause") if key in found} == wanted
    assert (found["startDate"], found["stopDate"]) == (T0, T0 + timedelta(seconds=1.25))
    assert (found["stateMachineArn"], found["name"], json.loads(found["input"])) == (quick, "smoke", {"dryRun": True})
    assert found["billingDetails"] == {"billedMemoryUsedInMB": 64, "billedDurationInMilliseconds": 1300}
    assert found["executionArn"].startswith("arn:aws:states:eu-west-1:123456789012:express:Quick:smoke:")


def test_nobody_can_abort_a_synchronous_execution(world: World, quick: str, refused: Any) -> None:
    world.aws.set_outcome(quick, "ABORTED")
    code, message = refused(world.sfn.start_sync_execution, stateMachineArn=quick)
    assert (code, "StartSyncExecution.status is 'ABORTED', not one of" in message) == ("InternalFailure", True)


@pytest.mark.parametrize("outcome", [{"status": "RUNNING"}, {"status": "SUCCEEDED", "after_s": 301}])
def test_a_synchronous_execution_takes_five_minutes_at_most(outcome: Any, world: World, quick: str) -> None:
    world.aws.set_outcome(f"{quick}:1", **outcome)
    found = world.sfn.start_sync_execution(stateMachineArn=f"{quick}:1")
    assert (found["status"], found["error"]) == ("TIMED_OUT", "States.Timeout")
    assert found["stopDate"] - found["startDate"] == timedelta(minutes=5)


def test_without_an_outcome_a_synchronous_execution_succeeds(world: World, quick: str) -> None:
    found = [world.sfn.start_sync_execution(stateMachineArn=quick, name="same") for _ in range(2)]
    assert [(item["status"], item["output"]) for item in found] == [("SUCCEEDED", "{}")] * 2
    assert found[0]["executionArn"] != found[1]["executionArn"], "EXPRESS is not idempotent"


def test_a_synchronous_execution_counts_for_what_it_was_started_by(world: World, quick: str) -> None:
    alias = world.aws.create_alias(quick, "live", {2: 100})
    world.aws.set_outcome(f"{quick}:2", "FAILED")
    world.sfn.start_sync_execution(stateMachineArn=alias)
    [found] = world.aws.executions(alias)
    assert (found["status"], found["stateMachineVersionArn"]) == ("FAILED", f"{quick}:2")


SYNC_REFUSED = {
    "a STANDARD machine": ({"stateMachineArn": "{standard}:1"}, "StateMachineTypeNotSupported"),
    "a machine that is not there": ({"stateMachineArn": "{standard}Gone"}, "StateMachineDoesNotExist"),
    "a version that is not there": ({"stateMachineArn": "{express}:9"}, "StateMachineDoesNotExist"),
    "an input that is no JSON": ({"stateMachineArn": "{express}", "input": "{"}, "InvalidExecutionInput"),
    "a name with a space": ({"stateMachineArn": "{express}", "name": "a b"}, "InvalidName"),
    "no ARN": ({"stateMachineArn": "x"}, "InvalidArn"),
}


@pytest.mark.parametrize("case", SYNC_REFUSED)
def test_a_synchronous_start_that_aws_refuses_is_refused(case: str, world: World, quick: str, refused: Any) -> None:
    params, code = SYNC_REFUSED[case]
    filled = {
        key: value.replace("{standard}", world.machine).replace("{express}", quick) for key, value in params.items()
    }
    assert refused(world.sfn.start_sync_execution, **filled)[0] == code


def test_an_express_execution_is_not_listed_nor_described(world: World, quick: str, refused: Any) -> None:
    world.aws.set_outcome(quick, "SUCCEEDED")
    arn = world.aws.start(f"{quick}:1")
    assert refused(world.sfn.list_executions, stateMachineArn=f"{quick}:1")[0] == "StateMachineTypeNotSupported"
    assert refused(world.sfn.describe_execution, executionArn=arn)[0] == "InvalidArn"
    assert [item["status"] for item in world.aws.executions(quick)] == ["SUCCEEDED"]


@pytest.mark.parametrize("kind", ["throttle", "denied", "unavailable"])
def test_synchronous_starts_meet_faults_and_are_in_the_journal(
    kind: Any, world: World, quick: str, refused: Any
) -> None:
    world.aws.fail("StartSyncExecution", kind, times=1, match=f"{quick}:1")
    code, _ = refused(world.sfn.start_sync_execution, stateMachineArn=f"{quick}:1")
    world.sfn.start_sync_execution(stateMachineArn=f"{quick}:1")
    assert [(call.service, call.outcome) for call in world.aws.calls("StartSyncExecution")] == [
        ("stepfunctions", code),
        ("stepfunctions", "ok"),
    ]
    assert len(world.aws.executions(quick)) == 1


def test_the_clients_own_starts_are_not_in_the_journal(world: World) -> None:
    world.aws.start(world.alias, name="order-1", input=[1])
    assert world.aws.call_counts() == {}
    [found] = world.aws.executions(world.alias)
    assert world.sfn.describe_execution(executionArn=found["executionArn"])["input"] == "[1]"
