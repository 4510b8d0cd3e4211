"""DescribeAlarmHistory: how a blip between two polls is found."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

ASCENDING = {"ScanBy": "TimestampAscending"}


def summaries(cloudwatch: Any, **query: Any) -> list[str]:
    return [item["HistorySummary"] for item in cloudwatch.describe_alarm_history(**query)["AlarmHistoryItems"]]


@pytest.fixture
def blipped(aws: Any) -> Any:
    """The metric alarm a after a blip, and the composite c."""
    aws.put_alarm("a")
    aws.put_composite_alarm("c", "ALARM(a) AND FALSE")
    aws.blip("a", reason="too many failures")
    return aws


def test_a_blip_leaves_ok_and_two_items_with_both_states(blipped: Any, cloudwatch: Any) -> None:
    alarm = cloudwatch.describe_alarms(AlarmNames=["a"])["MetricAlarms"][0]
    items = cloudwatch.describe_alarm_history(AlarmName="a", HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    cleared, fired = items[:2]
    assert alarm["StateValue"] == "OK"
    assert cleared["Timestamp"] == alarm["StateTransitionedTimestamp"] > fired["Timestamp"]
    assert (fired["AlarmName"], fired["AlarmType"]) == ("a", "MetricAlarm")
    data = json.loads(fired["HistoryData"])
    assert (data["version"], data["oldState"]["stateValue"]) == ("1.0", "OK")
    assert data["newState"] == {"stateValue": "ALARM", "stateReason": "too many failures"}


CREATED, SET = 'Alarm "a" created', "Alarm updated from INSUFFICIENT_DATA to OK"
FIRED, CLEARED = "Alarm updated from OK to ALARM", "Alarm updated from ALARM to OK"
QUERIES = {
    "newest first by default": ({"AlarmName": "a"}, [CLEARED, FIRED, SET, CREATED]),
    "oldest first on request": ({"AlarmName": "a"} | ASCENDING, [CREATED, SET, FIRED, CLEARED]),
    "configuration only": ({"AlarmName": "a", "HistoryItemType": "ConfigurationUpdate"}, [CREATED]),
    "without AlarmTypes no composite": ({"AlarmName": "c"}, []),
    "a composite on request": (
        {"AlarmName": "c", "AlarmTypes": ["CompositeAlarm"]} | ASCENDING,
        ['Alarm "c" created', "Alarm updated from INSUFFICIENT_DATA to OK"],
    ),
    "all metric alarms": (dict(ASCENDING), [CREATED, SET, FIRED, CLEARED]),
    "no such alarm": ({"AlarmName": "gone"}, []),
}


@pytest.mark.parametrize("case", QUERIES)
def test_the_history_answers_what_was_asked_for(case: str, blipped: Any, cloudwatch: Any) -> None:
    query, wanted = QUERIES[case]
    assert summaries(cloudwatch, **query) == wanted


def test_start_and_end_are_inclusive_to_the_millisecond(blipped: Any, cloudwatch: Any) -> None:
    items = cloudwatch.describe_alarm_history(AlarmName="a", **ASCENDING)["AlarmHistoryItems"]
    fired, cleared = items[2]["Timestamp"], items[3]["Timestamp"]
    a_tick = timedelta(milliseconds=1)
    asked = {"AlarmName": "a"} | ASCENDING
    assert summaries(cloudwatch, **asked, StartDate=fired, EndDate=cleared) == [FIRED, CLEARED]
    assert summaries(cloudwatch, **asked, StartDate=fired + a_tick) == [CLEARED]
    assert summaries(cloudwatch, **asked, StartDate=fired, EndDate=cleared - a_tick) == [FIRED]


def test_pages_hold_what_max_records_says(blipped: Any, cloudwatch: Any, refused: Any) -> None:
    first = cloudwatch.describe_alarm_history(AlarmName="a", MaxRecords=3)
    second = cloudwatch.describe_alarm_history(AlarmName="a", MaxRecords=3, NextToken=first["NextToken"])
    assert [len(page["AlarmHistoryItems"]) for page in (first, second)] == [3, 1]
    assert "NextToken" not in second
    assert refused(cloudwatch.describe_alarm_history, NextToken="nonsense")[0] == "InvalidNextToken"


def test_setting_the_same_state_again_makes_no_item(blipped: Any, cloudwatch: Any) -> None:
    before = summaries(cloudwatch)
    blipped.set_alarm("a", "OK")
    assert summaries(cloudwatch) == before


def test_the_history_outlives_the_alarm(aws: Any, cloudwatch: Any) -> None:
    aws.put_alarm("a")
    aws.delete_alarm("a")
    assert summaries(cloudwatch, AlarmName="a")[0] == 'Alarm "a" deleted'
