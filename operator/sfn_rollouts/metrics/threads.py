"""Series of jobs and threads."""

from collections.abc import Callable

from sfn_rollouts.metrics.series import Series
from sfn_rollouts.ports import Lane


class ThreadMetrics:
    """`ports.LaneMeter`, and the threads of other calls."""

    def __init__(self, series: Series) -> None:
        self._given_up = series.counter("jobs_given_up", "Jobs that did not end in time as a whole.", "lane")
        self._jobs_withheld = series.counter("jobs_withheld", "Jobs not begun: their place does not answer.", "lane")
        self._lost = series.gauge("lost_threads", "Threads held by calls that have no end.", "caller")
        for lane in Lane:
            self._given_up.labels(lane)
            self._jobs_withheld.labels(lane)
        self._lost.labels("engine").set(0)

    def job_given_up(self, lane: str) -> None:
        """Count one job that took too long."""
        self._given_up.labels(lane).inc()

    def job_withheld(self, lane: str) -> None:
        """Count one job that was not begun."""
        self._jobs_withheld.labels(lane).inc()

    def threads_lost(self, count: int) -> None:
        """Show how many of the engine's threads are lost."""
        self._lost.labels("engine").set(count)

    def watch_calls(self, lost: Callable[[], int]) -> None:
        """Ask at each scrape for the threads that are lost by calls to the API server."""
        self._lost.labels("kubernetes").set_function(lost)
