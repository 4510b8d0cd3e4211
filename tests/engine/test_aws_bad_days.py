"""AWS's bad days on the way forward: throttles, refusals, stale and lost answers, and other people's writes."""

import pytest

from sfn_rollouts.api.status import AlarmState, Outcome, Phase
from sfn_rollouts.core.values.readings import VersionFound
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.errors import Conflict, Denied, Transient
from sfn_rollouts.ports import Lane
from tests.engine.faults import FOR_EVER
from tests.engine.world import World, spec

FORWARD = ["90 % on version 1, 10 % on version 2", "100 % on version 2"]
CALLS = ["read", "find", "alarms", "shift", "running"]


@pytest.mark.parametrize("is_after_effect", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("times", [1, 4])
@pytest.mark.parametrize("call", CALLS)
def test_calls_that_fail_for_a_while_only_delay(call: str, times: int, is_after_effect: bool) -> None:
    world = World()
    world.cloud.faults.add(call, Transient("503"), times, is_after_effect=is_after_effect)
    world.api.apply("orders", spec())
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=200)
    world.run_for(120)
    assert world.cloud.writes == FORWARD
    counted = world.status().running_executions
    assert counted is not None
    assert counted.running == 3


def test_executions_that_cannot_be_counted_are_given_up_after_a_few_tries() -> None:
    world = World()
    world.cloud.faults.add("running", Transient("503"), FOR_EVER)
    world.api.apply("orders", spec())
    world.run(until=world.is_in(Phase.SUCCEEDED))
    world.run_for(3600)
    counted = world.status().running_executions
    assert counted is not None
    assert (counted.running, world.cloud.count()["running"]) == (None, 6)


def test_a_throttle_is_obeyed() -> None:
    world = World()
    world.cloud.faults.add("shift", Transient("throttled", retry_after_s=40.0))
    world.api.apply("orders", spec())
    world.run(until=lambda: len(world.cloud.writes) == 1)
    assert world.clock.elapsed_ms >= 3_640_000


@pytest.mark.parametrize("stale", [1, 3, 8])
def test_stale_answers_after_a_write_are_waited_out(stale: int) -> None:
    world = World()
    world.on_effect = lambda what: (
        setattr(world.cloud, "stale_reads", stale) if what == "after an alias write" else None
    )
    world.api.apply("orders", spec())
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=240)
    assert world.cloud.writes == FORWARD


def test_a_stale_answer_just_after_a_write_is_looked_at_again_quickly() -> None:
    world = World()
    world.on_effect = lambda what: setattr(world.cloud, "stale_reads", 1) if what == "after an alias write" else None
    world.api.apply("orders", spec())
    world.run(until=lambda: len(world.cloud.writes) == 1)
    written_at = world.clock.now()
    world.run(until=lambda: world.status().intent is None)
    assert (world.clock.now() - written_at).total_seconds() < 1


def test_a_write_that_is_acknowledged_but_cannot_be_read_back_is_not_repeated() -> None:
    world = World()
    reset = Transient("reset")
    world.on_effect = lambda what: world.cloud.faults.add("read", reset) if what == "after an alias write" else None
    world.api.apply("orders", spec())
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=200)
    assert world.cloud.writes == FORWARD


def test_a_new_alias_that_is_not_visible_yet_is_not_created_in_a_tight_loop() -> None:
    world = World()
    world.cloud.route(None)

    def hide(what: str) -> None:
        if what == "after an alias write":
            world.cloud.stale_reads = 12
            world.on_effect = lambda what: None  # to create it again changes nothing

    world.on_effect = hide
    world.api.apply("orders", spec())
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=120)
    assert world.cloud.stale_reads == 0
    assert world.cloud.count()["create"] <= 12


def test_an_alias_that_somebody_creates_at_the_same_time_is_read_again() -> None:
    world = World()
    world.cloud.route(None)

    def first(what: str) -> None:
        world.on_effect = lambda what: None
        world.cloud.route(Routing.whole(1))
        raise Conflict("exists")

    world.on_effect = lambda what: first(what) if what == "before an alias write" else None
    world.api.apply("orders", spec())
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=400)
    assert world.cloud.writes[-2:] == FORWARD


FIXED_BY_A_PERSON = {
    "the alias cannot be read": ("read", Denied("no DescribeStateMachineAlias"), "AccessDenied"),
    "the version cannot be read": ("find", Denied("no DescribeStateMachine"), "AccessDenied"),
    "the alarms cannot be read": ("alarms", Denied("no DescribeAlarms"), "AccessDenied"),
    "the alias cannot be written": ("shift", Denied("no UpdateStateMachineAlias"), "AccessDenied"),
    "an adapter has a defect": ("find", ValueError("a defect"), "InternalError"),
}


@pytest.mark.parametrize("case", FIXED_BY_A_PERSON)
def test_what_a_person_must_fix_is_said_and_tried_again_ever_less_until_it_works(case: str) -> None:
    call, error, reason = FIXED_BY_A_PERSON[case]
    world = World()
    world.cloud.faults.add(call, error, FOR_EVER)
    world.api.apply("orders", spec(progressDeadline="720h"))
    world.run_for(3600)
    stalled = next(item for item in world.status().conditions if item.type == "Stalled")
    assert stalled.reason == reason
    per_hour = world.cloud.count()[call]
    assert 12 <= per_hour <= (380 if call == "alarms" else 60)
    world.cloud.faults.fix(call)
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=301 + 130)
    assert world.cloud.writes == FORWARD


def test_a_version_that_does_not_exist_is_waited_for() -> None:
    world = World()
    world.cloud.versions[2] = VersionFound.NO_VERSION
    world.api.apply("orders", spec())
    world.run_for(3600)
    assert (world.phase(), world.ready_reason()) == (Phase.FAILED, "NotFound")
    assert 12 <= world.cloud.count()["find"] <= 40
    del world.cloud.versions[2]
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=431)


def test_another_version_is_looked_for_at_once_and_an_answer_about_the_old_one_is_dropped() -> None:
    world = World()
    world.cloud.versions[2] = VersionFound.NO_VERSION
    world.api.apply("orders", spec())
    world.run_for(1000)
    world.workers.held = {Lane.FORWARD}
    world.run(until=lambda: world.workers.waiting(Lane.FORWARD) > 0, limit_s=400)
    world.api.apply("orders", spec(3))
    world.run_for(1)
    world.workers.held = set()
    world.run(until=world.is_in(Phase.SUCCEEDED), limit_s=430)
    assert world.cloud.writes[-1] == "100 % on version 3"


def test_an_alarm_that_is_read_seldom_is_not_unreadable_in_between() -> None:
    world = World()
    world.api.apply("orders", spec(alarms={"names": ["errors"], "pollInterval": "5m", "onUnreadable": "Rollback"}))
    world.run(until=lambda: world.status().step_index == 0)
    world.run_for(45)
    world.api.command("orders", id="any", action="resume")  # so that it is decided on
    world.run(until=lambda: world.status().finished_at is not None)
    assert world.status().outcome is Outcome.PROMOTED


def test_a_missing_alarm_is_asked_for_at_each_poll() -> None:
    world = World()
    world.cloud.delete_alarm("errors")
    world.api.apply("orders", spec())
    world.run_for(100)
    assert world.ready_reason() == "AlarmMissing"
    assert 9 <= len(world.cloud.batches) <= 12
    world.cloud.set_alarm("errors", AlarmState.OK)
    world.run(until=lambda: len(world.cloud.writes) == 1, limit_s=11)


def test_a_foreign_write_in_mid_rollout_holds_it_and_when_it_is_put_back_it_goes_on() -> None:
    world = World()
    world.api.apply("orders", spec(strategy={"canary": {"weight": 10, "interval": "10m"}}))
    world.run(until=lambda: len(world.cloud.writes) == 1)
    world.cloud.route(Routing.split(1, 2, 77))
    world.run_for(1200)
    assert world.ready_reason() == "AliasDrifted"
    assert world.cloud.writes == FORWARD[:1]
    world.cloud.route(Routing.split(1, 2, 10))
    world.run(until=lambda: world.status().outcome is Outcome.PROMOTED, limit_s=2000)
    assert world.cloud.writes == FORWARD


def test_a_foreign_write_between_decision_and_write_is_not_written_over() -> None:
    world = World()
    world.api.apply("orders", spec(version=3))
    world.run(until=lambda: world.status().intent is not None)
    world.cloud.route(Routing.whole(2))
    world.run_for(60)
    assert world.cloud.routing() == Routing.whole(2)
    assert world.cloud.writes == []
    assert world.ready_reason() == "AliasDrifted"


def test_an_alias_deleted_in_mid_rollout_holds_it() -> None:
    world = World()
    world.api.apply("orders", spec())
    world.run(until=lambda: len(world.cloud.writes) == 1)
    world.cloud.route(None)
    world.run_for(120)
    assert world.ready_reason() in ("AliasDrifted", "NotFound")
    world.run_for(3600)
    assert world.cloud.count()["read"] < 120
