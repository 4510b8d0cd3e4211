"""Verdicts that need no coin: e-values, each how many times likelier the outcomes are if the verdict is right.

An e-value of 20 comes by chance in one rollout of 20 at most, however often it is looked at (Ville's inequality).
"""

import math
from collections.abc import Iterable, Mapping

from sfn_rollouts.analysis.values import Cohort, Split

NOT_WORSE_FROM, SUSPECT_FROM, SKEWED_FROM = 20.0, 100.0, 1000.0

NOT_WORSE_UNTIL = 1.0
"""Once said, NotWorse stands until the outcomes speak against it: it need not come and go with single executions."""

_BISECTIONS = 40
_SUSPECTED_PARTS = (0.1, 0.3, 0.6, 0.95)
_SUSPECTED_TIMES = 3.0
_BOUND = 0.01
_SKEW_PRIOR = 20.0
_LARGEST_LOG = 700.0


class NotWorse:
    """Evidence that the target's failure rate is less than `margin` above stable's (study, section 8.3).

    Turner and Gruenwald's e-process for two proportions: at each look the guess "both fail as all did until now"
    against the point of "worse by the margin or more" that is nearest to it, which is the hardest to tell from it.
    """

    __slots__ = ("_all", "_bad", "_log", "_margin", "stands")

    def __init__(self, margin: float) -> None:
        self._margin = margin
        self._log = 0.0
        self.stands = False
        self._bad = 0
        self._all = 0

    @property
    def evidence(self) -> float:
        """The e-value until now."""
        return math.exp(min(self._log, _LARGEST_LOG))

    def take(self, cohorts: Iterable[Cohort]) -> None:
        """Take what is judged at one look."""
        guess, margin = self._guess, self._margin
        for each in cohorts:
            edge = nearest_on_edge(guess, margin, each.weight)
            self._log += each.bad.stable * math.log(guess / edge)
            self._log += each.bad.target * math.log(guess / (edge + margin))
            self._log += each.good.stable * math.log((1.0 - guess) / (1.0 - edge))
            self._log += each.good.target * math.log((1.0 - guess) / (1.0 - edge - margin))
            self._bad += each.bad.both
            self._all += each.bad.both + each.good.both
        self.stands = self.evidence >= (NOT_WORSE_UNTIL if self.stands else NOT_WORSE_FROM)

    def lacking(self, weight: float) -> int:
        """Return about how many more executions of the target it takes at this weight if both versions fail alike."""
        guess = self._guess
        edge = nearest_on_edge(guess, self._margin, weight)
        each = (1.0 - weight) * _divergence(guess, edge) + weight * _divergence(guess, edge + self._margin)
        return max(0, math.ceil(weight * (math.log(NOT_WORSE_FROM) - self._log) / each))

    @property
    def _guess(self) -> float:
        return (self._bad + 0.5) / (self._all + 50)


def nearest_on_edge(guess: float, margin: float, weight: float) -> float:
    """Return x, so that stable at x and the target at x + margin is the pair nearest to both at the guess.

    Near by Kullback and Leibler's measure, with the target's part weighted by its share. Its slope grows with x.
    """
    low, high = max(0.0, guess - margin), min(guess, 1.0 - margin)
    for _ in range(_BISECTIONS):
        x = (low + high) / 2
        worse = x + margin
        slope = (1 - weight) * (x - guess) / (x * (1 - x)) + weight * (worse - guess) / (worse * (1 - worse))
        low, high = (low, x) if slope > 0 else (x, high)
    return (low + high) / 2


def _divergence(guess: float, other: float) -> float:
    return guess * math.log(guess / other) + (1.0 - guess) * math.log((1.0 - guess) / (1.0 - other))


def allowed_by_the_past(failed: int, ended: int) -> float:
    """Return the failure rate up to which nothing is suspect: 3 times the upper 99 % bound of stable's past rate.

    Clopper and Pearson's bound: the rate at which so few failures among so many would come once in 100.
    """
    if failed == ended:
        return 1.0
    low, high = failed / ended, 1.0
    for _ in range(_BISECTIONS):
        rate = (low + high) / 2
        low, high = (rate, high) if _at_most(failed, ended, rate) > _BOUND else (low, rate)
    return min(1.0, _SUSPECTED_TIMES * high)


def _at_most(failed: int, ended: int, rate: float) -> float:
    """Return the probability of at most so many failures."""
    chance = whole = (1.0 - rate) ** ended
    for failures in range(1, failed + 1):
        chance *= rate / (1.0 - rate) * (ended - failures + 1) / failures
        whole += chance
    return whole


def suspicion(failed: int, others: int, allowed: float) -> float:
    """Return the evidence that the target fails more often than allowed (study, section 8.4)."""
    if allowed >= 1.0:
        return 0.0
    rates = [allowed + (1.0 - allowed) * part for part in _SUSPECTED_PARTS]
    logs = [failed * math.log(r / allowed) + others * math.log((1.0 - r) / (1.0 - allowed)) for r in rates]
    return sum(math.exp(min(each, _LARGEST_LOG)) for each in logs) / len(logs)


def skew(started: Mapping[float, Split]) -> float:
    """Return the evidence that starts are not split by the weights, 0 < weight < 1 (study, section 8.4)."""
    log = 0.0
    for weight, split in started.items():
        a, b = _SKEW_PRIOR * weight, _SKEW_PRIOR * (1.0 - weight)
        log += _log_beta(a + split.target, b + split.stable) - _log_beta(a, b)
        log -= split.target * math.log(weight) + split.stable * math.log(1.0 - weight)
    return math.exp(min(log, _LARGEST_LOG))


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
