"""What the operator says, and the only memory it has: whatever a restart must know stands here."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from sfn_rollouts.api.access_use import AccessUse
from sfn_rollouts.api.analysis import AnalysisStatus
from sfn_rollouts.api.base import StatusModel
from sfn_rollouts.api.preflight import PreflightStatus
from sfn_rollouts.api.rules import ListType
from sfn_rollouts.api.times import Time


class Phase(StrEnum):
    """Where a rollout is. For people; conditions are the contract for machines."""

    PENDING = "Pending"
    PROGRESSING = "Progressing"
    PAUSED = "Paused"
    BAKING = "Baking"
    ROLLING_BACK = "RollingBack"
    SUCCEEDED = "Succeeded"
    ROLLED_BACK = "RolledBack"
    FAILED = "Failed"


class Outcome(StrEnum):
    """How a rollout ended."""

    PROMOTED = "Promoted"
    FAST_PROMOTED = "FastPromoted"
    ROLLED_BACK = "RolledBack"
    FAST_ROLLED_BACK = "FastRolledBack"
    ABORTED = "Aborted"
    SUPERSEDED = "Superseded"

    @property
    def is_success(self) -> bool:
        """The target has all traffic."""
        return self.has_promoted or self is Outcome.FAST_ROLLED_BACK

    @property
    def has_promoted(self) -> bool:
        """The target has all traffic, and came to it as something new: under its alarms, not by the rollbackWindow."""
        return self in (Outcome.PROMOTED, Outcome.FAST_PROMOTED)


class AlarmState(StrEnum):
    """State of an alarm; UNKNOWN is what could not be read, None is a rollout without alarms."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
    UNKNOWN = "UNKNOWN"
    NONE = "None"


class Shortcut(StrEnum):
    """Why the steps are skipped on the way to all traffic."""

    PROMOTE_FULL = "PromoteFull"
    ROLLBACK_WINDOW = "RollbackWindow"
    REASSERT = "Reassert"
    NEW_ALIAS = "NewAlias"


class CommandResult(StrEnum):
    """What became of a command."""

    DONE = "Done"
    STALE = "Stale"
    REFUSED = "Refused"


class Intent(StatusModel):
    """A forward write that is about to happen, or whose answer was lost."""

    weight: int = Field(ge=0, le=100, description="Percent of new executions on the target that is being written.")
    step_index: int = Field(ge=0, description="The step that the write enters.")
    at: Time = Field(description="When the write was decided.")


class RouteEntry(StatusModel):
    """One version's share of the alias."""

    version: int = Field(ge=1, description="Version number.")
    weight: int = Field(ge=0, le=100, description="Percent of new executions.")


class AliasStatus(StatusModel):
    """The alias as it was last written and verified, or found."""

    routing: Annotated[tuple[RouteEntry, ...], Field(max_length=2), ListType("atomic")] = Field(
        description="One or two versions, weights sum to 100."
    )
    update_date: Time | None = Field(default=None, description="AWS's time of that change.")


class Missed(StatusModel):
    """Polls in a row that did not find an alarm. Looks within one poll interval count as one poll."""

    polls: int = Field(ge=1, description="How many; the third one goes back (onMissing: Block).")
    at: Time = Field(description="The last one that counted.")


class AlarmStatus(StatusModel):
    """The last judged reading of one alarm."""

    name: str = Field(max_length=255, description="Alarm name.")
    state: AlarmState = Field(description="State as last judged.")
    since: Time | None = Field(
        default=None, description="AWS's time of its last change; what came later is judged again."
    )
    reason: str | None = Field(default=None, max_length=1024, description="CloudWatch's words, or why it is unknown.")
    ignored_until_ok: bool | None = Field(
        default=None,
        description="It was firing at the start and has not been OK since (onFiringAtStart: IgnoreUntilOk).",
    )
    missed: Missed | None = Field(default=None, description="It is not found any more; absent while it is.")


class PauseCommand(StatusModel):
    """A pause by command, until resumed by command."""

    id: str = Field(max_length=253, description="Id of the pause command.")
    by: str | None = Field(default=None, max_length=253, description="Who sent it.")
    at: Time = Field(description="When it took effect.")


class ApprovalTimeout(StatusModel):
    """An approval that nobody gave in time, where the plan says to go on without it."""

    step: str = Field(max_length=16, description="The step that waited, like 2/5.")
    at: Time = Field(description="When its time was over.")


class Trip(StatusModel):
    """The finding that causes a rollback."""

    reason: str = Field(max_length=1024, description="Reason, one word of the runbook.")
    message: str = Field(max_length=1024, description="What was found.")
    by: str | None = Field(default=None, max_length=253, description="Who aborted, where somebody did.")
    at: Time = Field(description="When it was found.")


class LastCommand(StatusModel):
    """The answer to the last command."""

    id: str = Field(max_length=253, description="Id of the command.")
    action: str = Field(max_length=253, description="What was asked.")
    result: CommandResult = Field(description="Done, Stale or Refused.")
    message: str = Field(default="", max_length=1024, description="Why, in a sentence.")
    by: str | None = Field(default=None, max_length=253, description="Who sent it, as the command says.")
    observed_at: Time = Field(description="When the operator answered.")


class ExecutionCount(StatusModel):
    """Executions that stay on the version that lost its traffic; AWS never moves a running execution."""

    version: int = Field(ge=1, description="The version they run on.")
    running: int | None = Field(default=None, ge=0, description="How many; absent when they could not be counted.")
    message: str = Field(default="", max_length=1024, description="The count in words, or why there is none.")


class HistoryEntry(StatusModel):
    """One finished rollout."""

    version: int = Field(ge=1, description="Its target version.")
    creation_date: Time | None = Field(default=None, description="AWS's creationDate of the target version.")
    stable_version: int | None = Field(default=None, ge=1, description="The version that it set out from.")
    stable_creation_date: Time | None = Field(
        default=None, description="AWS's creationDate of that version; absent: not known."
    )
    outcome: Outcome = Field(description="How it ended.")
    reason: str = Field(max_length=1024, description="Why it ended so.")
    by: str | None = Field(default=None, max_length=253, description="Who aborted it, where somebody did.")
    started_at: Time | None = Field(default=None, description="When its first step was decided.")
    finished_at: Time = Field(description="When it ended.")


class ConditionStatus(StrEnum):
    """The three values of a condition."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(StatusModel):
    """As `metav1.Condition`."""

    type: str = Field(max_length=316, description="Name of the condition.")
    status: ConditionStatus = Field(description="True, False or Unknown.")
    observed_generation: int = Field(default=0, ge=0, description="The generation it speaks of.")
    last_transition_time: Time = Field(description="When the status last changed.")
    reason: str = Field(min_length=1, max_length=1024, description="One word of the runbook.")
    message: str = Field(max_length=32768, description="One sentence for people.")


class Status(StatusModel):
    """What the operator last knew and did."""

    observed_generation: int = Field(default=-1, description="The generation this status speaks of; -1 until seen.")
    phase: Phase | None = Field(default=None, description="Where the rollout is.")
    message: str | None = Field(default=None, max_length=1024, description="What happens and why, in a sentence.")
    stable_version: int | None = Field(default=None, ge=1, description="The version that had all traffic.")
    stable_creation_date: Time | None = Field(
        default=None, description="AWS's creationDate of the stable version; absent: not known."
    )
    target_version: int | None = Field(default=None, ge=1, description="The version wanted.")
    target_creation_date: Time | None = Field(
        default=None, description="AWS's creationDate of the version wanted; absent: not known."
    )
    weight: int | None = Field(default=None, ge=0, le=100, description="Percent of new executions on the target.")
    step: str | None = Field(default=None, max_length=16, description="Step for people, like 2/5.")
    step_started_at: Time | None = Field(default=None, description="When the current step's clock started.")
    next_action_at: Time | None = Field(default=None, description="When something happens next by itself.")
    plan_hash: str | None = Field(default=None, max_length=64, description="Which plan stepIndex counts in.")
    step_index: int | None = Field(
        default=None, ge=0, description="Step of the compiled plan, from 0; the number of steps while baking."
    )
    intent: Intent | None = Field(default=None, description="A forward write not yet verified.")
    shortcut: Shortcut | None = Field(default=None, description="Why the steps are skipped.")
    wait_ended_at: Time | None = Field(
        default=None, description="When a promote command, or onTimeout: Continue, ended the current wait."
    )
    approval_timeout: ApprovalTimeout | None = Field(
        default=None,
        description="The last approval that nobody gave in time, where the plan says to go on.",
    )
    due_since: Time | None = Field(
        default=None, description="From when the progress deadline counts, if later than due."
    )
    pause_command: PauseCommand | None = Field(default=None, description="A pause by command, until resumed.")
    taken_over: bool | None = Field(
        default=None,
        description="True while the rollout goes on from a split that it found (spec.stableVersion).",
    )
    trip: Trip | None = Field(default=None, description="The finding that causes the rollback.")
    alias: AliasStatus | None = Field(default=None, description="The alias as last verified.")
    alarm: AlarmState | None = Field(default=None, description="The worst of the alarms.")
    alarms: Annotated[tuple[AlarmStatus, ...], Field(max_length=100), ListType("map", "name")] = Field(
        default=(), description="Each alarm as last judged."
    )
    preflight: PreflightStatus | None = Field(default=None, description="What preflight found about the target.")
    analysis: AnalysisStatus | None = Field(
        default=None, description="What the judge says of the target by its executions."
    )
    access: AccessUse | None = Field(
        default=None,
        description="The AWSAccess that lets this rollout move its alias; in flight the last one that did.",
    )
    smoke_attempt: Time | None = Field(
        default=None,
        description="When the present attempt at the smoke execution was decided; its name is made from it.",
    )
    started_at: Time | None = Field(default=None, description="When the rollout's first step was decided.")
    finished_at: Time | None = Field(default=None, description="When the rollout ended.")
    outcome: Outcome | None = Field(default=None, description="Outcome of the newest history entry.")
    retry_token: str | None = Field(default=None, max_length=253, description="The retryToken this rollout answers.")
    running_executions: ExecutionCount | None = Field(
        default=None, description="Executions still running on the version that lost its traffic."
    )
    last_command: LastCommand | None = Field(default=None, description="The answer to the last command.")
    history: Annotated[tuple[HistoryEntry, ...], Field(max_length=10), ListType("atomic")] = Field(
        default=(), description="Finished rollouts, newest first."
    )
    conditions: Annotated[tuple[Condition, ...], Field(max_length=16), ListType("map", "type")] = Field(
        default=(),
        description="Ready, Reconciling, Stalled, AwaitingApproval, Promoted, Paused, AlarmsHealthy, PreflightPassed, "
        "AnalysisHealthy, AliasInSync.",
    )

    @property
    def is_written(self) -> bool:
        """The operator has written it before; else the object has no status yet, or has lost it."""
        return self.observed_generation >= 0 or self.phase is not None

    @property
    def is_in_flight(self) -> bool:
        """It has begun and not ended: traffic may have moved."""
        return self.started_at is not None and self.finished_at is None

    @property
    def knows_its_way(self) -> bool:
        """In flight, with the versions to go on to and back to. One that has lost them begins again from the alias."""
        return self.is_in_flight and self.stable_version is not None and self.target_version is not None
