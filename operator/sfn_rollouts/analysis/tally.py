"""The label tally: an exact sequential test on the labels that AWS's coin gives to executions (study, section 8.1).

AWS sends each start to the target with the alias's weight, independently of all others. So if the version makes no
difference, labels are independent of outcomes, and once it is known how the executions ended, the law of "sum of the
scores of those that ran on the target" is known exactly, whatever the failure rate does over the day. The tally carries
that law along, and at each look cuts off as much of its upper tail as is due by then. It alarms when the real sum lies
in what is cut off, so the chance of a false alarm over a whole rollout is what was cut off in all.

A score must not see a label. `tests/analysis/test_tally.py` tries all labels that there can be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import gcd

NEGLIGIBLE = 1e-15
"""Probabilities below this are dropped at both ends of the law."""

_FEW_TOSSES = 8
"""Up to so many, one toss after the other takes less time than all of them at once."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What a look found, as probabilities under "the version makes no difference".

    `by_chance`, taken before the look: that no alarm came until now and the sum is as high as it is, or higher.
    `needed`: what was cut off at this look, so that a sum with a `by_chance` of at most this is an alarm.
    """

    is_alarm: bool
    by_chance: float
    needed: float


class Tally:
    """The law of the sum, the real sum, and what was cut off until now (`spent`)."""

    __slots__ = ("_law", "_lowest", "_total", "_unit", "spent")

    def __init__(self) -> None:
        self._law: Sequence[float] = [1.0]
        """Item i: the probability that no alarm came yet and the sum is `_lowest` + i, counted in units."""
        self._lowest = 0
        self._total = 0
        self._unit = 0
        """The largest number that all scores until now are multiples of."""
        self.spent = 0.0

    def toss(self, weight: float, score: int, count: int, on_target: int) -> None:
        """Take `count` executions of this score that started at this weight; `on_target` of them ran on the target."""
        if score == 0 or count == 0:
            return
        self._refine(gcd(self._unit, score))
        chance, stride = weight, score // self._unit
        self._total += stride * on_target
        if stride < 0:  # Counted from the lowest sum, with all of them on the target, each that is not adds to it.
            self._lowest += stride * count
            chance, stride = 1.0 - weight, -stride
        if count > _FEW_TOSSES:
            first, chances = _binomial(count, chance)
            self._lowest += first * stride
            self._law = _after_many(self._law, chances, stride)
        else:
            for _ in range(count):
                self._law = _after_one(self._law, chance, stride)
        self._trim()

    def look(self, due: float) -> Cut:
        """Cut off the longest upper tail that keeps what was spent within what is due."""
        law, place = self._law, self._total - self._lowest
        by_chance = min(1.0, sum(law[max(place, 0) :]))
        kept, needed = len(law), 0.0
        while kept and self.spent + needed + law[kept - 1] <= due:
            kept -= 1
            needed += law[kept]
        self._law = law[:kept]
        self.spent += needed
        return Cut(place >= kept, by_chance, needed)

    def _refine(self, unit: int) -> None:
        """Count in units as small as the new score needs them; coarse ones keep the law short."""
        factor = self._unit // unit
        if factor > 1:
            law = [0.0] * ((len(self._law) - 1) * factor + 1)
            law[::factor] = self._law
            self._law, self._lowest, self._total = law, self._lowest * factor, self._total * factor
        self._unit = unit

    def _trim(self) -> None:
        law, first, end = self._law, 0, len(self._law)
        while first < end and law[first] < NEGLIGIBLE:
            first += 1
        while end > first and law[end - 1] < NEGLIGIBLE:
            end -= 1
        self._law = law[first:end]
        self._lowest += first


def _after_one(law: Sequence[float], chance: float, stride: int) -> Sequence[float]:
    """Return the law after one toss that adds `stride` with this chance."""
    rest, nothing = 1.0 - chance, [0.0] * stride
    return [rest * stays + chance * moves for stays, moves in zip([*law, *nothing], [*nothing, *law], strict=True)]


def _after_many(law: Sequence[float], chances: Sequence[float], stride: int) -> Sequence[float]:
    """Return the law after tosses of which i together add i times `stride`, with chances[i].

    For each i the law is moved by i strides and multiplied by chances[i]; all of these are added up, four in one go, as
    to go through a list takes longer than to add. The last come first, so that each sum runs from low to high.
    """
    chances = [*chances, *[0.0] * (-len(chances) % 4)]
    moved = [[*[0.0] * (i * stride), *law, *[0.0] * ((3 - i) * stride)] for i in range(4)]
    after = [0.0] * (len(law) + (len(chances) - 1) * stride)
    for first in reversed(range(0, len(chances), 4)):
        a, b, c, d = chances[first : first + 4]
        reached = slice(first * stride, first * stride + len(moved[0]))
        after[reached] = [
            so_far + d * by_3 + c * by_2 + b * by_1 + a * by_0
            for so_far, by_0, by_1, by_2, by_3 in zip(after[reached], *moved, strict=True)
        ]
    return after


@lru_cache(maxsize=512)
def _binomial(count: int, chance: float) -> tuple[int, Sequence[float]]:
    """Return the probabilities of first, first + 1, ... successes among `count`, and first; negligible ones left out.

    From the mode outwards, each by its ratio to the one before, so that nothing overflows or loses digits.
    """
    mode = min(int((count + 1) * chance), count)
    odds = chance / (1.0 - chance)
    above, below = [1.0], [1.0]
    for successes in range(mode, count):
        above.append(above[-1] * odds * (count - successes) / (successes + 1))
        if above[-1] < NEGLIGIBLE:
            break
    for successes in range(mode, 0, -1):
        below.append(below[-1] / odds * successes / (count - successes + 1))
        if below[-1] < NEGLIGIBLE:
            break
    chances = [*below[:0:-1], *above]
    whole = sum(chances)
    return mode - len(below) + 1, [each / whole for each in chances]
