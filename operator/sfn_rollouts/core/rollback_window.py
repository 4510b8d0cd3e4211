"""spec.rollbackWindow: which versions were stable so recently that going back to them needs no steps."""

from datetime import datetime

from sfn_rollouts.api.status import Outcome
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.moments import after


def is_recent_stable(case: Case, stable: int) -> bool:
    """Whether the wanted version lies in the window, seen from the version that is live."""
    window, former = case.spec.rollback_window, _former_stables(case, stable)
    if window is None or case.spec.version not in former:
        return False
    rank = list(former).index(case.spec.version) + 1
    is_near = window.revisions is None or rank <= window.revisions
    return is_near and (window.within is None or case.now <= after(former[case.spec.version], window.within.seconds))


def _former_stables(case: Case, stable: int) -> dict[int, datetime]:
    """Versions that were stable before, newest first, with the moment when each ceased to be.

    One that a person went back from is none: to return to it in one write would repeat what was just undone.
    """
    former: dict[int, datetime] = {}
    for entry in case.status.history:
        left = entry.stable_version
        was_replaced = entry.outcome in (Outcome.PROMOTED, Outcome.FAST_PROMOTED)
        if was_replaced and left is not None and left != stable and left not in former:
            former[left] = entry.finished_at
    return former
