"""In flight: go back if anything says so, else stay, else advance by one step.

Order of what counts: abort, rollback, pause, promote, advance. A step begins with an intent in the status, then the
write, then its verification; only from then on does its clock run.
"""

from sfn_rollouts.api.spec import DriftPolicy
from sfn_rollouts.api.status import ApprovalTimeout, Intent, Phase, Shortcut
from sfn_rollouts.core.alias_state import AliasState
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.checks.chains import first_trip, hold_before_step, hold_that_promote_ends
from sfn_rollouts.core.closing import close
from sfn_rollouts.core.holding import hold_step
from sfn_rollouts.core.lacking_access import hold_without_access
from sfn_rollouts.core.memory import paused_since
from sfn_rollouts.core.rechecking import FRESH_S, look_again
from sfn_rollouts.core.replanning import placed, replanned
from sfn_rollouts.core.schedule import is_shortcut, pause_words
from sfn_rollouts.core.stages.commands_anywhere import obey_anywhere
from sfn_rollouts.core.stages.drifting import decide_drift
from sfn_rollouts.core.stages.restoring import start_restore
from sfn_rollouts.core.stages.single_write import decide_single_write
from sfn_rollouts.core.stages.succeeding import succeed
from sfn_rollouts.core.stages.writing import read_once_more, verified, write_intent
from sfn_rollouts.core.staying import stay
from sfn_rollouts.core.values.commands import Action
from sfn_rollouts.core.values.conditions import Summary
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.core.values.findings import Hold
from sfn_rollouts.core.values.looks import ReadAlias
from sfn_rollouts.core.values.moments import after
from sfn_rollouts.core.values.readings import Unseen
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.routing import Routing

WITHDRAW_AFTER_S = 15.0
"""A write that was under way when a pause came has either taken effect by then, or never will."""


def decide_in_flight(case: Case) -> Decision:
    """Return the next single transition of a rollout that has begun and has not tripped."""
    if case.is_single_write:
        return decide_single_write(case)
    case = _token_noted(case)
    trip = first_trip(case)
    if trip is not None:
        return start_restore(case, trip)
    case = _due_noted(_ended_early(_timeout_noted(_obey(replanned(case)))))
    return _overtaken(case) or _settle_intent(case) or decide_drift(case) or _wait(case) or _advance(case)


def _token_noted(case: Case) -> Case:
    """Acknowledge a new retryToken without acting on it; else it would retry the version right after a rollback."""
    return case.with_status(retry_token=case.spec.retry_token)


def _due_noted(case: Case) -> Case:
    """A step that was due while nobody looked was held up by nobody: the deadline counts from the first look.

    Nor does the time count during which a person held it.
    """
    return (
        case.with_status(due_since=case.now, next_action_at=None)
        if case.was_overlooked and not case.is_paused
        else case
    )


def _timeout_noted(case: Case) -> Case:
    """Nobody promoted in time, and the plan says to go on: from here on it is as if somebody had."""
    approval, ends_at = case.approval, case.approval_ends_at
    if approval is None or not approval.goes_on or not case.is_approval_late or ends_at is None:
        return case
    noted = ApprovalTimeout(step=case.status.step or "", at=ends_at)
    return case.with_status(wait_ended_at=ends_at, approval_timeout=noted)


def _ended_early(case: Case) -> Case:
    """A judge has seen enough of this step. A wait for a person is theirs, and so is a pause."""
    index, due = case.status.step_index, case.due_at
    is_waiting = index is not None and index < case.plan.last_index and due is not None and due > case.now
    is_over = any(judgement.ends_wait for judgement in case.judgements.values())
    return case.with_status(wait_ended_at=case.now) if is_waiting and is_over and not case.is_paused else case


def _overtaken(case: Case) -> Decision | None:
    """Before its first write somebody routed all traffic to the wanted version: there is nothing left to do.

    To hold would call an alias drifted that is as it is wanted. After a write that failed it may be our own.
    """
    is_untouched = case.status.step_index is None and case.status.intent is not None and case.weight == 0
    is_there = case.reading is not None and case.reading.routing == Routing.whole(case.target)
    is_foreign = case.alias_state is AliasState.FOREIGN and is_there
    if not (is_untouched and is_foreign) or case.seen.write_failure is not None:
        return None
    again = case.reset().with_status(pause_command=case.status.pause_command)
    message = "somebody else routed the alias before the first write; beginning from what it serves now"
    return close(again, Summary(Phase.PENDING, Reason.INITIALIZING, message))


# -- what a person commanded --


def _obey(case: Case) -> Case:
    match case.command.action if case.command is not None else None:
        case Action.PROMOTE | Action.PROMOTE_FULL if case.is_paused:
            return case.refusing(f"the rollout is paused: resume first ({pause_words(case.spec, case.status)})")
        case Action.PROMOTE | Action.PROMOTE_FULL if (hold := hold_without_access(case)) and hold.needs_person:
            return case.refusing(hold.message)
        case Action.PROMOTE:
            return _promoted(case)
        case Action.PROMOTE_FULL:
            return _fully_promoted(case)
        case _:
            return obey_anywhere(case)


def _promoted(case: Case) -> Case:
    due, hold = case.due_at, hold_that_promote_ends(case)
    if case.status.intent is None and hold is not None:
        return case.with_status(wait_ended_at=case.now).done(f"going on although {hold.message}")
    if case.status.intent is not None or (due is not None and due <= case.now):
        return case.done("the wait is over already; the conditions say what holds the next step")
    return case.with_status(wait_ended_at=case.now).done("the current wait is over")


def _fully_promoted(case: Case) -> Case:
    if case.status.step_index == case.plan.bake_index:
        return case.refusing("all traffic is on the target already; promote ends the bake")
    if is_shortcut(case.status, Shortcut.ROLLBACK_WINDOW):
        return case.refusing("all traffic goes to the target in one write already")
    ended_at = min(case.due_at or case.now, case.now) if hold_that_promote_ends(case) is None else case.now
    return case.with_status(shortcut=Shortcut.PROMOTE_FULL, wait_ended_at=ended_at).done(
        "going to 100 %, then the bake"
    )


# -- a write that is pending --


def _settle_intent(case: Case) -> Decision | None:
    """Verify it if it is live, withdraw it if a pause or an edit came first, else write it."""
    intent, routing, reading = case.status.intent, case.intended_routing, case.reading
    if intent is None or routing is None or case.alias_state is AliasState.MISSING:
        return None
    if case.alias_state is AliasState.APPLIED and reading is not None:
        return verified(case, intent, reading)
    if case.alias_state is AliasState.STALE:
        return read_once_more(case)
    if case.is_paused:
        return _withdrawn_by_pause(case)
    if case.status.plan_hash != case.plan.digest and case.seen.write_failure is None:
        return _withdrawn_by_edit(case, intent)
    if case.alias_state is AliasState.FOREIGN and case.spec.drift_policy is not DriftPolicy.REASSERT:
        return None
    return write_intent(case, routing)


def _withdrawn_by_edit(case: Case, intent: Intent) -> Decision:
    """Its steps have been edited since. No try has failed, so if a later look does not show it, it was not made."""
    if case.reading is None or case.reading.read_at < intent.at:
        return stay(case, looks=[ReadAlias()])
    return stay(case.with_status(intent=None))


def _withdrawn_by_pause(case: Case) -> Decision:
    """Find out whether it was written before the pause, then forget it. Nothing is written while paused."""
    settled_at = after(paused_since(case.status) or case.now, WITHDRAW_AFTER_S)
    if case.now < settled_at:
        return stay(case, wakes=[settled_at])
    if case.reading is None or case.reading.read_at < settled_at:
        return stay(case, looks=[ReadAlias()])
    if case.status.step_index is not None:
        return stay(case.with_status(intent=None))
    again = case.reset().with_status(pause_command=case.status.pause_command)
    summary = Summary(Phase.PAUSED, Reason.PAUSED, f"not started: {pause_words(case.spec, case.status)}")
    return close(again, summary)


# -- stay, or go on --


def _wait(case: Case) -> Decision | None:
    due = case.due_at
    if case.is_paused:
        return stay(case.with_status(next_action_at=None))
    if due is None:
        return stay(case.with_status(next_action_at=case.approval_ends_at))
    if case.now < due:
        return stay(case.with_status(next_action_at=due), wakes=[due])
    return None


def _advance(case: Case) -> Decision:
    """The wait is over: read the alarms once more, then one position further."""
    hold = hold_before_step(case)
    if hold is not None:
        return hold_step(case, hold)
    index = case.plan.next_index(case.status.step_index, case.status.shortcut)
    if index >= case.plan.bake_index and case.weight < 100:
        return stay(placed(case))  # a status that makes no sense must not end on a split alias
    if index > case.plan.bake_index or (index == case.plan.bake_index and not case.plan.bake_s):
        return _end(case)
    case = case.with_status(next_action_at=None)
    weight = case.plan.weight_at(index)
    if weight > case.weight:
        return stay(case.with_status(intent=Intent(weight=weight, step_index=index, at=case.now)))
    entered = case.with_status(step_index=index, step_started_at=case.now, wait_ended_at=None, due_since=None)
    return stay(entered)


def _end(case: Case) -> Decision:
    """A success is reported of an alias that was just read: since the last write somebody may have routed it away."""
    fact = case.seen.alias
    if isinstance(fact, Unseen):
        return hold_step(case, Hold(Reason.RETRYING_AWS, f"the alias could not be read: {fact.why}"))
    looks, _ = look_again(case, FRESH_S)
    return stay(case, looks=looks) if looks else succeed(case)
