"""A further kind of look or chore touches its model, who answers or does it, and who decides; nothing else here."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from sfn_rollouts.api.status import AlarmState, Phase, Status
from sfn_rollouts.core.decide import decide
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.chores import Chore
from sfn_rollouts.core.values.decision import Decision, Write, WriteKind
from sfn_rollouts.core.values.looks import Look
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import Unseen
from sfn_rollouts.core.values.rollout import Rollout
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.engine.chores import Chores
from sfn_rollouts.engine.sources import sources
from sfn_rollouts.engine.sources.source import Source
from sfn_rollouts.errors import Denied, Transient
from sfn_rollouts.ports import Clock, Lane, Outside, Urgency
from tests.engine.world import World, spec


@dataclass(frozen=True, slots=True)
class AskTheTide(Look[str]):
    """A toy: how the sea stands in a harbour."""

    harbour: str


def tides(answers: Iterator[str | Exception]) -> Source:
    def ask(_: AliasArn, look: AskTheTide, urgency: Urgency) -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return f"{answer} in {look.harbour}"

    return Source(ask)


def world_that_asks(*answers: str | Exception) -> tuple[World, list[object]]:
    """Decisions ask for the tide of a harbour that changes; each hears the answer to its own question."""
    heard: list[object] = []

    def decide_by_tide(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
        look = AskTheTide("Bergen" if len(heard) < 10 else "Cork")
        heard.append(seen.of(look))
        decision = decide(rollout, seen, now)
        return replace(decision, looks=decision.looks | {look})

    tide = tides(iter(answers))
    world = World(decide_by_tide, lambda outside, clock: {**sources(outside, clock), AskTheTide: tide})
    world.api.apply("orders", spec())
    return world, heard


def test_a_toy_look_is_asked_and_its_answer_reaches_the_decision() -> None:
    world, heard = world_that_asks(*["low"] * 1000)
    world.run_for(30)
    assert heard[0] is None, "nobody has looked yet"
    assert "low in Bergen" in heard
    first_of_cork = heard.index("low in Cork")
    assert "low in Bergen" not in heard[10:first_of_cork], "an answer about one harbour is none about another"


def test_a_toy_look_that_is_refused_is_an_answer_too() -> None:
    world, heard = world_that_asks(Denied("grant sea:Look"), *["high"] * 1000)
    world.run_for(30)
    refused = next(each for each in heard if isinstance(each, Unseen))
    assert refused.why == "grant sea:Look"
    assert any(isinstance(each, str) and each.startswith("high in") for each in heard), "asked again by itself"


@dataclass(frozen=True, slots=True)
class RingBell(Chore[str]):
    """A toy: ring a bell once under this name."""

    name: str


class Belfry:
    """Rings once under a name, however often it is asked, as AWS starts one execution of a name."""

    def __init__(self, *errors: Exception) -> None:
        self.asked: list[tuple[float, str, Urgency]] = []
        self.rung: list[str] = []
        self._errors = list(errors)
        self.answer_is_lost = False

    def ring(self, world: World, chore: RingBell, urgency: Urgency) -> str:
        self.asked.append((world.clock.monotonic(), chore.name, urgency))
        if self._errors:
            raise self._errors.pop(0)
        if chore.name not in self.rung:
            self.rung.append(chore.name)
        if self.answer_is_lost:
            self.answer_is_lost = False
            raise Transient("the answer was lost")
        return f"rung as {self.rung.index(chore.name)}"


def world_that_rings(belfry: Belfry, name: str = "noon", **attributes: Any) -> tuple[World, list[object]]:
    """Decisions want the bell rung, beside whatever else they want."""
    heard: list[object] = []

    def decide_and_ring(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
        heard.append(seen.of(RingBell(name)))
        return replace(decide(rollout, seen, now), chores=frozenset({RingBell(name)}))

    def chores_of(_outside: Outside, _clock: Clock) -> Chores:
        return {RingBell: Source(lambda _, chore, urgency: belfry.ring(world, chore, urgency))}

    world = World(decide_and_ring, chores_of=chores_of)
    for attribute, value in attributes.items():
        setattr(world, attribute, value)
    if attributes:
        world.restart()
    world.api.apply("orders", spec())
    return world, heard


def test_a_toy_chore_is_done_once_and_its_outcome_is_evidence() -> None:
    belfry = Belfry()
    world, heard = world_that_rings(belfry)
    world.run_for(300)
    assert [(name, urgency) for _, name, urgency in belfry.asked] == [("noon", Urgency.BACKGROUND)]
    assert heard[0] is None
    assert heard[-1] == "rung as 0"


def test_a_chore_is_asked_for_again_after_a_restart_and_done_once_by_its_name() -> None:
    belfry = Belfry()
    world, heard = world_that_rings(belfry)
    world.run_for(30)
    world.restart()
    world.run_for(30)
    assert (len(belfry.asked), belfry.rung, heard[-1]) == (2, ["noon"], "rung as 0")


def test_a_chore_whose_answer_was_lost_is_found_done() -> None:
    belfry = Belfry()
    belfry.answer_is_lost = True
    world, heard = world_that_rings(belfry)
    world.run_for(30)
    assert (len(belfry.asked), belfry.rung, heard[-1]) == (2, ["noon"], "rung as 0")


def test_a_chore_that_fails_is_unseen_and_tried_again_ever_more_seldom() -> None:
    belfry = Belfry(*[Denied("grant bell:Ring")] * 1000)
    world, heard = world_that_rings(belfry)
    world.run_for(3600)
    assert isinstance(heard[-1], Unseen)
    assert heard[-1].why == "grant bell:Ring"
    pauses = [later - earlier for (earlier, *_), (later, *_) in pairwise(belfry.asked)]
    assert 10 < len(pauses) < 40
    assert min(pauses[5:]) > 60


def test_who_stands_by_does_no_chore() -> None:
    belfry = Belfry()
    world, _ = world_that_rings(belfry, stands_by=True)
    world.run_for(60)
    assert belfry.asked == []
    world.engine.lead()
    world.run_for(60)
    assert belfry.rung == ["noon"]


def test_who_does_not_lead_any_more_does_no_chore() -> None:
    belfry = Belfry()
    world, heard = world_that_rings(belfry, leads=False)
    world.run_for(60)
    assert belfry.asked == []
    assert isinstance(heard[-1], Unseen)
    assert "does not hold the lease" in heard[-1].why
    world.leads = True
    world.run_for(60)
    assert belfry.rung == ["noon"]


def test_no_chore_goes_with_a_restore_whoever_decides_so() -> None:
    restore = Write(WriteKind.RESTORE, Routing.whole(1))
    assert Decision(Status(), write=restore, chores=frozenset({RingBell("noon")})).chores == frozenset()
    assert Decision(Status(), chores=frozenset({RingBell("noon")})).chores == {RingBell("noon")}


def test_a_chore_that_hangs_holds_up_no_rollback() -> None:
    belfry = Belfry()
    world, _ = world_that_rings(belfry)
    world.workers.held.add(Lane.CHORES)
    world.run_for(30)
    world.cloud.set_alarm("errors", AlarmState.ALARM)
    world.run(until=world.is_in(Phase.ROLLED_BACK), limit_s=15)
    assert world.cloud.routing() == Routing.whole(1)
