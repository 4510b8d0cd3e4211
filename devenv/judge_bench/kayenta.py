"""Kayenta's judge, as far as one critical metric goes: the failure rate of each minute, judged when the canary ends.

NetflixACAJudge (spinnaker/spinnaker, kayenta-judge) calls a metric High where the lower confidence bound of the shift
by Mann and Whitney's test exceeds 0.25 of the estimated shift; confidence 0.98. Bound and estimate are roots of a step
function, found by Brent's method to 1e-4, and where many rates are equal that tolerance decides.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

Rates = NDArray[np.float64]

CONFIDENCE, TOLERANCE = 0.98, 0.25
_ROOT_TOLERANCE = 1e-4
_QUANTILE = float(norm.ppf((1 + CONFIDENCE) / 2))


def is_high(experiment: Rates, control: Rates) -> bool:
    """Whether the target's rates are called higher than stable's."""
    if not len(experiment) or not len(control) or len(np.unique([*experiment, *control])) == 1:
        return False
    statistic = _statistic(experiment, control)
    low = float(experiment.min() - control.max()) - 1e-9
    high = float(experiment.max() - control.min()) + 1e-9
    if statistic(low, 0.5) <= _QUANTILE:
        return False
    bound = _root(lambda shift: statistic(shift, 0.5) - _QUANTILE, low, high)
    estimate = _root(lambda shift: statistic(shift, 0.0), low, high)
    return bound > TOLERANCE * abs(estimate)


def _statistic(experiment: Rates, control: Rates) -> Callable[[float, float], float]:
    """Return z of the rank sum where the experiment is moved down by a shift; the second argument is the correction."""
    control = np.sort(control)
    n1, n2 = len(experiment), len(control)
    both = n1 + n2

    def z(shift: float, correction: float) -> float:
        moved = experiment - shift
        below = np.searchsorted(control, moved, "left") + np.searchsorted(control, moved, "right")
        excess = float(below.sum()) / 2 - n1 * n2 / 2
        counts = np.unique(np.concatenate([moved, control]), return_counts=True)[1]
        ties = float((counts**3 - counts).sum()) / (both * (both - 1))
        sigma = math.sqrt(max(n1 * n2 / 12 * (both + 1 - ties), 1e-300))
        return (excess - math.copysign(correction, excess)) / sigma

    return z


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Brent's zeroin, with the stopping rule of R's uniroot."""
    a, b = low, high
    fa, fb = function(a), function(b)
    c, fc = a, fa
    for _ in range(1000):
        previous = b - a
        if abs(fc) < abs(fb):
            a, b, c = b, c, b
            fa, fb, fc = fb, fc, fb
        tolerance = 2 * np.finfo(float).eps * abs(b) + _ROOT_TOLERANCE / 2
        step = (c - b) / 2
        if abs(step) <= tolerance or fb == 0:
            break
        if abs(previous) >= tolerance and abs(fa) > abs(fb):
            step = _interpolated(a, b, c, fa, fb, fc, previous, tolerance)
        if abs(step) < tolerance:
            step = math.copysign(tolerance, step)
        a, fa = b, fb
        b += step
        fb = function(b)
        if (fb > 0) == (fc > 0):
            c, fc = a, fa
    return b


def _interpolated(
    a: float, b: float, c: float, fa: float, fb: float, fc: float, previous: float, tolerance: float
) -> float:
    """Return the step by the secant or the inverse parabola; half the interval where that leads too far."""
    middle = c - b
    if a == c:
        p, q = middle * fb / fa, 1 - fb / fa
    else:
        q, t1, t2 = fa / fc, fb / fc, fb / fa
        p = t2 * (middle * q * (q - t1) - (b - a) * (t1 - 1))
        q = (q - 1) * (t1 - 1) * (t2 - 1)
    p, q = (p, -q) if p > 0 else (-p, q)
    is_near = p < 0.75 * middle * q - abs(tolerance * q) / 2 and p < abs(previous * q / 2)
    return p / q if is_near else middle / 2
