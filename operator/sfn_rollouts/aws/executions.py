"""Executions that were started through an alias: `ports.ExecutionFeed` over Step Functions and CloudWatch.

All of it in the background of the quotas: ListExecutions has the smallest one, for all rollouts of a region together.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sfn_rollouts.aws.answers import field, reading
from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.calls import Call, Calls
from sfn_rollouts.aws.metrics import STARTED, CloudWatchSums, Metric
from sfn_rollouts.aws.timestamps import answered_at, to_milliseconds
from sfn_rollouts.core.values.arn import AliasArn, version_number
from sfn_rollouts.core.values.executions import CountedMinutes, ExecutionPage, ExecutionReading, MinuteCounts
from sfn_rollouts.errors import Conflict, NotListed, PortError
from sfn_rollouts.ports import LARGEST_PAGE, Clock, Urgency

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from types_boto3_stepfunctions.type_defs import ListExecutionsInputTypeDef, ListExecutionsOutputTypeDef

    from sfn_rollouts.aws.clients import Clients
    from sfn_rollouts.core.values.arn import Place
    from sfn_rollouts.core.values.executions import Counted

_MINUTE = timedelta(minutes=1)
_CLOCKS_APART = timedelta(hours=1)
"""A clock of ours that is behind AWS's must not hide the last minutes."""

_SUCCEEDED, _ABORTED = "ExecutionsSucceeded", "ExecutionsAborted"
_FAILED, _TIMED_OUT = "ExecutionsFailed", "ExecutionsTimedOut"
_UNKNOWN = "UNKNOWN"
_COUNTED = (STARTED, _SUCCEEDED, _ABORTED, _FAILED, _TIMED_OUT)


class AwsExecutionFeed:
    """Lists executions of Standard machines, and counts those of any by version and minute."""

    def __init__(self, clients: Clients, calls: Calls, clock: Clock) -> None:
        self._clients = clients
        self._calls = calls
        self._clock = clock
        self._metrics = CloudWatchSums(clients, calls)

    def page(self, alias: AliasArn, token: str | None, limit: int = LARGEST_PAGE) -> ExecutionPage:
        """List up to `limit` executions, newest first; the alias's ARN leaves out whatever was started past it.

        Raises:
            NotListed: its machine is an Express one.
            Gone: there is no such alias.
            Conflict: AWS does not know the token any more.
        """
        asked_at = self._clock.now()  # before the call: a slow answer must not pass for a fresh one

        def work() -> ExecutionPage | PortError:
            client = self._clients.reader(alias.machine.region)
            request: ListExecutionsInputTypeDef = {"stateMachineArn": str(alias), "maxResults": limit}
            if token is not None:
                request["nextToken"] = token
            try:
                answer = client.list_executions(**request)
            except client.exceptions.StateMachineTypeNotSupported:
                return NotListed("AWS does not list executions of Express state machines")
            except client.exceptions.InvalidToken:
                return Conflict("AWS does not know the token of a page any more: the list is read from its beginning")
            with reading():
                return _page(answer, asked_at)

        found = self._calls.make(Call(Api.LIST_EXECUTIONS, alias.machine.place, str(alias), Urgency.BACKGROUND), work)
        if isinstance(found, PortError):
            raise found
        return found

    def minutes(self, place: Place, wanted: Collection[Counted], since: datetime) -> CountedMinutes:
        """Count by minute, up to now by AWS's clock; one of which nothing was reported counts none."""
        asked_at = self._clock.now()
        by = {each: {name: Metric(each.machine, name, each.qualifier) for name in _COUNTED} for each in wanted}
        metrics = [metric for of in by.values() for metric in of.values()]
        sums = self._metrics.by_minute(place, metrics, since, asked_at.replace(second=0, microsecond=0) + _CLOCKS_APART)
        as_of = sums.as_of or asked_at
        minutes = [since + number * _MINUTE for number in range((as_of - since) // _MINUTE)]

        def counts(of: Counted, minute: datetime) -> MinuteCounts:
            count = {name: sums.of[metric].get(minute, 0) for name, metric in by[of].items()}
            failed = count[_FAILED] + count[_TIMED_OUT]
            return MinuteCounts(minute, count[STARTED], failed, count[_SUCCEEDED], count[_ABORTED])

        found = {each: [counts(each, minute) for minute in minutes] for each in wanted}
        return CountedMinutes(found, as_of)


def _page(answer: ListExecutionsOutputTypeDef, asked_at: datetime) -> ExecutionPage:
    as_of = answered_at(answer) or asked_at
    listed: Sequence[Mapping[str, Any]] = field(answer, "executions")
    versions = {arn: _version(arn) for arn in {each.get("stateMachineVersionArn") for each in listed}}
    return ExecutionPage(
        tuple(_execution(each, versions[each.get("stateMachineVersionArn")], as_of) for each in listed),
        answer.get("nextToken"),
        as_of,
    )


def _execution(entry: Mapping[str, Any], version: int | None, as_of: datetime) -> ExecutionReading:
    """What an entry lacks is said, and loses neither the entry nor the page: whoever judges counts such ones."""
    started, ended = entry.get("startDate"), entry.get("stopDate")
    return ExecutionReading(
        name=entry.get("name") or entry.get("executionArn") or "",
        version=version,
        started_at=to_milliseconds(started) if started is not None else as_of,
        ended_at=to_milliseconds(ended) if ended is not None else None,
        status=entry.get("status", _UNKNOWN) if started is not None else _UNKNOWN,
        is_redriven=bool(entry.get("redriveCount")),
    )


def _version(arn: str | None) -> int | None:
    try:
        return version_number(arn or "")
    except ValueError:
        return None
