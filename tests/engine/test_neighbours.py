"""What one rollout hears of all: who shifts which alias, and whose versions call one."""

from typing import Any

import pytest

from sfn_rollouts.api.status import Status
from sfn_rollouts.core.values.looks import FindVersion, ReadDefinition
from sfn_rollouts.core.values.readings import Unseen
from sfn_rollouts.core.values.targets import AliasCall, DefinitionReading, Neighbours
from sfn_rollouts.engine.neighbours import NeighbourTable
from sfn_rollouts.engine.record import Record
from sfn_rollouts.engine.resource import Resource
from tests.core.preflight import machine, reading, task
from tests.engine.fake_clock import NOON
from tests.engine.fake_cloud import LIVE, MACHINE
from tests.engine.fake_random import Longest
from tests.engine.world import World, spec

START = "arn:aws:states:::states:startExecution"
CHILD = "arn:aws:states:eu-west-1:123456789012:stateMachine:Child:live"
OTHER = MACHINE.alias("other")


def calls(arn: str | None) -> DefinitionReading:
    """A definition with one state, Pay, that calls this alias; None: one that cannot be read."""
    found: DefinitionReading = reading(machine(Pay=task(START, StateMachineArn=arn)) if arn is not None else None)
    return found


def record(name: str, status: Status | None = None, /, **fields: Any) -> Record:
    world = World()
    world.api.apply(name, spec(**fields))
    found = Record(Resource.parse(world.api.list()[0]), Longest())
    found.working = status or found.working
    return found


def heard(asks: Record, *others: Record) -> Neighbours:
    records = {str(record.resource.key): record for record in (asks, *others)}
    return NeighbourTable(records).of(asks)


def test_one_that_is_about_to_begin_is_heard_who_shifts_and_who_calls_which_alias() -> None:
    asks, other = record("orders"), record("other", alias="other")
    asks.facts.see(ReadDefinition(2), calls(CHILD))
    asks.facts.see(ReadDefinition(1), calls(str(OTHER)))
    other.facts.see(ReadDefinition(7), calls(str(LIVE)))
    other.facts.see(ReadDefinition(8), calls(None))
    other.facts.see(ReadDefinition(9), Unseen("503", NOON))
    other.facts.see(FindVersion(9), Unseen("503", NOON))
    assert heard(asks, record("broken", stateMachineArn="no ARN"), other) == Neighbours(
        shifts={str(LIVE): "shop/orders", str(OTHER): "shop/other"},
        calls={
            CHILD: (AliasCall("shop/orders", "Pay"),),
            str(OTHER): (AliasCall("shop/orders", "Pay"),),
            str(LIVE): (AliasCall("shop/other", "Pay"),),
        },
        own="shop/orders",
    )


def test_who_may_not_move_its_alias_is_not_heard_of() -> None:
    """Else any namespace could hold the rollouts of another team by one that does nothing."""
    asks, other = record("orders"), record("other", alias="other")
    asks.facts.see(ReadDefinition(2), calls(str(OTHER)))
    table = NeighbourTable({"orders": asks, "other": other}, lambda each: each is asks)
    assert table.of(asks).shifts == {str(LIVE): "shop/orders"}


OVER, IN_FLIGHT = Status(started_at=NOON, finished_at=NOON), Status(started_at=NOON)
HEARD: dict[str, tuple[Status, int, bool]] = {
    "it has not begun": (Status(), 2, True),
    "only another version's definition is known": (Status(), 1, False),
    "it is in flight": (IN_FLIGHT, 2, False),
    "it is over": (OVER.with_(target_version=2), 2, False),
    "another version of it is over": (OVER.with_(target_version=1), 2, True),
    "it has looked at its target and not begun": (Status(target_version=2), 2, True),
}


@pytest.mark.parametrize("when", HEARD)
def test_at_other_times_nobody_asks(when: str) -> None:
    status, known, is_heard = HEARD[when]
    asks = record("orders", status)
    asks.facts.see(ReadDefinition(known), calls(None))
    assert (heard(asks) != Neighbours()) is is_heard


def test_one_with_an_invalid_spec_is_heard_nothing() -> None:
    asks = record("orders", strategy={})
    asks.facts.see(ReadDefinition(2), calls(None))
    assert heard(asks) == Neighbours()
