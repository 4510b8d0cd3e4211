"""Every strategy compiled to the same thing: steps of a weight and a wait, then a bake."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, takewhile

from sfn_rollouts.api.durations import Duration
from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.status import Shortcut
from sfn_rollouts.api.strategy import Exponential, OnTimeout, Pause, Preset, Step, Strategy

UNTIL_PROMOTED = None
"""The wait that only a person ends."""


@dataclass(frozen=True, slots=True)
class Timeout:
    """How long a person may take to promote, and whether it goes on without them; else it goes back."""

    within: Duration
    goes_on: bool


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """`weight` percent on the target, then `wait_s` seconds; UNTIL_PROMOTED waits for a person, up to the timeout."""

    weight: int
    wait_s: float | None
    timeout: Timeout | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The compiled steps; weights never fall and the last one is 100.

    A position is an index: 0 to len(steps) - 1 are the steps, len(steps) is the bake.
    """

    steps: tuple[PlannedStep, ...]
    bake_s: float

    @property
    def bake_index(self) -> int:
        """Position of the bake."""
        return len(self.steps)

    @property
    def last_index(self) -> int:
        """Position of the step that gives all traffic to the target."""
        return len(self.steps) - 1

    @property
    def digest(self) -> str:
        """Number of steps and a short hash of them: an index only means something together with it."""
        text = json.dumps([_digested(step) for step in self.steps])
        return f"{len(self.steps)}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    def weight_at(self, index: int) -> int:
        """Percent on the target at a position."""
        return self.steps[index].weight if index < self.bake_index else 100

    def wait_at(self, index: int) -> float | None:
        """Seconds to stay at a position, UNTIL_PROMOTED for a person's."""
        return self.steps[index].wait_s if index < self.bake_index else self.bake_s

    def timeout_at(self, index: int) -> Timeout | None:
        """How a person's wait at a position ends by itself; None where it does not."""
        return self.steps[index].timeout if index < self.bake_index else None

    def first_not_below(self, weight: int) -> int:
        """Position of the first step whose weight is not below."""
        return next(index for index, step in enumerate(self.steps) if step.weight >= weight)

    def next_index(self, index: int | None, shortcut: Shortcut | None = None) -> int:
        """Position after this one, None being before the first; a shortcut leads past the steps, or past the bake too.

        What lies beyond the bake is the end.
        """
        following = index + 1 if index is not None else 0
        if shortcut is Shortcut.ROLLBACK_WINDOW and following > self.last_index:
            return self.bake_index + 1
        if shortcut in (Shortcut.PROMOTE_FULL, Shortcut.ROLLBACK_WINDOW):
            return max(following, self.last_index)
        return following

    def label(self, index: int) -> str:
        """Position for people, like 2/5; the bake counts as the last step."""
        return f"{min(index, self.last_index) + 1}/{len(self.steps)}"


def _digested(step: PlannedStep) -> tuple[object, ...]:
    """What has no timeout is digested as before there were any: an upgrade must not move a rollout in its plan."""
    timeout = step.timeout
    return (step.weight, step.wait_s, *((timeout.within.seconds, timeout.goes_on) if timeout is not None else ()))


def bake_index_of(digest: str) -> int | None:
    """Position of the bake in the plan with this digest; None for a text that is none."""
    count = digest.partition("-")[0]
    return int(count) if count.isdecimal() else None


def compile_plan(spec: Spec) -> Plan:
    """Return the plan of a valid spec: weights in percent, waits in seconds."""
    steps, default_bake_s = _steps_and_bake(spec.strategy)
    return Plan(tuple(steps), spec.bake_time.seconds if spec.bake_time is not None else default_bake_s)


def _steps_and_bake(strategy: Strategy) -> tuple[Iterable[PlannedStep], float]:
    if strategy.preset is not None:
        weights, minutes = _PRESETS[strategy.preset]
        return _ramp(weights, 60.0 * minutes), 60.0 * minutes
    if strategy.canary is not None:
        return _ramp([strategy.canary.weight], strategy.canary.interval.seconds), strategy.canary.interval.seconds
    if strategy.linear is not None:
        increment, interval_s = strategy.linear.increment, strategy.linear.interval.seconds
        return _ramp(count(increment, increment), interval_s), interval_s
    if strategy.exponential is not None:
        interval_s = strategy.exponential.interval.seconds
        return _ramp(_powers(strategy.exponential), interval_s), interval_s
    if strategy.steps is not None:
        return _from_items(strategy.steps), 0.0
    return [PlannedStep(100, 0.0)], 0.0


def _powers(exponential: Exponential) -> Iterator[int]:
    weight = exponential.initial_weight
    while True:
        yield weight
        weight *= exponential.factor


def _ramp(weights: Iterable[int], interval_s: float) -> list[PlannedStep]:
    """Each weight below 100 with the wait behind it, then all traffic; the bake is the wait behind that."""
    below = takewhile(lambda weight: weight < 100, weights)
    return [*(PlannedStep(weight, interval_s) for weight in below), PlannedStep(100, 0.0)]


def _from_items(items: Iterable[Step]) -> list[PlannedStep]:
    """Merge a setWeight with the pause behind it; a further pause is a further step at the same weight."""
    planned: list[PlannedStep] = []
    may_merge = False
    for item in items:
        if item.set_weight is not None:
            planned.append(PlannedStep(item.set_weight, 0.0))
            may_merge = True
            continue
        weight = planned[-1].weight if planned else 0
        if may_merge:
            planned.pop()
        planned.append(_waiting(weight, item.pause or Pause()))
        may_merge = False
    if not planned or planned[-1].weight < 100:
        planned.append(PlannedStep(100, 0.0))
    return planned


def _waiting(weight: int, pause: Pause) -> PlannedStep:
    if pause.duration is not None:
        return PlannedStep(weight, pause.duration.seconds)
    if pause.timeout is None:
        return PlannedStep(weight, UNTIL_PROMOTED)
    return PlannedStep(weight, UNTIL_PROMOTED, Timeout(pause.timeout, pause.on_timeout is OnTimeout.CONTINUE))


_TENTHS = range(10, 100, 10)
_PRESETS: Mapping[Preset, tuple[Sequence[int], int]] = {
    Preset.CANARY_10_5: ((10,), 5),
    Preset.CANARY_10_10: ((10,), 10),
    Preset.CANARY_10_15: ((10,), 15),
    Preset.CANARY_10_30: ((10,), 30),
    Preset.LINEAR_10_1: (_TENTHS, 1),
    Preset.LINEAR_10_2: (_TENTHS, 2),
    Preset.LINEAR_10_3: (_TENTHS, 3),
    Preset.LINEAR_10_10: (_TENTHS, 10),
    Preset.ALL_AT_ONCE: ((), 0),
}
"""Weights, and minutes between them: AWS CodeDeploy, "Working with deployment configurations", for Lambda."""
