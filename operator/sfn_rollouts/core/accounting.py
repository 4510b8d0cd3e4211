"""What the status of an AWSAccess says: from what is known of its role, and how many rollouts use it. Pure."""

from dataclasses import dataclass
from datetime import datetime

from sfn_rollouts.api.access import AccessSpec, AccessStatus
from sfn_rollouts.api.status import Condition, ConditionStatus
from sfn_rollouts.core.announce import Announcement
from sfn_rollouts.core.granting import is_part, is_tagged
from sfn_rollouts.core.values.conditions import READY
from sfn_rollouts.core.values.readings import Account, Trouble, Unseen
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.printable import one_line


@dataclass(frozen=True, slots=True)
class Verified:
    """What is known of the identity of an access. `trouble`: why the last try failed, None where it worked."""

    account: Account | Unseen | None = None
    at: datetime | None = None
    trouble: Unseen | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Ready, in words."""

    value: ConditionStatus
    reason: Reason
    message: str


def status_of(
    before: AccessStatus, generation: int, spec: AccessSpec | str, verified: Verified, rollouts: int, now: datetime
) -> AccessStatus:
    """Return the status as it should be. `spec` is why it was refused where it was; `before` the status as stored."""
    finding = ready_of(spec, verified)
    return AccessStatus(
        observed_generation=generation,
        conditions=(_condition(before, finding, generation, now),),
        account=verified.account.number if isinstance(verified.account, Account) else None,
        rollouts=rollouts,
        last_verified_at=verified.at,
    )


def ready_of(spec: AccessSpec | str, verified: Verified) -> Finding:
    """Return whether rollouts can go by an access."""
    if isinstance(spec, str):
        return Finding(ConditionStatus.FALSE, Reason.INVALID_SPEC, f"it grants nothing: {spec}")
    who = f"role {spec.role_arn}" if spec.role_arn else "the operator's own identity"
    trouble = verified.trouble or (verified.account if isinstance(verified.account, Unseen) else None)
    if trouble is not None:
        is_refused = trouble.trouble is not Trouble.TRANSIENT
        reason = Reason.ACCESS_DENIED if is_refused else Reason.RETRYING_AWS
        value = ConditionStatus.FALSE if is_refused or verified.at is None else ConditionStatus.TRUE
        return Finding(value, reason, f"{who} cannot be verified: {trouble.why}")
    if not isinstance(verified.account, Account):
        return Finding(ConditionStatus.UNKNOWN, Reason.NOT_LOOKED, _why_not_looked(spec, who))
    elsewhere = _patterns_elsewhere(spec, verified.account)
    if elsewhere:
        message = (
            f"{who} is of account {verified.account.number}, and stateMachines names others, which it cannot move: "
            f"{', '.join(elsewhere)}; correct them, or roleArn"
        )
        return Finding(ConditionStatus.FALSE, Reason.FOREIGN_ACCOUNT, message)
    return Finding(ConditionStatus.TRUE, Reason.ACCESS_VERIFIED, f"{who} is of account {verified.account.number}")


def _why_not_looked(spec: AccessSpec, who: str) -> str:
    if is_tagged(spec):
        return f"{who} is assumed with the tags of a rollout: it is verified with the first one that uses it"
    return f"{who} is being verified"


def _patterns_elsewhere(spec: AccessSpec, account: Account) -> tuple[str, ...]:
    """Patterns that name no machine of this account."""
    parts = [(pattern, pattern.split(":")) for pattern in spec.state_machines]
    return tuple(
        pattern
        for pattern, each in parts
        if len(each) != 7 or not (is_part(each[1], account.partition) and is_part(each[4], account.number))
    )


def _ready(status: AccessStatus) -> Condition | None:
    return next((each for each in status.conditions if each.type == READY), None)


def _condition(before: AccessStatus, finding: Finding, generation: int, now: datetime) -> Condition:
    known = _ready(before)
    is_same = known is not None and known.status is finding.value
    return Condition(
        type=READY,
        status=finding.value,
        observed_generation=generation,
        last_transition_time=known.last_transition_time if known is not None and is_same else now,
        reason=finding.reason,
        message=one_line(finding.message, longest=1024),
    )


def announced(before: AccessStatus, after: AccessStatus) -> Announcement | None:
    """Return what to tell of a change: that Ready, or its reason, is another one."""
    [ready], known = after.conditions, _ready(before)
    if known is not None and (known.status, known.reason) == (ready.status, ready.reason):
        return None
    if ready.status is ConditionStatus.UNKNOWN:
        return None
    return Announcement(Reason(ready.reason), ready.message, is_warning=ready.status is ConditionStatus.FALSE)


def says_the_same(one: AccessStatus, other: AccessStatus) -> bool:
    """Return whether two statuses differ in nothing but since when they are so."""
    return _timeless(one) == _timeless(other)


def _timeless(status: AccessStatus) -> tuple[object, ...]:
    conditions = [(each.type, each.status, each.reason, each.message) for each in status.conditions]
    return status.observed_generation, status.account, status.rollouts, status.last_verified_at, conditions
