"""Whole lives, written down word for word: what a person reads at each moment, and what the engine is asked to do.

Each story has its transcript in `transcripts/`. A changed sentence shows there as a difference that somebody reads.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from sfn_rollouts.api.status import AlarmState, Status
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import RunningExecutions, Trouble, Unseen, VersionFound
from sfn_rollouts.core.values.routing import Routing
from tests.core.specs import APPROVAL, LINEAR, WITH_ALARM
from tests.core.transcripts import path_of, transcript
from tests.core.world import START, Clear, World

FIRING, NO_DATA = AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA
HOLD_WITHOUT_DATA = {"alarms": {"names": ["A"], "onInsufficientData": "Hold"}}
SPLIT, OTHER = Routing.split(1, 2, 77), Routing.split(1, 7, 50)
TRANSIENT = Trouble.TRANSIENT
LATE = {"steps": [{"pause": {}}, {"setWeight": 50}]}


def trouble(world: World, what: str, kind: Trouble) -> None:
    """From now on calls of this kind fail."""
    world.troubles[what] = kind


def heal(world: World) -> None:
    """All calls succeed again."""
    world.troubles.clear()
    world.seen = replace(world.seen, write_failure=None)
    world.settle()


def calm(world: World) -> None:
    """All calls succeed again, with the next look."""
    world.troubles.clear()


def rival(world: World, is_there: bool) -> None:
    """An older resource claims the alias, or gives it up."""
    world.seen = replace(world.seen, has_older_rival=is_there)
    world.settle()


def machine(world: World, found: VersionFound) -> None:
    """What the version looks like from now on."""
    world.machine = found
    world.restart()


def put(world: World, name: str, value: Any) -> None:
    """Set one of the world's fields."""
    setattr(world, name, value)


ACTS: Mapping[str, Callable[..., None]] = {
    "trouble": trouble,
    "heal": heal,
    "calm": calm,
    "rival": rival,
    "machine": machine,
    "put": put,
    "change": lambda world, changes: world.edit(**changes),
}


def story(
    *acts: tuple[Any, ...], before: tuple[tuple[Any, ...], ...] = (), **given: Any
) -> Callable[[], tuple[World, Status, int]]:
    """A world as `given`, and what happens in it one after the other; what happens `before` is not written down."""

    def play() -> tuple[World, Status, int]:
        world = World(**given)
        _act(world, before)
        status, since = world.status, len(world.transcript)
        world.settle()
        _act(world, acts)
        return world, status, since

    return play


def _act(world: World, acts: tuple[tuple[Any, ...], ...]) -> None:
    for name, *arguments in acts:
        ACTS[name](world, *arguments) if name in ACTS else getattr(world, name)(*arguments)


def edit(**changes: Any) -> tuple[str, Mapping[str, Any]]:
    """An edit, as an act."""
    return "change", changes


STEPPING = (("advance", 30),)
SUCCEEDED = (("advance", 1000),)
NO_ANSWER, REFUSED = ("trouble", "write", TRANSIENT), ("trouble", "write", Trouble.DENIED)
WRITING_LATER = (("advance", 1), NO_ANSWER, ("advance", 600))
THREE_VERSIONS = (("advance", 1000), edit(version=3), ("advance", 1000))
FALLS = (("alarm", "A", FIRING), ("poll",))

STORIES = {
    # -- to the end --
    "a canary": story(("advance", 1000), **WITH_ALARM),
    "linear without alarms": story(("advance", 1300), strategy=LINEAR, bakeTime=None),
    "an approval": story(("say", "promote"), ("advance", 700), strategy=APPROVAL, bakeTime=None),
    "promoted in full, and the bake promoted too": story(
        ("say", "promote-full"),
        ("say", "promote-full", None, None, "2"),
        ("say", "promote"),
        ("say", "promote", None, None, "at the end"),
        before=STEPPING,
        strategy=LINEAR,
    ),
    "a first step without traffic": story(("say", "promote"), strategy=LATE),
    "a new alias": story(alias=None, **WITH_ALARM),
    "a new alias that AWS refuses": story(
        REFUSED, ("settle",), ("say", "abort"), ("heal",), before=(REFUSED,), alias=None
    ),
    "a new alias that somebody else creates first": story(
        NO_ANSWER, ("settle",), ("heal",), before=(NO_ANSWER, ("settle",), ("route", 7)), alias=None
    ),
    # -- before the start --
    "already there": story(alias=2, **WITH_ALARM),
    "got there by hand during the wait": story(
        ("route", 2), ("advance", 400), before=(("alarm", "A", FIRING), ("settle",)), **WITH_ALARM
    ),
    "a split by somebody else": story(("advance", 20), ("route", 1), ("advance", 400), alias=OTHER, **WITH_ALARM),
    "a split that was found is taken over": story(
        ("advance", 20),
        ("alarm", "A", FIRING),
        ("poll",),
        alias=Routing.split(1, 2, 10),
        stableVersion=1,
        **WITH_ALARM,
    ),
    "paused from the start": story(("advance", 400), edit(paused=False), paused=True, **WITH_ALARM),
    "paused by command before the start": story(
        ("put", "command", '{"id": "1", "action": "pause", "generation": 1, "by": "eve"}'),
        ("settle",),
        ("say", "resume"),
        ("say", "resume", None, None, "2"),
        before=(("alarm", "A", FIRING), ("settle",)),
        **WITH_ALARM,
    ),
    "no such version": story(
        ("advance", 10), ("machine", VersionFound.FOUND), before=(("machine", VersionFound.NO_VERSION),), **WITH_ALARM
    ),
    "no such machine": story(before=(("machine", VersionFound.NO_MACHINE),)),
    "a machine that is being deleted": story(before=(("machine", VersionFound.DELETING),)),
    "AWS answers nothing at the start": story(("heal",), before=(("trouble", "alias", TRANSIENT),)),
    "AWS denies the alias": story(("heal",), before=(("trouble", "alias", Trouble.DENIED),), **WITH_ALARM),
    "AWS denies the version": story(("heal",), before=(("trouble", "version", Trouble.DENIED),), **WITH_ALARM),
    "AWS says that the alias is gone": story(before=(("trouble", "alias", Trouble.GONE),)),
    "a look that the operator fails at": story(before=(("trouble", "version", Trouble.INTERNAL),), **WITH_ALARM),
    "AWS denies the alarms": story(("advance", 60), before=(("trouble", "alarms", Trouble.DENIED),), **WITH_ALARM),
    "an alarm fires at the start": story(("advance", 60), ("alarm", "A", Clear), ("poll",), before=FALLS, **WITH_ALARM),
    "an alarm is missing at the start": story(("advance", 60), before=(("alarm", "A", None),), **WITH_ALARM),
    "a rival": story(
        ("rival", True), ("say", "pause"), ("rival", False), before=(("alarm", "A", FIRING), ("settle",)), **WITH_ALARM
    ),
    "aborted before the start": story(
        ("say", "promote"),
        ("say", "abort"),
        ("say", "retry"),
        before=(("alarm", "A", FIRING), ("settle",)),
        **WITH_ALARM,
    ),
    "a stale answer before the start": story(
        edit(version=3),
        ("put", "stale_alias", None),
        ("advance", 1),
        before=(*SUCCEEDED, ("put", "stale_alias", SPLIT)),
    ),
    # -- a person in flight --
    "aborted": story(("say", "abort"), ("say", "pause"), ("say", "retry"), before=STEPPING, **WITH_ALARM),
    "paused and resumed": story(
        ("say", "pause"),
        ("say", "promote"),
        ("advance", 700),
        edit(paused=True),
        ("say", "resume"),
        edit(paused=False),
        ("say", "resume", None, None, "2"),
        ("say", "resume", None, None, "3"),
        ("advance", 30),
        before=STEPPING,
        strategy=LINEAR,
    ),
    "a command too late": story(
        ("say", "promote", 7), ("say", "promote", None, 5, "2"), ("say", "retry"), before=STEPPING
    ),
    "a command that is none": story(("put", "command", "[]"), ("settle",), before=STEPPING),
    "superseded": story(edit(version=3), ("advance", 30), before=STEPPING),
    "withdrawn": story(edit(version=1), ("advance", 30), before=STEPPING, **WITH_ALARM),
    "withdrawn before any traffic": story(edit(version=1), strategy=LATE, before=STEPPING),
    "a new retry token": story(
        edit(retryToken="a"), ("say", "abort"), ("advance", 30), edit(retryToken="b"), before=STEPPING
    ),
    "paused before the first write was made": story(
        edit(paused=True), ("calm",), ("advance", 20), before=(NO_ANSWER, ("settle",)), **WITH_ALARM
    ),
    "paused before a later write was made": story(
        ("say", "pause"), ("calm",), ("advance", 20), before=WRITING_LATER, **WITH_ALARM
    ),
    "steps edited before a later write was made": story(
        edit(strategy={"steps": [{"setWeight": 10}, {"pause": {}}]}),
        before=(*WRITING_LATER, ("calm",), ("put", "seen", Observation())),
    ),
    "steps edited while baking": story(edit(bakeTime="1m"), ("advance", 10), before=(("advance", 700),)),
    "steps edited after a promote that an alarm held": story(
        edit(strategy={"linear": {"increment": 50, "interval": "5m"}}),
        before=(("advance", 310), ("alarm", "A", NO_DATA), ("poll",), ("say", "promote")),
        **{**HOLD_WITHOUT_DATA, "strategy": LINEAR},
    ),
    "steps edited while a step is overdue": story(
        edit(strategy={"linear": {"increment": 50, "interval": "5m"}}),
        edit(strategy={"linear": {"increment": 80, "interval": "5m"}}),
        before=(("advance", 310), ("alarm", "A", NO_DATA), ("operator_down", 3600), ("restart",)),
        **{**HOLD_WITHOUT_DATA, "strategy": LINEAR},
    ),
    "promoted in full with an alarm read a while ago": story(
        ("say", "promote-full"),
        before=(*STEPPING, ("put", "board_reads", False), ("operator_down", 5)),
        strategy=LINEAR,
        **WITH_ALARM,
    ),
    "promoted in full while an alarm holds": story(
        ("say", "promote-full"),
        before=(("advance", 30), ("alarm", "A", NO_DATA), ("advance", 700)),
        **HOLD_WITHOUT_DATA,
    ),
    "withdrawn, and another version asked for meanwhile": story(
        edit(version=1), edit(version=3), ("heal",), before=(*STEPPING, NO_ANSWER)
    ),
    "superseded, and the stable version asked for meanwhile": story(
        edit(version=3), edit(version=1), ("heal",), before=(*STEPPING, NO_ANSWER)
    ),
    # -- alarms --
    "an alarm fires": story(*FALLS, ("advance", 30), ("blip",), ("poll",), before=STEPPING, **WITH_ALARM),
    "an alarm fired unseen": story(("blip",), ("poll",), before=STEPPING, **WITH_ALARM),
    "an alarm is deleted": story(
        ("alarm", "A", None), ("poll",), ("advance", 10), ("restart",), ("advance", 10), before=STEPPING, **WITH_ALARM
    ),
    "an alarm is missing for two polls": story(
        ("alarm", "A", None),
        ("poll",),
        ("advance", 10),
        ("alarm", "A", AlarmState.OK),
        ("advance", 10),
        before=STEPPING,
        **WITH_ALARM,
    ),
    "an alarm has no data": story(
        ("alarm", "A", NO_DATA),
        ("poll",),
        ("advance", 700),
        ("alarm", "A", Clear),
        ("poll",),
        before=STEPPING,
        **HOLD_WITHOUT_DATA,
    ),
    "alarms that cannot be read": story(
        ("trouble", "alarms", TRANSIENT), ("poll",), ("advance", 700), before=STEPPING, **WITH_ALARM
    ),
    "alarms that may not be read": story(
        ("trouble", "alarms", Trouble.DENIED), ("poll",), ("advance", 700), before=STEPPING, **WITH_ALARM
    ),
    "a history that is late": story(
        ("put", "histories_are_late", True), ("blip",), ("poll",), ("advance", 45), before=STEPPING, **WITH_ALARM
    ),
    "held for too long": story(
        ("alarm", "A", NO_DATA), ("advance", 1300), before=STEPPING, progressDeadline="10m", **HOLD_WITHOUT_DATA
    ),
    # -- writes that fail --
    "AWS answers no write": story(("heal",), before=(NO_ANSWER,), **WITH_ALARM),
    "AWS refuses a write": story(("heal",), before=(REFUSED,), **WITH_ALARM),
    "AWS does not answer to a rollback": story(
        *FALLS,
        ("say", "promote"),
        ("advance", 700),
        ("heal",),
        before=(*STEPPING, NO_ANSWER),
        progressDeadline="10m",
        **WITH_ALARM,
    ),
    "AWS refuses a rollback": story(*FALLS, ("heal",), before=(*STEPPING, REFUSED), **WITH_ALARM),
    "a stale answer after a rollback": story(
        *FALLS,
        ("put", "stale_alias", None),
        ("advance", 1),
        before=(*STEPPING, ("put", "stale_alias", SPLIT)),
        **WITH_ALARM,
    ),
    # -- somebody else's hand --
    "a drift is held, and put back": story(
        ("restart",),
        ("route", Routing.split(1, 2, 10)),
        ("advance", 60),
        before=(*STEPPING, ("route", OTHER)),
        **WITH_ALARM,
    ),
    "a drift is held for too long": story(
        ("restart",), ("advance", 1300), before=(*STEPPING, ("route", OTHER)), progressDeadline="10m"
    ),
    "a blip while a drift is held": story(
        ("restart",),
        ("put", "histories_are_late", True),
        ("blip",),
        ("poll",),
        ("advance", 20),
        ("put", "histories_are_late", False),
        ("poll",),
        before=(*STEPPING, ("route", OTHER)),
        **WITH_ALARM,
    ),
    "the alias is deleted in flight": story(("restart",), ("advance", 20), before=(*STEPPING, ("route", None))),
    "a drift is written over": story(
        ("restart",), before=(*STEPPING, ("route", OTHER)), driftPolicy="Reassert", **WITH_ALARM
    ),
    "a drift is not written over while paused": story(
        ("restart",), before=(*STEPPING, edit(paused=True), ("route", OTHER)), driftPolicy="Reassert", paused=False
    ),
    "a drift is not written over while an alarm holds": story(
        ("alarm", "A", NO_DATA),
        ("restart",),
        before=(*STEPPING, ("route", OTHER)),
        driftPolicy="Reassert",
        **HOLD_WITHOUT_DATA,
    ),
    "a drift is taken": story(("restart",), before=(*STEPPING, ("route", SPLIT)), driftPolicy="Adopt", **WITH_ALARM),
    "a drift cannot be taken": story(("restart",), before=(*STEPPING, ("route", OTHER)), driftPolicy="Adopt"),
    "all routed back by hand": story(("restart",), before=(*STEPPING, ("route", 1)), driftPolicy="Adopt", **WITH_ALARM),
    "all routed elsewhere while going back": story(
        *FALLS, ("advance", 20), edit(version=3), before=(*STEPPING, ("route", 7)), **WITH_ALARM
    ),
    "the alias is deleted while going back": story(
        *FALLS, ("advance", 20), ("route", 1), ("advance", 20), before=(*STEPPING, ("route", None)), **WITH_ALARM
    ),
    # -- at rest --
    "a drift at rest": story(
        ("advance", 600),
        ("restart",),
        edit(driftPolicy="Adopt"),
        edit(driftPolicy="Hold"),
        ("route", 9),
        ("advance", 600),
        ("route", 2),
        ("advance", 600),
        before=(*SUCCEEDED, ("route", 7)),
    ),
    "a split at rest": story(("advance", 600), before=(*SUCCEEDED, ("route", OTHER)), driftPolicy="Adopt"),
    "an alias deleted at rest": story(("advance", 600), before=(*SUCCEEDED, ("route", None)), driftPolicy="Adopt"),
    "a drift at rest that is put back": story(
        ("advance", 600), before=(*SUCCEEDED, ("route", 7)), driftPolicy="Reassert", **WITH_ALARM
    ),
    "a drift at rest that an alarm keeps from being put back": story(
        ("alarm", "A", FIRING),
        ("advance", 600),
        before=(*SUCCEEDED, ("route", 7)),
        driftPolicy="Reassert",
        **WITH_ALARM,
    ),
    "a drift at rest that a pause keeps from being put back": story(
        ("advance", 600), before=(*SUCCEEDED, edit(paused=True), ("route", 7)), driftPolicy="Reassert"
    ),
    "an alias deleted at rest that is created again": story(
        ("advance", 600), before=(*SUCCEEDED, ("route", None)), driftPolicy="Reassert"
    ),
    "a drift after a rollback": story(("advance", 600), before=(*STEPPING, ("say", "abort"), ("route", 7))),
    "asked at rest": story(("say", "abort"), ("say", "retry"), edit(retryToken="x"), before=SUCCEEDED),
    "executions that cannot be counted": story(
        ("advance", 1000), before=(*STEPPING, ("put", "running", Unseen("Express", START, Trouble.GONE)))
    ),
    "more executions than a page": story(
        ("advance", 1000), before=(*STEPPING, ("put", "running", RunningExecutions(1000, more=True)))
    ),
    "back to a recent version": story(
        edit(version=2), before=THREE_VERSIONS, rollbackWindow={"revisions": 3}, **WITH_ALARM
    ),
    "back to a recent version, promoted in full on the way": story(
        edit(version=2),
        ("say", "promote-full"),
        edit(paused=True),
        before=(*THREE_VERSIONS, NO_ANSWER),
        rollbackWindow={"revisions": 3},
    ),
    # -- the end of the resource, and specs of no sense --
    "deleted in flight": story(("delete",), before=STEPPING, **WITH_ALARM),
    "deleted, and AWS refuses": story(("delete",), ("heal",), before=(*STEPPING, REFUSED), **WITH_ALARM),
    "deleted to be orphaned": story(("delete",), before=STEPPING, deletionPolicy="Orphan"),
    "deleted at rest": story(("delete",), before=SUCCEEDED),
    "an invalid spec": story(edit(version=2), version=0),
    "an invalid spec in flight": story(
        edit(alias=""), edit(alias="live"), before=STEPPING, retryToken="once", **WITH_ALARM
    ),
    "an invalid spec, and the alias deleted": story(
        edit(alias=""), ("advance", 20), before=(*STEPPING, ("route", None)), **WITH_ALARM
    ),
    "an invalid spec while an alias is created": story(
        edit(bakeTime="never"), before=(NO_ANSWER, ("settle",)), alias=None
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_transcript(name):
    assert transcript(*STORIES[name]()) == path_of(name).read_text()


def test_each_transcript_has_its_story():
    assert {path.name for path in path_of("").parent.glob("*.txt")} == {path_of(name).name for name in STORIES}


if __name__ == "__main__":  # writes all again; read the difference
    for name, play in STORIES.items():
        path_of(name).write_text(transcript(*play()))
