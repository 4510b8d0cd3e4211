"""The CustomResourceDefinition, built from the models: structural, bounded, and readable with `kubectl explain`."""

from collections.abc import Mapping
from typing import Any

from sfn_rollouts.api import GROUP, KIND, PLURAL, SHORT_NAMES, VERSION
from sfn_rollouts.api.json_object import OPEN
from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.status import Status

Schema = dict[str, Any]

DESCRIPTION = (
    "StepFunctionRollout names a state machine, an alias and the version that the alias should serve. The operator "
    "moves the alias there step by step, watches CloudWatch alarms, and goes back at once when one fires."
)
_READY = '.status.conditions[?(@.type=="Ready")]'
_KEPT = [
    *("description", "type", "format", "enum", "default"),
    *("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "required", "properties", "items"),
    *("x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-validations", OPEN),
]


def crd() -> Schema:
    """Return the CustomResourceDefinition as a plain dict; each call returns a new one."""
    names = {
        "kind": KIND,
        "listKind": f"{KIND}List",
        "plural": PLURAL,
        "singular": KIND.lower(),
        "shortNames": list(SHORT_NAMES),
        "categories": ["sfn"],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURAL}.{GROUP}"},
        "spec": {"group": GROUP, "names": names, "scope": "Namespaced", "versions": [_version()]},
    }


def resource_schema() -> Schema:
    """Return the structural schema of the whole resource."""
    return {
        "description": DESCRIPTION,
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"description": f"{GROUP}/{VERSION}", "type": "string"},
            "kind": {"description": KIND, "type": "string"},
            "metadata": {"type": "object"},
            "spec": structural(Spec.model_json_schema()),
            "status": _status_schema(),
        },
    }


def structural(schema: Schema) -> Schema:
    """Return pydantic's JSON schema as Kubernetes wants it: references inlined, nullable unions and titles gone."""
    return _inlined(schema, schema.get("$defs", {}))


def _version() -> Schema:
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": _printer_columns(),
        "schema": {"openAPIV3Schema": resource_schema()},
    }


def _printer_columns() -> list[Schema]:
    # NEXT is a string: as a date kubectl would print an age, and the age of something to come is "<invalid>".
    everyone = [
        ("Phase", "string", ".status.phase"),
        ("Step", "string", ".status.step"),
        ("Weight", "integer", ".status.weight"),
        ("Target", "integer", ".status.targetVersion"),
        ("Stable", "integer", ".status.stableVersion"),
        ("Alarm", "string", ".status.alarm"),
        ("Ready", "string", f"{_READY}.status"),
        ("Age", "date", ".metadata.creationTimestamp"),
    ]
    wide = [
        ("State-Machine", "string", ".spec.stateMachineArn"),
        ("Alias", "string", ".spec.alias"),
        ("Reason", "string", f"{_READY}.reason"),
        ("Next", "string", ".status.nextActionAt"),
        ("Message", "string", ".status.message"),
    ]
    return [_column(*row) for row in everyone] + [{**_column(*row), "priority": 1} for row in wide]


def _column(name: str, kind: str, path: str) -> Schema:
    return {"name": name, "type": kind, "jsonPath": path}


def _status_schema() -> Schema:
    """The status, with one default: without it a resource that nobody has looked at yet counts as done (kstatus)."""
    schema = _without_defaults(structural(Status.model_json_schema()))
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
    if node.get("default") in (None, "", []):
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
