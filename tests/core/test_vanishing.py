"""The alias goes while a rollout is in flight, alone or with its state machine: every stage says which, and ends."""

import pytest

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.values.conditions import condition
from sfn_rollouts.core.values.readings import Trouble, VersionFound
from sfn_rollouts.core.values.routing import Routing
from tests.core.specs import APPROVAL, LINEAR, WITH_ALARM
from tests.core.world import World

ARN = World().raw["stateMachineArn"]
GONE = {
    "the alias": (VersionFound.FOUND, "alias live was deleted; its state machine is there"),
    "the alias, with the target": (VersionFound.NO_VERSION, "alias live was deleted; its state machine is there"),
    "the machine": (VersionFound.NO_MACHINE, f"state machine {ARN} was deleted, and alias live with it"),
    "the machine, shortly": (VersionFound.DELETING, f"state machine {ARN} is being deleted, and alias live is gone"),
}


def _lose(world, machine=VersionFound.FOUND):
    world.machine = machine
    world.route(None)


def _step(world):
    """A forward write finds nothing to write to."""
    world.advance(10)
    _lose(world, world.lost)
    world.advance(320)


def _wait(world):
    world.advance(310)
    _lose(world, world.lost)
    world.restart()


def _pause(world):
    world.advance(310)
    world.edit(paused=True)
    _lose(world, world.lost)
    world.restart()


def _gate(world):
    world.edit(strategy=APPROVAL)
    world.advance(10)
    _lose(world, world.lost)
    world.restart()


def _bake(world):
    world.edit(strategy={"allAtOnce": {}}, bakeTime="1h")
    world.advance(10)
    _lose(world, world.lost)
    world.advance(600)


IN_FLIGHT = {
    "a step": (_step, "Progressing"),
    "a wait": (_wait, "Progressing"),
    "a pause": (_pause, "Paused"),
    "an approval": (_gate, "Paused"),
    "the bake": (_bake, "Baking"),
}


def _at(stage, lost, **spec):
    world = World(strategy=LINEAR, progressDeadline="10m", **spec)
    world.lost = lost
    stage(world)
    return world


@pytest.mark.parametrize("lost", GONE)
@pytest.mark.parametrize("stage", IN_FLIGHT)
def test_each_stage_says_what_went_and_writes_nothing(stage, lost):
    (play, phase), (machine, words) = IN_FLIGHT[stage], GONE[lost]
    world = _at(play, machine)
    assert (world.status.phase, world.ready()) == (phase, ("False", "NotFound"))
    assert condition(world.status, "Stalled").reason == "NotFound"
    assert condition(world.status, "AliasInSync").reason == "NotFound"
    assert world.status.message.startswith(words)
    assert world.alias is None


@pytest.mark.parametrize("lost", GONE)
@pytest.mark.parametrize("stage", ["a step", "a wait", "the bake"])
def test_at_the_deadline_it_has_failed(stage, lost):
    """Nothing is split where nothing is: to stay RollingBack for ever would wait for what need not come."""
    (play, _), (machine, words) = IN_FLIGHT[stage], GONE[lost]
    world = _at(play, machine)
    writes = len(world.writes)
    world.advance(3600 + 600 + 300)
    assert (world.status.phase, world.ready()) == ("Failed", ("False", "NotFound"))
    assert words in world.status.message
    assert "held up for longer than 10m" in world.status.message
    newest = world.status.history[0]
    assert (newest.outcome, newest.reason) == ("RolledBack", "NotFound")
    assert len(world.writes) == writes
    world.advance(3600)
    world.restart()
    assert (world.status.phase, world.ready()) == ("Failed", ("False", "NotFound"))
    assert words in world.status.message


@pytest.mark.parametrize("lost", GONE)
@pytest.mark.parametrize("stage", IN_FLIGHT)
def test_an_abort_ends_it_at_once(stage, lost):
    """A person has given it up, and there is nothing to wait for."""
    (play, _), (machine, words) = IN_FLIGHT[stage], GONE[lost]
    world = _at(play, machine)
    world.say("abort")
    world.advance(10)
    assert (world.status.phase, world.status.outcome, world.ready()[1]) == ("Failed", "Aborted", "NotFound")
    assert words in world.status.message
    assert world.status.history[0].by == "eve"


@pytest.mark.parametrize("lost", GONE)
@pytest.mark.parametrize("stage", IN_FLIGHT)
def test_the_resource_can_be_deleted(stage, lost):
    world = _at(IN_FLIGHT[stage][0], GONE[lost][0])
    world.delete()
    assert not world.decision.holds_finalizer


def _tripped(machine, trouble=None):
    world = World(strategy=LINEAR, progressDeadline="10m", **WITH_ALARM)
    world.advance(310)
    _lose(world, machine)
    if trouble is not None:
        world.troubles["version"] = trouble
    world.alarm("A", AlarmState.ALARM)
    world.poll()
    world.advance(10)
    return world


@pytest.mark.parametrize("lost", GONE)
def test_on_the_way_back_it_is_waited_for_until_the_deadline(lost):
    """It may come back as it was, and be split."""
    machine, words = GONE[lost]
    world = _tripped(machine)
    assert (world.status.phase, world.ready()) == ("RollingBack", ("False", "NotFound"))
    assert world.status.message.startswith(f"{words}, so there is nothing to put back")
    assert "alarm A is firing" in world.status.message
    world.advance(580)
    assert world.status.phase == "RollingBack"
    world.advance(20)
    assert (world.status.phase, world.ready()) == ("Failed", ("False", "NotFound"))
    assert words in world.status.message


def test_back_as_it_was_after_a_trip_it_is_restored():
    world = _tripped(VersionFound.FOUND)
    world.route(Routing.split(1, 2, 50))
    world.advance(300)
    assert (world.alias, world.status.phase) == (Routing.whole(1), "RolledBack")


@pytest.mark.parametrize("trouble", [Trouble.DENIED, Trouble.TRANSIENT])
def test_what_cannot_be_read_is_not_claimed_and_asked_again(trouble):
    world = World(strategy=LINEAR)
    world.advance(310)
    world.troubles["version"] = trouble
    _lose(world, VersionFound.NO_MACHINE)
    world.restart()
    known = "alias live is gone; whether its state machine was deleted is not known: no answer"
    assert world.status.message.startswith(known)
    assert world.ready() == ("False", "NotFound")
    del world.troubles["version"]
    world.advance(1)
    assert world.status.message.startswith(GONE["the machine"][1])


def test_on_the_way_back_what_cannot_be_read_holds_up_no_end():
    world = _tripped(VersionFound.NO_MACHINE, Trouble.DENIED)
    assert "is not known: no answer" in world.status.message
    world.advance(600)
    assert world.status.phase == "Failed"


def test_a_machine_that_goes_later_is_reported_too():
    world = World(strategy=LINEAR)
    world.advance(310)
    _lose(world, VersionFound.DELETING)
    world.restart()
    world.machine = VersionFound.NO_MACHINE
    world.advance(10)
    assert world.status.message.startswith(GONE["the machine"][1])


# -- the remedies that the messages name --


@pytest.mark.parametrize("policy", ["Hold", "Reassert", "Adopt"])
def test_created_as_it_was_left_the_rollout_goes_on(policy):
    world = World(strategy=LINEAR, driftPolicy=policy)
    world.advance(310)
    left = world.alias
    _lose(world)
    world.restart()
    assert f"create the alias as this rollout left it ({left}) and it goes on" in world.status.message
    world.route(left)
    world.advance(2000)
    assert (world.status.phase, world.alias) == ("Succeeded", Routing.whole(2))


CREATED = {  # what is created, by policy: where it stands a moment later
    ("Hold", 1): ("Progressing", "AliasDrifted"),
    ("Hold", 2): ("Progressing", "AliasDrifted"),
    ("Reassert", 1): ("Progressing", "ShiftInProgress"),
    ("Reassert", 2): ("Progressing", "ShiftInProgress"),
    ("Adopt", 1): ("RolledBack", "AliasAdopted"),
    ("Adopt", 2): ("Baking", "Baking"),
}


@pytest.mark.parametrize(("policy", "version"), CREATED)
def test_created_otherwise_it_is_drift(policy, version):
    world = World(strategy=LINEAR, driftPolicy=policy)
    world.advance(310)
    _lose(world)
    world.restart()
    world.route(version)
    world.advance(10)
    assert (world.status.phase, world.ready()[1]) == CREATED[policy, version]


@pytest.mark.parametrize("say", ["retry", "retryToken"])
@pytest.mark.parametrize("lost", GONE)
def test_created_on_stable_after_the_end_a_retry_begins_again(lost, say):
    world = _at(_wait, GONE[lost][0])
    world.say("abort")
    world.advance(10)
    assert "then send retry or change spec.retryToken" in world.status.message
    _come_back_and(world, say)


@pytest.mark.parametrize("say", ["retry", "retryToken"])
def test_created_on_stable_on_the_way_back_a_retry_begins_again(say):
    world = _tripped(VersionFound.FOUND)
    world.alarm("A", AlarmState.OK)
    world.poll()
    _come_back_and(world, say)


def _come_back_and(world, say):
    world.machine = VersionFound.FOUND
    world.route(1)
    world.advance(700)
    if say == "retry":
        world.say("retry")
    else:
        world.edit(retryToken="again")
    world.advance(3000)
    assert (world.status.phase, world.alias) == ("Succeeded", Routing.whole(2))


@pytest.mark.parametrize("change", [{"version": 3}, {"retryToken": "again"}])
def test_what_is_asked_for_next_waits_for_the_alias(change):
    world = _tripped(VersionFound.NO_MACHINE)
    world.edit(**change)
    assert world.status.started_at is None
    assert world.ready()[1] == "NotFound"
    assert len(world.writes) == 2
