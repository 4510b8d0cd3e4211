"""Analysis: how the executions of the target are judged against those of the stable version, and what was found."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from sfn_rollouts.api.base import ApiModel, StatusModel
from sfn_rollouts.api.durations import Duration, is_within
from sfn_rollouts.api.percents import PercentText, between
from sfn_rollouts.api.rules import ListType, Rule, cel_text
from sfn_rollouts.api.times import Time
from sfn_rollouts.durations import FORM, GRAMMAR, is_duration

AUTO = "auto"
LONGEST_HORIZON = "24h"


class OnWorse(StrEnum):
    """The target fails more often."""

    ROLLBACK = "Rollback"
    HOLD = "Hold"
    IGNORE = "Ignore"


class OnSlower(StrEnum):
    """The target is slower by more than the tolerance."""

    HOLD = "Hold"
    ROLLBACK = "Rollback"
    IGNORE = "Ignore"


class OnSuspect(StrEnum):
    """The target fails more often than the stable version ever did before."""

    HOLD = "Hold"
    IGNORE = "Ignore"


class OnBlind(StrEnum):
    """The evidence cannot be read."""

    HOLD = "Hold"
    IGNORE = "Ignore"


_HORIZON = Rule(
    cel=f"self == '{AUTO}' || (self.matches({cel_text(GRAMMAR)}) && "
    f"!self.matches('[0-9]{{4}}h|[0-9]{{6}}m([0-9]|$)') && duration(self) <= duration('{LONGEST_HORIZON}'))",
    holds=lambda text: text == AUTO or (is_duration(text) and is_within(text, "0s", LONGEST_HORIZON)),
    message=f"'{{value}}' is no horizon: give {AUTO}, or a duration of at most {LONGEST_HORIZON} ({FORM})",
)


class Analysis(ApiModel):
    """The target's executions are judged against those of the stable version. An empty object turns it on."""

    false_alarm_rate: Annotated[PercentText, between("0.1%", "10%")] = Field(
        default=PercentText("1%"),
        description="In how many of 100 rollouts a version that is no worse may be found Worse or Slower by chance, "
        "over the whole rollout, 0.1% to 10%.",
    )
    margin: Annotated[PercentText, between("0.1%", "50%")] = Field(
        default=PercentText("5%"),
        description="NotWorse says that the target fails at most so many points more often, 0.1% to 50%.",
    )
    tolerance: Annotated[PercentText, between("0%", "900%")] = Field(
        default=PercentText("25%"), description="What is slower by less is not Slower, 0% to 900%."
    )
    horizon: Annotated[str, Field(max_length=32), _HORIZON] = Field(
        default=AUTO,
        description="An execution is judged when it is this old: failed by then or not. auto: what 99 of 100 "
        "executions of the stable version need, at most a third of the shortest step; or a duration, 0s to 24h.",
    )
    durations: bool = Field(
        default=True, strict=True, description="Durations are judged too. false: failures have all of falseAlarmRate."
    )
    on_worse: OnWorse = Field(
        default=OnWorse.ROLLBACK,
        description="The target fails more often. Rollback: back to the stable version at once. Hold: no further "
        "step. Ignore: only say it.",
    )
    on_slower: OnSlower = Field(
        default=OnSlower.HOLD,
        description="The target is slower by more than the tolerance. Hold: no further step. Rollback: back to the "
        "stable version. Ignore: only say it.",
    )
    on_suspect: OnSuspect = Field(
        default=OnSuspect.HOLD,
        description="The target fails more often than the stable version's past allows. Hold: no further step. "
        "Ignore: only say it.",
    )
    on_blind: OnBlind = Field(
        default=OnBlind.HOLD,
        description="The executions cannot be read. Hold: no further step meanwhile. Ignore: only say it.",
    )
    promote_early: bool = Field(
        default=False, strict=True, description="NotWorse ends the current wait, as promote does."
    )
    require_not_worse: bool = Field(
        default=False,
        strict=True,
        description="The step to 100 % waits until the target is NotWorse: NotEnough is a hold there.",
    )
    count_aborted: bool = Field(
        default=False,
        strict=True,
        description="Aborted executions count as failed. false: they count as neither, as people stop them.",
    )


class Verdict(StrEnum):
    """What the judge says. Worse and Slower are final; the others change with the evidence."""

    WORSE = "Worse"
    SLOWER = "Slower"
    NOT_WORSE = "NotWorse"
    NOT_ENOUGH = "NotEnough"
    SUSPECT = "Suspect"
    SKEWED = "Skewed"
    BLIND = "Blind"


class Source(StrEnum):
    """Where the evidence comes from."""

    EXECUTIONS = "Executions"
    METRICS = "Metrics"


class Judged(StatusModel):
    """Executions of one version that were started through the alias in this rollout."""

    started: int = Field(ge=0, description="How many were started.")
    judged: int = Field(ge=0, description="How many of them have counted: they are older than the horizon.")
    bad: int = Field(ge=0, description="How many of those failed or timed out within the horizon.")


class PlannedTime(StatusModel):
    """A share of new executions, and for how long by plan."""

    weight: int = Field(ge=1, le=99, description="Percent on the target.")
    seconds: float = Field(ge=0, description="How long, in seconds.")


class WeightSince(StatusModel):
    """The target's share from a moment on."""

    at: Time = Field(description="AWS's time of the change.")
    weight: int | None = Field(
        default=None, ge=0, le=100, description="Percent on the target; absent: somebody else's, not judged."
    )


class Noticed(StatusModel):
    """In how many of 100 rollouts this plan would notice a version that fails so often."""

    always: int = Field(ge=0, le=100, description="One that always fails.")
    half: int = Field(ge=0, le=100, description="One that fails one time in two.")
    fifth: int = Field(ge=0, le=100, description="One that fails one time in five.")
    twentieth: int = Field(ge=0, le=100, description="One that fails one time in twenty.")


class ForecastStatus(StatusModel):
    """What this plan can notice at the state machine's traffic."""

    starts_per_hour: float = Field(ge=0, description="Executions that were started through the alias, an hour.")
    noticed: Noticed = Field(description="In how many of 100 rollouts.")
    message: str = Field(max_length=1024, description="The same in words, and a plan that would notice more.")


MOST_FAILURES_KEPT = 16_000
"""Characters: some two thousand minutes with failures, more than a day of nothing else."""


class CountedFailures(StatusModel):
    """The minutes of metrics that were judged: what CloudWatch adds to them later does not count."""

    minutes: int = Field(ge=0, description="How many, from that of the first write on.")
    failures: str = Field(
        max_length=MOST_FAILURES_KEPT,
        description="Those with failures, as minute:failures/on the target, like 3:4/1 7:1/0.",
    )


class AnalysisStatus(StatusModel):
    """What the judge says of the target, and what it needs to say the same again after a restart."""

    verdict: Verdict = Field(description="Worse, Slower, NotWorse, NotEnough, Suspect, Skewed or Blind.")
    since: Time = Field(description="Since when the verdict is this one.")
    message: str = Field(max_length=1024, description="The verdict with the figures that it stands on.")
    target: Judged | None = Field(default=None, description="The target's executions.")
    stable: Judged | None = Field(default=None, description="The stable version's executions.")
    by_chance: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Probability that a version that is no worse looks like this or worse by now.",
    )
    needed: float | None = Field(
        default=None, ge=0, le=1, description="The verdict is Worse where byChance is at most this."
    )
    horizon: Duration | None = Field(
        default=None,
        description="How old an execution is when it is judged. By metrics: how long after a change of the weight "
        "nothing is judged.",
    )
    source: Source | None = Field(default=None, description="Executions (ListExecutions) or Metrics (GetMetricData).")
    looked_at: Time | None = Field(default=None, description="The look that these figures are of.")
    forecast: ForecastStatus | None = Field(default=None, description="What this plan can notice.")
    accepted: Verdict | None = Field(
        default=None,
        description="The verdict that a person has promoted past: it holds nothing any more while it stands.",
    )
    plan: Annotated[tuple[PlannedTime, ...], Field(max_length=50), ListType("atomic")] = Field(
        default=(), description="The plan as the rollout began: it says when how much of falseAlarmRate may be spent."
    )
    weights: Annotated[tuple[WeightSince, ...], Field(max_length=100), ListType("atomic")] = Field(
        default=(), description="The target's share over time, by AWS's clock."
    )
    counted: CountedFailures | None = Field(default=None, description="By metrics: what was judged so far.")
