"""Judged by its executions: what each verdict leads to, by which policy, and that a restart changes none."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from sfn_rollouts.analysis import Judgement
from sfn_rollouts.api.analysis import AnalysisStatus, Source, Verdict, WeightSince
from sfn_rollouts.api.resource import parse_spec
from sfn_rollouts.api.status import Intent, Outcome, Phase, Status
from sfn_rollouts.core.announce import announcements
from sfn_rollouts.core.judges.analysis import BLIND_AFTER_S
from sfn_rollouts.core.judges.table import JUDGES
from sfn_rollouts.core.values.analysis import AnalysisReading
from sfn_rollouts.core.values.conditions import condition
from sfn_rollouts.core.values.executions import ExecutionReading
from sfn_rollouts.core.values.looks import ForecastAnalysis, JudgeExecutions
from sfn_rollouts.core.values.readings import Trouble
from sfn_rollouts.core.values.routing import Routing
from tests.core.world import World

HALF = {"steps": [{"setWeight": 50}, {"pause": {"duration": "30m"}}]}
TWO_STEPS = {"steps": [{"setWeight": 10}, {"pause": {"duration": "10m"}}, {"setWeight": 50}, {"pause": {}}]}
GATE = {"steps": [{"setWeight": 50}, {"pause": {}}]}
BUSY = 1200.0  # starts an hour


def world(strategy: dict[str, Any] | None = None, **analysis: Any) -> World:
    return World(strategy=strategy or HALF, analysis=analysis, bakeTime="0s")


def analysis_of(world: World) -> AnalysisStatus:
    assert world.status.analysis is not None
    return world.status.analysis


def healthy(status: Status) -> tuple[str, str]:
    found = condition(status, "AnalysisHealthy")
    assert found is not None
    return found.status.value, found.reason


def run(world: World, minutes: int) -> None:
    world.advance(60.0 * minutes)


# -- what each verdict leads to --


def test_a_worse_version_goes_back_without_any_alarm() -> None:
    it = world()
    it.has_callers(BUSY, v2=0.5)
    run(it, 20)
    assert it.alias == Routing.whole(1)
    assert it.status.history[0].outcome is Outcome.ROLLED_BACK
    assert it.status.history[0].reason == "VersionWorse"
    reported = analysis_of(it)
    assert reported.verdict is Verdict.WORSE
    assert reported.target is not None
    assert reported.stable is not None
    assert reported.message.startswith(f"target failed {reported.target.bad} of {reported.target.judged}, stable 0 of ")
    assert healthy(it.status) == ("False", "VersionWorse")


def test_the_figures_say_how_unlikely_it_is() -> None:
    it = world()
    it.has_callers(BUSY, v2=0.5)
    run(it, 20)
    reported = analysis_of(it)
    assert reported.by_chance is not None
    assert reported.needed is not None
    assert reported.by_chance <= reported.needed <= 0.01


def test_an_equal_version_is_promoted() -> None:
    it = world()
    it.has_callers(BUSY, v1=0.02, v2=0.02)
    run(it, 40)
    assert it.status.phase is Phase.SUCCEEDED
    assert analysis_of(it).verdict in (Verdict.NOT_WORSE, Verdict.NOT_ENOUGH)


def test_a_worse_version_is_held_where_the_policy_says_so() -> None:
    it = world(onWorse="Hold")
    it.has_callers(BUSY, v2=0.5)
    run(it, 40)
    assert it.status.weight == 50
    assert it.ready() == ("False", "VersionWorse")
    assert condition(it.status, "Stalled") is not None


def test_a_worse_version_is_only_reported_of_where_the_policy_says_so() -> None:
    it = world(onWorse="Ignore", onSuspect="Ignore")
    it.has_callers(BUSY, v2=0.5)
    run(it, 40)
    assert it.status.phase is Phase.SUCCEEDED
    assert healthy(it.status) == ("False", "VersionWorse")


def test_what_only_the_past_says_is_a_hold() -> None:
    it = world({"steps": [{"setWeight": 10}, {"pause": {"duration": "60m"}}]}, onWorse="Ignore")
    it.has_callers(40.0, seed=5, past_h=12.0, v2=1.0)
    run(it, 75)
    assert it.status.weight == 10
    assert it.ready() == ("False", "VersionSuspect")
    assert condition(it.status, "Stalled") is None, "the evidence may change by itself"


def test_what_is_held_is_reported_before_the_step_is_due() -> None:
    it = world(onWorse="Hold")
    it.has_callers(BUSY, v2=0.5)
    run(it, 20)
    assert "; the next step is held: target failed" in (it.status.message or "")


def test_a_person_who_has_looked_goes_on() -> None:
    it = world(onWorse="Hold")
    it.has_callers(BUSY, v2=0.5)
    run(it, 40)
    it.say("promote")
    assert it.status.last_command is not None
    assert it.status.last_command.message.startswith("going on although target failed")
    run(it, 1)
    assert it.status.phase is Phase.SUCCEEDED


def test_promote_full_is_a_person_who_has_looked() -> None:
    it = world(onWorse="Hold")
    it.has_callers(BUSY, v2=0.5)
    run(it, 40)
    it.say("promote-full")
    run(it, 1)
    assert it.status.phase is Phase.SUCCEEDED


def test_nobody_in_time_is_no_person_who_has_looked() -> None:
    it = world({"steps": [{"setWeight": 50}, {"pause": {"timeout": "30m", "onTimeout": "Continue"}}]}, onWorse="Hold")
    it.has_callers(BUSY, v2=0.5)
    run(it, 40)
    assert it.status.weight == 50
    assert it.ready() == ("False", "VersionWorse")


def test_a_hold_that_nobody_ends_goes_back_at_the_deadline() -> None:
    it = world(onWorse="Hold")
    it.has_callers(BUSY, v2=0.5)
    run(it, 100)
    assert it.status.history[0].reason == "ProgressDeadlineExceeded"
    assert it.alias == Routing.whole(1)


@pytest.mark.parametrize("hold", ["a pause", "a gate"])
def test_worse_goes_back_while_a_person_holds_it(hold: str) -> None:
    it = world(GATE if hold == "a gate" else HALF)
    it.has_callers(BUSY, v2=0.5)
    run(it, 1)
    if hold == "a pause":
        it.say("pause")
    run(it, 20)
    assert it.alias == Routing.whole(1)


# -- what cannot be read --


def test_evidence_that_cannot_be_read_is_a_hold() -> None:
    it = world()
    it.has_callers(BUSY)
    run(it, 5)
    it.troubles["executions"] = Trouble.TRANSIENT
    run(it, 40)
    assert it.status.weight == 50
    assert it.ready() == ("False", "AnalysisBlind")
    assert analysis_of(it).verdict is Verdict.BLIND
    del it.troubles["executions"]
    run(it, 2)
    assert it.status.phase is Phase.SUCCEEDED


def test_evidence_that_may_not_be_read_is_reported_at_once() -> None:
    it = world()
    it.troubles["executions"] = Trouble.DENIED
    it.has_callers(BUSY)
    run(it, 2)
    assert analysis_of(it).verdict is Verdict.BLIND
    assert "not fully guarded: the executions cannot be read" in (it.status.message or "")


def test_evidence_that_cannot_be_read_may_be_ignored() -> None:
    it = world(onBlind="Ignore")
    it.troubles["executions"] = Trouble.DENIED
    run(it, 40)
    assert it.status.phase is Phase.SUCCEEDED


def test_a_person_may_go_on_blindly() -> None:
    it = world()
    it.troubles["executions"] = Trouble.GONE
    run(it, 35)
    it.say("promote")
    run(it, 1)
    assert it.status.phase is Phase.SUCCEEDED


def test_what_could_not_be_read_a_moment_ago_is_tried_again() -> None:
    it = world()
    it.has_callers(BUSY)
    run(it, 29)
    it.troubles["executions"] = Trouble.TRANSIENT
    it.advance(61.0)
    assert it.status.weight == 50
    assert analysis_of(it).verdict is not Verdict.BLIND
    del it.troubles["executions"]
    run(it, 1)
    assert it.status.phase is Phase.SUCCEEDED


# -- what else must be known --


def test_executions_that_outlast_the_steps_are_said() -> None:
    it = world({"steps": [{"setWeight": 50}, {"pause": {"duration": "60s"}}, {"setWeight": 60}, {"pause": {}}]})
    it.has_callers(BUSY, lasts_s=90.0)
    run(it, 5)
    reported = analysis_of(it)
    assert reported.horizon == "20s"
    assert reported.message.endswith("; executions outlast the steps: each is judged after 20s; lengthen the steps")


def test_executions_that_cannot_be_are_counted() -> None:
    it = world()
    it.has_callers(BUSY)
    run(it, 5)
    assert "left out" not in analysis_of(it).message
    asleep = ExecutionReading("asleep", 2, it.now, it.now, "ASLEEP")
    backwards = ExecutionReading("backwards", 2, it.now, it.now - timedelta(seconds=9), "FAILED")
    it.aws.executions.laid_down += [asleep, backwards]
    run(it, 5)
    it.restart()
    run(it, 5)
    assert analysis_of(it).message.endswith("; executions left out, as they cannot be as AWS reported them: 2")


# -- Express machines, whose executions AWS only counts --


def test_a_worse_version_of_an_express_machine_goes_back_by_its_metrics() -> None:
    it = world()
    it.has_callers(BUSY, is_express=True, v2=0.5)
    run(it, 20)
    assert it.alias == Routing.whole(1)
    assert it.status.history[0].reason == "VersionWorse"
    reported = analysis_of(it)
    assert (reported.source, reported.horizon) == (Source.METRICS, "2m")
    assert reported.counted is not None
    assert sum(int(entry.partition("/")[2]) for entry in reported.counted.failures.split()) == reported.target.bad


def test_an_equal_version_of_an_express_machine_is_promoted() -> None:
    it = world()
    it.has_callers(BUSY, is_express=True, v1=0.02, v2=0.02)
    run(it, 40)
    assert it.status.phase is Phase.SUCCEEDED
    assert analysis_of(it).verdict in (Verdict.NOT_WORSE, Verdict.NOT_ENOUGH)


def test_restarts_change_no_verdict_by_metrics() -> None:
    def played(restarts_every_s: float) -> World:
        it = world()
        it.has_callers(BUSY, is_express=True, v1=0.05, v2=0.3)
        for _ in range(int(1500 / restarts_every_s)):
            it.advance(restarts_every_s)
            it.restart()
        return it

    undisturbed, restarted = analysis_of(played(1500.0)), analysis_of(played(25.0))
    assert undisturbed.verdict is Verdict.WORSE
    assert undisturbed.with_(since=restarted.since) == restarted, "deciding takes a moment"


@pytest.mark.parametrize("trouble", [Trouble.DENIED, Trouble.TRANSIENT])
def test_metrics_that_cannot_be_read_hold(trouble: Trouble) -> None:
    it = world(TWO_STEPS)
    it.has_callers(BUSY, is_express=True)
    run(it, 5)
    it.troubles["minutes"] = trouble
    run(it, 20)
    assert (it.status.weight, analysis_of(it).verdict) == (10, Verdict.BLIND)
    del it.troubles["minutes"]
    run(it, 10)
    assert it.status.weight == 50


# -- what a restart must not change --


@pytest.mark.parametrize("seed", range(4))
def test_restarts_change_no_verdict(seed: int) -> None:
    def played(restarts_every_s: float) -> World:
        it = world()
        it.has_callers(BUSY, seed=seed, v1=0.05, v2=0.3)
        for _ in range(int(1500 / restarts_every_s)):
            it.advance(restarts_every_s)
            it.restart()
        return it

    undisturbed, restarted = played(1500.0), played(25.0)
    assert restarted.status.history[0].reason == undisturbed.status.history[0].reason == "VersionWorse"
    one, other = analysis_of(undisturbed), analysis_of(restarted)
    assert (one.looked_at, one.target, one.stable, one.by_chance, one.needed, one.message) == (
        other.looked_at,
        other.target,
        other.stable,
        other.by_chance,
        other.needed,
        other.message,
    )


def _with_a_write_that_nobody_verified(seed: int) -> World:
    """At the second step the write takes effect as the process ends; another one comes five minutes later."""
    it = world(TWO_STEPS, durations=False, onSuspect="Ignore")
    it.has_callers(BUSY, seed=seed, v1=0.5, v2=0.5)
    run(it, 3)
    index = it.status.step_index
    assert index is not None
    it.status = it.status.with_(intent=Intent(weight=50, step_index=index + 1, at=it.now))
    it.route(Routing.split(1, 2, 50))
    it.operator_down(300.0)
    it.restart()
    return it


def _said(it: World) -> Judgement:
    return next(fact.judgement for fact in it.seen.answers.values() if isinstance(fact, AnalysisReading))


@pytest.mark.parametrize("seed", range(3))
def test_a_write_that_nobody_has_verified_is_not_judged_by_the_weight_before(seed: int) -> None:
    it = _with_a_write_that_nobody_verified(seed)
    assert [since.weight for since in analysis_of(it).weights] == [10, 50]
    first = _said(it)
    it.restart()
    assert _said(it) == first
    assert it.status.trip is None


def test_a_write_that_aws_refuses_hides_no_worse_version() -> None:
    it = world(TWO_STEPS)
    it.has_callers(BUSY, v2=1.0)
    it.advance(30.0)
    it.troubles["write"] = Trouble.DENIED
    it.say("promote")
    run(it, 10)
    assert it.status.trip is not None
    assert it.status.trip.reason == "VersionWorse"


def test_one_that_was_down_finds_what_happened_meanwhile() -> None:
    it = world()
    it.has_callers(BUSY, v2=0.5)
    run(it, 2)
    it.operator_down(3600.0)
    it.restart()
    run(it, 1)
    assert it.status.history[0].reason == "VersionWorse"
    assert it.alias == Routing.whole(1)


def test_the_plan_is_that_of_the_beginning() -> None:
    it = world()
    it.has_callers(BUSY)
    run(it, 2)
    before = analysis_of(it).plan
    it.edit(strategy={"steps": [{"setWeight": 50}, {"pause": {"duration": "60m"}}]})
    run(it, 2)
    assert analysis_of(it).plan == before


# -- weights --


def test_each_write_is_dated_by_aws() -> None:
    it = World(strategy={"linear": {"increment": 40, "interval": "5m"}}, analysis={}, bakeTime="5m")
    it.has_callers(BUSY)
    run(it, 12)
    reported = analysis_of(it)
    assert [since.weight for since in reported.weights] == [40, 80, 100]
    assert reported.weights[-1].at == it.alias_date


def test_what_somebody_else_routes_is_not_judged() -> None:
    it = world()
    it.has_callers(BUSY, v2=0.0)
    run(it, 10)
    it.route(Routing.split(1, 2, 90))
    it.edit(retryToken="look again")
    it.advance(400.0)
    reported = analysis_of(it)
    assert [since.weight for since in reported.weights] == [50, None]
    assert reported.weights[-1].at == it.alias_date


def test_more_changes_than_a_status_holds_are_judged_no_more() -> None:
    it = world()
    it.has_callers(BUSY)
    run(it, 2)
    begun = analysis_of(it)
    changes = tuple(
        WeightSince(at=begun.weights[0].at + timedelta(seconds=number), weight=50 - number % 2) for number in range(100)
    )
    it.status = it.status.with_(analysis=begun.with_(weights=changes))
    it.route(Routing.split(1, 2, 90))
    it.advance(400.0)
    weights = analysis_of(it).weights
    assert (len(weights), weights[0]) == (100, changes[0])
    assert weights[99] == changes[99].with_(weight=None)


# -- promoteEarly, requireNotWorse --


def test_not_worse_ends_the_wait_where_the_policy_says_so() -> None:
    it = world(promoteEarly=True, margin="10%")
    it.has_callers(BUSY, v1=0.01, v2=0.01)
    run(it, 25)
    assert it.status.phase is Phase.SUCCEEDED
    assert analysis_of(it).verdict is Verdict.NOT_WORSE


def test_not_worse_ends_no_wait_for_a_person() -> None:
    it = world(GATE, promoteEarly=True, margin="10%")
    it.has_callers(BUSY)
    run(it, 60)
    assert analysis_of(it).verdict is Verdict.NOT_WORSE
    assert it.status.weight == 50


def test_not_enough_holds_the_last_step_where_the_policy_says_so() -> None:
    it = world(requireNotWorse=True)
    it.has_callers(20.0)
    run(it, 40)
    assert it.status.weight == 50
    assert it.ready() == ("False", "AnalysisNotEnough")
    it.say("promote")
    run(it, 1)
    assert it.status.phase is Phase.SUCCEEDED


def test_promote_full_needs_no_evidence() -> None:
    it = world(requireNotWorse=True)
    it.has_callers(20.0)
    run(it, 1)
    it.say("promote-full")
    run(it, 1)
    assert it.status.phase is Phase.SUCCEEDED


def test_what_is_required_holds_no_step_before_the_last() -> None:
    it = world({"steps": [{"setWeight": 10}, {"pause": {"duration": "5m"}}, {"setWeight": 50}, {"pause": {}}]},
               requireNotWorse=True)  # fmt: skip
    it.has_callers(20.0)
    run(it, 6)
    assert it.status.weight == 50


# -- what is reported, and when --


def test_what_the_plan_can_notice_is_reported_before_traffic_moves() -> None:
    it = world()
    it.raw["paused"] = True
    it.has_callers(40.0, past_h=24.0)
    it.edit(paused=None)
    assert any(status.analysis is not None and status.weight is None for status in it.statuses)
    forecast = analysis_of(it).forecast
    assert forecast is not None
    assert (forecast.starts_per_hour, forecast.noticed.always, forecast.noticed.twentieth) == (40.0, 99, 5)
    assert forecast.message == "this plan notices much"


def test_a_forecast_that_cannot_be_made_holds_nothing() -> None:
    it = world(onBlind="Ignore")
    it.troubles["executions"] = Trouble.DENIED
    it.settle()
    assert it.status.weight == 50
    assert analysis_of(it).forecast is None


def test_the_figures_are_renewed_once_a_minute() -> None:
    it = world()
    it.has_callers(BUSY)
    run(it, 20)
    reported = [status.analysis.looked_at for status in it.statuses if status.analysis and status.analysis.looked_at]
    distinct = sorted(set(reported))
    assert all(later - earlier >= timedelta(seconds=60) for earlier, later in pairwise(distinct))
    assert len(distinct) >= 15


def test_without_analysis_there_is_no_condition_and_no_look() -> None:
    it = World(strategy=HALF)
    run(it, 5)
    assert condition(it.status, "AnalysisHealthy") is None
    assert it.status.analysis is None
    assert not any(isinstance(look, JudgeExecutions | ForecastAnalysis) for look in it.seen.answers)


def test_what_is_no_longer_asked_for_is_not_reported() -> None:
    it = world()
    it.has_callers(BUSY)
    run(it, 5)
    it.edit(analysis=None)
    assert it.status.analysis is None
    assert condition(it.status, "AnalysisHealthy") is None


def test_a_new_alias_is_judged_by_nobody() -> None:
    it = World(alias=None, strategy=HALF, analysis={})
    run(it, 1)
    assert it.status.phase is Phase.SUCCEEDED


# -- what is announced --


def said(it: World) -> list[tuple[str, bool]]:
    """Reason of each announcement about the judge, and whether it warns."""
    found = [
        news
        for before, after in pairwise([Status(), *it.statuses])
        for news in announcements(before, after)
        if news.reason in _OF_THE_JUDGE
    ]
    return [(str(news.reason), news.is_warning) for news in found]


_OF_THE_JUDGE = {"VersionWorse", "VersionSuspect", "AnalysisBlind", "AnalysisNotEnough", "VersionNotWorse"}


def test_each_change_of_the_verdict_is_announced_once() -> None:
    it = world(onWorse="Ignore", margin="10%")
    it.has_callers(BUSY, v2=0.5)
    run(it, 20)
    assert said(it) == [("VersionSuspect", True), ("VersionWorse", True)]


def test_what_sends_it_back_is_announced_as_an_alarm_is() -> None:
    """When it goes back, and when it has gone."""
    it = world(onSuspect="Ignore")
    it.has_callers(BUSY, v2=0.5)
    run(it, 20)
    assert [reason for reason, _ in said(it)].count("VersionWorse") == 2


def test_good_news_is_no_warning() -> None:
    it = world(margin="10%")
    it.has_callers(BUSY)
    run(it, 25)
    assert said(it) == [("VersionNotWorse", False)]


def test_that_the_evidence_is_back_is_said_and_is_no_warning() -> None:
    it = world(onBlind="Ignore", margin="0.1%")
    it.has_callers(BUSY)
    it.troubles["executions"] = Trouble.DENIED
    run(it, 5)
    it.troubles.clear()
    run(it, 10)
    assert said(it) == [("AnalysisBlind", True), ("AnalysisNotEnough", False)]
    assert [words for words in messages(it) if words.startswith("no longer Blind: target failed 0 of ")]


def test_that_nobody_could_ever_judge_it_is_said_though_nothing_waits_for_it() -> None:
    it = world(onBlind="Ignore")
    it.troubles["executions"] = Trouble.DENIED
    run(it, 5)
    assert said(it) == [("AnalysisBlind", True)]


def test_what_was_said_of_the_version_before_is_not_taken_back() -> None:
    it = world(onSuspect="Ignore")
    it.has_callers(BUSY, v2=0.5)
    run(it, 20)
    before = len(said(it))
    it.edit(version=3)
    run(it, 3)
    assert it.status.is_in_flight
    assert said(it)[before:] == []


def messages(it: World) -> list[str]:
    """Every announcement, as people read it."""
    return [
        news.message for before, after in pairwise([Status(), *it.statuses]) for news in announcements(before, after)
    ]


def test_a_reading_that_nobody_renews_for_three_looks_is_none() -> None:
    it = world()
    run(it, 5)
    [judge] = [each for each in JUDGES if each.condition == "AnalysisHealthy"]
    [reading] = [fact for fact in it.seen.answers.values() if isinstance(fact, AnalysisReading)]
    spec, blind_from = parse_spec(it.raw), reading.next_at + timedelta(seconds=BLIND_AFTER_S)

    def verdict(now: datetime) -> tuple[str, str]:
        said = judge.judge(spec, it.status, it.seen, now).remembered["analysis"]
        return said.verdict, said.message

    assert verdict(blind_from - timedelta(seconds=1))[0] != "Blind"
    assert verdict(blind_from) == ("Blind", "the executions have not been read for three looks")
