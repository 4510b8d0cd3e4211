"""Where in the plan a rollout goes on after its steps or its weight were changed by somebody else."""

from sfn_rollouts.core.case import Case
from sfn_rollouts.core.values.plan import Plan, bake_index_of


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
    """At the step of the same weight, whose wait starts again; else the weight stays for a wait of the steps below it.

    To enter the next higher step at once would turn gentler steps into a jump: at 50 %, steps of 10 and 25 % leave only
    100 % above. A plan that begins above the present weight has no step below it, and begins at once.
    """
    index = case.plan.first_not_below(case.weight)
    if case.plan.weight_at(index) == case.weight:
        return case.having(step_index=index, step_started_at=case.now, wait_ended_at=None, due_since=None)
    if index == 0:
        return case.having(step_index=None, wait_ended_at=case.now, due_since=None)
    return case.having(
        step_index=_last_that_waits(case.plan, index), step_started_at=case.now, wait_ended_at=None, due_since=None
    )


def _last_that_waits(plan: Plan, below: int) -> int:
    """Return the last step before `below` that has a wait; where none has, the plan asks for no time anywhere."""
    return next((index for index in reversed(range(below)) if plan.wait_at(index) != 0), below - 1)
