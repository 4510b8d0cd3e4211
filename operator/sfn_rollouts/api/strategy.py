"""How traffic moves from the stable version to the target: exactly one strategy."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from sfn_rollouts.api.base import ApiModel
from sfn_rollouts.api.durations import Interval
from sfn_rollouts.api.rules import ListType, Rule, Shown, exactly_one

# strict: "10" and true are no numbers to the API server either.
Percent = Annotated[int, Field(ge=1, le=100, strict=True)]


class Canary(ApiModel):
    """One small step, one wait, then all traffic."""

    weight: Percent = Field(description="Percent of new executions that go to the target first, 1 to 100.")
    interval: Interval = Field(description="How long to watch before all traffic follows, 1s to 720h, like 10m.")


class Linear(ApiModel):
    """Equal steps with equal waits until all traffic is on the target."""

    increment: Percent = Field(description="Percent of new executions that each step adds, 1 to 100.")
    interval: Interval = Field(description="How long to watch after each step, 1s to 720h, like 5m.")


class Exponential(ApiModel):
    """Steps that grow by a factor: 1, 2, 4, 8 ... 100."""

    initial_weight: Percent = Field(
        description="Percent of new executions that the first step sends to the target, 1 to 100."
    )
    factor: int = Field(ge=2, le=10, strict=True, description="What each step's weight is multiplied by, 2 to 10.")
    interval: Interval = Field(description="How long to watch after each step, 1s to 720h, like 5m.")


class AllAtOnce(ApiModel):
    """All traffic in one write. Alarms are watched through bakeTime only, so set one."""


class OnTimeout(StrEnum):
    """Nobody has promoted in time."""

    ROLLBACK = "Rollback"
    CONTINUE = "Continue"


class Pause(ApiModel):
    """A wait inside the steps: for a time, or without one until somebody promotes."""

    rules = (
        Rule(
            cel="!has(self.duration) || !has(self.timeout)",
            holds=lambda pause: pause.duration is None or pause.timeout is None,
            message="duration '{duration}' and timeout '{timeout}' exclude each other: keep duration for a wait that "
            "ends by itself, or timeout for a person's approval",
            shows={
                "duration": Shown("self.duration", lambda pause: str(pause.duration)),
                "timeout": Shown("self.timeout", lambda pause: str(pause.timeout)),
            },
        ),
        Rule(
            cel="!has(self.onTimeout) || has(self.timeout)",
            holds=lambda pause: pause.on_timeout is None or pause.timeout is not None,
            message="onTimeout '{what}' needs a timeout: add one, like timeout: 24h, or leave onTimeout out",
            shows={"what": Shown("self.onTimeout", lambda pause: str(pause.on_timeout))},
        ),
    )

    duration: Interval | None = Field(
        default=None, description="How long to wait, 1s to 720h. Left out: until promoted by a person."
    )
    timeout: Interval | None = Field(
        default=None,
        description="How long a person may take to promote, 1s to 720h. Left out, and without duration: for ever. "
        "The time runs on while the rollout is paused; what is due then happens when it is resumed.",
    )
    # No default: inside a list it would show as drift in Argo CD.
    on_timeout: OnTimeout | None = Field(
        default=None,
        description="What happens when nobody has promoted in time. Rollback (also where it is left out): back to the "
        "stable version. Continue: go on as if promoted.",
    )


class Step(ApiModel):
    """One step: exactly one of setWeight and pause."""

    rules = (exactly_one("field", "set_weight", "pause"),)

    set_weight: Percent | None = Field(
        default=None, description="Percent of new executions on the target from here on, 1 to 100."
    )
    pause: Pause | None = Field(
        default=None,
        description="A wait: {duration: 10m}, or {timeout: 24h} until promoted by a person within that time, or {} "
        "until promoted, for ever if need be. Alarms stay watched.",
    )


class Preset(StrEnum):
    """The names that CodeDeploy users know (AWS CodeDeploy, deployment configurations on a Lambda compute platform)."""

    CANARY_10_5 = "Canary10Percent5Minutes"
    CANARY_10_10 = "Canary10Percent10Minutes"
    CANARY_10_15 = "Canary10Percent15Minutes"
    CANARY_10_30 = "Canary10Percent30Minutes"
    LINEAR_10_1 = "Linear10PercentEvery1Minute"
    LINEAR_10_2 = "Linear10PercentEvery2Minutes"
    LINEAR_10_3 = "Linear10PercentEvery3Minutes"
    LINEAR_10_10 = "Linear10PercentEvery10Minutes"
    ALL_AT_ONCE = "AllAtOnce"


def _weights(steps: tuple[Step, ...]) -> list[int]:
    return [step.set_weight for step in steps if step.set_weight is not None]


def _first_out_of_order(weights: list[int]) -> int:
    """Return the first weight that also stands, or is exceeded, further ahead. The weights are not in order."""
    last = {weight: index for index, weight in enumerate(weights)}
    return next(weight for weight in weights if any(other >= weight for other in weights[: last[weight]]))


# Not by two-variable macros (i, step): API servers before 1.33 do not know them.
WEIGHTS_INCREASE = Rule(
    cel="self.filter(step, has(step.setWeight)).map(step, step.setWeight).isSorted() && self.all(step, "
    "!has(step.setWeight) || self.exists_one(other, has(other.setWeight) && other.setWeight == step.setWeight))",
    holds=lambda steps: _weights(steps) == sorted(set(_weights(steps))),
    message="weights must strictly increase: {weight} is not above all before it; put them in order, each one once",
    shows={
        "weight": Shown(
            "string([self.filter(step, has(step.setWeight)).map(step, step.setWeight)].map(weights, weights.filter("
            "weight, weights.exists(other, other >= weight && weights.indexOf(other) < weights.lastIndexOf(weight)"
            "))[0])[0])",
            lambda steps: str(_first_out_of_order(_weights(steps))),
            is_measurable=False,
        )
    },
)
Steps = Annotated[tuple[Step, ...], Field(min_length=1, max_length=50), ListType("atomic"), WEIGHTS_INCREASE]


class Strategy(ApiModel):
    """How traffic moves to the target: exactly one of the fields."""

    rules = (exactly_one("strategy", "canary", "linear", "exponential", "all_at_once", "preset", "steps"),)

    canary: Canary | None = Field(default=None, description="One small step, one wait, then all traffic.")
    linear: Linear | None = Field(default=None, description="Equal steps with equal waits.")
    exponential: Exponential | None = Field(default=None, description="Steps that grow by a factor.")
    all_at_once: AllAtOnce | None = Field(
        default=None, description="All traffic in one write. Alarms are watched through bakeTime only, so set one."
    )
    preset: Preset | None = Field(
        default=None,
        description="A CodeDeploy deployment configuration by its name: Canary10Percent5Minutes (or 10, 15, 30), "
        "Linear10PercentEvery1Minute (or 2Minutes, 3Minutes, 10Minutes), AllAtOnce.",
    )
    steps: Steps | None = Field(
        default=None,
        description="Steps of your own, 1 to 50: weights that strictly increase, and pauses between them. "
        "All traffic follows after the last one.",
    )
