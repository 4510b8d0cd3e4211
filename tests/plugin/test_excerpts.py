"""Long values below each other: a person sees what differs, and where something was left out."""

import json
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sfn_rollouts.plugin.excerpts import excerpt, excerpts

unhurried = settings(deadline=None)  # a busy machine is no defect
FILL = "".join(f"'field{number}': $states.input.field{number}, " for number in range(40))
"""Longer than what is shown of a value."""


def test_what_is_short_stands_there_whole() -> None:
    assert excerpts("charge:1", "charge:2") == ('"charge:1"', '"charge:2"')
    assert excerpts({"a": [1, None]}, 3) == ('{"a": [1, null]}', "3")
    assert excerpt("x" * 298) == f'"{"x" * 298}"'


AT = "'limit': "
DIFFERENCES = {
    "at the end": (f"{FILL}{AT}100", f"{FILL}{AT}100000", '100"', '100000"'),
    "far behind": (f"{FILL * 30}{AT}100{FILL * 30}", f"{FILL * 30}{AT}200{FILL * 30}", f"{AT}100", f"{AT}200"),
    "at the beginning": (f"100{FILL}", f"200{FILL}", '"100', '"200'),
    "something that was added": (
        f"{FILL}{FILL}",
        f"{FILL}NEW{FILL}",
        f"{FILL[-9:]}{FILL[:9]}",
        f"{FILL[-9:]}NEW{FILL[:9]}",
    ),
    "something that was removed": (f"{FILL}OLD", FILL, 'OLD"', f'{FILL[-9:]}"'),
    "newlines": (f"{FILL}\nSELECT 1\n{FILL}", f"{FILL}\nSELECT 2\n{FILL}", "\\nSELECT 1\\n", "\\nSELECT 2\\n"),
    "only newlines": (f"{FILL}\n{FILL}", f"{FILL} {FILL}", f"{FILL[-9:]}\\n{FILL[:9]}", f"{FILL[-9:]} {FILL[:9]}"),
    "other scripts": (f"{FILL}Grüße 你好 1", f"{FILL}Grüße 你好 2", "Grüße 你好 1", "Grüße 你好 2"),
    "an accent of its own": (f"{FILL}cafe{FILL}", f"{FILL}cafe\u0301{FILL}", "cafe'", "cafe\u0301'"),
    "a letter that cannot be seen": (f"{FILL}a b", f"{FILL}a\u00a0b", "a b", "a\\u00a0b"),
    "another kind of value": ([FILL], {"all": FILL}, '["', '{"all": "'),
    "an object in a list's place": (FILL, [FILL, 1], '"', ", 1]"),
}


@pytest.mark.parametrize(("before", "after", "old", "new"), DIFFERENCES.values(), ids=DIFFERENCES.keys())
def test_what_differs_is_seen_on_both_sides(before: Any, after: Any, old: str, new: str) -> None:
    shown = excerpts(before, after)
    assert old in shown[0]
    assert new in shown[1]
    assert shown[0] != shown[1]


def test_an_ellipsis_stands_where_something_was_cut() -> None:
    old, new = excerpts(f"{FILL}1{FILL}", f"{FILL}2{FILL}")
    assert (old[0], old[-1], new[0], new[-1]) == ("…", "…", "…", "…")
    assert (len(old), len(new)) == (123, 123)
    begins, _ = excerpts(f"1{FILL}", f"2{FILL}")
    assert (begins[:2], begins[-1]) == ('"1', "…")
    ends, _ = excerpts(f"{FILL}1", f"{FILL}2")
    assert (ends[0], ends[-2:]) == ("…", '1"')


def test_several_differences_are_seen_the_first_and_the_last_of_many() -> None:
    near = excerpts(f"{FILL}one, same, two{FILL}", f"{FILL}1, same, 2{FILL}")
    assert "one, same, two" in near[0]
    assert "1, same, 2" in near[1]
    far = excerpts(f"{FILL}first{FILL}last{FILL}", f"{FILL}1st{FILL}9th{FILL}")
    assert re.fullmatch(r"….*first.* … .*last.*…", far[0])
    assert re.fullmatch(r"….*1st.* … .*9th.*…", far[1])


def test_of_a_value_that_came_or_went_both_ends_are_seen() -> None:
    shown = excerpt({"begins": FILL, "ends": "here"})
    assert shown.startswith('{"begins": "\'field0\'')
    assert shown.endswith('"ends": "here"}')
    assert " … " in shown
    assert len(shown) == 303


def test_two_spellings_of_one_letter_are_distinguished() -> None:
    assert excerpts("caf\u00e9", "cafe\u0301") == ('"caf\\u00e9"', '"cafe\\u0301"')
    assert excerpts("\u212b", "\u00c5") == ('"\\u212b"', '"\\u00c5"')


def test_no_escape_and_no_letter_is_cut_apart() -> None:
    for filling, letter in (
        ("\n", r"\\n"),
        ("\u200b", r"\\u200b"),
        ("e\u0301", "e\u0301"),
        ("\\", r"\\\\"),
        ('"', r'\\"'),
    ):
        for shown in excerpts(f"{filling * 400}1{filling * 400}", f"{filling * 400}2{filling * 400}"):
            assert re.fullmatch(f"…(?:{letter}){{60}}[12](?:{letter}){{60}}…", shown)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
LONG = st.tuples(st.text(), st.text(max_size=3), st.text()).map(lambda each: each[0] * 99 + each[1] + each[2] * 99)


@unhurried
@given(JSON | LONG, JSON | LONG)
@example("x" * 400, "x" * 401)
@example(10**400, 10**401)
@example("\ud800" * 400, "\ud800" * 401)
@example("##[error]", "## [error]")
@example("a ::error", "a : :error")
def test_two_values_that_differ_never_look_alike(before: Any, after: Any) -> None:
    old, new = excerpts(before, after)
    assert (old == new) == (json.dumps(before) == json.dumps(after))
    for shown in (old, new, excerpt(before)):
        assert shown.isprintable()


def test_a_megabyte_is_cut_in_no_time() -> None:
    """Each letter is looked at a fixed number of times."""
    old, new = excerpts("a" * 1_000_000 + "1", "a" * 1_000_000 + "2")
    assert (old[-2:], new[-2:]) == ('1"', '2"')
