"""The engine's thread: an inbox and a clock."""

import queue
import threading
from collections.abc import Callable

import structlog

from sfn_rollouts.engine.engine import Engine
from sfn_rollouts.ports import Clock

_log = structlog.get_logger(__name__)
DRAIN_S = 8.0
"""How long a stop may take to drain, of ten seconds; the rest is for Events and the watch."""

QUIET_LOOK_S = 0.05
"""Seconds from one look whether the engine is quiet to the next."""

_BEAT_S = 1.0
_BURST = 256


def sleep_s(next_due: float | None, now: float) -> float:
    """Seconds that the loop may sleep while nothing comes in: until something is due, and no longer than a beat."""
    return _BEAT_S if next_due is None else min(max(next_due - now, 0.0), _BEAT_S)


class EngineLoop:
    """Runs one engine in one thread. `post` is the only door from other threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._engine: Engine | None = None
        self._is_stopping = threading.Event()
        self._beat = clock.monotonic()
        self._thread: threading.Thread | None = None

    def attach(self, engine: Engine) -> None:
        """Set the engine; before start."""
        self._engine = engine

    def start(self) -> None:
        """Begin.

        Raises:
            RuntimeError: no engine was attached.
        """
        if self._engine is None:
            raise RuntimeError("attach an engine before start")
        self._beat = self._clock.monotonic()
        self._thread = threading.Thread(target=self._run, args=(self._engine,), name="sfn-engine", daemon=True)
        self._thread.start()

    def post(self, call: Callable[[], None]) -> None:
        """Have this called in the engine's thread; from any thread."""
        self._inbox.put(call)

    def heartbeat_age_s(self) -> float:
        """Seconds since the thread was last seen alive."""
        return self._clock.monotonic() - self._beat

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def stop(self, timeout_s: float) -> bool:
        """Drain: nothing new begins, a write that has begun is verified and reported. Tells whether all of it ended."""
        engine, thread, quiet = self._engine, self._thread, threading.Event()
        if engine is None or thread is None or not thread.is_alive():
            return True
        self.post(engine.drain)
        deadline = self._clock.monotonic() + timeout_s
        self._wait_quiet(engine, quiet, deadline)
        self._is_stopping.set()
        self.post(lambda: None)
        thread.join(max(deadline - self._clock.monotonic(), 0.5))
        return quiet.is_set()

    def _wait_quiet(self, engine: Engine, quiet: threading.Event, deadline: float) -> None:
        def check() -> None:
            if engine.is_quiet:
                quiet.set()

        while not quiet.is_set() and self._clock.monotonic() < deadline:
            self.post(check)
            quiet.wait(QUIET_LOOK_S)

    def _run(self, engine: Engine) -> None:
        next_due: float | None = None
        while not self._is_stopping.is_set():
            self._drain_inbox(next_due)
            next_due = engine.run_due()
            self._beat = self._clock.monotonic()

    def _drain_inbox(self, next_due: float | None) -> None:
        """Wait until something comes or is due, then take what has come, up to a burst: what is due must not wait."""
        try:
            call = self._inbox.get(timeout=sleep_s(next_due, self._clock.monotonic()))
            for _ in range(_BURST):
                self._safely(call)
                call = self._inbox.get_nowait()
        except queue.Empty:
            return
        self._safely(call)

    @staticmethod
    def _safely(call: Callable[[], None]) -> None:
        """One bad resource must not stop the others; a tick's own errors are handled where they belong."""
        try:
            call()
        except Exception:  # noqa: BLE001 - see above
            _log.exception("a call into the engine failed")
