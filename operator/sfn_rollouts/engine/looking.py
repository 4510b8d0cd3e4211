"""Looking: starts the looks and chores that a decision asks for, and files each answer under what was asked."""

from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any

import structlog

from sfn_rollouts.core.values.arn import AliasArn, Place
from sfn_rollouts.core.values.chores import Chore
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.core.values.looks import Look, ReadAlarms
from sfn_rollouts.core.values.observation import answer_to
from sfn_rollouts.core.values.readings import Trouble
from sfn_rollouts.engine.alarm_board import AlarmBoard
from sfn_rollouts.engine.facts import reading_of, unseen
from sfn_rollouts.engine.record import Record, Subject, log_fields
from sfn_rollouts.engine.recovery import Recovery
from sfn_rollouts.engine.sources import Sources
from sfn_rollouts.engine.sources.source import Source
from sfn_rollouts.ports import Clock, Errand, Workers

_log = structlog.get_logger(__name__)


class Looking:
    """At most one look of a kind and subject is under way for a rollout."""

    def __init__(
        self,
        clock: Clock,
        workers: Workers,
        sources: Sources,
        board: AlarmBoard,
        recovery: Recovery,
        wake: Callable[[str], None],
    ) -> None:
        self._clock = clock
        self._workers = workers
        self._sources = sources
        self._board = board
        self._recovery = recovery
        self._wake = wake
        self._order = list(sources)

    @property
    def may_be_put_right(self) -> frozenset[type[Look[Any]]]:
        """The kinds of looks whose answers somebody may have changed who edits or commands."""
        return frozenset(kind for kind, source in self._sources.items() if source.may_be_put_right)

    def start(self, record: Record, decision: Decision) -> float | None:
        """Start the looks whose time has come; returns the monotonic time at which to ask again."""
        if ReadAlarms() in decision.looks:
            self._board.refresh(record.uid)
        now, alias, place = self._clock.monotonic(), record.resource.alias, record.place
        is_stored = record.is_remembered(decision.status)
        wanted = (decision.looks - {ReadAlarms()}) | decision.chores
        self._forget_all_but(wanted, record)
        due, later = [], []
        for look in sorted(wanted, key=lambda look: (self._order.index(type(look)), str(look))):
            if place is None or self._subject(look) in map(self._subject, record.looking):
                continue
            if isinstance(look, Chore) and not is_stored:
                continue  # its name is made from what a crash must find
            if self._sources[type(look)].is_done_once and record.facts.has_answer(look):
                continue
            pace = record.pace(self._subject(look))
            if pace.next_at <= now:
                due.append(look)
            else:
                later.append(pace.next_at)
        if alias is not None and place is not None:
            for _, looks in groupby(due, self._subject):
                self._begin(record, alias, place, tuple(looks))
        return min(later, default=None)

    def retry(self, record: Record, *, is_over: bool) -> None:
        """Its place answers again: what waits to be tried waits no more."""
        for what, pace in record.paces.items():
            if not isinstance(what, str):
                pace.hasten(is_over=is_over)

    def _subject(self, look: Look[Any]) -> Subject:
        """Return what is one job at a time, and has one pace: the look, or its kind where all of a kind go together."""
        return look if self._sources[type(look)].together_s is None else type(look)

    def _forget_all_but(self, wanted: frozenset[Look[Any]], record: Record) -> None:
        """Whatever is not asked for now may be tried at once when it is asked for again."""
        record.forget_paces_but(frozenset(map(self._subject, wanted)))
        for kind, source in self._sources.items():
            is_over = record.working.finished_at is not None
            if not source.is_kept or (is_over and (source.may_be_put_right or not source.is_kept_at_rest)):
                record.facts.drop(kind, wanted)

    def _begin(self, record: Record, alias: AliasArn, place: Place, looks: tuple[Look[Any], ...]) -> None:
        source = self._sources[type(looks[0])]
        lane, urgency = source.route(record.working)
        limit_s = source.together_s(len(looks)) if source.together_s is not None else None
        record.looking.update(looks)
        self._workers.submit(
            Errand(lane, place, type(looks[0]).__name__, limit_s, record.caller),
            lambda: source.answer_all(alias, looks, urgency),
            lambda result: self._answered(record, place, looks, source, result),
        )

    def _answered(
        self,
        record: Record,
        place: Place,
        looks: tuple[Look[Any], ...],
        source: Source,
        result: Mapping[Look[Any], object] | Exception,
    ) -> None:
        answers = dict.fromkeys(looks, result) if isinstance(result, Exception) else result
        pace = record.pace(self._subject(looks[0]))
        for look, answer in answers.items():
            if not (_is_transient(answer) and pace.tries < source.tries):
                record.facts.see(look, self._evidence(answer, answer_to(look, record.facts.answers)))
        self._ended(record, place, source, answers)

    def _evidence(self, answer: object, before: object) -> object:
        return unseen(answer, before, self._clock.now()) if isinstance(answer, Exception) else answer

    def _ended(self, record: Record, place: Place, source: Source, answers: Mapping[Look[Any], object]) -> None:
        """Quick where AWS only has to become consistent, slow where it needs a person or nothing hurries."""
        look, result = next(
            ((look, answer) for look, answer in answers.items() if isinstance(answer, Exception)),
            next(iter(answers.items())),
        )
        self._recovery.note(place, record.uid, type(look).__name__, result)
        first_s, limit_s, retry_after_s = 0.5, 5.0, 0.0
        if isinstance(result, Exception):
            limit_s, retry_after_s = 30.0, getattr(result, "retry_after_s", None) or 0.0
            self._log(record, look, result)
        is_persistent = source.is_lacking(result) or (isinstance(result, Exception) and not _is_transient(result))
        if is_persistent or record.working.finished_at is not None:
            first_s, limit_s = 5.0, source.longest_pause_s
        record.pace(self._subject(look)).wait(self._clock.monotonic(), first_s, limit_s, retry_after_s)
        record.looking.difference_update(answers)
        self._wake(record.uid)

    def _log(self, record: Record, look: Look[Any], error: Exception) -> None:
        trouble, why = reading_of(error)
        is_defect = trouble is Trouble.INTERNAL
        log = _log.error if is_defect else _log.debug
        log("look failed", look=str(look), error=why, exc_info=error if is_defect else None, **log_fields(record))


def _is_transient(result: object) -> bool:
    return isinstance(result, Exception) and reading_of(result)[0] in (Trouble.TRANSIENT, Trouble.CONFLICT)
