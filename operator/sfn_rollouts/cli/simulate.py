"""`sfn-rollouts simulate`: a manifest and what shall happen to it, played without cluster and AWS."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from sfn_rollouts.api.problems import Problem, Severity
from sfn_rollouts.api.resource import concerns, lint
from sfn_rollouts.cli.manifests import manifests_in, within
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


def simulate_file(file: str, options: SimulateOptions, output: str) -> str:
    """Play the rollout of a file (`-` is standard input); return the text or the JSON.

    Raises:
        click.UsageError: an option cannot be understood.
        SystemExit: 1, the manifest would be refused; standard error says why.
    """
    scenario = _scenario(_manifest(file, options.name), options)
    run = World(scenario).run()
    return json_text(as_data(run)) if output == "json" else as_text(run).rstrip("\n")


def _manifest(file: str, name: str | None) -> Mapping[str, Any]:
    found = [(place, each) for _, place, each in manifests_in(file)]
    _insist_on_none(file, [within(place, each) for place, each in found if isinstance(each, Problem)])
    rollouts = [each for _, each in found if concerns(each)]
    named = [each for each in rollouts if name is None or _name(each) == name]
    if len(named) != 1:
        names = one_line(", ".join(map(_name, rollouts)) or "none")
        raise click.UsageError(f"{one_line(file)} has {len(rollouts)} rollouts ({names}): choose one with --name")
    _insist_on_none(file, [each for each in lint(named[0]) if each.severity is Severity.ERROR])
    return dict(named[0])


def _insist_on_none(file: str, problems: Sequence[Problem]) -> None:
    for problem in problems:
        click.echo(one_line(f"{file}: {problem}"), err=True)
    if problems:
        sys.exit(1)


def _name(manifest: Mapping[str, Any]) -> str:
    metadata = manifest.get("metadata")
    found = (metadata.get("name") or metadata.get("generateName")) if isinstance(metadata, Mapping) else None
    return str(found or "rollout")


def _scenario(manifest: Mapping[str, Any], options: SimulateOptions) -> Scenario:
    spec = dict(manifest["spec"])
    try:
        changes = timetable.alarm_changes(options.alarms)
        user_events, faults = timetable.deeds(options.users), timetable.faults(options.faults)
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
        name=_name(manifest),
    )


def _mention_unwatched(spec: Mapping[str, Any], changes: Sequence[AlarmChange]) -> None:
    watched = (spec.get("alarms") or {}).get("names", ())
    for name in sorted({each.name for each in changes} - set(watched)):
        known = ", ".join(watched) or "none"
        said = f"note: alarm {name} is not watched by this rollout (spec.alarms.names: {known})"
        click.echo(one_line(said), err=True)
