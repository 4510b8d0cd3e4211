"""The announcement when the steps are edited while traffic is split: where it was, where it is, what happens next."""

from sfn_rollouts.api.status import Status
from sfn_rollouts.core.values.conditions import PAUSED, is_true
from sfn_rollouts.core.values.plan import Plan
from sfn_rollouts.durations import written


def edit_announced(before: Status, after: Status, plan: Plan | None) -> str | None:
    """Return one sentence, None where no steps were edited. `plan` is that of the spec which `after` was decided on.

    A plan hash that moves says so, once: it is stored with the position that it belongs to.
    """
    is_edit = before.plan_hash is not None and before.plan_hash != after.plan_hash
    if plan is None or not is_edit or after.plan_hash != plan.digest or not _is_split_throughout(before, after):
        return None
    was = f"the steps were edited at step {before.step or '-'} with {before.weight} %"
    if after.intent is not None:
        return f"{was}: goes on at once with {_named(plan, after.intent.step_index)}"
    following = min(plan.next_index(after.step_index, after.shortcut), plan.last_index)
    when = f"{_when(after, plan)}{', when it is resumed' if is_true(after, PAUSED) else ''}"
    return f"{was}: stays at {after.weight} %{_place(after)}; {_named(plan, following)} is next, {when}"


def _is_split_throughout(before: Status, after: Status) -> bool:
    is_one_rollout = after.started_at == before.started_at
    is_under_way = after.is_in_flight and after.trip is None
    return is_one_rollout and is_under_way and 0 < (before.weight or 0) < 100 and 0 < (after.weight or 0) < 100


def _named(plan: Plan, index: int) -> str:
    return f"step {plan.label(index)} ({plan.weight_at(index)} %)"


def _place(after: Status) -> str:
    return f" in step {after.step}" if after.step_index is not None else ""


def _when(after: Status, plan: Plan) -> str:
    wait_s = plan.wait_at(after.step_index) if after.step_index is not None else 0.0
    if after.wait_ended_at is not None or wait_s == 0:
        return "at once"
    if wait_s is None:
        return "as soon as somebody promotes"
    return f"after a wait of {written(wait_s)}"
