"""What is kept of a rollout between ticks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from sfn_rollouts.api.status import Status, Trip
from sfn_rollouts.core.values.decision import WriteKind
from sfn_rollouts.core.values.looks import FindVersion, ReadAlias
from sfn_rollouts.core.values.readings import AliasReading, VersionFound, VersionReading
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.engine.record import Record
from sfn_rollouts.engine.resource import Resource
from tests.engine.fake_clock import NOON
from tests.engine.world import World, spec


def _record() -> Record:
    world = World()
    world.api.apply("orders", spec())
    return Record(Resource.parse(world.api.list()[0]), Random(1))


def _come_back(record: Record, status: Status) -> None:
    """A newer version of the resource."""
    resource = record.resource
    record.take(replace(resource, resource_version="999", rollout=replace(resource.rollout, status=status)))


def test_what_was_decided_since_outlives_an_edit_of_the_resource() -> None:
    record = _record()
    decided = record.working = record.stored.with_(message="decided")
    _come_back(record, record.stored)
    assert record.working is decided


def test_what_was_decided_since_outlives_a_report_of_ours_whose_answer_was_lost() -> None:
    record = _record()
    reported = record.stored.with_(message="reported")
    record.attempt(reported)
    decided = record.working = reported.with_(message="decided")
    _come_back(record, reported)
    assert (record.stored, record.working) == (reported, decided)


def test_a_status_that_somebody_else_wrote_counts_from_then_on() -> None:
    record = _record()
    record.working = record.stored.with_(message="decided")
    theirs = record.stored.with_(message="written by somebody else")
    _come_back(record, theirs)
    assert (record.stored, record.working) == (theirs, theirs)


def test_what_was_found_out_about_another_version_is_forgotten() -> None:
    record = _record()
    found = VersionReading(VersionFound.FOUND, None, datetime(2026, 1, 1, tzinfo=UTC))
    record.facts.see(FindVersion(2), found)
    _come_back(record, record.stored)
    assert record.facts.answers == {FindVersion(2): found}
    world = World()
    world.api.apply("orders", spec(3))
    record.take(Resource.parse(world.api.list()[0]))
    assert record.facts.answers == {}


def test_a_decision_hears_how_often_alarms_are_read() -> None:
    assert _record().observe({}, 30.0).poll_interval_s == 30.0


def _after_first_step(*, is_tripped: bool) -> tuple[Record, datetime]:
    """And AWS's date of that step."""
    world = World()
    world.api.apply("orders", spec())
    world.run(until=lambda: world.status().step_index == 0)
    record = Record(Resource.parse(world.api.list()[0]), Random(1))
    assert record.working.alias is not None
    assert record.working.alias.update_date is not None
    if is_tripped:
        record.working = record.working.with_(trip=Trip(reason="AlarmFiring", message="errors", at=NOON))
    return record, record.working.alias.update_date


@pytest.mark.parametrize(
    ("later_s", "is_tripped", "is_seen"),
    [(-1, False, True), (-1, True, False), (0, True, True), (1, True, True)],
    ids=["older, on the way forward", "older, on the way back", "of the last step", "newer"],
)
def test_only_on_the_way_back_a_reading_from_before_the_last_step_is_none(
    later_s: float, is_tripped: bool, is_seen: bool
) -> None:
    record, stepped_at = _after_first_step(is_tripped=is_tripped)
    reading = AliasReading(Routing.whole(1), stepped_at + timedelta(seconds=later_s), NOON)
    record.facts.see(ReadAlias(), reading)
    assert record.observe({}, 10.0).alias == (reading if is_seen else None)


def test_where_no_step_is_known_any_reading_counts_on_the_way_back() -> None:
    record, _ = _after_first_step(is_tripped=True)
    record.working = record.working.with_(alias=None)
    reading = AliasReading(Routing.whole(1), NOON, NOON)
    record.facts.see(ReadAlias(), reading)
    assert record.observe({}, 10.0).alias == reading


def test_a_decision_hears_when_the_restore_that_aws_took_was_asked_for() -> None:
    record, stepped_at = _after_first_step(is_tripped=True)
    record.facts.acknowledge(WriteKind.RESTORE, stepped_at + timedelta(seconds=1), NOON)
    seen = record.observe({}, 10.0)
    assert (seen.restore_asked_at, seen.written_at) == (NOON, stepped_at + timedelta(seconds=1))
