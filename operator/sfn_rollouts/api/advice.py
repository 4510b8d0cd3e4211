"""Warnings: what the API server accepts and hardly anybody means. Each is one small function over a valid spec."""

from collections.abc import Callable, Iterator

from sfn_rollouts.api.durations import Duration
from sfn_rollouts.api.problems import Problem, Severity
from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.strategy import Preset


def advice(spec: Spec) -> list[Problem]:
    """Give every warning about this spec."""
    return [problem for check in CHECKS for problem in check(spec)]


def no_alarms(spec: Spec) -> Iterator[Problem]:
    """Without alarms only a person can take a bad version back."""
    if not (spec.alarms and spec.alarms.names):
        yield _warning(
            "spec.alarms.names", None, "no alarm is watched, so nothing goes back by itself: name one or more"
        )


def all_at_once_without_bake(spec: Spec) -> Iterator[Problem]:
    """All traffic in one write has no wait of its own in which an alarm could be seen."""
    is_all_at_once = spec.strategy.all_at_once is not None or spec.strategy.preset is Preset.ALL_AT_ONCE
    if is_all_at_once and (spec.bake_time is None or spec.bake_time.seconds == 0):
        cure = "set bakeTime, like 15m"
        yield _warning("spec.bakeTime", spec.bake_time, f"alarms are never watched after all traffic has moved: {cure}")


def poll_longer_than_a_wait(spec: Spec) -> Iterator[Problem]:
    """A wait in which no poll falls cannot see an alarm until it is over."""
    if not (spec.alarms and spec.alarms.names):
        return
    poll = spec.alarms.poll_interval
    for path, wait in _waits(spec):
        if 0 < wait.seconds < poll.seconds:
            message = f"'{poll}' is longer than the '{wait}' of {path}: poll more often, or wait longer there"
            yield _warning("spec.alarms.pollInterval", poll, message)


CHECKS: tuple[Callable[[Spec], Iterator[Problem]], ...] = (
    no_alarms,
    all_at_once_without_bake,
    poll_longer_than_a_wait,
)


def _waits(spec: Spec) -> Iterator[tuple[str, Duration]]:
    """Give each wait that the spec writes out, with its path."""
    for name in ("canary", "linear", "exponential"):
        strategy = getattr(spec.strategy, name)
        if strategy is not None:
            yield f"spec.strategy.{name}.interval", strategy.interval
    for index, step in enumerate(spec.strategy.steps or ()):
        if step.pause is not None and step.pause.duration is not None:
            yield f"spec.strategy.steps[{index}].pause.duration", step.pause.duration
    if spec.bake_time is not None:
        yield "spec.bakeTime", spec.bake_time


def _warning(path: str, value: object, message: str) -> Problem:
    return Problem(path, value, message, Severity.WARNING)
