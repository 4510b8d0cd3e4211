"""Warnings: what the API server accepts and hardly anybody means. Each is one small function over a valid spec."""

from collections.abc import Callable, Iterator

from sfn_rollouts.api.durations import Duration
from sfn_rollouts.api.problems import Problem, Severity
from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.strategy import Preset, Strategy


def advice(spec: Spec) -> list[Problem]:
    """Return every warning about this spec."""
    return [problem for check in CHECKS for problem in check(spec)]


def no_alarms(spec: Spec) -> Iterator[Problem]:
    """Without alarms only a person can take a bad version back."""
    if not (spec.alarms and spec.alarms.names):
        yield _warning(
            "spec.alarms.names", None, "no alarm is watched, so nothing goes back by itself: name one or more"
        )


def no_time_with_traffic(spec: Spec) -> Iterator[Problem]:
    """An alarm says something about the target only while the target has traffic."""
    if any(weight > 0 for weight in _weights_waited_at(spec)):
        return
    message = (
        "the target never has traffic while alarms are watched: set bakeTime, like 15m, or wait behind a weight above 0"
    )
    yield _warning("spec.bakeTime", spec.bake_time, message)


def poll_longer_than_a_wait(spec: Spec) -> Iterator[Problem]:
    """A wait in which no poll falls cannot see an alarm until it is over."""
    if not (spec.alarms and spec.alarms.names):
        return
    poll = spec.alarms.poll_interval
    for path, wait in _waits(spec):
        if 0 < wait.seconds < poll.seconds:
            message = f"'{poll}' is longer than the '{wait}' of {path}: poll more often, or wait longer there"
            yield _warning("spec.alarms.pollInterval", poll, message)


def approval_for_ever(spec: Spec) -> Iterator[Problem]:
    """Where nobody promotes, the alias stays split until somebody finds it."""
    for index, step in enumerate(spec.strategy.steps or ()):
        if step.pause is not None and step.pause.duration is None and step.pause.timeout is None:
            remedy = "add timeout, like 24h, and onTimeout: Rollback or Continue"
            yield _warning(f"spec.strategy.steps[{index}].pause", None, f"waits for a person for ever: {remedy}")


CHECKS: tuple[Callable[[Spec], Iterator[Problem]], ...] = (
    no_alarms,
    no_time_with_traffic,
    poll_longer_than_a_wait,
    approval_for_ever,
)


def _waits(spec: Spec) -> Iterator[tuple[str, Duration]]:
    """Yield each wait that the spec writes out, with its path."""
    for name in ("canary", "linear", "exponential"):
        strategy = getattr(spec.strategy, name)
        if strategy is not None:
            yield f"spec.strategy.{name}.interval", strategy.interval
    for index, step in enumerate(spec.strategy.steps or ()):
        for name in ("duration", "timeout"):
            wait = getattr(step.pause, name, None)
            if wait is not None:
                yield f"spec.strategy.steps[{index}].pause.{name}", wait
    if spec.bake_time is not None:
        yield "spec.bakeTime", spec.bake_time


def _weights_waited_at(spec: Spec) -> Iterator[int]:
    """Yield the percent on the target during each wait of the plan, also one that only a person ends, and the bake."""
    strategy = spec.strategy
    weight = 0
    for step in strategy.steps or ():
        if step.set_weight is not None:
            weight = step.set_weight
        else:
            yield weight
    first = _first_weight(strategy)
    if first is not None and first < 100:
        yield first
    bakes_by_default = first is not None  # one more interval
    if bakes_by_default if spec.bake_time is None else spec.bake_time.seconds > 0:
        yield 100


def _first_weight(strategy: Strategy) -> int | None:
    """Return the weight at which a strategy with an interval waits first; None for one without."""
    if strategy.canary is not None:
        return strategy.canary.weight
    if strategy.linear is not None:
        return strategy.linear.increment
    if strategy.exponential is not None:
        return strategy.exponential.initial_weight
    return 10 if strategy.preset not in (None, Preset.ALL_AT_ONCE) else None


def _warning(path: str, value: object, message: str) -> Problem:
    return Problem(path, value, message, Severity.WARNING)
