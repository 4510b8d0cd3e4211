"""The status of each AWSAccess: its role is assumed once an hour, and the rollouts that use it are counted.

Beside the rollouts: nothing of theirs waits for it.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import structlog

from sfn_rollouts.api.access import AccessStatus
from sfn_rollouts.api.resource import parse_access_status
from sfn_rollouts.backoff import Backoff
from sfn_rollouts.core.accounting import Verified, announced, status_of
from sfn_rollouts.core.granting import is_tagged
from sfn_rollouts.core.values.identity import Caller, Identity
from sfn_rollouts.engine.accesses import AccessTable, KnownAccess
from sfn_rollouts.engine.facts import reading_of
from sfn_rollouts.engine.home import Home
from sfn_rollouts.engine.homes import Homes
from sfn_rollouts.ports import Clock, Errand, Lane, Outside, Workers

SETTLES_S = 2.0
"""What follows soon upon each other, as all rollouts at the start, is one write."""

_log = structlog.get_logger(__name__)


@dataclass
class _Kept:
    """Of one access: when it may be written again, and whether it is being written."""

    pace: Backoff
    is_writing: bool = False


@dataclass(frozen=True, slots=True)
class Use:
    """Which access a rollout uses, and as whom it calls."""

    access: str
    identity: Identity


@dataclass
class AccessKeeper:
    """`uses` lists what each rollout uses now. All methods are called in the engine's thread."""

    clock: Clock
    workers: Workers
    outside: Outside
    random: Random
    table: AccessTable
    homes: Homes
    uses: Callable[[], list[Use]]
    _kept: dict[str, _Kept] = field(default_factory=dict)  # by uid
    _due: float | None = None

    def refresh(self) -> None:
        """Something has changed: an access, who uses it, what is known of its role."""
        if self.table.known():
            self._pull(self.clock.monotonic() + SETTLES_S)

    @property
    def next_due(self) -> float | None:
        """When to look next, monotonic."""
        return self._due

    def run_due(self) -> None:
        """Look at all, if it is time."""
        now = self.clock.monotonic()
        if self._due is None or self._due > now:
            return
        self._due = None
        uses = self.uses()
        known = {each.uid: each for each in self.table.known()}
        self._kept = {uid: self._kept.get(uid) or _Kept(Backoff(self.random)) for uid in known}
        for each in known.values():
            self._look(each, uses)

    def _look(self, access: KnownAccess, uses: list[Use]) -> None:
        kept, now = self._kept[access.uid], self.clock.monotonic()
        identities = Counter(use.identity for use in uses if use.access == access.name)
        home = self._home_of(access, identities)
        if home is not None:
            home.ask()
            self._pull(home.next_at)
        verified = Verified(home.fact, home.verified_at, home.trouble) if home is not None else Verified()
        status = status_of(
            access.status, access.generation, access.spec, verified, identities.total(), self.clock.now()
        )
        if status == access.status or kept.is_writing:
            return
        if now < kept.pace.next_at:
            self._pull(kept.pace.next_at)
            return
        self._write(access, kept, status)

    def _home_of(self, access: KnownAccess, identities: Mapping[Identity, int]) -> Home | None:
        """With tags there is a session for each rollout, and none without."""
        if isinstance(access.spec, str):
            return None
        if not is_tagged(access.spec):
            return self.homes.of(Caller(Identity(access.spec.role_arn, access.spec.external_id)))
        return self.homes.of(Caller(min(identities))) if identities else None

    def _write(self, access: KnownAccess, kept: _Kept, status: AccessStatus) -> None:
        kept.is_writing = True
        news = announced(access.status, status)

        def write() -> Mapping[str, Any] | None:
            body = status.model_dump(mode="json", by_alias=True, exclude_none=True)
            return self.outside.accesses.report_access(access.name, access.uid, access.resource_version, body)

        def written(result: Mapping[str, Any] | Exception | None) -> None:
            kept.is_writing = False
            if isinstance(result, Exception):
                delay_s = kept.pace.wait(self.clock.monotonic(), 0.5, 60.0)
                why = reading_of(result)[1]
                _log.warning("status could not be written", access=access.name, error=why, retry_in_s=round(delay_s, 1))
            else:
                self._stored(access, kept, status, result)
                if news is not None:
                    _log.info(news.message, access=access.name, reason=str(news.reason))
                    self.outside.announcer.announce_access(access.name, access.uid, (news,))
            self.refresh()

        self.workers.submit(Errand(Lane.REPORT, None, "access"), write, written)

    def _stored(self, access: KnownAccess, kept: _Kept, sent: AccessStatus, stored: Mapping[str, Any] | None) -> None:
        """An older CRD, or a policy, may store something else: then it is sent again, ever more slowly."""
        if stored is not None:
            self.table.see(stored)
        if stored is None or parse_access_status(stored.get("status")) == sent:
            kept.pace.reset()
            return
        delay_s = kept.pace.wait(self.clock.monotonic(), 5.0, 300.0)
        _log.warning("status is not stored as written", access=access.name, retry_in_s=round(delay_s, 1))

    def _pull(self, due: float) -> None:
        """Look by then; infinity is never."""
        self._due = due if self._due is None else min(self._due, due)
