"""Alarms, against the emulator, and against answers that it does not give."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import ANY, Stubber

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.arn import Place
from sfn_rollouts.core.observation import AlarmSnapshot, AlarmTransition
from sfn_rollouts.errors import PortError, Transient
from tests.aws.doubles import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devenv.aws.client import Emulator
    from sfn_rollouts.aws.connection import Aws
    from tests.aws.conftest import Connect
    from tests.aws.doubles import CannedServer, HandClock, RecordingMeter

HERE = Place("123456789012", "eu-west-1")
OF_AWS: dict[str, Any] = {"ResponseMetadata": {"RequestId": "0a1b2c3d"}}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
T0 = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
T0_MS = T0.replace(microsecond=123000)


@pytest.fixture
def stub(aws: Aws) -> Iterator[Stubber]:
    """AWS's answers as botocore would hand them over, checked against its model of CloudWatch."""
    with Stubber(aws.clients.watcher(HERE)) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


# -- read


def test_metric_and_composite_alarms_are_read_in_one_call(aws: Aws, emulator: Emulator, meter: RecordingMeter) -> None:
    emulator.put_alarm("failures", "ALARM")
    emulator.put_alarm("p95", "INSUFFICIENT_DATA")
    emulator.put_composite_alarm("either", 'ALARM("failures") OR ALARM("p95")')
    found = aws.alarms.read(HERE, ["failures", "p95", "either", "missing"])
    assert {name: alarm.state for name, alarm in found.items()} == {
        "failures": AlarmState.ALARM,
        "p95": AlarmState.INSUFFICIENT_DATA,
        "either": AlarmState.ALARM,
    }
    assert found["failures"].reason == "set up"
    assert meter.calls == [("DescribeAlarms", "OK")]
    (call,) = emulator.calls("DescribeAlarms")
    assert call.params["AlarmTypes"] == ["MetricAlarm", "CompositeAlarm"]
    assert call.params["MaxRecords"] == 100


def test_a_hundred_alarms_are_one_call(aws: Aws, emulator: Emulator) -> None:
    names = [emulator.put_alarm(f"alarm-{n:03}") for n in range(100)]
    assert sorted(aws.alarms.read(HERE, names)) == names
    assert len(emulator.calls("DescribeAlarms")) == 1


def test_more_than_a_hundred_names_are_refused_unasked(aws: Aws, emulator: Emulator) -> None:
    with pytest.raises(PortError, match="takes 100 names, not 101"):
        aws.alarms.read(HERE, ["x"] * 101)
    assert emulator.calls() == []


def test_no_names_are_no_alarms_and_no_call(aws: Aws, emulator: Emulator) -> None:
    emulator.put_alarm("somebody-elses")
    assert aws.alarms.read(HERE, []) == {}
    assert emulator.calls("DescribeAlarms") == []


def test_since_is_when_the_state_changed(aws: Aws, stub: Stubber) -> None:
    stub.add_response(
        "describe_alarms", OF_AWS | {"MetricAlarms": [metric("a", StateUpdatedTimestamp=T0 + timedelta(hours=1))]}
    )
    assert aws.alarms.read(HERE, ["a"]) == {"a": AlarmSnapshot(AlarmState.OK, T0_MS, "fine")}


def test_an_alarm_without_the_time_of_its_transition_has_that_of_its_update(aws: Aws, stub: Stubber) -> None:
    alarm = {"AlarmName": "a", "StateValue": "OK", "StateUpdatedTimestamp": T0}
    stub.add_response("describe_alarms", OF_AWS | {"MetricAlarms": [alarm]})
    assert aws.alarms.read(HERE, ["a"]) == {"a": AlarmSnapshot(AlarmState.OK, T0_MS, "")}


def test_all_pages_are_read(aws: Aws, stub: Stubber) -> None:
    stub.add_response("describe_alarms", OF_AWS | {"MetricAlarms": [metric("a")], "NextToken": "2"})
    stub.add_response(
        "describe_alarms",
        OF_AWS | {"CompositeAlarms": [metric("c")]},
        {"AlarmNames": ["a", "c"], "AlarmTypes": ANY, "MaxRecords": 100, "NextToken": "2"},
    )
    assert list(aws.alarms.read(HERE, ["a", "c"])) == ["a", "c"]


def test_pages_without_end_are_an_error_not_an_answer(aws: Aws, stub: Stubber, clock: HandClock) -> None:
    for _ in range(9):
        stub.add_response("describe_alarms", OF_AWS | {"MetricAlarms": [], "NextToken": "again"})
    with pytest.raises(PortError, match="more than 9 pages"):
        aws.alarms.read(HERE, ["a"])


@pytest.mark.parametrize(
    "alarm",
    [
        pytest.param({"AlarmName": "a", "StateUpdatedTimestamp": T0}, id="without a state"),
        pytest.param({"AlarmName": "a", "StateValue": "OK"}, id="without a time"),
        pytest.param({"AlarmName": "a", "StateValue": "UNKNOWN", "StateUpdatedTimestamp": T0}, id="of another state"),
        pytest.param({"StateValue": "OK", "StateUpdatedTimestamp": T0}, id="without a name"),
    ],
)
def test_an_alarm_that_cannot_be_understood_is_an_error(alarm, aws: Aws, stub: Stubber, meter: RecordingMeter) -> None:
    stub.add_response("describe_alarms", OF_AWS | {"MetricAlarms": [alarm]})
    with pytest.raises(PortError) as refusal:
        aws.alarms.read(HERE, ["a"])
    assert type(refusal.value) is PortError
    assert meter.calls == [("DescribeAlarms", "Internal")]


def test_a_failing_batch_does_not_name_its_alarms(aws: Aws, emulator: Emulator) -> None:
    emulator.fail("DescribeAlarms", "unavailable")
    with pytest.raises(Transient) as refusal:
        aws.alarms.read(HERE, ["team-red-secret-project", "team-blue"])
    assert "team-" not in refusal.value.why
    assert "the alarms of account 123456789012 in eu-west-1" in refusal.value.why


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(200, "<html>welcome</html>", ()), id="a captive portal's page"),
        pytest.param(Answer(200, "{}", ()), id="a document of another kind"),
        pytest.param(Answer(200, "", ()), id="nothing at all"),
    ],
)
def test_what_is_no_answer_of_cloudwatch_does_not_say_that_the_alarm_is_missing(
    answer: Answer, canned: CannedServer, connected: Connect
) -> None:
    """A missing alarm is a reason to roll back; an unreadable one is a reason to wait."""
    canned.say(answer)
    with pytest.raises(Transient, match="not AWS's"):
        connected().alarms.read(HERE, ["a"])


def test_names_that_none_has_are_all_absent(aws: Aws) -> None:
    assert aws.alarms.read(HERE, ["a", "b"]) == {}


# -- history


def test_a_blip_between_two_readings_is_in_the_history(aws: Aws, emulator: Emulator, meter: RecordingMeter) -> None:
    emulator.put_alarm("failures")
    judged = aws.alarms.read(HERE, ["failures"])["failures"]
    emulator.blip("failures")
    changes = aws.alarms.history(HERE, "failures", judged.since)
    assert [(change.old, change.new) for change in changes] == [
        (AlarmState.OK, AlarmState.ALARM),
        (AlarmState.ALARM, AlarmState.OK),
    ]
    assert judged.since < changes[0].at <= changes[1].at
    assert aws.alarms.read(HERE, ["failures"])["failures"].since == changes[1].at
    assert aws.alarms.history(HERE, "failures", changes[1].at) == []
    assert ("DescribeAlarmHistory", "OK") in meter.calls


def test_a_composite_alarm_has_a_history(aws: Aws, emulator: Emulator) -> None:
    emulator.put_alarm("failures")
    emulator.put_composite_alarm("any", 'ALARM("failures")')
    since = aws.alarms.read(HERE, ["any"])["any"].since
    emulator.blip("failures")
    changes = aws.alarms.history(HERE, "any", since)
    assert [change.new for change in changes] == [AlarmState.ALARM, AlarmState.OK]


def test_the_history_is_asked_for_oldest_first_from_the_judged_moment_on(aws: Aws, stub: Stubber) -> None:
    asked = {
        "AlarmName": "a",
        "AlarmTypes": ["MetricAlarm", "CompositeAlarm"],
        "HistoryItemType": "StateUpdate",
        "StartDate": LONG_AGO,
        "ScanBy": "TimestampAscending",
        "MaxRecords": 100,
    }
    stub.add_response("describe_alarm_history", OF_AWS | {"AlarmHistoryItems": []}, stubbed(asked))
    assert aws.alarms.history(HERE, "a", LONG_AGO) == []


def test_all_pages_of_the_history_are_read(aws: Aws, stub: Stubber) -> None:
    stub.add_response("describe_alarm_history", OF_AWS | {"AlarmHistoryItems": [item(T0)], "NextToken": "2"})
    later = T0 + timedelta(seconds=1)
    stub.add_response("describe_alarm_history", OF_AWS | {"AlarmHistoryItems": [item(later, "ALARM", "OK")]})
    assert aws.alarms.history(HERE, "a", LONG_AGO) == [
        AlarmTransition(T0_MS, AlarmState.OK, AlarmState.ALARM),
        AlarmTransition(T0_MS + timedelta(seconds=1), AlarmState.ALARM, AlarmState.OK),
    ]


def test_a_history_of_more_pages_than_the_quota_gives_is_an_error(aws: Aws, stub: Stubber) -> None:
    for _ in range(20):
        stub.add_response("describe_alarm_history", OF_AWS | {"AlarmHistoryItems": [item(T0)], "NextToken": "more"})
    with pytest.raises(PortError, match="more than 20 pages for alarm a"):
        aws.alarms.history(HERE, "a", LONG_AGO)


def test_the_judged_change_itself_is_not_later_than_itself(aws: Aws, stub: Stubber) -> None:
    """The status keeps milliseconds: the 456 microseconds that AWS knows more must not make it news."""
    stub.add_response(
        "describe_alarm_history", OF_AWS | {"AlarmHistoryItems": [item(T0), item(T0 + timedelta(milliseconds=1))]}
    )
    changes = aws.alarms.history(HERE, "a", T0_MS)
    assert [change.at for change in changes] == [T0_MS + timedelta(milliseconds=1)]


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"Timestamp": T0}, id="without data"),
        pytest.param({"Timestamp": T0, "HistoryData": '{"oldState": {"stateVal'}, id="half a document"),
        pytest.param({"Timestamp": T0, "HistoryData": "[]"}, id="a list"),
        pytest.param({"Timestamp": T0, "HistoryData": '{"oldState": {"stateValue": "OK"}}'}, id="without a new state"),
        pytest.param({"HistoryData": '{"oldState":{"stateValue":"OK"},"newState":{"stateValue":"OK"}}'}, id="no time"),
    ],
)
def test_an_item_that_cannot_be_understood_is_an_error_not_a_gap(broken: Any, aws: Aws, stub: Stubber) -> None:
    stub.add_response("describe_alarm_history", OF_AWS | {"AlarmHistoryItems": [item(T0), broken]})
    with pytest.raises(PortError) as refusal:
        aws.alarms.history(HERE, "a", LONG_AGO)
    assert type(refusal.value) is PortError
    assert "alarm a of account 123456789012 in eu-west-1" in refusal.value.why


def test_an_item_of_an_unknown_state_is_an_error(aws: Aws, stub: Stubber) -> None:
    stub.add_response("describe_alarm_history", OF_AWS | {"AlarmHistoryItems": [item(T0, "OK", "None")]})
    with pytest.raises(PortError, match="KeyError"):
        aws.alarms.history(HERE, "a", LONG_AGO)


def metric(name: str, **fields: Any) -> dict[str, Any]:
    return {"AlarmName": name, "StateValue": "OK", "StateReason": "fine", "StateTransitionedTimestamp": T0} | fields


def item(at: datetime, old: str = "OK", new: str = "ALARM") -> dict[str, Any]:
    data = {"version": "1.0", "oldState": {"stateValue": old}, "newState": {"stateValue": new}}
    return {"Timestamp": at, "HistoryItemType": "StateUpdate", "HistoryData": json.dumps(data)}


def stubbed(params: dict[str, Any]) -> dict[str, Any]:
    """The stubber compares as it gets it: a tuple is not a list to it."""
    return params | {"AlarmTypes": tuple(params["AlarmTypes"])}
