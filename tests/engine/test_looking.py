"""Looking: what AWS is asked again and again, how soon, and what is said of it."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

import pytest
import structlog
from structlog.testing import capture_logs

from sfn_rollouts.api.status import AlarmState, Phase
from sfn_rollouts.core.values.arn import Place
from sfn_rollouts.core.values.looks import FindVersion
from sfn_rollouts.core.values.readings import AlarmTransition, Unseen
from sfn_rollouts.engine.record import Record
from sfn_rollouts.errors import Denied, PortError, Transient
from sfn_rollouts.ports import Lane
from tests.engine.faults import FOR_EVER
from tests.engine.world import World, spec


def _record(world: World) -> Record:
    [record] = world.engine._records.values()
    return record


@pytest.mark.parametrize("call", ["read", "find"])
def test_what_cannot_be_seen_is_so_since_the_first_time(call: str) -> None:
    world = World()
    world.cloud.faults.add(call, Transient("503"), FOR_EVER)
    world.api.apply("orders", spec())
    began = world.clock.now()
    world.run_for(60)
    facts = _record(world).facts
    seen = {"read": facts.alias, "find": facts.answers.get(FindVersion(2))}[call]
    assert isinstance(seen, Unseen)
    assert (seen.since - began).total_seconds() < 1
    assert world.cloud.count()[call] > 2


@pytest.mark.parametrize("call", ["read", "find", "running"])
def test_a_look_that_was_throttled_waits_as_long_as_aws_asks(call: str) -> None:
    world = World()
    world.cloud.faults.add(call, Transient("throttled", retry_after_s=40.0))
    world.api.apply("orders", spec())
    world.run(until=lambda: world.cloud.count()[call] == 1)
    throttled_at = world.clock.now()
    world.run(until=lambda: world.cloud.count()[call] == 2)
    assert 40 <= (world.clock.now() - throttled_at).total_seconds() < 41


def test_a_history_that_does_not_show_the_last_change_yet_is_read_again_within_half_a_second() -> None:
    """The firing that it will show is a rollback."""
    world = World()
    world.api.apply("orders", spec())
    world.run(until=lambda: world.status().step_index == 0)
    whole, asked_at = world.cloud.history, list[datetime]()

    def late(place: Place, name: str, after: datetime) -> Sequence[AlarmTransition]:
        asked_at.append(world.clock.now())
        return whole(place, name, after) if len(asked_at) > 2 else []

    world.cloud.history = late  # type: ignore[method-assign]
    world.cloud.set_alarm("errors", AlarmState.ALARM)
    world.cloud.set_alarm("errors", AlarmState.OK)
    world.run(until=world.is_in(Phase.ROLLED_BACK), limit_s=20)
    assert world.ready_reason() == "AlarmTransient"
    waits_s = [(after - before).total_seconds() for before, after in pairwise(asked_at)]
    assert waits_s[0] < 0.6
    assert waits_s[1] < 1.1


@pytest.mark.parametrize(
    "refusal", [Denied("no DescribeAlarmHistory"), PortError("garbage")], ids=["denied", "unforeseen"]
)
def test_a_history_that_was_refused_for_long_is_read_soon_after_it_is_granted(refusal: PortError) -> None:
    """The firing that it will show is a rollback, and nobody else's answer tells that it is granted."""
    world = World()
    world.api.apply("orders", spec(progressDeadline="720h"))
    world.run(until=lambda: world.status().step_index == 0)
    world.cloud.faults.add("history", refusal, FOR_EVER)
    world.cloud.set_alarm("errors", AlarmState.ALARM)
    world.cloud.set_alarm("errors", AlarmState.OK)
    world.run_for(3600)
    assert world.status().step_index == 0
    assert world.cloud.count()["history"] <= 3600 / 7.5 + 5
    world.cloud.faults.fix("history")
    world.run(until=world.is_in(Phase.ROLLED_BACK), limit_s=20)
    assert world.ready_reason() == "AlarmTransient"


@pytest.mark.parametrize("broken", [{"strategy": {}}, {"stateMachineArn": "no ARN, so no place either"}], ids=str)
def test_a_spec_that_becomes_invalid_while_its_version_is_looked_for_wants_none(broken: dict[str, object]) -> None:
    world = World()
    world.workers.held = {Lane.FORWARD}
    world.api.apply("orders", spec())
    world.run(until=lambda: world.workers.waiting(Lane.FORWARD) > 0)
    world.api.apply("orders", {**spec(), **broken})
    world.run_for(1)
    world.workers.held = set()
    world.run_for(60)
    assert world.ready_reason() == "InvalidSpec"
    assert FindVersion(2) not in _record(world).facts.answers
    world.api.apply("orders", spec())
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=200)


@pytest.mark.parametrize(("state", "version"), [(AlarmState.OK, 1), (AlarmState.ALARM, 2)])
def test_executions_are_counted_on_the_version_that_lost_its_traffic(state: AlarmState, version: int) -> None:
    world = World()
    world.api.apply("orders", spec())
    world.run(until=lambda: world.status().step_index == 0)
    world.cloud.set_alarm("errors", state)
    world.run(until=world.is_in(Phase.SUCCEEDED, Phase.ROLLED_BACK))
    world.run_for(60)
    assert world.cloud.counted == [version]


def test_a_look_that_aws_does_not_answer_is_no_error_in_the_log_and_a_defect_is_one() -> None:
    defect = ValueError("a defect")
    world = World()
    world.cloud.faults.add("read", Transient("503"))
    world.cloud.faults.add("find", defect)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("debug"))  # undone by conftest.py
    with capture_logs() as logged:
        world.api.apply("orders", spec())
        world.run_for(10)
    kept = ("log_level", "look", "error", "exc_info", "rollout")
    assert [tuple(line[key] for key in kept) for line in logged if line["event"] == "look failed"] == [
        ("debug", "ReadAlias", "503", None, "shop/orders"),
        ("error", "FindVersion(2)", "internal error: ValueError: a defect", defect, "shop/orders"),
    ]
