"""The status of each AWSAccess: its role is assumed once an hour, and the rollouts that use it are counted.

Beside the rollouts: nothing of theirs waits for it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from random import Random
from typing import Any

import structlog

from sfn_rollouts.api.access import AccessStatus
from sfn_rollouts.backoff import Backoff
from sfn_rollouts.core.accounting import Verified, announced, says_the_same, status_of
from sfn_rollouts.core.announce import Announcement
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
    """Of one access: whether its status is being written, and which one was written last.

    `pace` is that of tries after a failure, `patience` of those after somebody else wrote something else.
    """

    pace: Backoff
    patience: Backoff
    is_writing: bool = False
    written: AccessStatus | None = None

    @property
    def next_at(self) -> float:
        """When it may be written again, monotonic."""
        return max(self.pace.next_at, self.patience.next_at)


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
    _due: float = inf

    def refresh(self) -> None:
        """Something has changed: an access, who uses it, what is known of its role."""
        if self.table.known():
            self._pull(self.clock.monotonic() + SETTLES_S)

    @property
    def next_due(self) -> float | None:
        """When to look next, monotonic; None: not by itself."""
        return self._due if self._due != inf else None

    def run_due(self) -> None:
        """Look at all, if it is time."""
        now = self.clock.monotonic()
        if self._due > now:
            return
        self._due = inf
        uses: defaultdict[str, Counter[Identity]] = defaultdict(Counter)
        for use in self.uses():
            uses[use.access][use.identity] += 1
        known = {each.uid: each for each in self.table.known()}
        self._kept = {uid: self._kept.get(uid) or _Kept(Backoff(self.random), Backoff(self.random)) for uid in known}
        for each in known.values():
            self._look(each, uses[each.name])

    def _look(self, access: KnownAccess, identities: Counter[Identity]) -> None:
        """`identities` are those of the rollouts that use it, each as often as it is used."""
        kept, now = self._kept[access.uid], self.clock.monotonic()
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
        self._note_who_wrote(access, kept, status)
        if now < kept.next_at:
            self._pull(kept.next_at)
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
            return self.outside.accesses.report_access(
                access.name, access.uid, access.resource_version, status.to_resource()
            )

        def written(result: Mapping[str, Any] | Exception | None) -> None:
            kept.is_writing = False
            if isinstance(result, Exception):
                delay_s = kept.pace.wait(self.clock.monotonic(), 0.5, 60.0)
                why = reading_of(result)[1]
                _log.warning("status could not be written", access=access.name, error=why, retry_in_s=round(delay_s, 1))
            else:
                kept.pace.reset()
                kept.written = status
                if result is not None:
                    self.table.see(result)
                self._tell(access, news)
            self.refresh()

        self.workers.submit(Errand(Lane.REPORT, None, "access"), write, written)

    def _tell(self, access: KnownAccess, news: Announcement | None) -> None:
        if news is not None:
            _log.info(news.message, access=access.name, reason=str(news.reason))
            self.outside.announcer.announce_access(access.name, access.uid, (news,))

    def _note_who_wrote(self, access: KnownAccess, kept: _Kept, status: AccessStatus) -> None:
        """What was written and is not there: an older CRD or a policy stored something else, or another operator counts
        its own rollouts. It is sent again, ever more slowly: two must not answer each other without end.
        """
        if kept.written is None:
            return
        if says_the_same(kept.written, status):
            delay_s = kept.patience.wait(self.clock.monotonic(), 5.0, 300.0)
            _log.warning("status is not as it was written", access=access.name, retry_in_s=round(delay_s, 1))
        else:
            kept.patience.reset()
        kept.written = None

    def _pull(self, due: float) -> None:
        """Look by then; infinity is never."""
        self._due = min(self._due, due)
