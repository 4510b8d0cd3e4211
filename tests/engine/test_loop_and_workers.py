"""The engine's thread and its workers: the only tests here with threads."""

import queue
import threading
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from devenv.waiting import wait_until
from sfn_rollouts.api.status import Phase
from sfn_rollouts.clock import SteadyClock
from sfn_rollouts.engine.engine import Engine
from sfn_rollouts.engine.lanes import Lanes
from sfn_rollouts.engine.loop import EngineLoop, sleep_s
from sfn_rollouts.engine.workers import ThreadPool
from sfn_rollouts.ports import Lane
from tests.engine.fake_clock import FakeClock
from tests.engine.world import World, spec


class Running:
    """An engine in its thread, with real time and real workers, over the fakes of a world."""

    def __init__(self) -> None:
        self.world = World()
        self.world.cloud.latency_s = 0.0
        self.world.clock.now = SteadyClock().now  # type: ignore[method-assign] # real time from here on
        self.loop = EngineLoop(SteadyClock())
        self.workers = ThreadPool(self.loop.post)
        self.lanes = Lanes(SteadyClock(), self.workers, self.world.meter)
        self.engine = Engine(
            SteadyClock(),
            self.lanes,
            self.world.outside(),
            min_poll_interval_s=0.05,
            random=Random(1),
        )
        self.loop.attach(self.engine)

    def begin(self, version: int = 2) -> None:
        self.world.api.apply("orders", spec(version, strategy={"allAtOnce": {}}, alarms={"names": []}))
        resources = self.world.api.list()
        self.loop.post(lambda: self.engine.sweep(resources))


@pytest.fixture
def running() -> Iterator[Running]:
    running = Running()
    yield running
    running.loop.stop(5.0)
    running.workers.stop()


def test_a_rollout_goes_through_and_the_loop_shows_that_it_lives(running: Running) -> None:
    assert not running.loop.is_alive
    running.loop.start()
    running.begin()
    wait_until(running.world.is_in(Phase.SUCCEEDED), 10, "the rollout to succeed")
    assert running.loop.is_alive
    wait_until(lambda: running.loop.heartbeat_age_s() < 0.5, 10, "a beat of the loop")
    assert running.loop.stop(5.0)
    assert not running.loop.is_alive
    assert running.loop.stop(0.0)  # there is nothing left to wait for


def test_a_call_that_fails_does_not_end_the_loop(running: Running) -> None:
    running.loop.start()
    done = threading.Event()
    running.loop.post(lambda: {}["a defect"])
    running.loop.post(done.set)
    wait_until(done.is_set, 10, "the call after the failing one")


def test_more_calls_than_a_burst_are_all_made(running: Running) -> None:
    seen: list[int] = []
    for number in range(1000):
        running.loop.post(lambda number=number: seen.append(number))  # type: ignore[misc]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("info"))  # undone by conftest.py
    with capture_logs() as logged:
        running.loop.start()
        wait_until(lambda: len(seen) == 1000, 10, "all calls")
        assert running.loop.stop(5.0)
    assert seen == list(range(1000))
    assert logged == []


def test_stopping_waits_for_a_write_and_its_report(running: Running) -> None:
    is_writing, may_go_on = threading.Event(), threading.Event()

    def hold(what: str) -> None:
        if what == "before an alias write":
            is_writing.set()
            may_go_on.wait(10)

    running.world.on_effect = hold
    running.loop.start()
    running.begin()
    wait_until(is_writing.is_set, 10, "the write to begin")
    threading.Timer(0.2, may_go_on.set).start()
    assert running.loop.stop(10.0)
    assert running.world.status().intent is None
    assert running.world.cloud.writes == ["100 % on version 2"]


def test_stopping_gives_up_in_time(running: Running) -> None:
    may_go_on = threading.Event()
    is_writing = threading.Event()

    def hold(what: str) -> None:
        if what == "before an alias write":
            is_writing.set()
            may_go_on.wait(10)

    running.world.on_effect = hold
    running.loop.start()
    running.begin()
    wait_until(is_writing.is_set, 10, "the write to begin")
    assert not running.loop.stop(0.2)
    may_go_on.set()


class Idle:
    """An engine that is next due so many seconds from now, and counts how often it was asked."""

    def __init__(self, due_in_s: float | None = None) -> None:
        self.asked = self.drained = 0
        self._due_in_s = due_in_s

    def run_due(self) -> float | None:
        self.asked += 1
        return None if self._due_in_s is None else SteadyClock().monotonic() + self._due_in_s

    def drain(self) -> None:
        self.drained += 1

    is_quiet = True


@pytest.mark.parametrize(("due_in_s", "least", "most"), [(None, 1, 3), (0.02, 15, 60)])
def test_the_loop_sleeps_until_something_is_due(due_in_s: float | None, least: int, most: int) -> None:
    engine: Any = Idle(due_in_s)
    clock = SteadyClock()
    loop = EngineLoop(clock)
    assert loop.heartbeat_age_s() < 10
    loop.attach(engine)
    loop.post(lambda: None)  # so that it does not begin with a sleep
    began = clock.monotonic()
    loop.start()
    wait_until(lambda: clock.monotonic() - began > 0.6 and engine.asked >= least, 10, "the loop to go round")
    assert engine.asked <= most * max(1.0, (clock.monotonic() - began) / 0.6)
    assert loop.stop(5.0)
    assert engine.drained == 1


SLEEPS = {
    "nothing is due": (None, 1.0),
    "something is due soon": (1000.02, 0.02),
    "something is due now": (1000.0, 0.0),
    "something was due before": (990.0, 0.0),
    "something is due much later": (1060.0, 1.0),
}


@pytest.mark.parametrize("case", SLEEPS)
def test_what_is_due_ends_the_sleep_of_the_loop_and_so_does_a_beat(case: str) -> None:
    next_due, seconds = SLEEPS[case]
    assert sleep_s(next_due, 1000.0) == pytest.approx(seconds)


class Hanging(Idle):
    """An engine that gets stuck when it is first asked what is due."""

    def __init__(self) -> None:
        super().__init__()
        self.is_stuck, self.may_go_on = threading.Event(), threading.Event()

    def run_due(self) -> float | None:
        self.is_stuck.set()
        self.may_go_on.wait(10)
        return super().run_due()


@pytest.fixture
def hanging() -> Iterator[tuple[FakeClock, EngineLoop, Hanging]]:
    clock, engine = FakeClock(), Hanging()
    loop = EngineLoop(clock)
    loop.attach(engine)  # type: ignore[arg-type] # as much of one as the loop needs
    loop.post(lambda: None)  # so that it does not begin with a sleep
    yield clock, loop, engine
    engine.may_go_on.set()
    loop.stop(0.0)  # time stands still: longer would be for ever


def test_an_engine_that_hangs_is_seen_by_its_heartbeat_and_keeps_no_process_from_ending(
    hanging: tuple[FakeClock, EngineLoop, Hanging],
) -> None:
    clock, loop, engine = hanging
    clock.advance(60)
    others = threading.enumerate()  # of an earlier test, on its way out
    loop.start()
    engine.is_stuck.wait(10)
    assert loop.heartbeat_age_s() == 0
    clock.advance(60)
    assert loop.heartbeat_age_s() == 60
    [thread] = [each for each in threading.enumerate() if each.name == "sfn-engine" and each not in others]
    assert thread.daemon
    assert not loop.stop(0.0)
    assert loop.is_alive


class Busy(Idle):
    """An engine that has something under way when it is first asked."""

    is_asked = False

    @property
    def is_quiet(self) -> bool:  # type: ignore[override] # an attribute of the idle one
        was_asked, self.is_asked = self.is_asked, True
        return was_asked


def test_stopping_asks_again_soon_whether_all_has_ended() -> None:
    engine: Any = Busy()
    loop = EngineLoop(SteadyClock())
    loop.attach(engine)
    loop.start()
    assert loop.stop(1.0)


def test_a_loop_without_an_engine_does_not_start() -> None:
    with pytest.raises(RuntimeError, match=r"^attach an engine before start$"):
        EngineLoop(SteadyClock()).start()


def test_a_loop_that_never_ran_is_stopped_already() -> None:
    engine: Any = Idle()
    loop = EngineLoop(SteadyClock())
    assert loop.stop(1.0)
    loop.attach(engine)
    assert loop.stop(1.0)


def test_a_job_that_fails_gives_its_error_to_the_engines_thread(running: Running) -> None:
    error, results = ValueError("a defect"), []

    def fail() -> None:
        raise error

    def end(result: Any) -> None:
        results.append((result, threading.current_thread().name))

    running.loop.start()
    running.workers.run(Lane.REPORT, fail, end)
    wait_until(lambda: results, 10, "the error")
    assert results == [(error, "sfn-engine")]


class Pool:
    """A pool whose results come at once, and the threads that it has made."""

    def __init__(self, idle_s: float = 60.0) -> None:
        self._before = set(threading.enumerate())
        self.pool = ThreadPool(lambda call: call(), idle_s)

    def threads(self) -> set[threading.Thread]:
        return set(threading.enumerate()) - self._before

    def run(self, work: Any) -> "queue.SimpleQueue[Any]":
        answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.pool.run(Lane.FORWARD, work, answers.put)
        return answers


def test_as_many_jobs_run_at_once_as_there_are() -> None:
    pool, all_there = Pool(), threading.Barrier(41)
    for _ in range(40):
        pool.run(lambda: all_there.wait(10))
    all_there.wait(10)
    assert {thread.name for thread in pool.threads()} == {"sfn-forward"}
    pool.pool.stop()


def test_a_thread_is_used_again() -> None:
    pool = Pool()
    first = pool.run(threading.current_thread).get(timeout=10)
    wait_until(lambda: pool.pool.idle == 1, 10, "the thread to be idle")
    assert pool.run(threading.current_thread).get(timeout=10) is first
    pool.pool.stop()
    first.join(10)
    assert not first.is_alive()


def test_each_thread_that_is_idle_is_used_again() -> None:
    pool, together = Pool(), threading.Barrier(2)

    def meet() -> threading.Thread:
        together.wait(10)
        return threading.current_thread()

    def met() -> set[threading.Thread]:
        answers = [pool.run(meet) for _ in range(2)]
        return {answer.get(timeout=10) for answer in answers}

    first = met()
    wait_until(lambda: pool.pool.idle == 2, 10, "both threads to be idle")
    assert met() == first
    pool.pool.stop()


def test_a_thread_without_a_job_for_long_ends() -> None:
    pool = Pool(idle_s=0.01)
    first = pool.run(threading.current_thread).get(timeout=10)
    first.join(10)
    assert not first.is_alive()
    assert pool.pool.idle == 0
    assert pool.run(threading.current_thread).get(timeout=10) is not first
    pool.pool.stop()


def test_a_pool_that_was_stopped_waits_for_nobody_and_begins_nothing() -> None:
    """A process that is asked to end would else be kept by a job, or write past its drain."""
    pool, may_end, late = Pool(), threading.Event(), []
    answers = pool.run(lambda: may_end.wait(10))
    pool.pool.stop()
    pool.pool.run(Lane.FORWARD, lambda: late.append("begun"), late.append)
    assert all(thread.daemon for thread in pool.threads())
    may_end.set()
    assert answers.get(timeout=10) is True
    for thread in pool.threads():
        thread.join(10)
    assert late == []
