"""What an alarm looks at, as DescribeAlarms tells it: dimensions, and how long it needs to fire.

Lenient, since no decision on traffic hangs on it: an alarm of a shape that nobody foresaw must stay readable.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sfn_rollouts.core.values.targets import UNBOUND, AlarmScope


def scope_of(alarm: Mapping[str, Any]) -> AlarmScope:
    """Return what a metric alarm looks at, also one of metric math; UNBOUND for others."""
    try:
        stats = [alarm, *_stats(alarm)]
        dimensions = (each for stat in stats for each in stat.get("Dimensions") or ())
        found = frozenset((str(each["Name"]), str(each["Value"])) for each in dimensions)
        periods = [float(stat["Period"]) for stat in stats if stat.get("Period") is not None]
        window_s = max(periods) * float(alarm["EvaluationPeriods"]) if periods else None
    except (AttributeError, KeyError, TypeError, ValueError):
        return UNBOUND
    return AlarmScope(found, window_s)


def _stats(alarm: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Each metric of metric math, with the period of its statistic or of its expression."""
    for query in alarm.get("Metrics") or ():
        stat = query.get("MetricStat") or {}
        metric = stat.get("Metric") or {}
        yield {"Dimensions": metric.get("Dimensions"), "Period": stat.get("Period", query.get("Period"))}
