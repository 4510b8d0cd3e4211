"""A canary from accepted to Promoted: exactly the writes, status writes and Events that it needs."""

from sfn_rollouts.api import FINALIZER
from sfn_rollouts.api.status import Outcome, Phase
from sfn_rollouts.core.values.readings import RunningExecutions
from sfn_rollouts.core.values.routing import Routing
from tests.engine.world import World, spec


def test_a_canary_ends_promoted_with_two_writes() -> None:
    world = World()
    world.api.apply("orders", spec())
    world.run(until=world.is_in(Phase.SUCCEEDED))
    assert world.cloud.writes == ["90 % on version 1, 10 % on version 2", "100 % on version 2"]
    first, second = world.cloud.write_times
    assert 60 <= (second - first).total_seconds() < 61
    assert world.cloud.routing() == Routing.whole(2)
    assert (world.status().outcome, world.status().stable_version) == (Outcome.PROMOTED, 2)
    assert world.meter.outcomes == [("Promoted", "RolloutComplete")]
    assert set(world.meter.shown.values()) == {"Succeeded"}


def test_each_transition_is_written_and_announced_once() -> None:
    world = World()
    world.api.apply("orders", spec())
    world.run(until=world.is_in(Phase.SUCCEEDED))
    world.run_for(3600)
    assert [
        phase for phase, before in zip(world.api.phases, ["", *world.api.phases], strict=False) if phase != before
    ] == [
        "Pending",
        "Progressing",
        "Baking",
        "Succeeded",
    ]
    assert len(world.api.phases) <= 11
    assert set(world.meter.status_writes) == {"OK"}
    assert world.announced.reasons == [
        "Initializing",
        "StepStarted",
        "StepStarted",
        "Baking",
        "RolloutComplete",
        "ExecutionsCounted",
    ]


def test_the_intent_and_the_finalizer_are_stored_before_each_forward_write() -> None:
    world = World()
    seen = []

    def look(what: str) -> None:
        raw, intent = world.api.resource("orders"), world.status().intent
        if what == "before an alias write" and raw is not None and intent is not None:
            seen.append((intent.weight, raw["metadata"]["finalizers"]))

    world.on_effect = look
    world.api.apply("orders", spec())
    world.run(until=world.is_in(Phase.SUCCEEDED))
    assert seen == [(10, [FINALIZER]), (100, [FINALIZER])]


def test_the_finalizer_is_there_only_in_flight() -> None:
    world = World()
    world.api.apply("orders", spec())
    world.run(until=world.is_in(Phase.PROGRESSING))
    world.settle()
    raw = world.api.resource("orders")
    assert raw is not None
    assert len(raw["metadata"]["finalizers"]) == 1
    world.run(until=world.is_in(Phase.SUCCEEDED))
    world.settle()
    raw = world.api.resource("orders")
    assert raw is not None
    assert raw["metadata"]["finalizers"] == []


def test_express_machines_and_rollouts_without_alarms_get_there_as_well() -> None:
    world = World()
    world.cloud.running_executions = None
    world.api.apply("orders", spec(alarms=None) | {"alarms": {"names": []}})
    world.run(until=world.is_in(Phase.SUCCEEDED))
    world.run_for(60)
    counted = world.status().running_executions
    assert counted is not None
    assert counted.running is None
    assert "Express" in counted.message
    assert world.cloud.batches == []


def test_a_new_alias_is_created_with_all_traffic() -> None:
    world = World()
    world.cloud.route(None)
    world.api.apply("orders", spec())
    world.run(until=world.is_in(Phase.SUCCEEDED))
    assert world.cloud.writes == ["100 % on version 2"]
    assert world.cloud.count()["create"] == 1


def test_the_next_version_starts_from_the_last_one() -> None:
    world = World()
    world.api.apply("orders", spec())
    world.run(until=world.is_in(Phase.SUCCEEDED))
    world.run_for(1000)
    world.cloud.running_executions = RunningExecutions(5)
    world.api.apply("orders", spec(3))
    world.run(until=lambda: world.status().stable_version == 3)
    assert world.cloud.writes[2:] == ["90 % on version 2, 10 % on version 3", "100 % on version 3"]
    world.run_for(60)
    counted = world.status().running_executions
    assert counted is not None
    assert (counted.version, counted.running) == (2, 5)
    assert world.cloud.count()["running"] == 2
