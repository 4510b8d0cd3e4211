"""Durations in the API."""

import re
from typing import Annotated

from sfn_rollouts.api.rules import Rule, cel_text
from sfn_rollouts.api.written import Written
from sfn_rollouts.durations import FORM, GRAMMAR, is_duration, seconds_of

# CEL's duration() fails, with an unreadable text, beyond 292 years. With these caught, 32 characters stay below it.
_BEYOND_ANY_BOUND = r"[0-9]{6}h|[0-9]{8}m([0-9]|$)"
_BEYOND = re.compile(_BEYOND_ANY_BOUND)

FORMAT = Rule(
    cel=f"self.matches({cel_text(GRAMMAR)})",
    holds=is_duration,
    message=f"'{{value}}' is not a duration: {FORM}",
)


class Duration(Written):
    """A duration as written, like `1h30m`; `seconds` is its length."""

    __slots__ = ()

    FORMAT = FORMAT
    LONGEST = 32

    @property
    def seconds(self) -> float:
        """Length in seconds, to the microsecond."""
        return seconds_of(self)


def is_within(text: str, low: str, high: str) -> bool:
    """Whether a text that is a duration lies within these bounds, both allowed."""
    return _BEYOND.search(text) is None and Duration(low).seconds <= seconds_of(text) <= Duration(high).seconds


def between(low: str, high: str) -> Rule:
    """Bounds of a duration, both allowed; says nothing about what is no duration, because `FORMAT` has said it."""
    within = f"duration(self) >= duration('{low}') && duration(self) <= duration('{high}')"
    return Rule(
        cel=f"!self.matches({cel_text(GRAMMAR)}) || (!self.matches({cel_text(_BEYOND_ANY_BOUND)}) && {within})",
        holds=lambda text: is_within(text, low, high),
        message=f"'{{value}}' is out of bounds: give {low} to {high}",
    )


Interval = Annotated[Duration, between("1s", "720h")]
BakeTime = Annotated[Duration, between("0s", "720h")]
PollInterval = Annotated[Duration, between("1s", "1h")]
Within = Annotated[Duration, between("1m", "8760h")]
SmokeTimeout = Annotated[Duration, between("1s", "1h")]
