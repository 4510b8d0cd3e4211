"""Token buckets per API, account and region, as the service quotas page of Step Functions and the limits of CloudWatch
and Lambda say.

Off unless switched on. Where a rate only is documented, the bucket taken here is one second's worth. Lambda's control
plane has one bucket for all operations but a few: "15 requests per second across all APIs (not 15 per API)",
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html . IAM publishes no rate; that of
SimulatePrincipalPolicy is what tools were seen to get. STS has 600 requests a second for AssumeRole, GetCallerIdentity
and their kin together, of the account that calls,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html .
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from devenv.aws.errors import rate_exceeded

if TYPE_CHECKING:
    from datetime import datetime

    from devenv.aws.calls import Call

Limit = tuple[float, float]  # bucket size, refill per second

LIMITS: dict[str, Limit] = {
    "DescribeStateMachineAlias": (200, 1),
    "UpdateStateMachineAlias": (100, 1),
    "CreateStateMachineAlias": (100, 1),
    "DeleteStateMachineAlias": (100, 1),
    "ListStateMachineAliases": (100, 1),
    "PublishStateMachineVersion": (100, 1),
    "ListStateMachineVersions": (100, 1),
    "DeleteStateMachineVersion": (100, 1),
    "UpdateStateMachine": (100, 1),
    "DescribeStateMachine": (200, 20),
    "DescribeStateMachineForExecution": (200, 1),
    "DescribeExecution": (250, 10),
    "ListExecutions": (100, 2),
    "GetExecutionHistory": (400, 20),
    "StartExecution": (800, 150),
    "StopExecution": (500, 25),
    "DescribeAlarms": (9, 9),
    "DescribeAlarmsForMetric": (9, 9),
    "DescribeAlarmHistory": (20, 20),
    "DeleteAlarms": (3, 3),
    "GetMetricData": (500, 500),
    "GetFunction": (100, 100),
    "SimulatePrincipalPolicy": (2, 2),
    "GetPolicy": (15, 15),
}
_SHARED_LIMITS: dict[str, Limit] = {"lambda": (15, 15), "sts": (600, 600)}
_SHARED = "every other operation"
_LARGE_REGIONS = ("us-east-1", "us-west-2", "eu-west-1")
_LARGE_REGION_LIMITS: dict[str, Limit] = {
    "DescribeExecution": (300, 15),
    "ListExecutions": (200, 5),
    "StartExecution": (1300, 300),
    "StopExecution": (1000, 200),
}


@dataclass
class _Bucket:
    size: float
    refill_per_s: float
    tokens: float
    at: datetime

    def take(self, now: datetime) -> bool:
        elapsed_s = max(0.0, (now - self.at).total_seconds())
        self.tokens = min(self.size, self.tokens + elapsed_s * self.refill_per_s)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass
class Quotas:
    """`overrides` replace single limits, so that a test need not make a hundred calls to be throttled."""

    is_on: bool = False
    overrides: dict[str, Limit] = field(default_factory=dict)
    _buckets: dict[tuple[str, str, str], _Bucket] = field(default_factory=dict)

    def set(self, *, is_on: bool, overrides: dict[str, Limit] | None = None) -> None:
        """Switches them on or off, with full buckets."""
        self.is_on, self.overrides = is_on, overrides or {}
        self._buckets.clear()

    def take(self, call: Call, now: datetime) -> None:
        """Raises ThrottlingException when the bucket is empty."""
        limit = self.limit(call) if self.is_on else None
        if limit is None:
            return
        key = (call.account, call.region, self._bucket(call))
        bucket = self._buckets.setdefault(key, _Bucket(*limit, tokens=limit[0], at=now))
        if not bucket.take(now):
            raise rate_exceeded(call.service)

    def limit(self, call: Call) -> Limit | None:
        return self._own_limit(call) or _SHARED_LIMITS.get(call.service)

    def _own_limit(self, call: Call) -> Limit | None:
        of_region = _LARGE_REGION_LIMITS if call.region in _LARGE_REGIONS else {}
        return next((t[call.operation] for t in (self.overrides, of_region, LIMITS) if call.operation in t), None)

    def _bucket(self, call: Call) -> str:
        return call.operation if self._own_limit(call) else f"{call.service}: {_SHARED}"
