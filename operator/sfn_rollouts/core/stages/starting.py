"""Pending: is there anything to do, and may it begin?"""

from typing import Any

from sfn_rollouts.api.preflight import Verdict
from sfn_rollouts.api.status import Intent, Outcome, Phase, Shortcut
from sfn_rollouts.core.alias_state import alias_status
from sfn_rollouts.core.beginning import Beginning, beginning_of
from sfn_rollouts.core.case import NOTHING_PENDING, Case
from sfn_rollouts.core.checks.chains import BEFORE_START, first_hold
from sfn_rollouts.core.closing import close, finish
from sfn_rollouts.core.holding import hold_start
from sfn_rollouts.core.judges.preflight import found_of_target, smoke_of_target
from sfn_rollouts.core.stages.commands_anywhere import obey_anywhere
from sfn_rollouts.core.stages.taking_over import take_over
from sfn_rollouts.core.staying import summary_in_flight
from sfn_rollouts.core.values.commands import Action, by_words
from sfn_rollouts.core.values.conditions import ConditionValue, Summary
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.core.values.readings import AliasMissing, AliasReading
from sfn_rollouts.core.values.reasons import Reason


def decide_start(case: Case) -> Decision:
    """Ask what keeps it from beginning, one check after the other; then begin by what the alias serves."""
    if case.is_target_changed or case.is_retry_asked or case.status.started_at is not None:
        case = case.reset()
    case = _obey(case)
    if case.command is not None and case.command.action is Action.ABORT:
        return take_over(case) or _abort(case, case.command.by)
    case = _with_smoke_attempt(case)
    hold = first_hold(BEFORE_START, case)
    if hold is not None:
        return hold_start(case, hold)
    beginning = beginning_of(case)
    if beginning is Beginning.UP_TO_DATE:
        return _up_to_date(case)
    return take_over(case) or _begin(case, _SHORTCUTS.get(beginning))


_SHORTCUTS: dict[Beginning | None, Shortcut] = {
    Beginning.NEW_ALIAS: Shortcut.NEW_ALIAS,
    Beginning.ROLLBACK_WINDOW: Shortcut.ROLLBACK_WINDOW,
}


def _obey(case: Case) -> Case:
    if case.command is not None and case.command.action in (Action.PROMOTE, Action.PROMOTE_FULL):
        return case.refusing("the rollout has not begun; its conditions say what it waits for")
    if case.command is not None and case.command.action is Action.RETRY and _is_blocked_by_preflight(case):
        return _without_failed_smoke(case).done(f"version {case.target} is looked at again")
    return obey_anywhere(case)


def _is_blocked_by_preflight(case: Case) -> bool:
    found = found_of_target(case.spec, case.status)
    return found is not None and found.verdict is Verdict.FAILED


def _with_smoke_attempt(case: Case) -> Case:
    """Decide on an attempt where a smoke is wanted and there is none. Whoever edits a failed one away gets another."""
    if case.generation != case.status.observed_generation:
        case = _without_failed_smoke(case)
    is_wanted = case.spec.preflight is not None and case.spec.preflight.smoke is not None
    if not is_wanted or case.status.smoke_attempt is not None or not _goes_to_something_new(case):
        return case
    return case.with_status(smoke_attempt=case.now)


def _without_failed_smoke(case: Case) -> Case:
    known = smoke_of_target(case.spec, case.status)
    has_failed = known is not None and known.verdict is Verdict.FAILED
    return case.with_status(smoke_attempt=None) if has_failed else case


def _goes_to_something_new(case: Case) -> bool:
    """Known once the alias and the version have been read: whether it was stable a moment ago hangs on its date."""
    if not isinstance(case.seen.alias, AliasReading | AliasMissing) or case.created_at(case.spec.version) is None:
        return False
    beginning = beginning_of(case)
    return beginning is not None and beginning.is_something_new


def _abort(case: Case, by: str | None) -> Decision:
    """Nothing has begun: traffic stays on the version that the alias serves, wherever that came from."""
    served = case.reading.routing.sole if case.reading is not None else None
    case = case.with_stable(served) if served is not None else case
    message = (
        f"aborted{by_words(by)} before version {case.target} got any traffic; nothing was written; "
        "change spec.version or spec.retryToken, or send retry"
    )
    ended = finish(case.done(message), Outcome.ABORTED, Reason.ABORTED, by, weight=0)
    return close(ended, Summary(Phase.ROLLED_BACK, Reason.ABORTED, message, is_stalled=True), is_judged=False)


def _up_to_date(case: Case) -> Decision:
    version = case.spec.version
    message = f"alias {case.spec.alias} already serves version {version}; nothing was written"
    ended = case.with_stable(version).with_status(
        **NOTHING_PENDING,
        target_creation_date=case.created_at(version),
        weight=100,
        finished_at=case.now,
        alias=alias_status(case.reading),
        **case.nothing_judged,
    )
    summary = Summary(Phase.SUCCEEDED, Reason.UP_TO_DATE, message)
    return close(ended, summary, alias=_in_sync(case), is_judged=False)


# -- the beginning --


def _begin(case: Case, shortcut: Shortcut | None) -> Decision:
    """From here on the alias is this rollout's to look after. The intent says which write comes first."""
    stable = case.reading.routing.sole if case.reading is not None else None
    index = 0 if shortcut is None else case.plan.last_index
    begun = case.with_stable(stable or case.spec.version).with_status(
        **{**NOTHING_PENDING, **_entered(case, index), "shortcut": shortcut, "due_since": case.now},
        started_at=case.now,
        target_creation_date=case.created_at(case.spec.version),
        weight=0,
        plan_hash=case.plan.digest,
        alias=alias_status(case.reading),
    )
    # The same words as in the next decision: with others the status would be written twice before the first shift.
    return close(begun, summary_in_flight(begun), alias=_in_sync(case))


def _entered(case: Case, index: int) -> dict[str, Any]:
    """A first step without traffic needs no write: its clock runs at once."""
    weight = case.plan.weight_at(index)
    if weight == 0:
        return {"step_index": index, "step_started_at": case.now}
    return {"intent": Intent(weight=weight, step_index=index, at=case.now)}


def _in_sync(case: Case) -> ConditionValue | None:
    if case.reading is None:
        return None
    return ConditionValue.true(Reason.IN_SYNC, f"the alias routes {case.reading.routing}")
