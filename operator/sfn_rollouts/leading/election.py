"""The election's thread: bids for as long as the operator lives, and says when it was won or lost."""

import threading
from collections.abc import Callable
from random import Random

import structlog

from sfn_rollouts.errors import PortError
from sfn_rollouts.leading.candidate import Candidate, Held
from sfn_rollouts.printable import one_line

_log = structlog.get_logger(__name__)
_LONG_UNRENEWED_S = 60.0  # four leases of ours: whoever holds it is dead, or is no operator at all
_HOLDER_SHOWN = 128  # a holder's name may be as long as an object may be


class Election:
    """Bids for as long as it lives: `elected` is called once, `lost` when the term is over and could not be renewed."""

    def __init__(
        self, candidate: Candidate, elected: Callable[[], None], lost: Callable[[], None], random: Random
    ) -> None:
        self._candidate = candidate
        self._elected = elected
        self._lost = lost
        self._random = random
        self._stopping = threading.Event()
        self._is_answered = True
        self._stands_by_for: str | None = None
        self._is_long_unrenewed = False
        self._thread = threading.Thread(target=self._run, name="election", daemon=True)

    def start(self) -> None:
        """Begin to bid."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether it still bids."""
        return self._thread.is_alive()

    def stop(self, timeout_s: float) -> None:
        """Bid no more and release the Lease; after the drain, for nothing may be written from then on."""
        self._stopping.set()
        self._thread.join(timeout_s)
        try:
            self._candidate.release()
        except PortError as error:
            _log.warning("the lease could not be released; the next leader waits until it is over", why=error.why)

    def _run(self) -> None:
        has_led = False
        while not self._stopping.is_set():
            leads = self.bid()
            if leads and not has_led:
                has_led = True
                _log.info("leading", identity=self._candidate.identity)
                self._elected()
            if has_led and not leads:
                _log.warning("the lease is lost: this operator writes nothing any more and ends")
                self._lost()
                return
            # Renewals fall apart from each other, so that two candidates do not meet at each try.
            self._stopping.wait(self.pause_s())

    def pause_s(self) -> float:
        """Seconds until the next bid: a little less than the terms say, each time another."""
        return self._candidate.terms.retry_s * (0.8 + 0.2 * self._random.random())

    def bid(self) -> bool:
        """Bid once, and log what changed; return whether it leads."""
        try:
            leads = self._candidate.bid()
        except PortError as error:
            self._note(error.why)
            return self._candidate.is_leader()
        self._note(None)
        self._note_holder(self._candidate.held_by_other)
        return leads

    def _note_holder(self, held: Held | None) -> None:
        """Say once for whom it stands by, and once that this one has not renewed for long and still binds."""
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
        """Say once that the API server does not answer, and once that it does: an outage lasts for many bids."""
        was_answered, self._is_answered = self._is_answered, why is None
        if was_answered and why is not None:
            _log.warning("the lease could not be renewed or read", why=why)
        elif not was_answered and why is None:
            _log.info("the lease can be renewed and read again")
