"""Rules that a value must keep: one declaration, asked twice.

The API server evaluates a rule as CEL (`x-kubernetes-validations` in the CRD), pydantic evaluates it as Python; both
say the same sentence. A rule stands beside the field or the model that it guards. Minimum, maximum and lengths are not
rules but plain schema, because editors and other tools understand those.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, Literal

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError, core_schema

BROKEN = "rule_broken"
_JsonSchema = dict[str, Any]


def cel_text(text: str) -> str:
    """Write a text as a CEL string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A value that a message names: the CEL expression and the Python function give the same text.

    `is_measurable` says that the API server can compute beforehand how long the text may become. It cannot for a number
    made text, and refuses a CRD that goes on working with such a text; one of them in a message is what it allows.
    """

    cel: str
    python: Callable[[Any], str]
    is_measurable: bool = True


SELF = Shown("self", str)


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """What must hold, and what to say when it does not.

    Compared by identity (`eq=False`), because annotations have to be hashable and a mapping is not.

    Attributes:
        cel: expression over `self`; sees the value as the API server stores it, camelCase.
        holds: the same in Python; sees the validated value. None for a transition rule, which needs the old object that
            only the API server has.
        message: one sentence that names the value and the remedy; `{value}` is the value, other names stand in `shows`.
    """

    cel: str
    holds: Callable[[Any], bool] | None
    message: str
    shows: Mapping[str, Shown] = field(default_factory=dict)

    def check(self, value: Any) -> Any:
        """Return the value unchanged.

        Raises:
            PydanticCustomError: (a ValueError) the rule is broken; its text is the message.
        """
        if self.holds is not None and not self.holds(value):
            raise PydanticCustomError(BROKEN, "{sentence}", {"sentence": self.sentence(value)})
        return value

    def sentence(self, value: Any) -> str:
        """Return the message about this value."""
        return self.message.format_map({name: self._shown(name).python(value) for name in self._names()})

    def validation(self) -> dict[str, str]:
        """Return the entry of `x-kubernetes-validations`."""
        names = self._names()
        # Kubernetes falls back to `message` when the expression gives a text with a line break.
        entry = {"rule": self.cel, "message": self.message.format_map(dict.fromkeys(names, "..."))}
        return {**entry, "messageExpression": self._expression()} if names else entry

    def _names(self) -> list[str]:
        return [name for _, name, _, _ in Formatter().parse(self.message) if name is not None]

    def _shown(self, name: str) -> Shown:
        return SELF if name == "value" else self.shows[name]

    def _expression(self) -> str:
        unmeasurable = [name for name in self._names() if not self._shown(name).is_measurable]
        text = " + ".join(self._parts())
        for name in unmeasurable:
            text = f"({text}).replace('{{{name}}}', {self._shown(name).cel})"
        return text

    def _parts(self) -> Iterator[str]:
        for literal, name, _, _ in Formatter().parse(self.message):
            if literal:
                yield cel_text(literal)
            if name:
                yield self._shown(name).cel if self._shown(name).is_measurable else cel_text(f"{{{name}}}")

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, inner: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> _JsonSchema:
        return with_rules(handler(inner), self)


def with_rules(schema: _JsonSchema, *rules: Rule) -> _JsonSchema:
    """Return the JSON schema with these rules behind those that it has."""
    known = schema.get("x-kubernetes-validations", [])
    return {**schema, "x-kubernetes-validations": [*known, *(rule.validation() for rule in rules)]}


@dataclass(frozen=True, slots=True)
class ListType:
    """How the API server compares and merges a list; the entries of a set are distinct."""

    kind: Literal["atomic", "set", "map"]
    key: str | None = None

    def check(self, items: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the list unchanged, unless an entry of a set is there twice (the API server: "Duplicate value")."""
        twice = [item for index, item in enumerate(items) if item in items[:index]]
        if self.kind == "set" and twice:
            raise PydanticCustomError(
                BROKEN, "{sentence}", {"sentence": f"'{twice[0]}' is listed twice: leave one out"}
            )
        return items

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, inner: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> _JsonSchema:
        keys = {"x-kubernetes-list-map-keys": [self.key]} if self.key else {}
        return {**handler(inner), "x-kubernetes-list-type": self.kind, **keys}


def given_fields(model: Any, *names: str) -> list[str]:
    """Return those of the fields (snake_case) that have a value, as a manifest spells them."""
    return [to_camel(name) for name in names if getattr(model, name) is not None]


def exactly_one(what: str, *names: str) -> Rule:
    """One of these fields (snake_case) and no second one; `what` says what they are, like "strategy"."""
    fields = [to_camel(name) for name in names]
    listed = " + ".join(f"(has(self.{name}) ? ', {name}' : '')" for name in fields)
    return Rule(
        cel=f"[{', '.join(f'has(self.{name})' for name in fields)}].exists_one(given, given)",
        holds=lambda model: len(given_fields(model, *names)) == 1,
        message=f"give exactly one {what} of {', '.join(fields)}; given: {{given}}",
        shows={
            "given": Shown(
                f"({' || '.join(f'has(self.{name})' for name in fields)} ? ({listed}).substring(2) : 'none')",
                lambda model: ", ".join(given_fields(model, *names)) or "none",
            )
        },
    )


def at_least_one(what: str, *names: str) -> Rule:
    """One of these fields (snake_case) or several."""
    fields = [to_camel(name) for name in names]
    return Rule(
        cel=" || ".join(f"has(self.{name})" for name in fields),
        holds=lambda model: bool(given_fields(model, *names)),
        message=f"{what} is empty: give {' or '.join(fields)}",
    )


def immutable(remedy: str) -> Rule:
    """A required field that stays as it was created."""
    return Rule(
        cel="self == oldSelf",
        holds=None,
        message=f"cannot be changed from '{{old}}' to '{{value}}': {remedy}",
        shows={"old": Shown("oldSelf", str)},
    )
