"""A program on a terminal of its own, and what a person sees there."""

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Mapping, Sequence
from typing import Self

import pyte

ALTERNATE_SCREEN_LEFT = b"\x1b[?1049l"


class Terminal:
    """A context manager; `text` is the screen now, `raw` all that was ever written. Kills what still runs."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], columns: int = 80, lines: int = 40
    ) -> None:
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self.raw = b""
        self._ours, theirs = pty.openpty()
        self._resize(columns, lines)
        self._process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**environment, "TERM": "xterm-256color"},
            start_new_session=True,
        )
        os.close(theirs)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        """The lines without the spaces behind them."""
        with self._lock:
            return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    def types(self, text: str) -> None:
        """Keys, as somebody presses them."""
        os.write(self._ours, text.encode())

    def resize(self, columns: int, lines: int) -> None:
        """As when somebody drags the corner of the window; what is shown is wiped by the next drawing."""
        with self._lock:
            self._screen.resize(lines, columns)
            self._screen.reset()
        self._resize(columns, lines)
        os.killpg(self._process.pid, signal.SIGWINCH)

    def ends(self, deadline_s: float) -> int:
        """Wait until the program has ended by itself; return the exit code."""
        return self._end(deadline_s)

    def interrupt(self, deadline_s: float) -> int:
        """Ctrl-C, which all programs in the terminal get; gives the exit code."""
        os.killpg(self._process.pid, signal.SIGINT)
        return self._end(deadline_s)

    def terminate(self, deadline_s: float) -> int:
        """SIGTERM to the program alone; gives the exit code. Whatever it leaves behind keeps the terminal open."""
        self._process.terminate()
        return self._end(deadline_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join()
        os.close(self._ours)

    def _end(self, deadline_s: float) -> int:
        code = self._process.wait(deadline_s)
        self._reader.join(deadline_s)
        assert not self._reader.is_alive(), "something still has the terminal open"
        return code

    def _resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # so a terminal ends on Linux
            while data := os.read(self._ours, 65536):
                with self._lock:
                    self.raw += data
                    self._stream.feed(data)
