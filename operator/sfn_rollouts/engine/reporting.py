"""Reporting: brings what has been decided to the API server, each transition once, and never before a restore."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from sfn_rollouts.api.status import Status
from sfn_rollouts.core.announce import MESSAGE_LIMIT, Announcement
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.core.values.readings import Trouble
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.engine.facts import reading_of
from sfn_rollouts.engine.record import Record, log_fields
from sfn_rollouts.engine.reports import Reported, send
from sfn_rollouts.errors import Denied, Rejected
from sfn_rollouts.ports import Clock, Errand, Lane, Outside, Report, Workers
from sfn_rollouts.printable import one_line

PACE = "report"
UNSTORED = "report again what was refused, or stored as something else"
# Denied too: an API server that has just started refuses everything until it has read its roles, a moment later.
_SOON = (Trouble.TRANSIENT, Trouble.CONFLICT, Trouble.DENIED)
NOT_STORED = "NotStored"
"""What a status write counts as that the API server refuses for good, or has stored as something else."""

DENIED_S = 30.0
"""A right that is missing for so long is no API server that has just started."""

_log = structlog.get_logger(__name__)

Stored = Callable[[Record, Mapping[str, Any] | None], None]

_NOT_THE_CRD = "the CRD is as it should be, so look for an admission policy or a webhook that changes it"
_ALLOW = "let the operator write it, by the policy, the webhook or the rule that the answer names"


class Reporting:
    """At most one report of a rollout is under way.

    `stored(record, resource)` is called with the resource as the API server has it now, None once it is gone.
    """

    def __init__(
        self,
        clock: Clock,
        workers: Workers,
        outside: Outside,
        stored: Stored,
        wake: Callable[[str], None],
    ) -> None:
        self._clock = clock
        self._workers = workers
        self._outside = outside
        self._stored = stored
        self._wake = wake

    def start(self, record: Record, decision: Decision) -> float | None:
        """Start a report if there is something to say; returns the monotonic time at which to ask again."""
        if record.is_reporting or _is_restoring(record, decision) or not _has_news(record, decision):
            return None
        now = self._clock.monotonic()
        # What was refused, or stored as something else, is sent again slowly; what is new since, at once.
        was_sent = decision.status in (record.altered, record.refused)
        next_at = record.pace(UNSTORED if was_sent else PACE).next_at
        is_announced_only = now < next_at and record.refused is not None and bool(record.pending_announcements)
        if now < next_at and not is_announced_only:
            return next_at
        report = _announced_only(record) if is_announced_only else _report(record, decision)
        if report.status is not None:
            record.attempt(decision.status)
        record.is_reporting = True
        news, record.pending_announcements = record.pending_announcements, []
        self._workers.submit(
            Errand(Lane.REPORT, None, "report"),
            lambda: send(self._outside.store, self._outside.announcer, report, news),
            lambda result: self._ended(record, report, decision.status, news, result),
        )
        return None

    def _ended(
        self, record: Record, report: Report, sent: Status, news: list[Announcement], result: Reported | Exception
    ) -> None:
        record.is_reporting = False
        if isinstance(result, Exception):
            record.pending_announcements = [*news, *record.pending_announcements]
            if isinstance(result, Rejected) or self._is_denied_for_long(record, result):
                self._refused(record, sent, result)
            else:
                self._failed(record, report, result)
        elif result.had_conflict:
            self._count(report, Trouble.CONFLICT)
            record.pending_announcements = [*news, *record.pending_announcements]
            record.pace(PACE).wait(self._clock.monotonic(), 0.1, 5.0)
            self._stored(record, result.resource)
        elif result.resource is not None or result.is_gone:
            self._written(record, report, result.resource)
        self._wake(record.uid)

    def _written(self, record: Record, report: Report, resource: Mapping[str, Any] | None) -> None:
        sent, working = record.attempted[-1:] if report.status is not None else [], record.working
        self._stored(record, resource)
        record.attempted, record.denied_since = [], None
        record.pace(PACE).reset()
        if resource is None or not sent or record.stored == sent[0]:
            self._count(report, "OK")
            if sent or record.refused == record.stored:
                record.altered = record.refused = None
                record.pace(UNSTORED).reset()
            return
        # An older CRD leaves out what it does not know, a policy may change it. Nobody else wrote in between, so what
        # has been decided stays true, and a trip that was not stored is not forgotten while this operator lives.
        self._count(report, NOT_STORED)
        is_new = record.altered is None
        if is_new:
            record.pace(UNSTORED).reset()  # however long it was refused before: what is new is announced soon
        record.altered, record.refused, record.working = sent[0], None, working
        delay_s = record.pace(UNSTORED).wait(self._clock.monotonic(), 5.0, 300.0)
        lost = ", ".join(_differing(sent[0], record.stored))
        _log.warning("status is not stored as written", lost=lost, retry_in_s=round(delay_s, 1), **log_fields(record))
        if is_new:
            finding = f"the API server does not store the status as written (fields: {lost})"
            self._tell_not_stored(record, finding, _NOT_THE_CRD)

    def _refused(self, record: Record, sent: Status, error: Exception) -> None:
        """Nothing is forgotten, no step forward is taken, and Events alone tell until the status is taken again."""
        trouble, why = reading_of(error)
        self._outside.meter.status_write(NOT_STORED if isinstance(error, Rejected) else trouble)
        is_new, record.refused, record.altered = record.refused is None, sent, None
        delay_s = record.pace(UNSTORED).wait(self._clock.monotonic(), 5.0, 60.0)
        _log.warning("status is refused", error=why, retry_in_s=round(delay_s, 1), **log_fields(record))
        if is_new:
            self._tell_not_stored(record, f"the API server refuses the operator's write: {why}", _ALLOW)

    def _tell_not_stored(self, record: Record, finding: str, otherwise: str) -> None:
        """Announce what was found and what is wrong with the CRD, or else; once until a status is stored as written."""

        def tell(problem: str | Exception | None) -> None:
            remedy = reading_of(problem)[1] if isinstance(problem, Exception) else problem or otherwise
            message = one_line(f"{finding}: {remedy}", longest=MESSAGE_LIMIT)
            _log.warning(message, **{**log_fields(record), "reason": str(Reason.STATUS_NOT_STORED)})
            record.queue((Announcement(Reason.STATUS_NOT_STORED, message, is_warning=True),))
            self._wake(record.uid)

        self._workers.submit(Errand(Lane.REPORT, None, "crd"), self._outside.schema_problem, tell)

    def _is_denied_for_long(self, record: Record, error: Exception) -> bool:
        if not isinstance(error, Denied):
            record.denied_since = None
            return False
        now = self._clock.monotonic()
        record.denied_since = now if record.denied_since is None else record.denied_since
        return now - record.denied_since >= DENIED_S

    def _failed(self, record: Record, report: Report, error: Exception) -> None:
        trouble, why = reading_of(error)
        self._count(report, trouble)
        limits_s = (0.5, 10.0) if trouble in _SOON else (5.0, 300.0)
        delay_s = record.pace(PACE).wait(self._clock.monotonic(), *limits_s)
        _log.warning("status could not be written", error=why, retry_in_s=round(delay_s, 1), **log_fields(record))

    def _count(self, report: Report, result: str) -> None:
        if report.status is not None:
            self._outside.meter.status_write(result)


def _differing(sent: Status, stored: Status) -> list[str]:
    """Return the names of the fields of the status that are not as they were sent."""
    before, after = sent.to_resource(), stored.to_resource()
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def _is_restoring(record: Record, decision: Decision) -> bool:
    """The rollback's status follows its write, unless that is slow to succeed."""
    is_urgent = decision.write is not None and decision.write.is_urgent
    return is_urgent and record.writing is not None and record.facts.failed is None


def _has_news(record: Record, decision: Decision) -> bool:
    return (
        _status_news(record, decision)
        or _holds_finalizer(record, decision) != record.resource.has_finalizer
        or bool(record.pending_announcements)
    )


def _status_news(record: Record, decision: Decision) -> bool:
    """A resource that is let go needs no last words: they would delay its deletion."""
    is_leaving = record.resource.rollout.is_deleting and not _holds_finalizer(record, decision)
    return not is_leaving and record.stored != decision.status


def _holds_finalizer(record: Record, decision: Decision) -> bool:
    """The API server takes no new finalizer on a resource that is being deleted."""
    may_have = record.resource.has_finalizer or not record.resource.rollout.is_deleting
    return decision.holds_finalizer and may_have


def _announced_only(record: Record) -> Report:
    """While the status is refused people hear at least by Events."""
    return Report(record.resource.key, record.uid, record.resource.resource_version, status=None, finalizer=None)


def _report(record: Record, decision: Decision) -> Report:
    resource, holds = record.resource, _holds_finalizer(record, decision)
    return Report(
        key=resource.key,
        uid=resource.uid,
        resource_version=resource.resource_version,
        status=decision.status.to_resource() if _status_news(record, decision) else None,
        finalizer=holds if holds != resource.has_finalizer else None,
    )
