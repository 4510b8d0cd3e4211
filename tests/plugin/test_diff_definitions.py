"""Two definitions compared: what counts as a state, and which field differs."""

import copy
from typing import Any

import pytest

from devenv.demo.order_processor import VERSIONS
from sfn_rollouts.plugin.definitions import ABSENT, FieldChange, Kind, compare, states_of
from sfn_rollouts.plugin.pinning import Loose, loose_ends

LAMBDA = "arn:aws:lambda:eu-west-1:123456789012:function:charge"
INVOKE = "arn:aws:states:::lambda:invoke"
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:Refund"


def machine(**states: Any) -> dict[str, Any]:
    return {"StartAt": "First", "States": states}


def starting(how: str, arn: str) -> dict[str, Any]:
    return task(f"arn:aws:states:::{how}", Parameters={"StateMachineArn": arn})


def task(resource: str = INVOKE, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": resource, **fields}


def test_states_inside_others_are_states_of_their_own() -> None:
    nested = machine(
        Fan={"Type": "Parallel", "Branches": [machine(A={"Type": "Pass"}), machine(B={"Type": "Pass"})]},
        Each={"Type": "Map", "ItemProcessor": machine(C={"Type": "Map", "Iterator": machine(D={"Type": "Pass"})})},
    )
    assert [path for path, _ in states_of(nested)] == [
        "Fan",
        "Fan.Branches[0].A",
        "Fan.Branches[1].B",
        "Each",
        "Each.ItemProcessor.C",
        "Each.ItemProcessor.C.Iterator.D",
    ]


def test_a_version_and_itself_are_equal() -> None:
    assert compare(VERSIONS[0], copy.deepcopy(VERSIONS[0])).is_equal


def test_the_order_of_fields_is_no_difference() -> None:
    assert compare(machine(A={"Type": "Pass", "End": True}), machine(A={"End": True, "Type": "Pass"})).is_equal


def test_added_removed_and_changed_states() -> None:
    before = machine(Kept={"Type": "Pass"}, Old={"Type": "Wait"}, Task=task(TimeoutSeconds=3))
    after = machine(New={"Type": "Succeed"}, Kept={"Type": "Pass"}, Task=task(TimeoutSeconds=5))
    found = [(each.path, each.kind, each.type) for each in compare(before, after).states]
    assert found == [("New", Kind.ADDED, "Succeed"), ("Task", Kind.CHANGED, "Task"), ("Old", Kind.REMOVED, "Wait")]


FIELDS = {
    "a value": ({"Seconds": 3}, {"Seconds": 5}, [FieldChange("Seconds", 3, 5)]),
    "a field that comes": ({}, {"End": True}, [FieldChange("End", ABSENT, True)]),
    "a field that goes": ({"End": True}, {}, [FieldChange("End", True, ABSENT)]),
    "null is a value": ({"ResultPath": "$"}, {"ResultPath": None}, [FieldChange("ResultPath", "$", None)]),
    "true is not 1": ({"End": True}, {"End": 1}, [FieldChange("End", True, 1)]),
    "1 is 1.0": ({"BackoffRate": 1}, {"BackoffRate": 1.0}, []),
    "an item of a list": (
        {"Retry": [{"MaxAttempts": 3}]},
        {"Retry": [{"MaxAttempts": 5}]},
        [FieldChange("Retry[0].MaxAttempts", 3, 5)],
    ),
    "a longer list": ({"Catch": [1]}, {"Catch": [1, 2]}, [FieldChange("Catch[1]", ABSENT, 2)]),
    "a list for an object": ({"Result": [1]}, {"Result": {"a": 1}}, [FieldChange("Result", [1], {"a": 1})]),
    "settings of a Map, not its states": (
        {"ItemProcessor": {"StartAt": "A", "States": {"A": {"Type": "Pass"}}}},
        {"ItemProcessor": {"StartAt": "B", "States": {"A": {"Type": "Pass"}}}},
        [FieldChange("ItemProcessor.StartAt", "A", "B")],
    ),
}


@pytest.mark.parametrize(("before", "after", "fields"), FIELDS.values(), ids=FIELDS.keys())
def test_the_deepest_difference_is_named(before: Any, after: Any, fields: list[FieldChange]) -> None:
    kind = {"Type": "Map"}
    states = compare(machine(S=kind | before), machine(S=kind | after)).states
    assert [change for each in states for change in each.fields] == fields


def test_fields_of_the_machine_start_at_first() -> None:
    before = {"Comment": "one", "TimeoutSeconds": 60, "StartAt": "A", "States": {}}
    after = {"Comment": "two", "QueryLanguage": "JSONata", "StartAt": "B", "States": {}}
    assert [each.path for each in compare(before, after).top_level] == [
        "StartAt",
        "Comment",
        "TimeoutSeconds",
        "QueryLanguage",
    ]


@pytest.mark.parametrize("odd", [{}, {"States": 3}, {"States": {"A": 3}}, {"States": {"A": {"Branches": [1]}}}])
def test_what_is_no_definition_is_compared_all_the_same(odd: dict[str, Any]) -> None:
    assert compare(odd, odd).is_equal
    assert compare(odd, VERSIONS[0]).states
    assert loose_ends(odd) == ()


# -- what is called without a version --

PINNED = {
    "a function's version as resource": task(f"{LAMBDA}:7"),
    "a whole ARN": task(Parameters={"FunctionName": f"{LAMBDA}:7"}),
    "a partial ARN": task(Parameters={"FunctionName": "123456789012:function:charge:7"}),
    "a name": task(Parameters={"FunctionName": "charge:7"}),
    "a qualifier beside it": task(Parameters={"FunctionName": "charge", "Qualifier": "7"}),
    "JSONata": task(Arguments={"FunctionName": f"{LAMBDA}:7", "Payload": "{% $states.input %}"}),
    "a nested version": starting("states:startExecution.sync:2", f"{MACHINE}:3"),
    "an activity": task("arn:aws:states:eu-west-1:123456789012:activity:sign"),
    "another service": task("arn:aws:states:::sqs:sendMessage", Parameters={"QueueUrl": "https://sqs/q"}),
    "no task": {"Type": "Pass", "Resource": LAMBDA},
    "China": task("arn:aws-cn:lambda:cn-north-1:123456789012:function:charge:7"),
}

WITHOUT, BY_ALIAS, CHOSEN = "without a version", "by its alias", "when it runs"
LOOSE = {
    "a function as resource": (task(LAMBDA), WITHOUT),
    "its newest code": (task(f"{LAMBDA}:$LATEST"), WITHOUT),
    "an alias as resource": (task(f"{LAMBDA}:live"), BY_ALIAS),
    "a whole ARN": (task(Parameters={"FunctionName": LAMBDA}), WITHOUT),
    "a name": (task(Parameters={"FunctionName": "charge"}), WITHOUT),
    "an alias beside it": (task(Parameters={"FunctionName": "charge", "Qualifier": "live"}), BY_ALIAS),
    "the newest code beside it": (task(Parameters={"FunctionName": "charge", "Qualifier": "$LATEST"}), WITHOUT),
    "waiting for a token": (task(f"{INVOKE}.waitForTaskToken", Parameters={"FunctionName": "charge"}), WITHOUT),
    "by the SDK": (task("arn:aws:states:::aws-sdk:lambda:invoke", Arguments={"FunctionName": "charge"}), WITHOUT),
    "a path": (task(Parameters={"FunctionName.$": "$.function"}), CHOSEN),
    "an expression": (task(Arguments={"FunctionName": "{% $function %}"}), CHOSEN),
    "all arguments an expression": (task(Arguments="{% $all %}"), CHOSEN),
    "a nested machine": (starting("states:startExecution", MACHINE), WITHOUT),
    "one that is waited for": (starting("states:startExecution.sync:2", MACHINE), WITHOUT),
    "its alias": (starting("states:startExecution", f"{MACHINE}:live"), BY_ALIAS),
    "an Express one by the SDK": (starting("aws-sdk:sfn:startSyncExecution", MACHINE), WITHOUT),
    "GovCloud": (task("arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:charge"), WITHOUT),
}


@pytest.mark.parametrize("state", PINNED.values(), ids=PINNED.keys())
def test_what_names_a_version_is_no_loose_end(state: dict[str, Any]) -> None:
    assert loose_ends(machine(Charge=state)) == ()


@pytest.mark.parametrize(("state", "words"), LOOSE.values(), ids=LOOSE.keys())
def test_what_may_change_under_a_rollout_is_told(state: dict[str, Any], words: str) -> None:
    (found,) = loose_ends(machine(Outer={"Type": "Map", "ItemProcessor": machine(Charge=state)}))
    assert found.state == "Outer.ItemProcessor.Charge"
    assert words in found.message
    assert found.is_certain is (words != CHOSEN)


def test_the_cure_is_in_the_warning() -> None:
    (found,) = loose_ends(machine(Charge=task(LAMBDA)))
    assert found == Loose(
        "Charge", "calls Lambda function charge without a version: it changes under the rollout; name one, charge:N"
    )


def test_the_demo_pins_all() -> None:
    assert loose_ends(VERSIONS[-1]) == ()
