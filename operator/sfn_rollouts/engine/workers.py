"""Worker threads in lanes, so that a rollback never queues behind what can wait."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sfn_rollouts.ports import Lane

Result = TypeVar("Result")

SIZES: Mapping[Lane, int] = {Lane.ROLLBACK: 8, Lane.FORWARD: 8, Lane.ALARMS: 4, Lane.REPORT: 8}


class ThreadWorkers:
    """Runs jobs in thread pools; `post` hands the result back to the engine's thread."""

    def __init__(self, post: Callable[[Callable[[], None]], None]) -> None:
        self._post = post
        self._pools = {lane: ThreadPoolExecutor(size, thread_name_prefix=f"sfn-{lane}") for lane, size in SIZES.items()}

    def submit(self, lane: Lane, work: Callable[[], Result], done: Callable[[Result | Exception], None]) -> None:
        """Run `work` in the lane; its result or its exception goes to `done` in the engine's thread."""

        def run() -> None:
            result: Result | Exception
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - whatever it is, the engine must hear of it
                result = error
            self._post(lambda: done(result))

        self._pools[lane].submit(run)

    def stop(self) -> None:
        """Take no more jobs; those that run end by themselves."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
