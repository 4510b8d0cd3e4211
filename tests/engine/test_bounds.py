"""No hot loops: calls in an hour of every state in which a rollout may stay."""

from collections.abc import Callable

import pytest

from sfn_rollouts.api.status import AlarmState, Phase
from sfn_rollouts.core.values.readings import VersionFound
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.errors import Denied, Transient
from tests.engine.faults import FOR_EVER
from tests.engine.world import World, spec

STEPS = {"steps": [{"setWeight": 10}, {"pause": {}}]}


def _applied(world: World, **fields: object) -> None:
    world.api.apply("orders", spec(**{"progressDeadline": "720h", **fields}))  # type: ignore[arg-type]


def _first_step(world: World, **fields: object) -> None:
    _applied(world, **fields)
    world.run(until=lambda: world.status().step_index == 0)


def _paused_before_the_start(world: World) -> None:
    _applied(world, paused=True)


def _paused_in_flight(world: World) -> None:
    _first_step(world)
    _applied(world, paused=True)


def _waiting_for_approval(world: World) -> None:
    _first_step(world, strategy=STEPS)


def _in_a_long_wait(world: World) -> None:
    _first_step(world, strategy={"canary": {"weight": 10, "interval": "720h"}})


def _alarm_fires_at_start(world: World) -> None:
    world.cloud.set_alarm("errors", AlarmState.ALARM)
    _applied(world)


def _alarm_is_missing(world: World) -> None:
    world.cloud.delete_alarm("errors")
    _applied(world)


def _alarm_has_no_data_and_holds(world: World) -> None:
    _first_step(world, alarms={"names": ["errors"], "onInsufficientData": "Hold"})
    world.cloud.set_alarm("errors", AlarmState.INSUFFICIENT_DATA)


def _alarms_are_denied(world: World) -> None:
    _first_step(world)
    world.cloud.faults.add("alarms", Denied("no DescribeAlarms"), FOR_EVER)


def _alarms_fail(world: World) -> None:
    _first_step(world)
    world.cloud.faults.add("alarms", Transient("503"), FOR_EVER)


def _alias_is_split_at_start(world: World) -> None:
    world.cloud.route(Routing.split(1, 7, 50))
    _applied(world)


def _alias_has_drifted(world: World) -> None:
    _first_step(world)
    world.cloud.route(Routing.split(1, 2, 50))


def _alias_has_drifted_at_rest(world: World) -> None:
    _applied(world)
    world.run(until=world.is_in(Phase.SUCCEEDED))
    world.cloud.route(Routing.whole(7))


def _alias_is_denied(world: World) -> None:
    world.cloud.faults.add("read", Denied("no DescribeStateMachineAlias"), FOR_EVER)
    _applied(world)


def _alias_fails(world: World) -> None:
    world.cloud.faults.add("read", Transient("503"), FOR_EVER)
    _applied(world)


def _version_is_missing(world: World) -> None:
    world.cloud.versions[2] = VersionFound.NO_VERSION
    _applied(world)


def _machine_is_missing(world: World) -> None:
    world.cloud.versions[2] = VersionFound.NO_MACHINE
    world.cloud.route(None)
    _applied(world)


def _write_is_denied(world: World) -> None:
    world.cloud.faults.add("shift", Denied("no UpdateStateMachineAlias"), FOR_EVER)
    _applied(world)


def _write_fails(world: World) -> None:
    world.cloud.faults.add("shift", Transient("503"), FOR_EVER)
    _applied(world)


def _restore_is_denied(world: World) -> None:
    _first_step(world)
    _write_is_denied(world)
    world.cloud.set_alarm("errors", AlarmState.ALARM)


def _restore_is_left_to_a_person(world: World) -> None:
    _first_step(world)
    world.cloud.route(Routing.whole(7))
    world.cloud.set_alarm("errors", AlarmState.ALARM)


def _rolled_back(world: World) -> None:
    _first_step(world)
    world.cloud.set_alarm("errors", AlarmState.ALARM)


def _invalid(world: World) -> None:
    world.api.apply("orders", {**spec(), "strategy": {}})


def _rival(world: World) -> None:
    world.api.apply("older", spec())
    world.run(until=world.is_in(Phase.SUCCEEDED, name="older"))
    _applied(world, version=3)


def _api_server_is_down(world: World) -> None:
    _first_step(world)
    world.api.is_down = True


def _at_rest(world: World) -> None:
    _applied(world)
    world.run(until=world.is_in(Phase.SUCCEEDED))


POLLS = 380
STATES: dict[str, tuple[Callable[[World], None], int, int, int]] = {
    # an hour's calls to AWS besides alarms, reads of alarms, attempts to write the status; at most
    "paused before the start": (_paused_before_the_start, 30, POLLS, 2),
    "paused in flight": (_paused_in_flight, 20, POLLS, 2),
    "waiting for approval": (_waiting_for_approval, 20, POLLS, 2),
    "in a long wait": (_in_a_long_wait, 20, POLLS, 2),
    "an alarm fires at the start": (_alarm_fires_at_start, 30, POLLS, 4),
    "an alarm is missing": (_alarm_is_missing, 30, POLLS, 4),
    "an alarm has no data, which holds": (_alarm_has_no_data_and_holds, 20, POLLS, 6),
    "alarms cannot be read: denied": (_alarms_are_denied, 20, POLLS, 6),
    "alarms cannot be read: failing": (_alarms_fail, 20, 2 * POLLS, 6),
    "the alias is split by somebody else at the start": (_alias_is_split_at_start, 45, POLLS, 4),
    "the alias has drifted": (_alias_has_drifted, 45, POLLS, 6),
    "the alias has drifted at rest": (_alias_has_drifted_at_rest, 30, 0, 2),
    "the alias cannot be read: denied": (_alias_is_denied, 60, POLLS, 4),
    "the alias cannot be read: failing": (_alias_fails, 250, POLLS, 4),
    "the version does not exist": (_version_is_missing, 60, 0, 4),
    "the machine does not exist": (_machine_is_missing, 60, 0, 4),
    "the write is denied": (_write_is_denied, 100, POLLS, 6),
    "the write fails": (_write_fails, 500, POLLS, 6),
    "the restore is denied": (_restore_is_denied, 1000, POLLS, 4),
    "the restore is left to a person": (_restore_is_left_to_a_person, 60, POLLS, 6),
    "rolled back": (_rolled_back, 20, 4, 6),
    "the spec is invalid": (_invalid, 0, 0, 2),
    "an older rival": (_rival, 20, 0, 2),
    "the API server is down": (_api_server_is_down, 20, POLLS, 600),
    "at rest": (_at_rest, 10, 0, 2),
}


@pytest.mark.parametrize("state", STATES)
def test_an_hour_in_a_state_costs_little(state: str) -> None:
    enter, calls_limit, alarms_limit, reports_limit = STATES[state]
    world = World()
    enter(world)
    world.run_for(60)
    world.cloud.calls.clear()
    world.api.calls.clear()
    steps = world.steps
    world.run_for(3600)
    calls = world.cloud.count()
    alarms = calls.pop("alarms", 0)
    assert calls.total() <= calls_limit, calls
    assert alarms <= alarms_limit
    assert world.api.calls.count("report") <= reports_limit, world.api.phases
    assert world.steps - steps < 2500


def test_a_thousand_finished_rollouts_write_no_status_and_make_no_call_but_the_slow_drift_check() -> None:
    world = World()
    world.cloud.latency_s = 0.0
    for number in range(1000):
        alias = f"alias-{number}"
        world.api.apply(f"orders-{number}", spec(alias=alias, version=1))
        world.cloud.route_named(alias, Routing.whole(1))
    world.run_for(60)
    assert world.phase("orders-999") is Phase.SUCCEEDED
    world.restart()
    world.run_for(60)
    world.cloud.calls.clear()
    world.cloud.batches.clear()
    world.api.calls.clear()
    world.run_for(1260)
    assert set(world.cloud.count()) == {"read"}
    assert world.cloud.count()["read"] == 2 * 1000
    assert world.api.calls == []
    assert world.cloud.batches == []
