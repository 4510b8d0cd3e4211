"""Slower: label tallies on the ranks of durations (study, section 8.2)."""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from sfn_rollouts.analysis.tally import Cut, Tally

HISTORY = 500
"""How many of stable's durations from before the rollout are compared with."""

IN_FULL, BEYOND = 1000, 8
"""So many executions are tallied, and then about so many of each look, as ranks cost more than failures (0036)."""

_LONG = 0.95
_LOWEST, _HIGHEST = -2, 8


class DurationTest:
    """Two tallies over one rollout: on Savage scores, for what is slower as a whole, and on what stable's p95 exceeds.

    A duration on the target counts as shorter by the tolerance. It is ranked among all durations of earlier looks, of
    both versions: a rank among stable's alone would see labels, and the tally would be exact no more.
    """

    __slots__ = ("_allowed", "_long", "_ranked", "_savage", "_taken")

    def __init__(self, tolerance: float, history: Sequence[float]) -> None:
        self._allowed = 1.0 + tolerance
        self._ranked = sorted(history)
        self._savage, self._long = Tally(), Tally()
        self._taken = 0

    @property
    def spent(self) -> float:
        """The probability of a false alarm until now."""
        return self._savage.spent + self._long.spent

    def share(self, executions: int) -> float:
        """Return which share is wanted of so many executions that are judged at the next look."""
        return 1.0 if self._taken < IN_FULL else min(1.0, BEYOND / executions)

    def take(self, durations: Sequence[tuple[float, bool, float]]) -> None:
        """Take (weight, whether on the target, seconds) of what is judged at one look."""
        if not durations:
            return
        compared = [seconds / self._allowed if is_target else seconds for _, is_target, seconds in durations]
        ranks = [(bisect_left(self._ranked, each) + 0.5) / (len(self._ranked) + 1) for each in compared]
        ranked = [(weight, is_target, rank) for (weight, is_target, _), rank in zip(durations, ranks, strict=True)]
        _toss(self._savage, [(weight, savage_score(rank), is_target) for weight, is_target, rank in ranked])
        _toss(self._long, [(weight, 1, is_target) for weight, is_target, rank in ranked if rank > _LONG])
        self._ranked = sorted([*self._ranked, *compared])
        self._taken += len(compared)

    def look(self, due: float) -> Cut:
        """Look, with this probability of a false alarm due until now; return the tally that alarms, or the first."""
        savage, long = self._savage.look(due * 2 / 3), self._long.look(due / 3)
        return long if long.is_alarm and not savage.is_alarm else savage


def _toss(tally: Tally, scored: Sequence[tuple[float, int, bool]]) -> None:
    """Toss (weight, score, whether on the target), all of one weight and one score together."""
    both = Counter((weight, score) for weight, score, _ in scored)
    on_target = Counter((weight, score) for weight, score, is_target in scored if is_target)
    for (weight, score), count in both.items():
        tally.toss(weight, score, count, on_target[weight, score])


def savage_score(rank: float) -> int:
    """Return the score of a rank in (0, 1): about twice the logarithm of how rare such a duration is."""
    return max(_LOWEST, min(_HIGHEST, round(-2.0 * math.log(1.0 - rank) - 2.0)))
