"""The engine: one thread that decides, and hands every blocking call to workers.

A tick of one rollout: observe (from what was looked at), decide until nothing more follows, then start what the
decision asks for. At most one write, one report and one round of looks of a rollout are under way at a time; a rollback
waits for none of them but a write that has begun.
"""

import heapq
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import count
from random import Random
from typing import Any

import structlog

from sfn_rollouts.api import status as api_status
from sfn_rollouts.api.spec import Spec
from sfn_rollouts.core.announce import announcements, finished
from sfn_rollouts.core.arn import AliasArn
from sfn_rollouts.core.conditions import READY, condition
from sfn_rollouts.core.decide import decide, hold_after_error
from sfn_rollouts.core.decision import Decision, Look, Write, WriteKind
from sfn_rollouts.core.observation import Observation, Trouble, WriteFailure
from sfn_rollouts.core.rollout import Rollout
from sfn_rollouts.engine.alarm_board import AlarmBoard
from sfn_rollouts.engine.apply import Applied, apply_write
from sfn_rollouts.engine.looks import Looked, LookOrder, perform
from sfn_rollouts.engine.record import Permit, Record, Resource
from sfn_rollouts.engine.reports import Reported, send
from sfn_rollouts.errors import PortError
from sfn_rollouts.ports import (
    AlarmFeed,
    AliasRouter,
    Announcer,
    Clock,
    Lane,
    Meter,
    Report,
    ResourceStore,
    VersionCatalog,
    Workers,
)

ROUNDS = 12
"""Transitions that one tick may make; the core's tests show that far fewer follow each other."""

PERMIT_S = 10.0
"""A forward write that could not begin by then is decided anew: what it was decided on is too old."""

Decide = Callable[[Rollout, Observation, datetime], Decision]

_log = structlog.get_logger(__name__)


class Engine:
    """Keeps rollouts moving. All methods are called in the engine's own thread."""

    def __init__(
        self,
        clock: Clock,
        workers: Workers,
        router: AliasRouter,
        catalog: VersionCatalog,
        alarm_feed: AlarmFeed,
        store: ResourceStore,
        announcer: Announcer,
        meter: Meter,
        min_poll_interval_s: float,
        random: Random | None = None,
        decide: Decide = decide,
    ) -> None:
        self._clock = clock
        self._workers = workers
        self._router = router
        self._catalog = catalog
        self._feed = alarm_feed
        self._store = store
        self._announcer = announcer
        self._meter = meter
        self._min_poll_interval_s = min_poll_interval_s
        self._decide_by = decide
        self._random = random or Random()  # noqa: S311 - jitter, no secret
        self._records: dict[str, Record] = {}
        self._by_alias: dict[AliasArn, set[str]] = {}
        self._heap: list[tuple[float, int, str]] = []
        self._order = count()
        self._is_draining = False
        self.board = AlarmBoard(clock, workers, alarm_feed, self._random, self._wake)

    # -- what comes in --

    def upsert(self, raw: Mapping[str, Any]) -> None:
        """A resource as the API server has it; an older one than is known is passed over."""
        resource = Resource.parse(raw)
        record = self._records.get(resource.uid)
        if record is None:
            record = self._records[resource.uid] = Record(resource, self._random)
        elif resource.is_older_than(record.resource.resource_version):
            return
        elif resource.resource_version != record.resource.resource_version:
            record.take(resource)
        else:
            return
        if resource.alias is not None:
            self._by_alias.setdefault(resource.alias, set()).add(resource.uid)
        self._wake(resource.uid)

    def forget(self, uid: str) -> None:
        """The resource is gone."""
        record = self._records.pop(uid, None)
        if record is None:
            return
        self.board.unwatch(uid)
        self._meter.rollout(record.resource.key, None)
        if record.permit is not None:
            record.permit.is_cancelled = True
        alias = record.resource.alias
        if alias is not None:
            self._by_alias[alias].discard(uid)
            self._wake_rivals(alias)

    def sweep(self, resources: Sequence[Mapping[str, Any]]) -> None:
        """All resources that there are: what a watch may have missed. One created since the list was made stays."""
        listed = {raw["metadata"]["uid"] for raw in resources}
        known = set(self._records)
        for raw in resources:
            self.upsert(raw)
        for uid in known - listed:
            self._confirm_gone(self._records[uid])

    def drain(self) -> None:
        """Begin nothing new; what is under way ends, and so do rollbacks."""
        self._is_draining = True

    @property
    def is_quiet(self) -> bool:
        """Nothing is under way that a stop would cut off between a write and its verification."""
        return not any(record.is_writing or record.is_reporting for record in self._records.values())

    @property
    def size(self) -> int:
        """How many rollouts it looks after."""
        return len(self._records)

    # -- time --

    def run_due(self) -> float | None:
        """Tick whatever is due; gives the monotonic time of what is due next."""
        now = self._clock.monotonic()
        while self._heap and self._heap[0][0] <= now:
            due, _, uid = heapq.heappop(self._heap)
            record = self._records.get(uid)
            if record is not None and record.due == due:
                record.due = None
                self._tick(record)
        self.board.run_due()
        dues = [self._heap[0][0] if self._heap else None, self.board.next_due]
        return min((due for due in dues if due is not None), default=None)

    def _wake(self, uid: str) -> None:
        record = self._records.get(uid)
        if record is not None:
            self._tick(record)

    def _schedule(self, record: Record, due: float) -> None:
        record.due = due
        heapq.heappush(self._heap, (due, next(self._order), record.uid))

    # -- one tick --

    def _tick(self, record: Record) -> None:
        try:
            decision = self._decide(record)
            self._watch(record, decision)
            self._start_write(record, decision)
            self._start_report(record, decision)
            self._start_looks(record, decision)
            self._schedule_next(record, decision)
        except Exception:  # noqa: BLE001 - see below
            # A defect outside `decide`: the rollout is tried again, and the log says where.
            _log.exception("tick failed", rollout=str(record.resource.key))
            self._schedule(record, self._clock.monotonic() + 5.0)

    def _decide(self, record: Record) -> Decision:
        """Decide until nothing more follows, or something must happen outside first."""
        now = self._clock.now()
        record.has_rival = self._has_rival(record)
        alarms = self.board.facts(record.uid)
        decision = Decision(record.working)
        for _ in range(ROUNDS):
            before = record.working
            decision = self._decide_once(record, alarms, now)
            self._note(record, before, decision)
            if decision.write is not None or decision.status == before:
                break
        record.decision = decision
        return decision

    def _decide_once(self, record: Record, alarms: Mapping[str, Any], now: Any) -> Decision:
        rollout = record.rollout()
        try:
            return self._decide_by(rollout, record.observe(alarms, self._poll_interval_s(record)), now)
        except Exception as error:  # noqa: BLE001 - `decide` is total; should it fail, the rollout is held, not lost
            _log.exception("decision failed", rollout=str(record.resource.key))
            return hold_after_error(rollout, f"{type(error).__name__}: {error}"[:512], now)

    def _note(self, record: Record, before: api_status.Status, decision: Decision) -> None:
        after = decision.status
        news = announcements(before, after)
        record.hear(news)
        for item in news:
            log = _log.warning if item.is_warning else _log.info
            log(item.message, reason=str(item.reason), **_context(record, after))
        ended = finished(before, after)
        if ended is not None:
            self._meter.finished(record.resource.key, ended.outcome, ended.reason)
        if after.finished_at is None and before.finished_at is not None:
            record.facts.version = None
        if after.finished_at is None:
            record.facts.running = None
        if after != before:
            self._meter.rollout(record.resource.key, after)
        record.working = after

    def _watch(self, record: Record, decision: Decision) -> None:
        spec, alias = record.resource.rollout.spec, record.resource.alias
        if not decision.watches_alarms or alias is None or not isinstance(spec, Spec) or spec.alarms is None:
            self.board.unwatch(record.uid)
            return
        self.board.watch(record.uid, alias.machine.place, spec.alarms.names, self._poll_interval_s(record))

    def _poll_interval_s(self, record: Record) -> float:
        spec = record.resource.rollout.spec
        wanted_s = spec.alarms.poll_interval.seconds if isinstance(spec, Spec) and spec.alarms is not None else 0.0
        return max(wanted_s, self._min_poll_interval_s)

    def _schedule_next(self, record: Record, decision: Decision) -> None:
        now = self._clock.monotonic()
        dues: list[float | None] = []
        if decision.wake_at is not None:
            dues.append(now + max((decision.wake_at - self._clock.now()).total_seconds(), 0.0) + 0.001)
        if decision.write is not None and not record.is_writing:
            dues.append(max(record.write_next_at, now + 0.001) if record.is_clean or decision.write.is_urgent else None)
        if self._must_report(record, decision) and not record.is_reporting:
            dues.append(max(record.report_next_at, now + 0.001))
        if not record.is_looking:
            dues.extend(record.pace(look).next_at for look in decision.looks if look is not Look.ALARMS)
        later = [max(due, now + 0.001) for due in dues if due is not None]
        if later:
            self._schedule(record, min(later))

    # -- traffic --

    def _start_write(self, record: Record, decision: Decision) -> None:
        write, alias = decision.write, record.resource.alias
        if record.permit is not None and (write is None or write.is_urgent):
            record.permit.is_cancelled = True
        if write is None or alias is None or record.is_writing or self._clock.monotonic() < record.write_next_at:
            return
        if not write.is_urgent and not self._may_go_forward(record, decision):
            return
        permit = record.permit = Permit(self._clock.monotonic() + PERMIT_S)
        known_at = _latest_known(record)
        lane = Lane.ROLLBACK if write.is_urgent else Lane.FORWARD
        is_permitted = (lambda: True) if write.is_urgent else (lambda: self._is_valid(permit))
        self._workers.submit(
            lane,
            lambda: apply_write(self._router, alias, write, known_at, is_permitted),
            lambda result: self._written(record, write, result),
        )

    def _may_go_forward(self, record: Record, decision: Decision) -> bool:
        """Its intent stands at the API server, and so does the finalizer."""
        has_intent_stored = record.is_clean and record.stored == decision.status
        return has_intent_stored and record.resource.has_finalizer and not self._is_draining

    def _is_valid(self, permit: Permit) -> bool:
        return not permit.is_cancelled and self._clock.monotonic() < permit.valid_until

    def _written(self, record: Record, write: Write, result: Applied | Exception) -> None:
        record.permit = None
        if isinstance(result, Exception):
            self._write_failed(record, write, result)
        else:
            self._write_done(record, result)
        self._wake(record.uid)

    def _write_done(self, record: Record, applied: Applied) -> None:
        facts = record.facts
        facts.write_failure = None
        record.write_next_at = 0.0
        if applied.written_at is not None:
            facts.written_at = max(applied.written_at, facts.written_at or applied.written_at)
            record.write_backoff.reset()
        else:
            # A conflict, or nothing to do. Should the decision stay the same, it is not tried in a tight loop.
            record.write_next_at = self._clock.monotonic() + record.write_backoff.next_s(0.2, 30.0)
        if applied.reading is not None:
            facts.alias = applied.reading

    def _write_failed(self, record: Record, write: Write, error: Exception) -> None:
        trouble, why = _trouble(error)
        if trouble is Trouble.INTERNAL:
            _log.error("write failed", error=why, exc_info=error, **_context(record, record.working))
        failure = record.facts.write_failure
        since = failure.since if failure is not None else self._clock.now()
        record.facts.write_failure = WriteFailure(why, trouble, since)
        first_s, limit_s = (0.5, 5.0 if write.kind is WriteKind.RESTORE else 30.0)
        # A conflict passes as soon as the other change is done; what a person must mend takes longer.
        if trouble not in (Trouble.TRANSIENT, Trouble.CONFLICT):
            first_s, limit_s = 5.0, 300.0
        delay_s = max(record.write_backoff.next_s(first_s, limit_s), getattr(error, "retry_after_s", None) or 0.0)
        record.write_next_at = self._clock.monotonic() + delay_s

    # -- reports --

    def _must_report(self, record: Record, decision: Decision) -> bool:
        """The rollback's status follows its write, unless that is slow to succeed."""
        is_restoring = decision.write is not None and decision.write.is_urgent
        if is_restoring and record.is_writing and record.facts.write_failure is None:
            return False
        is_dirty = record.stored != decision.status and not record.resource.rollout.is_deleting
        return is_dirty or decision.holds_finalizer != record.resource.has_finalizer or bool(record.unheard)

    def _start_report(self, record: Record, decision: Decision) -> None:
        if record.is_reporting or not self._must_report(record, decision):
            return
        if self._clock.monotonic() < record.report_next_at:
            return
        resource, is_deleting = record.resource, record.resource.rollout.is_deleting
        is_held = decision.holds_finalizer
        if is_deleting and is_held and not resource.has_finalizer:
            is_held = False  # the API server takes no new finalizer on a resource that is being deleted
        report = Report(
            key=resource.key,
            uid=resource.uid,
            resource_version=resource.resource_version,
            status=None if is_deleting or record.stored == decision.status else decision.status.to_resource(),
            finalizer=is_held if is_held != resource.has_finalizer else None,
        )
        record.is_reporting, record.reporting = True, decision.status
        news, record.unheard = record.unheard, []
        self._workers.submit(
            Lane.REPORT,
            lambda: send(self._store, self._announcer, report, news),
            lambda result: self._reported(record, report, news, result),
        )

    def _reported(self, record: Record, report: Report, news: list[Any], result: Reported | Exception) -> None:
        record.is_reporting = False
        if isinstance(result, Exception):
            trouble, why = _trouble(result)
            self._meter.status_write(trouble)
            record.unheard = [*news, *record.unheard]
            delay_s = record.report_backoff.next_s(0.5, 10.0)
            record.report_next_at = self._clock.monotonic() + delay_s
            _log.warning(
                "status could not be written",
                error=why,
                retry_in_s=round(delay_s, 1),
                **_context(record, record.working),
            )
        elif result.resource is None:
            self.forget(record.uid)
            return
        else:
            if report.status is not None:
                self._meter.status_write("Conflict" if result.had_conflict else "OK")
            if result.had_conflict:
                record.unheard = [*news, *record.unheard]
            record.report_backoff.reset()
            record.report_next_at = 0.0
            self._take(record, result.resource)
        self._wake(record.uid)

    def _take(self, record: Record, raw: Mapping[str, Any]) -> None:
        resource = Resource.parse(raw)
        if resource.uid != record.uid:  # deleted and created anew under the same name
            self.forget(record.uid)
            self.upsert(raw)
        elif not resource.is_older_than(record.resource.resource_version):
            record.take(resource)

    def _confirm_gone(self, record: Record) -> None:
        """A list is older than what the watch brings: ask once more before forgetting."""
        key, uid = record.resource.key, record.uid

        def done(result: Mapping[str, Any] | Exception) -> None:
            is_gone = isinstance(result, PortError) and result.trouble is Trouble.GONE
            if is_gone or (not isinstance(result, Exception) and result["metadata"]["uid"] != uid):
                self.forget(uid)

        self._workers.submit(Lane.REPORT, lambda: self._store.get(key), done)

    # -- looks --

    def _start_looks(self, record: Record, decision: Decision) -> None:
        if Look.ALARMS in decision.looks:
            self.board.refresh(record.uid)
        for look, pace in record.paces.items():
            if look not in decision.looks:
                pace.backoff.reset()
        now, alias = self._clock.monotonic(), record.resource.alias
        due = frozenset(look for look in decision.looks - {Look.ALARMS} if record.pace(look).next_at <= now)
        if record.is_looking or not due or alias is None or self._is_draining:
            return
        order = LookOrder(
            looks=due,
            alias=alias,
            version=_version(record),
            left_version=_left_version(record),
            histories=record.histories_wanted(self.board.facts(record.uid)),
            snapshots=self.board.facts(record.uid),
            is_at_rest=record.working.finished_at is not None,
        )
        record.is_looking = True
        self._workers.submit(
            Lane.FORWARD,
            lambda: perform(order, self._router, self._catalog, self._feed, self._clock),
            lambda looked: self._looked(record, order, looked),
        )

    def _looked(self, record: Record, order: LookOrder, looked: Looked | Exception) -> None:
        record.is_looking = False
        now = self._clock.monotonic()
        for look in order.looks:
            outcome = looked.results.get(look) if isinstance(looked, Looked) else None
            first_s = 5.0 if outcome is None or outcome.is_persistent else 0.5
            retry_s = outcome.retry_after_s if outcome is not None else 0.0
            record.pace(look).next_at = now + max(record.pace(look).backoff.next_s(first_s, 300.0), retry_s)
        if isinstance(looked, Looked):
            looked.store(record.facts)
        else:
            _log.error("look failed", exc_info=looked, **_context(record, record.working))
        self._wake(record.uid)

    # -- rivals --

    def _has_rival(self, record: Record) -> bool:
        """Another resource on the same alias comes first: one in flight, else the older."""
        alias = record.resource.alias
        uids = self._by_alias.get(alias, set()) if alias is not None else set()
        return any(_precedence(self._records[uid]) < _precedence(record) for uid in uids if uid != record.uid)

    def _wake_rivals(self, alias: AliasArn) -> None:
        uids = self._by_alias[alias]
        if not uids:
            del self._by_alias[alias]
        for uid in sorted(uids):
            self._schedule(self._records[uid], self._clock.monotonic())


def _precedence(record: Record) -> tuple[bool, Any, str]:
    return not record.is_in_flight, record.resource.rollout.created_at, record.uid


def _latest_known(record: Record) -> Any:
    known = record.working.alias.update_date if record.working.alias is not None else None
    dates = [date for date in (known, record.facts.written_at) if date is not None]
    return max(dates, default=None)


def _version(record: Record) -> int:
    spec = record.resource.rollout.spec
    return spec.version if isinstance(spec, Spec) else record.working.target_version or 1


def _left_version(record: Record) -> int | None:
    newest = record.working.history[0] if record.working.history else None
    if newest is None:
        return None
    return newest.version if newest.version != record.working.stable_version else newest.stable_version


def _trouble(error: Exception) -> tuple[Trouble, str]:
    if isinstance(error, PortError):
        return error.trouble, error.why
    return Trouble.INTERNAL, f"{type(error).__name__}: {error}"


def _context(record: Record, status: api_status.Status) -> dict[str, Any]:
    """What every line about a rollout carries."""
    ready = condition(status, READY)
    return {
        "rollout": str(record.resource.key),
        "generation": record.resource.rollout.generation,
        "step": status.step,
        "phase": str(status.phase),
        **({} if ready is None else {"standing": ready.reason}),
    }
