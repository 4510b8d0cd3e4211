"""The token bucket's arithmetic, for any order of calls."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfn_rollouts.aws.bucket import TOKEN, Level, full, kept_back, refilled, take, throttled
from sfn_rollouts.aws.quotas import Quota
from sfn_rollouts.ports import Urgency

ALIAS = Quota(capacity=100, refill_per_s=1)
SECOND = 1_000_000

unhurried = settings(deadline=None)  # a busy machine is no defect

quotas = st.builds(Quota, capacity=st.integers(1, 500), refill_per_s=st.integers(1, 50))
urgencies = st.sampled_from(Urgency)
moves = st.lists(st.tuples(st.one_of(urgencies, st.just("throttled")), st.integers(-SECOND, 400 * SECOND)), max_size=60)


def played(quota: Quota, story: list[tuple[Urgency | str, int]]) -> list[Level]:
    """The bucket after each move; a move may also come with a clock that went back."""
    now_us, levels = 0, [full(quota, 0)]
    for move, passed_us in story:
        now_us += passed_us
        if isinstance(move, Urgency):
            levels.append(take(quota, levels[-1], move, now_us)[0])
        else:
            levels.append(throttled(quota, levels[-1], now_us))
    return levels


@unhurried
@given(quotas, moves)
def test_it_never_holds_more_than_its_capacity_nor_less_than_nothing(quota: Quota, story) -> None:
    for level in played(quota, story):
        assert 0 <= level.tokens <= quota.capacity * TOKEN
        assert 0 <= level.tries <= kept_back(quota, Urgency.FORWARD)


@unhurried
@given(quotas, moves)
def test_a_rollback_is_served_while_any_token_is_left(quota: Quota, story) -> None:
    level = played(quota, story)[-1]
    _, wait_us = take(quota, level, Urgency.ROLLBACK, level.at_us)
    assert (wait_us == 0) == (level.tokens >= TOKEN or level.tries >= TOKEN)


@unhurried
@given(quotas, moves, st.sampled_from([Urgency.FORWARD, Urgency.BACKGROUND]))
def test_what_is_kept_for_the_more_urgent_is_never_taken_by_the_less_urgent(quota: Quota, story, urgency) -> None:
    before = played(quota, story)[-1]
    after, wait_us = take(quota, before, urgency, before.at_us)
    assert after.tries == refilled(quota, before, before.at_us).tries
    if wait_us == 0:
        assert after.tokens >= kept_back(quota, urgency)
        assert after.tokens == before.tokens - TOKEN
    else:
        assert after.tokens == before.tokens


@unhurried
@given(st.builds(Quota, capacity=st.integers(2, 500), refill_per_s=st.integers(1, 50)), moves, urgencies)
def test_the_wait_is_exact(quota: Quota, story, urgency) -> None:
    level = played(quota, story)[-1]
    after, wait_us = take(quota, level, urgency, level.at_us)
    if wait_us:
        assert take(quota, after, urgency, level.at_us + wait_us)[1] == 0
        assert take(quota, after, urgency, level.at_us + wait_us - 1)[1] == 1


@unhurried
@given(quotas, moves)
def test_after_a_long_rest_it_is_full_again(quota: Quota, story) -> None:
    level = played(quota, story)[-1]
    rested = refilled(quota, level, level.at_us + 1_000 * SECOND)
    assert rested == Level(quota.capacity * TOKEN, 0, rested.at_us)


@pytest.mark.parametrize(
    ("urgency", "served"),
    [(Urgency.ROLLBACK, 100), (Urgency.FORWARD, 80), (Urgency.BACKGROUND, 50)],
)
def test_how_many_calls_a_full_bucket_serves_at_once(urgency: Urgency, served: int) -> None:
    level, count = full(ALIAS, 0), 0
    while (answer := take(ALIAS, level, urgency, 0))[1] == 0:
        level, count = answer[0], count + 1
    assert count == served


def test_forward_calls_leave_twenty_for_rollbacks() -> None:
    level = full(ALIAS, 0)
    for _ in range(80):
        level, _ = take(ALIAS, level, Urgency.FORWARD, 0)
    assert take(ALIAS, level, Urgency.FORWARD, 0)[1] == SECOND
    for _ in range(20):
        level, wait_us = take(ALIAS, level, Urgency.ROLLBACK, 0)
        assert wait_us == 0
    assert take(ALIAS, level, Urgency.ROLLBACK, 0)[1] == SECOND


def test_after_throttling_forward_waits_for_the_whole_reserve_and_rollbacks_try_at_once() -> None:
    level = throttled(ALIAS, full(ALIAS, 0), 0)
    assert take(ALIAS, level, Urgency.FORWARD, 0)[1] == 21 * SECOND
    for _ in range(20):
        level, wait_us = take(ALIAS, level, Urgency.ROLLBACK, 0)
        assert wait_us == 0
    assert take(ALIAS, level, Urgency.ROLLBACK, 0)[1] == SECOND


def test_throttled_rollbacks_do_not_earn_new_tries() -> None:
    level, tries = full(ALIAS, 0), 0
    while (answer := take(ALIAS, level, Urgency.ROLLBACK, 0))[1] == 0:
        level, tries = throttled(ALIAS, answer[0], 0), tries + 1
    assert tries == 21
