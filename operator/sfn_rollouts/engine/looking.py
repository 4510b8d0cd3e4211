"""Looking: starts the looks that a decision asks for, each by itself, and files the answer under its look."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import structlog

from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.core.values.looks import Look, ReadAlarms, ReadHistories
from sfn_rollouts.core.values.readings import Trouble, Unseen
from sfn_rollouts.engine.alarm_board import AlarmBoard
from sfn_rollouts.engine.facts import reading_of, unseen
from sfn_rollouts.engine.histories import Read, read_histories, unexplained
from sfn_rollouts.engine.record import Record, log_fields
from sfn_rollouts.engine.recovery import Recovery
from sfn_rollouts.engine.sources import Sources
from sfn_rollouts.engine.sources.source import Source
from sfn_rollouts.engine.traffic import LONGEST_PAUSE_S
from sfn_rollouts.ports import AlarmFeed, Clock, Errand, Lane, Workers

Fact = TypeVar("Fact")

_HISTORIES_S = 30.0
"""How long the histories of a rollout's alarms may take together, besides a second for each."""

_log = structlog.get_logger(__name__)


class Looking:
    """At most one look of a kind and subject is under way for a rollout."""

    def __init__(
        self,
        clock: Clock,
        workers: Workers,
        sources: Sources,
        feed: AlarmFeed,
        board: AlarmBoard,
        recovery: Recovery,
        wake: Callable[[str], None],
    ) -> None:
        self._clock = clock
        self._workers = workers
        self._sources = sources
        self._feed = feed
        self._board = board
        self._recovery = recovery
        self._wake = wake
        self._order = [*sources, ReadHistories]

    def start(self, record: Record, decision: Decision) -> float | None:
        """Start the looks whose time has come; gives the monotonic time at which to ask again."""
        if ReadAlarms() in decision.looks:
            self._board.refresh(record.uid)
        now, alias = self._clock.monotonic(), record.resource.alias
        wanted = _wanted(record, decision)
        record.forget_looks_but(wanted)
        dues = []
        for look in sorted(wanted, key=lambda look: (self._order.index(type(look)), str(look))):
            pace = record.pace(look)
            if alias is None or look in record.looking:
                continue
            if pace.next_at <= now:
                record.looking.add(look)
                self._begin(record, alias, look)
            else:
                dues.append(pace.next_at)
        return min(dues, default=None)

    def retry(self, record: Record, *, is_over: bool) -> None:
        """Its place answers again: what waits to be tried waits no more."""
        for what, pace in record.paces.items():
            if isinstance(what, Look):
                pace.hasten(is_over=is_over)

    def _begin(self, record: Record, alias: AliasArn, look: Look[Any]) -> None:
        if isinstance(look, ReadHistories):
            self._look_at_histories(record, alias, look)
            return
        source = self._sources[type(look)]
        lane, urgency = source.route(record.working)
        self._workers.submit(
            Errand(lane, alias.machine.place, source.what),
            lambda: source.answer(alias, look, urgency),
            lambda result: self._answered(record, alias, look, source, result),
        )

    def _answered(self, record: Record, alias: AliasArn, look: Look[Any], source: Source, result: object) -> None:
        is_worth_a_try = _is_transient(result) and record.pace(look).tries < source.tries
        if not is_worth_a_try:
            record.facts.see(look, self._fact(result, record.facts.answers.get(look)))
        self._ended(record, alias, look, result, is_lacking=source.is_lacking(result))

    def _look_at_histories(self, record: Record, alias: AliasArn, look: ReadHistories) -> None:
        """In the alarms' lane: what it finds may be the reason for a rollback."""
        alarms = self._board.facts(record.uid)
        wanted = unexplained(alarms, record.working.alarms)
        work = partial(read_histories, self._feed, alias.machine.place, wanted, alarms)
        errand = Errand(Lane.ALARMS, alias.machine.place, "histories", _HISTORIES_S + len(wanted))
        self._workers.submit(
            errand, work, lambda result: self._histories_seen(record, alias, look, tuple(wanted), result)
        )

    def _histories_seen(
        self, record: Record, alias: AliasArn, look: ReadHistories, wanted: tuple[str, ...], result: Read | Exception
    ) -> None:
        read = dict.fromkeys(wanted, result) if isinstance(result, Exception) else result
        known = record.facts.histories
        seen = {name: self._fact(history, known.get(name)) for name, history in read.items()}
        record.facts.see_histories(seen, frozenset(memory.name for memory in record.working.alarms))
        error = next((history for history in read.values() if isinstance(history, Exception)), None)
        self._ended(record, alias, look, error)

    # -- what they share --

    def _fact(self, result: Fact | Exception, before: object) -> Fact | Unseen:
        return unseen(result, before, self._clock.now()) if isinstance(result, Exception) else result

    def _ended(
        self, record: Record, alias: AliasArn, look: Look[Any], result: object, *, is_lacking: bool = False
    ) -> None:
        """Quick where AWS only has to become consistent, slow where a person must mend something or nothing hurries."""
        self._recovery.note(alias.machine.place, record.uid, type(look).__name__, result)
        first_s, limit_s, retry_after_s = 0.5, 5.0, 0.0
        if isinstance(result, Exception):
            limit_s, retry_after_s = 30.0, getattr(result, "retry_after_s", None) or 0.0
            self._log(record, look, result)
        is_persistent = is_lacking or (isinstance(result, Exception) and not _is_transient(result))
        if is_persistent or record.working.finished_at is not None:
            # What a history shows may be a reason to go back: it waits no longer than a restore does.
            first_s, limit_s = 5.0, LONGEST_PAUSE_S if isinstance(look, ReadHistories) else 300.0
        record.pace(look).wait(self._clock.monotonic(), first_s, limit_s, retry_after_s)
        record.looking.discard(look)
        self._wake(record.uid)

    def _log(self, record: Record, look: Look[Any], error: Exception) -> None:
        trouble, why = reading_of(error)
        is_defect = trouble is Trouble.INTERNAL
        log = _log.error if is_defect else _log.debug
        log("look failed", look=str(look), error=why, exc_info=error if is_defect else None, **log_fields(record))


def _wanted(record: Record, decision: Decision) -> frozenset[Look[Any]]:
    """A history that could not be read makes its alarm unseen: the decision then asks for no history any more."""
    has_failed = any(isinstance(history, Unseen) for history in record.facts.histories.values())
    looks = decision.looks - {ReadAlarms()}
    return looks | {ReadHistories()} if has_failed and decision.watches_alarms else looks


def _is_transient(result: object) -> bool:
    return isinstance(result, Exception) and reading_of(result)[0] in (Trouble.TRANSIENT, Trouble.CONFLICT)
