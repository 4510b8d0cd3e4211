"""A rollout judged again: what the judge would have said, and when."""

import math
from collections.abc import Iterator, Sequence

from sfn_rollouts.analysis.before import Before
from sfn_rollouts.analysis.counting import CountJudging, Minute
from sfn_rollouts.analysis.judging import Judging
from sfn_rollouts.analysis.plan import Plan
from sfn_rollouts.analysis.values import LOOK_EVERY_S, SETTLE_S, Execution, Judgement, Policy, Reported


def changes(
    policy: Policy, plan: Plan, horizon_s: float, past: Sequence[Execution], executions: Sequence[Execution]
) -> Iterator[Judgement]:
    """Return the judgement at the first look, and at each one whose verdict is another than the one before.

    The last look is where the last execution is judged, or where the plan ends.
    """
    judging = Judging(policy, plan, horizon_s, past)
    judging.take(executions)
    last_start = max((each.started_at for each in executions if math.isfinite(each.started_at)), default=0.0)
    return _changes(judging, max(plan.length, last_start + horizon_s + SETTLE_S))


def changes_by_minute(policy: Policy, plan: Plan, before: Before, minutes: Sequence[Minute]) -> Iterator[Judgement]:
    """Yield the same of executions that are only counted."""
    judging = CountJudging(policy, plan, before)
    judging.take(minutes)
    last_minute = max((each.at for each in minutes if each.weight is not None), default=0.0)
    return _changes(judging, max(plan.length, last_minute + Reported.COUNTED.late_s))


def _changes(judging: Judging | CountJudging, until: float) -> Iterator[Judgement]:
    verdict = None
    for look in range(math.ceil(until / LOOK_EVERY_S) + 1):
        judgement = judging.look(look * LOOK_EVERY_S)
        if judgement.verdict is not verdict:
            verdict = judgement.verdict
            yield judgement
