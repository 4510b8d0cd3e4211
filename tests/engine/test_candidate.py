"""Who leads: one at a time, whatever the clocks of the machines say and whatever the API server does."""

from dataclasses import replace

import pytest

from sfn_rollouts.engine.candidate import Candidate, Lease, Terms
from sfn_rollouts.errors import Conflict, Transient
from tests.engine.fake_clock import FakeClock

TERMS = Terms()


class FakeLeases:
    """The Lease at an API server that can be away, or lose its answers."""

    def __init__(self) -> None:
        self.lease: Lease | None = None
        self.is_away = False
        self.loses_answers = False
        self.asked = 0

    def read(self) -> Lease | None:
        self._answer()
        return self.lease

    def create(self, holder: str, duration_s: float) -> Lease:
        if self.lease is not None:
            raise Conflict("there is one")
        return self._store(Lease("1", holder, duration_s, "renewal 1", 0))

    def write(self, before: Lease, holder: str, duration_s: float) -> Lease:
        if self.lease is None or self.lease.resource_version != before.resource_version:
            raise Conflict("it has changed")
        number = int(before.resource_version) + 1
        return self._store(replace(before, resource_version=str(number), holder=holder, duration_s=duration_s,
                                   renewed=f"renewal {number}"))  # fmt: skip

    def _store(self, lease: Lease) -> Lease:
        self._answer()
        self.lease = lease
        if self.loses_answers:
            raise Transient("no answer")
        return lease

    def _answer(self) -> None:
        self.asked += 1
        if self.is_away:
            raise Transient("no answer")


@pytest.fixture
def leases() -> FakeLeases:
    return FakeLeases()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def candidate(name: str, leases: FakeLeases, clock: FakeClock) -> Candidate:
    return Candidate(name, leases, clock, TERMS)


def test_the_first_to_bid_leads_and_the_second_stands_by(leases: FakeLeases, clock: FakeClock) -> None:
    first, second = candidate("a", leases, clock), candidate("b", leases, clock)

    assert (first.bid(), second.bid()) == (True, False)
    assert (first.is_leader(), second.is_leader()) == (True, False)


def test_a_term_is_over_when_it_was_not_renewed_in_time(leases: FakeLeases, clock: FakeClock) -> None:
    leader = candidate("a", leases, clock)
    leader.bid()

    clock.advance(TERMS.renew_s - 0.1)
    assert leader.is_leader()
    clock.advance(0.1)
    assert not leader.is_leader()


def test_a_renewal_counts_from_its_start_not_from_its_answer(leases: FakeLeases, clock: FakeClock) -> None:
    leader = candidate("a", leases, clock)
    leader.bid()
    slow, read = 4.0, leases.read

    def slow_read() -> Lease | None:
        clock.advance(slow)
        return read()

    leases.read = slow_read  # type: ignore[method-assign]
    leader.bid()

    clock.advance(TERMS.renew_s - slow)
    assert not leader.is_leader()


def test_others_take_over_only_a_whole_lease_after_they_saw_it_change(leases: FakeLeases, clock: FakeClock) -> None:
    leader, other = candidate("a", leases, clock), candidate("b", leases, clock)
    leader.bid()
    clock.advance(60)  # nobody looked: the other cannot know how old the lease is
    assert not other.bid()

    clock.advance(TERMS.lease_s - 0.1)
    assert not other.bid()
    clock.advance(0.1)
    assert other.bid()
    assert not leader.is_leader()


def test_no_two_lead_at_once_however_they_bid(leases: FakeLeases, clock: FakeClock) -> None:
    both = candidate("a", leases, clock), candidate("b", leases, clock)
    for second in range(120):
        if second % 7 != 3:
            both[second % 2].bid()
        if second > 60:
            both[1].bid()  # the first is silent from here on
        assert sum(each.is_leader() for each in both) <= 1
        clock.advance(1)
    assert both[1].is_leader() or both[0].is_leader()


def test_a_lost_answer_is_no_term_until_the_next_bid(leases: FakeLeases, clock: FakeClock) -> None:
    leader = candidate("a", leases, clock)
    leases.loses_answers = True
    with pytest.raises(Transient):
        leader.bid()
    assert not leader.is_leader()

    leases.loses_answers = False
    assert leader.bid()


def test_a_leader_that_reaches_no_api_server_leads_to_the_end_of_its_term(leases: FakeLeases, clock: FakeClock) -> None:
    leader = candidate("a", leases, clock)
    leader.bid()
    leases.is_away = True
    clock.advance(5)

    with pytest.raises(Transient):
        leader.bid()
    assert leader.is_leader()
    clock.advance(5)
    assert not leader.is_leader()


def test_a_released_lease_is_taken_at_once(leases: FakeLeases, clock: FakeClock) -> None:
    leader, other = candidate("a", leases, clock), candidate("b", leases, clock)
    leader.bid()
    other.bid()

    leader.release()

    assert not leader.is_leader()
    assert other.bid()


def test_only_the_holder_releases(leases: FakeLeases, clock: FakeClock) -> None:
    leader, other = candidate("a", leases, clock), candidate("b", leases, clock)
    leader.bid()
    before = leases.lease

    other.release()
    assert leases.lease == before


def test_of_two_that_create_it_at_once_one_leads(leases: FakeLeases, clock: FakeClock) -> None:
    first, second = candidate("a", leases, clock), candidate("b", leases, clock)
    leases.read = lambda: None  # type: ignore[method-assign]

    assert (first.bid(), second.bid()) == (True, False)
