"""Ends the servers and removes their folder when their parent is gone, however it went (SIGKILL included).

A program of its own, run by path: `watchdog.py FOLDER`. It reads pids from stdin, one a line, a minus sign before one
that has ended. At end of file, which the kernel gives it when the parent dies, it kills what is left and removes
FOLDER.
Linux's PR_SET_PDEATHSIG is not used: it fires when the *thread* that started a process ends, and only exists on Linux.
"""

import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Iterable


def pids_left(lines: Iterable[str]) -> set[int]:
    """The pids that were named and not taken back."""
    left: set[int] = set()
    for line in lines:
        pid = int(line)
        (left.discard if pid < 0 else left.add)(abs(pid))
    return left


def main(folder: str) -> None:
    for pid in pids_left(sys.stdin):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1])
