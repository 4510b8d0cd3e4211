"""Stale reads. After UpdateStateMachineAlias the alias may answer with its former routing for a while.

API reference of UpdateStateMachineAlias: "This operation is eventually consistent." How long is not stated beyond
"within a few seconds", so a test says it: a number of reads (deterministic) or milliseconds. Off unless set.

So are lists of executions ("best effort and may not reflect very recent updates", API reference of ListExecutions) and
their metrics, for a time that a test says as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devenv.aws.aliases import Alias


@dataclass
class _Shadow:
    former: Alias
    reads: int
    until: datetime | None


@dataclass
class Consistency:
    """`reads`: how many DescribeStateMachineAlias still see the former state; `milliseconds`: for how long.

    `lists_behind`: how old the executions are that lists and metrics show."""

    reads: int = 0
    milliseconds: int = 0
    lists_behind: timedelta = timedelta(0)
    _shadows: dict[str, _Shadow] = field(default_factory=dict)

    def set(self, *, reads: int = 0, milliseconds: int = 0, lists_milliseconds: int = 0) -> None:
        self.reads, self.milliseconds = reads, milliseconds
        self.lists_behind = timedelta(milliseconds=lists_milliseconds)
        self._shadows.clear()

    def updated(self, arn: str, former: Alias, now: datetime) -> None:
        """Remembers what readers go on seeing. A second update in the stale time keeps the oldest view."""
        if self.reads or self.milliseconds:
            until = now + timedelta(milliseconds=self.milliseconds) if self.milliseconds else None
            self._shadows[arn] = _Shadow(self.seen(arn, former, now), self.reads, until)

    def seen(self, arn: str, current: Alias, now: datetime) -> Alias:
        """What StartExecution sees; spends no read."""
        shadow = self._shadows.get(arn)
        if shadow is None or not self._holds(shadow, now):
            self._shadows.pop(arn, None)
            return current
        return shadow.former

    def read(self, arn: str, current: Alias, now: datetime) -> Alias:
        """What DescribeStateMachineAlias sees; spends one of the stale reads."""
        seen = self.seen(arn, current, now)
        if shadow := self._shadows.get(arn):
            shadow.reads -= 1
        return seen

    def forget(self, arn: str) -> None:
        self._shadows.pop(arn, None)

    @staticmethod
    def _holds(shadow: _Shadow, now: datetime) -> bool:
        return shadow.reads > 0 or (shadow.until is not None and now < shadow.until)
