"""The rule language of composite alarms: ALARM("x"), OK(x), INSUFFICIENT_DATA(x), TRUE, FALSE, AND, OR, NOT, ( ).

Source: API reference of PutCompositeAlarm. NOT binds tighter than AND, AND tighter than OR.
AT_LEAST is not implemented.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from devenv.aws.errors import AwsError

States = dict[str, str]  # alarm name -> state
Rule = Callable[[States], bool]

_TOKEN = re.compile(r"""\s*(?:(?P<mark>[()])|(?P<quote>["'])(?P<quoted>.*?)(?P=quote)|(?P<word>[^\s()"']+))""")
_CHILD_STATES = ("ALARM", "OK", "INSUFFICIENT_DATA")


@dataclass(frozen=True)
class ParsedRule:
    """`children` are names; a child given by its ARN is known by the name in it."""

    holds: Rule
    children: frozenset[str]


def parse(text: str) -> ParsedRule:
    """Raises ValidationError for anything else than the language above; AWS's wording is not established."""
    reader = _Reader(text)
    rule = reader.any_of()
    if reader.tokens:
        raise _refused(f"unexpected {reader.tokens[0]!r}")
    return ParsedRule(rule, frozenset(reader.children))


def _alarm_name(word: str) -> str:
    """Read from the front: an alarm's name may hold colons, and look like the end of an ARN."""
    parts = word.split(":", 6)
    return parts[6] if len(parts) == 7 and (parts[0], parts[5]) == ("arn", "alarm") else word


def _refused(why: str) -> AwsError:
    return AwsError("ValidationError", f"AlarmRule is not valid: {why}")


def _tokens(text: str) -> list[str]:
    tokens, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise _refused(f"cannot read {text[at:]!r}")
        tokens.append(match["quoted"] if match["quote"] else match["mark"] or match["word"])
        at = match.end()
    return tokens


class _Reader:
    """Recursive descent; each method takes its part off `tokens` and returns what decides it."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.children: set[str] = set()

    def any_of(self) -> Rule:
        parts = self._parts("OR", self.all_of)
        return parts[0] if len(parts) == 1 else lambda states: any(part(states) for part in parts)

    def all_of(self) -> Rule:
        parts = self._parts("AND", self.negated)
        return parts[0] if len(parts) == 1 else lambda states: all(part(states) for part in parts)

    def negated(self) -> Rule:
        if not self._skip("NOT"):
            return self.atom()
        inner = self.negated()
        return lambda states: not inner(states)

    def atom(self) -> Rule:
        word = self._next()
        if word == "(":
            inner = self.any_of()
            self._expect(")")
            return inner
        if word in ("TRUE", "FALSE"):
            return lambda _: word == "TRUE"
        if word in _CHILD_STATES:
            return self._child(word)
        raise _refused(f"unexpected {word!r}")

    def _child(self, state: str) -> Rule:
        self._expect("(")
        name = _alarm_name(self._next())
        self._expect(")")
        self.children.add(name)
        return lambda states: states.get(name) == state

    def _parts(self, operator: str, read: Callable[[], Rule]) -> list[Rule]:
        parts = [read()]
        while self._skip(operator):
            parts.append(read())
        return parts

    def _skip(self, token: str) -> bool:
        if self.tokens[:1] == [token]:
            self.tokens.pop(0)
            return True
        return False

    def _next(self) -> str:
        if not self.tokens:
            raise _refused("it ends too early")
        return self.tokens.pop(0)

    def _expect(self, token: str) -> None:
        found = self._next()
        if found != token:
            raise _refused(f"expected {token!r}, found {found!r}")
