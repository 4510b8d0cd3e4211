"""Cutting a failure down: fewer events, then shorter ones, as long as the same invariant breaks."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from sfn_rollouts.core.decide import decide
from sfn_rollouts.engine.settle import Decide
from sfn_rollouts.sim.history import Broken
from sfn_rollouts.sim.scenario import Quirks, Scenario
from sfn_rollouts.sim.search.invariants.judging import Judge
from sfn_rollouts.sim.world import World

Fails = Callable[[Scenario], bool]


def breaks(broken: Broken, decide: Decide = decide) -> Fails:
    """Return the question whether a scenario breaks the same invariant."""

    def fails(scenario: Scenario) -> bool:
        found = World(scenario, Judge(), decide).run().broken
        return found is not None and found.invariant == broken.invariant

    return fails


def shrunk(scenario: Scenario, fails: Fails) -> Scenario:
    """Return the smallest scenario found that still fails; greedy, so it ends."""
    for smaller in _smaller(scenario):
        if fails(smaller):
            return shrunk(smaller, fails)
    return scenario


def _smaller(scenario: Scenario) -> Iterator[Scenario]:
    events = scenario.events
    if len(events) > 3:
        yield scenario.with_events(events[: len(events) // 2])
        yield scenario.with_events(events[len(events) // 2 :])
    for index in range(len(events)):
        yield scenario.with_events(events[:index] + events[index + 1 :])
    if scenario.alarms:
        yield replace(scenario, alarms={})
    yield from _plainer(scenario)
    for name in ("driftPolicy", "deletionPolicy", "rollbackWindow", "bakeTime", "alarms"):
        if name in scenario.spec:
            yield replace(scenario, spec={key: value for key, value in scenario.spec.items() if key != name})


def _plainer(scenario: Scenario) -> Iterator[Scenario]:
    """One oddity of the world less."""
    plain = Quirks()
    for name in Quirks.__dataclass_fields__:
        if getattr(scenario.quirks, name) != getattr(plain, name):
            yield replace(scenario, quirks=replace(scenario.quirks, **{name: getattr(plain, name)}))
