"""A signal that comes while kubectl is being started leaves no kubectl behind."""

import os
import signal
import subprocess
import threading
from collections.abc import Sequence

import pytest

from sfn_rollouts.plugin import kubectl

FOR_EVER = ["sleep", "600"]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[str]]:
    """What was started in place of kubectl; each time SIGTERM comes before anybody knows of it."""
    processes: list[subprocess.Popen[str]] = []

    def start(_: Sequence[str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(FOR_EVER, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        if threading.current_thread() is threading.main_thread():
            os.kill(os.getpid(), signal.SIGTERM)
        return process

    monkeypatch.setattr(kubectl, "_started", start)
    return processes


class Ended(Exception):  # noqa: N818 - as SystemExit
    """In place of SystemExit."""


def _end(number: int, _: object) -> None:
    raise Ended(number)


def test_a_signal_in_the_middle_of_a_start_ends_it_with_its_kubectl(started: list[subprocess.Popen[str]]) -> None:
    before = signal.signal(signal.SIGTERM, _end)
    try:
        with pytest.raises(Ended):
            kubectl._Process(["get"])
        assert signal.getsignal(signal.SIGTERM) is _end
    finally:
        signal.signal(signal.SIGTERM, before)
    [process] = started
    assert process.wait(10) == -signal.SIGKILL


def test_in_another_thread_it_is_started_as_ever(started: list[subprocess.Popen[str]]) -> None:
    found: list[kubectl._Process] = []
    thread = threading.Thread(target=lambda: found.append(kubectl._Process(["get"])))
    thread.start()
    thread.join()
    [process] = found
    with process:
        assert started[0].poll() is None
    assert started[0].wait(10) == -signal.SIGKILL
