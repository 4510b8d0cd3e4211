"""What is wrong with a manifest: where, with which value, and how to fix it. Made from what pydantic found."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sfn_rollouts.api.crd import Schema, resource_schema
from sfn_rollouts.api.kinds import ROLLOUT, Kind
from sfn_rollouts.api.rules import BROKEN
from sfn_rollouts.printable import one_line

Location = tuple[int | str, ...]


class Severity(StrEnum):
    """An error is refused, by the API server or here; a warning is accepted and probably not what was meant."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: `path` like `spec.strategy.steps[2].setWeight`, a message that names the value and the remedy."""

    path: str
    value: Any
    message: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class SpecError(ValueError):
    """A spec that the models refuse; its text is all problems on one line.

    Attributes:
        problems: at least one, in the order of the fields.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


def problems_of(error: ValidationError, root: str, kind: Kind = ROLLOUT) -> list[Problem]:
    """Return a problem for each finding of pydantic; `root` is the resource's field that was validated, like "spec"."""
    found = error.errors(include_url=False)
    places = ((_Place(kind, (root, *details["loc"])), details) for details in found if not _is_echo(details, found))
    return [_problem(place, details) for place, details in places]


def unknown_field(name: str, known: Iterable[str]) -> str:
    """Return that a field is unknown, and which one was probably meant."""
    return f"unknown field {shown(name)}: {suggestion(name, known) or 'leave it out'}"


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return "did you mean 'x'?", or nothing when no known word is near."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    near = difflib.get_close_matches(word.lower().replace("_", ""), by_lower, n=1, cutoff=0.6)
    return f"did you mean '{by_lower[near[0]]}'?" if near else ""


def path_text(location: Location) -> str:
    """Write a location as people do: `spec.strategy.steps[2].pause`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return one_line("".join(parts).removeprefix("."))


def schema_at(location: Location, kind: Kind = ROLLOUT) -> Schema:
    """Return the schema of a field; an empty one for what is no field."""
    node = _resource_schema(kind)
    for part in location:
        node = node.get("items", {}) if isinstance(part, int) else field_schema(node, part)
    return node


def field_schema(schema: Schema, name: str) -> Schema:
    """Return the schema of a field of an object, or of an entry of a map; an empty one for what is neither."""
    found: Schema = schema.get("properties", {}).get(name) or schema.get("additionalProperties", {})
    return found


def shown(value: Any) -> str:
    """Write a value into a sentence: texts quoted, JSON's words, on one printable line of at most 80 characters."""
    if isinstance(value, bool) or value is None:
        return "null" if value is None else str(value).lower()
    return one_line(f"'{value}'" if isinstance(value, str) else str(value), longest=80)


def _is_echo(details: ErrorDetails, found: list[ErrorDetails]) -> bool:
    """Pydantic counts the valid items only: a list of one broken item is also "too short"."""
    location = details["loc"]
    return details["type"] == "too_short" and any(
        len(other["loc"]) > len(location) and other["loc"][: len(location)] == location for other in found
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """A field of a kind of resource."""

    kind: Kind
    location: Location

    @property
    def schema(self) -> Schema:
        return schema_at(self.location, self.kind)

    @property
    def siblings(self) -> Iterable[str]:
        fields: Schema = schema_at(self.location[:-1], self.kind).get("properties", {})
        return fields


def _problem(place: _Place, details: ErrorDetails) -> Problem:
    value = None if details["type"] == "missing" else details["input"]  # else pydantic gives the whole parent
    sentence = _SENTENCES.get(details["type"], _other)
    return Problem(path_text(place.location), value, sentence(place, details))


@cache
def _resource_schema(kind: Kind) -> Schema:
    return resource_schema(kind)


def _missing(place: _Place, _details: ErrorDetails) -> str:
    about = place.schema.get("description", "").partition(". ")[0].rstrip(".")
    return f"is required: {about}"


def _unknown(place: _Place, _details: ErrorDetails) -> str:
    return unknown_field(str(place.location[-1]), place.siblings)


def _number_out_of_bounds(place: _Place, details: ErrorDetails) -> str:
    schema = place.schema
    return f"{shown(details['input'])} is out of bounds: give {schema['minimum']} to {schema['maximum']}"


def _not_in_enum(place: _Place, details: ErrorDetails) -> str:
    known, given = place.schema["enum"], details["input"]
    meant = [word for word in known if isinstance(given, bool) and _BOOLEANS.get(word) is given]
    if meant:
        return f"{shown(given)} is what YAML makes of {meant[0]}: write '{meant[0]}', in quotes"
    guess = suggestion(str(given), known)
    remedy = guess or f"use one of {', '.join(known)}"
    return f"{shown(given)} is not known: {remedy}"


def _list_length(place: _Place, details: ErrorDetails) -> str:
    schema = place.schema
    if "maxProperties" in schema:
        return f"has {len(details['input'])} entries: give at most {schema['maxProperties']}"
    return f"has {len(details['input'])} items: give {schema.get('minItems', 0)} to {schema['maxItems']}"


def _text_length(place: _Place, details: ErrorDetails) -> str:
    schema = place.schema
    bounds = f"{schema.get('minLength', 0)} to {schema['maxLength']} characters"
    return f"{shown(details['input'])} has {len(details['input'])} characters: give {bounds}"


def _half_character(_place: _Place, _details: ErrorDetails) -> str:
    """Without the value, which no terminal and no file can show."""
    return "has half of a character (a lone surrogate): write the whole character"


def _rule(_place: _Place, details: ErrorDetails) -> str:
    return details["msg"]


def _wrong_type(place: _Place, details: ErrorDetails) -> str:
    kind = place.schema["type"]
    return f"{shown(details['input'])} is no {kind}: {_TYPE_REMEDIES[kind]}"


def _other(_place: _Place, details: ErrorDetails) -> str:
    return f"{shown(details['input'])}: {details['msg']}"


_BOOLEANS = {"On": True, "Off": False, "Yes": True, "No": False}
"""Words that kubectl, Argo CD and Flux take for booleans where no quotes are around them."""
_TYPE_REMEDIES = {
    "integer": "write a whole number, without quotes",
    "boolean": "write true or false, without quotes",
    "string": "put it in quotes",
    "array": "write a list, each item after a '-'",
    "object": "write its fields below it",
}
_Sentence = Callable[[_Place, ErrorDetails], str]
_SENTENCES: Mapping[str, _Sentence] = {
    BROKEN: _rule,
    "missing": _missing,
    "extra_forbidden": _unknown,
    "greater_than_equal": _number_out_of_bounds,
    "less_than_equal": _number_out_of_bounds,
    "enum": _not_in_enum,
    "too_short": _list_length,
    "too_long": _list_length,
    "string_too_short": _text_length,
    "string_too_long": _text_length,
    "string_unicode": _half_character,
    **dict.fromkeys(["int_type", "bool_type", "string_type", "tuple_type", "model_type", "dict_type"], _wrong_type),
}
