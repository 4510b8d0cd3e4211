"""Series of the operator itself."""

import math
from datetime import datetime

from sfn_rollouts import __version__
from sfn_rollouts.metrics.series import Series

_TICK_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


class OperatorMetrics:
    """`ports.OperatorMeter`, and what only `app` counts."""

    def __init__(self, series: Series) -> None:
        series.gauge("build_info", "1; the label tells the operator's version.", "version").labels(__version__).set(1)
        self._leader = series.gauge("leader", "1 when this operator leads, or is alone; 0 while it stands by.")
        self._ticks = series.histogram("reconcile_duration_seconds", "Time to decide about one rollout.", _TICK_S)
        self._defects = series.counter("reconcile_errors", "Decisions that met a defect of the operator.")
        self._status_writes = series.counter("status_writes", "Writes of a resource's status.", "result")
        self._events = series.counter("events", "Announcements, by what became of them.", "result")
        self._restarts = series.counter("kopf_restarts", "How often the watch had to be started again.")
        self._swept = series.gauge("last_sweep_timestamp_seconds", "Unix time of the last full list of all resources.")
        self._swept.set(math.nan)

    def leads(self, *, is_leader: bool) -> None:
        """Show who leads."""
        self._leader.set(is_leader)

    def ticked(self, duration_s: float, *, is_sound: bool) -> None:
        """Count one decision."""
        self._ticks.observe(duration_s)
        if not is_sound:
            self._defects.inc()

    def status_write(self, result: str) -> None:
        """Count one status write."""
        self._status_writes.labels(result).inc()

    def event(self, result: str) -> None:
        """Count what became of one announcement."""
        self._events.labels(result).inc()

    def kopf_restarted(self) -> None:
        """Count one restart of the watch."""
        self._restarts.inc()

    def swept(self, at: datetime) -> None:
        """Note that all resources have been listed."""
        self._swept.set(at.timestamp())
