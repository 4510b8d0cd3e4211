"""What /metrics shows. Names and labels are API: dashboards and alerts of users hang on them (docs list them)."""

import threading

from prometheus_client import CollectorRegistry, Counter, Gauge, PlatformCollector, ProcessCollector, generate_latest

from sfn_rollouts import __version__
from sfn_rollouts.api.status import Outcome, Status
from sfn_rollouts.ports import Key


class PrometheusMeter:
    """`ports.Meter` and the operator's own counters, in a registry of its own. Safe from any thread."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        build = Gauge("sfn_rollouts_build_info", "Version of the operator.", ["version"], registry=self.registry)
        build.labels(__version__).set(1)
        where = ["namespace", "name"]
        self._info = Gauge(
            "sfn_rollouts_rollout_info", "1 for the phase a rollout is in.", [*where, "phase"], registry=self.registry
        )
        self._weight = Gauge(
            "sfn_rollouts_rollout_weight", "Percent of new executions on the target.", where, registry=self.registry
        )
        self._outcomes = Counter(
            "sfn_rollouts_outcomes", "Rollouts that ended.", ["outcome", "reason"], registry=self.registry
        )
        self._aws_calls = Counter("sfn_rollouts_aws_calls", "Calls to AWS.", ["api", "result"], registry=self.registry)
        self._status_writes = Counter(
            "sfn_rollouts_status_writes", "Writes of a resource's status.", ["result"], registry=self.registry
        )
        self._events = Counter(
            "sfn_rollouts_events", "Announcements, by what became of them.", ["result"], registry=self.registry
        )
        self._restarts = Counter(
            "sfn_rollouts_kopf_restarts", "How often the watch had to be started again.", registry=self.registry
        )
        self._phases: dict[Key, str] = {}
        self._weighed: set[Key] = set()
        self._lock = threading.Lock()

    def rollout(self, key: Key, status: Status | None) -> None:
        """Show a rollout's status; None takes its series away."""
        with self._lock:
            self._show_phase(key, None if status is None else str(status.phase or ""))
            self._show_weight(key, None if status is None else status.weight)

    def finished(self, key: Key, outcome: Outcome, reason: str) -> None:  # noqa: ARG002 - a counter cannot lose a label's series
        """Count a rollout's end."""
        self._outcomes.labels(outcome, reason).inc()

    def aws_call(self, api: str, result: str) -> None:
        """Count one call to AWS."""
        self._aws_calls.labels(api, result).inc()

    def status_write(self, result: str) -> None:
        """Count one status write."""
        self._status_writes.labels(result).inc()

    def event(self, result: str) -> None:
        """Count what became of one announcement."""
        self._events.labels(result).inc()

    def kopf_restarted(self) -> None:
        """Count one restart of the watch."""
        self._restarts.inc()

    def render(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self.registry)

    def _show_phase(self, key: Key, phase: str | None) -> None:
        """Show the new phase alone: two phases at once would count one rollout twice in every sum."""
        before = self._phases.pop(key, None)
        if before is not None and before != phase:
            self._info.remove(key.namespace, key.name, before)
        if phase is not None:
            self._info.labels(key.namespace, key.name, phase).set(1)
            self._phases[key] = phase

    def _show_weight(self, key: Key, weight: int | None) -> None:
        if weight is not None:
            self._weight.labels(key.namespace, key.name).set(weight)
            self._weighed.add(key)
        elif key in self._weighed:
            self._weight.remove(key.namespace, key.name)
            self._weighed.remove(key)
