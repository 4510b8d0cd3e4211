"""(9) No wait is shortened, and no approval ends before its time."""

from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.status import Shortcut
from sfn_rollouts.core.values.plan import compile_plan
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.sim.history import Decided, History
from sfn_rollouts.sim.timeline import us

_ROUNDING_US = 5_000


def no_wait_ends_early(history: History, decided: Decided) -> str | None:
    """(9) No bake and no pause ends before its time, in true seconds, whatever the host's wall clock does meanwhile.

    Two processes may disagree about the time, by as much as their hosts' clocks did when they started.
    """
    before, spec = decided.rollout.status, decided.rollout.spec
    is_timed_out = _times_out(decided)
    if not isinstance(spec, Spec) or not (is_timed_out or _goes_on(decided)) or before.step_index is None:
        return None
    plan = compile_plan(spec)
    if before.plan_hash != plan.digest or before.step_index > plan.bake_index:
        return None
    timeout, entered = plan.timeout_at(before.step_index), _entered(history, decided)
    if is_timed_out and timeout is None:
        return f"step {before.step_index} has no timeout, and timed out"
    wait_s = timeout.within.seconds if is_timed_out and timeout is not None else plan.wait_at(before.step_index)
    if wait_s is None:
        return f"step {before.step_index} waits for a person, and went on"
    if entered is None:
        return None
    waited_us = decided.at_us - entered.at_us
    allowed_us = abs(decided.clock_error_us - entered.clock_error_us) + _ROUNDING_US
    if waited_us + allowed_us >= us(wait_s):
        return None
    return f"step {before.step_index} waited {waited_us / 1e6:.3f} s instead of {wait_s} s"


def _times_out(decided: Decided) -> bool:
    """Whether this decision ends an approval because nobody gave it, by going back or on."""
    before, after = decided.rollout.status, decided.decision.status
    goes_back = after.trip is not None and after.trip != before.trip and after.trip.reason == Reason.APPROVAL_TIMED_OUT
    goes_on = after.approval_timeout is not None and after.approval_timeout != before.approval_timeout
    return goes_back or goes_on


def _goes_on(decided: Decided) -> bool:
    """Whether this decision leaves its position upward by the plan alone."""
    before, after = decided.rollout.status, decided.decision.status
    is_by_person = before.wait_ended_at is not None or after.wait_ended_at is not None
    is_commanded = before.last_command != after.last_command or before.shortcut in (
        Shortcut.PROMOTE_FULL, Shortcut.ROLLBACK_WINDOW, Shortcut.NEW_ALIAS, Shortcut.REASSERT,
    )  # fmt: skip
    is_adopted = before.intent is None and after.weight != before.weight  # goes on from where somebody else put it
    is_back = after.trip is not None or before.trip is not None or after.target_version != before.target_version
    if (
        is_by_person
        or is_commanded
        or is_adopted
        or is_back
        or before.started_at is None
        or before.finished_at is not None
    ):
        return False
    position = before.step_index if before.step_index is not None else -1
    intended = after.intent.step_index if after.intent is not None and before.intent is None else -1
    is_further = intended > position or (before.intent is None and (after.step_index or 0) > position)
    return is_further or (after.finished_at is not None and after.outcome is not None and after.outcome.has_promoted)


def _entered(history: History, decided: Decided) -> Decided | None:
    """The decision that began the step, as its process saw the time; an edit may have given it another index since."""
    before = decided.rollout.status
    wanted = (before.started_at, before.step_started_at)
    for each in history.decided:
        after = each.decision.status
        if (after.started_at, after.step_started_at) == wanted:
            return each
    return None
