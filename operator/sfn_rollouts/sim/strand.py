"""Strands: blocking calls that can be set aside in the middle, so that the world goes on between effect and answer.

A strand runs only while whoever lets it run stands still: nothing is ever concurrent, so the same scenario gives the
same run. Killing a process unwinds its strands where they stand.
"""

from collections.abc import Callable

from greenlet import GreenletExit, getcurrent, greenlet


class Killed(GreenletExit):
    """The process of this strand is no more. No `except Exception` on the way may catch it."""


class Strand:
    """One call stack; `resume` and `kill` return when it is set aside or at its end."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._stack = greenlet(work)

    @property
    def is_busy(self) -> bool:
        """Whether there is something left to do."""
        return not self._stack.dead

    def resume(self) -> None:
        """Start, or go on after `suspend`."""
        self._enter().switch()

    def kill(self) -> None:
        """Unwind it."""
        self._enter().throw(Killed)

    def suspend(self) -> None:
        """Set this strand aside; from within.

        Raises:
            Killed: its process ended meanwhile.
        """
        above = self._stack.parent
        if above is None or getcurrent() is not self._stack:
            raise RuntimeError("only a running strand sets itself aside")
        above.switch()

    def _enter(self) -> greenlet:
        """Have it come back to whoever enters it now: a strand in which the process ends unwinds the others."""
        self._stack.parent = getcurrent()
        return self._stack
