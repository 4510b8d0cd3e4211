"""Alarms of both types as DescribeAlarms shows them, through the protocol that boto3 really speaks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from devenv.aws.errors import AwsError
from devenv.aws.server import AwsEmulator

BOTH = ["MetricAlarm", "CompositeAlarm"]


def named(answer: dict[str, Any]) -> tuple[list[str], list[str]]:
    return tuple([item["AlarmName"] for item in answer[key]] for key in ("MetricAlarms", "CompositeAlarms"))  # type: ignore[return-value]


@pytest.fixture
def board(aws: Any) -> Any:
    """Metric alarms m1 and m2, and the composite c over both."""
    for name in ("m2", "m1"):
        aws.put_alarm(name)
    aws.put_composite_alarm("c", 'ALARM("m1") OR ALARM("m2")')
    return aws


QUERIES = {
    "without AlarmTypes only metric alarms come back": ({}, (["m1", "m2"], [])),
    "even when a composite is named": ({"AlarmNames": ["m1", "c"]}, (["m1"], [])),
    "both types on request": ({"AlarmTypes": BOTH}, (["m1", "m2"], ["c"])),
    "composites alone": ({"AlarmTypes": ["CompositeAlarm"]}, ([], ["c"])),
    "a missing name is simply absent": ({"AlarmNames": ["gone", "m1"], "AlarmTypes": BOTH}, (["m1"], [])),
    "a name given twice comes once": ({"AlarmNames": ["m1", "m1"]}, (["m1"], [])),
    "by prefix": ({"AlarmNamePrefix": "m", "AlarmTypes": BOTH}, (["m1", "m2"], [])),
    "by state": ({"StateValue": "ALARM"}, ([], [])),
    "children": ({"ChildrenOfAlarmName": "c", "AlarmTypes": BOTH}, (["m1", "m2"], [])),
    "parents": ({"ParentsOfAlarmName": "m1", "AlarmTypes": BOTH}, ([], ["c"])),
}


@pytest.mark.parametrize("case", QUERIES)
def test_describe_alarms_answers_what_was_asked_for(case: str, board: Any, cloudwatch: Any) -> None:
    query, wanted = QUERIES[case]
    assert named(cloudwatch.describe_alarms(**query)) == wanted


def test_a_hundred_names_are_one_call_and_one_more_is_refused(aws: Any, cloudwatch: Any, refused: Any) -> None:
    names = [aws.put_alarm(f"alarm-{number:03}") for number in range(100)]
    answer = cloudwatch.describe_alarms(AlarmNames=names, AlarmTypes=BOTH, MaxRecords=100)
    assert named(answer) == (names, [])
    assert "NextToken" not in answer
    code, message = refused(cloudwatch.describe_alarms, AlarmNames=[*names, "one-more"])
    assert code == "ValidationError"
    assert message.endswith(
        "at 'alarmNames' failed to satisfy constraint: Member must have length less than or equal to 100"
    )


def test_pages_hold_what_max_records_says(board: Any, cloudwatch: Any, refused: Any) -> None:
    pages = list(
        cloudwatch.get_paginator("describe_alarms").paginate(AlarmTypes=BOTH, PaginationConfig={"PageSize": 2})
    )
    assert [named(page) for page in pages] == [(["m1", "m2"], []), ([], ["c"])]
    assert refused(cloudwatch.describe_alarms, NextToken="nonsense")[0] == "InvalidNextToken"
    assert refused(cloudwatch.describe_alarms, MaxRecords=101)[0] == "ValidationError"
    assert refused(cloudwatch.describe_alarms, AlarmNames=["m1"], AlarmNamePrefix="m")[0] == "ValidationError"


def test_a_new_metric_alarm_has_insufficient_data(cloudwatch: Any) -> None:
    cloudwatch.put_metric_alarm(
        AlarmName="new", Namespace="AWS/States", MetricName="ExecutionsFailed", Statistic="Sum", Period=60,
        EvaluationPeriods=1, Threshold=1.5, ComparisonOperator="GreaterThanThreshold",
        Dimensions=[{"Name": "Alias", "Value": "live"}],
    )  # fmt: skip
    alarm = cloudwatch.describe_alarms(AlarmNames=["new"])["MetricAlarms"][0]
    assert (alarm["StateValue"], alarm["Threshold"], alarm["ActionsEnabled"]) == ("INSUFFICIENT_DATA", 1.5, True)
    assert alarm["AlarmArn"] == "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:new"
    asked = {"Namespace": "AWS/States", "MetricName": "ExecutionsFailed"}
    found = cloudwatch.describe_alarms_for_metric(**asked, Dimensions=[{"Name": "Alias", "Value": "live"}])
    assert named(found | {"CompositeAlarms": []}) == (["new"], [])
    assert cloudwatch.describe_alarms_for_metric(**asked)["MetricAlarms"] == []


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 10, 0, 0, 123456, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_the_transition_time_moves_with_the_value_only_and_both_have_milliseconds() -> None:
    clock = Clock()
    at = datetime(2026, 11, 20, 10, 0, 0, 123000, tzinfo=UTC)
    seen = []
    with AwsEmulator(clock=clock) as emulator:
        emulator.client.put_alarm("a")
        cloudwatch = emulator.client.boto3_client("cloudwatch")
        for state in ("ALARM", "ALARM", "OK"):
            clock.now += timedelta(seconds=1)
            cloudwatch.set_alarm_state(AlarmName="a", StateValue=state, StateReason=f"now {state}")
            alarm = cloudwatch.describe_alarms(AlarmNames=["a"])["MetricAlarms"][0]
            seen.append((alarm["StateValue"], alarm["StateTransitionedTimestamp"], alarm["StateUpdatedTimestamp"]))
    first, second, third = (at + timedelta(seconds=number) for number in (1, 2, 3))
    assert seen == [("ALARM", first, first), ("ALARM", first, second), ("OK", third, third)]


def test_putting_an_alarm_again_keeps_its_state(aws: Any, cloudwatch: Any) -> None:
    aws.put_alarm("a")
    aws.set_alarm("a", "ALARM", reason="broken")
    before = cloudwatch.describe_alarms(AlarmNames=["a"])["MetricAlarms"][0]
    cloudwatch.put_metric_alarm(
        AlarmName="a", Namespace="N", MetricName="M", Statistic="Sum", Period=60, EvaluationPeriods=2, Threshold=2,
        ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    after = cloudwatch.describe_alarms(AlarmNames=["a"])["MetricAlarms"][0]
    assert (after["StateValue"], after["StateReason"], after["EvaluationPeriods"]) == ("ALARM", "broken", 2)
    assert after["StateTransitionedTimestamp"] == before["StateTransitionedTimestamp"]


def test_setting_the_state_of_no_alarm_is_not_found(cloudwatch: Any) -> None:
    with pytest.raises(cloudwatch.exceptions.ResourceNotFound):
        cloudwatch.set_alarm_state(AlarmName="gone", StateValue="OK", StateReason="r")


def test_a_state_that_does_not_exist_is_refused(aws: Any, cloudwatch: Any, refused: Any) -> None:
    aws.put_alarm("a")
    code, message = refused(cloudwatch.set_alarm_state, AlarmName="a", StateValue="BROKEN", StateReason="r")
    assert code == "ValidationError"
    assert "Member must satisfy enum value set: [OK, ALARM, INSUFFICIENT_DATA]" in message


def test_actions_are_switched_and_alarms_deleted_by_name(board: Any, cloudwatch: Any, refused: Any) -> None:
    cloudwatch.disable_alarm_actions(AlarmNames=["m1"])
    assert not cloudwatch.describe_alarms(AlarmNames=["m1"])["MetricAlarms"][0]["ActionsEnabled"]
    depended = refused(cloudwatch.delete_alarms, AlarmNames=["m1"])
    assert depended == ("ValidationError", "Cannot delete m1 as there are composite alarm(s) depending on it.")
    cloudwatch.delete_alarms(AlarmNames=["m1", "m2", "c", "gone"])
    assert named(cloudwatch.describe_alarms(AlarmTypes=BOTH)) == ([], [])


def test_the_older_query_protocol_is_answered_in_xml(board: Any) -> None:
    import http.client  # noqa: PLC0415 - the one test that speaks it
    from urllib.parse import urlsplit  # noqa: PLC0415

    connection = http.client.HTTPConnection(urlsplit(board.url).netloc)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "Authorization": "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261120/eu-west-1/monitoring/aws4_request",
    }
    connection.request("POST", "/", "Action=DescribeAlarms&Version=2010-08-01&AlarmNames.member.1=m1", headers)
    body = connection.getresponse().read().decode()
    connection.close()
    assert "<AlarmName>m1</AlarmName>" in body
    assert "<AlarmName>m2</AlarmName>" not in body
    assert "<StateValue>OK</StateValue>" in body


def test_a_log_alarm_is_shown_in_a_list_of_its_own(aws: Any) -> None:
    aws.put_log_alarm("l", "ALARM")
    aws.put_alarm("m")
    client = aws.boto3_client("cloudwatch")
    assert named(client.describe_alarms(AlarmNames=["l", "m"], AlarmTypes=BOTH)) == (["m"], [])
    answer = client.describe_alarms(AlarmNames=["l", "m"], AlarmTypes=[*BOTH, "LogAlarm"])
    [alarm] = answer["LogAlarms"]
    assert (alarm["AlarmName"], alarm["StateValue"]) == ("l", "ALARM")
    history = client.describe_alarm_history(AlarmName="l", AlarmTypes=["LogAlarm"], HistoryItemType="StateUpdate")
    assert [item["HistorySummary"] for item in history["AlarmHistoryItems"]] == [
        "Alarm updated from INSUFFICIENT_DATA to ALARM"
    ]


def test_an_alarm_that_is_not_evaluated_keeps_its_state(aws: Any) -> None:
    aws.put_alarm("m")
    client = aws.boto3_client("cloudwatch")
    before = client.describe_alarms(AlarmNames=["m"])["MetricAlarms"]
    aws.set_evaluation("m", "EVALUATION_ERROR")
    assert client.describe_alarms(AlarmNames=["m"])["MetricAlarms"] == [
        before[0] | {"EvaluationState": "EVALUATION_ERROR"}
    ]
    aws.set_evaluation("m", None)
    assert client.describe_alarms(AlarmNames=["m"])["MetricAlarms"] == before
    with pytest.raises(AwsError, match="Unknown alarm"):
        aws.set_evaluation("gone", "EVALUATION_ERROR")


@pytest.mark.parametrize("name", ["🚨" * 128, "a\nb", "\x7f"], ids=["256 UTF-16 units", "a line feed", "DEL"])
def test_a_name_that_is_refused_is_a_refusal_of_the_whole_call(name: str, aws: Any) -> None:
    aws.put_alarm("good")
    client = aws.boto3_client("cloudwatch")
    with pytest.raises(ClientError) as caught:
        client.describe_alarms(AlarmNames=["good", name])
    assert caught.value.response["Error"]["Code"] == "ValidationError"
    with pytest.raises(AwsError):
        aws.put_alarm(name)


def test_a_name_of_255_utf_16_units_is_taken(aws: Any) -> None:
    name = aws.put_alarm("🚨" * 127 + "!")
    assert named(aws.boto3_client("cloudwatch").describe_alarms(AlarmNames=[name])) == ([name], [])
