"""Leave for one traffic write."""

import threading

from sfn_rollouts.ports import Clock

VALID_S = 10.0
"""A forward write that has not begun by then is decided again: what it was decided on is too old."""


class Permit:
    """A write begins, or it is withdrawn, never both. `valid_s`: it does not begin later than that.

    The worker asks just before the mutation, the engine when something speaks against it, or when the job was given up.
    One lock for both: a write believed withdrawn that begins after all would land behind the restore and undo it.
    """

    def __init__(self, clock: Clock, valid_s: float = VALID_S) -> None:
        self._clock = clock
        self._valid_until = clock.monotonic() + valid_s
        self._lock = threading.Lock()
        self._has_begun = False
        self._is_withdrawn = False

    def begin(self) -> bool:
        """Return whether to go on; from then on it cannot be withdrawn."""
        with self._lock:
            self._has_begun = not self._is_withdrawn and self._clock.monotonic() < self._valid_until
            return self._has_begun

    def withdraw(self) -> bool:
        """Take it back; True: it has not begun and never will."""
        with self._lock:
            self._is_withdrawn = not self._has_begun
            return self._is_withdrawn

    @property
    def is_withdrawn(self) -> bool:
        """Whether there is no point in preparing the write."""
        return self._is_withdrawn
