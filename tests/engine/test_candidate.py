"""Who leads: one at a time, whatever the clocks of the machines say and whatever the API server does."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sfn_rollouts.errors import Conflict, Transient
from sfn_rollouts.leading.candidate import RELEASED_S, Candidate, Held, Lease, LeaseDurations
from tests.engine.fake_clock import FakeClock

TERMS = LeaseDurations()


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


GHOST = Lease("1", "ghost", TERMS.lease_s, "2026-01-01T00:00:00.000000Z", 3)
ODD_LEASES = {
    "it binds for 68 years": (replace(GHOST, duration_s=2.0**31 - 1), TERMS.longest_s),
    "it binds for longer than ours, as one of another release may": (replace(GHOST, duration_s=60.0), 60.0),
    "it binds for no time": (replace(GHOST, duration_s=0.0), TERMS.lease_s),
    "it binds for less than no time": (replace(GHOST, duration_s=-(2.0**31)), TERMS.lease_s),
    "it was renewed in the far future": (replace(GHOST, renewed="9999-12-31T23:59:59.999999Z"), TERMS.lease_s),
    "it was renewed long ago": (replace(GHOST, renewed="0001-01-01T00:00:00.000000Z"), TERMS.lease_s),
    "it does not say when it was renewed": (replace(GHOST, renewed=""), TERMS.lease_s),
    "its time of renewal is no time": (replace(GHOST, renewed="yesterday"), TERMS.lease_s),
    "its holder has a very long name": (replace(GHOST, holder="x" * 100_000), TERMS.lease_s),
    "its holder's name is a space": (replace(GHOST, holder=" "), TERMS.lease_s),
}


@pytest.mark.parametrize(("lease", "free_after_s"), ODD_LEASES.values(), ids=ODD_LEASES)
def test_an_odd_lease_keeps_nobody_out_for_good_and_lets_nobody_in_too_soon(
    leases: FakeLeases, clock: FakeClock, lease: Lease, free_after_s: float
) -> None:
    leases.lease = lease
    other = candidate("b", leases, clock)
    assert not other.bid()
    assert other.held_by_other == Held(lease.holder, free_after_s, 0.0)

    clock.advance(free_after_s - 0.1)
    assert not other.bid()
    clock.advance(0.1)
    assert other.bid()
    assert other.held_by_other is None


def test_a_lease_whose_numbers_somebody_changes_binds_no_less_and_no_longer(
    leases: FakeLeases, clock: FakeClock
) -> None:
    """Only a renewal is a sign of life, and a leader that does not know of the new numbers has ten seconds still."""
    leader, other = candidate("a", leases, clock), candidate("b", leases, clock)
    leader.bid()
    for duration_s in (0.0, 2.0**31 - 1, -1.0, TERMS.lease_s):
        assert leases.lease is not None
        leases.lease = replace(leases.lease, duration_s=duration_s, transitions=7)
        assert not other.bid()
        assert other.is_leader() + leader.is_leader() == 1
        clock.advance(2)

    clock.advance(TERMS.lease_s - 4 * 2)
    assert other.bid()


def taken_away(leases: FakeLeases) -> None:
    leases.lease = None


def emptied(leases: FakeLeases) -> None:
    assert leases.lease is not None
    leases.lease = replace(leases.lease, holder="")


def emptied_whole(leases: FakeLeases) -> None:
    leases.lease = Lease("9", "", 0.0, "", 0)


@pytest.mark.parametrize("action", [taken_away, emptied, emptied_whole])
def test_a_lease_that_is_taken_from_its_leader_is_free_when_the_leader_has_looked(
    leases: FakeLeases, clock: FakeClock, action: Callable[[FakeLeases], None]
) -> None:
    """kubectl delete lease: the leader that held it cannot know until its next bid, and writes meanwhile."""
    leader, other = candidate("a", leases, clock), candidate("b", leases, clock)
    leader.bid()
    other.bid()
    action(leases)

    for _ in range(int(TERMS.lease_s)):
        assert not other.bid()
        clock.advance(1)
    assert not leader.is_leader()
    assert other.bid()


def test_a_leader_whose_lease_was_taken_away_takes_it_again(leases: FakeLeases, clock: FakeClock) -> None:
    leader, other = candidate("a", leases, clock), candidate("b", leases, clock)
    leader.bid()
    other.bid()
    taken_away(leases)

    assert (other.bid(), leader.bid(), other.bid()) == (False, True, False)


def test_a_leader_that_finds_another_in_its_place_writes_nothing_more(leases: FakeLeases, clock: FakeClock) -> None:
    leader = candidate("a", leases, clock)
    leader.bid()
    leases.lease = GHOST

    assert not leader.bid()
    assert not leader.is_leader()


def test_a_release_says_so_in_the_lease(leases: FakeLeases, clock: FakeClock) -> None:
    leader = candidate("a", leases, clock)
    leader.bid()
    leader.release()
    assert leases.lease is not None
    assert leases.lease.is_released
    assert leases.lease.duration_s == RELEASED_S
