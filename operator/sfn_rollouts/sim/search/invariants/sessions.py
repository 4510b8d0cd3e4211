"""(23) A role's calls are made in a session of that role, and where there is none people see why."""

from sfn_rollouts.core.memory import was_wait_noted
from sfn_rollouts.core.values.conditions import READY, condition
from sfn_rollouts.core.values.identity import Caller
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.sim.history import Decided, History, Served, SessionRefused
from sfn_rollouts.sim.search.invariants.restoring import tripped_us
from sfn_rollouts.sim.sessions import GET_CALLER_IDENTITY
from sfn_rollouts.sim.timeline import us

_WAITS_FOR_AWS = (
    Reason.ACCESS_DENIED,
    Reason.BAKING,
    Reason.INITIALIZING,
    Reason.RETRYING_AWS,
    Reason.ROLLBACK_FAILED,
    Reason.ROLLBACK_IN_PROGRESS,
    Reason.SHIFT_IN_PROGRESS,
)
_SHARED = Caller().session_name
_SHOWN_WITHIN_S, _RECENT_S = 60.0, 10.0


def what_is_served_for_a_role_is_signed_by_its_session(history: History, served: Served) -> str | None:
    """(23) Each call that AWS takes is signed for whom it is made: by a session of that caller, opened by the same
    process and good at that moment; for the operator itself by its own keys.
    """
    whose, session = served.for_whom, served.session
    if not whose.identity.role:
        return f"{served.api} for the operator itself was signed by {session}" if session is not None else None
    if session is None:
        return f"{served.api} for {whose.identity} was signed by the operator itself"
    is_opened = any(each.session is session and each.process == served.process for each in history.opened)
    if session.caller == whose and is_opened and session.opened_us <= served.at_us < session.ends_us:
        return None
    return f"{served.api} for {whose} was signed by {session}"


def a_role_that_is_refused_is_named(history: History, decided: Decided) -> str | None:
    """(23) Where AWS refuses a session to a rollout for a minute, its status says so: nobody looks elsewhere.

    One that waits for something else, like a person or an alarm, says that first. Who verifies the role for its
    AWSAccess says it there: what a rollout looks at while it waits for its next step holds nothing before that is due.
    """
    status, ready = decided.decision.status, condition(decided.decision.status, READY)
    mine = [each for each in history.refused if each.process == decided.process and _is_of_a_rollout(each)]
    if not mine or history.rivals or status.finished_at is not None:
        return None
    if ready is None or ready.reason not in _WAITS_FOR_AWS:
        return None
    last, served_us = mine[-1], history.served_us.get((decided.process, mine[-1].for_whom), 0)
    tripped_at_us = tripped_us(history) if status.trip is not None else 0
    since_us = max(
        served_us, history.edits[-1].at_us, history.accesses[-1].at_us, tripped_at_us, _waited_until_us(history)
    )
    refused_us = [each.at_us for each in mine if each.at_us > since_us and each.for_whom == last.for_whom]
    is_lasting = bool(refused_us) and decided.at_us - refused_us[0] > us(_SHOWN_WITHIN_S)
    is_recent = bool(refused_us) and decided.at_us - refused_us[-1] <= us(_RECENT_S)
    if not (is_lasting and is_recent) or _was_named(history, decided):
        return None
    return (
        f"{last.for_whom.identity} was refused since {refused_us[0] / 1e6:.3f} s, and the status says {ready.message}"
    )


def _is_of_a_rollout(refused: SessionRefused) -> bool:
    return refused.for_whom.session_name != _SHARED and refused.api != GET_CALLER_IDENTITY


def _waited_until_us(history: History) -> int:
    """When it last waited for the time of its next step."""
    decided = reversed(history.decided)
    return next((each.at_us for each in decided if was_wait_noted(each.decision.status)), 0)


def _was_named(history: History, decided: Decided) -> bool:
    """Whether it says so, or did a moment ago: while it looks again it says what it is about to do."""
    for each in reversed(history.decided):
        if each.at_us < decided.at_us - us(_RECENT_S):
            return False
        ready = condition(each.decision.status, READY)
        if ready is not None and "AssumeRole" in (ready.message or ""):
            return True
    return False
