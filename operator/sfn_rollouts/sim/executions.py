"""Executions of one alias: what was started through it, listed and counted as AWS does."""

from collections import Counter
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from sfn_rollouts.core.values.executions import (
    Counted,
    CountedMinutes,
    ExecutionPage,
    ExecutionReading,
    MinuteCounts,
)
from sfn_rollouts.errors import Conflict, NotListed
from sfn_rollouts.ports import LARGEST_PAGE

_MINUTE = timedelta(minutes=1)
_STARTED = "started"


class Executions:
    """`laid_down` are executions as they end, in any order; each is running until its end has come. `now`: AWS's clock.

    `past_the_alias` are those of a version that was started directly. Of an Express machine none is listed.

    A token is a place in the list, so pages shift while they are read, as AWS's may. `comes` lays down whatever starts
    until a moment.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.laid_down: list[ExecutionReading] = []
        self.past_the_alias: list[ExecutionReading] = []
        self.is_express = False
        self.comes: Callable[[datetime], None] = lambda _: None

    def page(self, token: str | None, limit: int = LARGEST_PAGE) -> ExecutionPage:
        """ListExecutions. NotListed: the machine is an Express one. Conflict: the token is none of ours."""
        if self.is_express:
            raise NotListed("AWS does not list executions of Express state machines")
        now, start = self._now(), _place_of(token)
        self.comes(now)
        begun = [_seen_at(each, now) for each in self.laid_down if each.started_at <= now]
        listed = sorted(begun, key=lambda each: each.ended_at or each.started_at, reverse=True)
        end = start + limit
        return ExecutionPage(tuple(listed[start:end]), str(end) if end < len(listed) else None, now)

    def minutes(self, wanted: Collection[Counted], since: datetime) -> CountedMinutes:
        """GetMetricData: starts by the minute of the start, ends by the minute of the end."""
        now = self._now()
        self.comes(now)
        minutes = [since + number * _MINUTE for number in range((now - since) // _MINUTE)]
        counts = {each.qualifier: self._counts(each.qualifier, now) for each in wanted}
        found = {each: [_of_minute(counts[each.qualifier], minute) for minute in minutes] for each in wanted}
        return CountedMinutes(found, now)

    def _counts(self, qualifier: str, now: datetime) -> Counter[tuple[datetime, str]]:
        """Count by minute and by what happened in it; a start is no status."""
        executions = [*self.laid_down, *self.past_the_alias] if qualifier.isdecimal() else self.laid_down
        found = Counter[tuple[datetime, str]]()
        for each in executions:
            if each.started_at <= now and (not qualifier.isdecimal() or each.version == int(qualifier)):
                seen = _seen_at(each, now)
                found[_minute_of(each.started_at), _STARTED] += 1
                if seen.ended_at is not None:
                    found[_minute_of(seen.ended_at), seen.status] += 1
        return found


def _place_of(token: str | None) -> int:
    if token is None:
        return 0
    if not token.isdecimal():
        raise Conflict("the page token is not known (InvalidToken)")
    return int(token)


def _seen_at(execution: ExecutionReading, now: datetime) -> ExecutionReading:
    has_ended = execution.ended_at is not None and execution.ended_at <= now
    return execution if has_ended else execution._replace(ended_at=None, status="RUNNING")


def _minute_of(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _of_minute(counts: Counter[tuple[datetime, str]], minute: datetime) -> MinuteCounts:
    return MinuteCounts(
        at=minute,
        started=counts[minute, _STARTED],
        failed=counts[minute, "FAILED"] + counts[minute, "TIMED_OUT"],
        succeeded=counts[minute, "SUCCEEDED"],
        aborted=counts[minute, "ABORTED"],
    )
