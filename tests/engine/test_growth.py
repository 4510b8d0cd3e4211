"""A further kind of look touches its model, its source and who decides on it, and nothing else of the engine."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sfn_rollouts.core.decide import decide
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.core.values.looks import Look
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import Unseen
from sfn_rollouts.core.values.rollout import Rollout
from sfn_rollouts.engine.sources import sources
from sfn_rollouts.engine.sources.source import Source
from sfn_rollouts.errors import Denied
from sfn_rollouts.ports import Urgency
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

    return Source("tide", ask)


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
