"""Reading a resource: strictly what a person wrote (spec), leniently what an operator wrote (status)."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from sfn_rollouts.api import GROUP
from sfn_rollouts.api.access import AccessSpec, AccessStatus
from sfn_rollouts.api.advice import advice
from sfn_rollouts.api.base import ApiModel, StatusModel
from sfn_rollouts.api.crd import Schema
from sfn_rollouts.api.json_object import OPEN
from sfn_rollouts.api.kinds import ACCESS, API_VERSION, KINDS, ROLLOUT, Kind
from sfn_rollouts.api.metadata import metadata_problems
from sfn_rollouts.api.problems import (
    Problem,
    Severity,
    SpecError,
    field_schema,
    path_text,
    problems_of,
    schema_at,
    shown,
    suggestion,
    unknown_field,
)
from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.status import Status

_FIELDS = ("apiVersion", "kind", "metadata", "spec", "status")
_Spec = TypeVar("_Spec", bound=ApiModel)
_Status = TypeVar("_Status", bound=StatusModel)


def parse_spec(raw: object) -> Spec:
    """Parse the spec of a live rollout or of its manifest.

    Raises:
        SpecError: with every problem, each with its path, value and remedy.
    """
    return _parsed(raw, Spec, ROLLOUT)


def parse_access(raw: object) -> AccessSpec:
    """Parse the spec of a live AWSAccess or of its manifest.

    Raises:
        SpecError: with every problem, each with its path, value and remedy.
    """
    return _parsed(raw, AccessSpec, ACCESS)


def parse_status(raw: object) -> Status:
    """Parse the status of a live rollout; garbage and None are `Status()`.

    What cannot be read is left out, alone: one value that a newer operator wrote must not make this one forget a trip,
    or the rest of the history.
    """
    return _readable(raw, Status)


def parse_access_status(raw: object) -> AccessStatus:
    """Parse the status of a live AWSAccess, in the manner of `parse_status`."""
    return _readable(raw, AccessStatus)


def lint(manifest: object) -> list[Problem]:
    """Return all that the API server would refuse in a manifest, and warnings about what it would accept.

    The manifest is a parsed YAML document that has a `kind_of`; problems come in the order of the fields.
    """
    if not isinstance(manifest, Mapping):
        return [Problem("", manifest, f"{shown(manifest)} is no resource: a mapping with apiVersion, kind and spec is")]
    kind = kind_of(manifest) or ROLLOUT
    metadata = manifest.get("metadata")
    return [
        *_envelope(manifest, kind),
        *metadata_problems(metadata, kind.noun),
        *_outside_of_namespaces(metadata, kind),
        *_spec(manifest, kind),
    ]


def kind_of(manifest: object) -> Kind | None:
    """Return of which of our kinds a YAML document is meant to be: by its kind or, misspelt, by its group."""
    if not isinstance(manifest, Mapping):
        return None
    named = {kind.name: kind for kind in KINDS}
    given = manifest.get("kind")
    if isinstance(given, str) and given in named:
        return named[given]
    if str(manifest.get("apiVersion")).partition("/")[0] != GROUP:
        return None
    return next((kind for kind in KINDS if suggestion(str(given), [kind.name])), ROLLOUT)


def concerns(manifest: object) -> bool:
    """Return whether a YAML document is meant to be a StepFunctionRollout."""
    return kind_of(manifest) is ROLLOUT


def _parsed(raw: object, model: type[_Spec], kind: Kind) -> _Spec:
    try:
        return model.model_validate(_as_stored(raw, schema_at(("spec",), kind)), by_alias=True, by_name=False)
    except ValidationError as error:
        raise SpecError(problems_of(error, "spec", kind)) from None


def _readable(raw: object, model: type[_Status]) -> _Status:
    known = raw if isinstance(raw, Mapping) else {}
    try:
        return model.model_validate(known, by_alias=True, by_name=False)
    except ValidationError as error:
        # Again, because pydantic looks at the length of a list only when its items are sound. Each round leaves out one
        # thing at least, so it ends.
        return _readable(_without(known, {_removable(details["loc"]) for details in error.errors()}), model)


def _as_stored(value: object, schema: Schema) -> Any:
    """Return a value as the API server would see it: whole floats as integers; nulls of objects pruned, but for those
    within an object whose fields are a person's own.
    """
    if isinstance(value, Mapping):
        is_open = OPEN in schema
        kept = {str(key): item for key, item in value.items() if is_open or item is not None}
        return {key: _as_stored(item, schema if is_open else field_schema(schema, key)) for key, item in kept.items()}
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


def _envelope(manifest: Mapping[str, Any], kind: Kind) -> Iterator[Problem]:
    for name, wanted in (("apiVersion", API_VERSION), ("kind", kind.name)):
        given = manifest.get(name)
        if given != wanted:
            yield Problem(name, given, f"{shown(given)} is not known: write {wanted}")
    for name, value in manifest.items():
        if name not in _FIELDS:
            yield Problem(str(name), value, unknown_field(str(name), _FIELDS))


def _outside_of_namespaces(metadata: object, kind: Kind) -> Iterator[Problem]:
    """The API server drops the namespace silently."""
    namespace = metadata.get("namespace") if isinstance(metadata, Mapping) else None
    if namespace and not kind.is_namespaced:
        message = f"an {kind.name} is in no namespace, and holds in the whole cluster: leave it out"
        yield Problem("metadata.namespace", namespace, message, Severity.WARNING)


def _spec(manifest: Mapping[str, Any], kind: Kind) -> list[Problem]:
    raw = manifest.get("spec")
    if raw is None:
        return [Problem("spec", None, f"is required: give {kind.needs}")]
    unknown = list(_unknown_nulls(raw, ("spec",), kind))
    try:
        if kind is ACCESS:
            parse_access(raw)
            return unknown
        return [*unknown, *advice(parse_spec(raw))]
    except SpecError as invalid:
        return [*unknown, *invalid.problems]


def _unknown_nulls(value: object, location: tuple[int | str, ...], kind: Kind) -> Iterator[Problem]:
    """A null counts as left out, but the API server asks for its name to be a field's all the same."""
    if isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _unknown_nulls(item, (*location, index), kind)
    elif isinstance(value, Mapping) and OPEN not in (schema := schema_at(location, kind)):
        for name, item in value.items():
            place = (*location, str(name))
            if item is None and not field_schema(schema, str(name)):
                yield Problem(path_text(place), None, unknown_field(str(name), schema.get("properties", {})))
            yield from _unknown_nulls(item, place, kind)
