"""What is kept of a rollout between ticks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from sfn_rollouts.api.status import HistoryEntry, Outcome, Status, Trip
from sfn_rollouts.core.values.chores import StartSmoke
from sfn_rollouts.core.values.decision import WriteKind
from sfn_rollouts.core.values.looks import CountCallers, CountRunning, FindVersion, ReadAlias
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import (
    Account,
    AlarmMissing,
    AliasMissing,
    AliasReading,
    RunningExecutions,
    Trouble,
    Unseen,
    VersionFound,
    VersionReading,
    WriteFailure,
)
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.core.values.targets import Neighbours
from sfn_rollouts.engine.facts import FailedWrite
from sfn_rollouts.engine.record import Record, _is_part_of, is_left_of
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


# -- by itself --

READING = AliasReading(Routing.whole(1), NOON, NOON)
OURS = Account("123456789012", "aws")
FAILURE = WriteFailure("no", Trouble.DENIED, NOON)
NEIGHBOURS = Neighbours(own="shop/orders")


def test_a_decision_hears_all_that_is_known() -> None:
    record = _record()
    record.facts.see(ReadAlias(), READING)
    record.facts.see(CountRunning(1), RunningExecutions(3))
    record.facts.acknowledge(WriteKind.FORWARD, NOON, NOON)
    record.facts.failed = FailedWrite(WriteKind.FORWARD, FAILURE)
    record.has_rival, record.account, record.is_region_known, record.neighbours = True, OURS, False, NEIGHBOURS
    alarms = {"errors": AlarmMissing(NOON)}
    assert record.observe(alarms, 30.0) == Observation(
        answers={ReadAlias(): READING, CountRunning(1): RunningExecutions(3)},
        written_at=NOON,
        restore_asked_at=None,
        alarms=alarms,
        poll_interval_s=30.0,
        write_failure=FAILURE,
        has_older_rival=True,
        account=OURS,
        access=record.access,
        is_region_known=False,
        neighbours=NEIGHBOURS,
    )


def test_it_is_decided_on_what_has_been_decided_since() -> None:
    record = _record()
    record.working = record.stored.with_(message="decided")
    assert record.rollout() == replace(record.resource.rollout, status=record.working)


WRITTEN = NOON + timedelta(seconds=5)
SEEN: dict[str, tuple[float, bool, bool, bool]] = {
    "older than the last write, on the way back": (4, True, False, False),
    "of the last write": (5, True, False, True),
    "older than the last write, on the way forward": (4, False, False, True),
    "older than the restore that was the last write": (4, True, True, True),
}


@pytest.mark.parametrize("case", SEEN)
def test_an_answer_about_the_alias_from_before_the_last_write_is_none_until_that_was_the_restore(case: str) -> None:
    changed_s, is_tripped, is_restored, is_seen = SEEN[case]
    record = _record()
    if is_tripped:
        record.working = record.working.with_(trip=Trip(reason="AlarmFiring", message="errors", at=NOON))
    record.facts.acknowledge(WriteKind.FORWARD, NOON, NOON)
    record.facts.acknowledge(WriteKind.RESTORE if is_restored else WriteKind.FORWARD, WRITTEN, NOON)
    record.facts.see(ReadAlias(), AliasReading(Routing.whole(1), NOON + timedelta(seconds=changed_s), NOON))
    assert (record.observe({}, 10.0).alias is not None) is is_seen


@pytest.mark.parametrize("seen", [AliasMissing(NOON), Unseen("503", NOON), None], ids=["missing", "unseen", "nothing"])
def test_an_alias_that_is_not_to_be_seen_is_not_to_be_seen_on_the_way_back_either(seen: object) -> None:
    record = _record()
    record.working = record.working.with_(trip=Trip(reason="AlarmFiring", message="errors", at=NOON))
    record.facts.acknowledge(WriteKind.FORWARD, WRITTEN, NOON)
    if seen is not None:
        record.facts.see(ReadAlias(), seen)
    assert record.observe({}, 10.0).alias == seen


def test_what_is_no_look_keeps_its_pace_and_a_look_only_while_it_is_wanted() -> None:
    record = _record()
    paces = {what: record.pace(what) for what in ("report", FindVersion(2), FindVersion(3), CountRunning)}
    record.forget_paces_but(frozenset({FindVersion(2)}))
    assert record.paces == {what: paces[what] for what in ("report", FindVersion(2))}
    assert record.pace("report") is paces["report"]


def test_who_edits_has_looked_at_again_what_may_be_put_right_and_nothing_else() -> None:
    record = _record()
    answers = {FindVersion(2): Unseen("no", NOON), CountCallers(): Unseen("no", NOON)}
    record.facts.answers = dict(answers)
    _come_back(record, record.stored)
    assert record.facts.answers == answers
    world = World()
    world.api.apply("orders", spec())
    world.api.apply("orders", spec(retryToken="again"))
    record.take(Resource.parse(world.api.list()[0]), [CountCallers])
    assert list(record.facts.answers) == [FindVersion(2)]


@pytest.mark.parametrize("version", [2, 3])
def test_for_another_version_no_chore_counts_as_done(version: int) -> None:
    record, smoke = _record(), StartSmoke(2, "name", "{}", "{}")
    record.facts.see(smoke, Unseen("no", NOON))
    record.facts.see(CountRunning(1), RunningExecutions(3))
    world = World()
    world.api.apply("orders", spec(version))
    record.take(Resource.parse(world.api.list()[0]))
    assert (smoke in record.facts.answers) is (version == 2)
    assert CountRunning(1) in record.facts.answers


def test_a_spec_that_is_invalid_has_no_version() -> None:
    record = _record()
    record.facts.see(FindVersion(2), Unseen("no", NOON))
    world = World()
    world.api.apply("orders", spec(strategy={}))
    record.take(Resource.parse(world.api.list()[0]))
    assert record.facts.answers == {}


@pytest.mark.parametrize(
    ("lost", "was_altered", "is_remembered"),
    [
        ({}, False, True),
        ({"message": None}, True, True),
        ({"message": None}, False, False),
        ({"target_version": None}, True, False),
    ],
    ids=["stored", "but for words", "not yet", "but for memory"],
)
def test_a_status_is_remembered_that_lacks_no_memory_where_it_is_stored(
    lost: dict[str, None], was_altered: bool, is_remembered: bool
) -> None:
    record, status = _record(), Status(message="words", target_version=2)
    record.stored = status.with_(**lost)
    record.altered = status if was_altered else Status(message="another one")
    assert record.is_remembered(status) is is_remembered


FULL = Status(
    message="words",
    target_version=2,
    trip=Trip(reason="AlarmFiring", message="errors", at=NOON),
    history=(
        HistoryEntry(version=1, outcome=Outcome.PROMOTED, reason="Promoted", finished_at=NOON),
        HistoryEntry(version=2, outcome=Outcome.ROLLED_BACK, reason="Aborted", finished_at=NOON),
    ),
)


@pytest.mark.parametrize(
    ("changed", "is_left"),
    [
        ({}, True),
        ({"message": None}, True),
        ({"trip": None}, True),
        ({"history": ()}, True),
        ({"message": "other words"}, False),
        ({"target_version": 3}, False),
        ({"trip": FULL.trip.with_(reason="Aborted") if FULL.trip else None}, False),
        ({"history": FULL.history[:1]}, False),
        ({"history": FULL.history[::-1]}, False),
        ({"weight": 10}, False),
        ({"observed_generation": 7}, False),
    ],
    ids=str,
)
def test_a_schema_with_fewer_fields_leaves_a_status_as_it_was_but_for_them(
    changed: dict[str, Any], is_left: bool
) -> None:
    assert is_left_of(FULL.with_(**changed), FULL) is is_left


@pytest.mark.parametrize(
    ("left", "whole", "is_left"),
    [
        ({}, {"a": 1}, True),
        ({"a": 1}, {}, False),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}, True),
        ({"a": [{"b": 1}]}, {"a": [{"b": 1, "c": 2}]}, True),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2, "c": 2}]}, False),
        ({"a": []}, {"a": [1]}, False),
        ({"a": [1]}, {"a": {"b": 1}}, False),
        ({"a": {"b": 1}}, {"a": [1]}, False),
        ({"a": {}}, {"a": 1}, False),
        ({"a": 1}, {"a": [1]}, False),
    ],
    ids=str,
)
def test_a_part_of_what_was_sent_has_nothing_that_was_not_in_it(left: Any, whole: Any, is_left: bool) -> None:
    assert _is_part_of(left, whole) is is_left
