"""A rollout as the API server holds it: the one place where the plugin reads the plain dicts of a resource.

Standard library only, since `list` must answer at once; and lenient, since an operator newer or older than this plugin
may have written the status: what cannot be read is absent. Does not belong here: what a plan means (`core.plan`) or how
anything looks (`plugin.view`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, TypeVar

from sfn_rollouts.api import COMMAND_ANNOTATION
from sfn_rollouts.arns import STATE_MACHINE, Arn
from sfn_rollouts.printable import one_line

Item = TypeVar("Item")

SUCCESSES = ("Promoted", "FastPromoted", "FastRolledBack")
ACCESS_LACKING = ("AccessNotGranted", "AccessAmbiguous")
"""Reasons of Ready that say that not exactly one AWSAccess matches."""


class Attention(IntEnum):
    """How much a rollout needs a person: the smallest number comes first in a list."""

    STALLED = 0  # will not move by itself
    ROLLING_BACK = 1
    ALARMED = 2  # in flight, and an alarm is not well
    DOUBTED = 3  # in flight, and the judge of its executions has found something, or cannot see them
    HELD = 4  # in flight, and a due step is held by something else
    AWAITED = 5  # waits for a person, as planned or as a person wanted
    UNSEEN = 6  # no operator has looked at this generation yet
    MOVING = 7
    DONE = 8


@dataclass(frozen=True, slots=True)
class Condition:
    """As `metav1.Condition`; `status` is True, False or Unknown."""

    type: str
    status: str
    reason: str
    message: str
    since: datetime | None
    observed_generation: int

    @property
    def is_true(self) -> bool:
        """Whether it holds."""
        return self.status == "True"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm as last judged; `state` is OK, ALARM, INSUFFICIENT_DATA or UNKNOWN."""

    name: str
    state: str
    since: datetime | None
    reason: str
    is_ignored_until_ok: bool


@dataclass(frozen=True, slots=True)
class LastCommand:
    """The operator's answer to the last command; `result` is Done, Stale or Refused."""

    id: str
    action: str
    result: str
    message: str
    by: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class SentCommand:
    """The command annotation as it stands there, answered or not."""

    id: str
    action: str
    by: str


@dataclass(frozen=True, slots=True)
class PastRollout:
    """One finished rollout. `by` is who aborted it."""

    version: int
    stable: int | None
    outcome: str
    reason: str
    by: str
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_success(self) -> bool:
        """Its target had all traffic at the end; as `api.status.Outcome.is_success`, which costs 0.2 s to import."""
        return self.outcome in SUCCESSES


@dataclass(frozen=True, slots=True)
class Trip:
    """The finding that causes a rollback."""

    reason: str
    message: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class PauseCommand:
    """A pause by command that has not been resumed."""

    id: str
    by: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class RunningExecutions:
    """Executions that stay on a version that lost its traffic; `running` None: they could not be counted."""

    version: int
    running: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Counts:
    """Executions of one version: started through the alias, judged, and of these the bad ones."""

    started: int
    judged: int
    bad: int


@dataclass(frozen=True, slots=True)
class Judged:
    """What the judge says by the executions; `verdict` is as in `api.analysis.Verdict`, `horizon` as written there,
    `source` as in `api.analysis.Source`.

    `policy` and `action`: which field of `spec.analysis` says what this verdict does, and what it says; both empty
    where there is none.
    """

    verdict: str
    since: datetime | None
    message: str
    target: Counts | None
    stable: Counts | None
    by_chance: float | None
    needed: float | None
    horizon: str
    source: str
    looked_at: datetime | None
    forecast: str
    policy: str
    action: str
    is_accepted: bool


@dataclass(frozen=True, slots=True)
class PreflightFound:
    """One finding of preflight about the version that is asked for; `verdict` is as in `api.preflight.Verdict`."""

    check: str
    verdict: str
    subject: str
    message: str


@dataclass(frozen=True, slots=True)
class AccessInUse:
    """The AWSAccess that lets a rollout move its alias, in flight the last one that did; as `api.access_use.AccessUse`.

    Without a role it is the operator's own identity.
    """

    name: str
    role_arn: str = ""
    external_id: str = ""
    session_tags: str = ""

    @property
    def account(self) -> str:
        """Account of the role; empty where there is none, or it is no ARN."""
        arn = self._arn
        return arn.account if arn is not None else ""

    @property
    def role(self) -> str:
        """Name of the role, without its path; the whole text where it is no ARN."""
        arn = self._arn
        return arn.resource.rpartition("/")[2] if arn is not None else self.role_arn

    def __str__(self) -> str:
        if not self.role_arn:
            return f"{self.name} (the operator's own identity)"
        account = f" in account {self.account}" if self.account else ""
        return f"{self.name} (role {self.role}{account})"

    @property
    def _arn(self) -> Arn | None:
        try:
            return Arn.parse(self.role_arn)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Rollout:
    """One StepFunctionRollout. Times are in UTC; None is what is absent or unreadable; weights are percent."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    generation: int
    created_at: datetime | None
    is_deleting: bool
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    machine_arn: str
    alias: str
    version: int | None
    is_paused_by_spec: bool

    observed_generation: int
    phase: str
    message: str
    stable: int | None
    target: int | None
    weight: int | None
    step: str
    step_index: int | None
    step_started_at: datetime | None
    next_action_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    outcome: str
    alarm: str
    intended_weight: int | None
    routing: tuple[tuple[int, int], ...]
    alarms: tuple[Alarm, ...]
    conditions: tuple[Condition, ...]
    history: tuple[PastRollout, ...]
    sent_command: SentCommand | None
    last_command: LastCommand | None
    pause_command: PauseCommand | None
    trip: Trip | None
    running_executions: RunningExecutions | None
    analysis: Judged | None
    preflight: tuple[PreflightFound, ...]
    access: AccessInUse | None

    resource: Mapping[str, Any] = field(repr=False)
    """All of it, as the API server gave it: for `-o json`, and for whoever reads it by the models of `api`."""

    @classmethod
    def from_resource(cls, resource: Mapping[str, Any]) -> Rollout:
        """Parse a resource as `kubectl get -o json` prints it. Never raises; what is absent or odd is left out."""
        metadata, spec, status = (_mapping(resource.get(part)) for part in ("metadata", "spec", "status"))
        return cls(
            namespace=text_of(metadata.get("namespace")),
            name=text_of(metadata.get("name")),
            uid=text_of(metadata.get("uid")),
            resource_version=text_of(metadata.get("resourceVersion")),
            generation=_number(metadata.get("generation")) or 0,
            created_at=moment_of(metadata.get("creationTimestamp")),
            is_deleting=metadata.get("deletionTimestamp") is not None,
            labels=_texts(metadata.get("labels")),
            annotations=_texts(metadata.get("annotations")),
            machine_arn=text_of(spec.get("stateMachineArn")),
            alias=text_of(spec.get("alias")),
            version=_number(spec.get("version")),
            is_paused_by_spec=spec.get("paused") is True,
            **_progress(status),
            alarms=_each(status.get("alarms"), _alarm),
            conditions=_each(status.get("conditions"), _condition),
            history=_each(status.get("history"), _past),
            sent_command=_sent(_mapping(metadata.get("annotations")).get(COMMAND_ANNOTATION)),
            last_command=_one(status.get("lastCommand"), _last_command),
            pause_command=_one(status.get("pauseCommand"), _pause_command),
            trip=_one(status.get("trip"), _trip),
            running_executions=_one(status.get("runningExecutions"), _running),
            analysis=_judged(_mapping(status.get("analysis")), _mapping(spec.get("analysis"))),
            preflight=_preflight(_mapping(status.get("preflight")), _number(spec.get("version"))),
            access=_one(status.get("access"), _access),
            resource=resource,
        )

    @property
    def machine(self) -> str:
        """Name of the state machine; the whole text where it is no ARN."""
        try:
            return STATE_MACHINE.parse(self.machine_arn).name
        except ValueError:
            return self.machine_arn

    @property
    def is_observed(self) -> bool:
        """Whether the status speaks of the spec as it stands now."""
        return self.observed_generation == self.generation and bool(self.phase)

    @property
    def is_in_flight(self) -> bool:
        """It has begun and not ended: the alias may be split; as `api.status.Status.is_in_flight`."""
        return self.started_at is not None and self.finished_at is None

    @property
    def is_paused(self) -> bool:
        """A person holds the next step, by manifest or by command."""
        return self.is_paused_by_spec or self.pause_command is not None

    @property
    def is_stalled(self) -> bool:
        """It will not move without a person or a new generation."""
        return self.holds("Stalled")

    @property
    def is_held(self) -> bool:
        """In flight, and something keeps it from its next step that no person has asked for."""
        return self.is_in_flight and self.is_observed and self.reason not in _NOTHING_WRONG

    @property
    def is_access_revoked(self) -> bool:
        """In flight, and the operator says that no access lets it go on: it may only go back, by the one it has."""
        return self.is_in_flight and self.reason in ACCESS_LACKING

    @property
    def reason(self) -> str:
        """One word of the runbook for how it stands; empty until the operator has looked."""
        ready = self.condition("Ready")
        return ready.reason if ready is not None else ""

    @property
    def attention(self) -> Attention:
        """How much it needs a person. Stalled outranks the phase, as it does for Argo CD and Flux."""
        if not self.is_observed:
            return Attention.UNSEEN
        if self.is_stalled:
            return Attention.STALLED
        if self.phase in _RANK_OF_PHASE:
            return _RANK_OF_PHASE[self.phase]
        if self.alarm in ("ALARM", "UNKNOWN"):
            return Attention.ALARMED
        if self.doubt:
            return Attention.DOUBTED
        return Attention.HELD if self.is_held else Attention.MOVING

    @property
    def doubt(self) -> str:
        """The verdict of the judge of its executions, where that is no good one, in flight; else empty."""
        verdict = self.analysis.verdict if self.analysis is not None and self.is_in_flight else ""
        return verdict if verdict in _DOUBTS else ""

    @property
    def attention_rank(self) -> tuple[int, str, str]:
        """What to sort a list by: who needs a person first, then namespace and name."""
        return int(self.attention), self.namespace, self.name

    def condition(self, kind: str) -> Condition | None:
        """Return one condition."""
        return next((each for each in self.conditions if each.type == kind), None)

    def holds(self, kind: str) -> bool:
        """Whether a condition is there and True."""
        found = self.condition(kind)
        return found is not None and found.is_true


_RANK_OF_PHASE = {
    "RollingBack": Attention.ROLLING_BACK,
    "Paused": Attention.AWAITED,
    "Succeeded": Attention.DONE,
    "RolledBack": Attention.STALLED,
    "Failed": Attention.STALLED,
}
_DOUBTS = ("Worse", "Slower", "Suspect", "Skewed", "Blind")
_NOTHING_WRONG = ("Initializing", "ShiftInProgress", "Baking", "Paused", "AwaitingApproval")


def _progress(status: Mapping[str, Any]) -> dict[str, Any]:
    observed = _number(status.get("observedGeneration"))
    return {
        "observed_generation": observed if observed is not None else -1,
        "phase": text_of(status.get("phase")),
        "message": text_of(status.get("message")),
        "stable": _number(status.get("stableVersion")),
        "target": _number(status.get("targetVersion")),
        "weight": _number(status.get("weight")),
        "step": text_of(status.get("step")),
        "step_index": _number(status.get("stepIndex")),
        "step_started_at": moment_of(status.get("stepStartedAt")),
        "next_action_at": moment_of(status.get("nextActionAt")),
        "started_at": moment_of(status.get("startedAt")),
        "finished_at": moment_of(status.get("finishedAt")),
        "outcome": text_of(status.get("outcome")),
        "alarm": text_of(status.get("alarm")),
        "intended_weight": _number(_mapping(status.get("intent")).get("weight")),
        "routing": _each(_mapping(status.get("alias")).get("routing"), _route),
    }


def _route(raw: Mapping[str, Any]) -> tuple[int, int]:
    return _number(raw.get("version")) or 0, _number(raw.get("weight")) or 0


def _condition(raw: Mapping[str, Any]) -> Condition:
    return Condition(
        type=text_of(raw.get("type")),
        status=text_of(raw.get("status")),
        reason=text_of(raw.get("reason")),
        message=text_of(raw.get("message")),
        since=moment_of(raw.get("lastTransitionTime")),
        observed_generation=_number(raw.get("observedGeneration")) or 0,
    )


JUDGES_POLICIES: Mapping[str, tuple[str, str]] = {
    "Worse": ("onWorse", "Rollback"),
    "Slower": ("onSlower", "Hold"),
    "Suspect": ("onSuspect", "Hold"),
    "Skewed": ("onBlind", "Hold"),
    "Blind": ("onBlind", "Hold"),
}
"""Which field of `spec.analysis` says what a verdict does, and what it says where it is left out."""


def _judged(raw: Mapping[str, Any], analysis: Mapping[str, Any]) -> Judged | None:
    verdict = text_of(raw.get("verdict"))
    if not verdict:
        return None
    policy, default = JUDGES_POLICIES.get(verdict, ("", ""))
    return Judged(
        verdict=verdict,
        since=moment_of(raw.get("since")),
        message=text_of(raw.get("message")),
        target=_counts(_mapping(raw.get("target"))),
        stable=_counts(_mapping(raw.get("stable"))),
        by_chance=_fraction(raw.get("byChance")),
        needed=_fraction(raw.get("needed")),
        horizon=text_of(raw.get("horizon")),
        source=text_of(raw.get("source")),
        looked_at=moment_of(raw.get("lookedAt")),
        forecast=text_of(_mapping(raw.get("forecast")).get("message")),
        policy=policy,
        action=text_of(analysis.get(policy)) or default,
        is_accepted=text_of(raw.get("accepted")) == verdict,
    )


def _counts(raw: Mapping[str, Any]) -> Counts | None:
    started, judged, bad = (_number(raw.get(name)) for name in ("started", "judged", "bad"))
    return Counts(started, judged, bad) if started is not None and judged is not None and bad is not None else None


def _preflight(raw: Mapping[str, Any], version: int | None) -> tuple[PreflightFound, ...]:
    """What was found of the version before says nothing about the one that is asked for."""
    is_of_this = _number(raw.get("version")) == version
    return _each(raw.get("findings"), _preflight_found) if is_of_this else ()


def _preflight_found(raw: Mapping[str, Any]) -> PreflightFound:
    return PreflightFound(
        check=text_of(raw.get("check")),
        verdict=text_of(raw.get("verdict")),
        subject=text_of(raw.get("subject")),
        message=text_of(raw.get("message")),
    )


def _access(raw: Mapping[str, Any]) -> AccessInUse:
    fields = ("name", "roleArn", "externalId", "sessionTags")
    return AccessInUse(*(text_of(raw.get(name)) for name in fields))


def _alarm(raw: Mapping[str, Any]) -> Alarm:
    return Alarm(
        name=text_of(raw.get("name")),
        state=text_of(raw.get("state")),
        since=moment_of(raw.get("since")),
        reason=text_of(raw.get("reason")),
        is_ignored_until_ok=raw.get("ignoredUntilOk") is True,
    )


def _past(raw: Mapping[str, Any]) -> PastRollout:
    return PastRollout(
        version=_number(raw.get("version")) or 0,
        stable=_number(raw.get("stableVersion")),
        outcome=text_of(raw.get("outcome")),
        reason=text_of(raw.get("reason")),
        by=text_of(raw.get("by")),
        started_at=moment_of(raw.get("startedAt")),
        finished_at=moment_of(raw.get("finishedAt")),
    )


def _sent(text: object) -> SentCommand | None:
    """People may have written anything there."""
    try:
        raw = _mapping(json.loads(text)) if isinstance(text, str) else {}
    except (ValueError, RecursionError):
        return None
    sent = SentCommand(text_of(raw.get("id")), text_of(raw.get("action")), text_of(raw.get("by")))
    return sent if sent.id else None


def _last_command(raw: Mapping[str, Any]) -> LastCommand:
    return LastCommand(
        id=text_of(raw.get("id")),
        action=text_of(raw.get("action")),
        result=text_of(raw.get("result")),
        message=text_of(raw.get("message")),
        by=text_of(raw.get("by")),
        at=moment_of(raw.get("observedAt")),
    )


def _pause_command(raw: Mapping[str, Any]) -> PauseCommand:
    return PauseCommand(text_of(raw.get("id")), text_of(raw.get("by")), moment_of(raw.get("at")))


def _trip(raw: Mapping[str, Any]) -> Trip:
    return Trip(text_of(raw.get("reason")), text_of(raw.get("message")), moment_of(raw.get("at")))


def _running(raw: Mapping[str, Any]) -> RunningExecutions:
    return RunningExecutions(_number(raw.get("version")) or 0, _number(raw.get("running")), text_of(raw.get("message")))


# -- reading what may be anything --


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _each(value: object, read: Callable[[Mapping[str, Any]], Item]) -> tuple[Item, ...]:
    items = value if isinstance(value, list | tuple) else ()
    return tuple(read(each) for each in items if isinstance(each, Mapping))


def _one(value: object, read: Callable[[Mapping[str, Any]], Item]) -> Item | None:
    return read(value) if isinstance(value, Mapping) else None


def text_of(value: object) -> str:
    """On one line, and nothing that a terminal would act on: who may write a resource shall not write on our screen."""
    return one_line(value) if isinstance(value, str) else ""


def _texts(value: object) -> dict[str, str]:
    return {text_of(key): text_of(text) for key, text in _mapping(value).items()}


def _number(value: object) -> int | None:
    """Whole numbers only; JSON may write them as 42.0."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _fraction(value: object) -> float | None:
    """From 0 to 1; what is no probability is not known."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
        return None
    return float(value)


def moment_of(value: object) -> datetime | None:
    """RFC 3339; a leap second, or a year that the standard library does not know, is no moment."""
    try:
        moment = datetime.fromisoformat(text_of(value))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
