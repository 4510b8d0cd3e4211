"""Executions that the operator starts: one for each name, with the end that its version's executions come to."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sfn_rollouts.core.values.smoke import RUNNING, SUCCEEDED, Run


@dataclass(frozen=True, slots=True)
class Ending:
    """How executions end that start from now on, seconds after their start; None: never."""

    status: str = SUCCEEDED
    after_s: float | None = 1.0
    output: str = "{}"


@dataclass(frozen=True, slots=True)
class Started:
    """An execution of a version, which will end so."""

    version: int
    at: datetime
    ending: Ending

    def ends_as(self, status: str, within_s: float) -> bool:
        """Whether it ends with this status, and in time."""
        after_s = self.ending.after_s
        return self.ending.status == status and after_s is not None and after_s <= within_s


class Smokes:
    """The executions of one state machine; `now` is AWS's clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.usual = Ending()
        self.endings: dict[int, Ending] = {}
        self.started: dict[str, Started] = {}

    def start(self, version: int, name: str) -> bool:
        """StartExecution; returns whether there was none of that name."""
        if name in self.started:
            return False
        self.started[name] = Started(version, self._now(), self.endings.get(version, self.usual))
        return True

    def read(self, arn: str, name: str, read_at: datetime) -> Run:
        """DescribeExecution, of one that was started."""
        found = self.started[name]
        ending = found.ending
        ends_at = found.at + timedelta(seconds=ending.after_s) if ending.after_s is not None else None
        if ends_at is None or ends_at > self._now():
            return Run(arn, RUNNING, found.at, self._now(), read_at)
        output = ending.output if ending.status == SUCCEEDED else ""
        return Run(arn, ending.status, found.at, self._now(), read_at, ends_at, output)

    def last_of(self, version: int) -> Started | None:
        """The execution of a version that was started last."""
        return next((each for each in reversed(self.started.values()) if each.version == version), None)
