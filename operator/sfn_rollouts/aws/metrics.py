"""What CloudWatch counted of a state machine's executions: GetMetricData, sums by the minute.

Step Functions reports with the dimensions StateMachineArn (unqualified), StateMachineArn and Version (the number),
StateMachineArn and Alias (the name); a start by the alias counts in all three:
https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sfn_rollouts.aws.answers import field, reading
from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.calls import Call, Calls
from sfn_rollouts.aws.pages import pages
from sfn_rollouts.aws.timestamps import answered_at
from sfn_rollouts.errors import Denied, PortError, Transient
from sfn_rollouts.ports import Urgency

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from types_boto3_cloudwatch.type_defs import (
        DimensionTypeDef,
        GetMetricDataInputTypeDef,
        GetMetricDataOutputTypeDef,
        MetricDataQueryTypeDef,
        MetricStatTypeDef,
        MetricTypeDef,
    )

    from sfn_rollouts.aws.clients import Clients
    from sfn_rollouts.core.values.arn import Place, StateMachineArn

_METRICS_A_CALL = 500
_PERIOD_S = 60
STARTED = "ExecutionsStarted"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of a state machine: of all its executions, or of what ran a version, or was started by an alias.

    `qualifier`: the number of the version, by whichever way it was started, or the name of the alias.
    """

    machine: StateMachineArn
    name: str
    qualifier: str | None = None

    @property
    def dimensions(self) -> list[DimensionTypeDef]:
        """As CloudWatch takes them. The name of an alias is never a number."""
        found: list[DimensionTypeDef] = [{"Name": "StateMachineArn", "Value": str(self.machine)}]
        if self.qualifier is not None:
            found.append({"Name": "Version" if self.qualifier.isdecimal() else "Alias", "Value": self.qualifier})
        return found


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums by metric and minute, without the minutes of which nothing was reported.

    `as_of`: when AWS began to answer, by its clock; None where it did not say, or was not asked.
    """

    of: Mapping[Metric, Mapping[datetime, int]]
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class _Part:
    """What one page says of one metric."""

    metric: Metric
    status: str
    sums: Mapping[datetime, int]
    as_of: datetime | None


class CloudWatchSums:
    """Reads metrics, in the background of the quota. AWS takes money for each metric that is asked for."""

    def __init__(self, clients: Clients, calls: Calls) -> None:
        self._clients = clients
        self._calls = calls

    def by_minute(self, place: Place, metrics: Sequence[Metric], since: datetime, until: datetime) -> Sums:
        """Return the sums of [since, until), both whole minutes; all metrics are of this place.

        Raises:
            Transient: CloudWatch returned less than was asked for.
            Denied: it says of a metric that it must not be read.
        """
        found: dict[Metric, dict[datetime, int]] = {metric: {} for metric in metrics}
        as_of = None
        for start in range(0, len(metrics) if since < until else 0, _METRICS_A_CALL):
            wanted = metrics[start : start + _METRICS_A_CALL]
            statuses = dict.fromkeys(wanted, "missing")
            for part in self._parts(place, wanted, since, until):
                found[part.metric] |= {at: total for at, total in part.sums.items() if since <= at < until}
                statuses[part.metric] = part.status
                as_of = as_of or part.as_of
            _insist_on_all(statuses)
        return Sums(found, as_of)

    def _parts(self, place: Place, metrics: Sequence[Metric], since: datetime, until: datetime) -> Iterator[_Part]:
        by_id = {f"m{number}": metric for number, metric in enumerate(metrics)}
        queries = [_query(name, metric) for name, metric in by_id.items()]

        def fetch(token: str | None) -> tuple[list[_Part], str | None]:
            request: GetMetricDataInputTypeDef = {
                "MetricDataQueries": queries,
                "StartTime": since,
                "EndTime": until,
                "ScanBy": "TimestampAscending",
            }
            if token:
                request["NextToken"] = token
            answer = self._clients.watcher(place.region).get_metric_data(**request)
            with reading():
                return _read(answer, by_id), answer.get("NextToken")

        call = Call(Api.GET_METRIC_DATA, place, _subject(metrics), Urgency.BACKGROUND)
        for page in pages(self._calls, call, fetch):
            yield from page


def _subject(metrics: Iterable[Metric]) -> str:
    """Name the state machines, the first and how many more."""
    machines = sorted({str(metric.machine) for metric in metrics})
    return machines[0] if len(machines) == 1 else f"{machines[0]} and {len(machines) - 1} more"


def _query(name: str, metric: Metric) -> MetricDataQueryTypeDef:
    counted: MetricTypeDef = {"Namespace": "AWS/States", "MetricName": metric.name, "Dimensions": metric.dimensions}
    stat: MetricStatTypeDef = {"Metric": counted, "Period": _PERIOD_S, "Stat": "Sum"}
    return {"Id": name, "MetricStat": stat}


def _read(answer: GetMetricDataOutputTypeDef, by_id: Mapping[str, Metric]) -> list[_Part]:
    return [
        _Part(
            by_id[result["Id"]],
            result["StatusCode"],
            {
                at.astimezone(UTC).replace(second=0, microsecond=0): round(total)
                for at, total in zip(result["Timestamps"], result["Values"], strict=True)
            },
            answered_at(answer),
        )
        for result in field(answer, "MetricDataResults")
    ]


def _insist_on_all(statuses: Mapping[Metric, str]) -> None:
    """Less than all would pass for executions that did not fail."""
    lacking = {metric: status for metric, status in statuses.items() if status != "Complete"}
    if lacking:
        raise _shortage(lacking)


def _shortage(lacking: Mapping[Metric, str]) -> PortError:
    forbidden = [metric for metric, status in lacking.items() if status == "Forbidden"]
    if forbidden:
        return Denied(f"CloudWatch does not let the metrics of {_subject(forbidden)} be read (Forbidden)")
    subject = _subject(lacking)
    return Transient(
        f"{Api.GET_METRIC_DATA.action} did not return all that was asked for of {subject}. It is tried again by itself"
    )
