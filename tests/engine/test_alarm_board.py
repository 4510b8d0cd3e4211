"""The alarm board: few calls for many alarms, each as often as its most eager watcher wants, news at once."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.judges.alarms import is_stale
from sfn_rollouts.core.values.arn import Place
from sfn_rollouts.core.values.identity import Caller
from sfn_rollouts.core.values.readings import AlarmMissing, AlarmReading, Trouble, Unseen
from sfn_rollouts.engine.alarm_board import AlarmBoard
from sfn_rollouts.engine.lanes import Lanes
from sfn_rollouts.engine.recovery import Recovery
from sfn_rollouts.errors import Denied, PortError, Transient
from sfn_rollouts.ports import Errand, Lane
from tests.engine.fake_clock import NOON, FakeClock
from tests.engine.fake_cloud import AlarmFeedOf, FakeCloud
from tests.engine.fake_random import Longest
from tests.engine.fake_workers import FakeWorkers, NotedErrands
from tests.engine.faults import FOR_EVER
from tests.engine.world import Metered

HERE, THERE = Place("123456789012", "eu-west-1"), Place("123456789012", "us-east-1")


class Shown(Metered):
    """Remembers each state of the board that was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.boards: list[tuple[int, int, datetime | None]] = []

    def alarms_watched(self, watched: int, unseen: int, oldest: datetime | None) -> None:
        super().alarms_watched(watched, unseen, oldest)
        self.boards.append(self.board)


class Board:
    """A board by itself."""

    def __init__(self) -> None:
        self.clock, self.workers = FakeClock(), FakeWorkers()
        self.cloud = FakeCloud(self.clock, lambda what: None)
        self.cloud.latency_s = 0.0
        self.woken: list[str] = []
        self.meter = Shown()
        feed = AlarmFeedOf(self.cloud)
        self.lanes = NotedErrands(Lanes(self.clock, self.workers, self.meter))
        self.retried: list[tuple[str, bool]] = []
        self.recovery = Recovery(self.clock, lambda uid, is_over: self.retried.append((uid, is_over)))
        self.board = AlarmBoard(self.clock, self.lanes, feed, Longest(), self.recovery, self.woken.append, self.meter)

    def watch(self, uid: str, *names: str, place: Place = HERE, interval_s: float = 10.0) -> None:
        for name in names:
            if name not in self.known():
                self.cloud.set_alarm(name, AlarmState.OK, place)
        self.board.watch(uid, place, names, interval_s)

    def known(self) -> set[str]:
        return self.cloud.alarm_names()

    def work(self) -> None:
        self.board.run_due()
        while self.workers.run_one():
            self.lanes.run_due()

    def pause_s(self) -> float:
        """How long it is until the next call."""
        assert self.board.next_due is not None
        return self.board.next_due - self.clock.monotonic()

    def run_for(self, seconds: float) -> None:
        end_ms = self.clock.elapsed_ms + round(seconds * 1000)
        self.work()
        while (due := self.board.next_due) is not None and (due - 1000) * 1000 <= end_ms:
            self.clock.elapsed_ms = max(self.clock.elapsed_ms + 1, int((due - 1000) * 1000) + 1)
            self.work()
        self.clock.elapsed_ms = max(self.clock.elapsed_ms, end_ms)

    def calls(self) -> list[int]:
        """Names of each call since the last time."""
        batches, self.cloud.batches = self.cloud.batches, []
        return [len(names) for _, names in batches]

    def fact(self, uid: str, name: str) -> object:
        return self.board.facts(uid).get(name)


@pytest.fixture
def board() -> Board:
    return Board()


def test_many_alarms_of_many_rollouts_share_calls_of_a_hundred_names(board: Board) -> None:
    for number in range(125):
        board.watch(f"uid-{number}", f"errors-{number}", f"latency-{number}")
    board.work()
    assert board.calls() == [100, 100, 50]
    board.run_for(60)
    assert sum(board.calls()) <= 7 * 250 + 100


def test_a_name_that_several_watch_is_read_once_at_the_shortest_interval(board: Board) -> None:
    board.watch("slow", "errors", interval_s=60)
    board.work()
    board.watch("quick", "errors", interval_s=5)
    board.calls()
    board.run_for(61)
    assert board.calls() == [1] * 12
    board.board.unwatch("quick")
    board.run_for(300)
    assert len(board.calls()) in (5, 6)


def test_a_call_that_is_not_full_takes_along_what_is_due_next(board: Board) -> None:
    board.watch("slow", *(f"slow-{number}" for number in range(150)), interval_s=3600)
    board.watch("quick", "quick", interval_s=5)
    board.work()
    board.calls()
    board.run_for(6)
    assert board.calls() == [100]


def test_each_place_has_calls_of_its_own(board: Board) -> None:
    board.watch("here", "errors")
    board.watch("there", "errors", place=THERE)
    board.work()
    assert [place for place, _ in board.cloud.batches] == [HERE, THERE]


def test_only_a_change_wakes_and_only_whom_it_concerns(board: Board) -> None:
    board.watch("one", "errors", "latency")
    board.watch("two", "latency")
    board.work()
    assert board.woken == ["one", "two"]
    board.run_for(100)
    assert board.woken == ["one", "two"]
    board.cloud.set_alarm("errors", AlarmState.ALARM)
    board.run_for(11)
    assert board.woken == ["one", "two", "one"]
    fact = board.fact("one", "errors")
    assert isinstance(fact, AlarmReading)
    assert fact.snapshot.state is AlarmState.ALARM


def test_an_alarm_that_is_deleted_and_one_that_comes_back_are_news(board: Board) -> None:
    board.watch("one", "errors")
    board.work()
    board.cloud.delete_alarm("errors")
    board.run_for(11)
    assert isinstance(board.fact("one", "errors"), AlarmMissing)
    assert board.woken == ["one"] * 2
    board.run_for(50)
    assert board.woken == ["one"] * 7, "each poll that misses it counts"
    board.cloud.set_alarm("errors", AlarmState.OK)
    board.run_for(11)
    assert isinstance(board.fact("one", "errors"), AlarmReading)
    assert board.woken == ["one"] * 8


def test_a_refresh_reads_at_once_and_wakes_whatever_it_says(board: Board) -> None:
    board.watch("one", "errors")
    board.run_for(15)
    board.woken.clear()
    board.board.refresh("one")
    board.work()
    assert board.woken == ["one"]
    fact = board.fact("one", "errors")
    assert isinstance(fact, AlarmReading)
    assert fact.read_at == board.clock.now()


def test_a_refresh_of_somebody_who_watches_nothing_does_nothing(board: Board) -> None:
    board.board.refresh("nobody")
    board.work()
    assert board.calls() == []
    assert board.board.facts("nobody") == {}


def test_the_same_watch_again_reads_nothing_again(board: Board) -> None:
    board.watch("one", "errors")
    board.work()
    board.watch("one", "errors")
    board.work()
    assert board.calls() == [1]


def test_another_interval_counts_from_then_on(board: Board) -> None:
    board.watch("one", "errors", interval_s=60)
    board.work()
    board.watch("one", "errors", interval_s=5)
    board.calls()
    board.run_for(61)
    assert board.calls() == [1] * 12


def test_who_watches_an_alarm_of_another_place_leaves_its_namesake(board: Board) -> None:
    board.watch("one", "errors")
    board.work()
    board.watch("one", "errors", place=THERE)
    board.cloud.batches.clear()
    board.run_for(60)
    assert {place for place, _ in board.cloud.batches} == {THERE}


def test_other_names_replace_those_before(board: Board) -> None:
    board.watch("one", "errors", "latency")
    board.work()
    board.watch("one", "latency", "other")
    assert set(board.board.facts("one")) == {"latency"}
    board.work()
    assert set(board.board.facts("one")) == {"latency", "other"}
    board.board.unwatch("one")
    board.board.unwatch("one")
    board.calls()
    board.run_for(100)
    assert board.calls() == []
    assert board.board.next_due is None


def test_an_answer_about_what_nobody_watches_any_more_is_passed_over(board: Board) -> None:
    board.watch("one", "errors")
    board.board.run_due()
    board.board.unwatch("one")
    board.watch("two", "errors")
    board.work()
    assert board.woken == ["two"]


def test_a_failed_answer_about_what_nobody_watches_any_more_is_passed_over(board: Board) -> None:
    board.watch("one", "errors")
    board.cloud.faults.add("alarms", Transient("503"))
    board.board.run_due()
    board.board.unwatch("one")
    board.work()
    assert board.woken == []


def test_a_reading_outlives_failures_for_three_polls_then_it_is_none(board: Board) -> None:
    board.watch("one", "errors")
    board.work()
    read_at = board.clock.now()
    board.cloud.faults.add("alarms", Transient("503"), FOR_EVER)
    board.run_for(30)
    assert isinstance(board.fact("one", "errors"), AlarmReading)
    board.run_for(15)
    assert board.fact("one", "errors") == Unseen("503", read_at, Trouble.TRANSIENT)
    board.run_for(100)
    assert board.woken == ["one", "one"]
    board.cloud.faults.fix("alarms")
    board.run_for(11)
    assert isinstance(board.fact("one", "errors"), AlarmReading)


def test_what_was_never_read_is_unseen_since_it_was_to_be_read(board: Board) -> None:
    board.cloud.faults.add("alarms", Transient("503"), FOR_EVER)
    board.watch("one", "errors")
    board.run_for(60)
    assert board.fact("one", "errors") == Unseen("503", NOON, Trouble.TRANSIENT)


def test_a_refusal_counts_at_once_and_another_trouble_is_news(board: Board) -> None:
    board.watch("one", "errors")
    board.work()
    board.cloud.faults.add("alarms", Denied("no DescribeAlarms"), 3)
    board.cloud.faults.add("alarms", ValueError("a defect"), FOR_EVER)
    board.run_for(11)
    fact = board.fact("one", "errors")
    assert isinstance(fact, Unseen)
    assert (fact.why, fact.trouble) == ("no DescribeAlarms", Trouble.DENIED)
    assert fact.since - NOON < timedelta(seconds=11)
    board.run_for(40)
    fact = board.fact("one", "errors")
    assert isinstance(fact, Unseen)
    assert (fact.why, fact.trouble) == ("internal error: ValueError: a defect", Trouble.INTERNAL)
    assert board.woken == ["one"] * 3


FAILURES: dict[str, Callable[[], Exception]] = {
    "failing": lambda: Transient("503"),
    "throttled": lambda: Transient("throttled", retry_after_s=4.0),
    "denied": lambda: Denied("no"),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("is_refreshed", [False, True], ids=["polled", "refreshed all the time"])
def test_failing_polls_are_repeated_at_about_the_interval_whoever_asks(
    board: Board, failure: str, is_refreshed: bool
) -> None:
    board.watch("one", "errors")
    board.work()
    board.cloud.faults.add("alarms", FAILURES[failure](), FOR_EVER)
    board.calls()
    for _ in range(600):
        if is_refreshed:
            board.board.refresh("one")
        board.run_for(1)
    assert 55 <= len(board.calls()) <= 150


def test_alarms_of_a_call_that_got_no_answer_are_unseen_and_read_together_again(board: Board) -> None:
    """Only a refusal may be about one of the names."""
    board.watch("one", "errors", "latency")
    board.cloud.faults.add("alarms", Transient("503"))
    board.work()
    assert {board.fact("one", name) for name in ("errors", "latency")} == {Unseen("503", NOON, Trouble.TRANSIENT)}
    board.run_for(2)
    assert board.calls() == [2, 2]


def test_a_throttle_is_obeyed(board: Board) -> None:
    board.watch("one", "errors", interval_s=5)
    board.cloud.faults.add("alarms", Transient("throttled", retry_after_s=7.0))
    board.work()
    board.calls()
    board.run_for(6.9)
    assert board.calls() == []
    board.run_for(0.2)
    assert board.calls() == [1]


def test_a_failing_place_leaves_the_others_alone(board: Board) -> None:
    board.watch("here", "errors")
    board.watch("there", "latency", place=THERE)
    board.cloud.faults.add("alarms", Transient("503"))
    board.work()
    assert isinstance(board.fact("here", "errors"), Unseen)
    assert isinstance(board.fact("there", "latency"), AlarmReading)


def test_what_is_slow_is_read_when_what_was_quick_is_not_watched_any_more(board: Board) -> None:
    board.watch("quick", "errors", interval_s=5)
    board.watch("slow", "latency", place=THERE, interval_s=60)
    board.run_for(11)
    board.board.unwatch("quick")
    board.calls()
    board.run_for(130)
    assert board.calls() == [1, 1]


def test_a_burst_of_new_rollouts_counts_the_board_once(board: Board) -> None:
    for number in range(50):
        board.watch(f"uid-{number}", "errors", f"latency-{number}")
    for _ in range(3):
        board.board.run_due()
    assert board.meter.boards == [(51, 0, NOON)]


@pytest.mark.parametrize(("seconds", "is_old"), [(29.999, False), (30, True)])
def test_a_reading_is_too_old_when_three_polls_have_passed(seconds: float, is_old: bool) -> None:
    assert is_stale(NOON, 10.0, NOON + timedelta(seconds=seconds)) is is_old


# -- each call --


def test_a_call_about_alarms_is_a_job_of_its_place(board: Board) -> None:
    board.watch("there", "errors", place=THERE)
    board.work()
    assert board.lanes.errands == [Errand(Lane.ALARMS, THERE, "alarms", caller=Caller())]


def test_a_reading_is_of_the_moment_at_which_it_was_asked_for(board: Board) -> None:
    board.cloud.latency_s = 2.0
    board.watch("one", "errors")
    board.clock.advance(5)
    board.work()
    fact = board.fact("one", "errors")
    assert isinstance(fact, AlarmReading)
    assert fact.read_at == NOON + timedelta(seconds=5)


def test_what_is_being_read_is_not_read_twice(board: Board) -> None:
    board.watch("one", "errors")
    board.board.run_due()
    board.clock.advance(20)
    board.board.refresh("one")
    board.board.run_due()
    assert len(board.lanes.errands) == 1
    assert board.board.next_due is None
    board.work()
    assert board.calls() == [1]


def test_each_answer_is_counted_by_what_it_says_of_each_alarm(board: Board) -> None:
    board.watch("one", "errors", "latency", "odd", "other", "gone", "blind")
    board.cloud.delete_alarm("gone")
    board.cloud.garbled["odd"] = PortError("state 'PURPLE' is not known")
    board.cloud.garbled["other"] = PortError("state 'BROWN' is not known")
    board.cloud.garbled["blind"] = Denied("not this one")
    board.work()
    assert board.meter.alarm_reads_of == {"Read": 2, "Missing": 1, "Internal": 2, "Denied": 1}


def test_a_call_that_fails_counts_for_each_of_its_alarms(board: Board) -> None:
    board.watch("one", "errors", "latency", "other")
    board.cloud.faults.add("alarms", Transient("503"))
    board.work()
    assert board.meter.alarm_reads_of == {"Transient": 3}


def test_an_answer_without_any_of_the_alarms_that_were_there_counts_as_none(board: Board) -> None:
    board.watch("one", "errors", "latency")
    board.work()
    board.meter.alarm_reads_of.clear()
    board.cloud.hides_alarms = True
    board.clock.advance(10)
    board.work()
    assert board.meter.alarm_reads_of == {"Transient": 2}


def test_alarms_that_are_read_again_after_a_failure_are_a_hint_that_their_place_answers(board: Board) -> None:
    board.recovery.note(THERE, "waits", "write", Transient("503"))
    board.watch("one", "errors", place=THERE)
    board.cloud.faults.add("alarms", Transient("503"))
    board.work()
    assert board.retried == []
    board.clock.advance(10)
    board.work()
    assert board.retried == [("waits", False)]


# -- how soon again --

PAUSES_S = {
    "no answer": (Transient("503"), 10.0, [1, 2, 4, 8, 10, 10]),
    "no answer, read often": (Transient("503"), 0.5, [0.5, 0.5]),
    "a throttle": (Transient("slow down", retry_after_s=3.0), 10.0, [3, 3, 4, 8, 10]),
    "a refusal": (Denied("no"), 10.0, [10, 10]),
    "a refusal of one": (PortError("odd"), 10.0, [1, 2, 4, 8, 10]),
}


@pytest.mark.parametrize("failure", PAUSES_S)
def test_a_call_that_fails_is_repeated_sooner_than_at_the_next_poll_unless_it_is_refused(
    board: Board, failure: str
) -> None:
    error, interval_s, expected_s = PAUSES_S[failure]
    board.cloud.faults.add("alarms", error, FOR_EVER)
    board.watch("one", "errors", interval_s=interval_s)
    pauses_s = []
    for _ in expected_s:
        board.work()
        pauses_s.append(board.pause_s())
        board.clock.advance(pauses_s[-1])
    assert pauses_s == pytest.approx(expected_s)


def test_an_answer_makes_the_next_pause_short_again(board: Board) -> None:
    board.watch("one", "errors")
    for _ in range(2):
        board.cloud.faults.add("alarms", Transient("503"), 3)
        for expected_s in (1, 2, 4, 10):
            board.work()
            assert board.pause_s() == pytest.approx(expected_s)
            board.clock.advance(board.pause_s())


@pytest.mark.parametrize(("interval_s", "pause_s"), [(10.0, 1.0), (0.5, 0.5)])
def test_alarms_that_are_all_gone_are_read_once_more_within_a_second(
    board: Board, interval_s: float, pause_s: float
) -> None:
    board.watch("one", "errors", "latency", interval_s=interval_s)
    board.work()
    board.cloud.hides_alarms = True
    board.clock.advance(interval_s)
    board.work()
    assert board.pause_s() == pytest.approx(pause_s)
    board.board.refresh("one")
    assert board.pause_s() == pytest.approx(pause_s), "no sooner, whoever asks"
    board.clock.advance(pause_s)
    board.work()
    assert isinstance(board.fact("one", "errors"), AlarmMissing)
    assert board.pause_s() == pytest.approx(interval_s)


def test_an_alarm_that_cannot_be_understood_is_not_read_sooner_whoever_asks(board: Board) -> None:
    board.cloud.garbled["errors"] = PortError("state 'PURPLE' is not known")
    board.watch("one", "errors")
    board.work()
    board.board.refresh("one")
    assert board.pause_s() == pytest.approx(10.0)


def test_with_one_alarm_put_off_a_refresh_waits_for_all(board: Board) -> None:
    board.cloud.garbled["errors"] = PortError("state 'PURPLE' is not known")
    board.watch("one", "errors", "latency")
    board.work()
    board.clock.advance(4)
    board.board.refresh("one")
    assert board.pause_s() == pytest.approx(6.0)


def test_a_watch_reads_a_known_alarm_within_its_own_interval(board: Board) -> None:
    board.watch("slow", "errors", interval_s=60)
    board.work()
    board.clock.advance(1)
    board.watch("quick", "errors", interval_s=5)
    assert board.pause_s() == pytest.approx(5.0)
    board.watch("slower", "errors", interval_s=30)
    assert board.pause_s() == pytest.approx(5.0), "and no later than it was due"


# -- what is known, and who is woken --


def test_of_two_failures_only_another_trouble_is_news_and_it_is_so_since_the_first(board: Board) -> None:
    board.watch("one", "errors")
    for error, woken in ((Transient("503"), 1), (Transient("504"), 1), (PortError("odd"), 2)):
        board.cloud.faults.add("alarms", error)
        board.work()
        assert board.woken == ["one"] * woken
        board.clock.advance(10)
    assert board.fact("one", "errors") == Unseen("odd", NOON, Trouble.INTERNAL)


def test_a_reading_that_is_denied_is_unseen_since_now(board: Board) -> None:
    board.watch("one", "errors")
    board.work()
    board.clock.advance(10)
    board.cloud.faults.add("alarms", Denied("no"))
    board.work()
    assert board.fact("one", "errors") == Unseen("no", NOON + timedelta(seconds=10), Trouble.DENIED)


def test_an_alarm_of_a_call_that_may_not_be_read_is_unseen_at_once(board: Board) -> None:
    board.watch("one", "errors", "latency")
    board.work()
    board.cloud.garbled["errors"] = Denied("not this one")
    board.clock.advance(10)
    board.work()
    assert board.fact("one", "errors") == Unseen("not this one", NOON + timedelta(seconds=10), Trouble.DENIED)
    assert isinstance(board.fact("one", "latency"), AlarmReading)


def test_an_alarm_whose_reason_has_changed_is_no_news_and_one_that_changed_to_the_same_state_is(board: Board) -> None:
    board.watch("one", "errors")
    board.work()
    board.clock.advance(5)
    board.cloud.set_alarm("errors", AlarmState.ALARM)
    board.cloud.set_alarm("errors", AlarmState.OK)
    board.clock.advance(5)
    board.work()
    assert board.woken == ["one", "one"]


def test_all_who_watch_an_alarm_hear_of_its_change_in_the_order_of_their_names(board: Board) -> None:
    for uid in ("c", "a", "b"):
        board.watch(uid, "errors")
    board.work()
    assert board.woken == ["a", "b", "c"]


def test_who_was_woken_after_a_refresh_is_not_woken_for_the_same_again(board: Board) -> None:
    board.watch("one", "errors")
    board.work()
    board.board.refresh("one")
    board.work()
    board.run_for(30)
    assert board.woken == ["one", "one"]


# -- what is shown --


def test_the_board_shows_how_many_are_watched_and_unseen_and_the_oldest_reading(board: Board) -> None:
    board.watch("one", "errors", "latency")
    board.board.run_due()
    board.clock.advance(1)
    board.work()
    board.clock.advance(3)
    board.cloud.faults.add("alarms", Transient("503"))
    board.watch("two", "other", place=THERE)
    board.work()
    board.work()
    assert board.meter.board == (3, 1, NOON + timedelta(seconds=1))
    board.board.unwatch("two")
    board.work()
    assert board.meter.board == (2, 0, NOON + timedelta(seconds=1))
    board.board.unwatch("one")
    board.work()
    assert board.meter.board == (0, 0, None)


def test_a_board_that_nobody_has_watched_yet_is_not_shown(board: Board) -> None:
    board.work()
    assert board.meter.boards == []


def test_where_nothing_has_changed_nothing_is_counted_again(board: Board) -> None:
    board.watch("one", "errors")
    board.work()
    board.work()
    shown = len(board.meter.boards)
    board.board.unwatch("nobody")
    board.watch("one", "errors")
    board.work()
    assert len(board.meter.boards) == shown
