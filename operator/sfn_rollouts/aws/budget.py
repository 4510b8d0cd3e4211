"""Who may call AWS now: the buckets of all accounts, regions and APIs, shared by all threads and identities."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from sfn_rollouts.aws import bucket
from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.quotas import quota
from sfn_rollouts.core.values.arn import Place
from sfn_rollouts.errors import Transient
from sfn_rollouts.ports import Clock, Urgency

_Key = tuple[str, str, Api]
"""Account, region and API."""


@dataclass(frozen=True, slots=True)
class Fill:
    """How full a bucket is, in calls."""

    account: str
    region: str
    api: Api
    tokens: float
    capacity: int


class Budget:
    """One token bucket for each account, region and API, as AWS counts: whichever identity calls."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._levels: dict[_Key, bucket.Level] = {}

    def spend(self, place: Place, api: Api, urgency: Urgency) -> None:
        """Take a token.

        Raises:
            Transient: there is none for this urgency; `retry_after_s` is when there would be one.
        """
        key, limit = _key(place, api), quota(api, place.region)
        with self._lock:
            now_us = self._now_us()
            level = self._levels.get(key) or bucket.full(limit, now_us)
            self._levels[key], wait_us = bucket.take(limit, level, urgency, now_us)
        if wait_us:
            raise Transient(_shortage(place, api, urgency), retry_after_s=wait_us / 1_000_000)

    def throttled(self, place: Place, api: Api, urgency: Urgency) -> float:
        """Note that AWS throttled a call; return the seconds after which one of this urgency may be answered."""
        key, limit = _key(place, api), quota(api, place.region)
        with self._lock:
            now_us = self._now_us()
            level = self._levels.get(key) or bucket.full(limit, now_us)
            self._levels[key] = bucket.throttled(limit, level, now_us)
        return (bucket.kept_back(limit, urgency) + bucket.TOKEN) / limit.refill_per_s / 1_000_000

    def leave(self, region: str) -> None:
        """Drop the buckets of a region that nobody calls any more, those of all accounts."""
        with self._lock:
            self._levels = {key: level for key, level in self._levels.items() if key[1] != region}

    def fills(self) -> Sequence[Fill]:
        """Return the buckets that have been used so far, as they are now."""
        with self._lock:
            now_us, levels = self._now_us(), dict(self._levels)
        return [_fill(key, level, now_us) for key, level in levels.items()]

    def _now_us(self) -> int:
        return round(self._clock.monotonic() * 1_000_000)


def _key(place: Place, api: Api) -> _Key:
    return place.account, place.region, api


def _fill(key: _Key, level: bucket.Level, now_us: int) -> Fill:
    account, region, api = key
    limit = quota(api, region)
    return Fill(account, region, api, bucket.refilled(limit, level, now_us).tokens / bucket.TOKEN, limit.capacity)


def _shortage(place: Place, api: Api, urgency: Urgency) -> str:
    """Without numbers that change: the text goes into a status, which is written only when it says something new."""
    share = "" if urgency is Urgency.ROLLBACK else ", apart from the share kept for rollbacks"
    return (
        f"{api.action} waits: the quota of account {place.account} in {place.region} is used up{share}. "
        "It goes on by itself; ask AWS for a higher quota if this happens often"
    )
