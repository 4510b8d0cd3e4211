"""Composite alarms: the rule language, and when a rule is evaluated."""

from __future__ import annotations

from typing import Any

import pytest

RULES = {
    # rule: the state of c when a is ALARM, b is OK, and n has no data
    "ALARM(a)": "ALARM",
    'ALARM("a")': "ALARM",
    "ALARM('a')": "ALARM",
    'ALARM("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a")': "ALARM",
    'ALARM("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:the:alarm:a b")': "ALARM",
    'ALARM("the:alarm:a b")': "ALARM",
    "OK(b)": "ALARM",
    "OK(a)": "OK",
    "INSUFFICIENT_DATA(n)": "ALARM",
    "NOT ALARM(a)": "OK",
    "NOT NOT ALARM(a)": "ALARM",
    "ALARM(a) AND ALARM(b)": "OK",
    "ALARM(a) OR ALARM(b)": "ALARM",
    "TRUE": "ALARM",
    "FALSE": "OK",
    "ALARM(b) AND FALSE OR TRUE": "ALARM",
    "TRUE OR TRUE AND FALSE": "ALARM",
    "(TRUE OR TRUE) AND FALSE": "OK",
    "NOT FALSE AND ALARM(a)": "ALARM",
    "NOT (ALARM(a) OR ALARM(b))": "OK",
    "(ALARM(a) AND (OK(b) OR ALARM(n))) AND NOT INSUFFICIENT_DATA(b)": "ALARM",
}


def state(cloudwatch: Any, name: str = "c") -> str:
    answer = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])
    return str(answer["CompositeAlarms"][0]["StateValue"])


@pytest.fixture
def children(aws: Any) -> Any:
    for name, value in (("a", "ALARM"), ("the:alarm:a b", "ALARM"), ("b", "OK"), ("n", "INSUFFICIENT_DATA")):
        aws.put_alarm(name, value)
    return aws


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_evaluated_as_soon_as_it_is_put(rule: str, children: Any, cloudwatch: Any) -> None:
    children.put_composite_alarm("c", rule)
    assert state(cloudwatch) == RULES[rule]


@pytest.mark.parametrize(
    "rule",
    ["ALARM(a", "ALARM a", "AND", "ALARM(a) ALARM(b)", "ALARM()", "(TRUE", "NOT", "MAYBE(a)", '"a"', 'ALARM("a)'],
)
def test_a_rule_that_cannot_be_read_is_refused(rule: str, children: Any, cloudwatch: Any, refused: Any) -> None:
    code, message = refused(cloudwatch.put_composite_alarm, AlarmName="c", AlarmRule=rule)
    assert code == "ValidationError"
    assert message.startswith("AlarmRule is not valid: ")


def test_a_rule_over_alarms_that_are_not_there_is_refused(children: Any, cloudwatch: Any, refused: Any) -> None:
    answer = refused(cloudwatch.put_composite_alarm, AlarmName="c", AlarmRule="ALARM(a) OR ALARM(gone)")
    text = "Could not save the composite alarm as alarms [gone] in the alarm rule do not exist"
    assert answer == ("ValidationError", text)


def test_a_change_of_a_child_reaches_every_level_and_says_which_child(children: Any, cloudwatch: Any) -> None:
    children.put_composite_alarm("c", "ALARM(b)")
    children.put_composite_alarm("top", "ALARM(c) AND NOT ALARM(n)")
    assert (state(cloudwatch), state(cloudwatch, "top")) == ("OK", "OK")
    children.set_alarm("b", "ALARM")
    assert (state(cloudwatch), state(cloudwatch, "top")) == ("ALARM", "ALARM")
    found = cloudwatch.describe_alarms(AlarmNames=["c"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"][0]
    assert found["StateReason"].startswith(
        "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:b transitioned to ALARM at "
    )
    assert found["StateTransitionedTimestamp"] == found["StateUpdatedTimestamp"]
    children.set_alarm("b", "OK")
    assert (state(cloudwatch), state(cloudwatch, "top")) == ("OK", "OK")


def test_a_forced_state_stays_until_a_child_changes(children: Any, cloudwatch: Any) -> None:
    children.put_composite_alarm("c", "ALARM(b)")
    children.set_alarm("c", "ALARM")
    children.set_alarm("b", "OK")
    assert state(cloudwatch) == "ALARM"
    children.set_alarm("b", "INSUFFICIENT_DATA")
    assert state(cloudwatch) == "OK"


def test_a_cycle_ends_and_leaves_the_alarms_answering(children: Any, cloudwatch: Any) -> None:
    children.put_composite_alarm("c", "ALARM(b)")
    children.put_composite_alarm("d", "ALARM(c)")
    children.put_composite_alarm("c", "ALARM(b) OR NOT ALARM(d)")
    children.set_alarm("b", "ALARM")
    assert state(cloudwatch) == "ALARM"


def test_two_composites_cannot_be_deleted_at_once(children: Any, cloudwatch: Any, refused: Any) -> None:
    for name in ("c", "d"):
        children.put_composite_alarm(name, "ALARM(a)")
    assert refused(cloudwatch.delete_alarms, AlarmNames=["c", "d"])[0] == "ValidationError"


def test_a_blip_of_a_child_blips_the_composite(children: Any, cloudwatch: Any) -> None:
    children.put_composite_alarm("c", "ALARM(b)")
    children.blip("b")
    assert state(cloudwatch) == "OK"
    items = cloudwatch.describe_alarm_history(
        AlarmName="c", AlarmTypes=["CompositeAlarm"], HistoryItemType="StateUpdate"
    )["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in items][:2] == [
        "Alarm updated from ALARM to OK",
        "Alarm updated from OK to ALARM",
    ]
