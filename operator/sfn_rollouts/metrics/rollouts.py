"""Series of rollouts."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import Gauge

from sfn_rollouts.api.status import HistoryEntry, Outcome, Status
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.conditions import READY, STALLED, condition, is_true
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.metrics.series import Series
from sfn_rollouts.ports import Key

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
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
        Reason.VERSION_WORSE,
        Reason.VERSION_SLOWER,
        Reason.PROGRESS_DEADLINE_EXCEEDED,
    ),
    Outcome.ABORTED: (Reason.ABORTED, Reason.TARGET_WITHDRAWN),
    Outcome.SUPERSEDED: (Reason.SUPERSEDED,),
}
"""Shown as 0 from the start: `increase()` does not see the first of a counter that appears with its first event."""

_Labelled = tuple[Gauge, tuple[str, ...]]


class RolloutMetrics:
    """`ports.RolloutMeter`."""

    def __init__(self, series: Series) -> None:
        self._info = series.of_rollout("info", "1; the labels tell what it moves.", "state_machine", "alias")
        self._phase = series.of_rollout("phase", "1 for the phase that it is in.", "phase")
        self._reason = series.of_rollout("reason", "1 for the reason of its Ready condition.", "reason")
        self._stalled = series.of_rollout("stalled", "1 when it will not move without a person or a new generation.")
        self._weight = series.of_rollout("weight", "Percent of new executions on the target.")
        self._version = series.of_rollout("version", "Number of the stable and of the target version.", "role")
        self._alarm = series.of_rollout("alarm", "1 for the worst state of its alarms.", "state")
        self._verdict = series.gauge(
            "analysis_verdict",
            "Of a rollout: 1 for what the judge says.",
            "namespace",
            "name",
            "verdict",
        )
        self._judged = series.gauge(
            "analysis_executions",
            "Of a rollout: executions that the judge has counted.",
            "namespace",
            "name",
            "version",
            "outcome",
        )
        self._looked = series.gauge(
            "analysis_looked_timestamp_seconds",
            "Of a rollout in flight: Unix time of the look that the judge's figures are of.",
            "namespace",
            "name",
        )
        self._preflight = series.gauge(
            "preflight_findings", "Of a rollout: what preflight found.", "namespace", "name", "check", "verdict"
        )
        self._outcomes = series.counter("outcomes", "Rollouts that ended.", "outcome", "reason")
        for outcome, reasons in _USUAL_ENDS.items():
            for reason in reasons:
                self._outcomes.labels(outcome, reason)
        self._rollouts_took = series.histogram(
            "rollout_duration_seconds", "From a rollout's first step to its end.", _ROLLOUT_S, "outcome"
        )
        self._steps_took = series.histogram(
            "step_duration_seconds", "From a step's verified write to the next one, or to the end.", _STEP_S
        )
        self._rollbacks_took = series.histogram(
            "rollback_duration_seconds", "From the finding to all traffic seen on the stable version.", _ROLLBACK_S
        )
        self._shown: dict[Key, frozenset[_Labelled]] = {}
        self._lock = threading.Lock()

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
        """Remove a rollout's series."""
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
        yield from self._analysis(status)
        found = status.preflight.findings if status.preflight is not None else ()
        for (check, verdict), count in Counter((each.check, each.verdict) for each in found).items():
            yield self._preflight, (str(check), str(verdict)), count
        for role, version in (("stable", status.stable_version), ("target", status.target_version)):
            if version is not None:
                yield self._version, (role,), version

    def _analysis(self, status: Status) -> Iterator[tuple[Gauge, tuple[str, ...], float]]:
        """What the judge of its executions says. At rest nobody looks, so that a look's age would only grow."""
        analysis = status.analysis
        if analysis is None:
            return
        yield self._verdict, (str(analysis.verdict),), 1
        for whose, counts in (("target", analysis.target), ("stable", analysis.stable)):
            if counts is not None:
                yield self._judged, (whose, "bad"), counts.bad
                yield self._judged, (whose, "good"), counts.judged - counts.bad
        if analysis.looked_at is not None and status.is_in_flight:
            yield self._looked, (), analysis.looked_at.timestamp()

    @staticmethod
    def _hide(series: Iterable[_Labelled]) -> None:
        for gauge, labels in series:
            gauge.remove(*labels)
