"""Two definitions compared: what counts as a state, and which field differs."""

import copy
from typing import Any

import pytest

from devenv.demo.order_processor import VERSIONS
from sfn_rollouts.asl.comparison import ABSENT, FieldChange, Kind, compare
from sfn_rollouts.asl.states import states_of
from tests.asl.definitions import machine


def test_states_inside_others_are_states_of_their_own() -> None:
    nested = machine(
        Fan={"Type": "Parallel", "Branches": [machine(A={"Type": "Pass"}), machine(B={"Type": "Pass"})]},
        Each={"Type": "Map", "ItemProcessor": machine(C={"Type": "Map", "Iterator": machine(D={"Type": "Pass"})})},
    )
    assert [state.name for state in states_of(nested)] == [
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
    before = machine(Kept={"Type": "Pass"}, Old={"Type": "Wait"}, Task={"Type": "Task", "TimeoutSeconds": 3})
    after = machine(New={"Type": "Succeed"}, Kept={"Type": "Pass"}, Task={"Type": "Task", "TimeoutSeconds": 5})
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


def test_what_stands_among_the_states_and_is_none_differs_as_a_field() -> None:
    found = compare(machine(A={"Type": "Pass"}, B=3), machine(A={"Type": "Pass"}, B=4))
    assert (found.top_level, found.states) == ((FieldChange("States.B", 3, 4),), ())
    assert compare({"States": 3}, {"States": 4}).top_level == (FieldChange("States", 3, 4),)
    inside = [{"Type": "Map", "ItemProcessor": machine(B=number)} for number in (3, 4)]
    (change,) = compare(machine(Each=inside[0]), machine(Each=inside[1])).states
    assert change.fields == (FieldChange("ItemProcessor.States.B", 3, 4),)


def test_a_name_with_dots_is_not_taken_for_a_state_inside_another() -> None:
    inside = {"Type": "Map", "ItemProcessor": machine(B={"Type": "Pass"})}
    before = machine(**{"A": inside, "A.ItemProcessor.B": {"Type": "Wait", "Seconds": 3}})
    after = machine(**{"A": inside, "A.ItemProcessor.B": {"Type": "Wait", "Seconds": 5}})
    (change,) = compare(before, after).states
    assert change.fields == (FieldChange("Seconds", 3, 5),)
    assert compare(
        before, machine(**{"A.ItemProcessor.B": before["States"]["A.ItemProcessor.B"], "A": inside})
    ).is_equal
