"""Situations that a command may meet: each builds a world and lets it come to where its name says."""

from dataclasses import replace

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.values.readings import Trouble
from tests.core.specs import APPROVAL, LINEAR, WITH_ALARM
from tests.core.world import World


def pending():
    world = World(**WITH_ALARM)
    world.alarm("A", AlarmState.ALARM)
    world.settle()
    return world


def approving():
    world = World(strategy=APPROVAL, bakeTime="5m")
    world.settle()
    return world


def stepping():
    world = World(strategy=LINEAR, **WITH_ALARM)
    world.advance(30)
    return world


def held():
    world = World(alarms={"names": ["A"], "onInsufficientData": "Hold"})
    world.advance(30)
    world.alarm("A", AlarmState.INSUFFICIENT_DATA)
    world.advance(700)
    return world


def paused_by_command():
    world = stepping()
    world.say("pause", id_="first")
    return world


def paused_by_manifest():
    world = stepping()
    world.edit(paused=True)
    return world


def baking():
    world = World()
    world.advance(700)
    return world


def going_back():
    world = stepping()
    world.troubles["write"] = Trouble.TRANSIENT
    world.alarm("A", AlarmState.ALARM)
    world.poll()
    return world


def superseded():
    world = stepping()
    world.troubles["write"] = Trouble.TRANSIENT
    world.edit(version=3)
    return world


def succeeded():
    world = World()
    world.advance(1000)
    return world


def rolled_back():
    world = stepping()
    world.say("abort", id_="the first")
    return world


def creating():
    world = World(alias=None)
    world.troubles["write"] = Trouble.TRANSIENT
    world.settle()
    return world


def fast_back():
    world = World(rollbackWindow={"revisions": 3})
    world.advance(1000)
    world.troubles["write"] = Trouble.TRANSIENT
    world.edit(version=1)
    return world


def invalid():
    world = World(version=0)
    world.settle()
    return world


def paused_before_the_start():
    world = World(**WITH_ALARM, paused=True)
    world.settle()
    return world


def paused_at_a_gate():
    world = approving()
    world.say("pause", id_="first")
    return world


def drifted():
    world = stepping()
    world.route(3)
    world.advance(301)
    return world


def out_of_line():
    world = World()
    world.seen = replace(world.seen, has_older_rival=True)
    world.settle()
    return world


def deleting():
    world = stepping()
    world.troubles["write"] = Trouble.TRANSIENT
    world.delete()
    return world
