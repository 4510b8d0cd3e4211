"""The election's thread: elected once, lost once, and the lease given back at the end."""

import threading
from dataclasses import replace
from random import Random

import structlog
from structlog.testing import capture_logs

from devenv.waiting import wait_until
from sfn_rollouts.clock import SteadyClock
from sfn_rollouts.errors import Conflict
from sfn_rollouts.leading.candidate import Candidate, Lease, Terms
from sfn_rollouts.leading.election import Election
from tests.engine.fake_clock import FakeClock
from tests.engine.test_candidate import GHOST, FakeLeases

QUICK = Terms(lease_s=0.3, renew_s=0.2, retry_s=0.02)


def elect(leases: FakeLeases, name: str = "a") -> tuple[Election, Candidate, list[str]]:
    """A running election and what it said."""
    said: list[str] = []
    candidate = Candidate(name, leases, SteadyClock(), QUICK)
    election = Election(candidate, lambda: said.append("elected"), lambda: said.append("lost"), Random(1))
    election.start()
    return election, candidate, said


def test_it_says_once_that_it_was_elected_and_renews() -> None:
    leases = FakeLeases()
    election, candidate, said = elect(leases)
    wait_until(lambda: leases.lease is not None and int(leases.lease.resource_version) > 5, 10, "renewals")

    assert said == ["elected"]
    assert candidate.is_leader()
    election.stop(timeout_s=5)
    assert not election.is_alive()


def test_bids_come_a_little_sooner_than_the_terms_say_and_not_in_step() -> None:
    election = Election(Candidate("a", FakeLeases(), SteadyClock(), Terms()), lambda: None, lambda: None, Random(1))
    pauses = [election.pause_s() for _ in range(100)]
    assert min(pauses) >= 1.6
    assert max(pauses) <= 2.0
    assert len(set(pauses)) == 100


def test_a_bid_that_hangs_holds_nobody_up() -> None:
    """Its thread is a daemon, and stopping waits for as long as it is told and no longer."""
    is_elected, may_go_on = threading.Event(), threading.Event()

    def elected() -> None:
        is_elected.set()
        may_go_on.wait(60)

    election = Election(Candidate("a", FakeLeases(), SteadyClock(), QUICK), elected, lambda: None, Random(1))
    election.start()
    wait_until(is_elected.is_set, 10, "the election")
    [thread] = [each for each in threading.enumerate() if each.name == "election"]
    assert thread.daemon
    election.stop(timeout_s=0.05)
    assert election.is_alive()
    may_go_on.set()
    wait_until(lambda: not election.is_alive(), 10, "the election to end")


def test_a_lease_that_cannot_be_renewed_is_lost_and_the_election_ends() -> None:
    leases = FakeLeases()
    election, candidate, said = elect(leases)
    wait_until(lambda: said == ["elected"], 10, "the election")
    leases.is_away = True

    wait_until(lambda: not election.is_alive(), 10, "the election to end")
    assert said == ["elected", "lost"]
    assert not candidate.is_leader()
    election.stop(timeout_s=1)  # the API server is still away: it is logged, not raised


def test_an_outage_is_told_once_and_so_is_its_end() -> None:
    """The one that stands by bids on through it, every two seconds for maybe an hour."""
    leases = FakeLeases()
    leases.is_away = True
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("info"))  # undone by conftest.py
    with capture_logs() as told:
        election, _, said = elect(leases)
        wait_until(lambda: leases.asked > 5, 10, "some bids")
        leases.is_away = False
        wait_until(lambda: said == ["elected"], 10, "the election")
        election.stop(timeout_s=5)

    assert [line["event"] for line in told] == [
        "the lease could not be renewed or read",
        "the lease can be renewed and read again",
        "leading",
    ]


class Told:
    """An election whose bids the test makes itself, at times of its own, and what it logged."""

    def __init__(self, leases: FakeLeases) -> None:
        self.clock = FakeClock()
        self.leases = leases
        candidate = Candidate("b", leases, self.clock, Terms())
        self.election = Election(candidate, lambda: None, lambda: None, Random(1))

    def bid(self, *after_s: float) -> list[tuple[str, str]]:
        """Bid after each of these pauses; return the lines as level and text."""
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("info"))  # undone by conftest.py
        with capture_logs() as lines:
            for pause_s in after_s:
                self.clock.advance(pause_s)
                self.election.bid()
        return [(line["log_level"], line["event"]) for line in lines]


def test_it_says_once_for_each_holder_for_whom_it_stands_by() -> None:
    told = Told(FakeLeases())
    told.leases.lease = replace(GHOST, holder="first\n[error] x", duration_s=40.0)
    assert told.bid(0, 2, 2) == [("info", "standing by for first [error] x, lease of 40 s")]

    told.leases.lease = replace(GHOST, holder="y" * 1000)
    assert told.bid(2, 2) == [("info", f"standing by for {'y' * 125}..., lease of 15 s")]


def test_it_says_again_for_whom_it_stands_by_when_the_lease_was_free_meanwhile() -> None:
    told = Told(FakeLeases())
    told.leases.lease = GHOST
    told.bid(0)

    def write(before: Lease, holder: str, duration_s: float) -> Lease:
        raise Conflict("its holder was faster")

    told.leases.write = write  # type: ignore[method-assign]
    assert told.bid(15) == []
    told.leases.lease = replace(GHOST, renewed="now")
    assert told.bid(2) == [("info", "standing by for ghost, lease of 15 s")]


def test_it_warns_once_of_a_lease_that_is_not_renewed_and_not_free() -> None:
    told = Told(FakeLeases())
    told.leases.lease = replace(GHOST, duration_s=2.0**31 - 1)
    assert told.bid(0, 30, 29.9) == [("info", "standing by for ghost, lease of 150 s")]

    unrenewed = "the lease has not been renewed for long and is not free yet: nobody may be looking after rollouts"
    assert told.bid(0.1, 2, 2) == [("warning", unrenewed)]

    told.leases.lease = replace(told.leases.lease, renewed="now")
    assert told.bid(2, 60) == [("warning", unrenewed)]


def test_a_lease_as_ours_is_free_before_there_is_anything_to_warn_of() -> None:
    told = Told(FakeLeases())
    told.leases.lease = GHOST
    assert [level for level, _ in told.bid(0, *[2] * 8)] == ["info"]


def test_stopping_gives_the_lease_back_and_the_next_leads() -> None:
    leases = FakeLeases()
    first, _, _ = elect(leases, "a")
    wait_until(lambda: leases.lease is not None, 10, "the first leader")
    second, candidate, said = elect(leases, "b")

    first.stop(timeout_s=5)
    wait_until(lambda: said == ["elected"], 10, "the second leader")
    assert candidate.is_leader()
    second.stop(timeout_s=5)
    assert leases.lease is not None
    assert (leases.lease.holder, leases.lease.duration_s) == ("", 1.0)
