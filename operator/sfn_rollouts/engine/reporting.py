"""Reporting: brings what has been decided to the API server, each transition once, and never before a restore."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from sfn_rollouts.core.announce import Announcement
from sfn_rollouts.core.decision import Decision
from sfn_rollouts.core.observation import Trouble
from sfn_rollouts.engine.facts import reading_of
from sfn_rollouts.engine.record import Record, log_fields
from sfn_rollouts.engine.reports import Reported, send
from sfn_rollouts.ports import Announcer, Clock, Lane, Meter, Report, ResourceStore, Workers

PACE = "report"
# Denied too: an API server that has just started refuses everything until it has read its roles, a moment later.
_SOON = (Trouble.TRANSIENT, Trouble.CONFLICT, Trouble.DENIED)
_log = structlog.get_logger(__name__)

Stored = Callable[[Record, Mapping[str, Any] | None], None]


class Reporting:
    """At most one report of a rollout is under way.

    `stored(record, resource)` is called with the resource as the API server has it now, None once it is gone.
    """

    def __init__(
        self,
        clock: Clock,
        workers: Workers,
        store: ResourceStore,
        announcer: Announcer,
        meter: Meter,
        stored: Stored,
        wake: Callable[[str], None],
    ) -> None:
        self._clock = clock
        self._workers = workers
        self._store = store
        self._announcer = announcer
        self._meter = meter
        self._stored = stored
        self._wake = wake

    def start(self, record: Record, decision: Decision) -> float | None:
        """Start a report if there is something to say; gives the monotonic time at which to ask again."""
        if record.is_reporting or _is_restoring(record, decision) or not _has_news(record, decision):
            return None
        next_at = record.pace(PACE).next_at
        if self._clock.monotonic() < next_at:
            return next_at
        report = _report(record, decision)
        if report.status is not None:
            record.attempt(decision.status)
        record.is_reporting = True
        news, record.unheard = record.unheard, []
        self._workers.submit(
            Lane.REPORT,
            lambda: send(self._store, self._announcer, report, news),
            lambda result: self._ended(record, report, news, result),
        )
        return None

    def _ended(self, record: Record, report: Report, news: list[Announcement], result: Reported | Exception) -> None:
        record.is_reporting = False
        if isinstance(result, Exception):
            self._failed(record, report, news, result)
        elif result.had_conflict:
            self._count(report, Trouble.CONFLICT)
            record.unheard = [*news, *record.unheard]
            record.pace(PACE).wait(self._clock.monotonic(), 0.1, 5.0)
            self._stored(record, result.resource)
        elif result.resource is not None or result.is_gone:
            self._count(report, "OK")
            self._written(record, report, result.resource)
        self._wake(record.uid)

    def _written(self, record: Record, report: Report, resource: Mapping[str, Any] | None) -> None:
        sent = record.attempted[-1:] if report.status is not None else []
        self._stored(record, resource)
        record.attempted = []
        if not sent or record.stored == sent[0]:
            record.pace(PACE).reset()
            return
        # An older CRD leaves out what it does not know: without a pause it would be written again and again.
        delay_s = record.pace(PACE).wait(self._clock.monotonic(), 5.0, 300.0)
        _log.warning("status is not stored as written", retry_in_s=round(delay_s, 1), **log_fields(record))

    def _failed(self, record: Record, report: Report, news: list[Announcement], error: Exception) -> None:
        trouble, why = reading_of(error)
        self._count(report, trouble)
        record.unheard = [*news, *record.unheard]
        limits_s = (0.5, 10.0) if trouble in _SOON else (5.0, 300.0)
        delay_s = record.pace(PACE).wait(self._clock.monotonic(), *limits_s)
        _log.warning("status could not be written", error=why, retry_in_s=round(delay_s, 1), **log_fields(record))

    def _count(self, report: Report, result: str) -> None:
        if report.status is not None:
            self._meter.status_write(result)


def _is_restoring(record: Record, decision: Decision) -> bool:
    """The rollback's status follows its write, unless that is slow to succeed."""
    is_urgent = decision.write is not None and decision.write.is_urgent
    return is_urgent and record.writing is not None and record.facts.failed is None


def _has_news(record: Record, decision: Decision) -> bool:
    return (
        _status_news(record, decision)
        or _holds_finalizer(record, decision) != record.resource.has_finalizer
        or bool(record.unheard)
    )


def _status_news(record: Record, decision: Decision) -> bool:
    """A resource that is let go needs no last words: they would delay its deletion."""
    is_leaving = record.resource.rollout.is_deleting and not _holds_finalizer(record, decision)
    return not is_leaving and record.stored != decision.status


def _holds_finalizer(record: Record, decision: Decision) -> bool:
    """The API server takes no new finalizer on a resource that is being deleted."""
    may_have = record.resource.has_finalizer or not record.resource.rollout.is_deleting
    return decision.holds_finalizer and may_have


def _report(record: Record, decision: Decision) -> Report:
    resource, holds = record.resource, _holds_finalizer(record, decision)
    return Report(
        key=resource.key,
        uid=resource.uid,
        resource_version=resource.resource_version,
        status=decision.status.to_resource() if _status_news(record, decision) else None,
        finalizer=holds if holds != resource.has_finalizer else None,
    )
