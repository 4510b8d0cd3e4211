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
from sfn_rollouts.errors import Denied, PortError, Transient
from sfn_rollouts.ports import Urgency

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from types_boto3_cloudwatch.type_defs import (
        DimensionTypeDef,
        GetMetricDataInputTypeDef,
        GetMetricDataOutputTypeDef,
        MetricDataQueryTypeDef,
        MetricStatTypeDef,
        MetricTypeDef,
    )

    from sfn_rollouts.aws.clients import Clients
    from sfn_rollouts.core.values.arn import StateMachineArn

_METRICS_A_CALL = 500
_PERIOD_S = 60
_STARTED = "ExecutionsStarted"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of a state machine: of all its executions, or of those with one more dimension, Version or Alias."""

    name: str
    dimension: tuple[str, str] | None = None

    @classmethod
    def of_version(cls, name: str, version: int) -> Metric:
        """Return that of whatever ran a version, by whichever way it was started."""
        return cls(name, ("Version", str(version)))

    @classmethod
    def starts(cls, alias: str | None = None) -> Metric:
        """Return the number of starts, all or those by one alias."""
        return cls(_STARTED, ("Alias", alias) if alias is not None else None)


@dataclass(frozen=True, slots=True)
class _Part:
    """What one page says of one metric."""

    metric: Metric
    status: str
    sums: Mapping[datetime, int]


class CloudWatchSums:
    """Reads metrics, in the background of the quota. AWS takes money for each metric that is asked for."""

    def __init__(self, clients: Clients, calls: Calls) -> None:
        self._clients = clients
        self._calls = calls

    def by_minute(
        self, machine: StateMachineArn, metrics: Sequence[Metric], since: datetime, until: datetime
    ) -> Mapping[Metric, Mapping[datetime, int]]:
        """Return the sums of [since, until) by metric and minute, without the minutes of which nothing was reported.

        Both times are whole minutes.

        Raises:
            Transient: CloudWatch returned less than was asked for.
            Denied: it says of a metric that it must not be read.
        """
        found: dict[Metric, dict[datetime, int]] = {metric: {} for metric in metrics}
        if since >= until:
            return found
        for start in range(0, len(metrics), _METRICS_A_CALL):
            wanted = metrics[start : start + _METRICS_A_CALL]
            statuses = dict.fromkeys(wanted, "missing")
            for part in self._parts(machine, wanted, since, until):
                found[part.metric] |= {at: total for at, total in part.sums.items() if since <= at < until}
                statuses[part.metric] = part.status
            _insist_on_all(statuses, machine)
        return found

    def _parts(
        self, machine: StateMachineArn, metrics: Sequence[Metric], since: datetime, until: datetime
    ) -> Iterator[_Part]:
        by_id = {f"m{number}": metric for number, metric in enumerate(metrics)}
        queries = [_query(name, metric, machine) for name, metric in by_id.items()]

        def fetch(token: str | None) -> tuple[list[_Part], str | None]:
            request: GetMetricDataInputTypeDef = {
                "MetricDataQueries": queries,
                "StartTime": since,
                "EndTime": until,
                "ScanBy": "TimestampAscending",
            }
            if token:
                request["NextToken"] = token
            answer = self._clients.watcher(machine.region).get_metric_data(**request)
            with reading():
                return _read(answer, by_id), answer.get("NextToken")

        call = Call(Api.GET_METRIC_DATA, machine.place, str(machine), Urgency.BACKGROUND)
        for page in pages(self._calls, call, fetch):
            yield from page


def _query(name: str, metric: Metric, machine: StateMachineArn) -> MetricDataQueryTypeDef:
    dimensions: list[DimensionTypeDef] = [{"Name": "StateMachineArn", "Value": str(machine)}]
    if metric.dimension is not None:
        dimensions.append({"Name": metric.dimension[0], "Value": metric.dimension[1]})
    counted: MetricTypeDef = {"Namespace": "AWS/States", "MetricName": metric.name, "Dimensions": dimensions}
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
        )
        for result in field(answer, "MetricDataResults")
    ]


def _insist_on_all(statuses: Mapping[Metric, str], machine: StateMachineArn) -> None:
    """Less than all would pass for executions that did not fail."""
    lacking = {status for status in statuses.values() if status != "Complete"}
    if lacking:
        raise _shortage("Forbidden" in lacking, machine)


def _shortage(is_forbidden: bool, machine: StateMachineArn) -> PortError:
    if is_forbidden:
        return Denied(f"CloudWatch does not let the metrics of {machine} be read (Forbidden)")
    return Transient(
        f"{Api.GET_METRIC_DATA.action} did not return all that was asked for of {machine}. It is tried again by itself"
    )
