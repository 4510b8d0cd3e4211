"""Where in the plan a rollout goes on after its steps or its weight were changed by somebody else."""

from sfn_rollouts.core.case import Case
from sfn_rollouts.core.plan import bake_index_of


def replanned(case: Case) -> Case:
    """Go on in an edited plan; a pending write is settled first. What bakes goes on baking."""
    if case.status.plan_hash == case.plan.digest or case.status.intent is not None:
        return case
    old_bake_index = bake_index_of(case.status.plan_hash or "")
    edited = case.having(plan_hash=case.plan.digest)
    if old_bake_index is not None and case.status.step_index == old_bake_index:
        return edited.having(step_index=case.plan.bake_index)
    return placed(edited)


def placed(case: Case) -> Case:
    """At the first step whose weight is not below the current one: its wait starts anew, or it is entered at once."""
    index = case.plan.first_not_below(case.weight)
    if case.plan.weight_at(index) == case.weight:
        return case.having(step_index=index, step_started_at=case.now, wait_ended_at=None, due_since=None)
    return case.having(step_index=index - 1 if index else None, wait_ended_at=case.now, due_since=None)
