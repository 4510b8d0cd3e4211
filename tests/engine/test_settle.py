"""Settling, with a toy core: one decision after the other until something must happen outside first."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from sfn_rollouts.api.status import Condition, ConditionStatus, Status
from sfn_rollouts.core.decide import hold_after_error
from sfn_rollouts.core.values.decision import Decision, Write, WriteKind
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import AlarmMissing, Trouble, WriteFailure
from sfn_rollouts.core.values.rollout import Rollout
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.engine.facts import FailedWrite
from sfn_rollouts.engine.record import Record
from sfn_rollouts.engine.resource import Resource
from sfn_rollouts.engine.settle import ROUNDS, Settled, settle
from tests.engine.fake_clock import NOON
from tests.engine.fake_random import Longest
from tests.engine.world import World, spec

NOW = NOON + timedelta(hours=1)
ALARMS = {"errors": AlarmMissing(NOON)}
STEP = Write(WriteKind.FORWARD, Routing.whole(2))
RESTORE = Write(WriteKind.RESTORE, Routing.whole(1))


class Core:
    """Decides one status after the other, then the last one for ever; remembers what it was given."""

    def __init__(self, *statuses: Status, write: Write | None = None) -> None:
        self.given: list[tuple[Rollout, Observation, datetime]] = []
        self._statuses = iter(statuses)
        self._write = write

    def __call__(self, rollout: Rollout, seen: Observation, now: datetime) -> Decision:
        self.given.append((rollout, seen, now))
        return Decision(next(self._statuses, rollout.status), self._write)


@pytest.fixture
def record() -> Record:
    world = World()
    world.api.apply("orders", spec())
    return Record(Resource.parse(world.api.list()[0]), Longest())


def said(*messages: str) -> Iterator[Status]:
    return (Status(message=message) for message in messages)


def settled(core: Core, record: Record) -> Settled:
    return settle(core, record, ALARMS, 7.0, NOW)


def test_it_is_decided_until_nothing_more_follows_each_time_on_what_was_decided_before(record: Record) -> None:
    core = Core(*said("one", "two", "three"))
    assert settled(core, record) == Settled(Decision(Status(message="three")))
    assert [rollout.status.message for rollout, _, _ in core.given] == [None, "one", "two", "three"]
    assert record.working == Status(message="three")
    assert record.stored.message is None


def test_each_decision_is_given_what_is_known_and_the_same_moment(record: Record) -> None:
    core = Core(*said("one", "two"))
    settled(core, record)
    for rollout, seen, now in core.given:
        assert rollout.spec is record.resource.spec
        assert (seen.alarms, seen.poll_interval_s, now) == (ALARMS, 7.0, NOW)


def test_a_write_must_happen_before_anything_more_is_decided(record: Record) -> None:
    core = Core(*said("one", "two"), write=STEP)
    assert settled(core, record).decision == Decision(Status(message="one"), STEP)
    assert len(core.given) == 1
    assert record.working.message == "one"


def test_a_core_that_comes_to_no_end_is_a_defect_after_a_dozen_decisions(record: Record) -> None:
    core = Core(*said(*map(str, range(100))))
    found = settled(core, record)
    assert str(found.error) == f"no end after {ROUNDS} decisions"
    assert len(core.given) == ROUNDS


def test_as_many_decisions_as_it_may_take_are_no_defect(record: Record) -> None:
    core = Core(*said(*map(str, range(ROUNDS - 1))))
    assert settled(core, record).error is None


@pytest.mark.parametrize(("write", "is_tried_first"), [(STEP, False), (RESTORE, True)])
def test_a_write_has_not_failed_because_one_of_another_kind_did(
    record: Record, write: Write, is_tried_first: bool
) -> None:
    failure = WriteFailure("no", Trouble.DENIED, NOON)
    failed = record.facts.failed = FailedWrite(WriteKind.FORWARD, failure)
    core = Core(write=write)
    assert settled(core, record).decision.write is write
    assert record.facts.failed is (None if is_tried_first else failed)
    assert [seen.write_failure for _, seen, _ in core.given] == [failure, None][: 1 + is_tried_first]


def test_a_failed_write_stays_known_while_none_is_asked_for(record: Record) -> None:
    failed = record.facts.failed = FailedWrite(WriteKind.FORWARD, WriteFailure("no", Trouble.DENIED, NOON))
    core = Core()
    settled(core, record)
    assert record.facts.failed is failed
    assert len(core.given) == 1


def ready(status: ConditionStatus, at: datetime) -> Status:
    condition = Condition(type="Ready", status=status, last_transition_time=at, reason="Any", message="any")
    return Status(conditions=(condition,))


def test_a_condition_that_flips_and_flips_back_within_a_tick_has_not_changed(record: Record) -> None:
    record.stored = record.working = ready(ConditionStatus.TRUE, NOON)
    core = Core(ready(ConditionStatus.FALSE, NOW), ready(ConditionStatus.TRUE, NOW))
    assert settled(core, record).decision.status == ready(ConditionStatus.TRUE, NOON)
    assert record.working == ready(ConditionStatus.TRUE, NOON)


def test_a_rollout_that_cannot_be_decided_is_held_and_the_error_is_named_in_few_words(record: Record) -> None:
    error = ValueError("x" * 600)

    def broken(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
        raise error

    expected = hold_after_error(record.rollout(), "ValueError: " + "x" * 500, NOW)
    assert settle(broken, record, ALARMS, 7.0, NOW) == Settled(expected, error)
    assert record.working == expected.status


def test_also_one_that_is_held_has_not_changed_where_it_was_held_before(record: Record) -> None:
    def broken(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
        raise ValueError("a defect")

    first = settle(broken, record, ALARMS, 7.0, NOON).decision.status
    record.stored, record.working = first, Status()
    again = settle(broken, record, ALARMS, 7.0, NOW).decision.status
    assert again.conditions == first.conditions
    assert record.working == again
