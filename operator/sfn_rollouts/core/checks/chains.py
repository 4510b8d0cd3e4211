"""The gates: small named checks in the order in which their findings count.

A check's name states its finding. TRIPS send a rollout back; HOLDS keep it from its next step.
"""

from collections.abc import Callable

from sfn_rollouts.api.status import Shortcut
from sfn_rollouts.core.case import Case, is_shortcut
from sfn_rollouts.core.checks.reach import foreign_account
from sfn_rollouts.core.values.commands import Action, by_words
from sfn_rollouts.core.values.findings import PASS, Finding, Hold, Trip
from sfn_rollouts.core.values.reasons import Reason


def abort_was_commanded(case: Case) -> Finding:
    """A person wants to go back: outranks everything."""
    if case.command is None or case.command.action is not Action.ABORT:
        return PASS
    return Trip(Reason.ABORTED, f"aborted{by_words(case.command.by)}", case.command.by)


def alarm_demands_rollback(case: Case) -> Finding:
    """By the policy of the alarm's finding. Going back to a recent stable version is not stopped by what it mends."""
    if is_shortcut(case.status, Shortcut.ROLLBACK_WINDOW):
        return PASS
    return case.alarms.trip or PASS


def deadline_is_exceeded(case: Case) -> Finding:
    """A due step was held up too long: a split alias is never left unattended. Waits for a person do not count."""
    deadline = case.deadline_at
    if deadline is None or case.now < deadline:
        return PASS
    held_by = case.status.message or "no reason is known"
    message = f"the next step was held up for longer than {case.spec.progress_deadline}: {held_by}"
    return Trip(Reason.PROGRESS_DEADLINE_EXCEEDED, message)


def approval_timed_out(case: Case) -> Finding:
    """Nobody promoted in time, and the plan does not say to go on. A promote that has come by now is in time."""
    approval, command = case.approval, case.command
    is_promoted = command is not None and command.action in (Action.PROMOTE, Action.PROMOTE_FULL)
    if approval is None or approval.goes_on or is_promoted or not case.is_approval_late:
        return PASS
    return Trip(Reason.APPROVAL_TIMED_OUT, f"nobody promoted step {case.status.step} within {approval.within}")


def target_was_changed(case: Case) -> Finding:
    """An alias holds two versions: the way to a third leads over the stable one."""
    if not case.is_target_changed:
        return PASS
    if case.spec.version == case.status.stable_version:
        return Trip(Reason.TARGET_WITHDRAWN, f"version {case.stable} is asked for again")
    return Trip(Reason.SUPERSEDED, f"version {case.spec.version} is asked for instead of version {case.target}")


def credentials_are_of_another_account(case: Case) -> Finding:
    """They were exchanged in flight: no step can be taken, and the way back is tried all the same."""
    return foreign_account(case.spec, case.seen) or PASS


def alarm_holds(case: Case) -> Finding:
    """What cannot be seen is a hold, never a pass."""
    return case.alarms.hold or PASS


def alarms_were_not_read_since_due(case: Case) -> Finding:
    """The last look is after the last wait, and never older than one poll: between poll and step an alarm may fire."""
    one_poll_ago = case.in_s(-case.seen.poll_interval_s)
    due = case.due_at if case.due_at is not None and case.due_at <= case.now else one_poll_ago
    if case.alarms.is_fresh(max(due, one_poll_ago)):
        return PASS
    return Hold(Reason.INITIALIZING, "the alarms are being read once more before the step")


Check = Callable[[Case], Finding]

TRIPS: tuple[Check, ...] = (
    abort_was_commanded,  # a person outranks everything, promote-full included
    alarm_demands_rollback,  # before the target's change: the history must name the alarm
    target_was_changed,  # before the deadline: going back for a new version is no failure
    approval_timed_out,  # likewise: who asks for another version has decided
    deadline_is_exceeded,  # whatever the cause of the hold
)
HOLDS: tuple[Check, ...] = (
    credentials_are_of_another_account,  # before the alarms, which cannot be seen because of it
    alarm_holds,  # says why for people
    alarms_were_not_read_since_due,  # lasts one reading
)


def first_trip(case: Case) -> Trip | None:
    """The finding that sends the rollout back, if any."""
    return next((finding for check in TRIPS if isinstance(finding := check(case), Trip)), None)


def first_hold(case: Case) -> Hold | None:
    """The finding that forbids the next step, if any.

    Neither a new alias nor the way back to a recent stable version waits for alarms: they may be why one goes back.
    """
    if is_shortcut(case.status, Shortcut.NEW_ALIAS, Shortcut.ROLLBACK_WINDOW):
        return None
    return next((finding for check in HOLDS if isinstance(finding := check(case), Hold)), None)
