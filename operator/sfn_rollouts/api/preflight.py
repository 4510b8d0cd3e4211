"""Preflight: what is looked at before the first shift, how strictly, and what was found."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from pydantic import Field
from pydantic.alias_generators import to_snake

from sfn_rollouts.api.base import ApiModel, StatusModel
from sfn_rollouts.api.durations import Duration, SmokeTimeout
from sfn_rollouts.api.json_object import JsonObject
from sfn_rollouts.api.rules import ListType
from sfn_rollouts.api.times import Time


class Strictness(StrEnum):
    """What a problem that a check finds leads to."""

    OFF = "Off"
    WARN = "Warn"
    ENFORCE = "Enforce"


class ExecutionEnd(StrEnum):
    """How an execution may end, as AWS spells it."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"


class Expectation(ApiModel):
    """How the smoke execution must end."""

    status: ExecutionEnd = Field(
        default=ExecutionEnd.SUCCEEDED,
        description="The status that it must end with: SUCCEEDED, FAILED, TIMED_OUT or ABORTED.",
    )
    output: JsonObject | None = Field(
        default=None,
        description="What its output must contain: each field that is named here, with this value; lists as long as "
        "here. {}, also where it is left out: anything. At most 8 KiB of JSON.",
    )


class Smoke(ApiModel):
    """One execution of the target with an input of yours, before it gets traffic. It is a real one."""

    input: JsonObject = Field(description="The execution's input, any JSON object of at most 8 KiB.")
    timeout: SmokeTimeout = Field(
        default=Duration("5m"),
        description="How long the execution may take, 1s to 1h, counted by AWS from its start. One that takes longer "
        "is not stopped. AWS ends one of an Express state machine after five minutes.",
    )
    expect: Expectation | None = Field(
        default=None, description="How it must end. Left out: SUCCEEDED, with any output."
    )

    @property
    def expected(self) -> Expectation:
        """How it must end."""
        return self.expect or Expectation()


class Preflight(ApiModel):
    """How strict each check is that looks at the target before the first shift."""

    pins: Strictness = Field(
        default=Strictness.WARN,
        description="Lambda functions, nested state machines, ECS task definitions and Batch job definitions that the "
        "target calls without a version: they change for all executions at once. 'Off' (in quotes, as YAML takes it "
        "for false without them): not checked. Warn: problems are reported, nothing waits. Enforce: the rollout does "
        "not begin.",
    )
    targets: Strictness = Field(
        default=Strictness.WARN,
        description="Functions and state machines that the target calls and that do not exist, or a function that is "
        "not Active. Off, Warn or Enforce.",
    )
    permissions: Strictness = Field(
        default=Strictness.WARN,
        description="Actions that the stable version or the target needs and its role does not have, also asked again "
        "before each increase of the target's share. Off; Warn; Enforce: neither the first shift nor an increase.",
    )
    entry_point: Strictness = Field(
        default=Strictness.WARN,
        description="A state machine that the target calls through an alias that another rollout shifts, or another "
        "rollout's state machine that calls this alias: one execution would meet two shifts. Off, Warn or Enforce.",
    )
    alarms: Strictness = Field(
        default=Strictness.WARN,
        description="No alarm at all; an alarm on another state machine or on another version; an alarm that needs "
        "longer to fire than the shortest wait with traffic on the target. Off, Warn or Enforce.",
    )
    callers: Strictness = Field(
        default=Strictness.WARN,
        description="Executions of the last day that were started past the alias, which no shift reaches. "
        "Off, Warn or Enforce.",
    )
    smoke: Smoke | None = Field(
        default=None,
        description="An execution of the target that must end as expected before it gets traffic, started once nothing "
        "else blocks. Left out: none.",
    )

    def strictness(self, check: "Check") -> Strictness:
        """How strict a check is, of those that only look."""
        strictness: Strictness = getattr(self, to_snake(check))
        return strictness


class Check(StrEnum):
    """The checks, by the name of their field, in the order in which their findings are listed."""

    PINS = "pins"
    TARGETS = "targets"
    PERMISSIONS = "permissions"
    ENTRY_POINT = "entryPoint"
    ALARMS = "alarms"
    CALLERS = "callers"
    SMOKE = "smoke"


LOOKING = tuple(check for check in Check if check is not Check.SMOKE)
"""The checks that change nothing, and have a strictness."""

UNCHECKED = Preflight.model_validate(dict.fromkeys(LOOKING, Strictness.OFF))
"""Nothing is checked."""


class Verdict(StrEnum):
    """What a check found. UNKNOWN could not be decided, and never blocks."""

    PASSED = "Passed"
    WARNING = "Warning"
    FAILED = "Failed"
    UNKNOWN = "Unknown"


WORST_FIRST = (Verdict.FAILED, Verdict.WARNING, Verdict.UNKNOWN, Verdict.PASSED)

PROBLEMS = frozenset({Verdict.WARNING, Verdict.FAILED})
"""What a person should put right."""


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict that a person should know of first; PASSED without any."""
    return min(verdicts, key=WORST_FIRST.index, default=Verdict.PASSED)


class PreflightFinding(StatusModel):
    """One thing that a check found."""

    check: Check = Field(description="Which check, by the name of its field in spec.preflight.")
    verdict: Verdict = Field(description="Passed, Warning, Failed or Unknown.")
    subject: str = Field(max_length=1024, description="Path of the state, like States.Charge, or the resource.")
    message: str = Field(max_length=1024, description="What was found, and what to do about it.")


class PreflightStatus(StatusModel):
    """What preflight found about the target."""

    version: int = Field(ge=1, description="The version that was looked at.")
    checked_at: Time = Field(description="When the findings became what they are.")
    verdict: Verdict = Field(description="The worst of the findings.")
    findings: Annotated[tuple[PreflightFinding, ...], Field(max_length=50), ListType("atomic")] = Field(
        default=(), description="What each check found, the worst first, up to 50."
    )
