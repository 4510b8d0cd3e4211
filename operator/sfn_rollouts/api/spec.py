"""What a person asks for."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from sfn_rollouts.api import LARGEST_VERSION
from sfn_rollouts.api.analysis import Analysis
from sfn_rollouts.api.base import ApiModel
from sfn_rollouts.api.durations import BakeTime, Duration, Interval, PollInterval, Within
from sfn_rollouts.api.names import AlarmName, AliasName, StateMachineArnText
from sfn_rollouts.api.preflight import Preflight
from sfn_rollouts.api.rules import ListType, at_least_one
from sfn_rollouts.api.strategy import Strategy


class OnMissing(StrEnum):
    """A watched alarm does not exist."""

    BLOCK = "Block"
    IGNORE = "Ignore"


class OnFiringAtStart(StrEnum):
    """A watched alarm is in ALARM before the first shift."""

    BLOCK = "Block"
    IGNORE_UNTIL_OK = "IgnoreUntilOk"


class OnInsufficientData(StrEnum):
    """A watched alarm has no data to judge by."""

    IGNORE = "Ignore"
    HOLD = "Hold"
    ROLLBACK = "Rollback"


class OnUnreadable(StrEnum):
    """CloudWatch does not answer, or the last reading is older than three polls."""

    HOLD = "Hold"
    ROLLBACK = "Rollback"


class OnUnevaluated(StrEnum):
    """CloudWatch says that it could not evaluate a watched alarm."""

    HOLD = "Hold"
    IGNORE = "Ignore"
    ROLLBACK = "Rollback"


class OnTransient(StrEnum):
    """An alarm fired and cleared between two polls, or while the operator was down."""

    ROLLBACK = "Rollback"
    IGNORE = "Ignore"


class DriftPolicy(StrEnum):
    """Somebody else changed the alias."""

    HOLD = "Hold"
    REASSERT = "Reassert"
    ADOPT = "Adopt"


class DeletionPolicy(StrEnum):
    """The resource is deleted while traffic is split."""

    RESTORE = "Restore"
    ORPHAN = "Orphan"


AlarmNames = Annotated[tuple[AlarmName, ...], Field(max_length=100), ListType("set")]


class Alarms(ApiModel):
    """Which CloudWatch alarms to watch, and what each finding leads to."""

    names: AlarmNames = Field(
        default=(),
        description="Names of metric, composite or log alarms in the state machine's account and region, up to 100.",
    )
    poll_interval: PollInterval = Field(
        default=Duration("10s"),
        description="How often alarms are read, 1s to 1h. The operator may have a larger minimum.",
    )
    on_missing: OnMissing = Field(
        default=OnMissing.BLOCK,
        description="A watched alarm does not exist. Block: no traffic is moved to the target without it, and in "
        "flight the third poll in a row that misses it goes back. Ignore: go on without it.",
    )
    on_firing_at_start: OnFiringAtStart = Field(
        default=OnFiringAtStart.BLOCK,
        description="A watched alarm is in ALARM before the first shift. Block: wait until it is OK. "
        "IgnoreUntilOk: start; it counts again once it has been OK.",
    )
    on_insufficient_data: OnInsufficientData = Field(
        default=OnInsufficientData.IGNORE,
        description="A watched alarm is in INSUFFICIENT_DATA. Ignore: as if OK. Hold: no further step meanwhile. "
        "Rollback: as if in ALARM.",
    )
    on_unreadable: OnUnreadable = Field(
        default=OnUnreadable.HOLD,
        description="CloudWatch does not answer, or the last reading is older than three polls. "
        "Hold: no further step meanwhile. Rollback: go back to the stable version.",
    )
    on_unevaluated: OnUnevaluated = Field(
        default=OnUnevaluated.HOLD,
        description="CloudWatch says that it could not evaluate a watched alarm (EvaluationState EVALUATION_ERROR or "
        "EVALUATION_FAILURE), so its state is an old one. Hold: no further step meanwhile. Ignore: the old state "
        "counts. Rollback: as if in ALARM.",
    )
    on_transient: OnTransient = Field(
        default=OnTransient.ROLLBACK,
        description="A watched alarm fired and cleared between two polls, or while the operator was down. "
        "Rollback: as if it were still in ALARM. Ignore: only the current state counts.",
    )


class RollbackWindow(ApiModel):
    """Which former stable versions are gone back to in one write, without steps: give revisions, within or both."""

    rules = (at_least_one("rollbackWindow", "revisions", "within"),)

    revisions: Annotated[int, Field(ge=1, le=10, strict=True)] | None = Field(
        default=None, description="How many stable versions back count as recent, 1 to 10."
    )
    within: Within | None = Field(
        default=None, description="How long ago the version may have been stable at most, 1m to 8760h."
    )


class Spec(ApiModel):
    """The version that an alias should serve, and how to get there."""

    state_machine_arn: StateMachineArnText = Field(
        description="ARN of the state machine, without a version or alias. Immutable."
    )
    alias: AliasName = Field(
        description="Name of the alias that callers use. Created when it does not exist. Immutable."
    )
    version: int = Field(
        ge=1,
        le=LARGEST_VERSION,
        strict=True,
        description="Number of the published version that the alias should serve.",
    )
    stable_version: int | None = Field(
        default=None,
        ge=1,
        le=LARGEST_VERSION,
        strict=True,
        description="The version to go back to where the alias is found split and no status says why, as after a "
        "cluster was rebuilt in mid-rollout: the split is taken over. Ignored in all other cases, so it may stay in "
        "the manifest.",
    )
    strategy: Strategy = Field(
        description="How traffic moves from the stable version to this one: exactly one of the fields."
    )
    bake_time: BakeTime | None = Field(
        default=None,
        description="How long alarms are watched after all traffic has moved, 0s to 720h. "
        "Left out: one more interval for canary, linear, exponential and presets, none for steps and allAtOnce.",
    )
    alarms: Alarms | None = Field(
        default=None,
        description="CloudWatch alarms that guard this rollout: when one fires, all traffic goes back at once.",
    )
    preflight: Preflight | None = Field(
        default=None,
        description="How strict each check is that looks at the target before the first shift. Left out: all Warn.",
    )
    analysis: Analysis | None = Field(
        default=None,
        description="Judge the target by its executions, against those of the stable version: how often they fail and "
        "how long they take. An empty object turns it on. Left out: alarms alone guard this rollout.",
    )
    paused: bool = Field(
        default=False, strict=True, description="Hold every further step while true. Alarms stay watched."
    )
    progress_deadline: Interval = Field(
        default=Duration("1h"),
        description="How long a due step may be held up before the rollout goes back to stable, 1s to 720h. "
        "The plan's own waits and waits for a person do not count.",
    )
    drift_policy: DriftPolicy = Field(
        default=DriftPolicy.HOLD,
        description="Somebody else changed the alias. Hold: stop and say so. Reassert: write the wanted routing again. "
        "Adopt: take the change as the new state of affairs.",
    )
    deletion_policy: DeletionPolicy = Field(
        default=DeletionPolicy.RESTORE,
        description="This resource is deleted while traffic is split. Restore: all traffic back to the stable version. "
        "Orphan: leave the split as it is. The alias itself is never deleted.",
    )
    rollback_window: RollbackWindow | None = Field(
        default=None, description="Which former stable versions are gone back to in one write, without steps."
    )
    retry_token: str = Field(
        default="",
        max_length=253,
        description="Change it to anything else to retry a version that was rolled back.",
    )
