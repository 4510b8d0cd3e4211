"""The judge of executions that are only counted: exact on failures, whoever starts versions directly."""

import random
from itertools import product

import pytest

from sfn_rollouts.analysis import Before, CountJudging, Judgement, Plan, Policy, Reported, Verdict, forecast, foresee
from sfn_rollouts.analysis.counting import Ends, Minute, minute_of, through_alias
from sfn_rollouts.analysis.failures import FailureTest
from sfn_rollouts.analysis.replay import changes_by_minute
from sfn_rollouts.analysis.values import Cohort, Split

PLAN = Plan(((0.5, 1800.0),))
NO_PAST = Before(0, 0, ())
NOTHING = Split()


def counted(at: float, stable: int = 0, target: int = 0, *, weight: float | None = 0.5, good: int = 0) -> Minute:
    """A minute with failures of each version, and as many good ends of both."""
    started = Split(stable + good, target + good)
    return Minute(at, weight, started, Split(stable, target), Split(good, good), NOTHING, is_settled=weight is not None)


def judged(minutes: list[Minute], until: float, policy: Policy | None = None, before: Before = NO_PAST) -> Judgement:
    judging = CountJudging(policy or Policy(), PLAN, before)
    judging.take(minutes)
    for look in range(int(until // 30)):
        judging.look(30.0 * look)
    return judging.look(until)


# -- what came through the alias --


@pytest.mark.parametrize(
    ("alias", "stable", "target", "expected"),
    [
        (5, 3, 2, Split(3, 2)),
        (0, 0, 0, Split(0, 0)),
        (5, 4, 2, Split(4, 1)),  # one of the six was started directly: it may have been the target's
        (5, 3, 4, Split(3, 2)),
        (0, 3, 2, Split(0, 0)),
        (5, 0, 9, Split(0, 5)),
        (5, 9, 2, Split(5, 0)),
        (5, 1, 2, Split(3, 2)),  # others of the alias are no failures of the target's
    ],
)
def test_what_may_have_been_started_directly_is_not_held_against_the_target(
    alias: int, stable: int, target: int, expected: Split
) -> None:
    assert through_alias(alias, stable, target) == expected


def test_the_target_never_gets_more_than_came_through_the_alias() -> None:
    for by_alias, directly in product(product(range(4), repeat=2), repeat=2):
        alias, stable, target = sum(by_alias), by_alias[0] + directly[0], by_alias[1] + directly[1]
        found = through_alias(alias, stable, target)
        assert found.both == alias
        assert 0 <= found.target <= by_alias[1]
        assert found.target == by_alias[1] or directly != (0, 0)


def test_a_minute_in_which_somebody_went_past_the_alias_is_not_settled() -> None:
    stable, target = Ends(3, 1, 2, 0), Ends(1, 0, 1, 1)
    clean = minute_of(0.0, 0.5, Ends(4, 1, 3, 1), stable, target, is_settled=True)
    assert clean == Minute(0.0, 0.5, Split(3, 1), Split(1, 0), Split(2, 1), Split(0, 1), is_settled=True)
    assert not minute_of(0.0, 0.5, Ends(4, 1, 3, 1), stable, target, is_settled=False).is_settled
    for alias in (Ends(5, 1, 3, 1), Ends(4, 2, 3, 1), Ends(4, 1, 4, 1), Ends(4, 1, 3, 2)):
        assert not minute_of(0.0, 0.5, alias, stable, target, is_settled=True).is_settled


# -- Worse --


def test_a_minute_is_judged_when_it_is_over_for_three_minutes() -> None:
    minutes = [counted(0.0, stable=1)]
    assert judged(minutes, 210.0).stable.bad == 0
    assert judged(minutes, 240.0).stable.bad == 1


def test_worse_is_the_tally_of_failures_alone() -> None:
    """As FailureTest without good ends says it, look by look, with all of the false alarm rate."""
    rng = random.Random(7)
    minutes = [counted(60.0 * n, rng.randrange(2), rng.randrange(3), good=50) for n in range(2, 12)]
    judging, alone, policy = CountJudging(Policy(), PLAN, NO_PAST), FailureTest(counts_good=False), Policy()
    judging.take(minutes)
    for look in range(33):
        at = 30.0 * look
        alone.take([Cohort(0.5, each.bad, NOTHING) for each in minutes if at - 30.0 < each.at + 240.0 <= at])
        cut = alone.look(policy.false_alarm_rate * PLAN.due(at))
        said = judging.look(at)
        assert (said.by_chance, said.needed) == (cut.by_chance, cut.needed)
    assert judging.spent == alone.spent > 0.0


def test_a_target_that_fails_is_worse_and_one_that_fails_as_often_is_not() -> None:
    assert judged([counted(60.0 * n, target=2) for n in range(2, 9)], 900.0).verdict is Verdict.WORSE
    assert judged([counted(60.0 * n, 2, 2) for n in range(2, 9)], 900.0).verdict is not Verdict.WORSE


def test_no_difference_is_called_worse_in_one_rollout_of_a_hundred_at_most() -> None:
    """Failures come in bursts of both versions, as outages do; labels are fair coins."""
    rng, alarms, runs = random.Random(11), 0, 400
    for _ in range(runs):
        minutes = []
        for number in range(2, 30):
            failures = rng.choice((0, 0, 1, 3, 20))
            on_target = sum(rng.random() < 0.5 for _ in range(failures))
            minutes.append(counted(60.0 * number, failures - on_target, on_target))
        judging = CountJudging(Policy(false_alarm_rate=0.05), PLAN, NO_PAST)
        judging.take(minutes)
        alarms += any(judging.look(30.0 * look).finds(Verdict.WORSE) for look in range(61))
    assert alarms <= 32, "5 % of 400, and 2.8 standard deviations"


@pytest.mark.parametrize("weight", [None, 0.0, 1.0])
def test_a_minute_without_a_comparable_weight_is_not_judged(weight: float | None) -> None:
    said = judged([counted(60.0 * n, target=9, weight=weight) for n in range(2, 9)], 900.0)
    assert said.verdict is Verdict.NOT_ENOUGH
    assert (said.target.started, said.target.judged) == (63, 0)


def test_above_two_thousand_failures_every_second_minute_is_enough() -> None:
    minutes = [counted(60.0 * n, 600, 600) for n in range(2, 6)]
    half = [*minutes, counted(480.0, target=40)]
    assert judged(half, 900.0).verdict is Verdict.NOT_ENOUGH
    assert judged([*half, counted(540.0, target=400)], 900.0).verdict is Verdict.WORSE


@pytest.mark.parametrize("counts", [True, False])
def test_aborted_ones_count_as_failures_where_it_is_asked_for(counts: bool) -> None:
    stopped = Minute(120.0, 0.5, Split(9, 9), NOTHING, NOTHING, Split(0, 9))
    said = judged([stopped], 900.0, Policy(count_aborted=counts))
    assert (said.target.bad, said.target.aborted) == ((9, 0) if counts else (0, 9))
    assert said.verdict is (Verdict.WORSE if counts else Verdict.NOT_ENOUGH)


def test_slower_is_no_verdict_of_counts() -> None:
    assert judged([counted(120.0, good=500)], 900.0).finds(Verdict.SLOWER) is False


# -- the other verdicts --


def test_what_ends_well_in_settled_minutes_shows_that_the_target_is_not_worse() -> None:
    minutes = [counted(60.0 * n, good=40) for n in range(2, 9)]
    assert judged(minutes, 900.0).verdict is Verdict.NOT_WORSE
    loose = [Minute(each.at, 0.5, each.started, each.bad, each.good, NOTHING, is_settled=False) for each in minutes]
    assert judged(loose, 900.0).verdict is Verdict.NOT_ENOUGH


def test_a_target_that_fails_more_often_than_stable_ever_did_is_suspect_at_once() -> None:
    minutes = [counted(0.0, target=6, weight=None)]
    assert judged(minutes, 300.0, before=Before(500, 1, ())).verdict is Verdict.SUSPECT
    assert judged(minutes, 300.0).verdict is Verdict.NOT_ENOUGH, "nobody knows how often stable fails"


def test_more_ends_than_starts_are_not_suspect() -> None:
    """They had started before the first minute that counts."""
    ends = Minute(0.0, None, Split(0, 1), NOTHING, Split(0, 30), Split(0, 2))
    assert judged([ends], 300.0, before=Before(500, 1, ())).verdict is Verdict.NOT_ENOUGH


def test_a_split_that_the_weights_do_not_explain_is_skewed_if_nobody_went_past_the_alias() -> None:
    lopsided = [Minute(60.0 * n, 0.5, Split(1, 30), NOTHING, NOTHING, NOTHING, is_settled=True) for n in range(2, 6)]
    assert judged(lopsided, 900.0).verdict is Verdict.SKEWED
    loose = [Minute(each.at, 0.5, each.started, NOTHING, NOTHING, NOTHING) for each in lopsided]
    assert judged(loose, 900.0).verdict is Verdict.NOT_ENOUGH


# -- looks --


def test_minutes_may_come_bit_by_bit_and_in_any_order() -> None:
    minutes = [counted(60.0 * n, target=n % 3, good=5) for n in range(2, 9)]
    one, other = CountJudging(Policy(), PLAN, NO_PAST), CountJudging(Policy(), PLAN, NO_PAST)
    one.take(reversed(minutes))
    for look in range(31):
        due = [each for each in minutes if 30.0 * (look - 1) < each.at + 240.0 <= 30.0 * look]
        other.take(due)
        assert one.look(30.0 * look) == other.look(30.0 * look)


@pytest.mark.parametrize("at", [15.0, 30.0])
def test_each_look_falls_on_the_grid_and_is_made_once(at: float) -> None:
    judging = CountJudging(Policy(), PLAN, NO_PAST)
    judging.look(30.0)
    with pytest.raises(ValueError, match="no look falls on"):
        judging.look(at)


def test_a_rollout_that_is_over_is_judged_again() -> None:
    minutes = [counted(60.0 * n, target=2) for n in range(2, 9)]
    said = list(changes_by_minute(Policy(), PLAN, NO_PAST, minutes))
    assert [each.verdict for each in said] == [Verdict.NOT_ENOUGH, Verdict.WORSE]
    late = [counted(60.0 * n, target=2) for n in range(60, 69)]
    assert [each.verdict for each in changes_by_minute(Policy(), PLAN, NO_PAST, late)][-1] is Verdict.WORSE


# -- forecast --


def test_counts_notice_less_and_later_than_lists() -> None:
    short = Plan(((0.5, 300.0),))
    policy = Policy(durations=False)
    listed = forecast(short, policy, 600.0)
    by_counts = forecast(short, policy, 600.0, reported=Reported.COUNTED)
    assert by_counts.half < listed.half
    foreseen = foresee(short, policy, 600.0, bake_s=0.0, reported=Reported.COUNTED)
    assert foreseen.better is not None
    [(_, seconds)] = foreseen.better[0].steps
    assert seconds >= 330.0 + 250 / 600 * 3600
    assert foreseen.better[1].fifth > by_counts.fifth
