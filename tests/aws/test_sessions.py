"""Sessions of roles: one for each caller, renewed in time, shared by threads, and none in the way of another."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import TYPE_CHECKING

import pytest
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ClientError

from devenv.waiting import wait_until
from sfn_rollouts.aws import sessions
from sfn_rollouts.aws.credentials import IRSA, CredentialsError, RoleError
from sfn_rollouts.aws.roles import DURATION_S, Grant
from sfn_rollouts.aws.sessions import ABANDONED_S, AGAIN_S, EARLY_S, LATEST_S, SPREAD_S, RoleSessions
from sfn_rollouts.core.values.identity import Caller, Identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.aws.doubles import HandClock

PAYMENTS = Caller(Identity("arn:aws:iam::222222222222:role/sfn-rollouts"), "payments.orders")
SHOP = Caller(Identity("arn:aws:iam::333333333333:role/sfn-rollouts"), "shop.carts")


@dataclass
class Sts:
    """Grants credentials that name the caller and count; refuses, or holds, whom it is asked to."""

    lasts_s: float = DURATION_S
    asked: list[Caller] = field(default_factory=list)
    refusals: dict[Caller, CredentialsError] = field(default_factory=dict)
    held: dict[Caller, threading.Event] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def assume(self, caller: Caller) -> Grant:
        self.asked.append(caller)
        number = next(self._numbers)
        if caller in self.held:
            self.held[caller].wait()
        if caller in self.refusals:
            raise self.refusals[caller]
        return Grant(ReadOnlyCredentials(f"{caller.session_name}-{number}", "secret", "token", None), self.lasts_s)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


@pytest.fixture
def sts(threads: ThreadPoolExecutor) -> Iterator[Sts]:
    """Lets go, before the threads are waited for, whatever it holds."""
    made = Sts()
    yield made
    for event in made.held.values():
        event.set()


@pytest.fixture
def opened(sts: Sts, clock: HandClock) -> RoleSessions:
    return RoleSessions(sts.assume, clock, Random(1))


def denied(caller: Caller) -> RoleError:
    return RoleError(ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "AssumeRole"), caller.identity)


def key(opened: RoleSessions, caller: Caller = PAYMENTS) -> str:
    return str(opened.keys(caller).access_key)


def hold(sts: Sts, caller: Caller) -> threading.Event:
    sts.held[caller] = threading.Event()
    return sts.held[caller]


def is_asked(sts: Sts, times: int) -> Callable[[], bool]:
    return lambda: len(sts.asked) == times


def test_a_session_is_opened_once_and_is_the_callers_own(opened: RoleSessions, sts: Sts) -> None:
    assert [key(opened), key(opened), key(opened, SHOP)] == ["payments.orders-1", "payments.orders-1", "shop.carts-2"]
    assert sts.asked == [PAYMENTS, SHOP]


def test_two_rollouts_of_one_role_have_a_session_each(opened: RoleSessions) -> None:
    """CloudTrail has to show which of them it was."""
    assert key(opened, Caller(PAYMENTS.identity, "payments.refunds")) == "payments.refunds-1"
    assert key(opened) == "payments.orders-2"


def test_it_is_renewed_before_it_ends(opened: RoleSessions, clock: HandClock) -> None:
    key(opened)
    clock.advance(DURATION_S - EARLY_S - SPREAD_S - 1)
    assert key(opened) == "payments.orders-1"
    clock.advance(SPREAD_S + 1)
    assert key(opened) == "payments.orders-2"


def test_two_hundred_roles_are_not_renewed_together(sts: Sts, opened: RoleSessions, clock: HandClock) -> None:
    callers = [Caller(Identity(f"arn:aws:iam::{number:012}:role/sfn-rollouts")) for number in range(200)]
    for caller in callers:
        opened.keys(caller)
    clock.advance(DURATION_S - EARLY_S - SPREAD_S)
    in_a_minute = []
    for _ in range(11):
        sts.asked.clear()
        for caller in callers:
            opened.keys(caller)
        in_a_minute.append(len(sts.asked))
        clock.advance(60)
    assert sum(in_a_minute) == 200
    assert max(in_a_minute) < 40


def test_a_renewal_that_fails_goes_on_with_what_there_is_and_is_tried_again_later(
    opened: RoleSessions, sts: Sts, clock: HandClock
) -> None:
    key(opened)
    sts.refusals[PAYMENTS] = denied(PAYMENTS)
    clock.advance(DURATION_S - EARLY_S)
    assert [key(opened) for _ in range(3)] == ["payments.orders-1"] * 3
    assert len(sts.asked) == 2, "not at each call"
    clock.advance(2 * AGAIN_S)
    assert key(opened) == "payments.orders-1"
    assert len(sts.asked) == 3
    clock.advance(EARLY_S - 2 * AGAIN_S - LATEST_S)
    with pytest.raises(RoleError):
        key(opened)
    sts.refusals.clear()
    assert key(opened) == "payments.orders-5"


def test_one_that_is_short_is_used_for_half_of_its_time(opened: RoleSessions, sts: Sts, clock: HandClock) -> None:
    sts.lasts_s = 600.0
    key(opened)
    clock.advance(299)
    assert key(opened) == "payments.orders-1"
    clock.advance(1)
    assert key(opened) == "payments.orders-2"


def test_what_hangs_for_one_caller_holds_up_no_other(
    opened: RoleSessions, sts: Sts, threads: ThreadPoolExecutor
) -> None:
    release = hold(sts, PAYMENTS)
    hanging = threads.submit(key, opened)
    wait_until(is_asked(sts, 1), 10, "STS is asked")
    assert key(opened, SHOP) == "shop.carts-2"
    assert not hanging.done()
    release.set()
    assert hanging.result() == "payments.orders-1"


def test_a_renewal_that_hangs_holds_up_nobody_else_of_the_same_caller(
    opened: RoleSessions, sts: Sts, threads: ThreadPoolExecutor, clock: HandClock
) -> None:
    key(opened)
    release = hold(sts, PAYMENTS)
    clock.advance(DURATION_S - EARLY_S)
    hanging = threads.submit(key, opened)
    wait_until(is_asked(sts, 2), 10, "STS is asked")
    assert key(opened) == "payments.orders-1"
    assert not hanging.done()
    release.set()
    assert hanging.result() == "payments.orders-2"
    assert key(opened) == "payments.orders-2"


def test_threads_that_need_the_same_session_ask_once(
    opened: RoleSessions, sts: Sts, threads: ThreadPoolExecutor
) -> None:
    release = hold(sts, PAYMENTS)
    needing = [threads.submit(key, opened) for _ in range(8)]
    wait_until(is_asked(sts, 1), 10, "STS is asked")
    release.set()
    assert {each.result() for each in needing} == {"payments.orders-1"}
    assert len(sts.asked) == 1


@pytest.mark.parametrize("failure", [denied(PAYMENTS), CredentialsError(OSError(), IRSA)], ids=["the role", "our own"])
def test_threads_that_wait_together_fail_together(
    failure: CredentialsError, opened: RoleSessions, sts: Sts, threads: ThreadPoolExecutor
) -> None:
    """Else each would ask in its turn, and the last of eight wait eight times as long."""
    sts.refusals[PAYMENTS] = failure
    release = hold(sts, PAYMENTS)
    needing = [threads.submit(opened.keys, PAYMENTS) for _ in range(2)]
    wait_until(is_asked(sts, 1), 10, "STS is asked")
    release.set()
    errors = [each.exception() for each in needing]
    assert all(type(error) is type(failure) for error in errors)
    assert {error.cause for error in errors if isinstance(error, CredentialsError)} == {failure.cause}


def test_a_request_that_never_ends_is_waited_for_no_more_and_changes_nothing_later(
    opened: RoleSessions, sts: Sts, threads: ThreadPoolExecutor, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = hold(sts, PAYMENTS)
    dripping = threads.submit(key, opened)
    wait_until(is_asked(sts, 1), 10, "STS is asked")
    monkeypatch.setattr(sessions, "ABANDONED_S", 0.001)
    with pytest.raises(RoleError) as refusal:
        sessions._Session._wait_for(opened._session(PAYMENTS), sessions._Flight(0.0))
    assert isinstance(refusal.value.cause, TimeoutError)
    monkeypatch.undo()
    clock.advance(ABANDONED_S)
    del sts.held[PAYMENTS]
    assert key(opened) == "payments.orders-2"
    release.set()
    assert dripping.result() == "payments.orders-1"
    assert key(opened) == "payments.orders-2"


def test_the_one_that_was_used_longest_ago_goes_first(sts: Sts, clock: HandClock) -> None:
    opened = RoleSessions(sts.assume, clock, Random(1), most=2)
    third = Caller(SHOP.identity, "shop.refunds")
    for caller in (PAYMENTS, SHOP, PAYMENTS, third):
        opened.keys(caller)
    assert opened.count() == 2
    sts.asked.clear()
    for caller in (PAYMENTS, third, SHOP):
        opened.keys(caller)
    assert sts.asked == [SHOP]


def test_one_that_nobody_used_for_an_hour_is_not_kept(opened: RoleSessions, clock: HandClock) -> None:
    key(opened)
    clock.advance(DURATION_S + 1)
    key(opened, SHOP)
    assert opened.count() == 1


def test_one_that_may_have_been_revoked_is_renewed_at_most_once_a_minute(
    opened: RoleSessions, sts: Sts, clock: HandClock
) -> None:
    opened.doubt(PAYMENTS)
    assert key(opened) == "payments.orders-1"
    clock.advance(AGAIN_S - 0.001)
    opened.doubt(PAYMENTS)
    assert key(opened) == "payments.orders-1", "just opened: it is not the session that is refused"
    clock.advance(0.001)
    opened.doubt(PAYMENTS)
    opened.doubt(SHOP)
    assert key(opened) == "payments.orders-2"
    opened.doubt(PAYMENTS)
    assert key(opened) == "payments.orders-2"


def test_one_that_cannot_be_renewed_is_used_although_it_is_doubted(
    opened: RoleSessions, sts: Sts, clock: HandClock
) -> None:
    key(opened)
    sts.refusals[PAYMENTS] = denied(PAYMENTS)
    clock.advance(AGAIN_S)
    for _ in range(3):
        opened.doubt(PAYMENTS)
        assert key(opened) == "payments.orders-1"
    assert len(sts.asked) == 2


def test_one_that_aws_refuses_is_opened_again(opened: RoleSessions) -> None:
    key(opened)
    opened.forget(PAYMENTS)
    opened.forget(SHOP)
    assert key(opened) == "payments.orders-2"
