"""GetMetricData for what Step Functions reports of executions, derived from the executions themselves.

"Monitoring Step Functions metrics" (AWS documentation): a start by an alias counts for the machine, the version and the
alias, a start by a version for the first two, a start by the plain ARN for the machine; Version is the number, Alias
the name, and there is no metric with both.

Sums of the namespace AWS/States by whole minutes only; every other metric has no data. Not established, and chosen
here: nothing is reported for a minute in which nothing happened, and a redriven execution counts by its last end.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from devenv.aws import execution
from devenv.aws.alarm_history import moment
from devenv.aws.errors import AwsError
from devenv.aws.pagination import page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from devenv.aws.execution import Execution
    from devenv.aws.region import Fields, Params, Region

_MOST_POINTS = 100_800
_MOST_QUERIES = 500
_MACHINE, _VERSION, _ALIAS = "StateMachineArn", "Version", "Alias"
_ENDED = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}

_Metric = tuple[str, frozenset[tuple[str, str]]]  # name and dimensions
_Point = tuple[datetime, int, float]  # begin of the period, number of the query, sum


def get_data(region: Region, params: Params) -> Fields:
    """The newest points first, unless ScanBy says otherwise; a metric whose points go on has PartialData."""
    queries = params["MetricDataQueries"]
    since, until = moment(params["StartTime"]).replace(second=0, microsecond=0), moment(params["EndTime"])
    _require_sense(queries, since, until)
    is_newest_first = params.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    points = _points(region, queries, since, until)
    points.sort(key=lambda point: point[0], reverse=is_newest_first)
    shown, token = page(
        points,
        scope=f"GetMetricData {[query['Id'] for query in queries]} {since} {until} {is_newest_first}",
        size=params.get("MaxDatapoints") or _MOST_POINTS,
        token=params.get("NextToken"),
        now=region.now(),
        refusal=AwsError("InvalidNextToken", "The next token specified is invalid."),
    )
    to_come = {number for _, number, _ in points[points.index(shown[-1]) + 1 :]} if shown else set()
    results = [_result(query, number, shown, number in to_come) for number, query in enumerate(queries)]
    return {"MetricDataResults": results, "Messages": [], **({"NextToken": token} if token else {})}


def _result(query: Fields, number: int, shown: Sequence[_Point], goes_on: bool) -> Fields:
    mine = [(at, total) for at, of, total in shown if of == number]
    return {
        "Id": query["Id"],
        "Label": query.get("Label") or query["MetricStat"]["Metric"]["MetricName"],
        "Timestamps": [at for at, _ in mine],
        "Values": [total for _, total in mine],
        "StatusCode": "PartialData" if goes_on else "Complete",
    }


def _points(region: Region, queries: Sequence[Fields], since: datetime, until: datetime) -> list[_Point]:
    counts, found = _counts(region, since, until), list[_Point]()
    for number, query in enumerate(queries):
        metric, period = query["MetricStat"]["Metric"], timedelta(seconds=query["MetricStat"]["Period"])
        dimensions = frozenset((item["Name"], item["Value"]) for item in metric.get("Dimensions", ()))
        is_ours = metric["Namespace"] == "AWS/States"
        happened = counts.get((metric["MetricName"], dimensions), ()) if is_ours else ()
        totals = Counter((at - since) // period for at in happened)
        found.extend((since + index * period, number, float(total)) for index, total in totals.items())
    return found


def _counts(region: Region, since: datetime, until: datetime) -> Mapping[_Metric, list[datetime]]:
    """When what happened, by metric: each execution is looked at once, whatever is asked for."""
    found = defaultdict[_Metric, list[datetime]](list)
    for each in execution.listed(region):
        for name, at in _happened(each):
            if since <= at < until:
                for dimensions in _dimensions(each):
                    found[name, dimensions].append(at)
    return found


def _happened(each: Execution) -> Iterator[tuple[str, datetime]]:
    yield "ExecutionsStarted", each.started
    if each.stopped is not None:
        yield _ENDED[each.status], each.stopped


def _dimensions(each: Execution) -> Iterator[frozenset[tuple[str, str]]]:
    machine = (_MACHINE, each.machine_arn)
    yield frozenset({machine})
    for name, arn in ((_VERSION, each.version_arn), (_ALIAS, each.alias_arn)):
        if arn is not None:
            yield frozenset({machine, (name, arn.rpartition(":")[2])})


def _require_sense(queries: list[Fields], since: datetime, until: datetime) -> None:
    """The texts are not established."""
    if since >= until:
        raise AwsError("ValidationError", "The parameter StartTime must be less than the parameter EndTime.")
    if len(queries) > _MOST_QUERIES:
        raise AwsError("ValidationError", f"The maximum number of MetricDataQueries is {_MOST_QUERIES}.")
    if len({query["Id"] for query in queries}) < len(queries):
        raise AwsError("ValidationError", "The values for parameter id in MetricDataQueries must be unique.")
    for query in queries:
        stat = query.get("MetricStat")
        if stat is None or stat["Stat"] != "Sum" or stat["Period"] % 60:
            raise AwsError("ValidationError", f"The emulator knows sums by whole minutes only, unlike {query['Id']}.")
