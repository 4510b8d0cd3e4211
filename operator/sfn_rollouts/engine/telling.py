"""Telling of transitions: log lines and metrics at once, Events with the next report."""

import structlog

from sfn_rollouts.api.status import Status
from sfn_rollouts.core.announce import announcements, finished
from sfn_rollouts.core.values.plan import compile_plan
from sfn_rollouts.engine.durations import rollback_s, step_s
from sfn_rollouts.engine.record import Record, log_fields
from sfn_rollouts.ports import RolloutMeter

_log = structlog.get_logger(__name__)


class Telling:
    """Compares what was known before a tick with what was decided in it."""

    def __init__(self, meter: RolloutMeter) -> None:
        self._meter = meter

    def introduce(self, record: Record) -> None:
        """Show a rollout as it is; metrics do not outlive a restart."""
        self._meter.rollout(record.resource.key, record.resource.alias, record.working)

    def tell(self, record: Record, before: Status) -> None:
        """Announce what is new in the record's status."""
        after = record.working
        if after is before:
            return
        spec = record.resource.spec
        news = announcements(before, after, compile_plan(spec) if spec is not None else None)
        record.queue(news)
        for item in news:
            log = _log.warning if item.is_warning else _log.info
            log(item.message, **{**log_fields(record), "reason": str(item.reason)})
        self._measure(record, before)
        self.introduce(record)

    def _measure(self, record: Record, before: Status) -> None:
        ended = finished(before, record.working)
        if ended is not None:
            self._meter.finished(record.resource.key, ended)
        step_took_s, rollback_took_s = step_s(before, record.working), rollback_s(before, ended)
        if step_took_s is not None:
            self._meter.step_took(step_took_s)
        if rollback_took_s is not None:
            self._meter.rollback_took(rollback_took_s)
