"""Texts of strangers, as they may be printed."""

import json
import re
import shlex
import sys

import pytest

from sfn_rollouts.printable import json_text, one_line, visible, word

EVERY_CHARACTER = "".join(map(chr, range(sys.maxunicode + 1)))
SAID = {
    "a plain text stays": ("alarm orders-errors is firing", "alarm orders-errors is firing"),
    "letters of any script stay": ("Überlast 注文 🚀", "Überlast 注文 🚀"),
    "a line feed would begin a line of its own": ("a\nb\r\nc", "a b  c"),
    "U+2028 and U+2029 end lines too": ("a\u2028b\u2029c\x85d\x0be", "a b c d e"),
    "ESC, BEL, DEL and 8-bit CSI move cursors and set titles": ("\x1b]0;x\x07\x7f\x9b2J", " ]0;x   2J"),
    "bidi controls turn the order of what is read": ("a\u202eb\u2066c\u200fd", "a b c d"),
    "a lone surrogate cannot be encoded": ("a\ud800b", "a b"),
    "NUL and the byte order mark": ("a\x00b\ufeffc", "a b c"),
    "GitHub's command at the beginning": ("::error file=a.py::x", ": :error file=a.py::x"),
    "GitHub's command where a page may break the line": ("see  ::set-env x::y", "see  : :set-env x::y"),
    "GitHub's older command, anywhere": ("x##[error]y", "x# #[error]y"),
    "Azure's command, anywhere": ("x ##vso[task.setvariable]y", "x # #vso[task.setvariable]y"),
    "more signs than needed": ("###[error]", "## #[error]"),
    "TeamCity's command": ("##teamcity[x]", "# #teamcity[x]"),
    "what a removed control would put together": ("#\u200b#[error]", "# #[error]"),
    "ARNs and IPv6 addresses stay": ("arn:aws:s3:::a ::1 ## [x]", "arn:aws:s3:::a ::1 ## [x]"),
}


@pytest.mark.parametrize(("given", "shown"), SAID.values(), ids=SAID)
def test_is_shown_so(given: str, shown: str) -> None:
    assert one_line(given) == shown


@pytest.mark.parametrize("given", [given for given, _ in SAID.values()], ids=SAID)
def test_a_second_call_changes_nothing(given: str) -> None:
    assert one_line(one_line(given)) == one_line(given)


SEEN = {
    "Charge": "Charge",
    "\u6ce8\u6587": "\u6ce8\u6587",
    "a\u00a0b\u200b": "a\\u00a0b\\u200b",
    "\x1b[2J\u202e\n": "\\u001b[2J\\u202e\\n",
    "\ud800": "\\ud800",
    "\U000e0001": "\\udb40\\udc01",
    "a ::error b": "a \\u003a:error b",
    "##[error]": "\\u0023#[error]",
}


@pytest.mark.parametrize(("given", "shown"), SEEN.items(), ids=SEEN.values())
def test_what_cannot_be_seen_is_escaped_as_json_does(given: str, shown: str) -> None:
    assert visible(given) == shown
    assert json.loads(f'"{shown}"') == given
    assert visible(shown) == one_line(shown) == shown


def test_every_character_there_is_gives_one_printable_line() -> None:
    shown = one_line(EVERY_CHARACTER)
    assert shown.isprintable()
    assert len(shown.splitlines()) == 1
    assert shown.encode()


@pytest.mark.parametrize(("longest", "shown"), [(None, "0123456789"), (10, "0123456789"), (9, "012345..."), (3, "...")])
def test_is_no_longer_than_asked(longest: int | None, shown: str) -> None:
    assert one_line("0123456789", longest) == shown


@pytest.mark.parametrize(
    "given", ["x; touch PWN #", "$(touch PWN)", "`id`", "a'b", 'a"b', "", "-A", "a\nb", "plain", "注文", "\ud800"]
)
def test_a_word_is_one_word_of_a_shell(given: str) -> None:
    assert shlex.split(word(given)) == [one_line(given)]


@pytest.mark.parametrize(
    "given", [given for given, _ in SAID.values()] + [EVERY_CHARACTER[::-1]], ids=[*SAID, "all there is"]
)
def test_json_says_the_same_and_is_as_harmless(given: str) -> None:
    text = json_text({given: [given]})
    assert json.loads(text) == {given: [given]}
    assert all(line.isprintable() for line in text.split("\n"))
    assert not re.search(r"(?m)^\s*::|##\w*\[", text)


def test_letters_of_any_script_can_be_read_in_json() -> None:
    assert json_text(["Überlast 注文"], indent=0) == '[\n"Überlast 注文"\n]'
