"""Express machines are judged by what CloudWatch counts: each minute once, and the same after a restart."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from sfn_rollouts.acting import acting_for
from sfn_rollouts.analysis import Plan, Policy, Verdict
from sfn_rollouts.api.analysis import MOST_FAILURES_KEPT, CountedFailures, Source
from sfn_rollouts.core.values.analysis import AnalysisReading
from sfn_rollouts.core.values.arn import AliasArn, Place, StateMachineArn
from sfn_rollouts.core.values.executions import Counted, CountedMinutes, ExecutionPage, ExecutionReading
from sfn_rollouts.core.values.identity import Caller, Identity
from sfn_rollouts.core.values.looks import ForecastAnalysis, JudgeExecutions
from sfn_rollouts.engine.evidence import counting, shared_counts
from sfn_rollouts.engine.evidence.shared_counts import SharedCounts
from sfn_rollouts.engine.sources.forecasts import forecasts_source
from sfn_rollouts.engine.sources.judging import ExecutionsJudge, judged_again
from sfn_rollouts.errors import Denied, Gone, PortError, Transient
from sfn_rollouts.ports import LARGEST_PAGE, Urgency
from sfn_rollouts.sim.executions import Executions
from tests.engine.listed import ALIAS, Clock

BEGAN = datetime(2026, 11, 21, 12, 0, 20, tzinfo=UTC)
OTHER = StateMachineArn.parse("arn:aws:states:eu-west-1:123456789012:stateMachine:Bills").alias("live")
PLAN = Plan(((0.5, 1800.0),))


class Feed:
    """Executions of Express machines, as CloudWatch counts them. `skew`: AWS's clock is ahead of ours by so much."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.skew = timedelta()
        self.of = {machine: self._executions() for machine in (ALIAS.machine, OTHER.machine)}
        self.calls: list[tuple[frozenset[Counted], datetime]] = []
        self.refuses: dict[StateMachineArn, PortError] = {}

    def _executions(self) -> Executions:
        executions = Executions(lambda: self.clock.now() + self.skew)
        executions.is_express = True
        return executions

    def ended(self, at_s: float, version: int, status: str = "FAILED", *, directly: bool = False) -> None:
        executions = self.of[ALIAS.machine]
        found = executions.past_the_alias if directly else executions.laid_down
        at = BEGAN + timedelta(seconds=at_s)
        found.append(ExecutionReading(f"e{len(found)}", version, at - timedelta(seconds=1), at, status))

    def page(self, alias: AliasArn, token: str | None, limit: int = LARGEST_PAGE) -> ExecutionPage:
        return self.of[alias.machine].page(token, limit)

    def minutes(self, place: Place, wanted: Collection[Counted], since: datetime) -> CountedMinutes:
        assert place == ALIAS.machine.place
        self.calls.append((frozenset(wanted), since))
        for machine in {each.machine for each in wanted}:
            if machine in self.refuses:
                raise self.refuses[machine]
        found = [
            self.of[machine].minutes([each for each in wanted if each.machine == machine], since)
            for machine in sorted({each.machine for each in wanted}, key=str)
        ]
        return CountedMinutes({each: counts for part in found for each, counts in part.minutes.items()}, found[0].as_of)


@pytest.fixture
def clock() -> Clock:
    return Clock(BEGAN)


@pytest.fixture
def feed(clock: Clock) -> Feed:
    return Feed(clock)


@pytest.fixture
def judge(feed: Feed, clock: Clock) -> ExecutionsJudge:
    return ExecutionsJudge(feed, clock)


def look(*weights: tuple[float, int | None], horizon_s: float | None = None) -> JudgeExecutions:
    changes = tuple((BEGAN + timedelta(seconds=at_s), weight) for at_s, weight in weights or ((0.0, 50),))
    return JudgeExecutions(1, 2, PLAN, Policy(), horizon_s, changes)


def ask(judge: ExecutionsJudge, asked: JudgeExecutions | None = None, alias: AliasArn = ALIAS) -> AnalysisReading:
    return judge.answer(alias, asked or look(), Urgency.BACKGROUND)


def fails_on_target(feed: Feed) -> None:
    """Twice a minute from the third one on."""
    for number in range(60):
        feed.ended(150.0 + 30.0 * number, 2)


# -- minutes and looks --


def test_a_version_that_fails_is_worse_once_its_minutes_are_complete(
    judge: ExecutionsJudge, feed: Feed, clock: Clock
) -> None:
    fails_on_target(feed)
    clock.set(400.0)
    reading = ask(judge)
    assert (reading.judgement.verdict, reading.source) == (Verdict.NOT_ENOUGH, Source.METRICS)
    assert (reading.read_at, reading.looked_at) == (clock.now(), BEGAN + timedelta(seconds=390))
    clock.set(900.0)
    reading = ask(judge)
    assert reading.judgement.verdict is Verdict.WORSE
    assert reading.judgement.target.bad == 18
    assert reading.horizon_s == 120.0


def test_it_is_read_again_when_the_next_minute_is_complete(judge: ExecutionsJudge, feed: Feed, clock: Clock) -> None:
    """The first minute begins 20 s before the write, and is complete four minutes later: the next look is at 240 s."""
    for now, due in ((5.0, 240.0), (225.0, 240.0), (240.0, 300.0), (299.0, 300.0), (305.0, 360.0)):
        clock.set(now)
        assert ask(judge).next_at == BEGAN + timedelta(seconds=due)


@pytest.mark.parametrize("behind_s", [1, 29, 50])
def test_before_the_first_write_there_is_nothing_to_say(
    judge: ExecutionsJudge, feed: Feed, clock: Clock, behind_s: int
) -> None:
    feed.skew = timedelta(seconds=-10 - behind_s)
    clock.set(10.0)
    with pytest.raises(Transient, match=r"^AWS's clock is behind the rollout's first write$"):
        ask(judge)


@pytest.mark.parametrize("skew_s", [-600.0, 600.0])
def test_minutes_are_complete_by_the_clock_of_aws(
    judge: ExecutionsJudge, feed: Feed, clock: Clock, skew_s: float
) -> None:
    fails_on_target(feed)
    feed.skew = timedelta(seconds=skew_s)
    for seconds in range(390, 931, 60):
        clock.set(seconds - skew_s)
        reading = ask(judge)
    assert reading.judgement.verdict is Verdict.WORSE
    assert reading.looked_at == BEGAN + timedelta(seconds=930)


def test_nothing_is_judged_just_after_a_change_of_the_weight(judge: ExecutionsJudge, feed: Feed, clock: Clock) -> None:
    for at_s in (110.0, 165.0, 270.0, 410.0, 465.0):
        feed.ended(at_s, 2)
    clock.set(1000.0)
    assert ask(judge, look((0.0, 10), (300.0, 50))).judgement.target.bad == 3, "at 165, 270 and 465 s"
    assert ask(judge, look((0.0, 10), (300.0, 50), horizon_s=200.0)).judgement.target.bad == 1, "at 270 s"


def test_minutes_under_a_weight_of_somebody_else_are_left_out(judge: ExecutionsJudge, feed: Feed, clock: Clock) -> None:
    for at_s in (170.0, 400.0):
        feed.ended(at_s, 2)
    clock.set(1000.0)
    assert ask(judge, look((0.0, 50), (300.0, None))).judgement.target.bad == 1


def test_a_minute_is_judged_by_the_weight_that_was_in_force_all_the_time(
    judge: ExecutionsJudge, feed: Feed, clock: Clock
) -> None:
    """Of one that was set from 12:00:00 to 12:05:00, those of 12:02 and 12:04 are the first and the last one."""
    for at_s in (70.0, 130.0, 250.0, 310.0):
        feed.ended(at_s, 2)
    clock.set(1000.0)
    assert ask(judge, look((-20.0, 10), (280.0, None))).judgement.target.bad == 2


def test_what_somebody_stopped_is_counted_by_itself(judge: ExecutionsJudge, feed: Feed, clock: Clock) -> None:
    feed.ended(165.0, 2, "ABORTED")
    feed.ended(166.0, 2)
    clock.set(1000.0)
    said = ask(judge).judgement.target
    assert (said.judged, said.bad, said.aborted) == (1, 1, 1)


def test_the_first_minute_that_is_read_counts(judge: ExecutionsJudge, feed: Feed, clock: Clock) -> None:
    feed.ended(250.0, 2)
    clock.set(450.0)
    ask(judge)
    clock.set(5000.0)
    reading = ask(judge)
    assert feed.calls[-1][1] == BEGAN.replace(second=0) + timedelta(minutes=4)
    assert reading.judgement.target.bad == 1


def test_executions_past_the_alias_are_not_held_against_the_target(
    judge: ExecutionsJudge, feed: Feed, clock: Clock
) -> None:
    for number in range(60):
        feed.ended(150.0 + 30.0 * number, 2, directly=True)
    clock.set(900.0)
    said = ask(judge).judgement
    assert (said.verdict, said.target.bad, said.target.started) == (Verdict.NOT_ENOUGH, 0, 0)


def test_how_often_stable_failed_before_makes_a_target_suspect(
    judge: ExecutionsJudge, feed: Feed, clock: Clock
) -> None:
    for number in range(1000):
        feed.ended(-30.0 - number, 1, "SUCCEEDED" if number != 3 else "FAILED")
    feed.ended(-5000.0, 1)
    for number in range(6):
        feed.ended(10.0 + number, 2)
    clock.set(300.0)
    said = ask(judge).judgement
    assert said.verdict is Verdict.SUSPECT
    assert said.strongest.past is not None
    assert said.strongest.past.past_failed == 1
    assert said.strongest.past.past_ended == 531, "whole minutes: of 51 and eight times 60"


def test_the_past_is_five_hundred_that_ended_before_the_first_minute(
    judge: ExecutionsJudge, feed: Feed, clock: Clock
) -> None:
    for _ in range(500):
        feed.ended(-30.0, 1, "SUCCEEDED")
    for at_s in (-90.0, 10.0):
        feed.ended(at_s, 1)
    for number in range(6):
        feed.ended(170.0 + number, 2)
    clock.set(500.0)
    past = ask(judge).judgement.strongest.past
    assert past is not None
    assert (past.past_ended, past.past_failed) == (500, 0)


def test_only_minutes_long_after_a_change_show_that_it_is_not_worse(
    judge: ExecutionsJudge, feed: Feed, clock: Clock
) -> None:
    for number in range(1050):
        feed.ended(130.0 + number / 5, 1 + number % 2, "SUCCEEDED")
    clock.set(760.0)
    reading = ask(judge)
    assert reading.judgement.verdict is Verdict.NOT_ENOUGH
    assert reading.judgement.target.judged > 400
    for number in range(1500):
        feed.ended(430.0 + number / 5, 1 + number % 2, "SUCCEEDED")
    clock.set(1100.0)
    assert ask(judge).judgement.verdict is Verdict.NOT_WORSE


# -- restarts --


def test_another_process_makes_the_same_looks_of_the_same_minutes(feed: Feed, clock: Clock) -> None:
    fails_on_target(feed)
    for number in range(20):
        feed.ended(155.0 + 90.0 * number, 1)
    steady, asked = ExecutionsJudge(feed, clock), look()
    for seconds in range(10, 1500, 60):
        clock.set(seconds)
        expected = ask(steady)
        reading = ask(ExecutionsJudge(feed, clock), asked)
        assert reading.judgement == expected.judgement
        assert reading.counted == expected.counted
        asked = replace(asked, counted=reading.counted)


def test_what_cloudwatch_adds_later_does_not_count_even_after_a_restart(
    judge: ExecutionsJudge, feed: Feed, clock: Clock
) -> None:
    feed.ended(165.0, 2)
    feed.ended(170.0, 1)
    clock.set(700.0)
    before = ask(judge)
    assert before.counted == CountedFailures(minutes=8, failures="3:2/1")
    for _ in range(20):
        feed.ended(175.0, 2)  # of a minute that has been judged
        feed.ended(500.0, 2)  # of one that has not
    clock.set(715.0)
    for process in (judge, ExecutionsJudge(feed, clock)):
        after = ask(process, replace(look(), counted=before.counted))
        assert (after.judgement.target.bad, after.judgement.stable.bad) == (1, 1)
    clock.set(780.0)
    late = ask(judge)
    assert late.counted is not None
    assert late.counted.failures == "3:2/1 8:20/20"
    again = ask(ExecutionsJudge(feed, clock), replace(look(), counted=before.counted))
    assert (again.counted, again.judgement.verdict) == (late.counted, late.judgement.verdict)
    assert (again.judgement.by_chance, again.judgement.needed) == (late.judgement.by_chance, late.judgement.needed)


def test_what_was_judged_makes_no_other_question() -> None:
    assert look() == replace(look(), counted=CountedFailures(minutes=3, failures=""))


def test_more_than_the_status_can_keep_is_said_and_not_forgotten(
    judge: ExecutionsJudge, feed: Feed, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "MOST_FAILURES_KEPT", len("3:1/1"))
    feed.ended(165.0, 2)
    feed.ended(225.0, 2)
    clock.set(420.0)
    assert ask(judge).counted == CountedFailures(minutes=4, failures="3:1/1")
    clock.set(480.0)
    with pytest.raises(Gone) as raised:
        ask(judge)
    assert raised.value.why == (
        "executions have failed in more minutes than the status can keep; the alarms still guard"
    )
    assert 24 * 60 * len("1000:1/1") < MOST_FAILURES_KEPT


# -- reading together --


def test_rollouts_of_a_place_are_read_in_one_go(judge: ExecutionsJudge, feed: Feed, clock: Clock) -> None:
    """After the first time, which reads a day of the past."""
    clock.set(250.0)
    ask(judge), ask(judge, alias=OTHER)
    feed.calls.clear()
    for seconds in (310.0, 370.0, 430.0):
        clock.set(seconds)
        assert ask(judge).next_at == ask(judge, alias=OTHER).next_at
    assert [len(wanted) for wanted, _ in feed.calls] == [3, 6, 6, 6], "nobody is known at first"


def test_who_has_not_asked_for_minutes_is_not_read_for(judge: ExecutionsJudge, feed: Feed, clock: Clock) -> None:
    for seconds in (250.0, 310.0):
        clock.set(seconds)
        ask(judge), ask(judge, alias=OTHER)
    clock.set(310.0 + shared_counts.ASKED_WITHIN_S)
    feed.calls.clear()
    ask(judge)
    assert [len(wanted) for wanted, _ in feed.calls] == [3]


def test_a_metric_that_cannot_be_read_hurts_its_own_rollout_alone(
    judge: ExecutionsJudge, feed: Feed, clock: Clock
) -> None:
    for seconds in (250.0, 310.0):
        clock.set(seconds)
        ask(judge), ask(judge, alias=OTHER)
    feed.refuses[OTHER.machine] = Denied("forbidden")
    clock.set(370.0)
    with pytest.raises(Denied):
        ask(judge, alias=OTHER)
    assert ask(judge).looked_at == BEGAN + timedelta(seconds=360)


def test_who_asks_alone_and_is_refused_is_not_read_for_twice(feed: Feed, clock: Clock) -> None:
    shared = SharedCounts(feed, clock)
    feed.refuses[ALIAS.machine] = Denied("forbidden")
    with pytest.raises(Denied, match="forbidden"):
        shared.read([Counted(ALIAS.machine, "1")], clock.now())
    assert len(feed.calls) == 1


def test_a_long_way_back_is_read_alone(judge: ExecutionsJudge, feed: Feed, clock: Clock) -> None:
    clock.set(250.0)
    ask(judge)
    clock.set(5000.0)
    ask(judge)
    assert [(len(wanted), since) for wanted, since in feed.calls] == [
        (3, BEGAN.replace(second=0) - counting.PAST),
        (3, BEGAN.replace(second=0) + timedelta(minutes=1)),
    ]


def test_a_job_waits_for_another_that_reads_but_not_for_ever(
    feed: Feed, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_counts, "WAITS_S", 0.0)
    shared = SharedCounts(feed, clock)
    wanted, heard = [Counted(ALIAS.machine, "1")], []
    first = feed.minutes

    def asks_meanwhile(place: Place, of: Collection[Counted], since: datetime) -> CountedMinutes:
        def ask_too() -> None:
            with pytest.raises(Transient, match="being read already"):
                shared.read(wanted, clock.now())
            heard.append(True)

        other = Thread(target=ask_too)
        other.start()
        other.join()
        return first(place, of, since)

    feed.minutes = asks_meanwhile
    assert wanted[0] in shared.read(wanted, clock.now())[0].minutes
    assert heard == [True]


@pytest.mark.parametrize(("back_s", "machines"), [(900.0, 2), (960.0, 1)])
def test_who_wants_no_more_than_the_last_minutes_is_read_with_the_others(
    feed: Feed, clock: Clock, back_s: float, machines: int
) -> None:
    shared = SharedCounts(feed, clock)
    clock.set(-20.0)
    shared.read([Counted(OTHER.machine, "1")], clock.now())
    clock.set(40.0)
    shared.read([Counted(ALIAS.machine, "1")], clock.now() - timedelta(seconds=back_s))
    assert len({each.machine for each in feed.calls[-1][0]}) == machines


def test_what_one_identity_may_read_is_not_handed_on_to_another(feed: Feed, clock: Clock) -> None:
    shared, wanted = SharedCounts(feed, clock), [Counted(ALIAS.machine, "1")]
    for caller in (Caller(), Caller(Identity("arn:aws:iam::123456789012:role/Tenant")), Caller()):
        with acting_for(caller):
            shared.read(wanted, clock.now())
    assert len(feed.calls) == 2


def test_a_minute_begins_with_its_first_moment() -> None:
    assert shared_counts.minute_start(datetime(2026, 11, 21, 12, 5, 59, 999_999, UTC)) == datetime(
        2026, 11, 21, 12, 5, tzinfo=UTC
    )


# -- long rollouts --


def test_after_weeks_a_restart_goes_by_what_was_kept(feed: Feed, clock: Clock) -> None:
    """CloudWatch has no minutes of the first days any more."""
    clock.set(20 * 86_400.0)
    kept = CountedFailures(minutes=20 * 1440 - 10, failures="3:1/1 20000:2/0")
    asked = replace(look((0.0, 50), (20 * 86_400.0 - 600.0, 60)), counted=kept)
    reading = ask(ExecutionsJudge(feed, clock), asked)
    assert (reading.judgement.target.bad, reading.judgement.stable.bad) == (1, 2)
    assert feed.calls[0][1] > clock.now() - timedelta(days=15)


# -- what is over, and what is to come --


def test_one_that_is_over_is_judged_again(feed: Feed, clock: Clock) -> None:
    fails_on_target(feed)
    clock.set(5000.0)
    said = list(judged_again(feed, clock, ALIAS, look((0.0, 50), (1800.0, 0))))
    assert [each.verdict for each in said] == [Verdict.NOT_ENOUGH, Verdict.WORSE]


def test_one_that_is_over_for_weeks_cannot_be_judged_again(feed: Feed, clock: Clock) -> None:
    """CloudWatch has the first minute for so long, and no moment longer."""
    clock.moment = BEGAN.replace(second=0) + shared_counts.RETAINED
    asked = look((0.0, 50), (600.0, 0))
    assert [each.verdict for each in judged_again(feed, clock, ALIAS, asked)] == [Verdict.NOT_ENOUGH]
    clock.moment += timedelta(microseconds=1)
    with pytest.raises(Gone, match="began more than 15 days ago"):
        judged_again(feed, clock, ALIAS, asked)


def has_failed_after_a_clean_past(feed: Feed, at_s: float) -> None:
    for number in range(600):
        feed.ended(-30.0 - number, 1, "SUCCEEDED")
    for number in range(6):
        feed.ended(at_s + number / 10, 2)


@pytest.mark.parametrize(
    ("weights", "failed_at_s", "last"),
    [
        (((0.0, 50), (600.0, 0)), 575.0, Verdict.SUSPECT),
        (((0.0, 50), (600.0, 0)), 585.0, Verdict.NOT_ENOUGH),
        (((0.0, 50), (90.0, 0)), 20.0, Verdict.NOT_ENOUGH),
    ],
    ids=["in its last minute", "after it", "in one that was too short"],
)
def test_one_that_is_over_is_judged_again_up_to_its_last_minute(
    feed: Feed, clock: Clock, weights: tuple[tuple[float, int], ...], failed_at_s: float, last: Verdict
) -> None:
    has_failed_after_a_clean_past(feed, failed_at_s)
    clock.set(5000.0)
    assert list(judged_again(feed, clock, ALIAS, look(*weights)))[-1].verdict is last


@pytest.mark.parametrize(("now", "last"), [(759.0, Verdict.NOT_ENOUGH), (760.0, Verdict.SUSPECT)])
def test_a_minute_is_judged_again_once_it_is_complete(feed: Feed, clock: Clock, now: float, last: Verdict) -> None:
    """That of 12:09, four minutes later."""
    has_failed_after_a_clean_past(feed, 550.0)
    clock.set(now)
    assert list(judged_again(feed, clock, ALIAS, look()))[-1].verdict is last


def test_one_without_a_minute_to_judge_is_judged_again_too(feed: Feed, clock: Clock) -> None:
    clock.set(100.0)
    assert [each.verdict for each in judged_again(feed, clock, ALIAS, look())] == [Verdict.NOT_ENOUGH]


def test_the_forecast_goes_by_counted_starts_and_notices_what_counts_can_show(feed: Feed, clock: Clock) -> None:
    for number in range(2400):
        feed.ended(-30.0 * number, 1, "SUCCEEDED")
    source = forecasts_source(feed, clock)
    reading = source.answer(ALIAS, ForecastAnalysis(PLAN, Policy(), 0.0), Urgency.BACKGROUND)
    assert 99.0 < reading.starts_per_hour <= 100.0
    assert reading.forecast.always == 100
    short = source.answer(ALIAS, ForecastAnalysis(Plan(((0.5, 300.0),)), Policy(), 0.0), Urgency.BACKGROUND)
    assert short.forecast.always == 0, "a step of five minutes is over before two of its minutes are judged"
