"""What the API server refuses in the metadata of a manifest; it checks them by code of its own, which no CRD shows.

Sources: k8s.io/apimachinery, `pkg/apis/meta/v1/types.go` (fields and types), `pkg/api/validation/objectmeta.go` and
`pkg/util/validation/validation.go` (names, keys and values).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sfn_rollouts.api.dns_names import LONGEST_LABEL, LONGEST_SUBDOMAIN, is_label, is_subdomain
from sfn_rollouts.api.problems import Problem, shown, unknown_field

_LARGEST_ANNOTATIONS = 256 * 2**10
_WORD = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}([.,]\d+)?(Z|[-+]\d{2}:\d{2})", re.ASCII)

Check = Callable[[str, Any], Iterator[Problem]]


def metadata_problems(metadata: object, noun: str = "rollout") -> Iterator[Problem]:
    """Yield what is wrong with the metadata of a manifest to be created, as plain data, in the order of its fields.

    `noun` is what a sentence calls the resource.
    """
    if metadata is not None and not isinstance(metadata, Mapping):
        yield Problem("metadata", metadata, f"{shown(metadata)} is no object: write its fields below it")
        return
    fields = metadata or {}
    if not fields.get("name") and not fields.get("generateName"):
        yield Problem("metadata.name", fields.get("name"), f"is required: give the {noun} a name")
    for field, value in fields.items():
        path = f"metadata.{field}"
        if field not in _CHECKS:
            yield Problem(path, value, unknown_field(str(field), _CHECKS))
        elif value is not None:
            yield from _CHECKS[field](path, value)


def _text(path: str, value: Any) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield Problem(path, value, f"{shown(value)} is no string: put it in quotes")


def _name(path: str, value: Any) -> Iterator[Problem]:
    yield from _text(path, value)
    if isinstance(value, str) and value and not is_subdomain(value):
        yield Problem(path, value, f"{shown(value)} is not a name: {_NAME_REMEDY}")


def _beginning_of_a_name(path: str, value: Any) -> Iterator[Problem]:
    """A '-' may be its end, as letters and digits follow."""
    yield from _text(path, value)
    if isinstance(value, str) and value and not is_subdomain(re.sub(r"(?<=.)-$", "a", value)):
        yield Problem(path, value, f"{shown(value)} is not the beginning of a name: {_NAME_REMEDY}")


_NAME_REMEDY = (
    f"use at most {LONGEST_SUBDOMAIN} lower-case letters, digits, '-' and '.', a letter or digit first and last"
)


def _namespace(path: str, value: Any) -> Iterator[Problem]:
    yield from _text(path, value)
    if isinstance(value, str) and value and not is_label(value):
        remedy = "use at most 63 lower-case letters, digits and '-', a letter or digit first and last"
        yield Problem(path, value, f"{shown(value)} is not a name of a namespace: {remedy}")


def _whole_number(path: str, value: Any) -> Iterator[Problem]:
    is_whole = isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer()
    if not is_whole or not -(2**63) <= value < 2**63:
        yield Problem(path, value, f"{shown(value)} is no integer: write a whole number, without quotes")


def _moment(path: str, value: Any) -> Iterator[Problem]:
    try:
        is_moment = isinstance(value, str) and _MOMENT.fullmatch(value) and datetime.fromisoformat(value)
    except ValueError:
        is_moment = False
    if not is_moment:
        yield Problem(path, value, f"{shown(value)} is no time: leave it out, as the API server sets it")


def _labels(path: str, value: Any) -> Iterator[Problem]:
    for key, text in _texts(value).items():
        yield from _key(f"{path}.{key}", key)
        if len(text) > LONGEST_LABEL or (text and not _WORD.fullmatch(text)):
            yield Problem(f"{path}.{key}", text, f"{shown(text)} is not a value of a label: {_WORD_REMEDY}")
    yield from _not_texts(path, value)


def _annotations(path: str, value: Any) -> Iterator[Problem]:
    texts = _texts(value)
    for key in texts:
        yield from _key(f"{path}.{key}", key, key.lower())
    yield from _not_texts(path, value)
    size = sum(len(part.encode(errors="surrogatepass")) for pair in texts.items() for part in pair)
    if size > _LARGEST_ANNOTATIONS:
        why = f"have {size} bytes together: give at most {_LARGEST_ANNOTATIONS}"
        yield Problem(path, None, why)


def _finalizers(path: str, value: Any) -> Iterator[Problem]:
    if not isinstance(value, list | tuple):
        yield Problem(path, value, f"{shown(value)} is no array: write a list, each item after a '-'")
        return
    for index, each in enumerate(value):
        name = "" if each is None else each
        yield from _text(f"{path}[{index}]", name)
        if isinstance(name, str):
            yield from _key(f"{path}[{index}]", name)
    if {"orphan", "foregroundDeletion"} <= {each for each in value if isinstance(each, str)}:
        yield Problem(path, value, "has both orphan and foregroundDeletion: leave one of the two out")


def _owners(path: str, value: Any) -> Iterator[Problem]:
    yield from _objects(path, value)
    owners = [each for each in value if isinstance(each, Mapping)] if isinstance(value, list | tuple) else []
    for index, owner in enumerate(owners):
        yield from _owner(f"{path}[{index}]", owner)
    if sum(owner.get("controller") is True for owner in owners) > 1:
        yield Problem(path, value, "has more than one controller: leave controller: true at one owner only")


def _owner(path: str, owner: Mapping[Any, Any]) -> Iterator[Problem]:
    known = (*_OF_AN_OWNER, *_BOOLEANS_OF_AN_OWNER)
    for field, value in owner.items():
        if field not in known:
            yield Problem(f"{path}.{field}", value, unknown_field(str(field), known))
        elif field in _BOOLEANS_OF_AN_OWNER and not isinstance(value, bool | None):
            yield Problem(
                f"{path}.{field}", value, f"{shown(value)} is no boolean: write true or false, without quotes"
            )
    for field in _OF_AN_OWNER:
        value = owner.get(field)
        if not isinstance(value, str) or not value:
            yield Problem(f"{path}.{field}", value, f"{shown(value)} is not an owner's {field}: write a text")


_OF_AN_OWNER = ("apiVersion", "kind", "name", "uid")
_BOOLEANS_OF_AN_OWNER = ("controller", "blockOwnerDeletion")


def _objects(path: str, value: Any) -> Iterator[Problem]:
    if not isinstance(value, list | tuple):
        yield Problem(path, value, f"{shown(value)} is no array: write a list, each item after a '-'")
        return
    for index, each in enumerate(value):
        if not isinstance(each, Mapping):
            yield Problem(f"{path}[{index}]", each, f"{shown(each)} is no object: write its fields below it")


def _texts(value: Any) -> dict[str, str]:
    """The pairs that are texts; null is an empty text to the API server."""
    pairs = value.items() if isinstance(value, Mapping) else ()
    return {str(key): text or "" for key, text in pairs if text is None or isinstance(text, str)}


def _not_texts(path: str, value: Any) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield Problem(path, value, f"{shown(value)} is no object: write its fields below it")
        return
    for key, each in value.items():
        if each is not None:
            yield from _text(f"{path}.{key}", each)


def _key(path: str, key: str, as_checked: str | None = None) -> Iterator[Problem]:
    """A qualified name: DOMAIN/NAME or NAME."""
    prefix, slash, name = (key if as_checked is None else as_checked).rpartition("/")
    is_key = len(name) <= LONGEST_LABEL and _WORD.fullmatch(name) and (not slash or is_subdomain(prefix))
    if not is_key:
        remedy = f"write a name like app.example.com/owner: {_WORD_REMEDY}, and before a '/' a domain"
        yield Problem(path, key, f"{shown(key)} is not a key: {remedy}")


_WORD_REMEDY = f"use at most {LONGEST_LABEL} letters, digits, '-', '_' and '.', a letter or digit first and last"
_CHECKS: Mapping[str, Check] = {
    "name": _name,
    "generateName": _beginning_of_a_name,
    "namespace": _namespace,
    "selfLink": _text,
    "uid": _text,
    "resourceVersion": _text,
    "generation": _whole_number,
    "creationTimestamp": _moment,
    "deletionTimestamp": _moment,
    "deletionGracePeriodSeconds": _whole_number,
    "labels": _labels,
    "annotations": _annotations,
    "ownerReferences": _owners,
    "finalizers": _finalizers,
    "managedFields": _objects,
}
