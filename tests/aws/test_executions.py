"""Executions of an alias, listed and counted: against the emulator, and against answers that AWS should never give."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.core.values.executions import Counted, ExecutionReading, MinuteCounts
from sfn_rollouts.errors import Conflict, Denied, Gone, PortError, Transient
from tests.aws.doubles import NOON, Answer

if TYPE_CHECKING:
    from devenv.aws.client import Emulator
    from sfn_rollouts.aws.connection import Aws
    from sfn_rollouts.aws.executions import AwsExecutionFeed
    from sfn_rollouts.core.values.arn import AliasArn
    from tests.aws.conftest import Connect
    from tests.aws.doubles import CannedServer, HandClock, RecordingMeter

MINUTE = timedelta(minutes=1)
NOWHERE = StateMachineArn.parse("arn:aws:states:eu-west-1:123456789012:stateMachine:Nowhere").alias("live")
HEADERS = (("x-amzn-RequestId", "0a1b2c3d"),)
DATED = (*HEADERS, ("Date", "Sun, 01 Mar 2026 12:00:07 GMT"))
ENTRY = {
    "executionArn": "arn:aws:states:eu-west-1:123456789012:execution:Nowhere:one",
    "stateMachineArn": str(NOWHERE.machine),
    "stateMachineVersionArn": NOWHERE.machine.version(7),
    "name": "one",
    "status": "FAILED",
    "startDate": 1790000000.1239,
    "stopDate": 1790000001.5,
}
READ = ExecutionReading(
    "one",
    7,
    datetime.fromtimestamp(1790000000.123, UTC),
    datetime.fromtimestamp(1790000001.5, UTC),
    "FAILED",
)


@pytest.fixture
def began(clock: HandClock) -> datetime:
    """A whole minute, an hour ago: the emulator forgets executions of long ago. Our clock is right."""
    now = datetime.now(UTC)
    clock.advance((now - clock.now()).total_seconds())
    return now.replace(second=0, microsecond=0) - timedelta(hours=1)


@pytest.fixture
def feed(canned: CannedServer, connected: Connect) -> AwsExecutionFeed:
    """Connected to a server that answers as it is set."""
    return connected().executions


def listing(*entries: Any, token: str | None = None, headers: Any = DATED) -> Answer:
    body = {"executions": list(entries)} | ({"nextToken": token} if token else {})
    return Answer(body=json.dumps(body), headers=headers)


# -- pages --


def test_executions_of_the_alias_are_listed_with_the_version_that_ran_them(
    aws: Aws, emulator: Emulator, alias: AliasArn, began: datetime
) -> None:
    def after(second: int) -> datetime:
        return began + timedelta(seconds=second)

    emulator.add_executions(
        str(alias),
        [(1, after(0), after(5), "SUCCEEDED"), (2, after(1), after(9), "TIMED_OUT"), (2, after(2), None, "RUNNING")],
    )
    emulator.start(alias.machine.version(2))
    page = aws.executions.page(alias, None)
    assert [(each.version, each.started_at, each.ended_at, each.status) for each in page.executions] == [
        (2, after(1), after(9), "TIMED_OUT"),
        (1, after(0), after(5), "SUCCEEDED"),
        (2, after(2), None, "RUNNING"),
    ]
    assert len({each.name for each in page.executions}) == 3
    assert page.next_token is None


def test_a_thousand_are_a_page_and_the_token_leads_on(
    aws: Aws, emulator: Emulator, alias: AliasArn, began: datetime
) -> None:
    def after(second: int) -> datetime:
        return began + timedelta(seconds=second)

    emulator.add_executions(str(alias), [(1, after(n), after(n), "SUCCEEDED") for n in range(1001)])
    first = aws.executions.page(alias, None)
    assert len(first.executions) == 1000
    last = aws.executions.page(alias, first.next_token)
    assert [each.started_at for each in last.executions] == [after(0)]
    assert last.next_token is None
    assert [call.params["maxResults"] for call in emulator.calls("ListExecutions")] == [1000, 1000]


def test_a_token_that_aws_does_not_know_is_a_conflict(aws: Aws, alias: AliasArn) -> None:
    with pytest.raises(Conflict, match="read from its beginning"):
        aws.executions.page(alias, "from yesterday")


def test_express_machines_and_what_is_not_there_are_gone(aws: Aws, emulator: Emulator, alias: AliasArn) -> None:
    express = StateMachineArn.parse(emulator.publish_machine("Express", type="EXPRESS"))
    emulator.create_alias(str(express), "live", {1: 100})
    with pytest.raises(Gone, match="AWS does not list executions of Express state machines"):
        aws.executions.page(express.alias("live"), None)
    for missing in (NOWHERE, alias.machine.alias("gone")):
        with pytest.raises(Gone, match="states:ListExecutions found nothing"):
            aws.executions.page(missing, None)


def test_the_time_of_a_page_is_that_of_aws(canned: CannedServer, feed: AwsExecutionFeed) -> None:
    canned.say(listing())
    assert feed.page(NOWHERE, None).as_of == NOON + timedelta(seconds=7)


@pytest.mark.parametrize("date", ["", "soon", "Sun, 01 Mar 2026 12:00:07 -0000", "Sun, 99 Mar 2026 12:00:07 GMT"])
def test_where_aws_does_not_say_the_time_it_is_that_before_the_call(
    date: str, canned: CannedServer, feed: AwsExecutionFeed, clock: HandClock
) -> None:
    clock.tick_s = 1.0  # whoever looks again sees another time
    canned.say(listing(headers=(*HEADERS, ("Date", date)) if date else HEADERS))
    assert feed.page(NOWHERE, None).as_of == NOON + timedelta(seconds=1)


ODD: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "without a version": ({"stateMachineVersionArn": None}, {"version": None}),
    "with an ARN that is none": ({"stateMachineVersionArn": "version 7"}, {"version": None}),
    "with the ARN of an alias": ({"stateMachineVersionArn": str(NOWHERE)}, {"version": None}),
    "with a status of its own": ({"status": "PAUSED"}, {"status": "PAUSED"}),
    "without a status": ({"status": None}, {"status": "UNKNOWN"}),
    "without a start": ({"startDate": None}, {"started_at": NOON + timedelta(seconds=7), "status": "UNKNOWN"}),
    "that ended before its start": (
        {"stopDate": 1789999999},
        {"ended_at": datetime.fromtimestamp(1789999999, UTC)},
    ),
    "that was redriven": ({"redriveCount": 2}, {"is_redriven": True}),
    "that was never redriven": ({"redriveCount": 0}, {"is_redriven": False}),
    "without a name": ({"name": None}, {"name": ENTRY["executionArn"]}),
    "with neither name nor ARN": ({"name": None, "executionArn": None}, {"name": ""}),
}


@pytest.mark.parametrize("case", ODD)
def test_an_entry_that_cannot_be_loses_neither_itself_nor_the_page(
    case: str, canned: CannedServer, feed: AwsExecutionFeed
) -> None:
    changes, wanted = ODD[case]
    odd = {name: value for name, value in (ENTRY | changes).items() if value is not None}
    canned.say(listing(odd, ENTRY, token="more"))
    page = feed.page(NOWHERE, None)
    assert [{name: getattr(page.executions[0], name) for name in wanted}, page.executions[1]] == [wanted, READ]
    assert page.next_token == "more"


@pytest.mark.parametrize("body", ["{}", '{"executions": null}', '{"executions": [1]}', '{"executions": {"a": 1}}'])
def test_an_answer_that_is_no_list_does_not_say_that_nothing_runs(
    body: str, canned: CannedServer, feed: AwsExecutionFeed
) -> None:
    canned.say(Answer(body=body))
    with pytest.raises(PortError):
        feed.page(NOWHERE, None)


def test_a_list_yields_half_of_the_quota_to_others(canned: CannedServer, feed: AwsExecutionFeed) -> None:
    canned.say(listing())
    for _ in range(100):
        feed.page(NOWHERE, None)
    with pytest.raises(Transient, match="quota"):
        feed.page(NOWHERE, None)
    assert len(canned.requests) == 100


# -- minutes --


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_executions_are_counted_by_version_and_minute(kind: str, aws: Aws, emulator: Emulator, began: datetime) -> None:
    def after(second: int) -> datetime:
        return began + timedelta(seconds=second)

    machine = StateMachineArn.parse(emulator.publish_machine("Counted", type=kind))
    live = emulator.create_alias(str(machine), "live", {1: 100})
    emulator.add_executions(
        live,
        [
            (1, after(0), after(59), "SUCCEEDED"),
            (2, after(1), after(60), "FAILED"),
            (2, after(2), after(179), "TIMED_OUT"),
            (2, after(65), after(70), "ABORTED"),
            (2, after(180), after(181), "FAILED"),
            (2, after(-1), after(-1), "FAILED"),
        ],
    )
    numbers = [Counted(machine, qualifier) for qualifier in ("1", "2", "3", "live")]
    found = aws.executions.minutes(machine.place, numbers, began)
    one, two, three, by_alias = (found.minutes[each][:3] for each in numbers)
    assert one == [
        MinuteCounts(began, started=1, failed=0, succeeded=1),
        MinuteCounts(began + MINUTE, 0, 0, 0),
        MinuteCounts(began + 2 * MINUTE, 0, 0, 0),
    ]
    assert two == [
        MinuteCounts(began, started=2, failed=0, succeeded=0),
        MinuteCounts(began + MINUTE, started=1, failed=1, succeeded=0, aborted=1),
        MinuteCounts(began + 2 * MINUTE, started=0, failed=1, succeeded=0),
    ]
    assert three == [MinuteCounts(began + number * MINUTE, 0, 0, 0) for number in range(3)]
    assert [(each.started, each.failed, each.succeeded) for each in by_alias] == [(3, 0, 1), (1, 1, 0), (0, 1, 0)]
    [call] = emulator.calls("GetMetricData")
    assert len(call.params["MetricDataQueries"]) == 20
    assert {len(each) for each in found.minutes.values()} == {(found.as_of - began) // MINUTE}


def test_two_machines_are_counted_in_one_call(aws: Aws, emulator: Emulator, began: datetime) -> None:
    machines = [StateMachineArn.parse(emulator.publish_machine(name, type="EXPRESS")) for name in ("One", "Other")]
    for each in machines:
        live = emulator.create_alias(str(each), "live", {1: 100})
        emulator.add_executions(live, [(1, began, began, "FAILED")] * (2 if each.name == "One" else 1))
    wanted = [Counted(each, "1") for each in machines]
    found = aws.executions.minutes(machines[0].place, wanted, began)
    assert [found.minutes[each][0].failed for each in wanted] == [2, 1]
    assert len(emulator.calls("GetMetricData")) == 1


def test_a_clock_of_ours_that_is_behind_hides_no_minute(
    aws: Aws, emulator: Emulator, machine: StateMachineArn, began: datetime, clock: HandClock
) -> None:
    """AWS says what time it is; one that is far behind is of no use for signatures either."""
    clock.advance(-3000.0)
    found = aws.executions.minutes(machine.place, [Counted(machine, "1")], began)
    [minutes] = found.minutes.values()
    assert minutes[-1].at + MINUTE <= found.as_of < minutes[-1].at + 2 * MINUTE
    assert found.as_of > began + 30 * MINUTE


def test_a_page_has_no_more_than_was_asked_for(aws: Aws, emulator: Emulator, alias: AliasArn, began: datetime) -> None:
    emulator.add_executions(str(alias), [(1, began, began, "SUCCEEDED")] * 3)
    first = aws.executions.page(alias, None, 2)
    last = aws.executions.page(alias, first.next_token, 2)
    assert [len(page.executions) for page in (first, last)] == [2, 1]


def test_what_is_of_nobody_or_to_come_needs_no_call(
    aws: Aws, emulator: Emulator, machine: StateMachineArn, began: datetime
) -> None:
    assert aws.executions.minutes(machine.place, [], began).minutes == {}
    wanted = Counted(machine, "1")
    assert aws.executions.minutes(machine.place, [wanted], began + timedelta(hours=9)).minutes == {wanted: []}
    assert not emulator.calls("GetMetricData")


def test_five_hundred_metrics_are_a_call(
    aws: Aws, emulator: Emulator, machine: StateMachineArn, began: datetime
) -> None:
    """Five of each version."""
    wanted = [Counted(machine, str(number)) for number in range(1, 102)]
    assert list(aws.executions.minutes(machine.place, wanted, began).minutes) == wanted
    calls = emulator.calls("GetMetricData")
    assert [len(call.params["MetricDataQueries"]) for call in calls] == [500, 5]


NAMES = ["ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsAborted", "ExecutionsFailed", "ExecutionsTimedOut"]


def metrics(*, status: str = "Complete", token: str | None = None, **points: list[tuple[datetime, float]]) -> Answer:
    """An answer about version 1: the points of each metric, by its id."""
    results = [
        {
            "Id": f"m{number}",
            "StatusCode": status,
            "Timestamps": [moment.timestamp() for moment, _ in points.get(name, ())],
            "Values": [total for _, total in points.get(name, ())],
        }
        for number, name in enumerate(NAMES)
    ]
    body = {"MetricDataResults": results} | ({"NextToken": token} if token else {})
    return Answer(body=json.dumps(body), headers=(*HEADERS, ("Date", f"Sun, 01 Mar 2026 {AS_OF:%H:%M:%S} GMT")))


AS_OF = NOON + timedelta(seconds=150)


def counted(feed: AwsExecutionFeed) -> list[MinuteCounts]:
    """The minutes from noon to AWS's time."""
    found = feed.minutes(NOWHERE.machine.place, [Counted(NOWHERE.machine, "1")], NOON)
    assert found.as_of == AS_OF
    [minutes] = found.minutes.values()
    return list(minutes)


def test_partial_data_goes_on_with_the_next_page(canned: CannedServer, feed: AwsExecutionFeed) -> None:
    canned.say(
        metrics(status="PartialData", token="2", ExecutionsFailed=[(NOON, 1.0)]),
        metrics(ExecutionsFailed=[(NOON + MINUTE, 2.0)], ExecutionsTimedOut=[(NOON + MINUTE, 3.0)]),
    )
    assert [each.failed for each in counted(feed)] == [1, 5]
    first, second = (json.loads(body) for _, _, body in canned.requests)
    assert second == first | {"NextToken": "2"}
    assert first["ScanBy"] == "TimestampAscending"
    assert {(each["MetricStat"]["Period"], each["MetricStat"]["Stat"]) for each in first["MetricDataQueries"]} == {
        (60, "Sum")
    }


def test_a_minute_out_of_the_time_that_was_asked_for_does_not_count(
    canned: CannedServer, feed: AwsExecutionFeed
) -> None:
    canned.say(metrics(ExecutionsFailed=[(NOON - MINUTE, 1.0), (NOON + MINUTE, 2.0), (NOON + 2 * MINUTE, 4.0)]))
    assert [each.failed for each in counted(feed)] == [0, 2]


LESS: dict[str, tuple[Answer, type[PortError], str]] = {
    "partial data without a further page": (metrics(status="PartialData"), Transient, "did not return all"),
    "an error of CloudWatch's own": (metrics(status="InternalError"), Transient, "did not return all"),
    "a refusal": (metrics(status="Forbidden"), Denied, "Forbidden"),
    "no word of a metric": (Answer(body='{"MetricDataResults": []}'), Transient, "did not return all"),
    "a metric that nobody asked for": (
        Answer(body='{"MetricDataResults": [{"Id": "x", "StatusCode": "Complete", "Timestamps": [], "Values": []}]}'),
        Transient,
        "not AWS's",
    ),
    "a time without a value": (
        Answer(body='{"MetricDataResults": [{"Id": "m0", "StatusCode": "Complete", "Timestamps": [1], "Values": []}]}'),
        Transient,
        "not AWS's",
    ),
    "no results": (Answer(body="{}"), Transient, "not AWS's"),
    "a token that is not known any more": (Answer.error("InvalidNextToken"), Transient, "cut off between two pages"),
    "a throttle": (Answer.error("ThrottlingException"), Transient, "throttled"),
    "a denial": (Answer.error("AccessDeniedException"), Denied, "cloudwatch:GetMetricData was denied"),
}


@pytest.mark.parametrize("case", LESS)
def test_less_than_was_asked_for_does_not_pass_for_no_failures(
    case: str, canned: CannedServer, feed: AwsExecutionFeed, meter: RecordingMeter
) -> None:
    answer, error, why = LESS[case]
    canned.say(answer)
    with pytest.raises(error, match=why):
        counted(feed)
    assert {api for api, _ in meter.calls} == {"GetMetricData"}
