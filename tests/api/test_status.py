"""A status is read leniently and written as the API server stores it."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from sfn_rollouts.api.resource import parse_status
from sfn_rollouts.api.status import Condition, ConditionStatus, HistoryEntry, Outcome, Phase, Status, Trip
from sfn_rollouts.explain.rollout import Rollout

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
AT_TEXT = "2026-11-20T12:00:00Z"
PROMOTED = {"version": 1, "outcome": "Promoted", "reason": "RolloutComplete", "finishedAt": AT_TEXT}


@pytest.mark.parametrize("garbage", [None, "x", 3, [], {}, {"phase": 3, "alarms": {"a": 1}, "weight": "many"}])
def test_garbage_is_an_empty_status(garbage: Any) -> None:
    assert parse_status(garbage) == Status()


READ: dict[str, tuple[dict[str, Any], Status]] = {
    "a phase that a newer operator wrote is left out alone": (
        {"phase": "Dancing", "trip": {"reason": "AlarmFiring", "message": "m", "at": AT_TEXT}},
        Status(trip=Trip(reason="AlarmFiring", message="m", at=AT)),
    ),
    "one entry of the history is left out alone": (
        {"phase": "Succeeded", "history": [{**PROMOTED, "outcome": "Vanished"}, PROMOTED]},
        Status(
            phase=Phase.SUCCEEDED,
            history=(HistoryEntry(version=1, outcome=Outcome.PROMOTED, reason="RolloutComplete", finished_at=AT),),
        ),
    ),
    "a list that is too long besides is left out": (
        {"weight": 10, "history": [3, *[PROMOTED] * 11]},
        Status(weight=10),
    ),
    "a broken part of an object takes the object": (
        {"weight": 10, "intent": {"weight": 110, "at": AT_TEXT}},
        Status(weight=10),
    ),
    "a field that nobody knows is passed over": ({"weight": 10, "mood": "good"}, Status(weight=10)),
    "a time without a zone is UTC": ({"startedAt": "2026-11-20T12:00:00"}, Status(started_at=AT)),
}


@pytest.mark.parametrize(("raw", "expected"), READ.values(), ids=READ.keys())
def test_what_can_be_read_is_kept(raw: dict[str, Any], expected: Status) -> None:
    assert parse_status(raw) == expected


def test_a_status_survives_the_way_through_the_api_server() -> None:
    status = Status(
        observed_generation=3,
        phase=Phase.BAKING,
        started_at=AT + timedelta(milliseconds=5),
        conditions=(
            Condition(
                type="Ready",
                status=ConditionStatus.FALSE,
                observed_generation=3,
                last_transition_time=AT,
                reason="Baking",
                message="Watching",
            ),
        ),
    )

    assert parse_status(status.to_resource()) == status


def test_times_are_written_in_utc_with_milliseconds_where_there_are_any() -> None:
    local = AT.astimezone(timezone(timedelta(hours=2)))

    written = Status(started_at=local, finished_at=local + timedelta(milliseconds=5)).to_resource()

    assert (written["startedAt"], written["finishedAt"]) == (AT_TEXT, "2026-11-20T12:00:00.005Z")


def test_changes_make_a_copy() -> None:
    before = Status(weight=10)

    after = before.with_(weight=50, step="2/3")

    assert (before.weight, after.weight, after.step) == (10, 50, "2/3")


@pytest.mark.parametrize(
    ("status", "is_in_flight", "knows_its_way"),
    [
        ({}, False, False),
        ({"startedAt": AT_TEXT}, True, False),
        ({"startedAt": AT_TEXT, "stableVersion": 1}, True, False),
        ({"startedAt": AT_TEXT, "stableVersion": 1, "targetVersion": 2}, True, True),
        ({"startedAt": AT_TEXT, "finishedAt": AT_TEXT, "stableVersion": 1, "targetVersion": 2}, False, False),
        ({"finishedAt": AT_TEXT, "stableVersion": 1, "targetVersion": 2}, False, False),
    ],
)
def test_in_flight_is_begun_and_not_ended_for_operator_and_plugin(
    status: dict[str, Any], is_in_flight: bool, knows_its_way: bool
) -> None:
    """The plugin reads the plain resource, for the models cost it 0.2 s; it must read the same."""
    read = parse_status(status)
    assert (read.is_in_flight, read.knows_its_way) == (is_in_flight, knows_its_way)
    assert Rollout.from_resource({"metadata": {"name": "x", "namespace": "y"}, "status": status}).is_in_flight is (
        is_in_flight
    )


@pytest.mark.parametrize("outcome", Outcome)
def test_what_ended_well_is_the_same_for_operator_and_plugin(outcome: Outcome) -> None:
    """The target has all traffic; whoever is promoted has not just been gone back to."""
    ended_well = {Outcome.PROMOTED, Outcome.FAST_PROMOTED, Outcome.FAST_ROLLED_BACK}
    assert outcome.is_success is (outcome in ended_well)
    assert outcome.has_promoted is (outcome in ended_well - {Outcome.FAST_ROLLED_BACK})
    entry = {**PROMOTED, "outcome": outcome}
    read = Rollout.from_resource({"metadata": {"name": "x", "namespace": "y"}, "status": {"history": [entry]}})
    assert read.history[0].is_success is outcome.is_success
