"""Where in the plan a rollout goes on after its steps or its weight were changed by somebody else."""

from typing import TypeVar

from sfn_rollouts.core.schedule import Schedule
from sfn_rollouts.core.values.plan import Plan, bake_index_of

Same = TypeVar("Same", bound=Schedule)


def replanned(schedule: Same) -> Same:
    """Go on in an edited plan; a pending write is settled first. What bakes goes on baking."""
    if schedule.status.plan_hash == schedule.plan.digest or schedule.status.intent is not None:
        return schedule
    old_bake_index = bake_index_of(schedule.status.plan_hash or "")
    edited = schedule.with_status(plan_hash=schedule.plan.digest)
    if old_bake_index is not None and schedule.status.step_index == old_bake_index:
        return edited.with_status(step_index=schedule.plan.bake_index)
    return placed(edited)


def placed(schedule: Same) -> Same:
    """At the step of the same weight, whose wait starts again; else the weight stays for a wait of the steps below it.

    To enter the next higher step at once would turn gentler steps into a jump: at 50 %, steps of 10 and 25 % leave only
    100 % above. A plan that begins above the present weight has no step below it, and begins at once.
    """
    index = schedule.plan.first_not_below(schedule.weight)
    if schedule.plan.weight_at(index) == schedule.weight:
        return schedule.with_status(step_index=index, step_started_at=schedule.now, wait_ended_at=None, due_since=None)
    if index == 0:
        return schedule.with_status(step_index=None, wait_ended_at=schedule.now, due_since=None)
    return schedule.with_status(
        step_index=_last_that_waits(schedule.plan, index),
        step_started_at=schedule.now,
        wait_ended_at=None,
        due_since=None,
    )


def _last_that_waits(plan: Plan, below: int) -> int:
    """Return the last step before `below` that has a wait; where none has, the plan asks for no time anywhere."""
    return next((index for index in reversed(range(below)) if plan.wait_at(index) != 0), below - 1)
