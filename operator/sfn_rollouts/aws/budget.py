"""Who may call AWS now: the buckets of all regions and APIs, shared by all threads."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from sfn_rollouts.aws import bucket
from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.quotas import quota
from sfn_rollouts.errors import Transient
from sfn_rollouts.ports import Clock, Urgency


@dataclass(frozen=True, slots=True)
class Fill:
    """How full a bucket is, in calls."""

    region: str
    api: Api
    tokens: float
    capacity: int


class Budget:
    """One token bucket for each region and API, as AWS counts for the account of the credentials."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._levels: dict[tuple[str, Api], bucket.Level] = {}

    def spend(self, region: str, api: Api, urgency: Urgency) -> None:
        """Take a token.

        Raises:
            Transient: there is none for this urgency; `retry_after_s` is when there would be one.
        """
        limit = quota(api, region)
        with self._lock:
            now_us = self._now_us()
            level = self._levels.get((region, api)) or bucket.full(limit, now_us)
            self._levels[region, api], wait_us = bucket.take(limit, level, urgency, now_us)
        if wait_us:
            raise Transient(_shortage(region, api, urgency), retry_after_s=wait_us / 1_000_000)

    def throttled(self, region: str, api: Api, urgency: Urgency) -> float:
        """Note that AWS throttled a call; return the seconds after which one of this urgency may be answered."""
        limit = quota(api, region)
        with self._lock:
            now_us = self._now_us()
            level = self._levels.get((region, api)) or bucket.full(limit, now_us)
            self._levels[region, api] = bucket.throttled(limit, level, now_us)
        return (bucket.kept_back(limit, urgency) + bucket.TOKEN) / limit.refill_per_s / 1_000_000

    def leave(self, region: str) -> None:
        """Drop the buckets of a region that nobody calls any more."""
        with self._lock:
            self._levels = {key: level for key, level in self._levels.items() if key[0] != region}

    def fills(self) -> Sequence[Fill]:
        """Return the buckets that have been used so far, as they are now."""
        with self._lock:
            now_us, levels = self._now_us(), dict(self._levels)
        return [_fill(region, api, level, now_us) for (region, api), level in levels.items()]

    def _now_us(self) -> int:
        return round(self._clock.monotonic() * 1_000_000)


def _fill(region: str, api: Api, level: bucket.Level, now_us: int) -> Fill:
    limit = quota(api, region)
    return Fill(region, api, bucket.refilled(limit, level, now_us).tokens / bucket.TOKEN, limit.capacity)


def _shortage(region: str, api: Api, urgency: Urgency) -> str:
    """Without numbers that change: the text goes into a status, which is written only when it says something new."""
    share = "" if urgency is Urgency.ROLLBACK else ", apart from the share kept for rollbacks"
    return (
        f"{api.action} waits: the account's quota in {region} is used up{share}. "
        "It goes on by itself; ask AWS for a higher quota if this happens often"
    )
