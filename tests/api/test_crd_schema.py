"""What holds everywhere in the schema, so that nobody has to remember it when adding a field."""

from collections.abc import Iterator
from typing import Any

import pytest

from sfn_rollouts.api.crd import crd, resource_schema
from sfn_rollouts.api.kinds import ACCESS, KINDS, Kind
from sfn_rollouts.api.preflight import LOOKING

Node = tuple[str, dict[str, Any]]


def nodes(path: str, schema: dict[str, Any]) -> Iterator[Node]:
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from nodes(f"{path}.{name}", child)
    if "items" in schema:
        yield from nodes(f"{path}[]", schema["items"])
    if "additionalProperties" in schema:
        yield from nodes(f"{path}[]", schema["additionalProperties"])


PROPERTIES = resource_schema()["properties"]
OF_ACCESS = resource_schema(ACCESS)["properties"]
NODES: list[Node] = [
    *nodes("spec", PROPERTIES["spec"]),
    *nodes("status", PROPERTIES["status"]),
    *nodes("AWSAccess.spec", OF_ACCESS["spec"]),
    *nodes("AWSAccess.status", OF_ACCESS["status"]),
]
ITEMS_THAT_SPEAK_FOR_THEMSELVES = ("names[]", "values[]", "matchLabels[]", "stateMachines[]", "aliases[]")


def paths(found: Iterator[Node]) -> list[str]:
    return [path for path, _ in found]


def test_every_field_is_described() -> None:
    undescribed = paths(node for node in NODES if not node[1].get("description"))
    assert [path for path in undescribed if not path.endswith(ITEMS_THAT_SPEAK_FOR_THEMSELVES)] == []


def test_every_text_is_bounded() -> None:
    texts = (node for node in NODES if node[1]["type"] == "string")
    assert paths(node for node in texts if not {"maxLength", "enum", "format"} & set(node[1])) == []


def test_every_list_is_bounded_and_says_how_it_merges() -> None:
    lists = [node for node in NODES if node[1]["type"] == "array"]
    assert {path: schema["x-kubernetes-list-type"] for path, schema in lists if schema["maxItems"]} == {
        "spec.strategy.steps": "atomic",
        "spec.alarms.names": "set",
        "status.alias.routing": "atomic",
        "status.alarms": "map",
        "status.history": "atomic",
        "status.preflight.findings": "atomic",
        "status.analysis.plan": "atomic",
        "status.analysis.weights": "atomic",
        "status.conditions": "map",
        "AWSAccess.spec.namespaces.names": "set",
        "AWSAccess.spec.namespaces.selector.matchExpressions": "atomic",
        "AWSAccess.spec.namespaces.selector.matchExpressions[].values": "atomic",
        "AWSAccess.spec.stateMachines": "set",
        "AWSAccess.spec.aliases": "set",
        "AWSAccess.status.conditions": "map",
    }


def test_every_map_is_bounded() -> None:
    maps = (node for node in NODES if "additionalProperties" in node[1])
    assert {path: schema["maxProperties"] for path, schema in maps} == {
        "AWSAccess.spec.namespaces.selector.matchLabels": 50
    }


def test_no_list_item_has_a_default() -> None:
    assert paths(node for node in NODES if "[]" in node[0] and "default" in node[1]) == []


def test_the_status_has_one_default_and_the_spec_those_of_the_design() -> None:
    assert {path: schema["default"] for path, schema in NODES if "default" in schema} == {
        "status": {"observedGeneration": -1},
        "spec.alarms.pollInterval": "10s",
        "spec.alarms.onMissing": "Block",
        "spec.alarms.onFiringAtStart": "Block",
        "spec.alarms.onInsufficientData": "Ignore",
        "spec.alarms.onUnreadable": "Hold",
        "spec.alarms.onUnevaluated": "Hold",
        "spec.alarms.onTransient": "Rollback",
        **{f"spec.preflight.{check}": "Warn" for check in LOOKING},
        "spec.preflight.smoke.timeout": "5m",
        "spec.preflight.smoke.expect.status": "SUCCEEDED",
        "spec.analysis.falseAlarmRate": "1%",
        "spec.analysis.margin": "5%",
        "spec.analysis.tolerance": "25%",
        "spec.analysis.horizon": "auto",
        "spec.analysis.durations": True,
        "spec.analysis.onWorse": "Rollback",
        "spec.analysis.onSlower": "Hold",
        "spec.analysis.onSuspect": "Hold",
        "spec.analysis.onBlind": "Hold",
        "spec.analysis.promoteEarly": False,
        "spec.analysis.requireNotWorse": False,
        "spec.analysis.countAborted": False,
        "spec.paused": False,
        "spec.progressDeadline": "1h",
        "spec.driftPolicy": "Hold",
        "spec.deletionPolicy": "Restore",
        "AWSAccess.spec.sessionTags": "None",
        "AWSAccess.status": {"observedGeneration": -1},
    }


def test_every_default_is_reported_in_the_description() -> None:
    reported = (node for node in NODES if "default" in node[1] and not node[0].endswith("status"))
    assert paths(node for node in reported if " Default: " not in node[1]["description"]) == []


@pytest.mark.parametrize("word", ["$ref", "$defs", "title", "anyOf", "uniqueItems"])
def test_the_schema_is_structural(word: str) -> None:
    assert paths(node for node in NODES if word in node[1]) == []


def test_an_object_of_fields_is_no_map() -> None:
    """A structural schema has one of the two."""
    assert paths(node for node in NODES if {"properties", "additionalProperties"} <= set(node[1])) == []


def test_every_rule_has_a_message() -> None:
    rules = [(path, rule) for path, schema in NODES for rule in schema.get("x-kubernetes-validations", [])]
    assert rules
    assert [path for path, rule in rules if not rule["message"]] == []


def test_a_caller_may_change_what_it_got() -> None:
    crd()["spec"]["versions"].clear()

    assert crd()["spec"]["versions"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_list_of_the_crd_is_empty(kind: Kind) -> None:
    """An explicit empty list makes the CRD itself differ from what the API server stores."""

    def empty(value: Any) -> bool:
        if isinstance(value, dict):
            return any(map(empty, value.values()))
        return isinstance(value, list) and (not value or any(map(empty, value)))

    assert not empty(crd(kind))
