"""A rollout judged again from its executions: what the judge would have said, and when."""

import math
from collections.abc import Iterator, Sequence

from sfn_rollouts.analysis.judging import Judging
from sfn_rollouts.analysis.plan import Plan
from sfn_rollouts.analysis.values import LOOK_EVERY_S, SETTLE_S, Execution, Judgement, Policy


def changes(
    policy: Policy, plan: Plan, horizon_s: float, past: Sequence[Execution], executions: Sequence[Execution]
) -> Iterator[Judgement]:
    """Yield the judgement at the first look, and at each one whose verdict is another than the one before.

    The last look is where the last execution is judged, or where the plan ends.
    """
    judging = Judging(policy, plan, horizon_s, past)
    judging.take(executions)
    verdict = None
    for look in range(_last_look(plan, horizon_s, executions) + 1):
        judgement = judging.look(look * LOOK_EVERY_S)
        if judgement.verdict is not verdict:
            verdict = judgement.verdict
            yield judgement


def _last_look(plan: Plan, horizon_s: float, executions: Sequence[Execution]) -> int:
    last_start = max((each.started_at for each in executions if math.isfinite(each.started_at)), default=0.0)
    return math.ceil(max(plan.length, last_start + horizon_s + SETTLE_S) / LOOK_EVERY_S)
