"""The API server takes no status: a schema, a policy or a webhook refuses it, or a right is missing for good.

Nobody learns from the resource what happens then, so Events must tell; and the status is the only memory, so nothing
goes forward.
"""

from datetime import datetime
from typing import Any

import pytest

from sfn_rollouts.api.status import AlarmState, Phase, Status
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.errors import Denied, Rejected, Transient
from tests.engine.faults import FOR_EVER
from tests.engine.world import World, spec

WORDS = "patch stepfunctionrollouts/status: ValidatingAdmissionPolicy 'freeze' denied request: no changes on a Friday"
REFUSED = Rejected(WORDS)
DENIED = Denied("patch stepfunctionrollouts/status: no; grant the operator the verb patch")
HOUR = {"strategy": {"canary": {"weight": 10, "interval": "1h"}}}


def _in_flight(**fields: Any) -> World:
    """At 10 %, and stored."""
    world = World()
    world.api.apply("orders", spec(**(HOUR | fields)))
    world.run(until=lambda: world.status().step_index == 0)
    world.settle()
    return world


def _refuse(world: World, error: Exception = REFUSED) -> None:
    world.api.faults.add("report", error, FOR_EVER)


@pytest.mark.parametrize("error", [REFUSED, DENIED], ids=["refused", "denied"])
def test_an_alarm_leads_back_and_events_say_so_though_no_status_is_taken(error: Exception) -> None:
    world = _in_flight()
    _refuse(world, error)
    world.cloud.set_alarm("errors", AlarmState.ALARM)
    world.run(until=lambda: world.cloud.routing() == Routing.whole(1), limit_s=13)
    world.run_for(60)

    assert world.phase() is Phase.PROGRESSING, "nothing of it is stored"
    (message,) = world.announced.messages("StatusNotStored")
    assert error.args[0] in message
    assert world.announced.reasons.count("AlarmFiring") == 2, "that it goes back, and that it is back"

    world.api.faults.fix("report")
    world.run(until=world.is_in(Phase.ROLLED_BACK), limit_s=61)
    assert world.announced.reasons.count("AlarmFiring") == 2
    assert world.announced.reasons.count("StatusNotStored") == 1


def test_what_the_answer_was_is_one_printable_line_that_an_event_can_hold() -> None:
    world = _in_flight()
    _refuse(world, Rejected("patch x: no\n\x1b[2Jand\u202e no" + " more" * 400))
    world.api.command("orders", id="1", action="pause")
    world.run_for(10)
    (message,) = world.announced.messages("StatusNotStored")
    assert message.startswith("the API server refuses the operator's write: patch x: no ")
    assert message.isprintable()
    assert len(message) <= 1024


@pytest.mark.parametrize("error", [REFUSED, DENIED], ids=["refused", "denied"])
def test_no_step_forward_is_taken_and_all_goes_on_by_itself_when_writes_are_taken_again(error: Exception) -> None:
    world = _in_flight(strategy={"canary": {"weight": 10, "interval": "1m"}})
    _refuse(world, error)
    world.run_for(1800)
    assert len(world.cloud.writes) == 1
    assert world.api.calls.count("report") < 400

    world.api.faults.fix("report")
    world.run(until=lambda: len(world.cloud.writes) == 2, limit_s=62)
    world.run(until=world.is_in(Phase.SUCCEEDED))
    assert world.announced.reasons.count("StatusNotStored") == 1


def test_nothing_begins_and_the_deadline_is_reported() -> None:
    world = World()
    world.api.apply("orders", spec(progressDeadline="5m"))
    _refuse(world)
    world.run_for(3600)
    assert world.cloud.routing() == Routing.whole(1)
    assert set(world.cloud.writes) <= {"100 % on version 1"}
    assert "ProgressDeadlineExceeded" in world.announced.reasons
    assert set(world.meter.status_writes) == {"NotStored"}
    assert world.announced.reasons.count("StatusNotStored") == 1


def test_a_command_is_answered_by_an_event() -> None:
    world = _in_flight()
    _refuse(world)
    world.api.command("orders", id="1", action="pause")
    world.run_for(5)
    assert world.announced.reasons.count("CommandDone") == 1
    world.api.command("orders", id="2", action="abort")
    world.run(until=lambda: world.cloud.routing() == Routing.whole(1), limit_s=5)
    world.run_for(60)
    assert world.announced.reasons.count("CommandDone") == 2
    assert "Aborted" in world.announced.reasons


def test_a_status_that_is_new_is_tried_at_once() -> None:
    """It may be this one status that the schema refuses."""
    world = _in_flight()
    _refuse(world)
    world.api.command("orders", id="1", action="pause")
    world.run_for(300)
    world.api.faults.fix("report")
    world.api.command("orders", id="2", action="resume")
    world.run(until=lambda: world.status().last_command is not None, limit_s=1)


def test_the_next_operator_says_it_too_and_goes_back() -> None:
    world = _in_flight()
    _refuse(world)
    world.api.command("orders", id="1", action="pause")
    world.run_for(20)
    world.cloud.set_alarm("errors", AlarmState.ALARM)
    world.restart(down_s=5)
    world.run(until=lambda: world.cloud.routing() == Routing.whole(1), limit_s=13)
    world.run_for(20)
    assert world.announced.reasons.count("StatusNotStored") == 2
    assert world.announced.reasons.count("AlarmFiring") == 2


def test_a_finalizer_that_cannot_be_taken_away_is_said_and_counted() -> None:
    world = _in_flight()
    _refuse(world, Rejected("patch stepfunctionrollouts: webhook says no"))
    world.api.delete("orders")
    world.run(until=lambda: world.cloud.routing() == Routing.whole(1), limit_s=13)
    world.run_for(120)
    assert "patch stepfunctionrollouts: webhook says no" in world.announced.messages("StatusNotStored")[0]
    assert "NotStored" in world.meter.status_writes

    world.api.faults.fix("report")
    world.run(until=lambda: world.api.resource("orders") is None, limit_s=62)


def test_one_situation_after_another_is_reported_each_time() -> None:
    world = _in_flight()
    for number in range(3):
        _refuse(world)
        world.api.command("orders", id=f"a{number}", action="pause")
        world.run_for(100)
        world.api.faults.fix("report")
        world.run_for(100)
    assert world.announced.reasons.count("StatusNotStored") == 3


def test_an_older_crd_below_a_policy_is_reported_as_well() -> None:
    world = _in_flight()
    _refuse(world)
    world.api.command("orders", id="1", action="pause")
    world.run_for(100)
    world.api.faults.fix("report")
    world.api.unknown_fields = {"planHash"}
    world.run_for(100)
    first, second = world.announced.messages("StatusNotStored")
    assert WORDS in first
    assert "fields: planHash" in second


@pytest.mark.parametrize("error", [DENIED, Transient("503")], ids=["denied", "transient"])
def test_what_may_pass_in_a_moment_is_not_reported(error: Exception) -> None:
    """An API server that has just started refuses everything until it has read its roles."""
    world = _in_flight()
    _refuse(world, error)
    world.api.command("orders", id="1", action="pause")
    world.run_for(25)
    world.api.faults.fix("report")
    world.run_for(100)
    assert "StatusNotStored" not in world.announced.reasons


def test_denials_apart_are_no_long_denial() -> None:
    world = _in_flight()
    for number in range(4):
        world.api.faults.add("report", DENIED, 3)
        world.api.faults.add("report", Transient("503"), 2)
        world.api.command("orders", id=str(number), action="pause")
        world.run_for(100)
    assert "StatusNotStored" not in world.announced.reasons


# -- an older CRD: also what is read is pruned --


FIELDS = [field.alias or name for name, field in Status.model_fields.items()]


@pytest.mark.parametrize("unknown", [{field} for field in FIELDS] + [set(FIELDS)], ids=[*FIELDS, "all"])
def test_a_promote_under_an_older_crd_is_said_and_has_its_effect_when_the_crd_is_back(unknown: set[str]) -> None:
    """Each read of the resource lacks what that CRD does not know: nobody has written that, so it is still true."""
    world = _in_flight()
    world.api.unknown_fields = unknown
    world.api.command("orders", id="1", action="promote")
    world.run_for(60)
    assert world.announced.messages("CommandDone") == ["promote: the current wait is over"]
    world.api.unknown_fields = set()
    world.run(until=lambda: world.cloud.routing() == Routing.whole(2), limit_s=301)
    assert world.announced.reasons.count("CommandDone") == 1


def test_a_status_that_is_taken_away_in_flight_is_written_again() -> None:
    """A split alias must not become that of a stranger while somebody still knows all of it."""
    world = _in_flight()
    before = world.status()
    world.api.unknown_fields = set(FIELDS)
    world.api.set_finalizers("orders", *_finalizers(world), "example.com/other")
    world.api.unknown_fields = set()
    world.run(until=lambda: world.status() == before, limit_s=10)


def test_a_change_of_the_resource_under_an_older_crd_starts_no_wait_again() -> None:
    world = _in_flight()
    entered = _step_started(world)
    world.run_for(60)
    world.api.unknown_fields = {"planHash", "stepStartedAt"}
    world.api.set_finalizers("orders", *_finalizers(world), "example.com/other")
    world.run_for(30)
    world.api.unknown_fields = set()
    world.run(until=lambda: world.status().step_started_at is not None, limit_s=301)
    assert _step_started(world) == entered


def _step_started(world: World) -> datetime | None:
    return world.status().step_started_at


def _finalizers(world: World) -> list[str]:
    raw = world.api.resource("orders")
    assert raw is not None
    return list(raw["metadata"]["finalizers"])
