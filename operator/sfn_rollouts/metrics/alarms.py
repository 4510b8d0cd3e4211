"""Series of alarms."""

import math
from datetime import datetime

from sfn_rollouts.metrics.series import Series


class AlarmMetrics:
    """`ports.AlarmMeter`."""

    def __init__(self, series: Series) -> None:
        self._alarm_reads = series.counter("alarm_reads", "Readings of alarms, by what came of them.", "result")
        self._watched = series.gauge("alarms_watched", "Alarms that are watched now.")
        self._unseen = series.gauge("alarms_unseen", "Watched alarms that could not be read, or not for three polls.")
        self._oldest = series.gauge(
            "alarm_oldest_reading_timestamp_seconds", "Unix time of the oldest reading of a watched alarm."
        )
        self._oldest.set(math.nan)

    def alarm_reads(self, result: str, count: int) -> None:
        """Count what came of the reading of so many alarms."""
        self._alarm_reads.labels(result).inc(count)

    def alarms_watched(self, watched: int, unseen: int, oldest: datetime | None) -> None:
        """Show the state of the alarm board."""
        self._watched.set(watched)
        self._unseen.set(unseen)
        self._oldest.set(oldest.timestamp() if oldest is not None else math.nan)
