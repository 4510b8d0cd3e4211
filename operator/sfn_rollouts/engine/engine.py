"""The engine: one thread that decides, and hands every blocking call to workers.

A tick of one rollout: observe (from what was looked at), decide until nothing more follows, then start what the
decision asks for. At most one write, one report and one look of a kind are under way for a rollout; a rollback waits
for none of them but a mutation that has begun.
"""

from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any

import structlog

from sfn_rollouts.core import decide as core
from sfn_rollouts.core.values.access import Ambiguous, Granted, NotGranted
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.core.values.identity import OWN, Identity
from sfn_rollouts.engine.access_keeper import AccessKeeper, Use
from sfn_rollouts.engine.accesses import AccessTable
from sfn_rollouts.engine.alarm_board import AlarmBoard
from sfn_rollouts.engine.chores import ChoresOf, chores, fenced_chores
from sfn_rollouts.engine.home import Home
from sfn_rollouts.engine.homes import Homes
from sfn_rollouts.engine.looking import Looking
from sfn_rollouts.engine.neighbours import NeighbourTable
from sfn_rollouts.engine.record import Record, log_fields
from sfn_rollouts.engine.recovery import Recovery
from sfn_rollouts.engine.regions import Regions
from sfn_rollouts.engine.reporting import Reporting
from sfn_rollouts.engine.resource import Resource, uid_of
from sfn_rollouts.engine.rivals import Rivals
from sfn_rollouts.engine.settle import Decide, Settled, settle
from sfn_rollouts.engine.sources import Sources, SourcesOf, sources
from sfn_rollouts.engine.telling import Telling
from sfn_rollouts.engine.timer_queue import TimerQueue
from sfn_rollouts.engine.tombstones import Tombstones
from sfn_rollouts.engine.traffic import Traffic
from sfn_rollouts.errors import Gone
from sfn_rollouts.ports import Clock, Errand, Lane, Outside, Workers

SOONEST_S = 0.05
"""Shortest delay to the next tick: a wake_at in the past must not become a hot loop."""

_DEFECT = "defect"
_log = structlog.get_logger(__name__)


class Engine:
    """Keeps rollouts moving. All methods are called in the engine's own thread.

    Nothing begins before the first `sweep`: an older rival may not be known until then; nor before the account of the
    credentials is known, or cannot be. One that stands by knows all resources and does nothing about them until `lead`.
    """

    def __init__(
        self,
        clock: Clock,
        workers: Workers,
        outside: Outside,
        min_poll_interval_s: float,
        random: Random | None = None,
        decide: Decide = core.decide,
        sources_of: SourcesOf = sources,
        chores_of: ChoresOf = chores,
        *,
        stands_by: bool = False,
        accesses: AccessTable | None = None,
    ) -> None:
        random = random or Random()  # noqa: S311 - jitter, no secret
        self._clock = clock
        self._workers = workers
        self._outside = outside
        self._min_poll_interval_s = min_poll_interval_s
        self._random = random
        self._decide = decide
        self._records: dict[str, Record] = {}
        self._tombstones = Tombstones()
        self._timers = TimerQueue()
        self._rivals = Rivals(self._records, self._may_act)
        self._neighbours = NeighbourTable(self._records, self._may_act)
        self._telling = Telling(outside.meter)
        self._recovery = Recovery(clock, self._retry)
        self._board = AlarmBoard(clock, workers, outside.alarms, random, self._recovery, self._wake, outside.meter)
        self._traffic = Traffic(clock, workers, outside.router, self._recovery, self._wake)
        self._reporting = Reporting(clock, workers, outside, self._stored, self._wake)
        answering: Sources = {**sources_of(outside, clock), **fenced_chores(chores_of, outside, clock)}
        self._looking = Looking(clock, workers, answering, self._board, self._recovery, self._wake)
        self._homes = Homes(clock, workers, outside.reach, random, self._wake_users)
        self._accesses = accesses if accesses is not None else AccessTable()
        self._access_keeper = AccessKeeper(
            clock, workers, outside, random, self._accesses, self._homes, self._access_uses
        )
        self._regions = Regions(clock, self._leave_region)
        self._is_swept = False
        self._is_draining = False
        self._stands_by = stands_by

    # -- what comes in --

    def upsert(self, resource: Mapping[str, Any]) -> None:
        """A resource as the API server has it; one that is known already, or older, is passed over."""
        uid = self._admit(resource)
        if uid is not None:
            self._wake(uid)

    def forget(self, uid: str) -> None:
        """The resource is gone."""
        self._tombstones.add(uid)
        record = self._records.get(uid)
        if record is None:
            return
        self._traffic.withdraw(record)
        if record.is_in_flight and not record.resource.rollout.is_deleting:
            _log.warning("gone while in flight: nobody looks after its alias any more", **log_fields(record))
        others, place = self._rivals.release(record), record.place
        if record.resource.alias is not None:
            self._regions.release(record.resource.alias.machine.region)
        del self._records[uid]
        self._accesses.forget(uid)
        if isinstance(record.access, Granted):
            self._access_keeper.refresh()
        if place is not None:
            self._recovery.forget(place, uid)
        self._board.unwatch(uid)
        self._timers.set(uid, None)
        self._outside.meter.gone(record.resource.key)
        self._wake_soon(others)

    def sweep(self, resources: Sequence[Mapping[str, Any]]) -> None:
        """All resources that there are: what a watch may have missed. One created since the list was made stays."""
        listed = {uid_of(resource) for resource in resources}
        vanished = [uid for uid in self._records if uid not in listed]
        changed = [uid for resource in resources if (uid := self._admit(resource)) is not None]
        woken = changed if self._is_swept else list(self._records)
        self._is_swept = True
        for uid in woken:
            self._wake(uid)
        for uid in vanished:
            self._confirm_gone(uid)

    # -- who may move what --

    def access_seen(self, raw: Mapping[str, Any]) -> None:
        """An AWSAccess as the API server has it."""
        self._regrant(is_changed=self._accesses.see(raw))
        self._access_keeper.refresh()

    def access_gone(self, uid: str) -> None:
        """An AWSAccess was deleted."""
        self._regrant(is_changed=self._accesses.gone(uid))

    def namespace_seen(self, raw: Mapping[str, Any]) -> None:
        """A namespace as the API server has it."""
        self._regrant(is_changed=self._accesses.see_namespace(raw))

    def namespace_gone(self, uid: str) -> None:
        """A namespace was deleted."""
        self._regrant(is_changed=self._accesses.namespace_gone(uid))

    def sweep_accesses(self, accesses: Sequence[Mapping[str, Any]], namespaces: Sequence[Mapping[str, Any]]) -> None:
        """All AWSAccesses and namespaces that there are: what a watch may have missed."""
        self._regrant(is_changed=self._accesses.list(accesses, namespaces))
        self._access_keeper.refresh()

    def _regrant(self, *, is_changed: bool) -> None:
        """Wake whom a change concerns; then forget the accounts of identities that nobody uses any more."""
        if not is_changed:
            return
        for uid, record in list(self._records.items()):
            if self._accesses.of(record) != record.access:
                self._wake(uid)
        callers = [record.caller for record in self._records.values()]
        in_use = {caller.identity for caller in callers if caller is not None}
        self._homes.keep({OWN, *in_use, *self._accesses.identities()})

    def _access_uses(self) -> list[Use]:
        return [
            Use(record.access.use.name, caller.identity)
            for record in self._records.values()
            if isinstance(record.access, Granted) and (caller := record.caller) is not None
        ]

    def lead(self) -> None:
        """It is this operator's turn: look after every rollout, from what is known."""
        self._stands_by = False
        for record in list(self._records.values()):
            self._telling.introduce(record)
            self._wake(record.uid)

    def drain(self) -> None:
        """Begin nothing forward; what has begun ends, and rollbacks go on."""
        self._is_draining = True
        for record in self._records.values():
            self._traffic.withdraw(record)

    @property
    def is_quiet(self) -> bool:
        """Nothing is under way that a stop would cut off between a write and its verification."""
        return not any(record.writing is not None or record.is_reporting for record in self._records.values())

    def _admit(self, raw: Mapping[str, Any]) -> str | None:
        """Take in what is new; returns the uid if it was. Our own writes come back by the watch: they cost nothing."""
        record = self._records.get(uid_of(raw))
        if uid_of(raw) in self._tombstones:
            return None  # an event from before its end: to take it up again would split an alias that nobody asks for
        if record is None:
            record = Record(Resource.parse(raw), self._random)
            self._records[record.uid] = record
            self._rivals.claim(record)
            if record.resource.alias is not None:
                self._regions.name(record.resource.alias.machine.region)
            if not self._stands_by:  # two operators that show the same rollout would count it twice
                self._telling.introduce(record)
        elif record.resource.is_outdated_by(raw):
            record.take(Resource.parse(raw), self._looking.may_be_put_right)
        else:
            return None
        return record.uid

    def _stored(self, record: Record, raw: Mapping[str, Any] | None) -> None:
        """The API server's answer to a report."""
        if raw is not None and uid_of(raw) == record.uid:
            self._admit(raw)
            return
        self.forget(record.uid)
        if raw is not None:  # created again under the same name
            self.upsert(raw)

    def _confirm_gone(self, uid: str) -> None:
        """A list is older than what the watch brings: ask once more before forgetting."""
        key = self._records[uid].resource.key

        def done(result: Mapping[str, Any] | Exception) -> None:
            is_gone = isinstance(result, Gone) or (not isinstance(result, Exception) and uid_of(result) != uid)
            if is_gone:
                self.forget(uid)

        self._workers.submit(Errand(Lane.REPORT, None, "get"), lambda: self._outside.store.get(key), done)

    # -- time --

    def run_due(self) -> float | None:
        """Tick whatever is due; returns the monotonic time of what is due next."""
        now = self._clock.monotonic()
        while (uid := self._timers.pop(now)) is not None:
            self._wake(uid)
        self._board.run_due()
        self._regions.run_due()
        if not self._stands_by:
            self._access_keeper.run_due()
        dues = [self._workers.run_due(), self._timers.next_due, self._board.next_due, self._regions.next_due]
        dues += [None if self._stands_by else self._access_keeper.next_due]
        return min((due for due in dues if due is not None), default=None)

    # -- one tick --

    def _wake(self, uid: str) -> None:
        """Tick, if there is something to tick and it is this operator's turn."""
        record = self._records.get(uid)
        if record is None or self._stands_by or not (self._is_swept or record.is_in_flight):
            return
        self._see_access(record)
        home = self._home_of(record)
        if home is not None:
            home.ask()
        if self._is_too_early(record, home) and not record.is_in_flight:
            return
        began = self._clock.monotonic()
        is_sound = self._tick_safely(record)
        self._outside.meter.ticked(self._clock.monotonic() - began, is_sound=is_sound)

    def _see_access(self, record: Record) -> None:
        """What its AWSAccess says now. With another one, what was refused may work, and is tried at once."""
        access, place = self._accesses.of(record), record.place
        if access == record.access:
            return
        if record.access is not None:  # else its rivals see what it is in this very round
            self._wake_soon(self._rivals.of(record))
        record.access = access
        self._access_keeper.refresh()
        if place is not None and place != record.place:
            self._recovery.forget(place, record.uid)
        for kind in self._looking.may_be_put_right:
            record.facts.forget(kind)
        self._traffic.retry(record, is_over=True)
        self._looking.retry(record, is_over=True)

    def _may_act(self, record: Record) -> bool:
        """Whether it may move its alias, or still go back."""
        if record.is_in_flight:
            return True
        return not (isinstance(self._accesses.of(record), NotGranted | Ambiguous) or record.is_of_another_account)

    def _home_of(self, record: Record) -> Home | None:
        caller = record.caller
        return self._homes.of(caller) if caller is not None else None

    def _is_too_early(self, record: Record, home: Home | None) -> bool:
        """It is not known yet whether it may call, or where its calls would go."""
        return record.access is None or (home is not None and home.fact is None)

    def _tick_safely(self, record: Record) -> bool:
        """Tick; False when a defect was met. It must not stop the other rollouts: this one is held, and tried again."""
        try:
            return self._tick(record)
        except Exception:  # noqa: BLE001 - see above
            delay_s = record.pace(_DEFECT).wait(self._clock.monotonic(), 5.0, 300.0)
            _log.exception("a tick failed", retry_in_s=round(delay_s, 1), **log_fields(record))
            self._timers.set(record.uid, self._clock.monotonic() + delay_s)
            return False

    def _tick(self, record: Record) -> bool:
        before, was_in_flight = record.working, record.is_in_flight
        settled = self._settle(record)
        decision = settled.decision
        dues = [self._traffic.start(record, decision, may_go_forward=not self._is_draining)]
        self._telling.tell(record, before)
        if was_in_flight and not record.is_in_flight:  # whoever waits for the alias may act now
            self._wake_soon(self._rivals.of(record))
        self._watch(record, decision)
        dues.append(self._reporting.start(record, decision))
        if not self._is_draining:
            dues.append(self._looking.start(record, decision))
        dues.append(self._wake_due(decision))
        self._timers.set(record.uid, min((due for due in dues if due is not None), default=None))
        record.pace(_DEFECT).reset()
        return settled.error is None

    def _settle(self, record: Record) -> Settled:
        record.has_rival = self._rivals.has_older(record)
        record.neighbours = self._neighbours.of(record)
        home = self._home_of(record)
        account = home.fact if home is not None else None
        if account != record.account:  # whether it may act may have become another answer
            record.account = account
            self._wake_soon(self._rivals.of(record))
        record.is_region_known = self._is_region_known(record)
        settled = settle(
            self._decide, record, self._board.facts(record.uid), self._poll_interval_s(record), self._clock.now()
        )
        if settled.error is not None:
            _log.error("deciding failed", exc_info=settled.error, **log_fields(record))
        return settled

    def _is_region_known(self, record: Record) -> bool:
        alias = record.resource.alias
        return alias is None or self._outside.reach.knows(alias.machine.partition, alias.machine.region)

    def _leave_region(self, region: str) -> None:
        """Closing connections may wait for a lock, so it is a job."""
        reach = self._outside.reach
        self._workers.submit(Errand(Lane.FORWARD, None, "leave"), lambda: reach.leave(region), lambda _: None)

    def _wake_users(self, identity: Identity) -> None:
        """It is known whose credentials these are, or that it cannot be known."""
        self._access_keeper.refresh()
        for uid, record in list(self._records.items()):
            caller = record.caller
            if caller is not None and caller.identity == identity:
                self._wake(uid)

    def _retry(self, uid: str, is_over: bool) -> None:
        """The place of this rollout answers again."""
        record = self._records.get(uid)
        if record is not None:
            self._traffic.retry(record, is_over=is_over)
            self._looking.retry(record, is_over=is_over)
            self._wake_soon([uid])

    def _wake_soon(self, uids: Iterable[str]) -> None:
        for uid in sorted(uids):  # sets have another order in each process
            self._timers.set(uid, self._clock.monotonic())

    def _wake_due(self, decision: Decision) -> float | None:
        if decision.wake_at is None:
            return None
        # Wall time comes in whole milliseconds: one more, else it would be a moment too early.
        delay_s = (decision.wake_at - self._clock.now()).total_seconds() + 0.001
        return self._clock.monotonic() + max(delay_s, SOONEST_S)

    def _watch(self, record: Record, decision: Decision) -> None:
        spec, place = record.resource.spec, record.place
        if decision.watches_alarms and place is not None and spec is not None and spec.alarms is not None:
            self._board.watch(record.uid, place, spec.alarms.names, self._poll_interval_s(record))
        else:
            self._board.unwatch(record.uid)

    def _poll_interval_s(self, record: Record) -> float:
        spec = record.resource.spec
        if spec is None or spec.alarms is None:
            return self._min_poll_interval_s
        return max(spec.alarms.poll_interval.seconds, self._min_poll_interval_s)
