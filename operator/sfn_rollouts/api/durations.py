"""Durations as people write them: `90s`, `10m`, `1h30m`. Kept as text, never rewritten, so that Git stays the truth."""

import re
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

PATTERN = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$"
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_TERM = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_WHOLE = re.compile(PATTERN)


class Duration(str):
    """A duration as written; `seconds` is its length. Same grammar as Go's and CEL's `duration()`, units ms to h."""

    __slots__ = ()

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return sum(float(number) * _UNIT_S[unit] for number, unit in _TERM.findall(self))

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """Take a duration as written.

        Raises:
            ValueError: the text is no duration; the message says what one looks like.
        """
        if not _WHOLE.match(text):
            raise ValueError(f"{text!r} is not a duration: write a number with a unit, like 30s, 10m or 1h30m")
        return cls(text)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(cls.parse, core_schema.str_schema(max_length=32))
