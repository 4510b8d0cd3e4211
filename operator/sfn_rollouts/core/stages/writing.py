"""A forward write whose intent stands in the status: write it, and note it once it has been read back."""

from sfn_rollouts.api.status import Intent, Shortcut
from sfn_rollouts.core.alias_state import alias_status
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.checks.chains import hold_before_step
from sfn_rollouts.core.holding import hold_step
from sfn_rollouts.core.rechecking import STALE_RETRY_S, look_again, looks_if_gone
from sfn_rollouts.core.schedule import is_shortcut
from sfn_rollouts.core.staying import stay, summary_in_flight
from sfn_rollouts.core.values.conditions import Summary
from sfn_rollouts.core.values.decision import Decision, Write, WriteKind
from sfn_rollouts.core.values.readings import AliasReading, Trouble, WriteFailure
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.routing import Routing


def write_intent(case: Case, routing: Routing) -> Decision:
    """Write, if the gates allow it now: they may have closed since the intent was noted."""
    hold = hold_before_step(case)
    if hold is not None:
        return hold_step(case, hold)
    failure = case.seen.write_failure
    summary = _failed(case, failure) if failure is not None and failure.trouble is not Trouble.CONFLICT else None
    return stay(case, write=_write(case, routing), summary=summary, looks=looks_if_gone(case))


def _write(case: Case, routing: Routing) -> Write:
    if is_shortcut(case.status, Shortcut.NEW_ALIAS):
        return Write(WriteKind.CREATE, routing)
    expected = case.reading.routing if case.reading is not None else case.known_routing
    return Write(WriteKind.FORWARD, routing, expected)


_FAILED = {
    Trouble.TRANSIENT: Reason.RETRYING_AWS,
    Trouble.DENIED: Reason.ACCESS_DENIED,
    Trouble.GONE: Reason.NOT_FOUND,
}


def _failed(case: Case, failure: WriteFailure) -> Summary:
    reason = _FAILED.get(failure.trouble, Reason.INTERNAL_ERROR)
    message = f"the alias could not be written: {failure.why}; trying again"
    is_stalled = failure.trouble is not Trouble.TRANSIENT
    return Summary(summary_in_flight(case).phase, reason, message, is_stalled=is_stalled)


def read_once_more(case: Case) -> Decision:
    """The answer is older than what we know of: it says nothing."""
    looks, wake = look_again(case, STALE_RETRY_S)
    return stay(case, looks=looks, wakes=[wake])


def verified(case: Case, intent: Intent, reading: AliasReading) -> Decision:
    """The alias has been read back as intended: the step's clock starts now."""
    entered = case.with_status(
        step_index=intent.step_index,
        step_started_at=case.now,
        weight=reading.routing.weight_of(case.target),
        intent=None,
        wait_ended_at=None,
        due_since=None,
        next_action_at=None,
        alias=alias_status(reading),
    )
    return stay(entered)
