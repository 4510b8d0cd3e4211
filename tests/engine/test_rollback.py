"""The way back: first of all, past everything that is slow, blocked or down."""

from collections.abc import Callable

import pytest

from sfn_rollouts.api.status import AlarmState, Outcome, Phase
from sfn_rollouts.core.values.looks import ReadHistory
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.engine.breaker import PROBE_S
from sfn_rollouts.errors import Denied, Gone, NoAnswer, PortError, Transient
from sfn_rollouts.ports import Lane, Urgency
from tests.engine.fake_cloud import MACHINE
from tests.engine.faults import FOR_EVER
from tests.engine.world import World, spec

SPLIT = Routing.split(1, 2, 10)
STABLE = Routing.whole(1)


def _at_first_step(**fields: object) -> World:
    world = World()
    world.api.apply("orders", spec(**fields))  # type: ignore[arg-type] # fields of the manifest
    world.run(until=lambda: world.status().step_index == 0)
    world.settle()
    return world


def _fire(world: World) -> None:
    world.cloud.set_alarm("errors", AlarmState.ALARM)


def _read_alarms(world: World) -> None:
    """In the midst of another job."""
    world.engine._board.refresh(world.api.uid("orders"))
    world.engine.run_due()
    job = next(job for job in world.workers.jobs if job.lane is Lane.ALARMS)
    world.workers.jobs.remove(job)
    job.done(job.work())


def _is_restored(world: World) -> Callable[[], bool]:
    return lambda: world.cloud.routing() == STABLE


def test_when_an_alarm_fires_the_alias_is_restored_before_any_status_is_written() -> None:
    world = _at_first_step()
    written = len(world.api.phases)
    seen: list[int] = []
    world.on_effect = lambda what: seen.append(len(world.api.phases)) if what == "before an alias write" else None
    _fire(world)
    world.run(until=world.is_in(Phase.ROLLED_BACK), limit_s=11)
    assert seen == [written]
    assert world.cloud.writes[-1] == "100 % on version 1"
    assert world.status().outcome is Outcome.ROLLED_BACK
    assert world.ready_reason() == "AlarmFiring"


def test_it_is_restored_within_one_poll_and_a_second() -> None:
    world = _at_first_step()
    _fire(world)
    fired_at = world.clock.now()
    world.run(until=_is_restored(world))
    assert (world.cloud.write_times[-1] - fired_at).total_seconds() <= 11


def test_it_is_restored_while_the_api_server_is_down_and_the_status_follows() -> None:
    world = _at_first_step()
    world.api.is_down = True
    _fire(world)
    world.run(until=_is_restored(world), limit_s=11)
    world.run_for(60)
    assert world.phase() is Phase.PROGRESSING
    world.api.is_down = False
    world.run(until=world.is_in(Phase.ROLLED_BACK), limit_s=15)
    assert "AlarmFiring" in world.announced.reasons
    assert world.cloud.writes.count("100 % on version 1") == 1


@pytest.mark.parametrize("held", [(Lane.REPORT,), (Lane.FORWARD,), (Lane.FORWARD, Lane.REPORT)], ids=" and ".join)
def test_it_is_restored_while_other_lanes_are_blocked(held: tuple[Lane, ...]) -> None:
    world = _at_first_step()
    world.workers.held = set(held)
    _fire(world)
    world.run(until=_is_restored(world), limit_s=11)
    world.workers.held = set()
    world.run(until=world.is_in(Phase.ROLLED_BACK), limit_s=30)


def test_it_is_restored_while_its_own_forward_write_waits_in_a_blocked_lane() -> None:
    world = _at_first_step()
    world.run(until=lambda: world.status().intent is not None)
    world.workers.held = {Lane.FORWARD}
    world.run(until=lambda: world.workers.waiting(Lane.FORWARD) > 0, limit_s=1)
    _fire(world)
    world.run(until=_is_restored(world), limit_s=11)
    world.workers.held = set()
    world.run_for(120)
    assert world.cloud.writes == [str(SPLIT), str(STABLE)]
    assert world.phase() is Phase.ROLLED_BACK


def test_a_forward_write_that_has_not_begun_is_withheld() -> None:
    """The alarm is read between the decision to write and its execution, after the write's own look at the alias."""
    world = _at_first_step()
    world.run(until=lambda: world.status().intent is not None)
    reads = world.cloud.count()["read"]

    def when_read(call: str) -> None:
        if call == "read" and world.cloud.count()["read"] == reads + 1:
            world.cloud.after_call = lambda call: None
            _fire(world)
            _read_alarms(world)

    world.cloud.after_call = when_read
    world.run_for(120)
    assert world.cloud.writes == [str(SPLIT), str(STABLE)]
    assert world.phase() is Phase.ROLLED_BACK


def test_a_forward_write_that_has_begun_is_followed_by_the_restore() -> None:
    world = _at_first_step()

    def fire_in_the_write(what: str) -> None:
        if what == "before an alias write" and len(world.cloud.writes) == 1:
            _fire(world)

    world.on_effect = fire_in_the_write
    world.run(until=world.is_in(Phase.ROLLED_BACK), limit_s=90)
    assert world.cloud.writes == [str(SPLIT), "100 % on version 2", str(STABLE)]


def test_a_restore_does_not_wait_for_stale_answers_about_the_last_step() -> None:
    world = World()
    world.api.apply("orders", spec())
    world.run(until=lambda: world.status().intent is not None)
    world.on_effect = lambda what: setattr(world.cloud, "stale_reads", 10) if what == "after an alias write" else None
    world.run(until=lambda: len(world.cloud.writes) == 1)
    world.on_effect = lambda what: None
    world.settle()
    _fire(world)
    world.run(until=_is_restored(world), limit_s=11)
    world.run(until=world.is_in(Phase.ROLLED_BACK), limit_s=60)
    assert world.cloud.writes == [str(SPLIT), str(STABLE)]


def test_a_restore_does_not_wait_for_stale_answers_about_a_step_that_was_under_way() -> None:
    """The alarm is read while AWS takes the step, so that the step is read back after the trip."""
    world = _at_first_step()

    def fire_in_the_write(what: str) -> None:
        if what == "before an alias write" and len(world.cloud.writes) == 1:
            _fire(world)
            _read_alarms(world)
        if what == "after an alias write" and len(world.cloud.writes) == 2:
            world.cloud.stale_reads = 1000

    world.on_effect = fire_in_the_write
    world.run(until=lambda: len(world.cloud.writes) == 2)
    world.run(until=_is_restored(world), limit_s=1)


def test_a_restore_does_not_wait_for_stale_answers_about_the_last_step_before_a_restart() -> None:
    world = _at_first_step()
    world.restart()
    world.workers.held = {Lane.FORWARD}
    world.cloud.stale_reads = 1000
    world.cloud.faults.add("shift", Transient("503"))
    _fire(world)
    world.run(until=lambda: world.cloud.count()["shift"] == 2, limit_s=11)
    world.workers.held = set()
    world.run(until=_is_restored(world), limit_s=1)


def test_a_restore_whose_turn_comes_late_is_written_then() -> None:
    world = _at_first_step()
    world.workers.held = {Lane.ROLLBACK}
    _fire(world)
    world.run(until=lambda: world.workers.waiting(Lane.ROLLBACK) > 0, limit_s=11)
    world.run_for(20)
    world.workers.held = set()
    world.workers.run_one()
    assert world.cloud.writes == [str(SPLIT), str(STABLE)]


@pytest.mark.parametrize("error", [Denied("no UpdateStateMachineAlias"), Transient("503")], ids=str)
def test_a_restore_does_not_wait_for_the_backoff_of_a_failing_step(error: PortError) -> None:
    world = _at_first_step()
    world.cloud.faults.add("shift", error, FOR_EVER)
    world.run(until=lambda: world.cloud.count()["shift"] > 3, limit_s=300)
    world.run(until=lambda: not world.workers.jobs)
    world.cloud.faults.fix("shift")
    _fire(world)
    world.run(until=_is_restored(world), limit_s=11)
    world.run(until=world.is_in(Phase.ROLLED_BACK), limit_s=11)
    assert "RollbackFailed" not in world.announced.reasons


def test_on_the_way_back_a_version_that_somebody_else_chose_is_let_be_and_said() -> None:
    world = _at_first_step()
    world.cloud.route(Routing.whole(7))
    _fire(world)
    world.run_for(60)
    assert (world.phase(), world.ready_reason()) == (Phase.ROLLING_BACK, "AliasDrifted")
    assert world.cloud.writes == [str(SPLIT)]


def test_a_restore_has_not_failed_because_a_step_did() -> None:
    world = _at_first_step()
    world.cloud.faults.add("shift", Denied("no UpdateStateMachineAlias"), FOR_EVER)
    world.run(until=lambda: world.ready_reason() == "AccessDenied", limit_s=300)
    world.workers.held = {Lane.ROLLBACK}
    _fire(world)
    world.run_for(20)
    assert world.workers.waiting(Lane.ROLLBACK) == 1
    world.cloud.faults.fix("shift")
    world.workers.held = set()
    world.run(until=world.is_in(Phase.ROLLED_BACK), limit_s=1)
    assert Phase.FAILED not in world.api.phases
    assert world.meter.defects == 0


def test_a_restore_may_use_all_of_the_quota_and_so_may_its_looks() -> None:
    world = _at_first_step()
    world.cloud.urgencies.clear()
    _fire(world)
    world.run(until=world.is_in(Phase.ROLLED_BACK), limit_s=11)
    assert {urgency for _, urgency in world.cloud.urgencies} == {Urgency.ROLLBACK}


def test_a_restore_that_is_acknowledged_is_written_once_however_stale_the_answers() -> None:
    world = _at_first_step()
    world.on_effect = lambda what: setattr(world.cloud, "stale_reads", 6) if what == "after an alias write" else None
    _fire(world)
    world.run(until=world.is_in(Phase.ROLLED_BACK), limit_s=60)
    assert world.cloud.writes == [str(SPLIT), str(STABLE)]


RESTORE_FAILS = {
    "throttled three times": (Transient("throttled", retry_after_s=2.0), 3, False),
    "answer lost before the effect": (Transient("reset"), 1, False),
    "answer lost after the effect": (Transient("reset"), 1, True),
    "five answers lost after the effect": (Transient("reset"), 5, True),
}


@pytest.mark.parametrize("case", RESTORE_FAILS)
def test_a_restore_is_tried_until_it_is_proved(case: str) -> None:
    error, times, is_after_effect = RESTORE_FAILS[case]
    world = _at_first_step()
    world.cloud.faults.add("shift", error, times, is_after_effect=is_after_effect)
    _fire(world)
    world.run(until=world.is_in(Phase.ROLLED_BACK), limit_s=60)
    assert world.cloud.writes == [str(SPLIT), str(STABLE)]


def test_a_restore_that_is_slow_to_succeed_is_reported_meanwhile() -> None:
    world = _at_first_step()
    world.cloud.faults.add("shift", Transient("503"), FOR_EVER)
    _fire(world)
    world.run(until=world.is_in(Phase.ROLLING_BACK), limit_s=15)
    world.run_for(600)
    assert 100 < world.cloud.count()["shift"] < 300
    world.cloud.faults.fix("shift")
    world.run(until=world.is_in(Phase.ROLLED_BACK), limit_s=6)


def test_a_restore_that_is_denied_says_so_and_is_tried_again_within_fifteen_seconds() -> None:
    world = _at_first_step()
    world.cloud.faults.add("shift", Denied("no UpdateStateMachineAlias"), FOR_EVER)
    _fire(world)
    world.run(until=world.is_in(Phase.FAILED), limit_s=15)
    assert world.ready_reason() == "RollbackFailed"
    world.run_for(3600)
    assert 240 <= world.cloud.count()["shift"] <= 480
    assert len(world.api.phases) < 20
    world.cloud.faults.fix("shift")
    world.run(until=world.is_in(Phase.ROLLED_BACK), limit_s=16)


def test_a_restore_finds_no_alias_any_more() -> None:
    world = _at_first_step()
    world.cloud.route(None)
    _fire(world)
    world.run_for(3600)
    assert (world.phase(), world.ready_reason()) == (Phase.ROLLING_BACK, "NotFound")
    assert "RollbackFailed" not in world.announced.reasons
    assert world.cloud.count()["read"] < 60


def test_the_deadline_sends_a_rollout_back_whose_status_cannot_be_written() -> None:
    world = _at_first_step(progressDeadline="5m")
    world.api.is_down = True
    world.run(until=_is_restored(world), limit_s=400)
    world.api.is_down = False
    world.run(until=world.is_in(Phase.FAILED), limit_s=30)
    assert world.ready_reason() == "ProgressDeadlineExceeded"


def test_a_blip_between_two_polls_is_found_in_the_history() -> None:
    world = _at_first_step()
    _fire(world)
    world.cloud.set_alarm("errors", AlarmState.OK)
    world.run(until=world.is_in(Phase.ROLLED_BACK), limit_s=12)
    assert world.ready_reason() == "AlarmTransient"
    assert world.cloud.count()["history"] == 1


def test_a_blip_is_found_while_forward_work_is_blocked() -> None:
    world = _at_first_step()
    world.workers.held = {Lane.FORWARD, Lane.REPORT}
    _fire(world)
    world.cloud.set_alarm("errors", AlarmState.OK)
    world.run(until=_is_restored(world), limit_s=12)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Denied("no DescribeAlarmHistory"), "AccessDenied"),
        (Gone("no such alarm"), "AlarmUnreadable"),
        (Transient("503"), "AlarmUnreadable"),
        (ValueError("a defect"), "AlarmUnreadable"),
    ],
    ids=str,
)
def test_a_history_that_cannot_be_read_holds_the_rollout_and_is_asked_for_again(error: Exception, reason: str) -> None:
    world = _at_first_step()
    world.cloud.faults.add("history", error, FOR_EVER)
    _fire(world)
    world.cloud.set_alarm("errors", AlarmState.OK)
    world.run_for(300)
    assert world.cloud.routing() == SPLIT
    healthy = next(item for item in world.status().conditions if item.type == "AlarmsHealthy")
    assert healthy.reason == reason
    assert 6 < world.cloud.count()["history"] < 130
    world.cloud.faults.fix("history")
    world.run(until=world.is_in(Phase.ROLLED_BACK), limit_s=301)
    assert world.ready_reason() == "AlarmTransient"


def test_what_an_alarm_did_is_forgotten_with_the_alarm() -> None:
    world = _at_first_step(strategy={"steps": [{"setWeight": 10}, {"pause": {}}]})
    world.cloud.set_alarm("errors", AlarmState.INSUFFICIENT_DATA)
    world.cloud.set_alarm("errors", AlarmState.OK)
    world.run_for(30)
    record = next(iter(world.engine._records.values()))
    assert world.cloud.count()["history"] == 1
    world.cloud.set_alarm("latency", AlarmState.OK)
    paused = {"steps": [{"setWeight": 10}, {"pause": {}}]}
    world.api.apply("orders", spec(strategy=paused, alarms={"names": ["latency"]}))
    world.run_for(30)
    world.cloud.set_alarm("latency", AlarmState.INSUFFICIENT_DATA)
    world.cloud.set_alarm("latency", AlarmState.OK)
    world.run_for(30)
    assert world.cloud.count()["history"] == 2
    assert not [look for look in record.facts.answers if isinstance(look, ReadHistory)], "what was judged is forgotten"


def _dripping_restore() -> World:
    """An alarm has fired, and the restore hangs."""
    world = _at_first_step()
    world.workers.held = {Lane.ROLLBACK}
    _fire(world)
    world.run(until=lambda: world.workers.waiting(Lane.ROLLBACK) > 0, limit_s=11)
    return world


def test_a_restore_whose_answer_has_no_end_is_tried_again_on_another_thread() -> None:
    world = _dripping_restore()
    world.workers.jobs.popleft()
    world.workers.held = set()
    world.run(until=_is_restored(world), limit_s=27)
    assert world.meter.given_up == ["rollback"]
    assert world.meter.lost_threads == 1


def test_a_restore_that_was_given_up_never_begins_after_all() -> None:
    """Minutes later it might undo what a person has asked for since."""
    world = _dripping_restore()
    dripping = world.workers.jobs.popleft()
    world.workers.held = set()
    world.run(until=world.is_in(Phase.ROLLED_BACK), limit_s=27)
    world.cloud.route(SPLIT)
    dripping.done(dripping.work())
    assert world.cloud.routing() == SPLIT
    assert world.meter.lost_threads == 0


def _many(count: int) -> World:
    """So many rollouts of one place, each after its first step, under one alarm."""
    world = World()
    for number in range(count):
        world.cloud.route_named(f"alias-{number}", STABLE)
        world.api.apply(f"orders-{number}", spec(alias=f"alias-{number}"))
    world.run(until=lambda: all(world.status(f"orders-{number}").step_index == 0 for number in range(count)))
    world.settle()
    return world


def _are_restored(world: World, count: int) -> Callable[[], bool]:
    aliases = [MACHINE.alias(f"alias-{number}") for number in range(count)]
    return lambda: all(world.cloud.routing(alias) == STABLE for alias in aliases)


@pytest.mark.parametrize("count", [3, 40])
@pytest.mark.parametrize(
    "error", [Denied("expired"), Transient("503"), NoAnswer("timed out"), PortError("unforeseen")], ids=str
)
def test_however_long_the_trouble_lasted_all_restores_go_when_it_is_over(error: PortError, count: int) -> None:
    world = _many(count)
    for call in ("read", "shift"):
        world.cloud.faults.add(call, error, FOR_EVER)
    _fire(world)
    world.run_for(300)
    assert not _are_restored(world, count)()
    for call in ("read", "shift"):
        world.cloud.faults.fix(call)
    # A probe falls within PROBE_S and a bit, and its answer wakes all, whose calls the fake threads run one after the
    # other: a tenth of a second for each restore. Refused or failing, each is asked rarely.
    limit_s = PROBE_S + 0.5 + 0.1 * count if isinstance(error, NoAnswer) else 15.1
    world.run(until=_are_restored(world, count), limit_s=limit_s)


def test_a_restore_that_hangs_is_asked_for_again_when_its_place_answers_others() -> None:
    world = _many(2)
    world.workers.held = {Lane.ROLLBACK}
    _fire(world)
    for _ in range(2):
        world.run(until=lambda: world.workers.waiting(Lane.ROLLBACK) == 2, limit_s=11)
        first, second = world.workers.jobs
        world.workers.jobs.clear()
        first.done(NoAnswer("timed out"))
        second.done(NoAnswer("timed out"))
    world.run(until=lambda: world.workers.waiting(Lane.ROLLBACK) == 1, limit_s=11)
    hanging = world.workers.jobs.popleft()
    world.run(until=lambda: world.workers.waiting(Lane.ROLLBACK) == 1, limit_s=11)
    world.workers.held = set()
    world.run(until=_are_restored(world, 2), limit_s=1)
    world.cloud.route_named("alias-0", SPLIT)
    hanging.done(hanging.work())
    assert world.cloud.routing(MACHINE.alias("alias-0")) == SPLIT
