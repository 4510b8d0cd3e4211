"""Who may call AWS now: the buckets of all places and APIs, shared by all threads."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from sfn_rollouts.aws import bucket
from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.quotas import quota
from sfn_rollouts.core.arn import Place
from sfn_rollouts.errors import Transient
from sfn_rollouts.ports import Clock, Urgency


@dataclass(frozen=True, slots=True)
class Fill:
    """How full a bucket is, in calls."""

    place: Place
    api: Api
    tokens: float
    capacity: int


class Budget:
    """One token bucket for each place and API."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._levels: dict[tuple[Place, Api], bucket.Level] = {}

    def spend(self, place: Place, api: Api, urgency: Urgency) -> None:
        """Take a token.

        Raises:
            Transient: there is none for this urgency; `retry_after_s` tells when there would be one.
        """
        limit = quota(api, place.region)
        with self._lock:
            now_us = self._now_us()
            level = self._levels.get((place, api)) or bucket.full(limit, now_us)
            self._levels[place, api], wait_us = bucket.take(limit, level, urgency, now_us)
        if wait_us:
            raise Transient(_shortage(place, api, urgency), retry_after_s=wait_us / 1_000_000)

    def throttled(self, place: Place, api: Api, urgency: Urgency) -> float:
        """Note that AWS throttled a call; gives the seconds after which one of this urgency may be answered."""
        limit = quota(api, place.region)
        with self._lock:
            now_us = self._now_us()
            level = self._levels.get((place, api)) or bucket.full(limit, now_us)
            self._levels[place, api] = bucket.throttled(limit, level, now_us)
        return (bucket.kept_back(limit, urgency) + bucket.TOKEN) / limit.refill_per_s / 1_000_000

    def fills(self) -> Sequence[Fill]:
        """Give the buckets that have been used so far, as they are now."""
        with self._lock:
            now_us, levels = self._now_us(), dict(self._levels)
        return [_fill(place, api, level, now_us) for (place, api), level in levels.items()]

    def _now_us(self) -> int:
        return round(self._clock.monotonic() * 1_000_000)


def _fill(place: Place, api: Api, level: bucket.Level, now_us: int) -> Fill:
    limit = quota(api, place.region)
    return Fill(place, api, bucket.refilled(limit, level, now_us).tokens / bucket.TOKEN, limit.capacity)


def _shortage(place: Place, api: Api, urgency: Urgency) -> str:
    """Without numbers that change: the text goes into a status, which is written only when it says something new."""
    share = "" if urgency is Urgency.ROLLBACK else ", apart from the share kept for rollbacks"
    return (
        f"{api.action} waits: the quota of account {place.account} in {place.region} is used up{share}. "
        "It goes on by itself; ask AWS for a higher quota if this happens often"
    )
