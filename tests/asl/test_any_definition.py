"""Whatever a definition holds: it can be read, is equal to itself, and what it calls can be reported."""

import copy
import json
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sfn_rollouts.asl.comparison import compare
from sfn_rollouts.asl.document import DEEPEST, parse
from sfn_rollouts.asl.pins import Pin, calls_of, loose_ends
from sfn_rollouts.plugin.diff import Difference, as_data, as_text
from sfn_rollouts.plugin.output import serialized
from tests.asl.definitions import DEFINITIONS

ANY = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)


def shown(before: dict[str, Any], after: dict[str, Any]) -> Difference:
    return Difference("orders", "Orders", "arn", 1, 2, compare(before, after), (), loose_ends(after))


@ANY
@given(DEFINITIONS)
def test_it_is_read_as_it_was_written(definition: dict[str, Any]) -> None:
    assert parse(json.dumps(definition)) == definition


@ANY
@given(DEFINITIONS)
def test_it_is_equal_to_itself(definition: dict[str, Any]) -> None:
    assert compare(definition, copy.deepcopy(definition)).is_equal


@ANY
@given(DEFINITIONS, DEFINITIONS)
def test_two_are_equal_when_their_json_is(before: dict[str, Any], after: dict[str, Any]) -> None:
    same = json.dumps(before, sort_keys=True) == json.dumps(after, sort_keys=True)
    assert compare(before, after).is_equal or not same
    assert compare(before, after).is_equal == compare(after, before).is_equal


@ANY
@given(DEFINITIONS)
def test_each_call_is_reported_with_its_state(definition: dict[str, Any]) -> None:
    calls = list(calls_of(definition))
    unpinned = [call.state for call in calls if call.pin is not Pin.VERSION]
    assert [loose.state for loose in loose_ends(definition)] == unpinned
    assert all((call.message == "") is (call.pin is Pin.VERSION) for call in calls)


@ANY
@given(DEFINITIONS, DEFINITIONS, st.sampled_from(["json", "yaml"]))
def test_a_difference_can_be_printed(before: dict[str, Any], after: dict[str, Any], output: str) -> None:
    found = shown(before, after)
    lines = list(as_text(found))
    assert all(line.replace("\x1b", "").isprintable() for line in lines)
    assert max(map(len, lines)) < 2000
    assert serialized(as_data(found), output).encode()


@pytest.mark.parametrize("output", ["json", "yaml"])
def test_the_deepest_value_can_be_printed(output: str) -> None:
    depth = DEEPEST - 3
    definition = parse('{"States": {"A": {"Result": ' + "[" * depth + "]" * depth + "}}}")
    found = shown({"States": {"A": {}}}, dict(definition))
    assert "[[[" in "".join(as_text(found))
    assert serialized(as_data(found), output)


def steps_for(states: int) -> int:
    """How many calls and returns it takes to compare so many states, and to tell what they call."""
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "charge:7"}}
    definition = {"StartAt": "S0", "States": {f"S{number}": task for number in range(states)}}
    steps = 0

    def count(*_: object) -> None:
        nonlocal steps
        steps += 1

    sys.setprofile(count)
    try:
        assert compare(definition, dict(definition)).is_equal
        assert len(list(calls_of(definition))) == states
    finally:
        sys.setprofile(None)
    return steps


def test_ten_times_as_many_states_take_ten_times_as_long() -> None:
    assert steps_for(5_000) < 11 * steps_for(500)
