"""A state machine whose executions AWS lists, and a rollout of it that began at noon."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from sfn_rollouts.analysis import Plan, Policy
from sfn_rollouts.core.values.arn import AliasArn, Place, StateMachineArn
from sfn_rollouts.core.values.executions import Counted, CountedMinutes, ExecutionPage, ExecutionReading
from sfn_rollouts.core.values.looks import JudgeExecutions
from sfn_rollouts.ports import LARGEST_PAGE

BEGAN = datetime(2026, 11, 21, 12, tzinfo=UTC)
ALIAS = StateMachineArn.parse("arn:aws:states:eu-west-1:123456789012:stateMachine:Orders").alias("live")
PLAN = Plan(((0.5, 600.0),))


class Clock:
    """Ours; AWS's may be another."""

    def __init__(self, began: datetime = BEGAN) -> None:
        self.began = self.moment = began

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return (self.moment - self.began).total_seconds()

    def set(self, seconds: float) -> None:
        self.moment = self.began + timedelta(seconds=seconds)


class Feed:
    """Executions as AWS lists them, a few a page."""

    def __init__(self, clock: Clock, page_size: int = 1000) -> None:
        self.clock = clock
        self.page_size = page_size
        self.skew = timedelta()
        self.executions: list[ExecutionReading] = []
        self.pages = 0
        self.limits: list[int] = []
        self.tokens: list[str | None] = []
        self.fails: list[Exception] = []

    def started(self, at_s: float, version: int, status: str = "SUCCEEDED", lasts_s: float | None = 1.0) -> None:
        at = BEGAN + timedelta(seconds=at_s)
        ended = at + timedelta(seconds=lasts_s) if lasts_s is not None else None
        self.executions.append(ExecutionReading(f"e{len(self.executions)}", version, at, ended, status))

    def page(self, alias: AliasArn, token: str | None, limit: int = LARGEST_PAGE) -> ExecutionPage:
        assert alias == ALIAS
        self.limits.append(limit)
        self.tokens.append(token)
        if self.fails:
            raise self.fails.pop(0)
        self.pages += 1
        now = self.clock.now() + self.skew
        known = [_seen_at(each, now) for each in self.executions if each.started_at <= now]
        listed = sorted(known, key=lambda each: each.ended_at or each.started_at, reverse=True)
        start = int(token) if token is not None else 0
        end = start + min(self.page_size, limit)
        return ExecutionPage(tuple(listed[start:end]), str(end) if end < len(listed) else None, now)

    def minutes(self, place: Place, wanted: Collection[Counted], since: datetime) -> CountedMinutes:
        raise NotImplementedError


def _seen_at(each: ExecutionReading, now: datetime) -> ExecutionReading:
    has_ended = each.ended_at is not None and each.ended_at <= now
    return each if has_ended else each._replace(ended_at=None, status="RUNNING")


def look(*weights: tuple[float, int | None], horizon_s: float | None = 5.0) -> JudgeExecutions:
    changes = tuple((BEGAN + timedelta(seconds=at_s), weight) for at_s, weight in weights or ((0.0, 50),))
    return JudgeExecutions(1, 2, PLAN, Policy(), horizon_s, changes)
