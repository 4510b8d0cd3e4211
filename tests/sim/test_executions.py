"""Executions of the simulated alias, listed and counted as AWS does."""

from datetime import UTC, datetime, timedelta

import pytest

from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.core.values.executions import Counted, ExecutionReading, MinuteCounts
from sfn_rollouts.errors import Conflict, NotListed
from sfn_rollouts.ports import LARGEST_PAGE
from sfn_rollouts.sim.executions import Executions

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MACHINE = StateMachineArn.parse("arn:aws:states:eu-west-1:123456789012:stateMachine:Orders")
TWO, LIVE = Counted(MACHINE, "2"), Counted(MACHINE, "live")


def at(second: int) -> datetime:
    return NOON + timedelta(seconds=second)


def laid(name: str, start: int, end: int | None, version: int = 1, status: str = "SUCCEEDED") -> ExecutionReading:
    """An execution; without an end it runs for ever."""
    ended_at = at(end) if end is not None else None
    return ExecutionReading(name, version, at(start), ended_at, status if end is not None else "RUNNING")


class Service(Executions):
    """Whose clock the test moves."""

    def __init__(self, *executions: ExecutionReading) -> None:
        super().__init__(lambda: self.now)
        self.now = NOON
        self.laid_down.extend(executions)


def test_what_ended_last_comes_first_and_what_runs_counts_by_its_start() -> None:
    service = Service(laid("old", 0, 90), laid("runs", 50, None), laid("quick", 10, 11), laid("to come", 200, 201))
    service.now = at(100)
    page = service.page(None)
    assert [each.name for each in page.executions] == ["old", "runs", "quick"]
    assert (page.as_of, page.next_token) == (at(100), None)


def test_an_execution_runs_until_its_end_has_come() -> None:
    service = Service(laid("one", 0, 30, status="FAILED"))
    service.now = at(29)
    assert [(each.status, each.ended_at) for each in service.page(None).executions] == [("RUNNING", None)]
    service.now = at(30)
    assert [(each.status, each.ended_at) for each in service.page(None).executions] == [("FAILED", at(30))]


def test_a_token_leads_to_the_next_page_and_any_other_text_is_a_conflict() -> None:
    service = Service(*(laid(str(n), n, n) for n in range(LARGEST_PAGE + 1)))
    service.now = at(LARGEST_PAGE)
    first = service.page(None)
    assert len(first.executions) == LARGEST_PAGE
    last = service.page(first.next_token)
    assert ([each.name for each in last.executions], last.next_token) == (["0"], None)
    with pytest.raises(Conflict):
        service.page("yesterday's")


def test_starts_count_by_the_minute_of_the_start_and_ends_by_that_of_the_end() -> None:
    ends = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")
    service = Service(*(laid(status, 0, 65, version=2, status=status) for status in ends), laid("other", 0, 1))
    service.now = at(120)
    counted = service.minutes([TWO], NOON)
    assert counted.minutes == {
        TWO: [MinuteCounts(NOON, 4, 0, 0), MinuteCounts(NOON + MINUTE, 0, failed=2, succeeded=1, aborted=1)]
    }
    assert counted.as_of == at(120)
    service.now = at(64)
    assert service.minutes([TWO], NOON).minutes == {TWO: [MinuteCounts(NOON, 4, 0, 0)]}, "of whole minutes only"


def test_what_was_started_past_the_alias_counts_for_the_version_alone() -> None:
    service = Service(laid("by alias", 0, 1, version=2), laid("stable", 0, 1))
    service.past_the_alias.append(laid("directly", 0, 1, version=2, status="FAILED"))
    service.now = at(60)
    counted = service.minutes([TWO, LIVE], NOON)
    assert counted.minutes == {TWO: [MinuteCounts(NOON, 2, 1, 1)], LIVE: [MinuteCounts(NOON, 2, 0, 2)]}
    assert [each.name for each in service.page(None).executions] == ["by alias", "stable"]


def test_those_of_an_express_machine_are_not_listed() -> None:
    service = Service(laid("one", 0, 1))
    service.is_express = True
    with pytest.raises(NotListed):
        service.page(None)
