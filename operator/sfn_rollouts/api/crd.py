"""The CustomResourceDefinitions, built from the models: structural, bounded, and readable with `kubectl explain`."""

from collections.abc import Mapping
from typing import Any

from sfn_rollouts.api import GROUP, VERSION
from sfn_rollouts.api.json_object import OPEN
from sfn_rollouts.api.kinds import API_VERSION, ROLLOUT, Column, Kind

Schema = dict[str, Any]

_KEPT = [
    *("description", "type", "format", "enum", "default"),
    *("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "required", "properties", "items"),
    *("maxProperties", "additionalProperties"),
    *("x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-validations", OPEN),
]


def crd(kind: Kind = ROLLOUT) -> Schema:
    """Return the CustomResourceDefinition as a plain dict; each call returns a new one."""
    names = {
        "kind": kind.name,
        "listKind": f"{kind.name}List",
        "plural": kind.plural,
        "singular": kind.name.lower(),
        "shortNames": list(kind.short_names),
        "categories": ["sfn"],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": kind.crd_name},
        "spec": {"group": GROUP, "names": names, "scope": kind.scope, "versions": [_version(kind)]},
    }


def resource_schema(kind: Kind = ROLLOUT) -> Schema:
    """Return the structural schema of the whole resource."""
    return {
        "description": kind.description,
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"description": API_VERSION, "type": "string"},
            "kind": {"description": kind.name, "type": "string"},
            "metadata": {"type": "object"},
            "spec": structural(kind.spec.model_json_schema()),
            "status": _status_schema(kind),
        },
    }


def structural(schema: Schema) -> Schema:
    """Return pydantic's JSON schema as Kubernetes wants it: references inlined, nullable unions and titles gone."""
    return _inlined(schema, schema.get("$defs", {}))


def _version(kind: Kind) -> Schema:
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [_column(each) for each in kind.columns],
        "schema": {"openAPIV3Schema": resource_schema(kind)},
    }


def _column(column: Column) -> Schema:
    always = {"name": column.name, "type": column.type, "jsonPath": column.path}
    return {**always, "priority": 1} if column.is_wide else always


def _status_schema(kind: Kind) -> Schema:
    """The status, with one default: without it a resource that nobody has looked at yet counts as done (kstatus)."""
    schema = _without_defaults(structural(kind.status.model_json_schema()))
    return {
        "description": schema["description"],
        "type": "object",
        "default": {"observedGeneration": -1},
        "properties": schema["properties"],
    }


def _inlined(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    node = _resolved(schema, definitions)
    if not node.get("properties", True):
        del node["properties"]
    if "properties" in node:
        node["properties"] = {name: _inlined(child, definitions) for name, child in node["properties"].items()}
    if "items" in node:
        # A default inside a list item is written into the list, which Argo CD then compares whole: eternal drift.
        node["items"] = _without_defaults(_inlined(node["items"], definitions))
    if isinstance(node.get("additionalProperties"), dict):  # a map; false is what pydantic says of an object
        node["additionalProperties"] = _inlined(node["additionalProperties"], definitions)
    else:
        node.pop("additionalProperties", None)
    if node.get("default") in (None, "", [], {}):
        node.pop("default", None)
    elif "default" in node:  # `kubectl explain` shows no defaults of its own
        node["description"] += default_sentence(node["default"])
    return {key: node[key] for key in _KEPT if key in node}


def default_sentence(value: object) -> str:
    """Return what a description says about the field's default, with a space before it."""
    return f" Default: {str(value).lower() if isinstance(value, bool) else value}."


def _resolved(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """Follow a reference and the one branch of "this or null"; what stands beside them wins."""
    if "$ref" in schema:
        target = definitions[schema["$ref"].rpartition("/")[2]]
        return _resolved(target, definitions) | {key: value for key, value in schema.items() if key != "$ref"}
    if "anyOf" in schema:
        (branch,) = [branch for branch in schema["anyOf"] if branch != {"type": "null"}]
        return _resolved(branch, definitions) | {key: value for key, value in schema.items() if key != "anyOf"}
    return dict(schema)


def _without_defaults(schema: Schema) -> Schema:
    node = {key: value for key, value in schema.items() if key != "default"}
    if "properties" in node:
        node["properties"] = {name: _without_defaults(child) for name, child in node["properties"].items()}
    if "items" in node:
        node["items"] = _without_defaults(node["items"])
    return node
