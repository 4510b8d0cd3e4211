"""A thread for what is done in steps, each of which says when the next one is due."""

import threading
from collections.abc import Callable

from sfn_rollouts.ports import Clock


class Repeating:
    """Calls `step` after `first_in_s` seconds, then at the monotonic time that it returns; None ends the thread."""

    def __init__(self, name: str, step: Callable[[], float | None], clock: Clock, first_in_s: float = 0.0) -> None:
        self._step = step
        self._clock = clock
        self._first_in_s = first_in_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether there will be another step."""
        return self._thread.is_alive()

    def stop(self, timeout_s: float = 0.0) -> None:
        """Take no further step; one that has begun is waited for, for so long, and else left to end by itself."""
        self._stopping.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        next_at: float | None = self._clock.monotonic() + self._first_in_s
        while next_at is not None and not self._stopping.wait(max(next_at - self._clock.monotonic(), 0.0)):
            next_at = self._step()
