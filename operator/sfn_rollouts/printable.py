"""Texts of others and of users, made safe to print: for a terminal, a CI log, a status, a log line, a shell.

Whoever may write an alarm's reason, an annotation or a manifest must not write on a person's screen, start a line of a
log, or put a word into a command that somebody pastes. The lowest layer, since every other one prints such texts; and
standard library only, since `list` must answer at once. Does not belong here: what a text means, or how a page looks.
"""

import json
import re
import shlex
from typing import Any

# What CI services act on in the output of a step. GitHub looks for "::error ..." where a line begins and for
# "##[error]" anywhere in it (actions/runner, ActionCommand.cs); Azure Pipelines takes "##vso[" and TeamCity
# "##teamcity[" anywhere.
CI_MARKER = re.compile(r"#(?=#\w*\[)")
_CI_COMMAND = re.compile(rf"{CI_MARKER.pattern}|(?<!\S):(?=:[A-Za-z])")
_AT_A_BEGINNING = re.compile(r"(?m)^([ \t]*:)(?=:[A-Za-z])")
_NOT_SEEN = re.compile(rf"{_CI_COMMAND.pattern}|[^\x20-\x7e]")
_TO_ESCAPE = re.compile(rf"{CI_MARKER.pattern}|[^\n\x20-\x7e]")


def one_line(text: str, longest: int | None = None) -> str:
    """Return the text as one printable line, with at most `longest` characters; what is cut ends in "...".

    Each line feed, control character (C0, DEL, C1), bidirectional or other invisible control, U+2028, U+2029, lone
    surrogate and unassigned character becomes a space, and a marker that a CI service would act on gets a space in it.
    Nothing else changes, and a second call changes nothing.
    """
    seen = text if text.isprintable() else "".join(letter if letter.isprintable() else " " for letter in text)
    harmless = _CI_COMMAND.sub(r"\g<0> ", seen)
    return harmless if longest is None or len(harmless) <= longest else f"{harmless[: longest - 3]}..."


def visible(text: str) -> str:
    """Return the text as one printable line that stands for this text alone: with escapes of JSON, "\\u00a0".

    For two texts below each other, which may differ in nothing else. As a part of a text in JSON it means the same.
    """
    return _NOT_SEEN.sub(_escaped, text)


def folded(page: str) -> str:
    """Return a page of texts made printable, so that none begins a command where the page has folded it."""
    return _AT_A_BEGINNING.sub(r"\1 ", page)


def word(text: str) -> str:
    """Return the text as one word of a shell command that is offered to a person."""
    return shlex.quote(one_line(text))


def json_text(data: Any, indent: int | None = 2) -> str:
    """Return the data as JSON that is as harmless to print; it means the same, as what may not be seen is escaped.

    On one line where `indent` is None.
    """
    # Within JSON, none of what is escaped stands outside of texts.
    return _TO_ESCAPE.sub(_escaped, json.dumps(data, indent=indent, ensure_ascii=False, default=str))


def _escaped(found: re.Match[str]) -> str:
    letter = found[0]
    if letter.isprintable() and letter not in "#:":
        return letter
    return f"\\u{ord(letter):04x}" if letter in "#:\x7f" else json.dumps(letter)[1:-1]
