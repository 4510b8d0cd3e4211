"""What the judges say, and whether their evidence is recent enough."""

from sfn_rollouts.api.status import Shortcut
from sfn_rollouts.core.beginning import Beginning, beginning_of
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.schedule import is_shortcut
from sfn_rollouts.core.values.findings import PASS, Finding, Hold
from sfn_rollouts.core.values.reasons import Reason


def judge_demands_rollback(case: Case) -> Finding:
    """By the policy of the finding. A fast rollback ignores it: it may be the reason why one goes back."""
    if is_shortcut(case.status, Shortcut.ROLLBACK_WINDOW):
        return PASS
    return case.judged_trip or PASS


def judge_holds(case: Case) -> Finding:
    """What cannot be seen is a hold, never a pass."""
    return (case.judged_hold or PASS) if _waits_for_judges(case) else PASS


def evidence_is_older_than_due(case: Case) -> Finding:
    """The last look is after the last wait, and never older than one poll: between poll and step an alarm may fire."""
    one_poll_ago = case.in_seconds(-case.seen.poll_interval_s)
    due = case.due_at if case.due_at is not None and case.due_at <= case.now else one_poll_ago
    old = [each for each in case.judgements.values() if not each.is_fresh(max(due, one_poll_ago))]
    if not old or not _waits_for_judges(case):
        return PASS
    looks = frozenset(look for each in old for look in each.refresh)
    return Hold(Reason.INITIALIZING, "the alarms are being read once more before the step", looks=looks)


def _waits_for_judges(case: Case) -> bool:
    """Before the start only where it goes by steps: a new alias has no traffic, and alarms may be why one goes back."""
    return case.has_started or beginning_of(case) is Beginning.STEPS
