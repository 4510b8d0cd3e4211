"""What /metrics shows. Names and labels are API: dashboards and alerts of users hang on them (docs/metrics.md).

Labels name what people named, and regions and APIs; never an ARN, a version or a message, which would make a
new series each time.
"""

import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily

from sfn_rollouts import __version__
from sfn_rollouts.api.status import HistoryEntry, Outcome, Status
from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.budget import Fill
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.conditions import READY, STALLED, condition, is_true
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.ports import Key, Lane

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_TICK_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_ROLLBACK_S = (0.25, 0.5, 1, 2, 5, 10, 30, _MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR)
_STEP_S = (
    10, 30, _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR, 2 * _HOUR, 4 * _HOUR, 8 * _HOUR,
    _DAY, 3 * _DAY, 7 * _DAY, 30 * _DAY,
)  # fmt: skip
_ROLLOUT_S = (
    _MINUTE, 5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR, 2 * _HOUR, 4 * _HOUR, 8 * _HOUR, 12 * _HOUR,
    _DAY, 2 * _DAY, 3 * _DAY, 7 * _DAY, 14 * _DAY, 30 * _DAY,
)  # fmt: skip

_USUAL_ENDS: Mapping[Outcome, tuple[Reason, ...]] = {
    Outcome.PROMOTED: (Reason.ROLLOUT_COMPLETE,),
    Outcome.FAST_PROMOTED: (Reason.ROLLOUT_COMPLETE,),
    Outcome.FAST_ROLLED_BACK: (Reason.ROLLOUT_COMPLETE,),
    Outcome.ROLLED_BACK: (
        Reason.ALARM_FIRING,
        Reason.ALARM_TRANSIENT,
        Reason.ALARM_MISSING,
        Reason.ALARM_INSUFFICIENT_DATA,
        Reason.ALARM_UNREADABLE,
        Reason.PROGRESS_DEADLINE_EXCEEDED,
    ),
    Outcome.ABORTED: (Reason.ABORTED, Reason.TARGET_WITHDRAWN),
    Outcome.SUPERSEDED: (Reason.SUPERSEDED,),
}
"""Shown as 0 from the start: `increase()` does not see the first of a counter that appears with its first event."""

_Series = tuple[Gauge, tuple[str, ...]]


class PrometheusMeter:
    """`ports.Meter` and the operator's own counters, in a registry of its own. Safe from any thread."""

    def __init__(self) -> None:
        # Else each counter and histogram comes with a second series that nobody reads.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the client has no types for it
        self.registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._build_operator()
        self._build_threads()
        self._build_rollouts()
        self._build_alarms()
        self._build_aws()
        self._shown: dict[Key, frozenset[_Series]] = {}
        self._lock = threading.Lock()

    def render(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self.registry)

    # -- the operator --

    def _build_operator(self) -> None:
        self._gauge("build_info", "1; the label tells the operator's version.", "version").labels(__version__).set(1)
        self._leader = self._gauge("leader", "1 when this operator leads, or is alone; 0 while it stands by.")
        self._ticks = self._histogram("reconcile_duration_seconds", "Time to decide about one rollout.", _TICK_S)
        self._defects = self._counter("reconcile_errors", "Decisions that met a defect of the operator.")
        self._status_writes = self._counter("status_writes", "Writes of a resource's status.", "result")
        self._events = self._counter("events", "Announcements, by what became of them.", "result")
        self._restarts = self._counter("kopf_restarts", "How often the watch had to be started again.")
        self._swept = self._gauge("last_sweep_timestamp_seconds", "Unix time of the last full list of all resources.")
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

    # -- threads --

    def _build_threads(self) -> None:
        self._given_up = self._counter("jobs_given_up", "Jobs that did not end in time as a whole.", "lane")
        self._jobs_withheld = self._counter("jobs_withheld", "Jobs not begun: their place does not answer.", "lane")
        self._lost = self._gauge("lost_threads", "Threads held by calls that have no end.", "caller")
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

    # -- rollouts --

    def _build_rollouts(self) -> None:
        self._info = self._of_rollout("info", "1; the labels tell what it moves.", "state_machine", "alias")
        self._phase = self._of_rollout("phase", "1 for the phase that it is in.", "phase")
        self._reason = self._of_rollout("reason", "1 for the reason of its Ready condition.", "reason")
        self._stalled = self._of_rollout("stalled", "1 when it will not move without a person or a new generation.")
        self._weight = self._of_rollout("weight", "Percent of new executions on the target.")
        self._version = self._of_rollout("version", "Number of the stable and of the target version.", "role")
        self._alarm = self._of_rollout("alarm", "1 for the worst state of its alarms.", "state")
        self._outcomes = self._counter("outcomes", "Rollouts that ended.", "outcome", "reason")
        for outcome, reasons in _USUAL_ENDS.items():
            for reason in reasons:
                self._outcomes.labels(outcome, reason)
        self._rollouts_took = self._histogram(
            "rollout_duration_seconds", "From a rollout's first step to its end.", _ROLLOUT_S, "outcome"
        )
        self._steps_took = self._histogram(
            "step_duration_seconds", "From a step's verified write to the next one, or to the end.", _STEP_S
        )
        self._rollbacks_took = self._histogram(
            "rollback_duration_seconds", "From the finding to all traffic seen on the stable version.", _ROLLBACK_S
        )

    def rollout(self, key: Key, alias: AliasArn | None, status: Status) -> None:
        """Show a rollout's status. Values of before go first: two phases at once would count one rollout twice."""
        where = (key.namespace, key.name)
        shown = {(gauge, (*where, *labels)): value for gauge, labels, value in self._facts(alias, status)}
        with self._lock:
            self._hide(self._shown.get(key, frozenset()) - shown.keys())
            for (gauge, labels), value in shown.items():
                gauge.labels(*labels).set(value)
            self._shown[key] = frozenset(shown)

    def gone(self, key: Key) -> None:
        """Take a rollout's series away."""
        with self._lock:
            self._hide(self._shown.pop(key, frozenset()))

    def finished(self, key: Key, ended: HistoryEntry) -> None:  # noqa: ARG002 - a counter cannot lose a label's series
        """Count a rollout's end."""
        self._outcomes.labels(ended.outcome, ended.reason).inc()
        if ended.started_at is not None:
            took_s = (ended.finished_at - ended.started_at).total_seconds()
            self._rollouts_took.labels(ended.outcome).observe(max(took_s, 0.0))

    def step_took(self, duration_s: float) -> None:
        """Count a step that is over."""
        self._steps_took.observe(duration_s)

    def rollback_took(self, duration_s: float) -> None:
        """Count a rollback that is over."""
        self._rollbacks_took.observe(duration_s)

    def _facts(self, alias: AliasArn | None, status: Status) -> Iterator[tuple[Gauge, tuple[str, ...], float]]:
        """What is shown of a rollout: gauge, labels besides its name, value. What is not known has no series."""
        ready = condition(status, READY)
        if alias is not None:
            yield self._info, (alias.machine.name, alias.name), 1
        yield self._phase, (str(status.phase or ""),), 1
        yield self._stalled, (), is_true(status, STALLED)
        if ready is not None:
            yield self._reason, (ready.reason,), 1
        if status.weight is not None:
            yield self._weight, (), status.weight
        if status.alarm is not None:
            yield self._alarm, (str(status.alarm),), 1
        for role, version in (("stable", status.stable_version), ("target", status.target_version)):
            if version is not None:
                yield self._version, (role,), version

    @staticmethod
    def _hide(series: Iterable[_Series]) -> None:
        for gauge, labels in series:
            gauge.remove(*labels)

    # -- alarms --

    def _build_alarms(self) -> None:
        self._alarm_reads = self._counter("alarm_reads", "Readings of alarms, by what came of them.", "result")
        self._watched = self._gauge("alarms_watched", "Alarms that are watched now.")
        self._unseen = self._gauge("alarms_unseen", "Watched alarms that could not be read, or not for three polls.")
        self._oldest = self._gauge(
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

    # -- AWS --

    def _build_aws(self) -> None:
        self._aws_calls = self._counter("aws_calls", "Calls to AWS.", "api", "result")
        self._aws_throttles = self._counter("aws_throttles", "Calls that AWS throttled.", "api")
        self._aws_withheld = self._counter("aws_withheld", "Calls that waited for their bucket to refill.", "api")
        for api in Api:
            self._aws_throttles.labels(api)
            self._aws_withheld.labels(api)
        self._buckets = _Buckets()
        self.registry.register(self._buckets)

    def aws_call(self, api: str, result: str) -> None:
        """Count one call to AWS."""
        self._aws_calls.labels(api, result).inc()

    def aws_throttled(self, api: str) -> None:
        """Count one call that AWS throttled."""
        self._aws_throttles.labels(api).inc()

    def aws_withheld(self, api: str) -> None:
        """Count one call that was not made for want of a token."""
        self._aws_withheld.labels(api).inc()

    def watch_buckets(self, fills: Callable[[], Iterable[Fill]]) -> None:
        """Ask this at each scrape: buckets refill while nothing is called."""
        self._buckets.fills = fills

    # -- series --

    def _of_rollout(self, name: str, words: str, *labels: str) -> Gauge:
        return self._gauge(f"rollout_{name}", f"Of a rollout: {words}", "namespace", "name", *labels)

    def _gauge(self, name: str, words: str, *labels: str) -> Gauge:
        return Gauge(f"sfn_rollouts_{name}", words, labels, registry=self.registry)

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"sfn_rollouts_{name}", words, labels, registry=self.registry)

    def _histogram(self, name: str, words: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"sfn_rollouts_{name}", words, labels, buckets=buckets, registry=self.registry)


class _Buckets:
    """A collector of token buckets, read when somebody looks."""

    def __init__(self) -> None:
        self.fills: Callable[[], Iterable[Fill]] = tuple

    def collect(self) -> Iterator[GaugeMetricFamily]:
        labels = ("region", "api")
        tokens = GaugeMetricFamily(
            "sfn_rollouts_aws_bucket_tokens", "Calls that AWS's quota allows at once now, by our count.", labels=labels
        )
        capacity = GaugeMetricFamily(
            "sfn_rollouts_aws_bucket_capacity", "Calls that AWS's quota allows at once after a silence.", labels=labels
        )
        for fill in self.fills():
            where = (fill.region, fill.api)
            tokens.add_metric(where, fill.tokens)
            capacity.add_metric(where, fill.capacity)
        yield from (tokens, capacity)
