"""A token bucket with a share for rollbacks, as pure arithmetic.

Whole numbers only, in microseconds and millionths of a token: with fractions, a caller that waited exactly as long as
it was given could find the token a rounding error short.
"""

from dataclasses import dataclass, replace

from sfn_rollouts.aws.quotas import Quota
from sfn_rollouts.ports import Urgency

TOKEN = 1_000_000
"""One call."""

_KEPT_BACK_PERCENT = {Urgency.ROLLBACK: 0, Urgency.FORWARD: 20, Urgency.BACKGROUND: 50}


@dataclass(frozen=True, slots=True)
class Level:
    """What a bucket holds at `at_us`, in millionths of a token.

    `tries` are for rollbacks only. A bucket that AWS's throttling proved wrong is empty, yet a rollback may still
    spend a try: a throttled call costs nothing, and another caller may have freed quota.
    """

    tokens: int
    tries: int
    at_us: int


def full(quota: Quota, now_us: int) -> Level:
    """Return the bucket of somebody who has not called for long."""
    return Level(tokens=quota.capacity * TOKEN, tries=0, at_us=now_us)


def kept_back(quota: Quota, urgency: Urgency) -> int:
    """Return how much this urgency must leave in the bucket, in millionths of a token."""
    return quota.capacity * TOKEN * _KEPT_BACK_PERCENT[urgency] // 100


def refilled(quota: Quota, level: Level, now_us: int) -> Level:
    """Return the bucket as it is now. A clock that stands still or goes back refills nothing."""
    now_us = max(now_us, level.at_us)
    tokens = min(quota.capacity * TOKEN, level.tokens + quota.refill_per_s * (now_us - level.at_us))
    reserve_is_back = tokens >= kept_back(quota, Urgency.FORWARD)
    return Level(tokens, 0 if reserve_is_back else level.tries, now_us)


def take(quota: Quota, level: Level, urgency: Urgency, now_us: int) -> tuple[Level, int]:
    """Take one token for a call; return the bucket afterwards, and 0 or the microseconds until there would be one."""
    level = refilled(quota, level, now_us)
    missing = kept_back(quota, urgency) + TOKEN - level.tokens
    if missing <= 0:
        return replace(level, tokens=level.tokens - TOKEN), 0
    if urgency is Urgency.ROLLBACK and level.tries >= TOKEN:
        return replace(level, tries=level.tries - TOKEN), 0
    return level, -(-missing // quota.refill_per_s)


def throttled(quota: Quota, level: Level, now_us: int) -> Level:
    """Empty the bucket, as AWS says that it is. Of what we thought we had, rollbacks keep their share of tries."""
    level = refilled(quota, level, now_us)
    tries = min(kept_back(quota, Urgency.FORWARD), level.tries + level.tokens)
    return Level(tokens=0, tries=tries, at_us=level.at_us)
