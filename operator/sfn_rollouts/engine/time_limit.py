"""Calls that must end: what has no end after a while is given up, and its thread with it.

The time-outs of sockets are no such limit: they begin again with each byte, so an answer that drips never ends.
"""

import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from sfn_rollouts.engine.workers import ThreadPool
from sfn_rollouts.errors import NoAnswer
from sfn_rollouts.ports import Lane

Result = TypeVar("Result")


class TimeLimit:
    """For blocking calls outside of the engine's lanes. Safe from any thread.

    `lost` counts the threads that are held by calls that were given up.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._threads = ThreadPool(post=lambda call: call())
        self._lock = threading.Lock()
        self.lost = 0

    def call(self, what: str, work: Callable[[], Result]) -> Result:
        """Return what `work` gives, or raise what it raises; `what` is for people.

        Raises:
            NoAnswer: it did not end in time. It may still be under way, and take effect.
        """
        answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        is_over = threading.Event()

        def ended(result: Result | Exception) -> None:
            with self._lock:
                self.lost -= is_over.is_set()
                is_over.set()
            answers.put(result)

        self._threads.run(Lane.REPORT, work, ended)
        try:
            answer = answers.get(timeout=self._limit_s)
        except queue.Empty:
            answer = self._give_up(what, is_over, answers)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]  # what `work` gave

    def _give_up(self, what: str, is_over: threading.Event, answers: "queue.SimpleQueue[Any]") -> Any:
        """It may end at this very moment."""
        with self._lock:
            if not is_over.is_set():
                is_over.set()
                self.lost += 1
                return NoAnswer(f"{what}: the answer had no end within {self._limit_s:g} s")
        return answers.get()
