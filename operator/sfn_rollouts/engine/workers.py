"""Threads, made when they are needed and used again; which job may have one is decided in `lanes`."""

import threading
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from sfn_rollouts.ports import Lane

Result = TypeVar("Result")

IDLE_S = 60.0
"""A thread without a job for so long ends."""

_Call = Callable[[], None]


class ThreadPool:
    """`ports.Threads`; `post` hands the result back to the engine's thread. `run` may be called by any thread.

    The threads are daemons: one that is held by a call without end must not keep the process.
    """

    def __init__(self, post: Callable[[_Call], None], idle_s: float = IDLE_S) -> None:
        self._post = post
        self._idle_s = idle_s
        self._changed = threading.Condition()
        self._jobs: deque[_Call] = deque()  # one for an idle thread each
        self._idle = 0
        self._is_stopped = False

    def run(self, lane: Lane, work: Callable[[], Result], done: Callable[[Result | Exception], None]) -> None:
        """Run `work` now; its result or its exception goes to `done` in the engine's thread."""

        def call() -> None:
            threading.current_thread().name = f"sfn-{lane}"
            result: Result | Exception
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - whatever it is, the engine must hear of it
                result = error
            self._post(lambda: done(result))

        with self._changed:
            if self._is_stopped:
                return
            if self._idle > len(self._jobs):
                self._jobs.append(call)
                self._changed.notify()
                return
        threading.Thread(target=self._serve, args=(call,), daemon=True).start()

    @property
    def idle(self) -> int:
        """How many threads wait for a job."""
        return self._idle

    def stop(self) -> None:
        """Take no more jobs; those that run end by themselves."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    def _serve(self, call: _Call) -> None:
        job: _Call | None = call
        while job is not None:
            job()
            job = self._next()

    def _next(self) -> _Call | None:
        """Wait for the next job; None: there is none for long, or there will be none."""
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._jobs or self._is_stopped, self._idle_s)
            self._idle -= 1
            return self._jobs.popleft() if self._jobs and not self._is_stopped else None
