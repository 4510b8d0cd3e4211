"""Executions of one alias: what was started through it, listed and counted as AWS does."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sfn_rollouts.core.values.executions import ExecutionPage, ExecutionReading, MinuteCounts
from sfn_rollouts.errors import Conflict

PAGE_SIZE = 1000
_MINUTE = timedelta(minutes=1)


class Executions:
    """`laid_down` are executions as they end, in any order; each is running until its end has come. `now`: AWS's clock.

    A token is a place in the list, so pages shift while they are read, as AWS's may. `comes` lays down whatever starts
    until a moment.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.laid_down: list[ExecutionReading] = []
        self.comes: Callable[[datetime], None] = lambda _: None

    def page(self, token: str | None) -> ExecutionPage:
        """ListExecutions. Conflict: the token is none of ours."""
        now, start = self._now(), _place_of(token)
        self.comes(now)
        begun = [_seen_at(each, now) for each in self.laid_down if each.started_at <= now]
        listed = sorted(begun, key=lambda each: each.ended_at or each.started_at, reverse=True)
        end = start + PAGE_SIZE
        return ExecutionPage(tuple(listed[start:end]), str(end) if end < len(listed) else None, now)

    def minutes(
        self, versions: Collection[int], since: datetime, until: datetime
    ) -> Mapping[int, Sequence[MinuteCounts]]:
        """GetMetricData: starts by the minute of the start, ends by the minute of the end."""
        now = self._now()
        self.comes(now)
        seen = [_seen_at(each, now) for each in self.laid_down if each.started_at <= now]
        minutes = [since + number * _MINUTE for number in range((until - since) // _MINUTE)]
        return {number: [_counts(seen, number, minute) for minute in minutes] for number in versions}


def _place_of(token: str | None) -> int:
    if token is None:
        return 0
    if not token.isdecimal():
        raise Conflict("the page token is not known (InvalidToken)")
    return int(token)


def _seen_at(execution: ExecutionReading, now: datetime) -> ExecutionReading:
    has_ended = execution.ended_at is not None and execution.ended_at <= now
    return execution if has_ended else replace(execution, ended_at=None, status="RUNNING")


def _counts(seen: Sequence[ExecutionReading], version: int, minute: datetime) -> MinuteCounts:
    of_version = [each for each in seen if each.version == version]
    ended = [each.status for each in of_version if each.ended_at and minute <= each.ended_at < minute + _MINUTE]
    return MinuteCounts(
        at=minute,
        started=sum(minute <= each.started_at < minute + _MINUTE for each in of_version),
        failed=ended.count("FAILED") + ended.count("TIMED_OUT"),
        succeeded=ended.count("SUCCEEDED"),
        aborted=ended.count("ABORTED"),
    )
