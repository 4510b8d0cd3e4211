"""A contender for the lease: of several operators one writes, the others stand by.

A term is valid for `renew_s` from the *start* of the last renewal that succeeded, by the monotonic clock. Others take
over only when they have seen the Lease unchanged for its whole duration, by theirs. The difference is the time that a
call which has begun may still take; no clock of another machine is ever compared with ours.
"""

from dataclasses import dataclass
from typing import Protocol

from sfn_rollouts.errors import Conflict
from sfn_rollouts.ports import Clock


@dataclass(frozen=True, slots=True)
class Terms:
    """client-go's numbers, in seconds: how long a Lease binds others, how long us, and how often it is looked at."""

    lease_s: float = 15.0
    renew_s: float = 10.0
    retry_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Lease:
    """What counts of a `coordination.k8s.io/v1` Lease. `renewed` is its holder's time: compared, not trusted."""

    resource_version: str
    holder: str
    duration_s: float
    renewed: str
    transitions: int


class Leases(Protocol):
    """The one Lease at the API server; every write names the version that it replaces, so that two cannot win."""

    def read(self) -> Lease | None:
        """Give it, None while there is none."""
        ...

    def create(self, holder: str, duration_s: float) -> Lease:
        """Create it as held. Conflict: somebody was faster."""
        ...

    def write(self, before: Lease, holder: str, duration_s: float) -> Lease:
        """Renew, take over or, with no holder, release it. Conflict: it is no longer as it was read."""
        ...


class Candidate:
    """One contender. `bid` may block and is called by one thread; `is_leader` by any."""

    def __init__(self, identity: str, leases: Leases, clock: Clock, terms: Terms) -> None:
        self.identity = identity
        self._leases = leases
        self._clock = clock
        self.terms = terms
        self._seen: tuple[str, str] | None = None  # holder and its time of renewal, as last seen changed
        self._seen_at = 0.0
        self._valid_until = float("-inf")

    def is_leader(self) -> bool:
        """Whether a mutation may begin now."""
        return self._clock.monotonic() < self._valid_until

    def bid(self) -> bool:
        """Renew, take what is free, or look. Gives whether it leads.

        Raises:
            PortError: the API server did not answer; the term runs on until it is over.
        """
        began = self._clock.monotonic()
        lease = self._leases.read()
        try:
            if lease is None:
                self._leases.create(self.identity, self.terms.lease_s)
            elif lease.holder == self.identity or self._is_free(lease):
                self._leases.write(lease, self.identity, self.terms.lease_s)
            else:
                return False
        except Conflict:
            return self.is_leader()
        self._valid_until = began + self.terms.renew_s
        return True

    def release(self) -> None:
        """Give the Lease back, so that the next need not wait; nothing is written from here on."""
        self._valid_until = float("-inf")
        lease = self._leases.read()
        if lease is not None and lease.holder == self.identity:
            self._leases.write(lease, "", 1.0)

    def _is_free(self, lease: Lease) -> bool:
        if not lease.holder:
            return True
        seen, now = (lease.holder, lease.renewed), self._clock.monotonic()
        if seen != self._seen:
            self._seen, self._seen_at = seen, now
        return now - self._seen_at >= max(lease.duration_s, self.terms.lease_s)
