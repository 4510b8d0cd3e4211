"""A contender for the lease: of several operators one writes, the others stand by.

A term is valid for `renew_s` from the *start* of the last renewal that succeeded, by the monotonic clock. Others take
over only when they have seen the Lease unchanged for its whole duration, by theirs. The difference is the time that a
call which has begun may still take; no clock of another machine is ever compared with ours.
"""

from dataclasses import dataclass
from typing import Protocol

from sfn_rollouts.errors import Conflict
from sfn_rollouts.ports import Clock

RELEASED_S = 1.0
"""The duration that a released Lease is left with, as client-go does it."""


@dataclass(frozen=True, slots=True)
class LeaseDurations:
    """client-go's numbers, in seconds: how long a Lease binds others, how long us, and how often it is looked at.

    A Lease that says more than `longest_s` binds us no longer than that: no release of ours has ever written it, and a
    number that somebody else wrote, by mistake or to keep all operators out, would leave split aliases alone for years.
    """

    lease_s: float = 15.0
    renew_s: float = 10.0
    retry_s: float = 2.0
    longest_s: float = 150.0

    def binds_s(self, lease: "Lease") -> float:
        """Return for how long a Lease that is not renewed binds others; never less than one of our own does."""
        return min(max(lease.duration_s, self.lease_s), self.longest_s)


@dataclass(frozen=True, slots=True)
class Lease:
    """What counts of a `coordination.k8s.io/v1` Lease. `renewed` is its holder's time: compared, not trusted."""

    resource_version: str
    holder: str
    duration_s: float
    renewed: str
    transitions: int

    @property
    def is_released(self) -> bool:
        """Whether its holder gave it back; one that was merely emptied still says how long it was to bind."""
        return not self.holder and self.duration_s == RELEASED_S


@dataclass(frozen=True, slots=True)
class Held:
    """Who stands in our way: the holder, for how long its Lease binds, and since when it has not been renewed."""

    holder: str
    binds_s: float
    unrenewed_s: float


class LeaseLock(Protocol):
    """The one Lease at the API server; every write names the version that it replaces, so that two cannot win."""

    def read(self) -> Lease | None:
        """Return it, None while there is none."""
        ...

    def create(self, holder: str, duration_s: float) -> Lease:
        """Create it as held. Conflict: somebody was faster."""
        ...

    def write(self, before: Lease, holder: str, duration_s: float) -> Lease:
        """Renew, take over or, with no holder, release it. Conflict: it is no longer as it was read."""
        ...


class Candidate:
    """One contender. `bid` may block and is called by one thread; `is_leader` by any."""

    def __init__(self, identity: str, leases: LeaseLock, clock: Clock, terms: LeaseDurations) -> None:
        self.identity = identity
        self._leases = leases
        self._clock = clock
        self.terms = terms
        self._seen: Lease | None = None  # as another one held it
        self._seen_at = 0.0  # when that one was last seen to renew it
        self._valid_until = float("-inf")
        self.held_by_other: Held | None = None
        """As the last bid that was answered found it; None while we hold the Lease or it is free."""

    def is_leader(self) -> bool:
        """Whether a mutation may begin now."""
        return self._clock.monotonic() < self._valid_until

    def bid(self) -> bool:
        """Renew, take what is free, or look. Return whether it leads.

        Raises:
            PortError: the API server did not answer; the term runs on until it is over.
        """
        began = self._clock.monotonic()
        lease = self._leases.read()
        self.held_by_other = self._look(lease)
        try:
            if self.held_by_other is not None:
                self._valid_until = float("-inf")  # whoever took it from us may be writing already
                return False
            if lease is None:
                self._leases.create(self.identity, self.terms.lease_s)
            else:
                self._leases.write(lease, self.identity, self.terms.lease_s)
        except Conflict:
            return self.is_leader()
        self._valid_until = began + self.terms.renew_s
        return True

    def release(self) -> None:
        """Release the Lease, so that the next need not wait; nothing is written from here on."""
        self._valid_until = float("-inf")
        lease = self._leases.read()
        if lease is not None and lease.holder == self.identity:
            self._leases.write(lease, "", RELEASED_S)

    def _look(self, lease: Lease | None) -> Held | None:
        """Return who holds the Lease; None where it is ours or free.

        A Lease that somebody has deleted or emptied, instead of its holder giving it back, is free no sooner than if
        nobody had touched it: its holder leads on until it looks again.
        """
        now = self._clock.monotonic()
        if lease is not None and (lease.holder == self.identity or lease.is_released):
            self._seen = None
        elif lease is not None and lease.holder:
            self._seen_at = self._seen_at if _is_same_term(lease, self._seen) else now
            self._seen = lease
        if self._seen is None:
            return None
        held = Held(self._seen.holder, self.terms.binds_s(self._seen), now - self._seen_at)
        return held if held.unrenewed_s < held.binds_s else None


def _is_same_term(lease: Lease, seen: Lease | None) -> bool:
    """Whether the holder has not renewed; what else of the Lease somebody writes is no sign of its life."""
    return seen is not None and (lease.holder, lease.renewed) == (seen.holder, seen.renewed)
