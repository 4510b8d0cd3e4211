"""Rollouts in every situation, as the real decisions leave them: for looking at pages without a cluster."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sfn_rollouts.api import COMMAND_ANNOTATION
from sfn_rollouts.api.access_use import AccessUse
from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.announce import Announcement, announcements
from sfn_rollouts.core.values.access import Granted, NotGranted
from sfn_rollouts.core.values.readings import Trouble
from sfn_rollouts.explain.rollout import Rollout
from sfn_rollouts.kube.event_flow import Create, Subject
from sfn_rollouts.kube.events import event
from sfn_rollouts.plugin.view.event_lines import event_lines
from sfn_rollouts.plugin.view.page import View
from sfn_rollouts.ports import Key
from tests.core.specs import APPROVAL, LINEAR
from tests.core.test_kstatus import TABLE
from tests.core.world import START, World

LATER_S = 20
"""When somebody looks, counted from the last decision."""


@dataclass(frozen=True)
class Scene:
    """A resource and its Events as the API server has them, looked at `now`."""

    resource: Mapping[str, Any]
    now: datetime
    events: Sequence[Mapping[str, Any]] = field(default_factory=tuple)

    @property
    def view(self) -> View:
        return View(Rollout.from_resource(self.resource), self.now, event_lines(self.events))


def resource_of(world: World, **metadata: Any) -> dict[str, Any]:
    """What `kubectl get -o json` would give."""
    annotations = {COMMAND_ANNOTATION: world.command} if world.command is not None else {}
    named = {"name": "order-processor", "namespace": "shop", "uid": "7f3c", "resourceVersion": "12"}
    created = {"generation": world.generation, "creationTimestamp": "2026-11-21T11:59:45Z", "annotations": annotations}
    return {
        "apiVersion": "sfnrollouts.dev/v1alpha1",
        "kind": "StepFunctionRollout",
        "metadata": {**named, **created, **metadata},
        "spec": world.raw,
        "status": world.status.to_resource(),
    }


def scene_of(world: World, later_s: float = LATER_S, **metadata: Any) -> Scene:
    return Scene(resource_of(world, **metadata), world.now + timedelta(seconds=later_s), events_of(world))


def events_of(world: World) -> list[Mapping[str, Any]]:
    """What the operator would have announced, each once."""
    said: list[Mapping[str, Any]] = []
    before = None
    for at, known in world.transcript:
        if isinstance(known, str):
            continue
        if before is not None:
            said += [_event(at, news) for news in announcements(before, known.status)]
        before = known.status
    return said


def _event(at: datetime, news: Announcement) -> Mapping[str, Any]:
    return event(Create(Subject(Key("shop", "order-processor"), "7f3c"), news), at, "1")


# -- situations beyond the status table --


def unseen() -> Scene:
    return scene_of(World(), later_s=3)


def unseen_for_long() -> Scene:
    return scene_of(World(), later_s=600)


def newer_generation() -> Scene:
    seen = scene_of(TABLE["shifting"][0]())
    return Scene({**seen.resource, "metadata": {**seen.resource["metadata"], "generation": 2}}, seen.now)


def with_two_alarms() -> World:
    world = World(strategy=APPROVAL, alarms={"names": ["OrderProcessor-failures", "OrderProcessor-p95"]})
    world.settle()
    return world


def approval_that_ends(on_timeout: str, after_s: float = 75, *actions: str) -> Scene:
    steps = [{"setWeight": 20}, {"pause": {"timeout": "24h", "onTimeout": on_timeout}}, {"setWeight": 60}]
    world = World(strategy={"steps": [*steps, {"pause": {"timeout": "1h"}}]})
    world.settle()
    for action in actions:
        world.say(action)
    return scene_of(world, later_s=after_s)


def approval_timed_out() -> World:
    world = World(strategy={"steps": [{"setWeight": 20}, {"pause": {"timeout": "24h"}}]})
    world.advance(86400)
    return world


def promoted_by_somebody() -> Scene:
    world = with_two_alarms()
    world.now += timedelta(seconds=75)
    world.say("promote", id_="p1")
    return scene_of(world)


def not_answered_yet() -> Scene:
    world = with_two_alarms()
    sent = json.dumps({"id": "a1", "action": "abort", "generation": 1, "by": "ann"})
    return scene_of(world, annotations={COMMAND_ANNOTATION: sent})


def refused() -> Scene:
    world = with_two_alarms()
    world.say("retry", id_="r1")
    return scene_of(world)


def paused_by_command() -> Scene:
    world = with_two_alarms()
    world.say("promote", id_="p1")
    world.say("pause", id_="p2")
    return scene_of(world)


def paused_in_git() -> Scene:
    world = World(paused=True, strategy=LINEAR)
    world.settle()
    flux = {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}
    return scene_of(world, labels=flux)


def rolled_back_in_git() -> Scene:
    tracked = "shop:sfnrollouts.dev/StepFunctionRollout:shop/order-processor"
    return scene_of(TABLE["rolled back by an alarm"][0](), annotations={"argocd.argoproj.io/tracking-id": tracked})


def promoted_in_full() -> Scene:
    world = World(strategy=LINEAR)
    world.settle()
    world.say("promote-full", id_="f1")
    return scene_of(world)


def new_alias() -> Scene:
    world = World(alias=None)
    world.settle()
    return scene_of(world)


def back_in_the_window() -> Scene:
    world = World(strategy=LINEAR, rollbackWindow={"revisions": 3})
    world.settle()
    world.advance(3600)
    world.troubles["write"] = Trouble.TRANSIENT
    world.edit(version=1)
    return scene_of(world)


def target_withdrawn() -> Scene:
    world = TABLE["shifting"][0]()
    world.edit(version=1)
    return scene_of(world)


def drifted_at_rest() -> Scene:
    world = TABLE["all traffic on target, bake done"][0]()
    world.route(7)
    world.advance(3600)
    return scene_of(world)


def left_alone_on_the_way_back() -> Scene:
    world = TABLE["rolling back"][0]()
    world.troubles.clear()
    world.route(7)
    world.advance(600)
    return scene_of(world)


def slow_on_the_way_back() -> Scene:
    return scene_of(TABLE["rolling back"][0](), later_s=300)


def no_operator_when_due() -> Scene:
    return scene_of(TABLE["shifting"][0](), later_s=900)


def deleted_in_flight() -> Scene:
    world = TABLE["shifting"][0]()
    world.troubles["write"] = Trouble.TRANSIENT
    world.delete()
    return scene_of(world, deletionTimestamp="2026-11-21T12:00:00Z")


def deleted_at_rest() -> Scene:
    return scene_of(TABLE["nothing to do"][0](), deletionTimestamp="2026-11-21T12:00:00Z")


def many_steps() -> Scene:
    world = World(strategy={"linear": {"increment": 4, "interval": "5m"}})
    world.advance(2500)
    return scene_of(world)


def many_alarms() -> Scene:
    names = [f"alarm-{number:02}" for number in range(40)]
    world = World(alarms={"names": names, "onInsufficientData": "Ignore", "onFiringAtStart": "IgnoreUntilOk"})
    world.alarm("alarm-07", AlarmState.INSUFFICIENT_DATA, START - timedelta(days=3))
    world.alarm("alarm-31", AlarmState.ALARM, START - timedelta(minutes=5))
    world.settle()
    return scene_of(world)


def held_by_an_alarm_without_data() -> Scene:
    world = World(alarms={"names": ["A"], "onInsufficientData": "Hold"})
    world.settle()
    world.alarm("A", AlarmState.INSUFFICIENT_DATA)
    world.advance(700)
    return scene_of(world)


def much_found_by_preflight() -> Scene:
    """More than there is room for, and the worst is not the first."""
    seen = scene_of(TABLE["preflight failed at the start"][0]())
    found = seen.resource["status"]["preflight"]
    unknown = [
        {
            "check": "targets",
            "verdict": "Unknown",
            "subject": f"States.Work{number}",
            "message": f"state Work{number} calls what is chosen at run time",
        }
        for number in range(6)
    ]
    status = {**seen.resource["status"], "preflight": {**found, "findings": [*unknown, *found["findings"]]}}
    return Scene({**seen.resource, "status": status}, seen.now, seen.events)


def under_an_access(*, is_revoked: bool) -> Scene:
    use = AccessUse(name="shop-production", role_arn="arn:aws:iam::123456789012:role/deploy/sfn-rollouts")
    world = World()
    world.seen = replace(world.seen, access=Granted(use))
    world.settle()
    if is_revoked:
        world.seen = replace(world.seen, access=NotGranted(is_any=True))
        world.advance(60)
    return scene_of(world)


def hostile_words() -> Scene:
    """Who may send a command, or name an alarm, must not write on somebody's screen."""
    world = World(alarms={"names": ["[red]A[/red]"]})
    world.settle()
    world.say("promote", id_="h1")
    seen = scene_of(world)
    status = {
        **seen.resource["status"],
        "message": "first\nsecond\x1b[2J\x1b]0;owned\x07 [bold]third[/bold] \u202egnp",
    }
    return Scene({**seen.resource, "status": status}, seen.now, seen.events)


FURTHER: Mapping[str, Callable[[], Scene]] = {
    "preflight has found much": much_found_by_preflight,
    "not seen yet": unseen,
    "not seen for long": unseen_for_long,
    "a newer generation is not seen yet": newer_generation,
    "an approval that ends, else it goes back": lambda: approval_that_ends("Rollback"),
    "an approval that ends, else it goes on": lambda: approval_that_ends("Continue"),
    "an approval that ends, paused": lambda: approval_that_ends("Rollback", 75, "pause"),
    "an approval whose time was over while it was paused": lambda: approval_that_ends("Rollback", 90000, "pause"),
    "an approval whose time is over, and nobody acts": lambda: approval_that_ends("Rollback", 90000),
    "an approval that nobody gave": lambda: scene_of(approval_timed_out()),
    "promoted by somebody": promoted_by_somebody,
    "a command is not answered yet": not_answered_yet,
    "a command was refused": refused,
    "paused by a command": paused_by_command,
    "paused in Git": paused_in_git,
    "rolled back, applied from Git": rolled_back_in_git,
    "promoted in full": promoted_in_full,
    "a new alias": new_alias,
    "back to a recent stable version": back_in_the_window,
    "the target was withdrawn": target_withdrawn,
    "drifted at rest": drifted_at_rest,
    "left alone on the way back": left_alone_on_the_way_back,
    "slow on the way back": slow_on_the_way_back,
    "nobody acts when it is due": no_operator_when_due,
    "deleted in flight": deleted_in_flight,
    "deleted at rest": deleted_at_rest,
    "many steps": many_steps,
    "many alarms": many_alarms,
    "held by an alarm without data": held_by_an_alarm_without_data,
    "granted by an AWSAccess": lambda: under_an_access(is_revoked=False),
    "an AWSAccess was revoked": lambda: under_an_access(is_revoked=True),
    "hostile words": hostile_words,
}


def _of_table(name: str) -> Callable[[], Scene]:
    return lambda: scene_of(TABLE[name][0]())


SCENES: Mapping[str, Callable[[], Scene]] = {**{name: _of_table(name) for name in TABLE}, **FURTHER}
"""Each row of the status table, and what else people meet."""


@cache
def scene(name: str) -> Scene:
    """One of them, made once: nobody changes it."""
    return SCENES[name]()
