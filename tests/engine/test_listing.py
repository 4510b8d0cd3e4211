"""One rollout's executions, page by page: how far a walk goes back, and what of it is taken, once each."""

from datetime import timedelta

import pytest

from sfn_rollouts.analysis import Verdict
from sfn_rollouts.api.analysis import Source
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.executions import ExecutionPage
from sfn_rollouts.core.values.looks import JudgeExecutions
from sfn_rollouts.engine.evidence.listing import PAST_EXECUTIONS, Listing, listed_again
from sfn_rollouts.errors import Transient
from tests.engine.listed import ALIAS, BEGAN, Clock, Feed, look


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def feed(clock: Clock) -> Feed:
    return Feed(clock)


def listing(feed: Feed, asked: JudgeExecutions | None = None) -> Listing:
    return Listing(feed, feed.clock, ALIAS, asked or look())


def stable_ended(feed: Feed, count: int, lasts_s: float = 1.0) -> None:
    """One a second, all of them well, the last one ten seconds before the first write."""
    for number in range(count):
        feed.started(-10.0 - lasts_s - number, 1, lasts_s=lasts_s)


# -- what a reading says --


def test_a_reading_says_when_its_walk_began_and_where_it_comes_from(feed: Feed, clock: Clock) -> None:
    answered = feed.page

    def takes_two_seconds(alias: AliasArn, token: str | None, limit: int) -> ExecutionPage:
        clock.set(clock.monotonic() + 2.0)
        return answered(alias, token, limit)

    feed.page = takes_two_seconds
    clock.set(61.0)
    reading = listing(feed).advance(look())
    assert (reading.read_at, reading.source) == (BEGAN + timedelta(seconds=61), Source.EXECUTIONS)


@pytest.mark.parametrize(
    ("lasts_s", "horizon_s", "expected"),
    [(2.0, None, (2.0, False)), (400.0, None, (200.0, True)), (400.0, 5.0, (5.0, False))],
    ids=["as the past says", "no more than a third of a step", "as a user says"],
)
def test_a_reading_says_when_an_execution_is_old_enough(
    feed: Feed, clock: Clock, lasts_s: float, horizon_s: float | None, expected: tuple[float, bool]
) -> None:
    stable_ended(feed, 20, lasts_s)
    asked = look(horizon_s=horizon_s)
    clock.set(60.0)
    reading = listing(feed, asked).advance(asked)
    assert (reading.horizon_s, reading.is_horizon_capped) == expected


def test_what_ends_with_the_first_write_is_no_past(feed: Feed, clock: Clock) -> None:
    stable_ended(feed, 20, lasts_s=2.0)
    feed.started(-9.0, 1, lasts_s=9.0)
    asked = look(horizon_s=None)
    clock.set(60.0)
    assert listing(feed, asked).advance(asked).horizon_s == 2.0


def test_what_cannot_be_judged_is_counted_once_each(feed: Feed, clock: Clock) -> None:
    """A status that nobody knows, and an end before the start."""
    judge, left_out = listing(feed), []
    feed.started(20.0, 1)
    feed.started(30.0, 2, "ASLEEP")
    feed.started(32.0, 2, "ASLEEP")
    feed.started(33.0, 2, lasts_s=-1.0)
    feed.started(70.0, 2, "DROWSY")
    for seconds in (60.0, 90.0, 120.0):
        clock.set(seconds)
        left_out.append(judge.advance(look()).left_out)
    assert left_out == [3, 4, 4]


@pytest.mark.parametrize("behind_s", [1, 29, 50])
def test_before_the_first_write_there_is_nothing_to_say(feed: Feed, clock: Clock, behind_s: int) -> None:
    feed.skew = timedelta(seconds=-10 - behind_s)
    clock.set(10.0)
    with pytest.raises(Transient, match=r"^AWS's clock is behind the rollout's first write$"):
        listing(feed).advance(look())


# -- what is taken, and once --


@pytest.mark.parametrize(("started_s", "lasts_s"), [(20.0, 100.0), (25.0, 45.0), (25.0, 100.0), (30.0, 100.0)])
def test_a_failure_long_after_it_was_judged_counts_as_after_a_restart(
    feed: Feed, clock: Clock, started_s: float, lasts_s: float
) -> None:
    """What started by the 25th second is judged for good at the 60th, while it runs."""
    stable_ended(feed, 600)
    for number in range(8):
        feed.started(started_s, 2, "FAILED", lasts_s=lasts_s + number)
    steady = listing(feed)
    for seconds in range(30, 241, 30):
        clock.set(seconds)
        said = steady.advance(look()).judgement
        assert said == listing(feed).advance(look()).judgement
    assert said.verdict is Verdict.SUSPECT
    assert (said.target.started, said.target.judged, said.target.bad) == (8, 8, 0), "no comparison goes by it"


def test_one_that_is_redriven_before_it_is_judged_counts_once(feed: Feed, clock: Clock) -> None:
    asked = look(horizon_s=300.0)
    feed.started(20.0, 2, "FAILED", lasts_s=4.0)
    steady = listing(feed, asked)
    for seconds in range(30, 391, 30):
        clock.set(seconds)
        if seconds == 90:
            feed.executions[0] = feed.executions[0]._replace(ended_at=None, status="RUNNING", is_redriven=True)
        if seconds == 210:
            feed.executions[0] = feed.executions[0]._replace(ended_at=clock.now(), status="SUCCEEDED")
        said = steady.advance(asked).judgement
        assert said == listing(feed, asked).advance(asked).judgement
    assert (said.target.started, said.target.judged, said.target.bad) == (1, 1, 1)


def test_one_that_is_listed_late_is_taken(feed: Feed, clock: Clock) -> None:
    """AWS's lists are complete after half a minute."""
    judge = listing(feed)
    clock.set(60.0)
    judge.advance(look())
    feed.started(31.0, 2, "FAILED")
    clock.set(90.0)
    said = judge.advance(look()).judgement
    assert (said.target.judged, said.target.bad) == (1, 1)


# -- how far a walk goes back --


@pytest.mark.parametrize(
    ("executions", "pages"),
    [
        ([(49.0, 50.0), (24.0, 25.0), (23.0, 24.0), (22.0, 23.0)], 3),
        ([(40.0, None), (25.0, None), (24.0, None), (23.0, None)], 3),
        ([(10.0, 50.0), (40.0, None), (10.0, 24.0), (10.0, 23.0)], 3),
        ([(40.0, None), (30.0, None)], 2),
    ],
    ids=["until an earlier end", "until an earlier start", "past one that began long ago", "until the end of the list"],
)
def test_a_walk_goes_back_to_what_is_judged_for_good(
    feed: Feed, clock: Clock, executions: list[tuple[float, float | None]], pages: int
) -> None:
    """At the second 60 that is whatever started before the second 25."""
    for started_s, ended_s in executions:
        feed.started(started_s, 1, lasts_s=ended_s - started_s if ended_s is not None else None)
    judge = listing(feed)
    clock.set(60.0)
    judge.advance(look())
    feed.page_size, feed.pages = 1, 0
    clock.set(61.0)
    judge.advance(look())
    assert feed.pages == pages


def test_a_page_with_nothing_on_it_does_not_end_a_walk(feed: Feed, clock: Clock) -> None:
    judge, answered = listing(feed), feed.page
    clock.set(60.0)
    judge.advance(look())
    feed.started(61.0, 2)

    def is_empty_at_first(alias: AliasArn, token: str | None, limit: int) -> ExecutionPage:
        return ExecutionPage((), "0", clock.now()) if token is None else answered(alias, token, limit)

    feed.page = is_empty_at_first
    clock.set(90.0)
    assert judge.advance(look()).judgement.target.started == 1


@pytest.mark.parametrize(("latest_s", "pages"), [(-1.0, 2), (0.0, 3)])
def test_a_thousand_that_ended_before_the_first_write_are_enough(
    feed: Feed, clock: Clock, latest_s: float, pages: int
) -> None:
    feed.started(latest_s - 1.0, 1)
    stable_ended(feed, PAST_EXECUTIONS + 500)
    feed.page_size = PAST_EXECUTIONS // 2
    clock.set(60.0)
    listing(feed).advance(look())
    assert feed.pages == pages


def test_the_next_job_goes_on_at_once_where_one_has_read_enough(feed: Feed, clock: Clock) -> None:
    feed.page_size = 1
    stable_ended(feed, 12)
    judge = listing(feed)
    clock.set(60.0)
    with pytest.raises(Transient) as raised:
        judge.advance(look())
    assert raised.value.retry_after_s == 0.0
    judge.advance(look())
    assert feed.tokens == [None, *map(str, range(1, 12))]


# -- a rollout that is over --


def test_what_is_over_is_read_with_as_much_of_its_past(feed: Feed, clock: Clock) -> None:
    stable_ended(feed, PAST_EXECUTIONS + 500)
    feed.page_size = PAST_EXECUTIONS // 2
    clock.set(700.0)
    assert [each.verdict for each in listed_again(feed, ALIAS, look())] == [Verdict.NOT_ENOUGH]
    assert feed.pages == 2


@pytest.mark.parametrize(
    ("weight", "expected"),
    [(60, [Verdict.NOT_ENOUGH, Verdict.SUSPECT]), (100, [Verdict.NOT_ENOUGH]), (0, [Verdict.NOT_ENOUGH])],
)
def test_what_fails_once_all_traffic_is_on_one_version_is_of_no_rollout(
    feed: Feed, clock: Clock, weight: int, expected: list[Verdict]
) -> None:
    stable_ended(feed, 600)
    for number in range(8):
        feed.started(400.0 + number, 2, "FAILED")
    clock.set(700.0)
    asked = look((0.0, 50), (350.0, weight))
    assert [each.verdict for each in listed_again(feed, ALIAS, asked)] == expected
