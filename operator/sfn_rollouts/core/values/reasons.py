"""The words for why: one enum for conditions, Events, metric labels and runbook headings, with a sentence each."""

from enum import StrEnum


class Reason(StrEnum):
    """A reason; `Reason.X.meaning` is what the runbook says first."""

    meaning: str

    def __new__(cls, word: str, meaning: str = "") -> "Reason":
        member = str.__new__(cls, word)
        member._value_ = word
        member.meaning = meaning
        return member

    INITIALIZING = (
        "Initializing",
        "The operator has accepted the resource and is reading the alias, the version and the alarms.",
    )
    SHIFT_IN_PROGRESS = "ShiftInProgress", "Traffic is moving to the target step by step; nothing is wrong."
    BAKING = "Baking", "All traffic is on the target; alarms are watched until bakeTime is over."
    AWAITING_APPROVAL = "AwaitingApproval", "The plan has reached `pause: {}` and waits until a person promotes."
    APPROVAL_TIMED_OUT = (
        "ApprovalTimedOut",
        "Nobody promoted within the timeout of the step; onTimeout says whether it went back or on.",
    )
    PAUSED = "Paused", "A person has paused the rollout, by spec.paused or by a pause command. Alarms stay watched."
    ROLLOUT_COMPLETE = "RolloutComplete", "All traffic is on the target and the bake is over."
    UP_TO_DATE = "UpToDate", "The alias already serves the wanted version; nothing was written."
    ALIAS_ADOPTED = "AliasAdopted", "Somebody else routed the alias, and driftPolicy says to take that as it is."
    ROLLBACK_IN_PROGRESS = "RollbackInProgress", "All traffic is being put back on the stable version."
    RETRYING_AWS = "RetryingAWS", "AWS throttled, failed or did not answer; the same call is tried again."
    INVALID_SPEC = "InvalidSpec", "The spec contradicts itself; the message names the field, the value and the remedy."
    NOT_FOUND = "NotFound", "The state machine, the version or the alias does not exist."
    ACCESS_DENIED = (
        "AccessDenied",
        "AWS refused a call, or the credentials for it could not be fetched; the message says which.",
    )
    ACCESS_NOT_GRANTED = (
        "AccessNotGranted",
        "No AWSAccess lets this namespace move this alias, or the one that did does so no longer.",
    )
    ACCESS_AMBIGUOUS = "AccessAmbiguous", "More than one AWSAccess matches this rollout, and exactly one must."
    ACCESS_VERIFIED = "AccessVerified", "The role of an AWSAccess was assumed, and its account is that of its machines."
    FOREIGN_ACCOUNT = "ForeignAccount", "The state machine is in another account than the operator's credentials."
    UNKNOWN_REGION = "UnknownRegion", "The operator knows no such region in the partition that the ARN names."
    ALIAS_SPLIT = "AliasSplit", "The alias was already split by somebody else when the rollout was to start."
    ALIAS_TAKEN_OVER = (
        "AliasTakenOver",
        "The alias was found split, and the rollout goes on from there, as spec.stableVersion says.",
    )
    STATE_MACHINE_RECREATED = (
        "StateMachineRecreated",
        "The state machine was deleted and created again; a version is its number and its creationDate.",
    )
    ALIAS_CONFLICT = "AliasConflict", "Another resource manages the same alias; only that one acts."
    ALIAS_DRIFTED = "AliasDrifted", "Somebody else changed the alias, and driftPolicy says to hold."
    ALARM_FIRING = "AlarmFiring", "A watched alarm is in ALARM."
    ALARM_TRANSIENT = (
        "AlarmTransient",
        "A watched alarm fired and cleared between two polls, or while the operator was down.",
    )
    ALARM_MISSING = "AlarmMissing", "A watched alarm does not exist."
    ALARM_INSUFFICIENT_DATA = (
        "AlarmInsufficientData",
        "A watched alarm has no data, and the policy does not ignore that.",
    )
    ALARM_UNEVALUATED = (
        "AlarmUnevaluated",
        "CloudWatch says that it could not evaluate a watched alarm, and the policy does not ignore that.",
    )
    ALARM_UNREADABLE = "AlarmUnreadable", "A watched alarm could not be read for three polls."
    PROGRESS_DEADLINE_EXCEEDED = "ProgressDeadlineExceeded", "A due step was held up for longer than progressDeadline."
    ROLLBACK_FAILED = "RollbackFailed", "The alias could not be put back on the stable version; it is tried again."
    ABORTED = "Aborted", "A person aborted the rollout."
    SUPERSEDED = "Superseded", "Another version was asked for before this one had all traffic."
    TARGET_WITHDRAWN = "TargetWithdrawn", "The stable version was asked for again before the target had all traffic."
    INTERNAL_ERROR = "InternalError", "A defect of the operator holds this rollout; the log has the details."
    TERMINATING = "Terminating", "The resource is being deleted."
    STEP_STARTED = "StepStarted", "The alias was written and verified; the step's clock runs."
    STEPS_EDITED = (
        "StepsEdited",
        "The steps were edited while traffic is split; the rollout goes on in the new ones and its weight never falls.",
    )
    PREFLIGHT_FAILED = (
        "PreflightFailed",
        "A check that is enforced has found something wrong with the target, so that it gets no traffic.",
    )
    SMOKE_RUNNING = (
        "SmokeRunning",
        "The smoke execution of the target has not ended; the rollout begins once it has ended as expected.",
    )
    PREFLIGHT_WARNING = "PreflightWarning", "A check has found something wrong with the target; nothing waits for it."
    PREFLIGHT_UNKNOWN = "PreflightUnknown", "A check could not decide, or not yet; the message says why."
    PREFLIGHT_PASSED = "PreflightPassed", "Every check of the target has passed."
    VERSION_WORSE = "VersionWorse", "The target's executions fail more often than those of the stable version."
    VERSION_SLOWER = (
        "VersionSlower",
        "The target's executions take longer than those of the stable version, by more than the tolerance.",
    )
    VERSION_SUSPECT = (
        "VersionSuspect",
        "The target's executions fail more often than the stable version's past allows; only the past says so.",
    )
    TRAFFIC_SKEWED = "TrafficSkewed", "The target was started more or less often than the weight of the alias says."
    ANALYSIS_BLIND = "AnalysisBlind", "The executions of the rollout could not be read, so that nobody judges them."
    ANALYSIS_NOT_ENOUGH = "AnalysisNotEnough", "There is not enough evidence to say anything of the target yet."
    VERSION_NOT_WORSE = "VersionNotWorse", "The target fails at most by the margin more often than the stable version."
    ALARMS_HEALTHY = "AlarmsHealthy", "Every watched alarm has been read and none holds the rollout."
    NO_ALARMS = "NoAlarms", "The rollout watches no alarms."
    IN_SYNC = "InSync", "The alias is as the operator last left or found it."
    NOT_LOOKED = "NotLooked", "Nothing has been read yet."
    NOT_PAUSED = "NotPaused", "Nobody has paused the rollout."
    NOT_AWAITING_APPROVAL = "NotAwaitingApproval", "The rollout waits for no approval, or something else comes first."
    NOT_PROMOTED = "NotPromoted", "The target does not have all traffic, or its bake is not over."
    COMMAND_DONE = "CommandDone", "A command was carried out."
    COMMAND_REFUSED = "CommandRefused", "A command could not be carried out; the message says why and what to do."
    COMMAND_STALE = "CommandStale", "A command was meant for another object, generation or step, and was ignored."
    STATUS_NOT_STORED = (
        "StatusNotStored",
        "The API server refuses a status, or stores it as another one: an older CRD, a policy or a webhook.",
    )
    EXECUTIONS_COUNTED = "ExecutionsCounted", "How many executions stay on the version that lost its traffic."
