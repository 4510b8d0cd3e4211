"""Whose credentials sign a call: those of the caller that the thread acts for, looked up at each signature.

One session of a role for each caller, renewed before it ends. Each is renewed by a thread that needs it, under no lock:
what hangs at STS for one caller holds up no other.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from random import Random
from typing import Any

from botocore.credentials import ReadOnlyCredentials

from sfn_rollouts.aws.credentials import CredentialsError, Fetched, RoleError, what_happened
from sfn_rollouts.aws.roles import DURATION_S, Grant
from sfn_rollouts.core.values.identity import OWN, Caller
from sfn_rollouts.logs import get_logger
from sfn_rollouts.ports import Clock

EARLY_S, SPREAD_S = 900.0, 600.0
"""A session is renewed when this much of it is left, and up to so much more: sessions that began together, at a start
of the operator, do not ask STS together for ever."""
LATEST_S = 120.0
"""With less than this left nothing is signed any more."""
AGAIN_S = 60.0
"""A renewal that failed while there is time left is tried again so much later, up to twice as much. Nor is one tried
sooner after another because AWS has refused a call."""
ABANDONED_S = 10.0
"""STS's client gives up sooner; what takes longer is an answer that drips, and is waited for no more."""
MOST_KEPT = 16_384
"""Sessions, 1 to 3 KiB each: more than rollouts are in flight, else each call would open one. The one that was used
longest ago goes first."""

Assume = Callable[[Caller], Grant]
_log = get_logger(__name__)


class Callers:
    """For whom calls are made, and with which credentials. All threads may use it.

    `own` returns the operator's own. It is a botocore session's component `credential_provider`.
    """

    def __init__(self, current: Callable[[], Caller], own: Callable[[], Fetched], sessions: "RoleSessions") -> None:
        self.current = current
        self._own = own
        self._sessions = sessions

    def prepare(self) -> None:
        """Have the credentials at hand with which the next call is signed.

        Raises:
            CredentialsError: there are none to be had.
            LookupError: nobody makes the call.
        """
        caller = self.current()
        if caller.identity != OWN:
            self._sessions.keys(caller)

    def forget(self) -> None:
        """Open a new session for the current caller's next call: AWS does not take the credentials of this one."""
        self._sessions.forget(self.current())

    def doubt(self) -> None:
        """AWS has refused the current caller something: its session may have been revoked, and a new one may not."""
        self._sessions.doubt(self.current())

    @property
    def role(self) -> str:
        """The ARN of the role that the current caller has; empty: none, or nobody calls."""
        try:
            return self.current().identity.role
        except LookupError:
            return ""

    def load_credentials(self) -> "Signing":
        """Return what a botocore session takes for its credentials.

        Raises:
            CredentialsError: the operator has none of its own.
        """
        return Signing(self._own(), self.current, self._sessions)


class Signing:
    """Credentials of many, as botocore asks for them. Clients are shared by all callers, and keep none (0035)."""

    method = "caller"

    def __init__(self, own: Fetched, current: Callable[[], Caller], sessions: "RoleSessions") -> None:
        self._own = own
        self._current = current
        self._sessions = sessions

    def get_frozen_credentials(self) -> Any:
        """Return what a request is signed with, which may have to be fetched first; errors as `Callers.prepare`."""
        caller = self._current()
        return self._own.get_frozen_credentials() if caller.identity == OWN else self._sessions.keys(caller)

    def get_deferred_property(self, _: str) -> Callable[[], None]:
        """For endpoints that have the account in their name: none that is called here has one."""
        return lambda: None


class RoleSessions:
    """The sessions of all callers. All threads may use it."""

    def __init__(self, assume: Assume, clock: Clock, random: Random, most: int = MOST_KEPT) -> None:
        self._assume = assume
        self._clock = clock
        self._random = random
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[Caller, _Session] = OrderedDict()

    def keys(self, caller: Caller) -> ReadOnlyCredentials:
        """Return the credentials of a caller; asks STS where there are none, or where they end soon.

        Raises:
            RoleError: the role could not be assumed.
            CredentialsError: the operator's own credentials could not be fetched.
        """
        return self._session(caller).keys()

    def forget(self, caller: Caller) -> None:
        """Open a new session for the next call."""
        with self._lock:
            self._kept.pop(caller, None)

    def doubt(self, caller: Caller) -> None:
        """Renew the session at its next use, unless it was just opened; what is there is used until a new one is."""
        with self._lock:
            found = self._kept.get(caller)
        if found is not None:
            found.doubt()

    def count(self) -> int:
        """Return how many sessions are kept."""
        with self._lock:
            return len(self._kept)

    def _session(self, caller: Caller) -> "_Session":
        now = self._clock.monotonic()
        with self._lock:
            found = self._kept.get(caller)
            if found is None:
                found = self._kept[caller] = _Session(caller, self._assume, self._clock, self._random)
            found.used_at = now
            self._kept.move_to_end(caller)
            while len(self._kept) > self._most or next(iter(self._kept.values())).used_at + DURATION_S < now:
                self._kept.popitem(last=False)
        return found


class _Flight:
    """A request for credentials that is under way. `ended`: with them, or with why there are none."""

    def __init__(self, began_at: float) -> None:
        self.began_at = began_at
        self.ended: Future[ReadOnlyCredentials] = Future()


class _Session:
    """The session of one caller."""

    __slots__ = (
        "_asked_at", "_assume", "_caller", "_clock", "_flight", "_held", "_lock", "_must_renew_at", "_random",
        "_renew_at", "used_at",
    )  # fmt: skip

    def __init__(self, caller: Caller, assume: Assume, clock: Clock, random: Random) -> None:
        self._caller = caller
        self._assume = assume
        self._clock = clock
        self._random = random
        self._lock = threading.Lock()
        self._held: ReadOnlyCredentials | None = None
        self._renew_at = self._must_renew_at = self._asked_at = 0.0
        self._flight: _Flight | None = None
        self.used_at = 0.0

    def keys(self) -> ReadOnlyCredentials:
        with self._lock:
            now = self._clock.monotonic()
            held = self._held if now < self._must_renew_at else None
            if held is not None and now < self._renew_at:
                return held
            flight, is_mine = self._join(now, ABANDONED_S if held is None else AGAIN_S)
        if is_mine:
            return self._renew(flight, held)
        return held if held is not None else self._wait_for(flight)

    def _join(self, now: float, abandoned_s: float) -> tuple[_Flight, bool]:
        """The request that is under way, or a new one, which is for this thread to make."""
        flight = self._flight
        if flight is not None and now < flight.began_at + abandoned_s:
            return flight, False
        self._flight, self._asked_at = _Flight(now), now
        return self._flight, True

    def doubt(self) -> None:
        with self._lock:
            now = self._clock.monotonic()
            if now >= self._asked_at + AGAIN_S:
                self._renew_at = min(self._renew_at, now)

    def _wait_for(self, flight: _Flight) -> ReadOnlyCredentials:
        try:
            return flight.ended.result(ABANDONED_S)
        except RoleError as error:
            raise RoleError(error.cause, error.identity) from None  # one for each thread: each adds its traceback
        except CredentialsError as error:
            raise CredentialsError(error.cause, error.source) from None
        except TimeoutError as error:
            raise RoleError(error, self._caller.identity) from None

    def _renew(self, flight: _Flight, held: ReadOnlyCredentials | None) -> ReadOnlyCredentials:
        try:
            grant = self._assume(self._caller)
        except CredentialsError as error:
            self._failed(flight, error)
            if held is None:
                raise
            _log.warning(
                "the session of a role could not be renewed yet, and is used until it ends",
                role=self._caller.identity.role,
                session=self._caller.session_name,
                why=what_happened(error.cause),
            )
            return held
        self._granted(flight, grant)
        return grant.keys

    def _failed(self, flight: _Flight, error: CredentialsError) -> None:
        with self._lock:
            if self._flight is flight:
                self._flight = None
                self._renew_at = self._clock.monotonic() + AGAIN_S * (1 + self._random.random())
        flight.ended.set_exception(error)

    def _granted(self, flight: _Flight, grant: Grant) -> None:
        early_s = min(EARLY_S + SPREAD_S * self._random.random(), grant.lasts_s / 2)
        with self._lock:
            if self._flight is flight:  # else it was abandoned, and a newer one has been asked for
                self._flight = None
                self._held = grant.keys
                ends_at = flight.began_at + grant.lasts_s
                self._renew_at, self._must_renew_at = ends_at - early_s, ends_at - LATEST_S
        flight.ended.set_result(grant.keys)
