"""The reference page of a kind of resource, like docs/spec.md: a table per object, made from the CRD's schema."""

import re
import textwrap
from collections.abc import Iterator
from typing import Any

from sfn_rollouts.api.crd import default_sentence, resource_schema
from sfn_rollouts.api.kinds import ACCESS, API_VERSION, ROLLOUT, Kind

Schema = dict[str, Any]
_WIDTH = 120


def _wrapped(prose: str) -> str:
    """Return prose in lines of at most 120 characters, as every page has them; rows of tables stay on one line."""
    return textwrap.fill(prose, _WIDTH, break_long_words=False, break_on_hyphens=False)


_OF_ROLLOUTS = """
Durations are numbers with a unit, `ms`, `s`, `m` or `h`, and can be joined: `90s`, `10m`, `1h30m`. They are kept as
written. An unknown field is refused. `sfn-rollouts lint FILE` says what the API server would say, without a cluster.
"""
_OF_ACCESSES = """
It is in no namespace: whoever writes one decides for the whole cluster. An unknown field is refused.
`sfn-rollouts lint FILE` says what the API server would say, and which rollouts of the files each access matches.
"""


def spec_page(example: str) -> str:
    """Return the text of docs/spec.md; `example` is a manifest to begin with."""
    written = "Written by the operator alone. Conditions are for machines, the phase is for people.\n"
    return _page(ROLLOUT, _OF_ROLLOUTS, example, written)


def access_page(example: str) -> str:
    """Return the text of docs/access-spec.md; `example` is a manifest to begin with."""
    return _page(ACCESS, _OF_ACCESSES, example, "Written by the operator alone.\n")


def _page(kind: Kind, about: str, example: str, about_status: str) -> str:
    properties = resource_schema(kind)["properties"]
    sections = [
        _introduction(kind) + about,
        f"## Example\n\n```yaml\n{example.strip()}\n```\n",
        "## spec\n",
        *(_section(path, schema) for path, schema in _objects("spec", properties["spec"])),
        f"## Rules\n\n{_rules(properties['spec'])}",
        f"## status\n\n{about_status}",
        *(_section(path, schema) for path, schema in _objects("status", properties["status"])),
        f"## Columns of `kubectl get {kind.short_names[0]}`\n\n{_columns(kind)}",
    ]
    return "\n".join(sections)


def _introduction(kind: Kind) -> str:
    names = ", ".join(kind.short_names)
    return f"""\
<!-- Made by `make crds` from operator/sfn_rollouts/api: change the models, not this file. -->
# {kind.name} {API_VERSION}

{_wrapped(kind.description)}

The same text is in the cluster: `kubectl explain {kind.short_names[0]}.spec`. Short names: {names}.
Category: sfn.
"""


def _objects(path: str, schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Walk down through every object that has fields, parents first; a list adds `[]` to the path."""
    if "items" in schema:
        yield from _objects(f"{path}[]", schema["items"])
    if "properties" in schema:
        yield path, schema
        for name, child in schema["properties"].items():
            yield from _objects(f"{path}.{name}", child)


def _section(path: str, schema: Schema) -> str:
    required = schema.get("required", [])
    rows = [_row(name, child, name in required) for name, child in schema["properties"].items()]
    head = "| Field | Type | Default | Bounds | Description |\n|---|---|---|---|---|"
    return "\n".join([f"### `{path}`\n", f"{_wrapped(schema['description'])}\n", head, *rows, ""])


def _row(name: str, schema: Schema, is_required: bool) -> str:
    cells = [f"`{name}`", _kind(schema), _default(schema, is_required), _bounds(schema), _description(schema)]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _description(schema: Schema) -> str:
    """The table has a column for the default, so the sentence about it goes."""
    description: str = schema["description"]
    return description.removesuffix(default_sentence(schema.get("default")))


def _kind(schema: Schema) -> str:
    if "additionalProperties" in schema:
        return f"map of {_kind(schema['additionalProperties'])}"
    if schema["type"] == "array":
        return f"list of {_kind(schema['items'])}"
    if "enum" in schema:
        return "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    if _bounds_of_duration(schema):
        return "duration"
    return "time" if schema.get("format") == "date-time" else str(schema["type"])


def _default(schema: Schema, is_required: bool) -> str:
    if is_required:
        return "required"
    return f"`{str(schema['default']).lower()}`" if schema.get("default") is False else _code(schema.get("default"))


def _code(value: object) -> str:
    return "" if value is None else f"`{value}`"


def _bounds(schema: Schema) -> str:
    for low, high, unit in (
        ("minimum", "maximum", ""),
        ("minItems", "maxItems", " items"),
        ("minLength", "maxLength", " characters"),
        ("minProperties", "maxProperties", " entries"),
    ):
        if low in schema or high in schema:
            each = f", {text} each" if (text := _bounds(_inner(schema))) else ""
            return _bounds_of_duration(schema) or _range(schema.get(low), schema.get(high)) + unit + each
    return ""


def _inner(schema: Schema) -> Schema:
    inner: Schema = schema.get("items") or schema.get("additionalProperties") or {}
    return inner


def _range(low: int | None, high: int | None) -> str:
    if high is None:
        return f"at least {low}"
    return f"up to {high}" if low is None else f"{low} to {high}"


def _bounds_of_duration(schema: Schema) -> str:
    """Bounds of a duration stand in its rule's message only, as schema knows none."""
    messages = [rule["message"] for rule in schema.get("x-kubernetes-validations", [])]
    found = [match for message in messages if (match := re.search(r"out of bounds: give (.*)$", message))]
    return found[0].group(1) if found else ""


def _rules(schema: Schema) -> str:
    head = "Checked by the API server (CEL) and by `sfn-rollouts lint`, beside types, bounds and enums:\n\n"
    rows = [f"| `{path}` | {message} |" for path, message in _messages("spec", schema)]
    return head + "\n".join(["| Field | What it says when the rule is broken |", "|---|---|", *rows, ""])


def _messages(path: str, schema: Schema) -> Iterator[tuple[str, str]]:
    for rule in schema.get("x-kubernetes-validations", []):
        yield path, rule["message"].replace("|", "\\|")
    for name, child in schema.get("properties", {}).items():
        yield from _messages(f"{path}.{name}", child)
    if "items" in schema:
        yield from _messages(f"{path}[]", schema["items"])


def _columns(kind: Kind) -> str:
    rows = [
        f"| {each.name.upper()} | `{each.path}` | {'`-o wide`' if each.is_wide else 'always'} |"
        for each in kind.columns
    ]
    return "\n".join(["| Column | From | Shown |", "|---|---|---|", *rows, ""])
