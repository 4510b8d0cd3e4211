"""The election's thread: elected once, lost once, and the lease given back at the end."""

import threading
from random import Random

import structlog
from structlog.testing import capture_logs

from devenv.waiting import wait_until
from sfn_rollouts.clock import SteadyClock
from sfn_rollouts.engine.candidate import Candidate, Terms
from sfn_rollouts.engine.election import Election
from tests.engine.test_candidate import FakeLeases

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
