"""Percentages as text, like `2.5%`: kept as written, never rewritten, so that Git stays the truth."""

import re
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

from sfn_rollouts.api.rules import Rule, cel_text, with_rules

GRAMMAR = r"^[0-9]{1,3}([.][0-9]{1,3})?%$"
_FORM = re.compile(GRAMMAR)

FORMAT = Rule(
    cel=f"self.matches({cel_text(GRAMMAR)})",
    holds=lambda text: _FORM.fullmatch(text) is not None,
    message="'{value}' is not a percentage: give a number with at most three decimals and a percent sign, like 2.5%",
)


class PercentText(str):
    """A percentage as written, like `2.5%`; `fraction` is its value."""

    __slots__ = ()

    @property
    def fraction(self) -> float:
        """Its value, 0.025 for `2.5%`."""
        return float(self.removesuffix("%")) / 100.0

    @classmethod
    def parse(cls, text: str) -> "PercentText":
        """Parse a percentage as written.

        Raises:
            ValueError: the text is no percentage; the message says what one looks like.
        """
        return cls(FORMAT.check(text))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(cls.parse, core_schema.str_schema(max_length=8))

    @classmethod
    def __get_pydantic_json_schema__(
        cls, inner: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return with_rules(handler(inner), FORMAT)


def between(low: str, high: str) -> Rule:
    """Bounds of a percentage, both allowed; says nothing about what is none, because `FORMAT` has said it."""
    value = "double(self.substring(0, self.size() - 1))"
    low_value, high_value = PercentText(low).fraction * 100.0, PercentText(high).fraction * 100.0
    return Rule(
        cel=f"!self.matches({cel_text(GRAMMAR)}) || ({value} >= {low_value} && {value} <= {high_value})",
        holds=lambda text: PercentText(low).fraction <= text.fraction <= PercentText(high).fraction,
        message=f"'{{value}}' is out of bounds: give {low} to {high}",
    )
