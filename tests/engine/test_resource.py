"""The parts of a live resource that count."""

from datetime import UTC, datetime

from sfn_rollouts.core.values.rollout import InvalidSpec
from sfn_rollouts.engine.resource import Resource
from sfn_rollouts.ports import Key
from tests.engine.fake_cloud import LIVE
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
