"""`preflight`: what the operator would find of a version before its first shift, by your own AWS credentials."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from sfn_rollouts.plugin.connection import pass_cluster
from sfn_rollouts.plugin.names import VERSION_NUMBER
from sfn_rollouts.plugin.output import output_option, serialized
from sfn_rollouts.plugin.problems import PluginError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sfn_rollouts.api.spec import Spec
    from sfn_rollouts.cli.candidates import Candidate, Examined
    from sfn_rollouts.plugin.kubectl import Cluster


@click.command()
@click.argument("name")
@click.option("--version", type=VERSION_NUMBER, metavar="V", help="[default: the version that is asked for]")
@click.option("--strict", is_flag=True, help="Fail on warnings too, and on what cannot be decided.")
@output_option()
@pass_cluster
def preflight(cluster: Cluster, name: str, *, version: int | None, strict: bool, output: str | None) -> None:
    """Look at a version as the operator does before its first shift.

    Definitions, functions, roles, alarms and executions are read with your own AWS credentials; other rollouts of the
    namespace are compared with. The smoke is not run: what the operator has found by it is shown. The exit code is 1
    where the rollout would not begin.
    """
    from sfn_rollouts.cli.preflight import as_data, exit_code, notes, shown_as_text  # noqa: PLC0415 - slow to import

    examined = _examined(cluster, name, version)
    for note in notes(examined):
        click.echo(note, err=True)
    click.echo(serialized(as_data(examined), output) if output is not None else shown_as_text(examined))
    sys.exit(exit_code(examined, strict=strict))


def _examined(cluster: Cluster, name: str, version: int | None) -> Sequence[Examined]:
    from sfn_rollouts.cli.online import examined_online  # noqa: PLC0415 - boto3 is slow to import
    from sfn_rollouts.errors import PortError  # noqa: PLC0415

    resource = cluster.get(name)
    candidate = _candidate(resource)
    if version is not None:
        candidate = _asking_for(candidate, version)
    others = [each for each in cluster.list() if each["metadata"]["name"] != resource["metadata"]["name"]]
    try:
        examined = examined_online([candidate], tuple(_readable(others)))
    except PortError as error:
        raise PluginError(error.why) from None
    return [_with_smoke(each, resource) for each in examined]


def _with_smoke(examined: Examined, resource: Mapping[str, Any]) -> Examined:
    """Add what the operator has found by running this version, which no command does."""
    from sfn_rollouts.api.resource import parse_status  # noqa: PLC0415 - pydantic is slow to import
    from sfn_rollouts.core.judges.preflight import smoke_of_target  # noqa: PLC0415

    found = smoke_of_target(examined.rollout.spec, parse_status(resource.get("status")))
    return examined if found is None else replace(examined, examination=examined.examination.beside([found]))


def _candidate(resource: Mapping[str, Any]) -> Candidate:
    from sfn_rollouts.api.problems import SpecError  # noqa: PLC0415 - pydantic is slow to import
    from sfn_rollouts.api.resource import parse_spec  # noqa: PLC0415
    from sfn_rollouts.cli.candidates import Candidate  # noqa: PLC0415

    try:
        spec: Spec = parse_spec(resource.get("spec"))
    except SpecError as error:
        raise PluginError(f"{resource['metadata']['name']}: {error}") from None
    return Candidate(resource["metadata"]["namespace"], resource["metadata"]["name"], spec)


def _asking_for(candidate: Candidate, version: int) -> Candidate:
    return replace(candidate, spec=candidate.spec.model_copy(update={"version": version}))


def _readable(resources: Sequence[Mapping[str, Any]]) -> Iterator[Candidate]:
    """A neighbour that nobody can read shifts nothing."""
    for resource in resources:
        try:
            yield _candidate(resource)
        except PluginError:
            continue
