"""What /metrics shows. Names and labels are API: dashboards and alerts of users hang on them (docs/metrics.md).

Labels name what people named, and regions and APIs; never an ARN, a version or a message, which would make a
new series each time. One file for each concern, with the series and the meter of `ports` that counts in them.
"""

from prometheus_client import generate_latest

from sfn_rollouts.metrics.alarms import AlarmMetrics
from sfn_rollouts.metrics.aws import AwsMetrics
from sfn_rollouts.metrics.operator import OperatorMetrics
from sfn_rollouts.metrics.rollouts import RolloutMetrics
from sfn_rollouts.metrics.series import Series
from sfn_rollouts.metrics.threads import ThreadMetrics

_CONCERNS = (OperatorMetrics, ThreadMetrics, RolloutMetrics, AlarmMetrics, AwsMetrics)


class PrometheusMeter(OperatorMetrics, ThreadMetrics, RolloutMetrics, AlarmMetrics, AwsMetrics):
    """`ports.Meter` and the operator's own counters, in a registry of its own. Safe from any thread."""

    def __init__(self) -> None:
        series = Series()
        self.registry = series.registry
        for concern in _CONCERNS:
            concern.__init__(self, series)  # each builds its own series in the one registry

    def render(self) -> bytes:
        """Return all of it in Prometheus's text format."""
        return generate_latest(self.registry)
