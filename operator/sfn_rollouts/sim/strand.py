"""Strands: blocking calls that can be set aside in the middle, so that the world goes on between effect and answer.

A strand is a thread that runs only while the world stands still, and the other way round: nothing is ever concurrent,
so the same scenario gives the same run. Killing a process unwinds its strands where they stand.
"""

import threading
from collections.abc import Callable
from contextlib import suppress


class Killed(BaseException):
    """The process of this strand is no more. No `except Exception` on the way may catch it."""


class Strand:
    """One call stack at a time; `run` and `resume` return when it is set aside or at its end."""

    def __init__(self) -> None:
        self._go, self._back = threading.Lock(), threading.Lock()
        self._go.acquire()
        self._back.acquire()
        self._work: Callable[[], None] | None = None
        self._is_killed = False
        self.is_busy = False
        threading.Thread(target=self._loop, name="strand", daemon=True).start()

    def run(self, work: Callable[[], None]) -> None:
        """Start; from the world's thread."""
        self._work, self._is_killed, self.is_busy = work, False, True
        self._switch()

    def resume(self) -> None:
        """Go on after `suspend`; from the world's thread."""
        self._switch()

    def kill(self) -> None:
        """Unwind it; from the world's thread."""
        self._is_killed = True
        self._switch()

    def close(self) -> None:
        """End the thread of an idle strand."""
        self._work = None
        self._go.release()

    def suspend(self) -> None:
        """Set this strand aside; from within.

        Raises:
            Killed: its process ended meanwhile.
        """
        self._back.release()
        self._go.acquire()
        if self._is_killed:
            raise Killed

    def _switch(self) -> None:
        self._go.release()
        self._back.acquire()

    def _loop(self) -> None:
        while True:
            self._go.acquire()
            work = self._work
            if work is None:
                return
            with suppress(Killed):
                work()
            self.is_busy = False
            self._back.release()


class StrandPool:
    """Strands of one world, used again: a thread for each of a thousand polls would cost more than the polls."""

    def __init__(self) -> None:
        self._all: list[Strand] = []

    def idle(self) -> Strand:
        """Give a strand with nothing to do."""
        for strand in self._all:
            if not strand.is_busy:
                return strand
        self._all.append(Strand())
        return self._all[-1]

    def close(self) -> None:
        """End all threads; what is still set aside is unwound."""
        for strand in self._all:
            if strand.is_busy:
                strand.kill()
            strand.close()
        self._all.clear()
