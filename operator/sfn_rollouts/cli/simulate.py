"""`sfn-rollouts simulate`: a manifest and what shall happen to it, played without cluster and AWS."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import click

from sfn_rollouts.api.spec import Spec
from sfn_rollouts.cli.forecast import forecast_of
from sfn_rollouts.cli.offline import candidate_of, with_definition
from sfn_rollouts.cli.rollouts import name_of, rollout_among
from sfn_rollouts.core.decide import decide
from sfn_rollouts.core.values.targets import Neighbours
from sfn_rollouts.engine.settle import Decide
from sfn_rollouts.printable import json_text, one_line
from sfn_rollouts.sim import timetable
from sfn_rollouts.sim.scenario import AlarmChange, Edit, Event, Quirks, Scenario
from sfn_rollouts.sim.story import as_data, as_text
from sfn_rollouts.sim.world import World

LATENCY_S = 0.05
"""Of each call there and back: so that times can be read, and repeated."""


@dataclass(frozen=True, slots=True)
class SimulateOptions:
    """The options, as given."""

    alarms: Sequence[str] = ()
    users: Sequence[str] = ()
    faults: Sequence[str] = ()
    kills: Sequence[str] = ()
    seed: int = 0
    from_version: int | None = None
    name: str | None = None
    definition: str | None = None
    starts_per_hour: float | None = None


def simulate_file(file: str, options: SimulateOptions, output: str) -> str:
    """Play the rollout of a file (`-` is standard input); return the text or the JSON.

    Raises:
        click.UsageError: an option cannot be understood.
        SystemExit: 1, the manifest would be refused, or 2, the definition cannot be read; standard error says why.
    """
    manifest, others = rollout_among(file, options.name)
    scenario, rollout = _scenario(manifest, options), candidate_of(manifest)
    if options.definition is not None:
        rollout = with_definition(rollout, options.definition)
    world = World(scenario, decide=_knowing(rollout.neighbours([candidate_of(each) for each in others])))
    if rollout.outline is not None:
        world.step_functions.targets.outlines = {rollout.spec.version: rollout.outline}
    run = world.run()
    foreseen = _foreseen(rollout.spec, options.starts_per_hour)
    if output == "json":
        return json_text(as_data(run) | ({"forecast": foreseen} if foreseen else {}))
    return "\n".join([as_text(run).rstrip("\n"), *([f"forecast: {foreseen}"] if foreseen else [])])


def _foreseen(spec: Spec, starts_per_hour: float | None) -> str:
    """What the judge would notice, in words; empty where nobody judges, or nobody knows how busy the alias is."""
    if spec.analysis is None or starts_per_hour is None:
        return ""
    return forecast_of(spec, starts_per_hour).in_words(starts_per_hour)


def _knowing(neighbours: Neighbours) -> Decide:
    """The operator knows the other rollouts of the file, though they are not played."""
    return lambda rollout, seen, now: decide(rollout, replace(seen, neighbours=neighbours), now)


def _scenario(manifest: Mapping[str, Any], options: SimulateOptions) -> Scenario:
    spec = dict(manifest["spec"])
    try:
        changes = timetable.alarm_changes(options.alarms)
        user_events, faults = timetable.actions(options.users), timetable.faults(options.faults)
        kills = timetable.kills(options.kills)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    _mention_unwatched(spec, changes)
    later: tuple[Event, ...] = (*(each for each in changes if each.at_s > 0), *user_events, *faults, *kills)
    stable = options.from_version if options.from_version is not None else int(spec["version"]) - 1
    wanted = [int(each.changes["version"]) for each in user_events if isinstance(each, Edit)]
    return Scenario(
        spec=spec,
        seed=options.seed,
        alias=((stable, 100),) if stable > 0 else None,
        versions=tuple(sorted({int(spec["version"]), *wanted, *([stable] if stable > 0 else [])})),
        alarms={each.name: each.state for each in changes if each.at_s == 0},
        events=later,
        quirks=Quirks(latency_s=(LATENCY_S, LATENCY_S)),
        name=name_of(manifest),
    )


def _mention_unwatched(spec: Mapping[str, Any], changes: Sequence[AlarmChange]) -> None:
    watched = (spec.get("alarms") or {}).get("names", ())
    for name in sorted({each.name for each in changes} - set(watched)):
        known = ", ".join(watched) or "none"
        said = f"note: alarm {name} is not watched by this rollout (spec.alarms.names: {known})"
        click.echo(one_line(said), err=True)
