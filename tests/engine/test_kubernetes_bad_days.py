"""Kubernetes' bad days: conflicts, outages, cut watches, other writers of the status, odd resources."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from sfn_rollouts.api.status import AlarmState, Outcome, Phase
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.errors import Conflict, Denied, Gone, Transient
from tests.engine.faults import FOR_EVER
from tests.engine.world import World, spec

FORWARD = ["90 % on version 1, 10 % on version 2", "100 % on version 2"]


def _applied(**fields: Any) -> World:
    world = World()
    world.api.apply("orders", spec(**fields))
    return world


PHASES: dict[str, Callable[[World], Callable[[], bool]]] = {
    "before anything": lambda world: lambda: True,
    "pending": lambda world: lambda: bool(world.api.phases),
    "with an intent": lambda world: lambda: world.status().intent is not None,
    "in the first step": lambda world: lambda: world.status().step_index == 0,
    "in the bake": lambda world: world.is_in(Phase.BAKING),
    "at rest": lambda world: world.is_in(Phase.SUCCEEDED),
}


@pytest.mark.parametrize("phase", PHASES)
def test_the_api_server_may_be_away_for_a_minute_in_each_phase(phase: str) -> None:
    world = _applied()
    world.run(until=PHASES[phase](world))
    world.api.is_down = True
    world.run_for(60)
    assert len(world.cloud.writes) <= 2
    world.api.is_down = False
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=300)
    world.run_for(60)
    assert world.cloud.writes == FORWARD
    assert world.status().running_executions is not None


def test_no_step_is_taken_whose_intent_cannot_be_stored() -> None:
    world = _applied()
    world.run(until=lambda: world.status().step_index == 0)
    world.settle()
    world.api.is_down = True
    world.run_for(1200)
    assert world.cloud.writes == FORWARD[:1]
    assert 60 < world.api.calls.count("report") < 400


def test_the_spec_edited_while_a_status_is_written_is_a_conflict_and_decided_again() -> None:
    world = _applied()
    edits: list[str] = []

    def edit(what: str) -> None:
        if what == "after an alias write" and not edits:
            edits.append(world.api.apply("orders", spec(strategy={"canary": {"weight": 40, "interval": "1m"}})))
            world.api.is_watch_cut = True  # the answer to the conflict must do

    world.api.is_watch_cut = True
    world.sweep()
    world.on_effect = edit
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=400)
    assert world.meter.status_writes.count("Conflict") == 1
    assert world.cloud.writes == [FORWARD[0], "60 % on version 1, 40 % on version 2", FORWARD[1]]


def test_events_of_a_conflicting_report_are_sent_once() -> None:
    world = _applied()
    world.api.faults.add("report", Conflict("409"), 3)
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=200)
    assert world.announced.reasons.count("Initializing") == 1
    assert world.announced.reasons.count("StepStarted") == 2


def test_conflicts_without_end_are_not_answered_in_a_tight_loop() -> None:
    world = _applied()
    world.api.faults.add("report", Conflict("409"), FOR_EVER)
    world.run_for(1800)
    assert 250 < world.api.calls.count("report") < 1000
    world.api.faults.fix("report")
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=200)


@pytest.mark.parametrize("is_gone", [False, True], ids=["down", "gone"])
def test_a_conflict_whose_resource_cannot_be_read(is_gone: bool) -> None:
    world = _applied()
    world.api.faults.add("report", Conflict("409"))
    world.api.faults.add("get", Gone("gone") if is_gone else Transient("503"))
    world.run_for(30)
    assert (len(world.cloud.writes) == 0) is is_gone


def test_a_status_that_somebody_else_writes_is_taken_as_it_is() -> None:
    world = _applied()
    world.run(until=lambda: world.status().step_index == 0)
    world.settle()
    world.api.write_status("orders", stepStartedAt="2026-03-01T13:00:30Z")
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=300)
    assert (world.cloud.write_times[1] - world.cloud.write_times[0]).total_seconds() > 85


def test_a_trip_outlives_a_status_that_somebody_else_writes() -> None:
    world = _applied()
    world.run(until=lambda: world.status().step_index == 0)
    world.cloud.faults.add("shift", Denied("no UpdateStateMachineAlias"), FOR_EVER)
    world.cloud.set_alarm("errors", AlarmState.ALARM)
    world.run(until=world.is_in(Phase.FAILED), limit_s=15)
    world.api.write_status("orders", trip=None, phase="Progressing")
    world.run_for(1)
    world.cloud.faults.fix("shift")
    world.run(until=world.is_in(Phase.ROLLED_BACK), limit_s=301)


def test_a_report_that_is_denied_is_tried_again_now_and_then() -> None:
    world = _applied()
    world.api.faults.add("report", Denied("no patch of stepfunctionrollouts/status"), FOR_EVER)
    world.run_for(1800)
    assert 12 <= world.api.calls.count("report") <= 300
    assert world.cloud.writes == []
    assert set(world.meter.status_writes) == {"Denied"}


def test_an_older_crd_that_drops_fields_leads_to_no_storm_of_writes() -> None:
    world = _applied()
    world.api.unknown_fields = {"runningExecutions"}
    world.run_for(3600)
    assert len(world.api.phases) < 60
    assert world.cloud.count()["running"] < 60


MEMORY = {"intent", "trip", "alarms", "planHash"}


def _stored(world: World) -> dict[str, Any]:
    raw = world.api.resource("orders")
    assert raw is not None
    return dict(raw["status"])


def _in_flight(world: World) -> None:
    world.run(until=lambda: len(world.cloud.writes) == 1)
    world.run_for(5)


def test_an_older_crd_applied_in_flight_leaves_a_status_that_is_true() -> None:
    """The trip cannot be stored, and yet it is not forgotten: the alias goes back, and the resource says so at once."""
    world = _applied(strategy={"canary": {"weight": 10, "interval": "1h"}})
    _in_flight(world)
    world.api.unknown_fields = MEMORY
    world.cloud.set_alarm("errors", AlarmState.ALARM)
    world.run(until=lambda: world.cloud.routing() == Routing.whole(1))
    world.run_for(30)

    stored = _stored(world)
    assert (stored["phase"], stored["outcome"]) == ("RolledBack", "RolledBack")
    assert "alarm errors is firing" in stored["message"]
    assert {each["type"]: each["status"] for each in stored["conditions"]}["Stalled"] == "True"
    assert world.announced.reasons.count("StatusNotStored") == 1
    assert "NotStored" in world.meter.status_writes


def test_no_step_forward_is_taken_while_its_intent_is_pruned_and_all_goes_on_with_the_crd() -> None:
    world = _applied()
    world.api.unknown_fields = MEMORY
    world.run_for(300)
    assert world.cloud.writes == []
    assert len(world.api.phases) < 20

    world.api.unknown_fields = set()
    world.run(until=lambda: _stored(world)["phase"] == "Succeeded")
    assert world.announced.reasons.count("StatusNotStored") == 1


def test_each_situation_is_reported_once() -> None:
    world = _applied(strategy={"canary": {"weight": 10, "interval": "1h"}})
    _in_flight(world)
    for _ in range(2):
        world.api.unknown_fields = MEMORY
        world.api.command("orders", id=str(len(world.api.calls)), action="pause")
        world.run_for(400)
        world.api.unknown_fields = set()
        world.run_for(700)
    assert world.announced.reasons.count("StatusNotStored") == 2


def test_news_that_leave_the_status_as_it_is_stored_are_sent_once() -> None:
    """The answer to the report was lost: the watch brings the status, but no Event has been sent."""
    world = _applied()
    world.api.faults.add("report", Transient("reset"), is_after_effect=True)
    world.run_for(1800)
    assert world.announced.reasons.count("Initializing") == 1


def test_news_whose_report_got_no_answer_are_sent_soon_though_nothing_else_happens() -> None:
    world = _applied(strategy={"canary": {"weight": 10, "interval": "1h"}})
    world.run(until=lambda: len(world.cloud.writes) == 1)
    world.api.faults.add("report", Transient("reset"), is_after_effect=True)
    world.run(until=lambda: "StepStarted" in world.announced.reasons, limit_s=2)
    assert world.status().step_index == 0


def test_a_long_outage_keeps_the_newest_news() -> None:
    world = _applied(version=2)
    world.run(until=lambda: world.status().step_index == 0)
    world.api.is_down = True
    for minute in range(60):
        state = AlarmState.INSUFFICIENT_DATA if minute % 2 else AlarmState.OK
        world.at(60 * minute, lambda state=state: world.cloud.set_alarm("errors", state))  # type: ignore[misc]
    world.run_for(3700)
    record = next(iter(world.engine._records.values()))
    assert len(record.pending_announcements) <= 50


def test_what_the_watch_brings_twice_or_late_is_passed_over() -> None:
    world = _applied()
    first = world.api.resource("orders")
    assert first is not None
    world.run(until=world.is_in(Phase.SUCCEEDED))
    world.settle()
    ticks = world.meter.sound_ticks
    world.engine.upsert(first)
    latest = world.api.resource("orders")
    assert latest is not None
    world.engine.upsert(latest)
    assert world.meter.sound_ticks == ticks
    assert not world.workers.jobs


def test_versions_that_are_no_numbers_are_only_compared() -> None:
    world = _applied()
    raw = world.api.resource("orders")
    assert raw is not None
    world.settle()
    raw["metadata"]["resourceVersion"] = "abc"
    raw["spec"]["version"] = 3
    world.engine.upsert(raw)
    record = next(iter(world.engine._records.values()))
    assert record.resource.resource_version == "abc"


def test_a_resource_deleted_and_created_again_under_its_name_is_another_one() -> None:
    world = _applied()
    world.run(until=world.is_in(Phase.SUCCEEDED))
    world.settle()
    world.api.is_watch_cut = True
    deleted = world.api.uid("orders")
    world.api.delete("orders")
    world.api.apply("orders", spec(3))
    world.cloud.route(Routing.whole(2))
    world.engine._wake(deleted)
    world.sweep()
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=300)
    assert world.cloud.writes[-1] == "100 % on version 3"
    assert list(world.engine._records) == [world.api.uid("orders")]


def test_a_report_for_a_name_that_belongs_to_another_resource_by_now_changes_nothing() -> None:
    world = _applied()
    world.run(until=lambda: world.status().step_index == 0)
    world.settle()
    world.api.is_watch_cut = True
    world.api.drop("orders")
    world.api.apply("orders", spec(2))
    world.run_for(120)
    assert world.ready_reason() == "AliasSplit"
    assert list(world.engine._records) == [world.api.uid("orders")]


def test_an_invalid_spec_is_said_and_in_flight_it_goes_back() -> None:
    world = _applied()
    world.run(until=lambda: world.status().step_index == 0)
    broken = spec()
    del broken["strategy"]
    world.api.apply("orders", broken)
    world.run(until=world.is_in(Phase.ROLLED_BACK, Phase.FAILED), limit_s=10)
    world.run_for(10)
    assert world.cloud.routing() == Routing.whole(1)
    world.api.apply("orders", spec(3))
    world.run(until=lambda: world.status().outcome is Outcome.PROMOTED, limit_s=200)


def test_a_spec_without_even_an_alias_is_said() -> None:
    world = World()
    world.api.apply("orders", {"version": 2})
    world.run_for(60)
    assert (world.phase(), world.ready_reason()) == (Phase.FAILED, "InvalidSpec")
    world.api.delete("orders")
    world.settle()
    assert world.meter.shown == {}


@pytest.mark.parametrize("action", ["pause", "promote-full", "abort", "retry", "nonsense"])
def test_a_command_is_answered_once(action: str) -> None:
    world = _applied()
    world.run(until=lambda: world.status().step_index == 0)
    world.api.command("orders", id="one", action=action)
    world.run(until=lambda: world.status().last_command is not None, limit_s=1)
    world.run_for(600)
    assert sum(reason.startswith("Command") for reason in world.announced.reasons) == 1


def test_a_pause_lasts_until_it_is_resumed_and_alarms_stay_watched() -> None:
    world = _applied()
    world.run(until=lambda: world.status().step_index == 0)
    world.api.command("orders", id="one", action="pause")
    world.run_for(3600)
    assert world.cloud.writes == FORWARD[:1]
    assert 350 < len(world.cloud.batches) < 380
    world.api.command("orders", id="two", action="resume")
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=200)


def test_a_condition_that_flips_back_before_it_can_be_stored_keeps_its_time() -> None:
    """The alarm has no data for a while and the status cannot be written: for people it was healthy all along."""
    alarms = {"names": ["errors"], "onInsufficientData": "Hold"}
    world = _applied(strategy={"canary": {"weight": 10, "interval": "1h"}}, alarms=alarms)
    world.run(until=lambda: world.status().step_index == 0)
    world.settle()
    before, ok_since = _since(world, "AlarmsHealthy"), world.status().alarms[0].since
    world.run_for(60)
    world.api.faults.add("report", Transient("503"), FOR_EVER)
    reports = world.api.calls.count("report")
    world.cloud.set_alarm("errors", AlarmState.INSUFFICIENT_DATA)
    world.run_for(30)
    assert world.api.calls.count("report") > reports, "there was news that could not be reported"
    world.cloud.set_alarm("errors", AlarmState.OK)
    world.run_for(30)
    world.api.faults.fix("report")
    world.run(until=lambda: world.status().alarms[0].since != ok_since, limit_s=60)
    assert _since(world, "AlarmsHealthy") == before


def _since(world: World, kind: str) -> datetime:
    return next(item.last_transition_time for item in world.status().conditions if item.type == kind)
