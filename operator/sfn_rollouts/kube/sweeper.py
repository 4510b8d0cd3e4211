"""Reads the full list every ten minutes: the watch does not tell of deletions that happened while it was broken."""

import threading
from collections.abc import Callable

from sfn_rollouts.errors import PortError
from sfn_rollouts.kube.informer import Backoffs
from sfn_rollouts.logs import get_logger

_log = get_logger(__name__)


class Sweeper:
    """Calls `sweep` every `interval_s`; after a failure again after seconds, for as long as it takes."""

    def __init__(self, sweep: Callable[[], int], interval_s: float = 600.0) -> None:
        self._sweep = sweep
        self._interval_s = interval_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)

    def start(self) -> None:
        """Start; the first sweep comes after one interval."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether there will be another sweep."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Start no further sweep; one that is being read is left to end by itself."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(self._interval_s):
            self._sweep_until_done()

    def _sweep_until_done(self) -> None:
        for delay_s in Backoffs(longest_s=60.0):
            why = self._sweep_once()
            if why is None:
                return
            _log.warning("the resources cannot be listed; the watch goes on", why=why, delay_s=round(delay_s, 1))
            if self._stopping.wait(delay_s):
                return

    def _sweep_once(self) -> str | None:
        """Give why it failed, None when it did not."""
        try:
            _log.debug("swept", resources=self._sweep())
        except PortError as error:
            return error.why
        return None
