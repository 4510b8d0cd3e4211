"""Merge patches: what they must name so that the stored status is the new one, and nothing else."""

from typing import Any

import pytest

from sfn_rollouts.api.status import Status
from sfn_rollouts.kube.patches import finalizer_patch, status_patch, with_nulls, with_or_without


def merged(stored: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """RFC 7386, as the API server does it."""
    result = dict(stored)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            result[name] = merged(stored.get(name) if isinstance(stored.get(name), dict) else {}, value)  # type: ignore[arg-type]
        else:
            result[name] = value
    return result


STATUSES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a field that is gone is taken away": ({"phase": "Progressing", "step": "1/2"}, {"phase": "Succeeded"}),
    "an object that is gone is taken away": ({"intent": {"weight": 5, "at": "2026-01-01T00:00:00Z"}}, {}),
    "a field gone from inside an object is taken away": (
        {"alias": {"routing": [{"version": 1, "weight": 100}], "updateDate": "2026-01-01T00:00:00Z"}},
        {"alias": {"routing": [{"version": 2, "weight": 100}]}},
    ),
    "a shorter list replaces a longer one": (
        {"history": [{"version": 2}, {"version": 1}]},
        {"history": [{"version": 3}]},
    ),
    "an empty list replaces one": ({"alarms": [{"name": "a", "state": "OK"}]}, {"alarms": []}),
    "a first status is stored whole": ({"observedGeneration": -1}, {"observedGeneration": 1, "phase": "Pending"}),
}  # fmt: skip


@pytest.mark.parametrize(("stored", "new"), STATUSES.values(), ids=STATUSES)
def test_the_stored_status_becomes_the_new_one(stored: dict[str, Any], new: dict[str, Any]) -> None:
    assert merged(stored, status_patch("1", new)["status"]) == new


def test_a_field_of_a_newer_operator_is_left_alone() -> None:
    assert merged({"fromTheFuture": 1, "step": "1/2"}, with_nulls({}, Status)) == {"fromTheFuture": 1}


def test_patches_are_guarded_by_the_resource_version() -> None:
    assert status_patch("7", {})["metadata"] == {"resourceVersion": "7"}
    assert finalizer_patch("7", ["a"]) == {"metadata": {"resourceVersion": "7", "finalizers": ["a"]}}


FINALIZERS: dict[str, tuple[list[str], bool, list[str]]] = {
    "ours is added behind others": (["a"], True, ["a", "ours"]),
    "ours is added once": (["ours", "a"], True, ["a", "ours"]),
    "ours alone is taken away": (["a", "ours", "b"], False, ["a", "b"]),
    "without ours nothing changes": (["a"], False, ["a"]),
}


@pytest.mark.parametrize(("before", "wanted", "after"), FINALIZERS.values(), ids=FINALIZERS)
def test_others_finalizers_stay(before: list[str], wanted: bool, after: list[str]) -> None:
    assert with_or_without(before, "ours", wanted) == after
