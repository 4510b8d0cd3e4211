"""The judge of one rollout: what it counts, what it says, and that only the executions decide."""

import math
import random
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfn_rollouts.analysis import Counts, Ended, Execution, Judgement, Judging, Plan, Policy, Verdict
from sfn_rollouts.analysis.durations import IN_FULL
from sfn_rollouts.analysis.failures import FAILURES_IN_FULL
from tests.analysis.rollouts import PLAN, execution, past, rollout

H = 20.0
POLICY = Policy()
LOOKS = [30.0 * look for look in range(65)]


def judged(
    executions: Iterable[Execution], policy: Policy = POLICY, before: Sequence[Execution] = ()
) -> list[Judgement]:
    judging = Judging(policy, PLAN, H, before)
    judging.take(executions)
    return [judging.look(at) for at in LOOKS]


def verdicts(judgements: Iterable[Judgement]) -> list[Verdict]:
    """Return the verdicts, each once for as long as it stands."""
    found: list[Verdict] = []
    for each in judgements:
        if not found or found[-1] is not each.verdict:
            found.append(each.verdict)
    return found


# -- what is said --


def test_a_version_that_fails_more_often_is_worse_and_stays_so() -> None:
    judgements = judged(rollout(600, 0.01, 0.3))
    found = verdicts(judgements)
    assert found[-1] is Verdict.WORSE
    first = next(each for each in judgements if each.finds(Verdict.WORSE))
    assert all(each.strongest == first.strongest for each in judgements if each.at >= first.at)
    assert first.by_chance is not None
    assert first.needed is not None
    assert first.by_chance <= first.needed
    assert first.strongest.target == first.target


def test_a_version_that_fails_as_often_is_not_worse_in_the_end() -> None:
    judgements = judged(rollout(3000, 0.02, 0.02))
    assert verdicts(judgements) == [Verdict.NOT_ENOUGH, Verdict.NOT_WORSE]
    first = next(each for each in judgements if each.verdict is Verdict.NOT_WORSE)
    assert (first.evidence or 0) >= 20


def test_a_version_that_takes_twice_as_long_is_slower_and_no_worse() -> None:
    last = judged(rollout(1500, 0.01, 0.01, slower=2.5), before=past())[-1]
    assert last.verdict is Verdict.SLOWER
    assert not last.finds(Verdict.WORSE)
    assert last.finds(Verdict.NOT_WORSE)


def test_without_durations_nothing_is_slower_and_failures_have_all_of_the_rate() -> None:
    executions = rollout(1500, 0.05, 0.05, slower=2.5)
    without, having = Judging(Policy(durations=False), PLAN, H, ()), Judging(Policy(), PLAN, H, ())
    for each in (without, having):
        each.take(executions)
    for at in LOOKS:
        assert not without.look(at).finds(Verdict.SLOWER)
        having.look(at)
    assert 0.0085 < without.spent <= 0.01
    assert having.spent <= 0.01


def test_failures_far_beyond_the_past_of_stable_are_suspect_at_once() -> None:
    failing = [execution(float(at), Ended.FAILED, target=True) for at in (1, 3)]
    judgements = judged(failing, before=past(fails=0.0))
    assert judgements[1].verdict is Verdict.SUSPECT
    suspected = judgements[1].strongest.past
    assert suspected is not None
    assert (suspected.failed, suspected.started, suspected.past_failed, suspected.past_ended) == (2, 2, 0, 500)


def test_suspect_falls_when_the_evidence_does() -> None:
    failing = [execution(float(at), Ended.FAILED, target=True, weight=1.0) for at in (1, 3)]
    fine = [execution(100.0 + at / 10, target=True, weight=1.0) for at in range(300)]
    assert verdicts(judged([*failing, *fine], before=past(fails=0.0))) == [
        Verdict.NOT_ENOUGH,
        Verdict.SUSPECT,
        Verdict.NOT_ENOUGH,
    ]


def test_at_full_traffic_there_is_nothing_to_compare_with() -> None:
    last = judged([execution(float(at), Ended.FAILED, target=True, weight=1.0) for at in range(100)])[-1]
    assert last.verdict is Verdict.NOT_ENOUGH
    assert last.target == Counts(started=100)


def test_starts_that_do_not_follow_the_weights_are_skewed() -> None:
    last = judged([execution(float(at), target=at % 2 == 0, weight=0.1) for at in range(100)])[-1]
    assert last.verdict is Verdict.SKEWED


def test_a_verdict_that_is_ignored_uncovers_the_next() -> None:
    judgement = judged(rollout(1500, 0.01, 0.3, slower=3.0), before=past())[-1]
    found = [each.verdict for each in judgement.findings]
    assert found[:2] == [Verdict.WORSE, Verdict.SLOWER]
    assert judgement.ignoring({Verdict.WORSE}).verdict is Verdict.SLOWER
    rest = judgement.ignoring(set(Verdict))
    assert [rest.verdict] == [found[-1]]
    assert rest.by_chance is None


# -- what counts --


@pytest.mark.parametrize(
    ("name", "one", "judged_and_bad"),
    [
        ("well", execution(10.0), (1, 0)),
        ("failed", execution(10.0, Ended.FAILED), (1, 1)),
        ("timed out", execution(10.0, Ended.TIMED_OUT), (1, 1)),
        ("failed at the horizon", execution(10.1, Ended.FAILED, seconds=H), (1, 1)),
        ("failed after the horizon", execution(10.0, Ended.FAILED, seconds=H + 0.001), (1, 0)),
        ("still running", execution(10.0, Ended.RUNNING), (1, 0)),
        ("aborted", execution(10.0, Ended.ABORTED), (0, 0)),
        ("aborted after the horizon", execution(10.0, Ended.ABORTED, seconds=H + 1), (1, 0)),
        ("redriven, and well in the end", execution(10.0)._replace(is_redriven=True), (1, 1)),
        ("all traffic on the target", execution(10.0, Ended.FAILED, weight=1.0), (0, 0)),
        ("no traffic on the target", execution(10.0, Ended.FAILED, weight=0.0), (0, 0)),
    ],
)
def test_an_execution_is_judged_by_what_it_was_at_the_horizon(
    name: str, one: Execution, judged_and_bad: tuple[int, int]
) -> None:
    last = judged([one])[-1]
    assert (last.stable.judged, last.stable.bad) == judged_and_bad
    assert last.stable.started == 1
    assert last.left_out == 0


@pytest.mark.parametrize(
    ("name", "impossible"),
    [
        ("ends before it starts", Execution(10.0, True, 0.1, 9.0, Ended.FAILED)),
        ("runs and has ended", Execution(10.0, True, 0.1, 11.0, Ended.RUNNING)),
        ("has ended, without a time", Execution(10.0, True, 0.1, None, Ended.SUCCEEDED)),
        ("waits for a redrive", Execution(10.0, True, 0.1, 11.0, Ended.PENDING_REDRIVE)),
        ("starts at no number", Execution(math.nan, True, 0.1, 11.0, Ended.FAILED)),
        ("starts never", Execution(math.inf, True, 0.1, None, Ended.RUNNING)),
        ("ends at no number", Execution(10.0, True, 0.1, math.nan, Ended.SUCCEEDED)),
        ("ends never", Execution(10.0, True, 0.1, math.inf, Ended.SUCCEEDED)),
        ("more than all traffic", Execution(10.0, True, 10.0, 11.0, Ended.SUCCEEDED)),
        ("no number for the weight", Execution(10.0, True, math.nan, 11.0, Ended.SUCCEEDED)),
        ("before the rollout", Execution(-10.0, True, 0.1, 11.0, Ended.SUCCEEDED)),
    ],
)
def test_what_cannot_be_is_left_out_and_counted(name: str, impossible: Execution) -> None:
    last = judged([impossible, execution(10.0)])[-1]
    assert last.left_out == 1
    assert last.target == Counts()
    assert last.stable == Counts(started=1, judged=1)


def test_aborted_executions_count_as_failed_where_the_policy_says_so() -> None:
    last = judged([execution(10.0, Ended.ABORTED)], Policy(count_aborted=True))[-1]
    assert last.stable == Counts(started=1, judged=1, bad=1)


def test_nothing_good_is_said_where_more_than_a_tenth_was_aborted() -> None:
    executions = [
        each._replace(status=Ended.ABORTED) if each.is_target and number % 5 == 0 else each
        for number, each in enumerate(rollout(3000, 0.02, 0.02))
    ]
    last = judged(executions)[-1]
    assert last.verdict is Verdict.NOT_ENOUGH
    assert last.strongest.has_too_many_aborted
    assert (last.evidence or 0) > 20


def test_an_aborted_execution_of_the_target_is_not_suspect() -> None:
    stopped = [execution(float(at), Ended.ABORTED, target=True, weight=1.0) for at in range(10)]
    assert verdicts(judged(stopped, before=past(fails=0.0))) == [Verdict.NOT_ENOUGH]
    assert Verdict.SUSPECT in verdicts(judged(stopped, Policy(count_aborted=True), before=past(fails=0.0)))


def test_an_execution_is_judged_at_the_first_look_at_which_lists_are_complete() -> None:
    """Started + horizon + 30 s: 10 + 20 + 30 = 60, and a moment later it is the look after that."""
    on_time, later = judged([execution(10.0)]), judged([execution(10.001)])
    assert [each.stable.judged for each in on_time[:4]] == [0, 0, 1, 1]
    assert [each.stable.judged for each in later[:4]] == [0, 0, 0, 1]
    assert [each.stable.started for each in on_time[:2]] == [0, 1]


@st.composite
def listings(draw: st.DrawFn) -> list[tuple[int, Execution]]:
    """Executions of all kinds in any order, each with the look that it is listed before: maybe later than it began."""
    found = []
    for _ in range(draw(st.integers(0, 40))):
        started_at = draw(st.integers(0, 900)) / 2
        status = draw(st.sampled_from([Ended.SUCCEEDED] * 3 + [Ended.FAILED, Ended.ABORTED, Ended.RUNNING]))
        one = execution(
            started_at,
            status,
            target=draw(st.booleans()),
            weight=draw(st.sampled_from([0.0, 0.1, 0.5, 1.0])),
            seconds=draw(st.sampled_from([0.5, H, 50.0])),
        )
        listed_by = math.ceil(started_at / 30) + draw(st.sampled_from([0, 0, 1, 5]))
        found.append((listed_by, one._replace(is_redriven=status is Ended.FAILED and draw(st.booleans()))))
    return found


@given(listed=listings())
def test_what_is_counted_at_each_look_can_be_counted_one_by_one(listed: list[tuple[int, Execution]]) -> None:
    judging = Judging(POLICY, PLAN, H, ())
    for look in range(25):
        judging.take(one for listed_by, one in listed if listed_by == look)
        judgement = judging.look(30.0 * look)
        for is_target, counts in ((True, judgement.target), (False, judgement.stable)):
            known = [one for listed_by, one in listed if listed_by <= look and one.is_target is is_target]
            old = [one for one in known if one.started_at + H + 30.0 <= 30.0 * look and 0.0 < one.weight < 1.0]
            by_horizon = [one.is_redriven or (one.ended_at or math.inf) - one.started_at <= H for one in old]
            ended = [one.status for one, is_known in zip(old, by_horizon, strict=True) if is_known]
            bad, aborted = ended.count(Ended.FAILED), ended.count(Ended.ABORTED)
            started = sum(one.started_at <= 30.0 * look for one in known)
            assert counts == Counts(started, len(old) - aborted, bad, aborted)


# -- what does not matter --


def same(first: Sequence[Judgement], second: Sequence[Judgement]) -> bool:
    return list(first) == list(second)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), order=st.randoms(use_true_random=False))
def test_the_order_in_which_executions_come_does_not_matter(seed: int, order: random.Random) -> None:
    rng = random.Random(seed)
    executions = list(rollout(rng.choice([20, 150]), 0.05, rng.choice([0.05, 0.4]), seed=seed))
    executions = [each._replace(started_at=float(round(each.started_at)), ended_at=None, status=Ended.RUNNING)
                  if rng.random() < 0.1 else each for each in executions]  # fmt: skip
    shuffled = order.sample(executions, len(executions))
    assert same(judged(executions, before=past(50)), judged(shuffled, before=past(50)))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), slower=st.sampled_from([1.0, 20.0]))
def test_bit_by_bit_as_it_happens_is_the_same_as_in_one_go(seed: int, slower: float) -> None:
    """Seen running, again and again, and then ended; listed by the look after it happened."""
    rng = random.Random(seed)
    executions = [
        each._replace(key=str(number))
        for number, each in enumerate(rollout(rng.choice([20, 150]), 0.05, 0.3, seed=seed, slower=slower))
    ]
    judging, judgements, done = Judging(Policy(), PLAN, H, past(50)), [], set()
    for at in LOOKS:
        begun = [each for each in executions if each.started_at <= at and each.key not in done]
        ended = [each for each in begun if each.ended_at is not None and each.ended_at <= at]
        running = [each._replace(ended_at=None, status=Ended.RUNNING) for each in begun if each not in ended]
        judging.take(rng.sample([*ended, *running], len(begun)))
        done |= {each.key for each in ended}
        judgements.append(judging.look(at))
    assert same(judgements, judged(executions, before=past(50)))


def test_what_ends_badly_after_it_was_judged_is_suspect_and_no_worse() -> None:
    judging = Judging(Policy(), PLAN, H, past(fails=0.0))
    running = [execution(float(at), Ended.RUNNING, target=True, key=str(at)) for at in range(1, 4)]
    judging.take(running)
    for at in LOOKS[:10]:
        assert judging.look(at).verdict is Verdict.NOT_ENOUGH
    judging.take(each._replace(status=Ended.FAILED, ended_at=290.0) for each in running)
    judgement = judging.look(300.0)
    assert judgement.verdict is Verdict.SUSPECT
    assert judgement.target == Counts(started=3, judged=3)


def test_what_comes_late_is_judged_at_the_next_look() -> None:
    judging = Judging(Policy(), PLAN, H, ())
    judging.look(600.0)
    judging.take([execution(10.0, Ended.FAILED)])
    assert judging.look(630.0).stable == Counts(started=1, judged=1, bad=1)


@pytest.mark.parametrize("at", [45.0, 60.0, 30.0])
def test_looks_fall_on_the_grid_and_in_order(at: float) -> None:
    judging = Judging(Policy(), PLAN, H, ())
    judging.look(60.0)
    with pytest.raises(ValueError, match=f"no look falls on {at:g} s"):
        judging.look(at)


def test_a_busy_rollout_is_sampled_and_still_judged() -> None:
    """Above 1,000 durations and 2,000 failures a share of them counts; what is counted for people is all of them."""
    executions = rollout(9000, 0.6, 0.6, seed=7)
    last = judged(executions)[-1]
    compared = [each for each in executions if each.weight < 1.0]
    assert last.stable.judged + last.target.judged == len(compared)
    assert last.stable.bad + last.target.bad == sum(each.status is Ended.FAILED for each in compared)
    assert last.stable.bad + last.target.bad > FAILURES_IN_FULL
    assert len(compared) - last.stable.bad - last.target.bad > IN_FULL
    assert not last.finds(Verdict.WORSE)
    assert not last.finds(Verdict.SLOWER)


def test_a_plan_without_steps_below_all_traffic_is_judged_without_comparison() -> None:
    judging = Judging(Policy(), Plan(()), 0.0, past())
    judging.take(execution(float(at), Ended.FAILED, target=True, weight=1.0) for at in range(20))
    assert judging.look(0.0).verdict is Verdict.NOT_ENOUGH
    assert judging.look(60.0).verdict is Verdict.SUSPECT


def test_what_is_lacking_is_said_for_the_weight_of_the_time() -> None:
    """And a step that lasts longer than planned goes on at the last weight."""
    judgements = judged([execution(10.0)])
    lacking = {each.at: each.strongest.lacking for each in judgements}
    assert (lacking[570.0] or 0) < (lacking[600.0] or 0)
    assert lacking[1170.0] == lacking[1200.0] == lacking[1920.0]
    assert Judging(Policy(), Plan(()), 0.0, ()).look(0.0).strongest.lacking is None


def test_nothing_is_worse_without_a_failure() -> None:
    """Where nothing is known yet good ends have a score too, so that few starts of the target are an alarm."""
    judging = Judging(Policy(durations=False), Plan(((0.5, 120.0),)), 0.0, ())
    judging.take(
        Execution(10.0 + 0.1 * number, number % 5 == 0, 0.5, 11.0 + 0.1 * number, Ended.SUCCEEDED)
        for number in range(40)
    )
    assert not any(judging.look(30.0 * look).finds(Verdict.WORSE) for look in range(8))
