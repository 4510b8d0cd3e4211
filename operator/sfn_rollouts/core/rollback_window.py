"""spec.rollbackWindow: which versions were stable so recently that going back to them needs no steps."""

from sfn_rollouts.api.status import HistoryEntry
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.values.moments import after


def is_recent_stable(case: Case, stable: int) -> bool:
    """Whether the wanted version lies in the window, seen from the version that is live."""
    window, former = case.spec.rollback_window, _former_stables(case, stable)
    if window is None or case.spec.version not in former:
        return False
    replaced = former[case.spec.version]
    rank = list(former).index(case.spec.version) + 1
    is_near = window.revisions is None or rank <= window.revisions
    is_recent = window.within is None or case.now <= after(replaced.finished_at, window.within.seconds)
    return is_near and is_recent and _is_the_same(case, replaced)


def _is_the_same(case: Case, replaced: HistoryEntry) -> bool:
    """Whether what was stable then is what is found under that number now.

    Else the new code of a state machine that was created again would get all traffic at once. Unknown is not the same.
    """
    created_at = case.created_at(case.spec.version)
    return created_at is not None and created_at == replaced.stable_creation_date


def _former_stables(case: Case, stable: int) -> dict[int, HistoryEntry]:
    """Versions that were stable before, newest first, with the rollout by which each ceased to be.

    One that a person went back from is none: to return to it in one write would repeat what was just undone.
    """
    former: dict[int, HistoryEntry] = {}
    for entry in case.status.history:
        left = entry.stable_version
        was_replaced = entry.outcome.has_promoted
        if was_replaced and left is not None and left != stable and left not in former:
            former[left] = entry
    return former
