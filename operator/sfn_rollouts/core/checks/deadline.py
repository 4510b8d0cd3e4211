"""How long a due step may be held up."""

from sfn_rollouts.core.case import Case
from sfn_rollouts.core.values.findings import PASS, Finding, Trip
from sfn_rollouts.core.values.reasons import Reason


def deadline_is_exceeded(case: Case) -> Finding:
    """A due step was held up too long: a split alias is never left unattended. Waits for a person do not count."""
    deadline = case.deadline_at
    if deadline is None or case.now < deadline:
        return PASS
    held_by = case.status.message or "no reason is known"
    message = f"the next step was held up for longer than {case.spec.progress_deadline}: {held_by}"
    return Trip(Reason.PROGRESS_DEADLINE_EXCEEDED, message)
