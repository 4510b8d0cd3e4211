"""Preflight in the engine: who is asked what, when it is forgotten, and what rollouts know of each other."""

from typing import Any

import pytest

from sfn_rollouts.api.status import Phase
from sfn_rollouts.arns import STATE_MACHINE
from sfn_rollouts.asl.outline import Outline
from sfn_rollouts.asl.pins import MACHINE as CALLEE
from sfn_rollouts.asl.pins import Call, Pin
from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.core.values.looks import AskRole, CountCallers, FindCallee, ReadDefinition
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.errors import Denied, Transient
from sfn_rollouts.sim.targets import Targets
from tests.core.specs import UNCHECKED
from tests.engine.fake_cloud import MACHINE
from tests.engine.faults import FOR_EVER
from tests.engine.world import World, spec

ASKED = {"definition", "callee", "permissions", "callers"}


def enforced(*checks: str, version: int = 2, **fields: Any) -> dict[str, Any]:
    return spec(version, preflight={**UNCHECKED, **dict.fromkeys(checks, "Enforce")}, **fields)


def asked(world: World) -> list[str]:
    return [call for call in world.cloud.calls if call in ASKED]


def test_what_is_found_blocks_the_start_and_a_version_that_passes_begins() -> None:
    world = World()
    world.cloud.targets.unpinned = frozenset({2})
    world.api.apply("orders", enforced("pins"))
    world.run_for(600)
    assert (world.phase(), world.ready_reason()) == (Phase.PENDING, "PreflightFailed")
    assert world.cloud.writes == []
    world.api.apply("orders", enforced("pins", version=3))
    world.run(until=world.is_in(Phase.SUCCEEDED))
    assert world.cloud.routing() == Routing.whole(3)


def test_each_thing_is_asked_for_once_before_the_start() -> None:
    world = World()
    world.api.apply("orders", enforced("pins", "targets", "permissions", "callers"))
    world.run(until=world.is_in(Phase.PROGRESSING))
    assert sorted(asked(world)) == ["callee", "callers", "definition", "definition", "permissions", "permissions"]


def test_nothing_is_asked_at_rest_and_little_is_kept() -> None:
    world = World()
    world.api.apply("orders", enforced("pins", "targets", "permissions", "callers"))
    world.run(until=world.is_in(Phase.SUCCEEDED))
    world.run_for(60)
    before = asked(world)
    world.run_for(7000)
    assert asked(world) == before
    (record,) = world.engine._records.values()
    kinds = {type(look) for look in record.facts.answers}
    assert ReadDefinition in kinds, "the neighbours of the next rollout are compared with it"
    assert not kinds & {FindCallee, AskRole, CountCallers}


def _retries(world: World) -> None:
    generation = world.api.list()[0]["metadata"]["generation"]
    world.api.command("orders", id="again", action="retry", generation=generation)


def _applies_again(world: World) -> None:
    world.api.apply("orders", enforced("targets", retryToken="again"))


@pytest.mark.parametrize("act", [_retries, _applies_again])
def test_whoever_puts_it_right_and_says_so_does_not_wait_for_the_next_look(act: Any) -> None:
    world = World()
    world.cloud.targets.is_there = False
    world.api.apply("orders", enforced("targets"))
    world.run_for(7000)
    assert world.ready_reason() == "PreflightFailed"
    world.cloud.targets.is_there = True
    act(world)
    world.run_for(5)
    assert world.phase() is Phase.PROGRESSING


@pytest.mark.parametrize("error", [Denied("not allowed"), Transient("throttled")], ids=["denied", "throttled"])
def test_what_cannot_be_asked_blocks_nothing(error: Exception) -> None:
    world = World()
    for call in ASKED:
        world.cloud.faults.add(call, error, FOR_EVER)
    world.api.apply("orders", enforced("pins", "targets", "permissions", "callers"))
    world.run(until=world.is_in(Phase.PROGRESSING))
    preflight = world.status().preflight
    assert preflight is not None
    assert {str(finding.verdict) for finding in preflight.findings} == {"Unknown"}


class CallsAnAlias(Targets):
    """Each version calls the alias `other` of the same state machine."""

    def outline(self, machine: StateMachineArn, version: int) -> Outline:
        text = f"{MACHINE}:other"
        return Outline((Call(("Work",), CALLEE, STATE_MACHINE.parse(text), Pin.ALIAS, text),), ())


def test_a_rollout_that_calls_what_another_one_shifts_is_held() -> None:
    world = World()
    world.cloud.targets = CallsAnAlias()
    world.cloud.route_named("other", Routing.whole(1))
    world.api.apply("inner", enforced(alias="other", version=1))
    world.run_for(10)
    world.api.apply("orders", enforced("entryPoint"))
    world.run_for(60)
    assert world.ready_reason("orders") == "PreflightFailed"
    assert "and rollout shop/inner shifts that alias" in str(world.status("orders").message)


def test_a_rollout_whose_alias_another_one_calls_is_held() -> None:
    world = World()
    world.cloud.targets = CallsAnAlias()
    world.cloud.route_named("other", Routing.whole(1))
    world.api.apply("orders", spec(preflight={**UNCHECKED, "pins": "Warn"}))
    world.run(until=world.is_in(Phase.PROGRESSING, name="orders"))
    world.api.apply("inner", enforced("entryPoint", alias="other"))
    world.run_for(60)
    assert world.ready_reason("inner") == "PreflightFailed"
    assert "state Work of rollout shop/orders calls this alias" in str(world.status("inner").message)


def test_a_rollout_is_no_neighbour_of_itself() -> None:
    world = World()
    world.cloud.targets = CallsAnAlias()
    world.cloud.route_named("other", Routing.whole(1))
    world.api.apply("orders", enforced("entryPoint", alias="other"))
    world.run(until=world.is_in(Phase.PROGRESSING))


class NobodyUnderstands(Targets):
    """A definition that cannot be read calls nothing that anybody knows."""

    def outline(self, machine: StateMachineArn, version: int) -> Any:
        return None


def test_neither_a_definition_that_nobody_understands_nor_a_broken_spec_makes_a_neighbour() -> None:
    world = World()
    world.cloud.targets = NobodyUnderstands()
    world.cloud.route_named("other", Routing.whole(1))
    world.api.apply("inner", enforced("entryPoint", alias="other"))
    world.api.apply("broken", {**spec(), "stateMachineArn": "no ARN"})
    world.api.apply("orders", enforced("entryPoint"))
    world.run(until=world.is_in(Phase.PROGRESSING, name="orders"))
