"""Worse: the label tally on failures (study, section 8.1)."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import replace

from sfn_rollouts.analysis.tally import Cut, Tally
from sfn_rollouts.analysis.values import Cohort

ENOUGH_TO_COUNT_FAILURES_ONLY = 200
"""Executions; a good end tells next to nothing beside so many others."""

FAILURES_IN_FULL = 2000
"""Failures; above these half of them tell enough."""

_WHOLE = 8
_RATES, _EIGHTHS = (1 / 16, 3 / 16, 3 / 8), (0, 1, 2, 4)


class FailureTest:
    """The tally of failures over one rollout.

    A bad end scores 1 - q and a good one -q, in eighths, where q is the pooled failure rate of earlier looks: the same
    for both versions, and zero once enough executions were judged. `counts_good` False: it is zero from the start.
    """

    __slots__ = ("_alarm", "_all", "_bad", "_counts_good", "_has_target_failed", "_tally")

    def __init__(self, *, counts_good: bool = True) -> None:
        self._counts_good = counts_good
        self._tally = Tally()
        self._bad = 0
        self._all = 0
        self._has_target_failed = False
        self._alarm: Cut | None = None

    @property
    def spent(self) -> float:
        """The probability of a false alarm until now."""
        return self._tally.spent

    @property
    def takes_half(self) -> bool:
        """Whether half of the failures are enough: then leave out the others."""
        return self._bad >= FAILURES_IN_FULL

    def take(self, cohorts: Iterable[Cohort]) -> None:
        """Take what is judged at one look."""
        q = _eighths(self._bad, self._all) if self._counts_good else 0
        for each in cohorts:
            self._tally.toss(each.weight, _WHOLE - q, each.bad.both, each.bad.target)
            self._tally.toss(each.weight, -q, each.good.both, each.good.target)
            self._bad += each.bad.both
            self._has_target_failed = self._has_target_failed or each.bad.target > 0
            self._all += each.bad.both + each.good.both

    def look(self, due: float) -> Cut:
        """Look, with this probability of a false alarm due until now.

        A target that has not failed once is not worse, however few of the good ends came from it: its alarm waits.
        """
        cut = self._alarm or self._tally.look(due)
        if cut.is_alarm:
            self._alarm = cut
        return cut if self._has_target_failed else replace(cut, is_alarm=False)


def _eighths(bad: int, all_judged: int) -> int:
    """Return the pooled failure rate in eighths, as coarse as the law can stay small with."""
    if all_judged >= ENOUGH_TO_COUNT_FAILURES_ONLY:
        return 0
    return _EIGHTHS[bisect_right(_RATES, (bad + 0.5) / (all_judged + 2))]
