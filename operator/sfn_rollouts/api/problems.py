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


def problems_of(error: ValidationError, root: str) -> list[Problem]:
    """Return a problem for each finding of pydantic; `root` is the resource's field that was validated, like "spec"."""
    found = error.errors(include_url=False)
    return [_problem((root, *details["loc"]), details) for details in found if not _is_echo(details, found)]


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


def schema_at(location: Location) -> Schema:
    """Return the schema of a field; an empty one for what is no field."""
    node = _resource_schema()
    for part in location:
        node = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part, {})
    return node


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


def _problem(location: Location, details: ErrorDetails) -> Problem:
    value = None if details["type"] == "missing" else details["input"]  # else pydantic gives the whole parent
    sentence = _SENTENCES.get(details["type"], _other)
    return Problem(path_text(location), value, sentence(location, details))


@cache
def _resource_schema() -> Schema:
    return resource_schema()


def _missing(location: Location, _details: ErrorDetails) -> str:
    about = schema_at(location).get("description", "").partition(". ")[0].rstrip(".")
    return f"is required: {about}"


def _unknown(location: Location, _details: ErrorDetails) -> str:
    return unknown_field(str(location[-1]), schema_at(location[:-1]).get("properties", {}))


def _number_out_of_bounds(location: Location, details: ErrorDetails) -> str:
    schema = schema_at(location)
    return f"{shown(details['input'])} is out of bounds: give {schema['minimum']} to {schema['maximum']}"


def _not_in_enum(location: Location, details: ErrorDetails) -> str:
    known, given = schema_at(location)["enum"], details["input"]
    meant = [word for word in known if isinstance(given, bool) and _BOOLEANS.get(word) is given]
    if meant:
        return f"{shown(given)} is what YAML makes of {meant[0]}: write '{meant[0]}', in quotes"
    guess = suggestion(str(given), known)
    remedy = guess or f"use one of {', '.join(known)}"
    return f"{shown(given)} is not known: {remedy}"


def _list_length(location: Location, details: ErrorDetails) -> str:
    schema = schema_at(location)
    return f"has {len(details['input'])} items: give {schema.get('minItems', 0)} to {schema['maxItems']}"


def _text_length(location: Location, details: ErrorDetails) -> str:
    schema = schema_at(location)
    bounds = f"{schema.get('minLength', 0)} to {schema['maxLength']} characters"
    return f"{shown(details['input'])} has {len(details['input'])} characters: give {bounds}"


def _half_character(_location: Location, _details: ErrorDetails) -> str:
    """Without the value, which no terminal and no file can show."""
    return "has half of a character (a lone surrogate): write the whole character"


def _rule(_location: Location, details: ErrorDetails) -> str:
    return details["msg"]


def _wrong_type(location: Location, details: ErrorDetails) -> str:
    kind = schema_at(location)["type"]
    return f"{shown(details['input'])} is no {kind}: {_TYPE_REMEDIES[kind]}"


def _other(_location: Location, details: ErrorDetails) -> str:
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
_Sentence = Callable[[Location, ErrorDetails], str]
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
