"""One alarm that AWS refuses, hides or garbles hurts its own rollout only, and costs the others next to nothing."""

from math import log2
from random import Random

import pytest

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.values.readings import AlarmMissing, AlarmReading, Trouble, Unseen
from sfn_rollouts.engine.alarm_sheet import Line, Sheet
from sfn_rollouts.errors import Denied, Gone, PortError, Transient
from tests.engine.fake_clock import NOON
from tests.engine.faults import FOR_EVER
from tests.engine.test_alarm_board import THERE, Board

REFUSED = PortError("1 validation error detected")
REFUSALS = {"as invalid": REFUSED, "as not there": Gone("no such thing"), "by an IAM policy": Denied("not this one")}
BAD = "bad"


@pytest.fixture
def board() -> Board:
    return Board()


def is_seen(board: Board, uid: str, name: str) -> bool:
    return isinstance(board.fact(uid, name), AlarmReading)


def fires(board: Board, uid: str, name: str, within_s: float) -> None:
    """The alarm fires, and that is known in time."""
    board.cloud.set_alarm(name, AlarmState.ALARM)
    board.run_for(within_s)
    fact = board.fact(uid, name)
    assert isinstance(fact, AlarmReading)
    assert fact.snapshot.state is AlarmState.ALARM


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("others", [1, 2, 7, 60, 99, 150])
@pytest.mark.parametrize("comes_first", [False, True])
def test_a_refused_name_blinds_its_own_rollout_only(board: Board, refusal: str, others: int, comes_first: bool) -> None:
    board.cloud.refused_names[BAD] = REFUSALS[refusal]
    if comes_first:
        board.watch("attacker", BAD)
        board.run_for(1)
    for number in range(others):
        board.watch(f"victim-{number}", f"alarm-{number:03}")
    board.watch("attacker", BAD)
    board.run_for(14)
    assert all(is_seen(board, f"victim-{number}", f"alarm-{number:03}") for number in range(others))
    assert isinstance(board.fact("attacker", BAD), Unseen)
    for number in (0, others // 2, others - 1):
        fires(board, f"victim-{number}", f"alarm-{number:03}", within_s=10.1)


def test_the_search_takes_about_log_n_calls_once(board: Board) -> None:
    board.cloud.refused_names[BAD] = REFUSED
    board.watch("attacker", BAD)
    for number in range(99):
        board.watch(f"victim-{number:02}", f"alarm-{number:02}")
    board.run_for(9)
    assert len(board.calls()) <= 3 + 2 * log2(100) + 2
    assert is_seen(board, "victim-98", "alarm-98")
    board.run_for(600)
    calls = board.calls()
    assert len([names for names in calls if names == 99]) in (59, 60), "the others share one call again"
    assert len([names for names in calls if names == 1]) <= 22, "the refused one is asked for now and then"
    assert len(calls) <= 60 + 22


def test_the_search_goes_from_rollout_to_rollout(board: Board) -> None:
    """99 bad names of one rollout must not stand before another's alarm."""
    names = [f"bad-{number:02}" for number in range(99)]
    board.cloud.refused_names.update(dict.fromkeys(names, REFUSED))
    board.watch("attacker", *names)
    board.watch("victim", "errors")
    board.run_for(1.5)
    assert is_seen(board, "victim", "errors")
    board.calls()
    board.run_for(60)
    assert len(board.calls()) <= 60 * 4 + 6, "the quota belongs to the alarms that are well"
    fires(board, "victim", "errors", within_s=10.1)


def test_several_refused_names_of_several_rollouts(board: Board) -> None:
    for number in range(60):
        board.watch(f"uid-{number:02}", f"alarm-{number:02}", f"latency-{number:02}")
        if number % 7 == 3:
            board.cloud.refused_names[f"alarm-{number:02}"] = REFUSED
    board.run_for(60)
    for number in range(60):
        assert is_seen(board, f"uid-{number:02}", f"latency-{number:02}")
        assert is_seen(board, f"uid-{number:02}", f"alarm-{number:02}") is (number % 7 != 3)


def test_a_name_that_comes_back_well_is_read_with_the_others_again(board: Board) -> None:
    board.cloud.refused_names[BAD] = REFUSED
    board.watch("one", BAD)
    board.watch("two", "errors", "latency")
    board.run_for(200)
    del board.cloud.refused_names[BAD]
    board.run_for(75)
    assert is_seen(board, "one", BAD)
    board.calls()
    board.run_for(50)
    assert set(board.calls()) == {3}


def test_a_refused_name_that_is_not_watched_any_more_is_forgotten(board: Board) -> None:
    board.cloud.refused_names[BAD] = REFUSED
    board.watch("one", BAD)
    board.watch("two", "errors", "latency")
    board.run_for(60)
    board.board.unwatch("one")
    board.calls()
    board.run_for(100)
    assert set(board.calls()) == {2}


def test_one_that_is_not_watched_any_more_while_it_is_read(board: Board) -> None:
    board.cloud.refused_names[BAD] = REFUSED
    board.watch("one", BAD)
    board.watch("two", "errors")
    board.board.run_due()
    board.board.unwatch("one")
    board.run_for(3)
    assert is_seen(board, "two", "errors")
    board.watch("one", BAD, "worse")
    board.board.run_due()
    board.board.unwatch("one")
    board.board.unwatch("two")
    board.run_for(3)
    assert board.board.next_due is None


ILL = {"nothing is read": Transient("no answer"), "throttled": Transient("slow down", retry_after_s=2.0)}


@pytest.mark.parametrize("illness", ILL)
def test_a_place_that_does_not_answer_is_not_searched(board: Board, illness: str) -> None:
    for number in range(100):
        board.watch(f"uid-{number}", f"alarm-{number:02}")
    board.run_for(1)
    board.calls()
    board.cloud.faults.add("alarms", ILL[illness], FOR_EVER)
    board.run_for(300)
    assert set(board.calls()) == {100}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_place_that_refuses_every_call_is_not_searched(board: Board, refusal: str) -> None:
    """No name is the cause: one more call for each poll finds that out."""
    for number in range(300):
        board.watch(f"uid-{number}", f"alarm-{number:03}")
    board.run_for(1)
    board.calls()
    board.cloud.faults.add("alarms", REFUSALS[refusal], FOR_EVER)
    board.run_for(600)
    assert len(board.calls()) <= 3 * 2 * 60 * 2 + 20
    assert all(isinstance(board.fact(f"uid-{number}", f"alarm-{number:03}"), Unseen) for number in range(300))
    board.cloud.faults.fix("alarms")
    board.run_for(12)
    assert all(is_seen(board, f"uid-{number}", f"alarm-{number:03}") for number in range(300))
    board.calls()
    board.run_for(30)
    assert board.calls().count(100) == 9


def test_a_refusal_of_every_call_counts_at_once(board: Board) -> None:
    board.watch("one", "errors", "latency")
    board.watch("two", "other")
    board.run_for(1)
    board.cloud.faults.add("alarms", Denied("no DescribeAlarms"), FOR_EVER)
    board.run_for(10.5)
    facts = [board.fact("one", "errors"), board.fact("one", "latency"), board.fact("two", "other")]
    assert all(isinstance(fact, Unseen) and fact.trouble is Trouble.DENIED for fact in facts)


def test_a_refusal_over_one_name_is_not_reported_to_the_others(board: Board) -> None:
    """A rollout that is stalled for a moment has failed for good to Argo CD and Flux."""
    board.watch("victim", "errors")
    board.run_for(1)
    board.woken.clear()
    board.cloud.refused_names[BAD] = Denied("not this one")
    board.watch("attacker", BAD)
    board.watch("newcomer", "latency")
    for _ in range(60):
        board.run_for(0.5)
        assert is_seen(board, "victim", "errors")
        assert not isinstance(board.fact("newcomer", "latency"), Unseen)
    assert "victim" not in board.woken


def test_the_search_in_one_place_changes_nothing_in_another(board: Board) -> None:
    board.cloud.refused_names[BAD] = REFUSED
    board.watch("attacker", BAD, *(f"a-{number}" for number in range(50)))
    board.watch("victim", "errors", place=THERE)
    board.run_for(60)
    assert len([place for place, _ in board.cloud.batches if place == THERE]) == 6


def test_no_answer_during_the_search_keeps_what_is_known(board: Board) -> None:
    board.cloud.refused_names[BAD] = REFUSED
    board.watch("attacker", BAD)
    for number in range(20):
        board.watch(f"victim-{number}", f"alarm-{number:02}")
    board.work()
    board.cloud.faults.add("alarms", Transient("503"), 3)
    board.run_for(30)
    assert all(is_seen(board, f"victim-{number}", f"alarm-{number:02}") for number in range(20))
    assert isinstance(board.fact("attacker", BAD), Unseen)


def test_a_known_reading_ages_while_the_search_is_held_up(board: Board) -> None:
    board.watch("one", "errors")
    board.watch("two", "latency")
    board.run_for(1)
    board.cloud.refused_names.update({"errors": REFUSED, "latency": REFUSED})
    board.run_for(45)
    assert isinstance(board.fact("one", "errors"), Unseen)
    assert isinstance(board.fact("two", "latency"), Unseen)


def test_an_alarm_that_cannot_be_understood_is_unseen_by_itself(board: Board) -> None:
    board.watch("one", "errors")
    board.watch("two", "latency")
    board.cloud.garbled["errors"] = PortError("state 'PURPLE' is not known")
    board.run_for(1)
    assert board.fact("one", "errors") == Unseen("state 'PURPLE' is not known", NOON, Trouble.INTERNAL)
    assert is_seen(board, "two", "latency")
    assert board.meter.alarm_reads_of["Internal"] == 1
    board.run_for(20)
    assert set(board.calls()) == {2}, "the call itself was answered"


@pytest.mark.parametrize("trouble", ["garbled", "refused"])
def test_who_asks_all_the_time_for_a_reading_that_cannot_be_had_reads_no_more_often(board: Board, trouble: str) -> None:
    """A due step asks until every alarm has been read since: the wake by the one that is well must not ask again."""
    board.watch("one", "errors", "latency")
    board.run_for(25)
    if trouble == "garbled":
        board.cloud.garbled["errors"] = PortError("state 'PURPLE' is not known")
    else:
        board.cloud.refused_names["errors"] = REFUSED
    board.calls()
    for _ in range(600):
        board.board.refresh("one")
        board.run_for(0.1)
    assert 6 <= len(board.calls()) <= 30


# -- a mass disappearance --


def test_all_alarms_of_a_call_that_are_gone_are_read_once_more_before_it_counts(board: Board) -> None:
    board.watch("one", "errors")
    board.watch("two", "latency")
    board.run_for(10.5)
    board.woken.clear()
    board.cloud.hides_alarms = True
    board.run_for(9.8)
    assert is_seen(board, "one", "errors")
    board.cloud.hides_alarms = False
    board.run_for(30)
    assert is_seen(board, "two", "latency")
    assert board.woken == []


def test_all_alarms_that_are_gone_twice_are_missing(board: Board) -> None:
    board.watch("one", "errors")
    board.watch("two", "latency")
    board.run_for(10.5)
    board.cloud.hides_alarms = True
    board.calls()
    board.run_for(11)
    assert board.calls() == [2, 2]
    assert isinstance(board.fact("one", "errors"), AlarmMissing)
    assert isinstance(board.fact("two", "latency"), AlarmMissing)
    board.run_for(21)
    assert board.calls() == [2, 2], "what is missing already is not doubted"


def test_one_alarm_of_several_that_is_gone_is_missing(board: Board) -> None:
    board.watch("one", "errors", "latency")
    board.run_for(1)
    board.cloud.delete_alarm("errors")
    board.run_for(10)
    assert isinstance(board.fact("one", "errors"), AlarmMissing)


def test_alarms_that_never_were_are_not_doubted(board: Board) -> None:
    board.cloud.hides_alarms = True
    board.watch("one", "errors", "latency")
    board.run_for(1)
    assert isinstance(board.fact("one", "errors"), AlarmMissing)
    assert board.calls() == [2]


# -- the sheet by itself --


def refused_sheet(*names: str) -> tuple[Sheet, Line, list[Line]]:
    """A sheet whose only call was refused, the line that is read alone therefore, and the others."""
    sheet, lines = Sheet(Random(1)), [Line(name, NOON, 9.0, {name: 10.0}) for name in names]
    sheet.lines = {line.name: line for line in lines}
    assert sheet.refused(lines, 1.0, is_of_one=False) is False
    [[probe]] = sheet.batches(1.0)
    return sheet, probe, [line for line in lines if line is not probe]


def test_a_probe_that_is_refused_after_another_call_was_answered() -> None:
    sheet, probe, _ = refused_sheet("a", "b", "c")
    sheet.answered([], 2.0)
    assert sheet.refused([probe], 3.0, is_of_one=True) is True
    assert probe.alone is not None


def test_the_rest_of_one_that_is_refused_before_its_probe() -> None:
    """Nothing was answered yet: it may be the place, so the name is not put off for long."""
    sheet, _, [rest] = refused_sheet("a", "b")
    assert sheet.refused([rest], 2.0, is_of_one=True) is True
    assert rest.alone is None


def test_a_probe_whose_fellows_are_not_watched_any_more() -> None:
    sheet, probe, [rest] = refused_sheet("a", "b")
    del sheet.lines[rest.name]
    assert sheet.refused([probe], 2.0, is_of_one=True) is False
    assert [line.name for line in sheet.take_pulled()] == [probe.name, probe.name]
