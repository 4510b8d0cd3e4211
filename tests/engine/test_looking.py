"""Looking: what AWS is asked again and again, how soon, and what is said of it."""

import pytest
import structlog
from structlog.testing import capture_logs

from sfn_rollouts.core.observation import Unseen
from sfn_rollouts.engine.record import Record
from sfn_rollouts.errors import Transient
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
    seen = {"read": facts.alias, "find": facts.version}[call]
    assert isinstance(seen, Unseen)
    assert (seen.since - began).total_seconds() < 1
    assert world.cloud.count()[call] > 2


def test_a_look_that_aws_does_not_answer_is_no_error_in_the_log_and_a_defect_is_one() -> None:
    defect = ValueError("a defect")
    world = World()
    world.cloud.faults.add("read", Transient("503"))
    world.cloud.faults.add("find", defect)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("debug"))  # undone by conftest.py
    with capture_logs() as told:
        world.api.apply("orders", spec())
        world.run_for(10)
    kept = ("log_level", "look", "error", "exc_info", "rollout")
    assert [tuple(line[key] for key in kept) for line in told if line["event"] == "look failed"] == [
        ("debug", "Alias", "503", None, "shop/orders"),
        ("error", "Version", "internal error: ValueError: a defect", defect, "shop/orders"),
    ]
