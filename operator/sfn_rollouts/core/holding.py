"""A hold becomes a decision: phase, whether it is stalled, what is looked at meanwhile, when it is asked again."""

from sfn_rollouts.api.status import Phase
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.closing import close
from sfn_rollouts.core.rechecking import STALLED_MAX_S, look_again, target_again
from sfn_rollouts.core.staying import stay, summary_in_flight
from sfn_rollouts.core.values.conditions import ConditionValue, Summary
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.core.values.findings import Hold
from sfn_rollouts.core.values.looks import FindVersion, ReadAlias
from sfn_rollouts.core.values.reasons import Reason

_PHASES = {
    Reason.PAUSED: Phase.PAUSED,
    Reason.ACCESS_DENIED: Phase.FAILED,
    Reason.NOT_FOUND: Phase.FAILED,
    Reason.ACCESS_NOT_GRANTED: Phase.FAILED,
    Reason.ACCESS_AMBIGUOUS: Phase.FAILED,
    Reason.FOREIGN_ACCOUNT: Phase.FAILED,
    Reason.UNKNOWN_REGION: Phase.FAILED,
}
"""What is not here is Pending: it begins by itself once the hold is gone."""

_READING = "reading the alias, the version and the alarms"
"""One sentence for all that is read at the start: which of them is lacking yet is not worth a status write."""


def hold_before_looking(case: Case, hold: Hold) -> Decision:
    """Nothing is looked at, and no command obeyed. What was promoted stays so: the hold is no news of the alias."""
    case = case.refusing(hold.message)
    is_over = case.status.finished_at is not None and not case.is_target_changed
    return close(case, _summary(hold, hold.message), is_judged=False, promoted_stands=is_over)


def hold_start(case: Case, hold: Hold) -> Decision:
    """The first step may not be decided yet."""
    if hold.reason is Reason.INITIALIZING:
        return close(case, _summary(hold, _READING), looks=hold.looks, wakes=[hold.until])
    if _is_of_what_comes_first(hold):
        alias = ConditionValue.false(hold.reason, hold.message) if hold.reason is Reason.ALIAS_SPLIT else None
        summary = _summary(hold, hold.message)
        is_judged = not hold.needs_person or hold.reason is Reason.INTERNAL_ERROR  # which passes by itself, maybe
        return close(case, summary, looks=hold.looks, wakes=[hold.until], alias=alias, is_judged=is_judged)
    looks, wake = look_again(case, STALLED_MAX_S)
    if hold.reason is Reason.PREFLIGHT_FAILED:
        looks |= target_again(case, STALLED_MAX_S)
    summary = _summary(hold, f"not started: {hold.message}")
    return close(case, summary, looks=looks | hold.looks, wakes=[wake, hold.until], alias=_in_sync(case))


def hold_step(case: Case, hold: Hold) -> Decision:
    """A due step may not be taken. A reading that is merely not there yet is no news for people."""
    if hold.reason is Reason.INITIALIZING:
        return stay(case, looks=hold.looks, wakes=[hold.until])
    case = case.with_status(next_action_at=None)
    message = f"the next step is held: {hold.message}"
    summary = Summary(summary_in_flight(case).phase, hold.reason, message, is_stalled=hold.needs_person)
    return stay(case, summary=summary, looks=hold.looks, wakes=[hold.until])


def _summary(hold: Hold, message: str) -> Summary:
    return Summary(_PHASES.get(hold.reason, Phase.PENDING), hold.reason, message, is_stalled=hold.needs_person)


def _is_of_what_comes_first(hold: Hold) -> bool:
    """It waits for the alias or a version: it asks for them as often as it needs, and nothing else is asked yet."""
    return hold.reason is Reason.ALIAS_SPLIT or any(isinstance(look, ReadAlias | FindVersion) for look in hold.looks)


def _in_sync(case: Case) -> ConditionValue | None:
    if case.reading is None:
        return None
    return ConditionValue.true(Reason.IN_SYNC, f"the alias routes {case.reading.routing}")
