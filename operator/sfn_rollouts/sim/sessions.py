"""Sessions of roles: STS, which opens them, and what a process keeps of them and signs its calls with.

As `aws/roles.py` and `aws/sessions.py` have it, without threads and keys, and without doubts about a session that AWS
refuses something; `tests/sim/test_sessions.py` plays both.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from sfn_rollouts import acting
from sfn_rollouts.core.values.identity import OWN, Caller
from sfn_rollouts.errors import Denied, NoAnswer, PortError, Transient
from sfn_rollouts.ports import Clock
from sfn_rollouts.sim import network
from sfn_rollouts.sim.history import History, Served, Session, SessionOpened, SessionRefused
from sfn_rollouts.sim.network import Effect, Network
from sfn_rollouts.sim.scenario import Quirks, RoleTrouble, RoleTroubleKind
from sfn_rollouts.sim.timeline import Timeline, us

Answer = TypeVar("Answer")
STS = "sts"
ASSUME_ROLE, GET_CALLER_IDENTITY = f"{STS}.AssumeRole", f"{STS}.GetCallerIdentity"

DURATION_S, EARLY_S, SPREAD_S = 3600.0, 900.0, 600.0
LATEST_S, AGAIN_S, ABANDONED_S = 120.0, 60.0, 10.0
"""Those of the adapter, where their reasons stand."""


class SessionEnded(Transient):
    """AWS does not take the credentials of a session any more; a new one does."""


class SessionUnknown(Denied):
    """AWS does not know the credentials: their role is gone."""


class TokenService:
    """STS as it truly is: who may assume what, and which sessions hold. All services ask it about each call."""

    def __init__(self, timeline: Timeline, history: History, quirks: Quirks, troubles: Iterable[RoleTrouble]) -> None:
        self._timeline = timeline
        self._history = history
        self._quirks = quirks
        self._troubles = tuple(troubles)

    def assume(self, process: int, caller: Caller, api: str) -> Session:
        """Open a session; `api` is what is to be called in it.

        Raises:
            Denied: the role is gone, or does not trust the operator.
        """
        role, now_us = caller.identity.role, self._timeline.now_us
        if self.is_refused(role):
            self._history.add(SessionRefused(now_us, process, caller, ASSUME_ROLE, api))
            raise Denied(
                f"sts:AssumeRole was denied (AccessDenied) for {role}. Check that the role exists, and that its trust "
                "policy names the operator's own role"
            )
        session = Session(caller, now_us, now_us + us(self._quirks.session_s))
        self._history.add(SessionOpened(now_us, process, session))
        return session

    def is_refused(self, role: str) -> bool:
        """Return whether nobody can assume the role now."""
        return any(each.role == role and self._is_now(each) for each in self._troubles)

    def require(self, process: int, session: Session) -> None:
        """Take a session, or not: one goes on until it ends though its role trusts nobody any more, and not without it.

        Raises:
            SessionEnded: it is over.
            SessionUnknown: its role has been deleted since, even if it was created again.
        """
        role, now_us = session.caller.identity.role, self._timeline.now_us
        if any(each.role == role and _ends_sessions(each, session.opened_us, now_us) for each in self._troubles):
            self._history.add(SessionRefused(now_us, process, session.caller, "a session of a role that is gone"))
            raise SessionUnknown(f"the call was refused because AWS does not know the credentials of {role}")
        if now_us >= session.ends_us:
            self._history.add(SessionRefused(now_us, process, session.caller, "a session that has ended"))
            raise SessionEnded(f"the call was refused because the credentials of {role} have expired")

    def lasts_s(self, session: Session, clock: Clock) -> float:
        """Return for how long it lasts by the answer, for whoever reads it now.

        It says when the session ends by AWS's clock. Where something on the way takes the answer's own date away, a
        host whose clock is wrong is misled.
        """
        left_s = (session.ends_us - session.opened_us) / 1_000_000
        if not self._quirks.sts_is_dated:
            ahead_s = (clock.now() - self._timeline.now).total_seconds() - self._quirks.aws_skew_s
            left_s = (session.ends_us - self._timeline.now_us) / 1_000_000 - ahead_s
        return min(left_s, DURATION_S)

    def _is_now(self, trouble: RoleTrouble) -> bool:
        now_s = self._timeline.now_s
        return trouble.at_s <= now_s and (trouble.until_s is None or now_s < trouble.until_s)


def _ends_sessions(trouble: RoleTrouble, opened_us: int, now_us: int) -> bool:
    return trouble.what is RoleTroubleKind.DELETED and opened_us <= us(trouble.at_s) <= now_us


@dataclass(eq=False)
class _Flight:
    """A request for a session that is under way; `waiting` go on once it has ended."""

    began_at: float
    outcome: Session | PortError | None = None
    waiting: list[Callable[[], None]] = field(default_factory=list)

    def end(self, outcome: Session | PortError) -> None:
        self.outcome = outcome
        for wake in self.waiting:
            wake()


@dataclass(eq=False)
class _Kept:
    """What is kept for one caller; times are monotonic."""

    held: Session | None = None
    renew_at: float = 0.0
    must_renew_at: float = 0.0
    flight: _Flight | None = None


class Sessions:
    """What one process keeps: a session for each caller, opened at the first use and renewed ahead of its end."""

    def __init__(
        self,
        process: network.Caller,
        network: Network,
        service: TokenService,
        timeline: Timeline,
        clock: Clock,
        random: Random,
    ) -> None:
        self._process = process
        self._network = network
        self._service = service
        self._timeline = timeline
        self._clock = clock
        self._random = random
        self._kept: dict[Caller, _Kept] = {}

    def of(self, caller: Caller, api: str = "") -> Session:
        """Return a session to sign with; asks STS where there is none, or where it ends soon. `api` is for the history.

        Raises:
            PortError: there is none to be had.
        """
        kept, now = self._kept.setdefault(caller, _Kept()), self._clock.monotonic()
        held = kept.held if now < kept.must_renew_at else None
        if held is not None and now < kept.renew_at:
            return held
        abandoned_s, flight = ABANDONED_S if held is None else AGAIN_S, kept.flight
        if flight is None or now >= flight.began_at + abandoned_s:
            kept.flight = flight = _Flight(now)
            return self._renew(caller, kept, flight, held, api)
        return held if held is not None else self._wait_for(flight)

    def forget(self, caller: Caller) -> None:
        """Open a new one for the next call."""
        self._kept.pop(caller, None)

    def _renew(self, caller: Caller, kept: _Kept, flight: _Flight, held: Session | None, api: str) -> Session:
        process, service = self._process, self._service
        try:
            session = self._network.call(process, ASSUME_ROLE, lambda _: service.assume(process.number, caller, api))
        except PortError as error:
            if kept.flight is flight:
                kept.flight = None
                kept.renew_at = self._clock.monotonic() + AGAIN_S * (1 + self._random.random())
            flight.end(error)
            if held is None:
                raise
            return held
        lasts_s = self._service.lasts_s(session, self._clock)
        early_s = min(EARLY_S + SPREAD_S * self._random.random(), lasts_s / 2)
        if kept.flight is flight:  # else it was abandoned, and a newer one has been asked for
            ends_at = flight.began_at + lasts_s
            kept.flight, kept.held = None, session
            kept.renew_at, kept.must_renew_at = ends_at - early_s, ends_at - LATEST_S
        flight.end(session)
        return session

    def _wait_for(self, flight: _Flight) -> Session:
        strand, is_waiting = self._process.strand(), [True]

        def wake() -> None:
            if is_waiting:
                is_waiting.clear()
                self._timeline.after(0.0, lambda: self._process.wake(strand))

        flight.waiting.append(wake)
        self._timeline.after(ABANDONED_S, wake)
        strand.suspend()
        if isinstance(flight.outcome, Session):
            return flight.outcome
        if flight.outcome is not None:
            raise type(flight.outcome)(flight.outcome.why, flight.outcome.retry_after_s)
        raise NoAnswer("sts:AssumeRole got no answer in time. The call was not made, and is tried again")


SessionsOf = Callable[[Sessions], Sessions]


class Signed:
    """The network as AWS is called over it: each call is signed by a session of whoever the strand acts for."""

    def __init__(
        self, network: Network, sessions: Sessions, service: TokenService, history: History, timeline: Timeline
    ) -> None:
        self._network = network
        self._sessions = sessions
        self._service = service
        self._history = history
        self._timeline = timeline

    def prepare(self) -> None:
        """Have a session at hand with which the next call is signed; errors as `Sessions.of`."""
        self._session()

    def call(self, process: network.Caller, api: str, effect: Effect[Answer]) -> Answer:
        """Make a call, as `Network.call`.

        Raises:
            PortError: the service's own, a fault's, or that of the session.
            LookupError: nobody makes the call.
        """
        caller, session = acting.current(), self._session(api)

        def serve(age_s: float) -> Answer:
            if session is not None:
                self._service.require(process.number, session)
            self._history.add(Served(self._timeline.now_us, process.number, api, caller, session))
            return effect(age_s)

        try:
            return self._network.call(process, api, serve)
        except (SessionEnded, SessionUnknown):
            self._sessions.forget(caller)
            raise

    def _session(self, api: str = "") -> Session | None:
        caller = acting.current()
        return None if caller.identity == OWN else self._sessions.of(caller, api)
