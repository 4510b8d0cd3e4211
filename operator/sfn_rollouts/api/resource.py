"""Reading a resource: strictly what a person wrote (spec), leniently what an operator wrote (status)."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from sfn_rollouts.api import GROUP, KIND, VERSION
from sfn_rollouts.api.advice import advice
from sfn_rollouts.api.crd import Schema
from sfn_rollouts.api.json_object import OPEN
from sfn_rollouts.api.metadata import metadata_problems
from sfn_rollouts.api.problems import Problem, SpecError, path_text, problems_of, schema_at, shown, unknown_field
from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.status import Status

API_VERSION = f"{GROUP}/{VERSION}"
_FIELDS = ("apiVersion", "kind", "metadata", "spec", "status")


def parse_spec(raw: object) -> Spec:
    """Parse the spec of a live resource or of a manifest.

    Raises:
        SpecError: with every problem, each with its path, value and remedy.
    """
    try:
        return Spec.model_validate(_as_stored(raw, schema_at(("spec",))), by_alias=True, by_name=False)
    except ValidationError as error:
        raise SpecError(problems_of(error, "spec")) from None


def parse_status(raw: object) -> Status:
    """Parse the status of a live resource; garbage and None are `Status()`.

    What cannot be read is left out, alone: one value that a newer operator wrote must not make this one forget a trip,
    or the rest of the history.
    """
    known = raw if isinstance(raw, Mapping) else {}
    try:
        return Status.model_validate(known, by_alias=True, by_name=False)
    except ValidationError as error:
        # Again, because pydantic looks at the length of a list only when its items are sound. Each round leaves out one
        # thing at least, so it ends.
        return parse_status(_without(known, {_removable(details["loc"]) for details in error.errors()}))


def lint(manifest: object) -> list[Problem]:
    """Return all that the API server would refuse in a manifest, and warnings about what it would accept.

    The manifest is a parsed YAML document that `concerns` holds for; problems come in the order of the fields.
    """
    if not isinstance(manifest, Mapping):
        return [Problem("", manifest, f"{shown(manifest)} is no resource: a mapping with apiVersion, kind and spec is")]
    return [*_envelope(manifest), *metadata_problems(manifest.get("metadata")), *_spec(manifest)]


def concerns(manifest: object) -> bool:
    """Return whether a YAML document is meant to be a StepFunctionRollout: by its kind or, misspelt, by its group."""
    if not isinstance(manifest, Mapping):
        return False
    return manifest.get("kind") == KIND or str(manifest.get("apiVersion")).partition("/")[0] == GROUP


def _as_stored(value: object, schema: Schema) -> Any:
    """Return a value as the API server would see it: whole floats as integers; nulls of objects pruned, but for those
    within an object whose fields are a person's own.
    """
    if isinstance(value, Mapping):
        fields, is_open = schema.get("properties", {}), OPEN in schema
        kept = {str(key): item for key, item in value.items() if is_open or item is not None}
        return {key: _as_stored(item, schema if is_open else fields.get(key, {})) for key, item in kept.items()}
    if isinstance(value, list | tuple):
        return [_as_stored(item, schema if OPEN in schema else schema.get("items", {})) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _removable(location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """What to leave out for an error at this location: an item of a list, else the whole top-level field."""
    return location[:2] if len(location) > 1 and isinstance(location[1], int) else location[:1]


def _without(raw: Mapping[str, Any], places: set[tuple[int | str, ...]]) -> dict[str, Any]:
    kept = {name: value for name, value in raw.items() if (name,) not in places}
    return {name: _items_without(name, value, places) for name, value in kept.items()}


def _items_without(name: str, value: Any, places: set[tuple[int | str, ...]]) -> Any:
    if not isinstance(value, list | tuple):
        return value
    return [item for index, item in enumerate(value) if (name, index) not in places]


def _envelope(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    for name, wanted in (("apiVersion", API_VERSION), ("kind", KIND)):
        given = manifest.get(name)
        if given != wanted:
            yield Problem(name, given, f"{shown(given)} is not known: write {wanted}")
    for name, value in manifest.items():
        if name not in _FIELDS:
            yield Problem(str(name), value, unknown_field(str(name), _FIELDS))


def _spec(manifest: Mapping[str, Any]) -> list[Problem]:
    if manifest.get("spec") is None:
        return [Problem("spec", None, "is required: give stateMachineArn, alias, version and strategy")]
    unknown = list(_unknown_nulls(manifest["spec"], ("spec",)))
    try:
        return [*unknown, *advice(parse_spec(manifest["spec"]))]
    except SpecError as invalid:
        return [*unknown, *invalid.problems]


def _unknown_nulls(value: object, location: tuple[int | str, ...]) -> Iterator[Problem]:
    """A null counts as left out, but the API server asks for its name to be a field's all the same."""
    if isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _unknown_nulls(item, (*location, index))
    elif isinstance(value, Mapping) and OPEN not in schema_at(location):
        known = schema_at(location).get("properties", {})
        for name, item in value.items():
            place = (*location, str(name))
            if item is None and name not in known:
                yield Problem(path_text(place), None, unknown_field(str(name), known))
            yield from _unknown_nulls(item, place)
