"""`history`: how the last rollouts of one resource ended."""

import click

from sfn_rollouts.durations import age
from sfn_rollouts.explain.rollout import PastRollout, Rollout
from sfn_rollouts.plugin.connection import pass_cluster
from sfn_rollouts.plugin.kubectl import Cluster
from sfn_rollouts.plugin.output import output_option, serialized
from sfn_rollouts.plugin.table import Cell, Column, lines, terminal_size

_COLUMNS = (
    *(Column("VERSION"), Column("FROM"), Column("OUTCOME"), Column("FINISHED"), Column("TOOK", goes=1)),
    Column("REASON"),
)
_COLOURS = {"Promoted": "green", "FastPromoted": "green", "RolledBack": "red", "Aborted": "red"}


@click.command()
@click.argument("name")
@output_option()
@pass_cluster
def history(cluster: Cluster, name: str, output: str | None) -> None:
    """Show how the last rollouts of NAME ended, newest first; at most ten are kept."""
    found = cluster.get(name)
    rollout = Rollout.from_resource(found)
    if output is not None:
        click.echo(serialized((found.get("status") or {}).get("history") or [], output))
        return
    rows = [*([_current(rollout)] if rollout.is_in_flight else []), *map(_row, rollout.history)]
    if not rows:
        click.echo(f"No rollout of {name} has ended yet.", err=True)
        return
    screen = terminal_size()
    click.echo("\n".join(lines(_COLUMNS, rows, screen and screen.columns)))


def _current(rollout: Rollout) -> tuple[Cell, ...]:
    cells = (_number(rollout.target), _number(rollout.stable), "in flight", "", "", rollout.reason)
    return tuple(map(Cell, cells))


def _row(past: PastRollout) -> tuple[Cell, ...]:
    took = age((past.finished_at - past.started_at).total_seconds()) if past.finished_at and past.started_at else ""
    finished = past.finished_at.strftime("%Y-%m-%d %H:%M:%SZ") if past.finished_at else ""
    return (
        Cell(_number(past.version)),
        Cell(_number(past.stable)),
        Cell(past.outcome, _COLOURS.get(past.outcome)),
        Cell(finished),
        Cell(took),
        Cell(f"{past.reason} by {past.by}" if past.by else past.reason),
    )


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
