"""The parts of a live resource that count."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sfn_rollouts.api import FINALIZER
from sfn_rollouts.core.values.rollout import InvalidSpec
from sfn_rollouts.engine.resource import Resource
from sfn_rollouts.ports import Key
from tests.engine.fake_cloud import LIVE, MACHINE
from tests.engine.world import World, spec


def test_a_resource_is_taken_in_whole() -> None:
    world = World()
    uid = world.api.apply("orders", spec())
    world.api.command("orders", id="1", action="pause")
    raw = world.api.resource("orders")
    assert raw is not None
    raw["metadata"]["creationTimestamp"] = "2026-03-01T13:00:00Z"
    taken = Resource.parse(raw)
    assert (taken.key, taken.uid, taken.resource_version) == (Key("shop", "orders"), uid, "102")
    assert (taken.alias, taken.has_finalizer) == (LIVE, False)
    assert taken.rollout.uid == uid
    assert (taken.rollout.generation, taken.rollout.is_deleting) == (1, False)
    assert taken.rollout.created_at == datetime(2026, 3, 1, 13, tzinfo=UTC)
    assert taken.rollout.command == raw["metadata"]["annotations"]["sfnrollouts.dev/command"]


def test_a_status_that_was_taken_away_is_still_known_of() -> None:
    """From what the API server notes of who wrote what."""
    world = World()
    world.api.apply("orders", spec())
    raw = dict(world.api.list()[0])
    notes = [{"manager": "kubectl-create"}, {"manager": "sfn-rollouts", "subresource": "status"}]
    raw["metadata"] = {**raw["metadata"], "managedFields": notes[:1]}
    assert not Resource.parse(raw).rollout.had_status
    raw["metadata"] = {**raw["metadata"], "managedFields": notes}
    assert Resource.parse(raw).rollout.had_status


def test_of_a_spec_with_very_many_mistakes_the_first_are_named() -> None:
    world = World()
    world.api.apply("orders", spec(alarms={"names": ["x" * 300 + str(number) for number in range(99)]}))
    invalid = Resource.parse(world.api.list()[0]).rollout.spec
    assert isinstance(invalid, InvalidSpec)
    assert len(invalid.message) == 1024


def _raw(**metadata: Any) -> dict[str, Any]:
    world = World()
    world.api.apply("orders", spec())
    raw = dict(world.api.list()[0])
    return {**raw, "metadata": {**raw["metadata"], **metadata}}


def test_one_that_is_being_deleted_and_has_a_finalizer_says_so() -> None:
    assert not Resource.parse(_raw()).rollout.is_deleting
    assert Resource.parse(_raw(deletionTimestamp="2026-03-01T13:00:00Z")).rollout.is_deleting
    assert Resource.parse(_raw(finalizers=["example.com/other", FINALIZER])).has_finalizer
    assert not Resource.parse(_raw(finalizers=["example.com/other"])).has_finalizer
    assert not Resource.parse(_raw(finalizers=None, annotations=None)).has_finalizer


@pytest.mark.parametrize(
    ("ours", "theirs", "is_outdated"),
    [
        ("99", "100", True),
        ("100", "99", False),
        ("100", "100", False),
        ("abc", "abd", True),
        ("abc", "abc", False),
        ("100", "abc", True),
        ("abc", "100", True),
    ],
)
def test_versions_are_numbers_that_grow_and_what_is_no_number_is_only_another_one(
    ours: str, theirs: str, is_outdated: bool
) -> None:
    known = Resource.parse(_raw(resourceVersion=ours))
    assert known.is_outdated_by(_raw(resourceVersion=theirs)) is is_outdated


@pytest.mark.parametrize("fields", [{"stateMachineArn": "no ARN"}, {"stateMachineArn": None}, {"stateMachineArn": 7}])
def test_a_spec_that_tells_no_state_machine_has_no_alias(fields: dict[str, Any]) -> None:
    raw = _raw()
    assert Resource.parse({**raw, "spec": {**raw["spec"], **fields}}).alias is None
    assert Resource.parse({**raw, "spec": None}).alias is None
    assert Resource.parse({**raw, "spec": {"stateMachineArn": str(MACHINE)}}).alias is None
