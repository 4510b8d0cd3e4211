"""The source of judgements: pages read and taken once each, looks on AWS's clock, and nothing lost in between."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

import pytest

from sfn_rollouts.analysis import LOOK_EVERY_S, Policy, Verdict
from sfn_rollouts.api.status import Status
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.executions import ExecutionPage
from sfn_rollouts.core.values.looks import ForecastAnalysis, JudgeExecutions
from sfn_rollouts.engine.evidence.listing import PAGES_A_JOB
from sfn_rollouts.engine.sources.forecasts import forecasts_source
from sfn_rollouts.engine.sources.judging import (
    FORGOTTEN_AFTER_S,
    GIVEN_UP_S,
    ExecutionsJudge,
    judged_again,
    judging_source,
)
from sfn_rollouts.errors import Conflict, Transient
from sfn_rollouts.ports import LARGEST_PAGE, Lane, Urgency
from tests.engine.listed import ALIAS, BEGAN, PLAN, Clock, Feed, look


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def feed(clock: Clock) -> Feed:
    return Feed(clock)


@pytest.fixture
def judge(feed: Feed, clock: Clock) -> ExecutionsJudge:
    return ExecutionsJudge(feed, clock)


def ask(judge: ExecutionsJudge, asked: JudgeExecutions | None = None):
    return judge.answer(ALIAS, asked or look(), Urgency.BACKGROUND)


def split_traffic(feed: Feed, count: int, *, bad: Collection[int] = ()) -> None:
    """One a second from the 10th on, in turn on both versions."""
    for number in range(count):
        version = 1 + number % 2
        feed.started(10.0 + number, version, "FAILED" if version in bad else "SUCCEEDED")


# -- looks --


def test_a_look_is_made_when_aws_says_that_it_is_time(judge: ExecutionsJudge, feed: Feed, clock: Clock) -> None:
    split_traffic(feed, 100)
    clock.set(59.0)
    reading = ask(judge)
    assert (reading.looked_at, reading.next_at) == (
        BEGAN + timedelta(seconds=30),
        BEGAN + timedelta(seconds=60),
    )
    clock.set(60.0)
    assert ask(judge).looked_at == BEGAN + timedelta(seconds=60)


def test_a_clock_of_ours_that_is_ahead_judges_nothing_too_early(
    judge: ExecutionsJudge, feed: Feed, clock: Clock
) -> None:
    split_traffic(feed, 100)
    feed.skew = timedelta(seconds=-50)
    clock.set(100.0)
    reading = ask(judge)
    assert reading.looked_at == BEGAN + timedelta(seconds=30)
    assert reading.next_at == BEGAN + timedelta(seconds=110), "by our clock"


@pytest.mark.parametrize("late_s", [0.0, 0.2, 0.9])
def test_each_look_is_one_reading_although_aws_tells_whole_seconds(
    judge: ExecutionsJudge, feed: Feed, clock: Clock, late_s: float
) -> None:
    """The first write was at .700; answers say the second in which they were made."""
    asked, fraction = look((0.7, 50)), timedelta(seconds=late_s)
    clock.moment = asked.began_at + timedelta(seconds=3) + fraction
    looked_at = []
    for _ in range(4):
        feed.skew = -timedelta(microseconds=clock.moment.microsecond)
        reading = ask(judge, asked)
        looked_at.append((reading.looked_at - asked.began_at).total_seconds())
        clock.moment = reading.next_at
    assert looked_at == [0.0, 30.0, 60.0, 90.0]


def test_looks_that_were_missed_are_made_up(feed: Feed, clock: Clock) -> None:
    split_traffic(feed, 300, bad=[2])
    often, late = ExecutionsJudge(feed, clock), ExecutionsJudge(feed, clock)
    for seconds in range(30, 331, 30):
        clock.set(seconds)
        last = ask(often)
    assert ask(late).judgement == last.judgement
    assert last.judgement.verdict is Verdict.WORSE


def test_what_runs_is_taken_again_when_it_has_ended(judge: ExecutionsJudge, feed: Feed, clock: Clock) -> None:
    feed.started(20.0, 2, "FAILED", lasts_s=4.0)
    clock.set(22.0)
    ask(judge)
    clock.set(90.0)
    judgement = ask(judge).judgement
    assert (judgement.target.started, judgement.target.judged, judgement.target.bad) == (1, 1, 1)
    clock.set(120.0)
    assert ask(judge).judgement.target == judgement.target, "counted once"


def test_each_look_reads_no_further_back_than_what_may_have_changed(
    judge: ExecutionsJudge, feed: Feed, clock: Clock
) -> None:
    feed.page_size = 10
    split_traffic(feed, 80)
    clock.set(90.0)
    ask(judge)
    feed.pages = 0
    clock.set(120.0)
    ask(judge)
    assert feed.pages <= 6, "80 executions are 8 pages"


def test_a_look_asks_for_twice_as_many_as_it_will_need(judge: ExecutionsJudge, feed: Feed, clock: Clock) -> None:
    """From the second on, although the first one comes when few have started since the first write."""
    for number in range(-1500, 900):
        feed.started(number / 5, 1 + number % 2)
    for seconds in (3, 30, 60, 90, 120):
        clock.set(seconds)
        ask(judge)
    assert feed.limits == [1000, 1000, 652, 652, 652, 652], "five a second, of the last minute and five seconds"


def test_an_answer_that_is_quicker_than_the_last_one_is_not_asked_for_too_soon(
    judge: ExecutionsJudge, feed: Feed, clock: Clock
) -> None:
    """AWS's time is that of its answer: one that took two seconds is for a time two seconds after the question."""
    answered = feed.page

    def takes_two_seconds(alias: AliasArn, token: str | None, limit: int) -> ExecutionPage:
        clock.moment += timedelta(seconds=2)
        return answered(alias, token, limit)

    feed.page = takes_two_seconds
    clock.set(61.0)
    reading = ask(judge)
    feed.page = answered
    clock.moment = reading.next_at
    assert ask(judge).looked_at == BEGAN + timedelta(seconds=90)


# -- what is left out --


def test_starts_just_after_a_write_are_left_out(judge: ExecutionsJudge, feed: Feed, clock: Clock) -> None:
    for at_s in (9.9, 10.0, 109.0, 110.0, 119.0, 120.0):
        feed.started(at_s, 2)
    clock.set(300.0)
    judgement = ask(judge, look((0.0, 50), (110.0, 60))).judgement
    assert judgement.target.judged == 3, "at 10, 109 and 120 s"


def test_starts_under_a_weight_of_somebody_else_are_left_out(judge: ExecutionsJudge, feed: Feed, clock: Clock) -> None:
    for at_s in (50.0, 150.0, 250.0):
        feed.started(at_s, 2)
    clock.set(400.0)
    judgement = ask(judge, look((0.0, 50), (100.0, None), (200.0, 50))).judgement
    assert judgement.target.judged == 2


@pytest.mark.parametrize(("version", "status"), [(3, "SUCCEEDED"), (None, "SUCCEEDED"), (2, "ASLEEP")])
def test_what_is_of_neither_version_or_of_no_status_is_left_out(
    judge: ExecutionsJudge, feed: Feed, clock: Clock, version: int, status: str
) -> None:
    feed.started(20.0, version, status)
    clock.set(120.0)
    assert ask(judge).judgement.target.started == 0


def test_what_was_bad_stays_bad_when_it_is_redriven_even_after_a_restart(
    judge: ExecutionsJudge, feed: Feed, clock: Clock
) -> None:
    feed.started(20.0, 2, "FAILED")
    clock.set(90.0)
    assert ask(judge).judgement.target.bad == 1
    feed.executions[0] = feed.executions[0]._replace(ended_at=None, status="RUNNING", is_redriven=True)
    clock.set(120.0)
    for process in (judge, ExecutionsJudge(feed, clock)):
        assert ask(process).judgement.target.bad == 1
    feed.executions[0] = feed.executions[0]._replace(ended_at=clock.now(), status="SUCCEEDED")
    clock.set(150.0)
    for process in (judge, ExecutionsJudge(feed, clock)):
        assert ask(process).judgement.target.bad == 1


# -- pages --


def test_more_than_a_job_may_read_is_read_by_the_next_one(judge: ExecutionsJudge, feed: Feed, clock: Clock) -> None:
    feed.page_size = 10
    split_traffic(feed, 10 * PAGES_A_JOB + 50)
    clock.set(200.0)
    with pytest.raises(Transient, match=f"^{10 * PAGES_A_JOB} executions have been read, and there are more$"):
        ask(judge)
    assert ask(judge).judgement.target.started == 75
    assert feed.pages == PAGES_A_JOB + 5


def test_a_call_that_fails_is_gone_on_from(judge: ExecutionsJudge, feed: Feed, clock: Clock) -> None:
    feed.page_size = 10
    split_traffic(feed, 50)
    clock.set(100.0)
    ask(ExecutionsJudge(feed, clock))
    in_one_go, feed.pages = feed.pages, 0
    feed.fails = []
    first = feed.page

    def fails_once(alias: AliasArn, token: str | None, limit: int) -> ExecutionPage:
        if feed.pages == 2:
            feed.page = first
            raise Transient("throttled")
        return first(alias, token, limit)

    feed.page = fails_once
    with pytest.raises(Transient, match="throttled"):
        ask(judge)
    ask(judge)
    assert feed.pages == in_one_go


def test_a_token_that_has_expired_begins_again(judge: ExecutionsJudge, feed: Feed, clock: Clock) -> None:
    split_traffic(feed, 50)
    clock.set(100.0)
    feed.fails = [Conflict("the token has expired")]
    with pytest.raises(Conflict):
        ask(judge)
    assert ask(judge).judgement.target.started == 25


def test_what_ended_before_is_read_as_far_as_it_says_something(
    judge: ExecutionsJudge, feed: Feed, clock: Clock
) -> None:
    feed.page_size = 500
    for number in range(4000):
        feed.started(-5000.0 + number, 1, lasts_s=2.0)
    feed.started(-5000.0, 1, "RUNNING", lasts_s=None)
    clock.set(60.0)
    reading = ask(judge, look(horizon_s=None))
    assert reading.horizon_s == 2.0
    assert feed.pages == 2, "a thousand that ended before say what is usual"


def test_a_page_of_old_running_ones_ends_the_walk(judge: ExecutionsJudge, feed: Feed, clock: Clock) -> None:
    feed.page_size = 5
    clock.set(60.0)
    ask(judge)
    for number in range(20):
        feed.started(-100.0 - number, 1, "RUNNING", lasts_s=None)
    clock.set(90.0)
    feed.pages = 0
    ask(judge)
    assert feed.pages == 1


# -- the replays --


def test_other_weights_than_those_that_were_judged_by_begin_again(
    judge: ExecutionsJudge, feed: Feed, clock: Clock
) -> None:
    split_traffic(feed, 80)
    clock.set(90.0)
    assert ask(judge, look((0.0, 50), (20.0, None))).judgement.target.judged == 5
    assert ask(judge, look((0.0, 50), (20.0, 60))).judgement.target.judged > 5


def test_one_job_at_a_time_reads_for_a_rollout(judge: ExecutionsJudge, feed: Feed, clock: Clock) -> None:
    clock.set(60.0)
    first = feed.page

    def asks_meanwhile(alias: AliasArn, token: str | None, limit: int) -> ExecutionPage:
        with pytest.raises(Transient, match=r"^its executions are being read already$"):
            ask(judge)
        return first(alias, token, limit)

    feed.page = asks_meanwhile
    ask(judge)


def test_a_job_whose_answer_never_ends_is_left_behind(judge: ExecutionsJudge, feed: Feed, clock: Clock) -> None:
    split_traffic(feed, 20)
    feed.page_size = 10
    clock.set(90.0)
    wanted, page = ask(ExecutionsJudge(feed, clock)).judgement, feed.page

    def hangs(alias: AliasArn, token: str | None, limit: int) -> ExecutionPage:
        if token is None:
            return page(alias, token, limit)
        feed.page = page
        clock.set(90.0 + GIVEN_UP_S - 1.0)
        with pytest.raises(Transient, match=r"^its executions are being read already$"):
            ask(judge)
        clock.set(90.0 + GIVEN_UP_S)
        feed.tokens.clear()
        assert ask(judge).judgement.target == wanted.target
        assert feed.tokens == [None, "10"], "what it has read is left to it"
        return page(alias, token, limit)

    feed.page = hangs
    ask(judge)
    clock.set(180.0)
    assert ask(judge).judgement.at == 180.0, "neither of the two is in the way of the next one"


@pytest.mark.parametrize(("late_s", "limit"), [(0.0, 100), (1.0, LARGEST_PAGE)])
def test_a_rollout_that_nobody_asks_about_is_forgotten(
    judge: ExecutionsJudge, feed: Feed, clock: Clock, late_s: float, limit: int
) -> None:
    """What is read again from its beginning comes in the largest pages."""
    split_traffic(feed, 20)
    clock.set(90.0)
    ask(judge)
    clock.set(90.0 + FORGOTTEN_AFTER_S + late_s)
    ask(judge, replace(look(), stable=7))
    feed.limits.clear()
    ask(judge)
    assert feed.limits == [limit]


def test_it_is_read_beside_forward_work_with_what_is_left_of_the_quota(feed: Feed, clock: Clock) -> None:
    split_traffic(feed, 20)
    clock.set(90.0)
    source = judging_source(feed, clock)
    assert source.route(Status()) == (Lane.FORWARD, Urgency.BACKGROUND)
    assert source.answer(ALIAS, look(), Urgency.BACKGROUND).judgement.target.started == 10
    assert (source.longest_pause_s, source.is_kept_at_rest) == (LOOK_EVERY_S, False)


# -- a rollout that is over --


def test_one_that_is_over_is_judged_again_as_it_was(judge: ExecutionsJudge, feed: Feed, clock: Clock) -> None:
    feed.page_size = 100
    for number in range(1500):
        feed.started(-2000.0 + number, 1)
    split_traffic(feed, 300, bad=[2])
    feed.started(400.0, 3)
    asked = look((0.0, 50), (350.0, 100))
    for seconds in range(30, 331, 30):
        clock.set(seconds)
        last = ask_until(judge, asked)
    again = list(judged_again(feed, clock, ALIAS, asked))
    assert again[-1].verdict is last.judgement.verdict is Verdict.WORSE
    assert again[-1].strongest == last.judgement.strongest


def ask_until(judge: ExecutionsJudge, asked: JudgeExecutions):
    """Until all pages have been read."""
    while True:
        try:
            return ask(judge, asked)
        except Transient:
            continue


def test_one_without_a_past_is_judged_again_too(feed: Feed, clock: Clock) -> None:
    split_traffic(feed, 20)
    clock.set(600.0)
    assert [each.verdict for each in judged_again(feed, clock, ALIAS, look())] == [Verdict.NOT_ENOUGH]


# -- the forecast --


def forecast(feed: Feed, clock: Clock):
    asked = ForecastAnalysis(PLAN, Policy(), bake_s=0.0)
    return forecasts_source(feed, clock).answer(ALIAS, asked, Urgency.BACKGROUND)


def test_the_traffic_of_the_last_day_is_what_a_forecast_stands_on(feed: Feed, clock: Clock) -> None:
    for hour in range(48):
        feed.started(-3600.0 * (hour + 0.5), 1)
    reading = forecast(feed, clock)
    assert reading.starts_per_hour == 1.0
    assert reading.forecast.always <= 5
    assert reading.message.startswith(
        "at 1 starts an hour this plan notices, of 100 rollouts of a version that always fails, "
    )


def test_of_much_traffic_some_pages_say_how_much(feed: Feed, clock: Clock) -> None:
    feed.page_size = 100
    for number in range(1000):
        feed.started(-2.0 - number, 1)
    reading = forecast(feed, clock)
    assert reading.starts_per_hour == pytest.approx(3600.0, rel=0.02)
    assert reading.forecast.always == 100


def test_without_traffic_nothing_is_noticed(feed: Feed, clock: Clock) -> None:
    reading = forecast(feed, clock)
    assert (reading.starts_per_hour, reading.forecast.always) == (0.0, 0)
