"""The election, in steps: bids for as long as the operator lives, and says when it was won or lost."""

from collections.abc import Callable
from random import Random

import structlog

from sfn_rollouts.errors import PortError
from sfn_rollouts.leading.candidate import Candidate, Held
from sfn_rollouts.ports import Clock
from sfn_rollouts.printable import one_line

_log = structlog.get_logger(__name__)
_LONG_UNRENEWED_S = 60.0  # four leases of ours: whoever holds it is dead, or is no operator at all
_HOLDER_SHOWN = 128  # a holder's name may be as long as an object may be


class Election:
    """Bids step by step. Who is elected takes over from a fresh list, then calls `lead`, once.

    `list_all` may raise PortError: then the operator leads from what the watch has brought. `lost` is called once, when
    the term is over and could not be renewed. All but `release` is called by one thread, and may block.
    """

    def __init__(
        self,
        candidate: Candidate,
        clock: Clock,
        random: Random,
        list_all: Callable[[], object],
        lead: Callable[[], None],
        lost: Callable[[], None],
    ) -> None:
        self._candidate = candidate
        self._clock = clock
        self._random = random
        self._list_all = list_all
        self._lead = lead
        self._lost = lost
        self._has_led = False
        self._is_answered = True
        self._stands_by_for: str | None = None
        self._is_long_unrenewed = False

    def bid(self) -> float | None:
        """Bid once; return the monotonic time of the next bid, None once the lease is lost."""
        leads = self._ask()
        if leads and not self._has_led:
            self._has_led = True
            _log.info("leading", identity=self._candidate.identity)
            self._take_over()
        if self._has_led and not leads:
            _log.warning("the lease is lost: this operator writes nothing any more and ends")
            self._lost()
            return None
        # A little sooner than the terms say, each time another: two candidates shall not meet at each try.
        return self._clock.monotonic() + self._candidate.terms.retry_s * (0.8 + 0.2 * self._random.random())

    def release(self) -> None:
        """Release the Lease; after the drain and the last bid, for nothing may be written from then on."""
        try:
            self._candidate.release()
        except PortError as error:
            _log.warning("the lease could not be released; the next leader waits until it is over", why=error.why)

    def _take_over(self) -> None:
        """From what the API server has now; if it does not answer, from what the watch has brought."""
        try:
            self._list_all()
        except PortError as error:
            _log.warning("leading from what the watch has brought", why=error.why)
        self._lead()

    def _ask(self) -> bool:
        """Bid, and log what changed; return whether it leads."""
        try:
            leads = self._candidate.bid()
        except PortError as error:
            self._note(error.why)
            return self._candidate.is_leader()
        self._note(None)
        self._note_holder(self._candidate.held_by_other)
        return leads

    def _note_holder(self, held: Held | None) -> None:
        """Log once for whom it stands by, and once that this one has not renewed for long and still binds."""
        if held is None:
            self._stands_by_for, self._is_long_unrenewed = None, False
            return
        holder = one_line(held.holder, _HOLDER_SHOWN)
        if self._stands_by_for != held.holder:
            self._stands_by_for = held.holder
            _log.info(f"standing by for {holder}, lease of {held.binds_s:g} s", holder=holder, lease_s=held.binds_s)
        was_long, self._is_long_unrenewed = self._is_long_unrenewed, held.unrenewed_s >= _LONG_UNRENEWED_S
        if self._is_long_unrenewed and not was_long:
            left_s = round(held.binds_s - held.unrenewed_s, 1)
            _log.warning(
                "the lease has not been renewed for long and is not free yet: nobody may be looking after rollouts",
                holder=holder, unrenewed_s=round(held.unrenewed_s, 1), free_in_s=left_s,
            )  # fmt: skip

    def _note(self, why: str | None) -> None:
        """Log once that the API server does not answer, and once that it does: an outage lasts for many bids."""
        was_answered, self._is_answered = self._is_answered, why is None
        if was_answered and why is not None:
            _log.warning("the lease could not be renewed or read", why=why)
        elif not was_answered and why is None:
            _log.info("the lease can be renewed and read again")
