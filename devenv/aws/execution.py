"""What an execution is: bound to a version at its start, attributed to it, and how it will end. No operations.

Nothing runs. A test sets how the executions of a version, or of a machine, end: their ending is fixed at their start
and comes true by the emulator's clock. Without one an execution stays RUNNING until somebody ends it.

API reference: executions of a STANDARD machine are forgotten 90 days after they closed, and their name is free again.
Lists and metrics may be behind (`Consistency.lists_behind`): they show what was so many seconds ago.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from devenv.aws.errors import AwsError, invalid_arn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from devenv.aws.arns import MachineArn
    from devenv.aws.region import Fields, Region
    from devenv.aws.state_machine import Revision

_REMEMBERED = timedelta(days=90)
RUNNING, SUCCEEDED = "RUNNING", "SUCCEEDED"
ENDS = (SUCCEEDED, "FAILED", "TIMED_OUT", "ABORTED")


@dataclass(frozen=True)
class Ending:
    """`status` is one of ENDS, or RUNNING for an execution that never ends. `output` is JSON text."""

    status: str
    after_s: float = 0.0
    output: str = "{}"
    error: str | None = None
    cause: str | None = None

    def __post_init__(self) -> None:
        if self.status not in (RUNNING, *ENDS):
            raise ValueError(f"no execution ends as {self.status!r}; there are {', '.join((RUNNING, *ENDS))}")


@dataclass(frozen=True)
class Execution:
    arn: str
    name: str
    machine_arn: str
    machine_name: str
    revision: Revision
    input: str
    started: datetime
    version_arn: str | None = None
    alias_arn: str | None = None
    is_express: bool = False
    ending: Ending | None = None
    status: str = RUNNING
    stopped: datetime | None = None
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    redrives: int = 0
    redriven: datetime | None = None

    @property
    def begun(self) -> datetime:
        """When it began to run as it does: its start, or its last redrive."""
        return self.redriven or self.started

    def at(self, now: datetime) -> Execution:
        """As it is by now: its ending may have come."""
        if self.status != RUNNING or self.ending is None or self.ending.status == RUNNING:
            return self
        ends_at = self.begun + timedelta(seconds=self.ending.after_s)
        return self.ended(self.ending, ends_at) if ends_at <= now else self

    def ended(self, ending: Ending, at: datetime) -> Execution:
        output = ending.output if ending.status == SUCCEEDED else None
        return replace(self, status=ending.status, stopped=at, output=output, error=ending.error, cause=ending.cause)

    def seen_from(self, moment: datetime) -> Execution | None:
        """As it was then, by what is known now; None: it had not started."""
        if self.started > moment:
            return None
        has_ended = self.stopped is not None and self.stopped <= moment
        return self if has_ended else replace(self, status=RUNNING, stopped=None, output=None, error=None, cause=None)

    def belongs_to(self, arn: MachineArn) -> bool:
        """Whether it counts for a machine, a version or an alias."""
        return str(arn) in (self.machine_arn, self.version_arn, self.alias_arn)

    def summary(self) -> Fields:
        """As ListExecutions shows it."""
        answer = {
            "executionArn": self.arn,
            "stateMachineArn": self.machine_arn,
            "name": self.name,
            "status": self.status,
            "startDate": self.started,
            "redriveCount": self.redrives,
        }
        optional = {
            "stopDate": self.stopped,
            "redriveDate": self.redriven,
            "stateMachineVersionArn": self.version_arn,
            "stateMachineAliasArn": self.alias_arn,
        }
        return answer | {name: value for name, value in optional.items() if value is not None}


def current(region: Region) -> Iterator[Execution]:
    """Every execution that AWS still remembers, as it is by now."""
    now = region.now()
    for arn, execution in region.executions.items():
        found = execution.at(now)
        if found is not execution:
            region.executions[arn] = found  # it stays so, and need not be found out again
        if not _is_forgotten(found, now):
            yield found


def listed(region: Region) -> Iterator[Execution]:
    """The same, as lists and metrics show them: maybe as they were a while ago."""
    behind = region.shared.consistency.lists_behind
    moment = region.now() - behind
    for execution in current(region):
        seen = execution.seen_from(moment) if behind else execution
        if seen is not None:
            yield seen


def find(region: Region, arn: str) -> Execution | None:
    now = region.now()
    found = region.executions[arn].at(now) if arn in region.executions else None
    return None if found is None or _is_forgotten(found, now) else found


def require(region: Region, arn: str) -> Execution:
    """Raises ExecutionDoesNotExist, and InvalidArn for an EXPRESS execution (the text is not established)."""
    execution = find(region, arn)
    if execution is None:
        raise AwsError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    if execution.is_express:
        raise invalid_arn("Resource type not valid in this context: express")
    return execution


def _is_forgotten(execution: Execution, now: datetime) -> bool:
    return execution.stopped is not None and now - execution.stopped > _REMEMBERED
