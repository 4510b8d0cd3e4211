"""`access`: which AWSAccess lets a rollout move its alias, why none does, and what a platform engineer has to write."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

import click

from sfn_rollouts.explain.rollout import Rollout
from sfn_rollouts.plugin.connection import pass_cluster
from sfn_rollouts.plugin.output import output_option, serialized
from sfn_rollouts.plugin.problems import ForbiddenError, NotInstalledError, PluginError
from sfn_rollouts.plugin.table import Cell, Column, lines, terminal_size
from sfn_rollouts.printable import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from sfn_rollouts.explain.access import AccessSeen, Comparison, Standing
    from sfn_rollouts.plugin.kubectl import Cluster

_COLUMNS = (
    *(Column("NAMESPACE"), Column("NAME"), Column("ACCESS"), Column("ACCOUNT", goes=1), Column("ROLE", goes=2)),
    *(Column("STATE"), Column("REASON")),
)
_COLOURS = {"Granted": "green", "NotGranted": "red", "Ambiguous": "red", "Revoked": "red", "Unknown": "yellow"}


class Seen(NamedTuple):
    """How rollouts stand, and what of the cluster may not be read."""

    standings: Sequence[Standing]
    notes: Sequence[str]


@click.command()
@click.argument("name", required=False)
@click.option("-A", "--all-namespaces", is_flag=True, help="Without NAME: the rollouts of all namespaces.")
@output_option()
@pass_cluster
def access(cluster: Cluster, name: str | None, all_namespaces: bool, output: str | None) -> int:
    """Show which AWSAccess lets NAME move its alias, or why none does, and one that would.

    The exit code is 0 when exactly one does, or where the cluster has none, else 1. Without NAME it is a table of the
    rollouts of the namespace, and the exit code is 0.

    All is read with your own rights. Where you may not list AWSAccesses it goes by the status of the rollout.
    """
    if name is not None and all_namespaces:
        raise click.UsageError("--all-namespaces is for the table, without NAME")
    if name is None:
        _show_table(_seen(cluster, cluster.list() if all_namespaces else cluster.here()), output)
        return 0
    (standing,), notes = _seen(cluster, [cluster.get(name)], is_whole=True)
    if output is not None:
        click.echo(serialized(_data(standing, notes), output))
    else:
        _show_page(standing, notes)
    return 0 if standing.may_move else 1


# -- what is read --


def _seen(cluster: Cluster, resources: Sequence[Mapping[str, Any]], *, is_whole: bool = False) -> Seen:
    """Compare rollouts with accesses. Namespaces are read where a label decides, or `is_whole`, where one counts."""
    from sfn_rollouts.explain.access import standing  # noqa: PLC0415 - pydantic is slow to import

    rollouts = sorted(map(Rollout.from_resource, resources), key=lambda each: (each.namespace, each.name))
    accesses, notes = _accesses(cluster)
    first = [standing(each, accesses, None) for each in rollouts]
    open_ones = sorted({each.rollout.namespace for each in first if _needs_labels(each, is_whole=is_whole)})
    labels, problems = _labels(cluster, open_ones)
    return Seen([standing(each, accesses, labels.get(each.namespace)) for each in rollouts], [*notes, *problems])


def _accesses(cluster: Cluster) -> tuple[Sequence[AccessSeen] | None, Sequence[str]]:
    from sfn_rollouts.explain.access import AccessSeen  # noqa: PLC0415 - as above

    try:
        return [AccessSeen.from_resource(each) for each in cluster.accesses()], ()
    except NotInstalledError:
        return (), ("This cluster has no AWSAccess: their CRD is not installed.",)
    except ForbiddenError as error:
        return None, (f"AWSAccesses are not shown, and what follows is from the status alone: {error.message}.",)


def _needs_labels(standing: Standing, *, is_whole: bool) -> bool:
    compared = standing.comparisons or ()
    if is_whole:
        return any(part.matches is None for each in compared for part in each.parts.values())
    return any(each.matches is None for each in compared)


def _labels(cluster: Cluster, namespaces: Sequence[str]) -> tuple[Mapping[str, Mapping[str, str]], Sequence[str]]:
    if not namespaces:
        return {}, ()
    try:
        return cluster.labels(namespaces), ()
    except ForbiddenError as error:
        return {}, (f"What a selector of labels says cannot be determined: {error.message}.",)


# -- how it is shown --


def _show_page(standing: Standing, notes: Sequence[str]) -> None:
    from sfn_rollouts.plugin.view.access import access_page  # noqa: PLC0415 - `-o json` needs no rich
    from sfn_rollouts.plugin.view.output import Output  # noqa: PLC0415
    from sfn_rollouts.plugin.view.page import Canvas  # noqa: PLC0415

    output = Output(sys.stdout, os.environ)
    output.show(access_page(standing, notes, Canvas(output.width, output.marks)))


def _show_table(seen: Seen, output: str | None) -> None:
    if output is not None:
        click.echo(serialized([_data(each, seen.notes) for each in seen.standings], output))
        return
    for note in seen.notes:
        click.echo(PluginError(note).format_message(), err=True)
    if not seen.standings:
        click.echo("No rollouts.", err=True)
        return
    screen = terminal_size()
    click.echo("\n".join(lines(_COLUMNS, [_row(each) for each in seen.standings], screen and screen.columns)))


def _row(standing: Standing) -> tuple[Cell, ...]:
    rollout, used = standing.rollout, standing.used
    return (
        *(Cell(rollout.namespace), Cell(rollout.name)),
        *(Cell(used.name if used is not None else ""), Cell(standing.account)),
        Cell(used.role if used is not None else ""),
        Cell(standing.verdict, _COLOURS.get(standing.verdict)),
        Cell(_reason(standing)),
    )


def _reason(standing: Standing) -> str:
    """Return what a person asks next: of what is refused what is nearest, of what is granted what its role lacks."""
    if standing.is_granted:
        ready = next((each.access.ready for each in standing.comparisons or () if each.matches), None)
        return one_line(ready.reason) if ready is not None and ready.status != "True" else ""
    nearest = next(iter(standing.comparisons or ()), None)
    if standing.verdict not in ("NotGranted", "Revoked") or nearest is None:
        return standing.message
    missing = [part.message for part in nearest.parts.values() if not part.matches]
    return f"{nearest.access.name}: {'; '.join(missing) or 'cannot be read'}"


def _data(standing: Standing, notes: Sequence[str]) -> dict[str, Any]:
    rollout, used, compared = standing.rollout, standing.used, standing.comparisons
    return {
        "namespace": rollout.namespace,
        "name": rollout.name,
        "aliasArn": f"{rollout.machine_arn}:{rollout.alias}",
        "verdict": str(standing.verdict),
        "message": standing.message,
        "isByStatus": standing.by_status,
        "access": used.name if used is not None else None,
        "roleArn": used.role_arn or None if used is not None else None,
        "account": standing.account or None,
        "ready": _ready(rollout.condition("Ready")),
        "awsAccesses": [_compared(each) for each in compared] if compared is not None else None,
        "notes": list(notes),
        "manifest": standing.manifest,
    }


def _compared(compared: Comparison) -> dict[str, Any]:
    access = compared.access
    return {
        "name": access.name,
        "matches": compared.matches,
        "parts": {name: {"matches": each.matches, "message": each.message} for name, each in compared.parts.items()},
        "account": access.status.account,
        "ready": _ready(access.ready),
        "problem": access.spec if isinstance(access.spec, str) else None,
    }


def _ready(condition: Any) -> dict[str, str] | None:
    if condition is None:
        return None
    return {"status": str(condition.status), "reason": condition.reason, "message": condition.message}
