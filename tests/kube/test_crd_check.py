"""Which CRDs in a cluster an operator can work with."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from sfn_rollouts.api.crd import crd
from sfn_rollouts.api.kinds import ACCESS, ROLLOUT, Kind
from sfn_rollouts.kube.crd import shortcoming

Crd = dict[str, Any]


def installed(kind: Kind = ROLLOUT) -> Crd:
    """Ours, as it stands in a cluster."""
    return {**copy.deepcopy(crd(kind)), "status": {"conditions": [{"type": "Established", "status": "True"}]}}


def properties(found: Crd) -> Crd:
    return found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]


def without_a_status_field(found: Crd) -> None:
    del properties(found)["status"]["properties"]["intent"]


def without_a_field_inside_a_list(found: Crd) -> None:
    del properties(found)["status"]["properties"]["history"]["items"]["properties"]["outcome"]


def without_many_fields(found: Crd) -> None:
    for name in ("alarm", "alarms", "alias", "conditions", "history", "intent", "message"):
        del properties(found)["status"]["properties"][name]


def not_served(found: Crd) -> None:
    found["spec"]["versions"][0]["served"] = False


def another_version(found: Crd) -> None:
    found["spec"]["versions"][0]["name"] = "v1beta1"


def no_status_subresource(found: Crd) -> None:
    del found["spec"]["versions"][0]["subresources"]


def not_established(found: Crd) -> None:
    found["status"] = {}


def newer(found: Crd) -> None:
    properties(found)["spec"]["properties"]["track"] = {"type": "string"}
    found["spec"]["versions"].insert(0, {"name": "v1beta1", "served": True})


def as_it_is(found: Crd) -> None:
    pass


CASES: dict[str, tuple[Callable[[Crd], None], str | None]] = {
    "our own will do": (as_it_is, None),
    "a newer one will do": (newer, None),
    "one that lacks a field of the status is too old": (without_a_status_field, "is too old, it lacks status.intent"),
    "one that lacks a field in a list is too old": (
        without_a_field_inside_a_list,
        "is too old, it lacks status.history[].outcome",
    ),
    "of many that it lacks a few are reported": (without_many_fields, "status.conditions, status.history and 2 more"),
    "our version must be served": (not_served, "does not serve v1alpha1"),
    "our version must be there": (another_version, "does not serve v1alpha1"),
    "the status must be a subresource": (no_status_subresource, "has no status subresource"),
    "the API server must have taken it up": (not_established, "is not established yet"),
}


@pytest.mark.parametrize(("change", "reported"), CASES.values(), ids=CASES)
def test_a_crd(change: Callable[[Crd], None], reported: str | None) -> None:
    found = installed()
    change(found)

    problem = shortcoming(found, ROLLOUT)

    assert problem is None if reported is None else reported in str(problem)


def test_a_crd_of_accesses() -> None:
    """Without a field of the spec the API server would drop who may do what."""
    found = installed(ACCESS)
    assert shortcoming(found, ACCESS) is None
    del properties(found)["spec"]["properties"]["namespaces"]["properties"]["selector"]
    assert shortcoming(found, ACCESS) == "is too old, it lacks spec.namespaces.selector"
