"""What CloudWatch counts of executions, with AWS's three sets of dimensions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.devenv.aws.world import T0, World

MINUTE = timedelta(minutes=1)


def query(name: str, machine: str, **dimensions: str) -> dict[str, Any]:
    """Sums by the minute; the id is the metric's name in small letters."""
    named = {"StateMachineArn": machine} | dimensions
    listed = [{"Name": key, "Value": value} for key, value in named.items()]
    metric = {"Namespace": "AWS/States", "MetricName": name, "Dimensions": listed}
    return {"Id": name.lower(), "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}


def asked(*queries: dict[str, Any], minutes: int = 10, **more: Any) -> dict[str, Any]:
    """The ten minutes before the clock, the oldest first."""
    period = {"StartTime": T0 - minutes * MINUTE, "EndTime": T0, "ScanBy": "TimestampAscending"}
    return {"MetricDataQueries": list(queries)} | period | more


@pytest.fixture
def cloudwatch(world: World) -> Any:
    return world.aws.boto3_client("cloudwatch")


def total(cloudwatch: Any, *queries: dict[str, Any]) -> list[float]:
    return [sum(each["Values"]) for each in cloudwatch.get_metric_data(**asked(*queries))["MetricDataResults"]]


@pytest.fixture(params=["STANDARD", "EXPRESS"])
def machine(request: pytest.FixtureRequest, world: World) -> str:
    """Of either type, for both report the same; with an alias."""
    arn = world.aws.publish_machine("Counted", type=request.param)
    world.aws.create_alias(arn, "live", {1: 100})
    return arn


def test_each_outcome_has_its_metric_by_the_minute_of_its_end(world: World, machine: str, cloudwatch: Any) -> None:
    start = T0 - 5 * MINUTE
    ends = {"ExecutionsSucceeded": "SUCCEEDED", "ExecutionsFailed": "FAILED", "ExecutionsTimedOut": "TIMED_OUT"}
    ends["ExecutionsAborted"] = "ABORTED"
    laid = [(2, start, start + index * MINUTE, status) for index, status in enumerate(ends.values())]
    world.aws.add_executions(f"{machine}:live", laid)
    names = ["ExecutionsStarted", *ends]
    answer = cloudwatch.get_metric_data(**asked(*(query(name, machine, Version="2") for name in names)))
    assert {
        each["Id"]: dict(zip(each["Timestamps"], each["Values"], strict=True)) for each in answer["MetricDataResults"]
    } == {
        "executionsstarted": {start: 4.0},
        "executionssucceeded": {start: 1.0},
        "executionsfailed": {start + MINUTE: 1.0},
        "executionstimedout": {start + 2 * MINUTE: 1.0},
        "executionsaborted": {start + 3 * MINUTE: 1.0},
    }
    assert {each["StatusCode"] for each in answer["MetricDataResults"]} == {"Complete"}


def test_a_start_counts_for_what_it_was_started_by(world: World, cloudwatch: Any) -> None:
    world.now = T0 - MINUTE
    for end in (":live", ":live", ":2", ""):
        world.aws.start(world.machine + end)
    world.now = T0

    def started(**dimensions: str) -> float:
        return total(cloudwatch, query("ExecutionsStarted", world.machine, **dimensions))[0]

    assert (started(), started(Version="1"), started(Version="2"), started(Alias="live")) == (4, 2, 1, 2)
    assert started(Version="1", Alias="live") == 0, "there is no metric with both"


def test_what_is_no_metric_of_step_functions_has_no_data(world: World, cloudwatch: Any) -> None:
    world.aws.add_executions(world.alias, [(1, T0 - MINUTE, T0 - MINUTE, "FAILED")])
    foreign = query("ExecutionsFailed", world.machine)
    foreign["MetricStat"]["Metric"]["Namespace"] = "Ours"
    assert total(cloudwatch, foreign) == [0.0]
    assert total(cloudwatch, query("ExecutionsFailed", world.machine), query("Nothing", world.machine)) == [1.0, 0.0]


def test_pages_go_on_where_the_last_one_ended(world: World, cloudwatch: Any) -> None:
    laid = [(1, T0 - minute * MINUTE, T0 - minute * MINUTE, "FAILED") for minute in (1, 2, 3)]
    world.aws.add_executions(world.alias, laid)
    queries = [query(name, world.machine) for name in ("ExecutionsStarted", "ExecutionsFailed")]
    answers, token = [], {}
    while True:
        answers.append(cloudwatch.get_metric_data(**asked(*queries, MaxDatapoints=4), **token))
        if "NextToken" not in answers[-1]:
            break
        token = {"NextToken": answers[-1]["NextToken"]}
    statuses = [[each["StatusCode"] for each in answer["MetricDataResults"]] for answer in answers]
    assert statuses == [["PartialData", "PartialData"], ["Complete", "Complete"]]
    found = [at for answer in answers for at in answer["MetricDataResults"][1]["Timestamps"]]
    assert found == [T0 - minute * MINUTE for minute in (3, 2, 1)]


def test_newest_first_and_by_longer_periods(world: World, cloudwatch: Any) -> None:
    laid = [(1, T0 - minute * MINUTE, T0 - minute * MINUTE, "FAILED") for minute in (1, 2, 6)]
    world.aws.add_executions(world.alias, laid)
    wanted = query("ExecutionsFailed", world.machine)
    wanted["MetricStat"]["Period"] = 300
    [found] = cloudwatch.get_metric_data(**asked(wanted, ScanBy="TimestampDescending"))["MetricDataResults"]
    assert list(zip(found["Timestamps"], found["Values"], strict=True)) == [
        (T0 - 5 * MINUTE, 2.0),
        (T0 - 10 * MINUTE, 1.0),
    ]


def test_metrics_may_be_behind(world: World, cloudwatch: Any) -> None:
    world.aws.add_executions(world.alias, [(1, T0 - 2 * MINUTE, T0 - 2 * MINUTE, "FAILED")])
    world.aws.set_consistency(lists_milliseconds=180_000)
    assert total(cloudwatch, query("ExecutionsFailed", world.machine)) == [0.0]
    world.wait(60)
    assert total(cloudwatch, query("ExecutionsFailed", world.machine)) == [1.0]


REFUSED = {
    "no time": ({"StartTime": T0}, "ValidationError"),
    "a token of another question": ({"NextToken": "x"}, "InvalidNextToken"),
    "too many metrics": ({"MetricDataQueries": [{"Id": f"m{n}"} for n in range(501)]}, "ValidationError"),
    "one id twice": ({"MetricDataQueries": [query("Failed", "x")] * 2}, "ValidationError"),
    "metric math": ({"MetricDataQueries": [{"Id": "m", "Expression": "1+1"}]}, "ValidationError"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_question_that_aws_or_the_emulator_refuses(case: str, world: World, cloudwatch: Any, refused: Any) -> None:
    more, code = REFUSED[case]
    wanted = asked(query("ExecutionsFailed", world.machine)) | more
    assert refused(cloudwatch.get_metric_data, **wanted)[0] == code


def test_the_quota_holds_when_it_is_on(world: World, cloudwatch: Any, refused: Any) -> None:
    world.aws.set_quotas(limits={"GetMetricData": (1, 1)})
    wanted = asked(query("ExecutionsFailed", world.machine))
    cloudwatch.get_metric_data(**wanted)
    assert refused(cloudwatch.get_metric_data, **wanted)[0] in ("Throttling", "ThrottlingException")
