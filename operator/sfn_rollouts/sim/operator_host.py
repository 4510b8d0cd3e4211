"""A host of the operator: its clock, and one process after the other."""

from collections.abc import Callable
from dataclasses import replace

from sfn_rollouts.sim.api_server import Resource
from sfn_rollouts.sim.process import Process, Surroundings
from sfn_rollouts.sim.timeline import us

RESTART_S = 3.0
"""A process that ended is not back sooner: what had left it has taken effect by then, as in a cluster it would have."""

NEVER_US = 1 << 62


class OperatorHost:
    """`numbered` numbers the processes of all hosts."""

    def __init__(self, around: Surroundings, numbered: Callable[[], int]) -> None:
        self.clock = around.host
        self._around = around
        self._timeline = around.timeline
        self._numbered = numbered
        self.process: Process | None = None
        self.down_until_us = 0

    @property
    def is_up(self) -> bool:
        """Whether a process runs, and is not frozen."""
        return self.process is not None and not self.process.is_dead and not self.process.is_frozen

    def start(self) -> None:
        """Start a process, unless it is meant to be away or one is still there."""
        if self._timeline.now_us < self.down_until_us:
            return
        if self.process is not None and not self.process.is_dead:  # asked to stop, and frozen
            self._timeline.after(RESTART_S, self.start)
            return
        self.process = Process(self._numbered(), replace(self._around), self.start_after)
        self.process.start()

    def kill(self, until_s: float | None) -> None:
        """SIGKILL, and a new process later."""
        if self.process is not None:
            self.process.kill()
        self.start_at(until_s)

    def stop(self, until_s: float) -> None:
        """SIGTERM, and a new process once it has ended."""
        if self.process is not None and not self.process.is_dead:
            self.process.stop()
        self.start_at(max(until_s, self._timeline.now_s + 9.0))

    def freeze(self, until_s: float) -> None:
        """SIGSTOP, then SIGCONT."""
        process = self.process
        if process is not None and not process.is_dead and not process.is_frozen:
            process.freeze()
            self._timeline.at(us(until_s), process.thaw)

    def start_after(self, seconds: float) -> None:
        """Start a process after a while."""
        self.start_at(self._timeline.now_s + seconds)

    def start_at(self, until_s: float | None) -> None:
        """Start a process then; None: never again."""
        if until_s is None:
            self.down_until_us = NEVER_US
            return
        back_us = max(us(until_s), self._timeline.now_us + us(RESTART_S))
        self.down_until_us = max(self.down_until_us, back_us)
        self._timeline.at(self.down_until_us, self.start)

    def close(self) -> None:
        """Leave nothing under way: the world ends."""
        if self.process is not None:
            self.process.unwind()

    def hear_of_access(self, access: Resource, is_gone: bool, lag_s: float) -> None:
        """Likewise, of an AWSAccess."""
        process = self.process
        if process is not None:
            self._timeline.after(lag_s, lambda: None if process.is_dead else process.hear_of_access(access, is_gone))

    def hear(self, resource: Resource, is_gone: bool, lag_s: float) -> None:
        """The watch of the process that runs now will bring this."""
        process = self.process
        if process is not None:
            self._timeline.after(lag_s, lambda: None if process.is_dead else process.hear(resource, is_gone))
