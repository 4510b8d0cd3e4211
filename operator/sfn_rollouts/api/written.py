"""Quantities in the API: kept as the text that was written, never rewritten, so that Git stays the truth."""

from typing import Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

from sfn_rollouts.api.rules import Rule, with_rules


class Written(str):
    """A text that keeps one rule. `FORMAT` is the rule, `LONGEST` how many characters it may have."""

    __slots__ = ()

    FORMAT: ClassVar[Rule]
    LONGEST: ClassVar[int]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a quantity as written.

        Raises:
            ValueError: the text is none; the message says what one looks like.
        """
        return cls(cls.FORMAT.check(text))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(cls.parse, core_schema.str_schema(max_length=cls.LONGEST))

    @classmethod
    def __get_pydantic_json_schema__(
        cls, inner: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return with_rules(handler(inner), cls.FORMAT)
