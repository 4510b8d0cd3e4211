"""What is kept of a rollout between ticks."""

from dataclasses import replace
from random import Random

from sfn_rollouts.api.status import Status
from sfn_rollouts.engine.record import Record
from sfn_rollouts.engine.resource import Resource
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
