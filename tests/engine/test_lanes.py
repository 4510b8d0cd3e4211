"""Lanes: no place waits for another, a place that does not answer is probed, no job is without an end."""

from collections.abc import Callable
from itertools import count, pairwise
from typing import Any

import pytest

from sfn_rollouts.acting import current
from sfn_rollouts.core.values.arn import Place
from sfn_rollouts.core.values.identity import Caller
from sfn_rollouts.engine.breaker import LONGEST_PROBE_S, LOST_IN_A_ROW, PROBE_S
from sfn_rollouts.engine.lanes import SIZES, Lanes, Size
from sfn_rollouts.errors import Conflict, Denied, NoAnswer, PortError, Transient, Withheld
from sfn_rollouts.ports import Errand, Lane
from tests.engine.fake_clock import FakeClock
from tests.engine.world import Metered

ILL, WELL = Place("111122223333", "us-east-1"), Place("111122223333", "eu-west-1")
LOST = NoAnswer("timed out")


class Threads:
    """`ports.Threads`: jobs run until somebody ends them, by name."""

    def __init__(self) -> None:
        self.running: dict[str, Callable[[Any], None]] = {}
        self.lanes: list[Lane] = []

    def run(self, lane: Lane, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self.lanes.append(lane)
        self.running[work()] = done

    def end(self, name: str, result: object = "answer") -> None:
        self.running.pop(name)(result)


class Desk:
    """Lanes, and what came of each job."""

    def __init__(self, **sizes: Size) -> None:
        self.clock, self.threads, self.meter = FakeClock(), Threads(), Metered()
        self.lanes = Lanes(
            self.clock, self.threads, self.meter, {**SIZES, **{Lane(name): size for name, size in sizes.items()}}
        )
        self.results: dict[str, list[Any]] = {}
        self._number = count(1)

    def submit(self, place: Place | None = ILL, calls: str = "write", lane: Lane = Lane.ROLLBACK, **more: Any) -> str:
        name = f"{place.region if place else 'kubernetes'} {calls} {next(self._number)}"
        heard = self.results.setdefault(name, [])
        self.lanes.submit(Errand(lane, place, calls, **more), lambda: name, heard.append)
        return name

    @property
    def running(self) -> list[str]:
        return list(self.threads.running)

    def wait(self, seconds: float) -> float | None:
        self.clock.advance(seconds)
        return self.lanes.run_due()

    def make_ill(self, times: int = LOST_IN_A_ROW, **about: Any) -> None:
        """So many jobs in a row get no answer."""
        for name in [self.submit(**about) for _ in range(times)]:
            self.threads.end(name, LOST)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("lane", Lane)
def test_however_many_jobs_hang_in_one_place_the_job_of_another_begins_at_once(desk: Desk, lane: Lane) -> None:
    hanging = [desk.submit(ILL, lane=lane) for _ in range(200)]
    assert desk.running == hanging[: SIZES[lane].share]
    begun = desk.submit(WELL, lane=lane)
    assert desk.running[-1] == begun


@pytest.mark.parametrize("lane", Lane)
def test_however_many_places_hang_one_more_begins_at_once(desk: Desk, lane: Lane) -> None:
    for number in range(300):
        for _ in range(SIZES[lane].share):
            desk.submit(Place("111122223333", f"region-{number}"), lane=lane)
    assert len(desk.running) == 300 + SIZES[lane].extra
    assert desk.running[-1] != (begun := desk.submit(WELL, lane=lane))
    assert desk.running[-1] == begun


def test_lanes_do_not_wait_for_each_other_in_one_place(desk: Desk) -> None:
    for _ in range(50):
        desk.submit(ILL, lane=Lane.FORWARD)
    assert desk.submit(ILL, lane=Lane.ROLLBACK) in desk.running


def test_the_api_server_is_a_place_of_its_own(desk: Desk) -> None:
    hanging = [desk.submit(None, "report", Lane.REPORT) for _ in range(50)]
    assert desk.running == hanging[: SIZES[Lane.REPORT].share]


def test_places_are_served_in_turn_where_threads_are_scarce() -> None:
    desk = Desk(rollback=Size(share=2, extra=1, limit_s=25.0))
    ill, well = [desk.submit(ILL) for _ in range(4)], [desk.submit(WELL) for _ in range(3)]
    assert desk.running == [ill[0], ill[1], well[0]]
    desk.threads.end(ill[0])
    assert desk.running == [ill[1], well[0], ill[2]]
    desk.threads.end(ill[1])
    assert desk.running == [well[0], ill[2], well[1]]
    for _ in range(7):
        for name in desk.running:
            desk.threads.end(name)
    assert all(desk.results[name] == ["answer"] for name in [*ill, *well])


def test_a_first_job_that_has_ended_leaves_no_more_room_beside_the_first_ones() -> None:
    desk = Desk(rollback=Size(share=2, extra=1, limit_s=25.0))
    desk.threads.end(desk.submit(ILL))
    for place in (ILL, ILL, WELL, WELL):
        desk.submit(place)
    assert len(desk.running) == 3


@pytest.mark.parametrize("lane", Lane)
def test_a_thread_knows_in_which_lane_it_works(desk: Desk, lane: Lane) -> None:
    desk.submit(lane=lane)
    assert desk.threads.lanes == [lane]


def test_an_api_server_that_does_not_answer_is_named_so(desk: Desk) -> None:
    name = desk.submit(None, "report", Lane.REPORT)
    desk.wait(60)
    assert str(desk.results[name][0]) == "the API server did not end its answer in time. It is tried again"


def test_the_jobs_of_one_place_come_in_the_order_in_which_they_were_submitted(desk: Desk) -> None:
    names = [desk.submit() for _ in range(20)]
    order = []
    while desk.running:
        order.append(desk.running[0])
        desk.threads.end(desk.running[0])
    assert order == names


def test_a_place_that_loses_three_answers_in_a_row_is_probed_by_one_job_after_the_other(desk: Desk) -> None:
    hanging = [desk.submit() for _ in range(40)]
    desk.clock.advance(5)
    for name in hanging[:8]:
        desk.threads.end(name, LOST)
    assert desk.running == hanging[8:10]  # begun after the first and the second lost answer
    before = 2
    desk.lanes.run_due()
    withheld = [name for name in hanging if desk.results[name] and isinstance(desk.results[name][0], Withheld)]
    assert len(withheld) == 40 - 8 - before
    assert desk.meter.withheld == ["rollback"] * len(withheld)
    desk.submit()
    assert len(desk.running) == before
    desk.clock.advance(PROBE_S)
    probe = desk.submit()
    assert desk.running[-1] == probe


def test_whoever_is_refused_hears_of_it_later_once_and_why(desk: Desk) -> None:
    desk.make_ill()
    name = desk.submit()
    assert desk.results[name] == []  # never from within `submit`: a tick must not be entered twice
    desk.lanes.run_due()
    desk.lanes.run_due()
    (result,) = desk.results[name]
    assert str(result) == (
        "AWS (account 111122223333, us-east-1) does not answer. One call after the other is tried until it does"
    )


def test_one_answer_closes_the_breaker_and_all_begin_again(desk: Desk) -> None:
    desk.make_ill()
    desk.clock.advance(PROBE_S)
    probe = desk.submit()
    desk.threads.end(probe)
    names = [desk.submit() for _ in range(8)]
    assert desk.running == names


def test_a_probe_whose_answer_is_lost_leaves_it_open(desk: Desk) -> None:
    desk.make_ill()
    desk.clock.advance(PROBE_S)
    desk.threads.end(desk.submit(), LOST)
    desk.submit()
    assert desk.running == []


@pytest.mark.parametrize(
    ("answer", "opens"),
    [
        ("an answer", False),
        (Denied("no"), False),
        (Conflict("changed"), False),
        (Transient("throttled", retry_after_s=1.0), False),
        (ValueError("a defect"), False),
        (Transient("503 of a proxy"), True),
        (Withheld("by a breaker below"), True),
    ],
    ids=str,
)
def test_only_an_answer_of_the_place_itself_ends_a_row_of_lost_ones(desk: Desk, answer: object, opens: bool) -> None:
    desk.make_ill(LOST_IN_A_ROW - 1)
    desk.threads.end(desk.submit(), answer)
    desk.make_ill(1)
    desk.submit()
    assert bool(desk.running) is not opens


def test_an_answer_lost_now_and_then_changes_nothing(desk: Desk) -> None:
    for _ in range(50):
        desk.make_ill(LOST_IN_A_ROW - 1)
        desk.threads.end(desk.submit())
    names = [desk.submit() for _ in range(8)]
    assert desk.running == names


def test_what_is_ill_is_one_place_one_lane_and_one_kind_of_call(desk: Desk) -> None:
    desk.make_ill()
    others = [desk.submit(calls="alias"), desk.submit(WELL), desk.submit(lane=Lane.FORWARD)]
    assert desk.running == others


def test_a_job_that_takes_too_long_as_a_whole_is_given_up_and_its_slot_is_free(desk: Desk) -> None:
    dripping = [desk.submit() for _ in range(9)]
    assert desk.wait(24.9) == pytest.approx(desk.clock.monotonic() + 0.1)
    assert desk.results[dripping[0]] == []
    desk.wait(0.1)
    (result,) = desk.results[dripping[0]]
    assert isinstance(result, NoAnswer)
    assert str(result) == "AWS (account 111122223333, us-east-1) did not end its answer in time. It is tried again"
    assert (desk.lanes.lost, desk.meter.lost_threads, desk.meter.given_up) == (8, 8, ["rollback"] * 8)


def test_the_late_answer_of_a_job_that_was_given_up_is_dropped_and_its_thread_is_no_longer_lost(desk: Desk) -> None:
    name = desk.submit()
    desk.wait(25)
    desk.threads.end(name, "late")
    assert [type(each) for each in desk.results[name]] == [NoAnswer]
    assert (desk.lanes.lost, desk.meter.lost_threads) == (0, 0)


def test_a_job_may_have_a_limit_of_its_own(desk: Desk) -> None:
    name = desk.submit(lane=Lane.ALARMS, limit_s=130.0)
    assert desk.wait(129) == pytest.approx(desk.clock.monotonic() + 1)
    desk.wait(1)
    assert isinstance(desk.results[name][0], NoAnswer)


def test_the_more_threads_a_place_costs_the_rarer_it_is_probed_and_never_less_than_once_a_minute(desk: Desk) -> None:
    """Each probe of a place that drips costs a thread for good."""
    begun_at = []
    for _ in range(2 * 3600):
        desk.wait(1.0)
        before = len(desk.running)
        desk.submit()
        begun_at += [desk.clock.monotonic()] * (len(desk.running) > before)
    pauses = [after - before for before, after in pairwise(begun_at[20:])]
    assert set(pauses) == {LONGEST_PROBE_S}
    assert desk.lanes.lost <= 2 * 60 + 20


def test_nothing_is_kept_of_a_place_where_nothing_is_under_way(desk: Desk) -> None:
    for number in range(100):
        place = Place("111122223333", f"region-{number}")
        desk.threads.end(desk.submit(place))
        name = desk.submit(place)
        desk.wait(25)
        desk.threads.end(name)
        desk.threads.end(desk.submit(place))
    assert desk.lanes.kept == 0


def test_nothing_is_due_while_nothing_runs(desk: Desk) -> None:
    assert desk.lanes.run_due() is None


def test_one_that_is_refused_within_another_ones_refusal_is_due_at_once(desk: Desk) -> None:
    desk.make_ill()
    again: list[PortError] = []

    def refused(result: PortError) -> None:
        again.append(result)
        if len(again) == 1:
            desk.lanes.submit(Errand(Lane.ROLLBACK, ILL, "write"), lambda: "again", refused)

    desk.lanes.submit(Errand(Lane.ROLLBACK, ILL, "write"), lambda: "first", refused)
    assert desk.lanes.run_due() == desk.clock.monotonic()
    assert desk.lanes.run_due() is None
    assert len(again) == 2


def test_a_job_is_done_for_whom_its_errand_says(desk: Desk) -> None:
    caller = Caller(session_name="shop.orders")
    errand = Errand(Lane.ROLLBACK, ILL, "write", caller=caller)
    desk.lanes.submit(errand, lambda: repr(current()), lambda result: None)
    assert desk.running == [repr(caller)]
