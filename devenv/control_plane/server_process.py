"""One server as a child process: started, watched until ready, paused, stopped, and never left behind."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from devenv.control_plane import watchdog
from devenv.waiting import NotReachedInTimeError, wait_until

READY_DEADLINE_S = 60.0


class NotReadyError(Exception):
    """A server ended or did not get ready in time; the message ends with the last lines of its log."""


class Lifeline:
    """The parent's end of a watchdog: what is entrusted to it dies with this process."""

    def __init__(self, folder: Path) -> None:
        # -I -S: it needs the standard library only, and starts in a third of the time.
        command = [sys.executable, "-I", "-S", watchdog.__file__, str(folder)]
        # A session of its own: Ctrl-C in a terminal must reach us first, not the servers or their watchdog.
        self._watchdog = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, start_new_session=True)

    def entrust(self, pid: int) -> None:
        self._send(f"{pid}\n")

    def forget(self, pid: int) -> None:
        self._send(f"-{pid}\n")

    def end(self) -> None:
        """Kill what is still entrusted, remove the folder, and return when that is done."""
        self._watchdog.communicate()

    def _send(self, line: str) -> None:
        assert self._watchdog.stdin is not None
        self._watchdog.stdin.write(line)
        self._watchdog.stdin.flush()


class ServerProcess:
    """A server with a fixed command line; a second start appends to the same log."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        *,
        is_ready: Callable[[], bool],
        lifeline: Lifeline,
    ) -> None:
        self.name = name
        self.log = log
        self._command = list(command)
        self._environment = dict(environment)
        self._is_ready = is_ready
        self._lifeline = lifeline
        self._process: subprocess.Popen[bytes] | None = None
        self._is_paused = False

    @property
    def is_running(self) -> bool:
        """Also true while paused."""
        return self._process is not None and self._process.poll() is None

    @property
    def is_paused(self) -> bool:
        return self.is_running and self._is_paused

    @property
    def has_ended_by_itself(self) -> bool:
        """True after a crash or a kill from outside; false after `stop()`."""
        return self._process is not None and self._process.poll() is not None

    @property
    def pid(self) -> int:
        """Raises NotReadyError when it was not started."""
        if self._process is None:
            raise NotReadyError(f"{self.name} is not started")
        return self._process.pid

    def start(self) -> Self:
        """Start and wait until ready. Nothing happens when it runs already. Raises NotReadyError."""
        if not self.is_running:
            with self.log.open("ab") as output:
                self._process = subprocess.Popen(
                    self._command,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            self._lifeline.entrust(self._process.pid)
            self._is_paused = False
        return self.wait_ready()

    def wait_ready(self, deadline_s: float = READY_DEADLINE_S) -> Self:
        """Return when it answers that it is ready. Raises NotReadyError."""
        try:
            wait_until(lambda: self._has_ended() or self._is_ready(), deadline_s, f"{self.name} to be ready")
        except NotReachedInTimeError as error:
            raise NotReadyError(f"{error}\n{self.last_log_lines()}") from None
        if self._has_ended():
            raise NotReadyError(f"{self.name} ended before it was ready\n{self.last_log_lines()}")
        return self

    def stop(self, deadline_s: float) -> None:
        """SIGTERM, then SIGKILL after the deadline; nothing when it is not running."""
        if self._process is not None:
            self._process.terminate()
            self.resume()  # a paused process would not see the SIGTERM
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(deadline_s)
            self.kill()

    def kill(self) -> None:
        """SIGKILL, as a machine that loses power; nothing when it is not running."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._lifeline.forget(self._process.pid)
            self._process = None

    def pause(self) -> None:
        """SIGSTOP: connections stay open and nothing answers, as when a machine or a network hangs."""
        os.kill(self.pid, signal.SIGSTOP)
        self._is_paused = True

    def resume(self) -> None:
        """SIGCONT; nothing when it is not paused."""
        if self.is_paused:
            os.kill(self.pid, signal.SIGCONT)
        self._is_paused = False

    def last_log_lines(self, count: int = 30) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join([f"last lines of {self.log.name}:", *lines[-count:]])

    def _has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None
