"""What a finding says to people: figures that they can check, in the same words for operator, plugin and commands."""

from sfn_rollouts.analysis.evidence import NOT_WORSE_FROM, SKEWED_FROM
from sfn_rollouts.analysis.forecasting import Forecast
from sfn_rollouts.analysis.plan import Plan
from sfn_rollouts.analysis.values import AgainstThePast, Counts, Finding, Policy, Verdict
from sfn_rollouts.durations import rounded, written

_RAREST = 1e-9
_MANY = 100_000


def message(finding: Finding, policy: Policy) -> str:
    """Return the finding as a sentence, without its verdict."""
    match finding.verdict:
        case Verdict.WORSE:
            return f"{_failed(finding)}: {_odds(finding)}"
        case Verdict.SLOWER:
            of_how_many = f"{finding.target.judged} executions of it, {finding.stable.judged} of stable"
            return f"target takes longer by more than {_percent(policy.tolerance)} ({of_how_many}): {_odds(finding)}"
        case Verdict.SKEWED:
            split = f"{finding.target.started} executions started on target, {finding.stable.started} on stable"
            return f"{split}: the weights of the alias do not explain that ({_evidence(finding, SKEWED_FROM)})"
        case Verdict.SUSPECT:
            return _against_the_past(finding)
        case Verdict.NOT_WORSE:
            evidence = _evidence(finding, NOT_WORSE_FROM)
            return f"{_failed(finding)}: at most {_points(policy.margin)} worse ({evidence})"
    return _not_enough(finding, policy)


def outlasting(horizon_s: float) -> str:
    """Return what is said where the steps cap the horizon."""
    return f"executions outlast the steps: each is judged after {rounded(horizon_s)}; lengthen the steps"


def _failed(finding: Finding) -> str:
    target, stable = finding.target, finding.stable
    return f"target failed {target.bad} of {target.judged}, stable {stable.bad} of {stable.judged}"


def _odds(finding: Finding) -> str:
    needed = f", {one_in(finding.needed)} is enough now" if finding.needed else ""
    return f"{how_often(finding.by_chance)} would look like this by chance{needed}"


def how_often(by_chance: float | None) -> str:
    """Return in how many rollouts of a version that is no worse it would look like this."""
    if by_chance is None or by_chance > 0.5:
        return "most rollouts"
    return f"1 rollout in {_number(by_chance)}"


def one_in(probability: float) -> str:
    """Return a probability as people read it, like 1 in 620."""
    return f"1 in {_number(probability)}"


def _number(probability: float) -> str:
    if probability < _RAREST:
        return "more than a billion"
    return f"{round(1.0 / probability)}"


def _against_the_past(finding: Finding) -> str:
    past = finding.past or AgainstThePast(0, 0, 0, 0)
    return (
        f"{past.failed} of {past.started} executions of target failed, {past.past_failed} of the last "
        f"{past.past_ended} of stable before the rollout: only the past says so, a rise that hits both versions "
        "looks the same"
    )


def _not_enough(finding: Finding, policy: Policy) -> str:
    if finding.has_too_many_aborted:
        stopped = (
            f"somebody stopped {_stopped(finding.target)} executions of target, {_stopped(finding.stable)} of stable"
        )
        return f"{_failed(finding)}: {stopped}; above one in ten they may be those that hang"
    more = ""
    if finding.lacking:
        count = f"about {finding.lacking}" if finding.lacking < _MANY else f"more than {_MANY}"
        more = f"; {count} more executions of target would show it is not worse by {_points(policy.margin)}"
    return f"{_failed(finding)}: {_odds(finding)}{more}"


def _stopped(counts: Counts) -> str:
    return f"{counts.aborted} of {counts.judged + counts.aborted}"


def _evidence(finding: Finding, needed: float) -> str:
    return f"evidence {min(finding.evidence or 0.0, 1e9):.0f}x, {needed:.0f}x needed"


def _percent(fraction: float) -> str:
    return f"{fraction * 100:g} %"


def _points(fraction: float) -> str:
    return "1 point" if fraction == 0.01 else f"{fraction * 100:g} points"


def in_words(foreseen: Forecast, starts_per_hour: float, better: tuple[Plan, Forecast] | None) -> str:
    """Return what a plan can notice as a sentence, with a plan that notices more where there is one."""
    said = (
        f"at {starts_per_hour:.6g} starts an hour this plan notices, of 100 rollouts of a version that always fails, "
        f"{foreseen.always}; one that fails one time in two, {foreseen.half}; one in five, {foreseen.fifth}; "
        f"one in twenty, {foreseen.twentieth}"
    )
    if better is None:
        return said
    plan, found = better
    [(weight, seconds)] = plan.steps
    numbers = f"{found.always}, {found.half}, {found.fifth} and {found.twentieth}"
    return f"{said}; {round(weight * 100)} % of new executions for {written(seconds)} would notice {numbers}"
