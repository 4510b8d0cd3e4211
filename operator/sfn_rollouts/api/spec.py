"""What a person asks for."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from sfn_rollouts.api.base import ApiModel
from sfn_rollouts.api.durations import Duration
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


AlarmName = Annotated[str, Field(min_length=1, max_length=255)]


class Alarms(ApiModel):
    """Which CloudWatch alarms to watch, and what each finding leads to."""

    names: tuple[AlarmName, ...] = Field(
        default=(), max_length=100, description="Names of metric or composite alarms in the state machine's region."
    )
    poll_interval: Duration = Field(default=Duration("10s"), description="How often alarms are read, 1s to 1h.")
    on_missing: OnMissing = Field(default=OnMissing.BLOCK, description="A watched alarm does not exist.")
    on_firing_at_start: OnFiringAtStart = Field(
        default=OnFiringAtStart.BLOCK, description="A watched alarm is in ALARM before the first shift."
    )
    on_insufficient_data: OnInsufficientData = Field(
        default=OnInsufficientData.IGNORE, description="A watched alarm has no data to judge by."
    )
    on_unreadable: OnUnreadable = Field(
        default=OnUnreadable.HOLD, description="CloudWatch does not answer, or the reading is older than three polls."
    )
    on_transient: OnTransient = Field(
        default=OnTransient.ROLLBACK, description="An alarm fired and cleared between two polls."
    )


class RollbackWindow(ApiModel):
    """Going back to a version that was stable a moment ago is one write without steps."""

    revisions: int | None = Field(
        default=None, ge=1, le=10, description="How many stable versions back count as recent, 1 to 10."
    )
    within: Duration | None = Field(default=None, description="How long ago it was stable, 1m to 8760h.")


class Spec(ApiModel):
    """The version that an alias should serve, and how to get there."""

    state_machine_arn: str = Field(
        max_length=256, description="ARN of the state machine, without a version or alias. Immutable."
    )
    alias: str = Field(min_length=1, max_length=80, description="Name of the alias that callers use. Immutable.")
    version: int = Field(
        ge=1, le=2147483647, description="Number of the published version that the alias should serve."
    )
    strategy: Strategy = Field(description="How traffic moves from the stable version to this one.")
    bake_time: Duration | None = Field(
        default=None,
        description="How long alarms are watched after all traffic has moved, 0s to 720h. "
        "Left out: one more interval for canary, linear, exponential and presets, none for steps and allAtOnce.",
    )
    alarms: Alarms | None = Field(default=None, description="CloudWatch alarms that guard this rollout.")
    paused: bool = Field(default=False, description="Hold every further step while true. Alarms stay watched.")
    progress_deadline: Duration = Field(
        default=Duration("1h"),
        description="How long a due step may be held up before the rollout goes back to stable, 1s to 720h. "
        "The plan's own waits and waits for a person do not count.",
    )
    drift_policy: DriftPolicy = Field(default=DriftPolicy.HOLD, description="Somebody else changed the alias.")
    deletion_policy: DeletionPolicy = Field(
        default=DeletionPolicy.RESTORE, description="This resource is deleted while traffic is split."
    )
    rollback_window: RollbackWindow | None = Field(
        default=None, description="Which former stable versions are gone back to in one write."
    )
    retry_token: str = Field(
        default="", max_length=253, description="Change it to anything else to retry a version that was rolled back."
    )
