"""The election: elected once, lost once, and the lease given back at the end."""

from dataclasses import replace
from random import Random

import structlog
from structlog.testing import capture_logs

from sfn_rollouts.errors import Conflict, Transient
from sfn_rollouts.leading.candidate import Candidate, Lease, LeaseDurations
from sfn_rollouts.leading.election import Election
from tests.engine.fake_clock import FakeClock
from tests.engine.test_candidate import GHOST, FakeLeases


class Elected:
    """An election whose bids the test makes itself, at times of its own: what it said and what it logged."""

    def __init__(self, leases: FakeLeases, name: str = "b", *, can_list: bool = True) -> None:
        self.clock = FakeClock()
        self.leases = leases
        self.said: list[str] = []
        self.next_at: float | None = 0.0
        self._can_list = can_list
        self.candidate = Candidate(name, leases, self.clock, LeaseDurations())
        self.election = Election(
            self.candidate, self.clock, Random(1), self._list, lambda: self.said.append("lead"), self._lost
        )

    def _list(self) -> None:
        self.said.append("list")
        if not self._can_list:
            raise Transient("no answer to the list")

    def _lost(self) -> None:
        assert not self.candidate.is_leader()
        self.said.append("lost")

    def bid(self, *after_s: float) -> list[tuple[str, str]]:
        """Bid after each of these pauses; return the lines as level and text."""
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("info"))  # undone by conftest.py
        with capture_logs() as lines:
            for pause_s in after_s:
                self.clock.advance(pause_s)
                self.next_at = self.election.bid()
        return [(line["log_level"], line["event"]) for line in lines]


def test_who_is_elected_takes_over_once_from_a_fresh_list_and_renews() -> None:
    elected = Elected(FakeLeases())
    assert elected.bid(0, 2, 2, 2) == [("info", "leading")]
    assert elected.said == ["list", "lead"]
    assert elected.leases.lease is not None
    assert elected.leases.lease.resource_version == "4"


def test_who_cannot_list_leads_from_what_the_watch_has_brought() -> None:
    elected = Elected(FakeLeases(), can_list=False)
    assert elected.bid(0) == [("info", "leading"), ("warning", "leading from what the watch has brought")]
    assert elected.said == ["list", "lead"]


def test_bids_come_a_little_sooner_than_the_terms_say_and_not_in_step() -> None:
    elected = Elected(FakeLeases())
    pauses = []
    for _ in range(100):
        elected.bid(2)
        assert elected.next_at is not None
        pauses.append(elected.next_at - elected.clock.monotonic())
    assert min(pauses) >= 1.6
    assert max(pauses) <= 2.0
    assert len(set(pauses)) == 100


def test_a_lease_that_cannot_be_renewed_is_lost_and_the_election_ends() -> None:
    elected = Elected(FakeLeases())
    elected.bid(0)
    elected.leases.is_away = True
    assert elected.bid(9.9) == [("warning", "the lease could not be renewed or read")]
    assert elected.next_at is not None
    assert elected.bid(0.1) == [("warning", "the lease is lost: this operator writes nothing any more and ends")]
    assert elected.next_at is None
    assert elected.said == ["list", "lead", "lost"]
    elected.election.release()  # the API server is still away: it is logged, not raised


def test_an_outage_is_logged_once_and_so_is_its_end() -> None:
    """The one that stands by bids on through it, every two seconds for maybe an hour."""
    elected = Elected(FakeLeases())
    elected.leases.is_away = True
    assert elected.bid(0, 2, 2) == [("warning", "the lease could not be renewed or read")]
    assert elected.said == []
    elected.leases.is_away = False
    assert elected.bid(2, 2) == [("info", "the lease can be renewed and read again"), ("info", "leading")]


def test_it_says_once_for_each_holder_for_whom_it_stands_by() -> None:
    elected = Elected(FakeLeases())
    elected.leases.lease = replace(GHOST, holder="first\n[error] x", duration_s=40.0)
    assert elected.bid(0, 2, 2) == [("info", "standing by for first [error] x, lease of 40 s")]

    elected.leases.lease = replace(GHOST, holder="y" * 1000)
    assert elected.bid(2, 2) == [("info", f"standing by for {'y' * 125}..., lease of 15 s")]


def test_it_says_again_for_whom_it_stands_by_when_the_lease_was_free_meanwhile() -> None:
    elected = Elected(FakeLeases())
    elected.leases.lease = GHOST
    elected.bid(0)

    def write(before: Lease, holder: str, duration_s: float) -> Lease:
        raise Conflict("its holder was faster")

    elected.leases.write = write  # type: ignore[method-assign]
    assert elected.bid(15) == []
    elected.leases.lease = replace(GHOST, renewed="now")
    assert elected.bid(2) == [("info", "standing by for ghost, lease of 15 s")]


def test_it_warns_once_of_a_lease_that_is_not_renewed_and_not_free() -> None:
    elected = Elected(FakeLeases())
    elected.leases.lease = replace(GHOST, duration_s=2.0**31 - 1)
    assert elected.bid(0, 30, 29.9) == [("info", "standing by for ghost, lease of 150 s")]

    unrenewed = "the lease has not been renewed for long and is not free yet: nobody may be looking after rollouts"
    assert elected.bid(0.1, 2, 2) == [("warning", unrenewed)]

    elected.leases.lease = replace(elected.leases.lease, renewed="now")
    assert elected.bid(2, 60) == [("warning", unrenewed)]


def test_a_lease_as_ours_is_free_before_there_is_anything_to_warn_of() -> None:
    elected = Elected(FakeLeases())
    elected.leases.lease = GHOST
    assert elected.bid(0, *[2] * 8) == [("info", "standing by for ghost, lease of 15 s"), ("info", "leading")]


def test_releasing_gives_the_lease_back_and_the_next_leads_at_once() -> None:
    leases = FakeLeases()
    first, second = Elected(leases, "a"), Elected(leases, "b")
    first.bid(0)
    second.bid(0)
    assert (first.said, second.said) == (["list", "lead"], [])
    first.election.release()
    assert leases.lease is not None
    assert (leases.lease.holder, leases.lease.duration_s) == ("", 1.0)
    second.bid(0)
    assert second.said == ["list", "lead"]
