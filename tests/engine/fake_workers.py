"""Threads that are none: the world runs their jobs one after the other, or holds a lane back."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sfn_rollouts.ports import Errand, Lane, Workers


@dataclass
class Job:
    lane: Lane
    work: Callable[[], Any]
    done: Callable[[Any], None]


class FakeWorkers:
    """`ports.Threads`; jobs of a held lane wait until it is let go."""

    def __init__(self) -> None:
        self.held: set[Lane] = set()
        self.jobs: deque[Job] = deque()
        self.submitted: Counter[Lane] = Counter()

    def run(self, lane: Lane, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self.submitted[lane] += 1
        self.jobs.append(Job(lane, work, done))

    def run_one(self) -> bool:
        """Run the first job that is not held; tells whether there was one."""
        job = next((job for job in self.jobs if job.lane not in self.held), None)
        if job is None:
            return False
        self.jobs.remove(job)
        try:
            result = job.work()
        except Exception as error:  # noqa: BLE001 - as the real ones: the engine must hear of it
            result = error
        job.done(result)
        return True

    def waiting(self, lane: Lane) -> int:
        return sum(job.lane is lane for job in self.jobs)


class NotedErrands:
    """`ports.Workers` over others; remembers what each job was about."""

    def __init__(self, workers: Workers) -> None:
        self.errands: list[Errand] = []
        self._workers = workers

    def submit(self, errand: Errand, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self.errands.append(errand)
        self._workers.submit(errand, work, done)

    def run_due(self) -> float | None:
        return self._workers.run_due()
