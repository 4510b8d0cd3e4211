"""What was asked of AWS, and what the aliases went through: for tests that count calls and for the demo."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

_KEPT_CALLS = 200_000  # a long benchmark must not grow the process without bound


@dataclass(frozen=True)
class CallRecord:
    """One call. `outcome` is "ok", an AWS error code, or the transport fault that hid the answer.

    Who made it stands there as in CloudTrail's userIdentity: `caller` is an ARN, as GetCallerIdentity says it; of a
    session of a role also the role's ARN, the session's name and, which CloudTrail only has where the role was assumed,
    its tags."""

    at: datetime
    service: str
    operation: str
    account: str
    region: str
    params: dict[str, Any]
    outcome: str
    caller: str = ""
    role: str | None = None
    session_name: str | None = None
    session_tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Journal:
    records: deque[CallRecord] = field(default_factory=lambda: deque(maxlen=_KEPT_CALLS))

    def add(self, record: CallRecord) -> None:
        self.records.append(record)

    def of(self, operation: str | None = None) -> list[CallRecord]:
        """Oldest first; all operations when none is named."""
        return [record for record in list(self.records) if operation in (None, record.operation)]

    def counts(self) -> dict[str, int]:
        """Calls by operation."""
        return dict(Counter(record.operation for record in list(self.records)))


@dataclass(frozen=True)
class AliasChange:
    """`event` is created, updated or deleted; `routing` maps version numbers to weights (empty when deleted)."""

    at: datetime
    alias_arn: str
    event: str
    routing: dict[int, int]


@dataclass
class AliasHistory:
    """Every routing change of every alias, oldest first. Repeated writes of the same routing are no change."""

    changes: list[AliasChange] = field(default_factory=list)

    def add(self, at: datetime, alias_arn: str, event: str, routing: dict[int, int]) -> None:
        self.changes.append(AliasChange(at, alias_arn, event, routing))

    def of(self, alias_arn: str | None = None) -> list[AliasChange]:
        return [change for change in self.changes if alias_arn in (None, change.alias_arn)]
