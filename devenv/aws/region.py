"""What one account holds in one region, and what all regions share. State only: the operations are elsewhere."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from devenv.aws.arns import partition_of
from devenv.aws.callers import Caller, user_of
from devenv.aws.consistency import Consistency
from devenv.aws.journal import AliasHistory
from devenv.aws.sessions import Sessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from devenv.aws.alarm_history import HistoryItem
    from devenv.aws.alarms import Alarm
    from devenv.aws.execution import Ending, Execution
    from devenv.aws.functions import Function
    from devenv.aws.state_machine import Machine
    from devenv.aws.traffic import Traffic

Params = dict[str, Any]
Fields = dict[str, Any]


def wall_clock() -> datetime:
    return datetime.now(UTC)


@dataclass
class Shared:
    """The settings that hold in every account and region. `clock` is the one source of time."""

    clock: Callable[[], datetime] = wall_clock
    dice: random.Random = field(default_factory=random.Random)
    consistency: Consistency = field(default_factory=Consistency)
    alias_history: AliasHistory = field(default_factory=AliasHistory)
    sessions: Sessions = field(init=False)

    def __post_init__(self) -> None:
        self.sessions = Sessions(self.clock)


@dataclass
class Region:
    """State of one (account, region), by name or ARN. `by` is who looks at it; None for the user of the account."""

    account: str
    name: str
    shared: Shared
    machines: dict[str, Machine] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)
    endings: dict[str, Ending] = field(default_factory=dict)
    alarms: dict[str, Alarm] = field(default_factory=dict)
    alarm_history: list[HistoryItem] = field(default_factory=list)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    denied_keys: set[str] = field(default_factory=set)
    traffic: dict[str, Traffic] = field(default_factory=dict)
    by: Caller | None = None

    @property
    def caller(self) -> Caller:
        return self.by or user_of(self.account)

    def seen_by(self, caller: Caller) -> Region:
        """The same state, for an operation that asks who calls."""
        return replace(self, by=caller)

    def now(self) -> datetime:
        """Cut to milliseconds, the precision of both services."""
        at = self.shared.clock()
        return at.replace(microsecond=at.microsecond // 1000 * 1000)

    def ending_of(self, version_arn: str | None, machine_arn: str) -> Ending | None:
        """How a test has set executions to end that begin now."""
        return self.endings.get(version_arn or machine_arn, self.endings.get(machine_arn))

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{partition_of(self.name)}:{service}:{self.name}:{self.account}:{resource}"
