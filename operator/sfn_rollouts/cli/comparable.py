"""Whether a plan leaves the judge anything to compare: what lint warns of where a spec asks for analysis."""

from collections.abc import Iterator

from sfn_rollouts.analysis import LOOK_EVERY_S, SETTLE_S
from sfn_rollouts.api.problems import Problem, Severity
from sfn_rollouts.api.spec import Spec
from sfn_rollouts.cli.forecast import forecast_of
from sfn_rollouts.core.values.judging import fixed_horizon_s, judged_plan
from sfn_rollouts.core.values.plan import compile_plan
from sfn_rollouts.durations import written

NOTICED_AT_LEAST = 50
"""Of 100 rollouts of a version that always fails; a plan that notices fewer is not worth much."""


def problems_of_analysis(spec: Spec, starts_per_hour: float | None) -> Iterator[Problem]:
    """Yield at most one warning, the plainest; none where the spec asks for no analysis.

    `starts_per_hour`: how busy the alias is, None where that is not known.
    """
    if spec.analysis is None:
        return
    length_s = judged_plan(compile_plan(spec)).length
    first_s = (fixed_horizon_s(spec.analysis) or 0.0) + SETTLE_S + LOOK_EVERY_S
    if not length_s:
        remedy = "wait below 100 %, like setWeight: 50 and pause: {duration: 30m}"
        yield _warning(f"no step waits while both versions have traffic, so nothing can be compared: {remedy}")
    elif length_s < first_s:
        yield _warning(
            f"the steps below 100 % last {written(length_s)}, and the first execution is judged {written(first_s)} "
            "after they begin: wait longer there, else the target has all traffic before anything is said of it"
        )
    elif starts_per_hour is not None:
        foreseen = forecast_of(spec, starts_per_hour)
        if foreseen.noticed.always < NOTICED_AT_LEAST:
            yield _warning(foreseen.in_words(starts_per_hour))


def _warning(message: str) -> Problem:
    return Problem("spec.analysis", None, message, Severity.WARNING)
