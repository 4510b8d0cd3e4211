"""Percentages in the API, as text like `2.5%`."""

import re

from sfn_rollouts.api.rules import Rule, cel_text
from sfn_rollouts.api.written import Written

GRAMMAR = r"^[0-9]{1,3}([.][0-9]{1,3})?%$"
_FORM = re.compile(GRAMMAR)

FORMAT = Rule(
    cel=f"self.matches({cel_text(GRAMMAR)})",
    holds=lambda text: _FORM.fullmatch(text) is not None,
    message="'{value}' is not a percentage: give a number with at most three decimals and a percent sign, like 2.5%",
)


class PercentText(Written):
    """A percentage as written, like `2.5%`; `fraction` is its value."""

    __slots__ = ()

    FORMAT = FORMAT
    LONGEST = 8

    @property
    def fraction(self) -> float:
        """Its value, 0.025 for `2.5%`."""
        return float(self.removesuffix("%")) / 100.0


def between(low: str, high: str) -> Rule:
    """Bounds of a percentage, both allowed; says nothing about what is none, because `FORMAT` has said it."""
    value = "double(self.substring(0, self.size() - 1))"
    low_value, high_value = PercentText(low).fraction * 100.0, PercentText(high).fraction * 100.0
    return Rule(
        cel=f"!self.matches({cel_text(GRAMMAR)}) || ({value} >= {low_value} && {value} <= {high_value})",
        holds=lambda text: PercentText(low).fraction <= text.fraction <= PercentText(high).fraction,
        message=f"'{{value}}' is out of bounds: give {low} to {high}",
    )
