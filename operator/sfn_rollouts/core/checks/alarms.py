"""What the watched alarms say, and whether they were asked recently enough."""

from dataclasses import replace
from typing import Any

from sfn_rollouts.api.status import Shortcut
from sfn_rollouts.core.beginning import Beginning, beginning_of
from sfn_rollouts.core.case import Case, is_shortcut
from sfn_rollouts.core.values.findings import PASS, Finding, Hold
from sfn_rollouts.core.values.looks import Look, ReadAlarms
from sfn_rollouts.core.values.reasons import Reason


def alarm_demands_rollback(case: Case) -> Finding:
    """By the policy of the alarm's finding. A fast rollback ignores alarms: they may be the reason for it."""
    if is_shortcut(case.status, Shortcut.ROLLBACK_WINDOW):
        return PASS
    return case.alarms.trip or PASS


def alarm_holds(case: Case) -> Finding:
    """What cannot be seen is a hold, never a pass."""
    hold = case.alarms.hold
    if hold is None or not _waits_for_alarms(case):
        return PASS
    return replace(hold, looks=_reading(case)) if hold.reason is Reason.INITIALIZING else hold


def alarms_were_not_read_since_due(case: Case) -> Finding:
    """The last look is after the last wait, and never older than one poll: between poll and step an alarm may fire."""
    one_poll_ago = case.in_s(-case.seen.poll_interval_s)
    due = case.due_at if case.due_at is not None and case.due_at <= case.now else one_poll_ago
    if not _waits_for_alarms(case) or case.alarms.is_fresh(max(due, one_poll_ago)):
        return PASS
    return Hold(Reason.INITIALIZING, "the alarms are being read once more before the step", looks=_reading(case))


def _waits_for_alarms(case: Case) -> bool:
    """Before the start only where it goes by steps: a new alias has no traffic, and alarms may be why one goes back."""
    return case.has_started or beginning_of(case) is Beginning.STEPS


def _reading(case: Case) -> frozenset[Look[Any]]:
    """Where a history is to be read, the reading that it explains is there already."""
    return frozenset() if case.alarms.needs_history else frozenset({ReadAlarms()})
