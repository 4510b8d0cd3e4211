"""The election's thread: elected once, lost once, and the lease given back at the end."""

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
    assert leases.lease.holder == ""
