"""What the judge of executions needs of a spec: its policy, and the steps that it can learn from."""

from sfn_rollouts import analysis
from sfn_rollouts.api.analysis import AUTO, Analysis
from sfn_rollouts.api.durations import Duration
from sfn_rollouts.core.values.plan import Plan

APPROVAL_S = 600.0
"""What a wait for a person counts in the plan of the judge; whatever it takes longer is overtime."""


def policy_of(spec: Analysis) -> analysis.Policy:
    """Return the judge's policy of `spec.analysis`."""
    return analysis.Policy(
        false_alarm_rate=spec.false_alarm_rate.fraction,
        margin=spec.margin.fraction,
        tolerance=spec.tolerance.fraction,
        durations=spec.durations,
        count_aborted=spec.count_aborted,
    )


def judged_plan(plan: Plan) -> analysis.Plan:
    """Return the steps below 100 %. What comes before the first weight gives no traffic to the target, so no evidence.

    A wait for a person counts as ten minutes.
    """
    return analysis.Plan(
        tuple(
            (step.weight / 100, step.wait_s if step.wait_s is not None else APPROVAL_S)
            for step in plan.steps
            if 0 < step.weight < 100
        )
    )


def fixed_horizon_s(spec: Analysis) -> float | None:
    """Return the horizon in seconds, None where it follows from the past."""
    return Duration(spec.horizon).seconds if spec.horizon != AUTO else None
