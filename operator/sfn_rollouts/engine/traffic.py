"""Traffic: starts the write that a decision asks for, takes back the one that nothing asks for any more."""

from collections.abc import Callable
from datetime import datetime

import structlog

from sfn_rollouts.core.decision import Decision, Write, WriteKind
from sfn_rollouts.core.observation import AliasMissing, Trouble, WriteFailure
from sfn_rollouts.engine.apply import Applied, apply_write
from sfn_rollouts.engine.facts import FailedWrite, latest, reading_of
from sfn_rollouts.engine.permit import Permit
from sfn_rollouts.engine.record import Record, Writing, log_fields
from sfn_rollouts.ports import AliasRouter, Clock, Lane, Workers

_SOON = (Trouble.TRANSIENT, Trouble.CONFLICT)
_log = structlog.get_logger(__name__)


class Traffic:
    """At most one write of a rollout is under way; a restore waits for nothing but a mutation that has begun."""

    def __init__(self, clock: Clock, workers: Workers, router: AliasRouter, wake: Callable[[str], None]) -> None:
        self._clock = clock
        self._workers = workers
        self._router = router
        self._wake = wake

    def start(self, record: Record, decision: Decision, *, may_go_forward: bool) -> float | None:
        """Start the write if its time has come; gives the monotonic time at which to ask again."""
        _forget_settled(record)
        write, alias = decision.write, record.resource.alias
        if write is not None and not write.is_urgent and not (may_go_forward and _is_announced(record, decision)):
            write = None
        self._withdraw_unless(record, write)
        if write is None or alias is None or record.writing is not None:
            return None
        next_at = record.pace(write.kind).next_at
        if self._clock.monotonic() < next_at:
            return next_at
        permit = None if write.is_urgent else Permit(self._clock)
        writing = record.writing = Writing(write, permit)
        known_at, asked_at = _known_at(record, write), self._clock.now()
        self._workers.submit(
            Lane.ROLLBACK if write.is_urgent else Lane.FORWARD,
            lambda: apply_write(self._router, alias, write, known_at, permit),
            lambda result: self._ended(record, writing, asked_at, result),
        )
        return None

    def withdraw(self, record: Record) -> None:
        """Take back a forward write that has not begun."""
        self._withdraw_unless(record, None)

    def _withdraw_unless(self, record: Record, wanted: Write | None) -> None:
        writing = record.writing
        if writing is None or writing.permit is None or writing.write == wanted:
            return
        if writing.permit.withdraw():
            record.writing = None

    def _ended(self, record: Record, writing: Writing, asked_at: datetime, result: Applied | Exception) -> None:
        if record.writing is not writing:
            return
        record.writing = None
        if isinstance(result, Exception):
            self._failed(record, writing.write, result)
        else:
            self._done(record, writing.write, asked_at, result)
        self._wake(record.uid)

    def _done(self, record: Record, write: Write, asked_at: datetime, applied: Applied) -> None:
        """Whether written or not: should the same be asked for again, it is not repeated in a tight loop."""
        record.facts.failed = None
        record.pace(write.kind).wait(self._clock.monotonic(), 0.2, 30.0)
        if applied.written_at is not None:
            record.facts.acknowledge(write.kind, applied.written_at, asked_at)
            _log.info("alias written", kind=str(write.kind), routing=str(write.routing), **log_fields(record))
        if applied.reading is not None:
            record.facts.see_alias(applied.reading)
        if applied.is_missing:
            record.facts.see_alias(AliasMissing(asked_at))

    def _failed(self, record: Record, write: Write, error: Exception) -> None:
        trouble, why = reading_of(error)
        before = record.facts.failed
        since = before.failure.since if before is not None else self._clock.now()
        record.facts.failed = FailedWrite(write.kind, WriteFailure(why, trouble, since))
        first_s, limit_s = 5.0, 300.0
        if trouble in _SOON:
            first_s, limit_s = 0.5, 5.0 if write.is_urgent else 30.0
        retry_after_s = getattr(error, "retry_after_s", None) or 0.0
        delay_s = record.pace(write.kind).wait(self._clock.monotonic(), first_s, limit_s, retry_after_s)
        defect = error if trouble is Trouble.INTERNAL else None
        _log.warning(
            "alias could not be written",
            error=why,
            retry_in_s=round(delay_s, 1),
            exc_info=defect,
            **log_fields(record),
        )


def _is_announced(record: Record, decision: Decision) -> bool:
    """Its intent stands at the API server, and so does the finalizer."""
    return not record.is_reporting and record.is_remembered(decision.status) and record.resource.has_finalizer


def _forget_settled(record: Record) -> None:
    """Nothing is pending: the next write starts without the last one's failures."""
    if record.working.intent is None and record.working.trip is None:
        record.facts.failed = None
        for kind in WriteKind:
            record.pace(kind).reset()


def _known_at(record: Record, write: Write) -> datetime | None:
    verified_at = record.working.alias.update_date if record.working.alias is not None else None
    return latest(verified_at, record.facts.forward_at, None if write.is_urgent else record.facts.restored_at)
