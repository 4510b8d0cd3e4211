"""Looking: starts the reads that a decision asks for, each kind by itself, and puts the answers into the facts."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

import structlog

from sfn_rollouts.core.stages.resting import left_version
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.decision import Decision, Look
from sfn_rollouts.core.values.observation import (
    AliasMissing,
    AliasReading,
    RunningExecutions,
    Trouble,
    Unseen,
    VersionFound,
    VersionReading,
)
from sfn_rollouts.engine.alarm_board import AlarmBoard
from sfn_rollouts.engine.facts import reading_of, unseen
from sfn_rollouts.engine.histories import unexplained
from sfn_rollouts.engine.looks import Read, count_running, read_alias, read_histories
from sfn_rollouts.engine.record import Record, log_fields
from sfn_rollouts.engine.recovery import Recovery
from sfn_rollouts.engine.traffic import LONGEST_PAUSE_S
from sfn_rollouts.ports import AlarmFeed, AliasRouter, Clock, Errand, Lane, Urgency, VersionCatalog, Workers

Fact = TypeVar("Fact")

TRIES_TO_COUNT = 5
"""Counting executions is worth a few tries: what could not be counted is said once and for all."""

_HISTORIES_S = 30.0
"""How long the histories of a rollout's alarms may take together, besides a second for each."""

_log = structlog.get_logger(__name__)


class Looking:
    """At most one look of a kind is under way for a rollout."""

    def __init__(
        self,
        clock: Clock,
        workers: Workers,
        router: AliasRouter,
        catalog: VersionCatalog,
        feed: AlarmFeed,
        board: AlarmBoard,
        recovery: Recovery,
        wake: Callable[[str], None],
    ) -> None:
        self._clock = clock
        self._workers = workers
        self._router = router
        self._catalog = catalog
        self._feed = feed
        self._board = board
        self._recovery = recovery
        self._wake = wake
        self._start: Mapping[Look, Callable[[Record, AliasArn], None]] = {
            Look.ALIAS: self._look_at_alias,
            Look.VERSION: self._look_for_wanted_version,
            Look.SERVED_VERSION: self._look_for_served_version,
            Look.ALARM_HISTORY: self._look_at_histories,
            Look.EXECUTIONS: self._count_executions,
        }

    def start(self, record: Record, decision: Decision) -> float | None:
        """Start the looks whose time has come; gives the monotonic time at which to ask again."""
        if Look.ALARMS in decision.looks:
            self._board.refresh(record.uid)
        now, alias = self._clock.monotonic(), record.resource.alias
        wanted = _wanted(record, decision)
        dues = []
        for look, start in self._start.items():
            pace = record.pace(look)
            if look not in wanted:
                pace.reset()
            elif alias is not None and look not in record.looking and pace.next_at <= now:
                record.looking.add(look)
                start(record, alias)
            elif alias is not None and look not in record.looking:
                dues.append(pace.next_at)
        return min(dues, default=None)

    def retry(self, record: Record, *, is_over: bool) -> None:
        """Its place answers again: what waits to be tried waits no more."""
        for look in self._start:
            record.pace(look).hasten(is_over=is_over)

    # -- one method a kind --

    def _look_at_alias(self, record: Record, alias: AliasArn) -> None:
        """At rest it can wait; on the way back it must not stand behind forward work."""
        urgency, lane = Urgency.FORWARD, Lane.FORWARD
        if record.working.finished_at is not None:
            urgency = Urgency.BACKGROUND
        elif record.working.trip is not None:
            urgency, lane = Urgency.ROLLBACK, Lane.ROLLBACK
        self._workers.submit(
            Errand(lane, alias.machine.place, "alias"),
            lambda: read_alias(self._router, self._clock, alias, urgency),
            lambda result: self._alias_seen(record, alias, result),
        )

    def _alias_seen(self, record: Record, alias: AliasArn, result: AliasReading | AliasMissing | Exception) -> None:
        record.facts.see_alias(self._fact(result, record.facts.alias))
        self._ended(record, alias, Look.ALIAS, result)

    def _look_for_wanted_version(self, record: Record, alias: AliasArn) -> None:
        self._look_for_version(record, alias, Look.VERSION, _wanted_version(record))

    def _look_for_served_version(self, record: Record, alias: AliasArn) -> None:
        self._look_for_version(record, alias, Look.SERVED_VERSION, _served_version(record))

    def _look_for_version(self, record: Record, alias: AliasArn, look: Look, version: int) -> None:
        self._workers.submit(
            Errand(Lane.FORWARD, alias.machine.place, "version"),
            lambda: self._catalog.find(alias.machine, version),
            lambda result: self._version_seen(record, alias, look, version, result),
        )

    def _version_seen(
        self, record: Record, alias: AliasArn, look: Look, version: int, result: VersionReading | Exception
    ) -> None:
        """Filed under its number: an answer about version 41 is never taken for one about 42."""
        if version in (_wanted_version(record), _served_version(record)):  # else nobody wants to know any more
            record.facts.versions[version] = self._fact(result, record.facts.versions.get(version))
        is_lacking = isinstance(result, VersionReading) and result.found is not VersionFound.FOUND
        self._ended(record, alias, look, result, is_lacking=is_lacking)

    def _look_at_histories(self, record: Record, alias: AliasArn) -> None:
        """In the alarms' lane: what it finds may be the reason for a rollback."""
        alarms = self._board.facts(record.uid)
        wanted = unexplained(alarms, record.working.alarms)
        work = partial(read_histories, self._feed, alias.machine.place, wanted, alarms)
        errand = Errand(Lane.ALARMS, alias.machine.place, "histories", _HISTORIES_S + len(wanted))
        self._workers.submit(errand, work, lambda result: self._histories_seen(record, alias, tuple(wanted), result))

    def _histories_seen(
        self, record: Record, alias: AliasArn, wanted: tuple[str, ...], result: Read | Exception
    ) -> None:
        read = dict.fromkeys(wanted, result) if isinstance(result, Exception) else result
        known = record.facts.histories
        seen = {name: self._fact(history, known.get(name)) for name, history in read.items()}
        record.facts.see_histories(seen, frozenset(memory.name for memory in record.working.alarms))
        error = next((history for history in read.values() if isinstance(history, Exception)), None)
        self._ended(record, alias, Look.ALARM_HISTORY, error)

    def _count_executions(self, record: Record, alias: AliasArn) -> None:
        version = left_version(record.working) or 0  # it is not asked for where none was left
        work = partial(count_running, self._catalog, alias.machine, version)
        errand = Errand(Lane.FORWARD, alias.machine.place, "executions")
        self._workers.submit(errand, work, lambda result: self._counted(record, alias, version, result))

    def _counted(self, record: Record, alias: AliasArn, version: int, result: RunningExecutions | Exception) -> None:
        is_worth_a_try = _is_transient(result) and record.pace(Look.EXECUTIONS).tries < TRIES_TO_COUNT
        if not is_worth_a_try and version == left_version(record.working):
            record.facts.running = self._fact(result, None)
        self._ended(record, alias, Look.EXECUTIONS, result)

    # -- what they share --

    def _fact(self, result: Fact | Exception, before: object) -> Fact | Unseen:
        return unseen(result, before, self._clock.now()) if isinstance(result, Exception) else result

    def _ended(self, record: Record, alias: AliasArn, look: Look, result: object, *, is_lacking: bool = False) -> None:
        """Quick where AWS only has to become consistent, slow where a person must mend something or nothing hurries."""
        self._recovery.note(alias.machine.place, record.uid, look, result)
        first_s, limit_s, retry_after_s = 0.5, 5.0, 0.0
        if isinstance(result, Exception):
            limit_s, retry_after_s = 30.0, getattr(result, "retry_after_s", None) or 0.0
            self._log(record, look, result)
        is_persistent = is_lacking or (isinstance(result, Exception) and not _is_transient(result))
        if is_persistent or record.working.finished_at is not None:
            # What a history shows may be a reason to go back: it waits no longer than a restore does.
            first_s, limit_s = 5.0, LONGEST_PAUSE_S if look is Look.ALARM_HISTORY else 300.0
        record.pace(look).wait(self._clock.monotonic(), first_s, limit_s, retry_after_s)
        record.looking.discard(look)
        self._wake(record.uid)

    def _log(self, record: Record, look: Look, error: Exception) -> None:
        trouble, why = reading_of(error)
        is_defect = trouble is Trouble.INTERNAL
        log = _log.error if is_defect else _log.debug
        log("look failed", look=str(look), error=why, exc_info=error if is_defect else None, **log_fields(record))


def _wanted(record: Record, decision: Decision) -> frozenset[Look]:
    """A history that could not be read makes its alarm unseen: the decision then asks for no history any more."""
    has_failed = any(isinstance(history, Unseen) for history in record.facts.histories.values())
    return decision.looks | {Look.ALARM_HISTORY} if has_failed and decision.watches_alarms else decision.looks


def _wanted_version(record: Record) -> int:
    """0 while the spec is invalid: none is looked for then, and an answer that still comes is dropped."""
    spec = record.resource.spec
    return spec.version if spec is not None else 0


def _served_version(record: Record) -> int:
    """0 while it is split, missing or not seen: none is looked for then."""
    alias = record.facts.alias
    return (alias.routing.sole or 0) if isinstance(alias, AliasReading) else 0


def _is_transient(result: object) -> bool:
    return isinstance(result, Exception) and reading_of(result)[0] in (Trouble.TRANSIENT, Trouble.CONFLICT)
