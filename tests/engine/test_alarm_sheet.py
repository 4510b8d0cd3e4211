"""The sheet by itself: which lines share a call, and how a name is found that AWS refuses."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

import pytest

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.values.readings import AlarmMissing, AlarmReading, AlarmSnapshot, Trouble, Unseen
from sfn_rollouts.engine.alarm_sheet import AlarmFact, Line, Sheet, Suspects, seen_alarm
from tests.engine.fake_clock import NOON
from tests.engine.fake_random import Longest

LATER = NOON + timedelta(seconds=5)
SNAPSHOT = AlarmSnapshot(AlarmState.OK, NOON)


def line(name: str, *uids: str, due: float = 0.0, interval_s: float = 10.0) -> Line:
    """A line that these rollouts watch; one of its own where none is named."""
    return Line(name, NOON, due, dict.fromkeys(uids or (name,), interval_s))


def sheet_of(*lines: Line) -> Sheet:
    sheet = Sheet(Longest())
    sheet.lines = {each.name: each for each in lines}
    return sheet


def names(lines: Iterable[Line]) -> str:
    """Names of one letter, in one word."""
    return "".join(each.name for each in lines)


def calls(sheet: Sheet, now: float) -> list[str]:
    return [names(batch) for batch in sheet.batches(now)]


def together(sheet: Sheet) -> set[str]:
    """Which lines are suspected together."""
    groups: dict[int, str] = {}
    for each in sheet.lines.values():
        groups[id(each.suspects)] = groups.get(id(each.suspects), "") + each.name
    return set(groups.values())


# -- lines --


@pytest.mark.parametrize(
    ("fact", "seen_at"),
    [
        (None, NOON),
        (AlarmReading(SNAPSHOT, LATER), LATER),
        (AlarmMissing(LATER), LATER),
        (Unseen("503", LATER, Trouble.TRANSIENT), LATER),
    ],
    ids=["never", "read", "missing", "unseen"],
)
def test_a_line_was_seen_when_it_was_read_or_else_last_known(fact: AlarmFact | None, seen_at: object) -> None:
    seen = line("a")
    seen.fact = fact
    assert seen.seen_at == seen_at


@pytest.mark.parametrize(
    ("fact", "seconds", "is_unseen"),
    [
        (None, 29, False),
        (None, 30, True),
        (AlarmReading(SNAPSHOT, LATER), 34, False),
        (AlarmReading(SNAPSHOT, LATER), 35, True),
        (Unseen("503", LATER, Trouble.TRANSIENT), 5, True),
    ],
)
def test_nobody_can_judge_by_what_is_unseen_or_older_than_three_polls(
    fact: AlarmFact | None, seconds: float, is_unseen: bool
) -> None:
    seen = line("a")
    seen.fact = fact
    assert seen.is_unseen(NOON + timedelta(seconds=seconds)) is is_unseen


def test_an_answer_without_an_alarm_says_that_it_is_missing() -> None:
    assert seen_alarm(SNAPSHOT, LATER) == AlarmReading(SNAPSHOT, LATER)
    assert seen_alarm(None, LATER) == AlarmMissing(LATER)


# -- calls --


def test_what_is_due_first_is_read_first_and_what_is_due_at_once_by_name() -> None:
    sheet = sheet_of(line("c", due=3.0), line("b", due=1.0), line("a", due=3.0), line("d", due=4.0))
    assert calls(sheet, 0.5) == []
    assert calls(sheet, 3.0) == ["bacd"], "what is due next fills the call up"


def test_what_is_being_read_or_put_off_is_left_out() -> None:
    lines = [line(name) for name in "abc"]
    lines[0].is_being_read = True
    lines[1].not_before = 2.0
    assert calls(sheet_of(*lines), 1.9) == ["c"]
    assert calls(sheet_of(*lines), 2.0) == ["bc"]


@pytest.mark.parametrize(
    ("due", "sizes"), [(0, []), (1, [100]), (100, [100]), (101, [100, 100]), (250, [100, 100, 50])]
)
def test_a_call_has_a_hundred_names_and_there_are_as_many_as_what_is_due_takes(due: int, sizes: list[int]) -> None:
    sheet = sheet_of(*(line(f"{number:03}", due=0.0 if number < due else 9.0) for number in range(250)))
    assert [len(batch) for batch in sheet.batches(1.0)] == sizes


def suspect(*lines: Line, refused_at: float = 0.0) -> None:
    suspects = Suspects(refused_at)
    for each in lines:
        each.suspects = suspects


def test_suspects_are_read_by_themselves_those_of_most_rollouts_first_and_four_calls_a_second() -> None:
    few = [line("a", "one", due=0.1), line("b", "one", due=0.1)]
    many = [line("c", "two", due=0.3), line("d", "three", due=0.3)]
    sheet = sheet_of(*few, *many, line("e"))
    suspect(*few)
    suspect(*many)
    assert calls(sheet, 0.3) == ["e", "cd"]
    for each in many:
        each.is_being_read = True
    assert calls(sheet, 0.3) == ["e"]
    assert calls(sheet, 0.549) == ["e"]
    assert calls(sheet, 0.55) == ["e", "ab"]


def test_of_suspects_of_as_many_rollouts_those_that_are_due_first_are_read() -> None:
    sheet = sheet_of(line("a", due=0.3), line("b", due=0.2))
    for each in sheet.lines.values():
        suspect(each)
    assert calls(sheet, 0.3) == ["b"]


def test_suspects_are_read_as_soon_as_one_of_them_is_due() -> None:
    sheet = sheet_of(line("a", due=0.3), line("b", due=9.0))
    suspect(*sheet.lines.values())
    assert calls(sheet, 0.299) == []
    assert calls(sheet, 0.3) == ["ab"]


def test_a_suspect_is_due_when_the_next_call_about_suspects_may_be_made() -> None:
    sheet = sheet_of(line("a"), line("b"), line("c", due=9.0))
    suspect(sheet.lines["a"], sheet.lines["c"])
    assert calls(sheet, 1.0) == ["b", "ac"]
    assert [sheet.due(each) for each in sheet.lines.values()] == [1.25, 0.0, 9.0]


# -- a refused call --


def test_the_lines_of_a_refused_call_are_suspects_and_one_of_them_is_read_alone_at_once() -> None:
    sheet = sheet_of(*(line(name, due=9.0) for name in "abc"))
    assert sheet.refused(list(sheet.lines.values()), 0.5, is_of_one=False) is False
    assert together(sheet) == {"a", "bc"}
    assert names(sheet.take_pulled()) == "a"
    assert sheet.take_pulled() == []
    assert sheet.lines["a"].due == 0.5
    assert calls(sheet, 0.5) == ["a"]


def test_first_one_is_read_alone_that_aws_has_taken_before() -> None:
    sheet = sheet_of(*(line(name, due=9.0) for name in "abc"))
    sheet.answered([sheet.lines["b"]], 0.25)
    sheet.refused(list(sheet.lines.values()), 0.5, is_of_one=False)
    assert names(sheet.take_pulled()) == "b"


def test_the_second_time_one_of_another_rollout_is_read_alone() -> None:
    sheet = sheet_of(line("a", "one"), line("b", "one"), line("c", "two"))
    for now, probe in ((0.5, "a"), (1.0, "c"), (1.5, "a")):
        lines = [each for each in sheet.lines.values() if each.suspects is None or each.suspects.probed is None]
        sheet.refused(lines, now, is_of_one=False)
        assert names(sheet.take_pulled()) == probe
        assert together(sheet) in ({"a", "bc"}, {"ab", "c"})
        sheet.lines[probe].suspects = lines[-1 if probe == "a" else 0].suspects


def test_a_call_of_nobody_any_more_says_nothing() -> None:
    assert sheet_of().refused([], 0.5, is_of_one=False) is True
    assert sheet_of().refused([], 0.5, is_of_one=True) is True


def test_suspects_that_are_refused_again_are_halved_once_another_call_was_answered() -> None:
    sheet = sheet_of(*(line(name, due=9.0) for name in "abcd"), line("e"))
    lines = [sheet.lines[name] for name in "abcd"]
    suspect(*lines, refused_at=0.5)
    sheet.answered([sheet.lines["e"]], 0.75)
    assert sheet.refused(lines, 1.0, is_of_one=False) is False
    assert together(sheet) == {"ab", "cd", "e"}
    assert {each.suspects.refused_at for each in lines if each.suspects} == {0.5}
    assert names(sheet.take_pulled()) == "abcd"
    assert [each.due for each in lines] == [1.0] * 4


def test_an_answer_at_the_moment_of_the_refusal_shows_nothing() -> None:
    sheet = sheet_of(*(line(name, due=9.0) for name in "abcd"))
    lines = list(sheet.lines.values())
    suspect(*lines, refused_at=0.5)
    sheet.answered([], 0.5)
    sheet.refused(lines, 1.0, is_of_one=False)
    assert together(sheet) == {"a", "bcd"}
    assert lines[1].suspects is not None
    assert lines[1].suspects.refused_at == 1.0, "only an answer after this one shows something"


@pytest.mark.parametrize(
    ("owners", "halves"),
    [
        ({"a": "one", "b": "two", "c": "one", "d": "two"}, {"ac", "bd"}),
        ({"a": "two", "b": "two", "c": "two", "d": "one"}, {"d", "abc"}),
        ({"a": "one", "b": "one", "c": "one", "d": "one"}, {"ab", "cd"}),
        ({"a": "1", "b": "2", "c": "3"}, {"a", "bc"}),
    ],
)
def test_suspects_are_halved_between_rollouts_and_those_of_one_by_name(
    owners: dict[str, str], halves: set[str]
) -> None:
    sheet = sheet_of(*(line(name, owner) for name, owner in owners.items()))
    lines = list(sheet.lines.values())
    suspect(*lines, refused_at=0.5)
    sheet.answered([], 0.75)
    sheet.refused(lines, 1.0, is_of_one=False)
    assert together(sheet) == halves


# -- one read alone --


def probed(*lines: Line) -> tuple[Sheet, Iterator[Line]]:
    """A sheet whose only call was refused at 0.5; and the line that is read alone, each time."""
    sheet = sheet_of(*lines)
    sheet.refused(list(lines), 0.5, is_of_one=False)

    def probes() -> Iterator[Line]:
        while pulled := sheet.take_pulled():
            yield pulled[0]

    return sheet, probes()


def test_one_that_was_read_alone_is_well_and_the_others_are_halved() -> None:
    sheet, probes = probed(*(line(name) for name in "abcde"))
    well = next(probes)
    well.probed_at = 0.5
    sheet.answered([well], 1.0)
    assert (well.suspects, well.alone, well.was_read, well.probed_at) == (None, None, True, 0.0)
    assert together(sheet) == {"a", "bc", "de"}
    assert names(sheet.take_pulled()) == "bcde"
    suspects = sheet.lines["b"].suspects
    assert suspects is not None
    assert suspects.refused_at == 0.5


def test_an_answer_ends_the_pause_of_the_place() -> None:
    sheet = sheet_of()
    sheet.pace.wait(0.5, 10.0, 10.0)
    sheet.answered([], 1.0)
    assert sheet.pace.next_at == 0.0


def test_one_by_one_of_three_rollouts_is_read_alone_and_then_it_is_the_place() -> None:
    sheet, probes = probed(*(line(name, due=9.0) for name in "abcde"))
    tried, certain = "", []
    for now in (1.0, 1.5, 2.0):
        probe = next(probes)
        tried += probe.name
        certain.append(sheet.refused([probe], now, is_of_one=True))
    assert tried == "abc"
    assert certain == [False] * 3
    assert together(sheet) == {"abcde"}
    assert sorted(names(sheet.take_pulled())) == list("abcde"), "all are read at once, and together"
    assert sheet.refused(list(sheet.lines.values()), 2.5, is_of_one=False) is True


def test_a_place_is_ill_when_each_of_its_two_rollouts_was_read_alone_in_vain() -> None:
    sheet, probes = probed(line("a", "one"), line("b", "one"), line("c", "two"))
    for now in (1.0, 1.5):
        sheet.refused([next(probes)], now, is_of_one=True)
    assert together(sheet) == {"abc"}
    assert sheet.refused(list(sheet.lines.values()), 2.0, is_of_one=False) is True


def test_a_place_is_ill_that_refuses_what_it_has_taken_before() -> None:
    lines = [line(name) for name in "abcde"]
    lines[0].was_read = True
    sheet, probes = probed(*lines)
    sheet.refused([next(probes)], 1.0, is_of_one=True)
    assert sheet.refused(lines, 1.5, is_of_one=False) is True


def test_one_that_was_refused_alone_waits_with_the_others_for_the_next_probe() -> None:
    lines = [line(name, due=9.0) for name in "abcde"]
    sheet, probes = probed(*lines)
    lines[1].not_before = 7.0
    first = next(probes)
    sheet.refused([first], 1.0, is_of_one=True)
    assert (first.name, first.due, first.not_before) == ("a", 9.0, 7.0)
    assert together(sheet) == {"acde", "b"}


def test_a_probe_of_a_place_that_is_known_to_be_ill_changes_no_more() -> None:
    sheet, probes = probed(line("a"), line("b"))
    probe = next(probes)
    assert probe.suspects is not None
    assert probe.suspects.probed is not None
    probe.suspects.probed.is_place_ill = True
    assert sheet.refused([probe], 1.0, is_of_one=True) is False
    assert together(sheet) == {"ab"}
    assert sheet.take_pulled() == []


# -- a refused name --


@pytest.mark.parametrize(("interval_s", "pauses_s"), [(10.0, [10, 20, 40, 60, 60]), (100.0, [100, 100])])
def test_a_refused_name_is_tried_ever_more_rarely_and_at_least_once_a_minute_or_as_often_as_it_is_watched(
    interval_s: float, pauses_s: list[float]
) -> None:
    sheet, probes = probed(line("a", interval_s=interval_s), line("b"))
    bad = next(probes)
    now, found_s = 1.0, []
    for _ in pauses_s:
        sheet.answered([], now - 0.25)
        assert sheet.refused([bad], now, is_of_one=True) is True
        assert bad.due == bad.not_before
        found_s.append(bad.due - now)
        now = bad.due
    assert found_s == pytest.approx(pauses_s)


def test_a_name_that_is_refused_alone_is_no_probe_any_more() -> None:
    sheet, probes = probed(line("a"), line("b"), line("c"))
    bad = next(probes)
    sheet.answered([], 0.75)
    sheet.refused([bad], 1.0, is_of_one=True)
    sheet.answered([bad], 2.0)
    assert bad.alone is None
    assert together(sheet) == {"a", "bc"}, "the others are not halved over it"


def test_a_name_that_nobody_suspects_is_refused_for_itself() -> None:
    sheet = sheet_of(line("a", due=3.0))
    sheet.answered([], 0.75)
    assert sheet.refused([sheet.lines["a"]], 1.0, is_of_one=True) is True
    assert sheet.lines["a"].alone is None
    assert sheet.lines["a"].due == 3.0


def test_an_answer_between_the_first_refusal_and_the_probe_shows_that_it_is_the_name() -> None:
    """It is the suspects' refusal that counts, not the moment at which the probe was chosen."""
    sheet, probes = probed(line("a"), line("b"))
    bad = next(probes)
    assert bad.suspects is not None
    bad.suspects.refused_at = 5.0
    sheet.answered([], 0.75)
    assert sheet.refused([bad], 1.0, is_of_one=True) is True
    assert bad.alone is not None


def test_an_answer_before_a_half_was_refused_shows_nothing_about_the_one_that_is_left_of_it() -> None:
    sheet = sheet_of(line("a"))
    suspect(sheet.lines["a"], refused_at=1.0)
    sheet.answered([], 1.0)
    assert sheet.refused([sheet.lines["a"]], 1.5, is_of_one=True) is True
    assert sheet.lines["a"].alone is None
