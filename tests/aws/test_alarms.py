"""Alarms, against the emulator, and against answers that it does not give."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import ANY, Stubber

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.values.arn import Place
from sfn_rollouts.core.values.readings import AlarmSnapshot, AlarmTransition
from sfn_rollouts.errors import Denied, PortError, Transient
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
    with Stubber(aws.clients.watcher(HERE.region)) as stubber:
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
    assert call.params["AlarmTypes"] == ["MetricAlarm", "CompositeAlarm", "LogAlarm"]
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
        pytest.param({"AlarmName": "a", "StateValue": "PURPLE", "StateUpdatedTimestamp": T0}, id="of another state"),
    ],
)
@pytest.mark.parametrize("kind", ["MetricAlarms", "CompositeAlarms", "LogAlarms"])
def test_an_alarm_that_cannot_be_understood_is_an_error_beside_the_others(
    kind: str, alarm: dict[str, Any], aws: Aws, stub: Stubber, meter: RecordingMeter
) -> None:
    stub.add_response("describe_alarms", OF_AWS | {"MetricAlarms": [metric("b")]} | {kind: [metric("b"), alarm]})
    found = aws.alarms.read(HERE, ["a", "b", "c"])
    assert found.keys() == {"a", "b"}
    assert found["b"] == AlarmSnapshot(AlarmState.OK, T0_MS, "fine")
    assert isinstance(found["a"], PortError)
    assert "about alarm a cannot be understood" in found["a"].why
    assert meter.calls == [("DescribeAlarms", "OK")]


@pytest.mark.parametrize("stranger", [{}, {"AlarmName": "z"}], ids=["without a name", "that nobody asked for"])
def test_beside_an_alarm_that_is_nobodys_none_counts_as_missing(stranger, aws: Aws, stub: Stubber) -> None:
    """It may be the one that is lacking: a missing alarm is a reason to roll back."""
    alarm = metric("b") | {"AlarmName": "a"}
    alarms = [alarm, {key: value for key, value in (metric("b") | stranger).items() if stranger or key != "AlarmName"}]
    stub.add_response("describe_alarms", OF_AWS | {"MetricAlarms": alarms})
    found = aws.alarms.read(HERE, ["a", "b"])
    assert isinstance(found["a"], AlarmSnapshot)
    assert isinstance(found["b"], PortError)


def test_a_list_of_nothing_does_not_say_that_the_alarms_are_missing(canned: CannedServer, connected: Connect) -> None:
    canned.say(Answer(200, '{"MetricAlarms": [null]}'))
    found = connected().alarms.read(HERE, ["a", "b"])
    assert [type(alarm) for alarm in found.values()] == [PortError, PortError]


@pytest.mark.parametrize("body", ['{"MetricAlarms": "x"}', '{"MetricAlarms": [3]}', "[]"])
def test_lists_that_cannot_be_understood_are_an_error(body: str, canned: CannedServer, connected: Connect) -> None:
    canned.say(Answer(200, body))
    with pytest.raises(PortError):
        connected().alarms.read(HERE, ["a", "b"])


@pytest.mark.parametrize("state", ["EVALUATION_ERROR", "EVALUATION_FAILURE", "PARTIAL_DATA", "SOMETHING_NEW", ""])
def test_whether_an_alarm_is_evaluated_is_reported(state: str, aws: Aws, stub: Stubber) -> None:
    alarm = metric("a") | ({"EvaluationState": state} if state else {})
    stub.add_response("describe_alarms", OF_AWS | {"LogAlarms": [alarm]})
    found = aws.alarms.read(HERE, ["a"])["a"]
    assert isinstance(found, AlarmSnapshot)
    assert (found.evaluation, found.is_evaluated) == (state, state in ("", "PARTIAL_DATA"))


def test_a_region_that_does_not_know_log_alarms_is_asked_without(canned: CannedServer, connected: Connect) -> None:
    unknown = Answer.error(
        "ValidationError",
        "1 validation error detected: Value '[MetricAlarm, CompositeAlarm, LogAlarm]' at 'alarmTypes' failed to "
        "satisfy constraint: Member must satisfy enum value set: [CompositeAlarm, MetricAlarm]",
    )
    canned.say(unknown, Answer(200, '{"MetricAlarms": []}'), Answer(200, '{"AlarmHistoryItems": []}'))
    alarms = connected().alarms
    assert alarms.read(HERE, ["a"]) == {}
    assert alarms.history(HERE, "a", LONG_AGO) == []
    asked = [json.loads(body)["AlarmTypes"] for _, _, body in canned.requests]
    assert asked == [["MetricAlarm", "CompositeAlarm", "LogAlarm"], *[["MetricAlarm", "CompositeAlarm"]] * 2]


@pytest.mark.parametrize("code", ["ValidationError", "AccessDenied"])
def test_an_alarm_of_any_name_hides_no_log_alarms(canned: CannedServer, connected: Connect, code: str) -> None:
    refusal = Answer.error(code, "Value '[alarmTypes]' at 'alarmNames' failed: arn:aws:cloudwatch:::alarm:alarmTypes")
    canned.say(refusal, refusal, Answer(200, '{"LogAlarms": []}'))
    alarms = connected().alarms
    with pytest.raises(PortError):
        alarms.read(HERE, ["alarmTypes"])
    assert alarms.read(HERE, ["log alarm of another team"]) == {}
    assert "LogAlarm" in json.loads(canned.requests[-1][2])["AlarmTypes"]


def test_a_refused_batch_does_not_name_its_alarms(canned: CannedServer, connected: Connect) -> None:
    canned.say(Answer.error("ValidationError", "Value '[team-red-secret, team-blue]' at 'alarmNames' failed"))
    with pytest.raises(PortError) as refusal:
        connected().alarms.read(HERE, ["team-red-secret", "team-blue"])
    assert "team-" not in refusal.value.why
    assert "refused for 2 alarms together" in refusal.value.why


def test_a_denied_batch_does_not_name_its_alarms(canned: CannedServer, connected: Connect) -> None:
    arn = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:team-red-secret"
    canned.say(Answer.error("AccessDenied", f"not authorized to perform: cloudwatch:DescribeAlarms on resource: {arn}"))
    with pytest.raises(Denied) as refusal:
        connected().alarms.read(HERE, ["team-red", "team-red-secret"])
    assert "team-" not in refusal.value.why
    assert "cloudwatch:DescribeAlarms" in refusal.value.why


def test_one_refused_alarm_is_reported_in_the_words_of_aws(canned: CannedServer, connected: Connect) -> None:
    canned.say(Answer.error("ValidationError", "Member must satisfy regular expression pattern"))
    with pytest.raises(PortError) as refusal:
        connected().alarms.read(HERE, ["a"])
    assert type(refusal.value) is PortError
    assert "was refused as invalid (ValidationError) for alarm a of account" in refusal.value.why
    assert "Member must satisfy regular expression pattern" in refusal.value.why


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
        pytest.param(Answer(200, "{}"), id="a document without fields, with a request id"),
        pytest.param(Answer(200, '{"NextToken": "2"}'), id="a document without lists, with a further page"),
        pytest.param(Answer(200, '{"MetricAlarms": null}'), id="a list that is null"),
        pytest.param(Answer(200, '{"Alarms": []}'), id="a list of another kind"),
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
        "AlarmTypes": ["MetricAlarm", "CompositeAlarm", "LogAlarm"],
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


@pytest.mark.parametrize("body", ["{}", '{"AlarmHistoryItems": null}', '{"NextToken": "2"}'])
def test_a_history_without_its_list_does_not_say_that_nothing_happened(
    body: str, canned: CannedServer, connected: Connect
) -> None:
    canned.say(Answer(200, body))
    with pytest.raises(Transient, match="not AWS's"):
        connected().alarms.history(HERE, "a", LONG_AGO)


BROKEN: dict[str, dict[str, Any]] = {
    "without data": {"Timestamp": T0},
    "half a document": {"Timestamp": T0, "HistoryData": '{"oldState": {"stateVal'},
    "a list": {"Timestamp": T0, "HistoryData": "[]"},
    "null": {"Timestamp": T0, "HistoryData": "null"},
    "without a new state": {"Timestamp": T0, "HistoryData": '{"oldState": {"stateValue": "OK"}}'},
    "of an unknown state": {"Timestamp": T0, "HistoryData": '{"newState": {"stateValue": "PURPLE"}}'},
}


@pytest.mark.parametrize("broken", BROKEN)
def test_an_item_that_cannot_be_understood_is_no_gap_and_hides_no_firing(broken: str, aws: Aws, stub: Stubber) -> None:
    second = timedelta(seconds=1)
    items = [item(T0), BROKEN[broken], item(T0 + second, "ALARM", "OK")]
    stub.add_response("describe_alarm_history", OF_AWS | {"AlarmHistoryItems": items})
    changes = aws.alarms.history(HERE, "a", LONG_AGO)
    assert [(change.at, change.new) for change in changes] == [
        (T0_MS, AlarmState.ALARM),
        (T0_MS, AlarmState.UNKNOWN),
        (T0_MS + second, AlarmState.OK),
    ]


def test_an_item_without_a_time_lies_where_it_stands(aws: Aws, stub: Stubber) -> None:
    timeless = {key: value for key, value in item(T0).items() if key != "Timestamp"}
    items = [timeless, item(T0), timeless]
    stub.add_response("describe_alarm_history", OF_AWS | {"AlarmHistoryItems": items})
    changes = aws.alarms.history(HERE, "a", T0_MS - timedelta(seconds=5))
    times = [change.at for change in changes]
    assert times == [T0_MS - timedelta(seconds=5) + timedelta(milliseconds=1), T0_MS, T0_MS]


def test_a_reason_is_one_printable_line_however_it_was_written(aws: Aws, stub: Stubber) -> None:
    """Whoever may set an alarm's state writes it, and it goes into statuses, Events, logs and terminals."""
    written = metric("a", StateReason="up\n2026 [info] promoted\x1b[2J\x9b\u202e\u2028##[error]")
    stub.add_response("describe_alarms", OF_AWS | {"MetricAlarms": [written]})
    found = aws.alarms.read(HERE, ["a"])["a"]
    assert isinstance(found, AlarmSnapshot)
    assert found.reason == "up 2026 [info] promoted [2J   # #[error]"


@pytest.mark.parametrize("name", ["theirs  of\nthem", "th\x1beirs"])
def test_a_denial_hides_names_of_others_also_where_they_cannot_be_printed(aws: Aws, stub: Stubber, name: str) -> None:
    words = f"not authorized on resource: arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{name}"
    stub.add_client_error("describe_alarms", "AccessDenied", words, http_status_code=403)
    with pytest.raises(Denied) as refusal:
        aws.alarms.read(HERE, ["ours", name])
    assert "eirs" not in refusal.value.why
    assert ":alarm:*" in refusal.value.why


def metric(name: str, **fields: Any) -> dict[str, Any]:
    return {"AlarmName": name, "StateValue": "OK", "StateReason": "fine", "StateTransitionedTimestamp": T0} | fields


def item(at: datetime, old: str = "OK", new: str = "ALARM") -> dict[str, Any]:
    data = {"version": "1.0", "oldState": {"stateValue": old}, "newState": {"stateValue": new}}
    return {"Timestamp": at, "HistoryItemType": "StateUpdate", "HistoryData": json.dumps(data)}


def stubbed(params: dict[str, Any]) -> dict[str, Any]:
    """The stubber compares as it gets it: a tuple is not a list to it."""
    return params | {"AlarmTypes": tuple(params["AlarmTypes"])}
