"""Traffic: starts the write that a decision asks for, takes back the one that nothing asks for any more."""

from collections.abc import Callable
from datetime import datetime

import structlog

from sfn_rollouts.api.status import Status
from sfn_rollouts.core.values.arn import Place
from sfn_rollouts.core.values.decision import Decision, Write, WriteKind
from sfn_rollouts.core.values.looks import ReadAlias
from sfn_rollouts.core.values.readings import AliasMissing, Trouble, WriteFailure
from sfn_rollouts.engine.apply import Applied, apply_write
from sfn_rollouts.engine.facts import Facts, FailedWrite, latest, reading_of
from sfn_rollouts.engine.permit import Permit
from sfn_rollouts.engine.record import Record, Writing, log_fields
from sfn_rollouts.engine.recovery import Recovery
from sfn_rollouts.errors import NoAnswer, Withheld
from sfn_rollouts.ports import AliasRouter, Clock, Errand, Lane, Workers

LONGEST_PAUSE_S = 15.0
"""Between two tries of a restore, whatever the trouble."""

EACH_WAITS_S = 2.0
"""For each restore that waits in a place, where more than a few do: one is tried every two seconds then, and the first
that works wakes all. Together they must not spend the quota (1 call a second) that they need once it is over."""

EACH_IS_ASKED_S = 0.25
"""Likewise where they are only withheld, which costs no quota and yet a decision each."""

HANGS_S = 2.0
"""A restore that has had no answer for so long while its place answers others is asked for again."""

_SOON = (Trouble.TRANSIENT, Trouble.CONFLICT)
_log = structlog.get_logger(__name__)


class Traffic:
    """At most one write of a rollout is under way; a restore waits for nothing but a mutation that has begun."""

    def __init__(
        self,
        clock: Clock,
        workers: Workers,
        router: AliasRouter,
        recovery: Recovery,
        wake: Callable[[str], None],
    ) -> None:
        self._clock = clock
        self._workers = workers
        self._router = router
        self._recovery = recovery
        self._wake = wake

    def start(self, record: Record, decision: Decision, *, may_go_forward: bool) -> float | None:
        """Start the write if its time has come; returns the monotonic time at which to ask again."""
        _forget_settled(record)
        write, alias = decision.write, record.resource.alias
        if write is not None and not write.is_urgent and not (may_go_forward and _is_announced(record, decision)):
            write = None
        self._withdraw_unless(record, write)
        place, caller = record.place, record.caller
        if write is None or alias is None or place is None or record.writing is not None:
            return None
        now, next_at = self._clock.monotonic(), record.pace(write.kind).next_at
        if now < next_at:
            return next_at
        permit = Permit(self._clock, float("inf")) if write.is_urgent else Permit(self._clock)
        writing = record.writing = Writing(write, permit, now)
        known, asked_at = known_at(record.working, record.facts, write), self._clock.now()
        self._workers.submit(
            Errand(Lane.ROLLBACK if write.is_urgent else Lane.FORWARD, place, "write", caller=caller),
            lambda: apply_write(self._router, alias, write, known, permit),
            lambda result: self._ended(record, place, writing, asked_at, result),
        )
        return None

    def retry(self, record: Record, *, is_over: bool) -> None:
        """Its place answers again: what waits to be tried, or for an answer to a restore that is lost, waits no more.

        To ask for a restore twice is harmless. A forward write that has begun is not repeated before its end is known.
        """
        for kind in WriteKind:
            record.pace(kind).hasten(is_over=is_over)
        writing = record.writing
        if writing is None or not writing.write.is_urgent or self._clock.monotonic() - writing.began < HANGS_S:
            return
        writing.permit.withdraw()
        record.writing = None

    def withdraw(self, record: Record) -> None:
        """Take back a forward write that has not begun."""
        self._withdraw_unless(record, None)

    def _withdraw_unless(self, record: Record, wanted: Write | None) -> None:
        writing = record.writing
        if writing is None or writing.write.is_urgent or writing.write == wanted:
            return
        if writing.permit.withdraw():
            record.writing = None

    def _ended(
        self, record: Record, place: Place, writing: Writing, asked_at: datetime, result: Applied | Exception
    ) -> None:
        if record.writing is not writing:
            return
        record.writing = None
        writing.permit.withdraw()  # one that was given up must not begin after all, minutes later
        self._recovery.note(place, record.uid, writing.write.kind, result)
        if isinstance(result, Exception):
            self._failed(record, place, writing.write, result)
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
            record.facts.see(ReadAlias(), applied.reading)
        if applied.is_missing:
            record.facts.see(ReadAlias(), AliasMissing(asked_at))

    def _failed(self, record: Record, place: Place, write: Write, error: Exception) -> None:
        trouble, why = reading_of(error)
        before = record.facts.failed
        since = before.failure.since if before is not None else self._clock.now()
        if before is None or not isinstance(error, Withheld):  # why the last one failed says more
            record.facts.failed = FailedWrite(write.kind, WriteFailure(why, trouble, since))
        first_s, limit_s, retry_after_s = _pause(write, error, self._recovery.waiting(place))
        delay_s = record.pace(write.kind).wait(self._clock.monotonic(), first_s, limit_s, retry_after_s)
        defect = error if trouble is Trouble.INTERNAL else None
        _log.warning(
            "alias could not be written",
            error=why,
            retry_in_s=round(delay_s, 1),
            exc_info=defect,
            **log_fields(record),
        )


def _pause(write: Write, error: Exception, waiting: int) -> tuple[float, float, float]:
    """Seconds to wait after a failure: at first, at most, and at least as AWS or a quota says.

    A restore that has waited for its time-out has waited long enough. `waiting`: how many jobs of the place wait.
    """
    is_soon = reading_of(error)[0] in _SOON
    retry_after_s = getattr(error, "retry_after_s", None) or 0.0
    if not write.is_urgent:
        return (0.5, 30.0, retry_after_s) if is_soon else (5.0, 300.0, retry_after_s)
    if isinstance(error, NoAnswer):
        return 0.5, 1.0, 0.0
    if isinstance(error, Withheld):
        return 0.5, max(5.0, EACH_IS_ASKED_S * waiting), 0.0
    limit_s = max(5.0 if is_soon else LONGEST_PAUSE_S, EACH_WAITS_S * waiting)
    return 0.5 if is_soon else 2.0, limit_s, min(retry_after_s, LONGEST_PAUSE_S)


def _is_announced(record: Record, decision: Decision) -> bool:
    """Its intent stands at the API server, and so does the finalizer."""
    return not record.is_reporting and record.is_remembered(decision.status) and record.resource.has_finalizer


def _forget_settled(record: Record) -> None:
    """Nothing is pending: the next write starts without the last one's failures."""
    if record.working.intent is None and record.working.trip is None:
        record.facts.failed = None
        for kind in WriteKind:
            record.pace(kind).reset()


def known_at(status: Status, facts: Facts, write: Write) -> datetime | None:
    """Return AWS's date of the last change of the alias that is known of, a restore's own one apart."""
    verified_at = status.alias.update_date if status.alias is not None else None
    return latest(verified_at, facts.forward_at, None if write.is_urgent else facts.restored_at)
