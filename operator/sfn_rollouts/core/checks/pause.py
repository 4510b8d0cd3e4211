"""A person holds the rollout, by manifest or by command."""

from sfn_rollouts.core.beginning import beginning_of
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.schedule import pause_words
from sfn_rollouts.core.values.findings import PASS, Finding, Hold
from sfn_rollouts.core.values.reasons import Reason


def person_holds_the_start(case: Case) -> Finding:
    """A pause holds writes: what begins without one begins."""
    beginning = beginning_of(case)
    if not case.is_paused or beginning is None or not beginning.writes:
        return PASS
    return Hold(Reason.PAUSED, pause_words(case.spec, case.status))
