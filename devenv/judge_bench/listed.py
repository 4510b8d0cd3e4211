"""A rollout judged as the operator judges it: pages of executions in, a look each 30 s out, in this process."""

import gc
import time
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from devenv.judge_bench.whole import even_rollout
from sfn_rollouts.analysis import LOOK_EVERY_S, Execution, Plan, Policy
from sfn_rollouts.core.values.arn import AliasArn, Place, StateMachineArn
from sfn_rollouts.core.values.executions import Counted, CountedMinutes, ExecutionPage, ExecutionReading
from sfn_rollouts.core.values.looks import JudgeExecutions
from sfn_rollouts.engine.sources.judging import ExecutionsJudge
from sfn_rollouts.ports import LARGEST_PAGE, Urgency

LOOKS = 60
_PLAN = Plan(((0.1, 600.0), (0.5, 600.0)))
_WRITES = ((0.0, 10), (600.0, 50), (1200.0, 100))
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_ALIAS = StateMachineArn.parse("arn:aws:states:eu-west-1:123456789012:stateMachine:Orders").alias("live")
_STABLE, _TARGET = 1, 2
_PAGE = 1000
_ANSWERED_AFTER_S = 1.0
_KEPT_S = 200.0
"""So far back the lists of this world go: further than any walk, but for the first one."""


@dataclass
class _World:
    """A clock, and a feed whose pages were all made before: to make them is AWS's work, and that of reading answers."""

    pages: Mapping[int, Sequence[ExecutionPage]]
    look: int = 0

    def now(self) -> datetime:
        return _at(self.look * LOOK_EVERY_S + _ANSWERED_AFTER_S)

    def monotonic(self) -> float:
        return self.look * LOOK_EVERY_S

    def page(self, _: AliasArn, token: str | None, limit: int = LARGEST_PAGE) -> ExecutionPage:
        del limit  # four pages of 1,000 are wanted in any case
        return self.pages[self.look][int(token or 0)]

    def minutes(self, place: Place, wanted: Collection[Counted], since: datetime) -> CountedMinutes:
        raise NotImplementedError


def cpu_ms(*, has_durations: bool, executions: int = 100_000, times: int = 5) -> Sequence[float]:
    """Return the CPU milliseconds from AWS's pages to the verdict of one rollout of 30 minutes, measured a few times.

    Each walks back at each of 60 looks as far as the product does, so most executions stand on more than one page.
    """
    world = _World(_pages(*even_rollout(_PLAN, executions)))
    gc.collect()
    gc.freeze()  # an operator does not hold all pages of half an hour
    try:
        return [1000 * _judged(world, Policy(durations=has_durations)) for _ in range(times)]
    finally:
        gc.unfreeze()


def _judged(world: _World, policy: Policy) -> float:
    judge, used = ExecutionsJudge(world, world), 0.0
    for world.look in range(LOOKS + 1):
        written = tuple((_at(at), weight) for at, weight in _WRITES if at <= world.look * LOOK_EVERY_S)
        look = JudgeExecutions(_STABLE, _TARGET, _PLAN, policy, None, written)
        begun = time.process_time()
        judge.answer(_ALIAS, look, Urgency.BACKGROUND)
        used += time.process_time() - begun
    return used


def _pages(past: Sequence[Execution], begun: Sequence[Execution]) -> Mapping[int, Sequence[ExecutionPage]]:
    """Return what AWS lists at each look, newest first; `begun` by their start."""
    starts = [each.started_at for each in begun]
    long_ago = [_reading(f"past-{number}", each, 0.0) for number, each in enumerate(past)]
    pages = {}
    for look in range(LOOKS + 1):
        now = look * LOOK_EVERY_S + _ANSWERED_AFTER_S
        first, end = bisect_right(starts, now - _KEPT_S), bisect_right(starts, now)
        listed = [_reading(f"live-{number}", begun[number], now) for number in range(first, end)]
        listed += long_ago if first == 0 else []
        listed.sort(key=lambda each: each.ended_at or each.started_at, reverse=True)
        cut = [tuple(listed[at : at + _PAGE]) for at in range(0, len(listed), _PAGE)]
        pages[look] = [
            ExecutionPage(each, str(number) if number < len(cut) else None, _at(now))
            for number, each in enumerate(cut, start=1)
        ]
    return pages


def _reading(name: str, each: Execution, now: float) -> ExecutionReading:
    ended_at = each.ended_at if each.ended_at is not None and each.ended_at <= now else None
    return ExecutionReading(
        name,
        _TARGET if each.is_target else _STABLE,
        _at(each.started_at),
        _at(ended_at) if ended_at is not None else None,
        each.status.value if ended_at is not None else "RUNNING",
    )


def _at(seconds: float) -> datetime:
    return _BEGAN + timedelta(seconds=seconds)
