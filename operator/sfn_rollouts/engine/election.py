"""The election's thread: bids for as long as the operator lives, and says when it was won or lost."""

import threading
from collections.abc import Callable
from random import Random

import structlog

from sfn_rollouts.engine.candidate import Candidate
from sfn_rollouts.errors import PortError

_log = structlog.get_logger(__name__)


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
            leads = self._bid()
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

    def _bid(self) -> bool:
        try:
            leads = self._candidate.bid()
        except PortError as error:
            self._note(error.why)
            return self._candidate.is_leader()
        self._note(None)
        return leads

    def _note(self, why: str | None) -> None:
        """Say once that the API server does not answer, and once that it does: an outage lasts for many bids."""
        was_answered, self._is_answered = self._is_answered, why is None
        if was_answered and why is not None:
            _log.warning("the lease could not be renewed or read", why=why)
        elif not was_answered and why is None:
            _log.info("the lease can be renewed and read again")
