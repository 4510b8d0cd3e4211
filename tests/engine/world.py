"""A small world in which the real engine runs: clock, workers, AWS and API server are ours. No threads, no sleeps."""

import heapq
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import count
from random import Random
from typing import Any

from sfn_rollouts.api.resource import parse_status
from sfn_rollouts.api.status import AlarmState, HistoryEntry, Phase, Status
from sfn_rollouts.core.announce import Announcement
from sfn_rollouts.core.decide import decide
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.engine.chores import ChoresOf, chores
from sfn_rollouts.engine.engine import Engine
from sfn_rollouts.engine.lanes import Lanes
from sfn_rollouts.engine.settle import Decide
from sfn_rollouts.engine.sources import SourcesOf, sources
from sfn_rollouts.ports import Key, Outside
from tests.core.specs import UNCHECKED
from tests.engine.fake_api_server import FakeApiServer
from tests.engine.fake_clock import FakeClock
from tests.engine.fake_cloud import MACHINE, AlarmFeedOf, FakeCloud, SmokesOf
from tests.engine.fake_workers import FakeWorkers, NotedErrands

MANY_STEPS = 20_000
"""Steps at one and the same moment: the engine turns in a circle."""


class Crash(BaseException):
    """The process ends here and now."""


class Announced:
    """`ports.Announcer` that remembers."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []
        self.uids: set[str] = set()
        self.words: list[Announcement] = []

    def announce(self, key: Key, uid: str, announcements: Sequence[Announcement]) -> None:
        self.uids.add(uid)
        self.events += [(str(key), str(item.reason)) for item in announcements]
        self.words += announcements

    def announce_access(self, name: str, uid: str, announcements: Sequence[Announcement]) -> None:
        self.events += [(name, str(item.reason)) for item in announcements]

    def messages(self, reason: str) -> list[str]:
        return [item.message for item in self.words if item.reason == reason]

    @property
    def reasons(self) -> list[str]:
        return [reason for _, reason in self.events]


class Metered:
    """`ports.Meter` that remembers."""

    def __init__(self) -> None:
        self.shown: dict[Key, str] = {}
        self.aliases: dict[Key, AliasArn | None] = {}
        self.outcomes: list[tuple[str, str]] = []
        self.ended: list[Key] = []
        self.status_writes: list[str] = []
        self.steps_s: list[float] = []
        self.rollbacks_s: list[float] = []
        self.sound_ticks = self.defects = 0
        self.longest_tick_s = 0.0
        self.alarm_reads_of: dict[str, int] = {}
        self.given_up: list[str] = []
        self.withheld: list[str] = []
        self.lost_threads = 0
        self.is_leader: bool | None = None
        self.swept_at: list[datetime] = []
        self.board: tuple[int, int, datetime | None] = (0, 0, None)  # watched, unseen, oldest reading

    def rollout(self, key: Key, alias: AliasArn | None, status: Status) -> None:
        self.shown[key] = str(status.phase)
        self.aliases[key] = alias

    def gone(self, key: Key) -> None:
        self.shown.pop(key, None)

    def finished(self, key: Key, ended: HistoryEntry) -> None:
        self.ended.append(key)
        self.outcomes.append((str(ended.outcome), ended.reason))

    def step_took(self, duration_s: float) -> None:
        self.steps_s.append(duration_s)

    def rollback_took(self, duration_s: float) -> None:
        self.rollbacks_s.append(duration_s)

    def ticked(self, duration_s: float, *, is_sound: bool) -> None:
        self.sound_ticks += is_sound
        self.longest_tick_s = max(self.longest_tick_s, duration_s)
        self.defects += not is_sound

    def status_write(self, result: str) -> None:
        self.status_writes.append(str(result))

    def leads(self, *, is_leader: bool) -> None:
        self.is_leader = is_leader

    def swept(self, at: datetime) -> None:
        self.swept_at.append(at)

    def alarm_reads(self, result: str, count: int) -> None:
        self.alarm_reads_of[str(result)] = self.alarm_reads_of.get(str(result), 0) + count

    def alarms_watched(self, watched: int, unseen: int, oldest: datetime | None) -> None:
        self.board = (watched, unseen, oldest)

    def job_given_up(self, lane: str) -> None:
        self.given_up.append(lane)

    def job_withheld(self, lane: str) -> None:
        self.withheld.append(lane)

    def threads_lost(self, count: int) -> None:
        self.lost_threads = count

    def aws_call(self, api: str, result: str) -> None: ...

    def aws_throttled(self, api: str) -> None: ...

    def aws_withheld(self, api: str) -> None: ...


def spec(version: int = 2, **fields: Any) -> dict[str, Any]:
    """A canary: 10 % for a minute, then all, then a bake of a minute; one alarm, read every 10 s."""
    return {
        "stateMachineArn": str(MACHINE),
        "alias": "live",
        "version": version,
        "strategy": {"canary": {"weight": 10, "interval": "1m"}},
        "alarms": {"names": ["errors"]},
        "preflight": UNCHECKED,
        **fields,
    }


class World:
    """Version 1 has all traffic, the alarm is OK, and an operator runs."""

    def __init__(
        self,
        decide: Decide = decide,
        sources_of: SourcesOf = sources,
        chores_of: ChoresOf = chores,
        random: Random | None = None,
    ) -> None:
        self._random = random
        self.clock = FakeClock()
        self.points = 0  # effects so far, each with a point before and one after
        self.stop_at: int | None = None  # the point at which `stopped_by` is raised, once
        self.stopped_by: BaseException = Crash()
        self.on_stop: Callable[[], None] = lambda: None
        self.on_effect: Callable[[str], None] = lambda what: None
        self.down_s = 0.0
        self.is_swept = True  # at start
        self.stands_by = False  # at start
        self.cloud = FakeCloud(self.clock, self._effect)
        self.api = FakeApiServer(self.clock, self._effect)
        self.announced, self.meter = Announced(), Metered()
        self.crashes = 0
        self.steps = 0  # of the world: each event, job and due time
        self._decide, self._sources_of, self._chores_of = decide, sources_of, chores_of
        self.leads = True
        self._plans: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._stuck: tuple[int, int] = (0, 0)
        self.cloud.route(Routing.whole(1))
        self.cloud.set_alarm("errors", AlarmState.OK)
        self.clock.advance(3600)
        self.start()

    # -- the operator --

    def start(self) -> None:
        """An operator starts with nothing but what the API server holds."""
        self.workers = FakeWorkers()
        self.lanes = NotedErrands(Lanes(self.clock, self.workers, self.meter))
        self.api.watch.clear()
        self.engine = Engine(
            self.clock,
            self.lanes,
            self.outside(),
            min_poll_interval_s=5.0,
            random=self._random or Random(1),
            decide=self._decide,
            sources_of=self._sources_of,
            chores_of=self._chores_of,
            stands_by=self.stands_by,
        )
        self._next_due = self._run_due()
        if self.is_swept:
            self.sweep()

    def outside(self) -> Outside:
        """All of it that the engine asks, changes and tells."""
        return Outside(
            router=self.cloud,
            catalog=self.cloud,
            targets=self.cloud,
            executions=self.cloud,
            smokes=SmokesOf(self.cloud),
            alarms=AlarmFeedOf(self.cloud),
            reach=self.cloud,
            store=self.api,
            announcer=self.announced,
            meter=self.meter,
            leads=lambda: self.leads,
        )

    def sweep(self) -> None:
        self.engine.sweep(self.api.list())
        self._next_due = self._run_due()

    def restart(self, down_s: float = 0.0) -> None:
        """The process is killed and started again, with everything in it lost."""
        self.crashes += 1
        self.workers.jobs.clear()
        self._pass(down_s)
        self.start()

    # -- time --

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something so many seconds from now."""
        heapq.heappush(self._plans, (self.clock.elapsed_ms + round(seconds * 1000), next(self._order), action))

    def run(self, until: Callable[[], Any], limit_s: float = 7200.0) -> None:
        """Go on until a condition holds."""
        last_ms = self.clock.elapsed_ms + round(limit_s * 1000)
        while not until():
            assert self.clock.elapsed_ms < last_ms, f"not within {limit_s:g} s: {self.story()}"
            self._step(last_ms)

    def run_for(self, seconds: float) -> None:
        """Go on for a while."""
        last_ms = self.clock.elapsed_ms + round(seconds * 1000)
        while self.clock.elapsed_ms < last_ms:
            self._step(last_ms)

    def settle(self) -> None:
        """Do all that can be done without time passing (but for the latency of calls)."""
        while self._work():
            pass

    def _step(self, last_ms: int) -> None:
        self.steps += 1
        try:
            if self._work():
                return
        except Crash:
            self.restart(self.down_s)
            return
        due_ms = last_ms if self._next_due is None else self._ceil_ms(self._next_due)
        plan_ms = self._plans[0][0] if self._plans else last_ms
        self._move_to(min(due_ms, plan_ms, last_ms))
        self._next_due = self._run_due()

    def _work(self) -> bool:
        """Hand one thing over, if there is any."""
        self._check_circle()
        has_worked = self._watched() or self.workers.run_one()
        self._next_due = self._run_due()
        return has_worked or bool(self.workers.jobs and not self.workers.held)

    def _watched(self) -> bool:
        if not self.api.watch or self.api.is_down:
            return False
        event = self.api.watch.popleft()
        if isinstance(event, str):
            self.engine.forget(event)
        else:
            self.engine.upsert(event)
        return True

    def _run_due(self) -> float | None:
        return self.engine.run_due()

    def _pass(self, seconds: float) -> None:
        """Time passes without an operator."""
        end_ms = self.clock.elapsed_ms + round(seconds * 1000)
        while self._plans and self._plans[0][0] <= end_ms:
            self._move_to(self._plans[0][0])
        self.clock.elapsed_ms = max(self.clock.elapsed_ms, end_ms)

    def _move_to(self, moment_ms: int) -> None:
        self.clock.elapsed_ms = max(self.clock.elapsed_ms, moment_ms)
        while self._plans and self._plans[0][0] <= self.clock.elapsed_ms:
            heapq.heappop(self._plans)[2]()

    def _ceil_ms(self, due: float) -> int:
        return int((due - self.clock.monotonic()) * 1000) + 1 + self.clock.elapsed_ms

    def _check_circle(self) -> None:
        moment_ms, steps = self._stuck
        self._stuck = (moment_ms, steps + 1) if moment_ms == self.clock.elapsed_ms else (self.clock.elapsed_ms, 0)
        assert steps < MANY_STEPS, f"the engine turns in a circle: {self.story()}"

    def _effect(self, what: str) -> None:
        self.points += 1
        self.on_effect(what)
        if self.points == self.stop_at:
            self.on_stop()
            raise self.stopped_by

    # -- what can be seen --

    def status(self, name: str = "orders", namespace: str = "shop") -> Status:
        raw = self.api.resource(name, namespace)
        assert raw is not None
        return parse_status(raw["status"])

    def phase(self, name: str = "orders") -> Phase | None:
        return self.status(name).phase

    def is_in(self, *phases: Phase, name: str = "orders") -> Callable[[], bool]:
        return lambda: self.phase(name) in phases

    def ready_reason(self, name: str = "orders") -> str:
        return next(item.reason for item in self.status(name).conditions if item.type == "Ready")

    def story(self) -> str:
        """What happened, for a test that failed."""
        raws: list[Mapping[str, Any]] = [{} if raw is None else raw["status"] for raw in [self.api.resource("orders")]]
        return f"phases {self.api.phases}, writes {self.cloud.writes}, events {self.announced.reasons}, now {raws}"
