"""`list`: all rollouts on one page, those that need a person on top."""

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import click

from sfn_rollouts.explain.rollout import Attention, Rollout
from sfn_rollouts.explain.times import age
from sfn_rollouts.plugin.connection import pass_cluster
from sfn_rollouts.plugin.kubectl import Cluster
from sfn_rollouts.plugin.output import output_option, resource_name, serialized, shown_list
from sfn_rollouts.plugin.problems import BadRequestError, ForbiddenError, PluginError
from sfn_rollouts.plugin.table import Cell, Column, lines, terminal_size
from sfn_rollouts.printable import one_line, word

COLUMNS = (
    *(Column("NAMESPACE"), Column("NAME"), Column("STATE"), Column("STEP", goes=3), Column("WEIGHT")),
    *(Column("TARGET"), Column("STABLE", goes=2), Column("ALARM", goes=4), Column("SINCE", goes=1), Column("REASON")),
)
WIDE = (Column("STATE-MACHINE"), Column("ALIAS"), Column("ACCESS"), Column("NEXT"), Column("MESSAGE"))
_COLOURS = {
    Attention.STALLED: "red",
    Attention.ROLLING_BACK: "red",
    Attention.ALARMED: "yellow",
    Attention.DOUBTED: "yellow",
    Attention.HELD: "yellow",
    Attention.AWAITED: "cyan",
    Attention.UNSEEN: "cyan",
    Attention.DONE: "green",
}
_ALARM_COLOURS = {"ALARM": "red", "UNKNOWN": "yellow", "INSUFFICIENT_DATA": "yellow"}
_WORDS = {
    Attention.STALLED: "stalled",
    Attention.ROLLING_BACK: "rolling back",
    Attention.ALARMED: "with an alarm",
    Attention.DOUBTED: "in doubt",
    Attention.HELD: "held",
    Attention.AWAITED: "waiting for somebody",
    Attention.UNSEEN: "not seen by an operator yet",
    Attention.MOVING: "under way",
    Attention.DONE: "done",
}
_LINES_AROUND = 6  # heading, what is left out, an empty one, the summary on two, the prompt
_ENDED = ("RolledBack", "Failed")


@click.command("list")
@click.option("-A", "--all-namespaces", is_flag=True, help="All namespaces, as without --namespace.")
@click.option(
    "-l", "--selector", metavar="SELECTOR", default="", help="By labels, as kubectl get takes it: team=payments."
)
@output_option("name", "wide")
@pass_cluster
def list_(cluster: Cluster, all_namespaces: bool, selector: str, output: str | None) -> None:
    """All rollouts of the cluster, those that need somebody first; --namespace narrows.

    Stalled ones come first, then what is rolling back, what has an alarm, what its executions cast doubt on, what
    something else holds, what waits for somebody, what no operator has seen yet, what is under way, and what is done.
    On a terminal, what is done fills up the screen and no more; in a pipe there is all of it.
    """
    namespace = None if all_namespaces else cluster.namespace
    rollouts = sorted(_rollouts(cluster, namespace, selector), key=lambda each: each.attention_rank)
    if output in ("json", "yaml"):
        click.echo(serialized(shown_list(each.resource for each in rollouts), output))
    elif output == "name":
        click.echo("".join(f"{resource_name(each.resource)}\n" for each in rollouts), nl=False)
    elif not rollouts:
        where = f"in namespace {namespace}" if namespace else "in any namespace"
        which = f" that {one_line(selector)} selects" if selector else ""
        click.echo(f"No rollouts {where}{which}.", err=True)
    else:
        _show(rollouts, namespace, selector, output == "wide")


def _rollouts(cluster: Cluster, namespace: str | None, selector: str) -> Iterator[Rollout]:
    try:
        yield from map(Rollout.from_resource, cluster.list(namespace, selector))
    except BadRequestError as error:
        if not selector:
            raise
        why = (
            one_line(error.message).replace("<nil>: ", "").partition(" (e.g.")[0]
        )  # what follows is the pattern that it was held against
        raise PluginError(
            f"the selector {word(selector)} cannot be read: {why}",
            "Write it as for kubectl get: -l team=payments,tier!=test or -l 'team in (payments, growth)'.",
        ) from None
    except ForbiddenError as error:
        if namespace is None:
            error.remedy = f"Look into one namespace: --namespace NS\n{error.remedy}"
        raise


def _show(rollouts: Sequence[Rollout], namespace: str | None, selector: str, is_wide: bool) -> None:
    now = datetime.now(UTC)
    columns = COLUMNS + (WIDE if is_wide else ())
    rows = [_row(each, now) + (_wide(each) if is_wide else ()) for each in rollouts]
    if namespace is not None:
        columns, rows = columns[1:], [row[1:] for row in rows]
    screen = terminal_size()
    if screen is None:
        click.echo("\n".join(lines(columns, rows, None)))
        return
    shown = shown_on(rollouts, screen.lines)
    click.echo("\n".join(lines(columns, rows[:shown], None if is_wide else screen.columns)))
    if shown < len(rows):
        place = f" -n {word(namespace)}" if namespace is not None else ""
        command = f"kubectl sfnrollout list{place}{f' -l {word(selector)}' if selector else ''} | less"
        click.echo(f"... and {len(rows) - shown} more that are done; to see all: {command}")
    click.echo(f"\n{textwrap.fill(summary(rollouts), screen.columns)}")


def shown_on(rollouts: Sequence[Rollout], height: int) -> int:
    """How many to show, of a sorted list: what is done must not push what needs somebody off the screen."""
    undone = sum(each.attention is not Attention.DONE for each in rollouts)
    room = height - _LINES_AROUND
    return len(rollouts) if len(rollouts) <= room else max(undone, room)


def summary(rollouts: Sequence[Rollout]) -> str:
    """Count them, like "5 rollouts: 1 stalled, 4 done"."""
    counts = Counter(each.attention for each in rollouts)
    parts = ", ".join(f"{counts[each]} {_WORDS[each]}" for each in Attention if counts[each])
    return f"{len(rollouts)} rollout{'' if len(rollouts) == 1 else 's'}: {parts}"


def _row(rollout: Rollout, now: datetime) -> tuple[Cell, ...]:
    return (
        Cell(rollout.namespace),
        Cell(rollout.name),
        Cell(state(rollout), _COLOURS.get(rollout.attention)),
        Cell(rollout.step),
        Cell("" if rollout.weight is None else f"{rollout.weight}%"),
        Cell(_number(rollout.target if rollout.is_observed else rollout.version)),
        Cell(_number(rollout.stable)),
        Cell(rollout.alarm, _ALARM_COLOURS.get(rollout.alarm)),
        Cell(age(_since(rollout), now)),
        Cell(reason(rollout)),
    )


def reason(rollout: Rollout) -> str:
    """Return why it stands where it is; where nothing is wrong, what the judge of its executions doubts."""
    if not rollout.is_observed:
        return ""
    return f"{rollout.reason} ({rollout.doubt})" if rollout.doubt and not rollout.is_held else rollout.reason


def _wide(rollout: Rollout) -> tuple[Cell, ...]:
    upcoming = rollout.next_action_at.strftime("%Y-%m-%dT%H:%M:%SZ") if rollout.next_action_at else ""
    return (
        *(Cell(rollout.machine), Cell(rollout.alias), Cell(_access(rollout))),
        *(Cell(upcoming), Cell(rollout.message)),
    )


def _access(rollout: Rollout) -> str:
    """Return the AWSAccess by which it calls AWS, with the account of its role."""
    used = rollout.access
    if used is None:
        return ""
    account = f" ({used.account})" if used.account else ""
    return f"{used.name}{account}{', revoked' if rollout.is_access_revoked else ''}"


def state(rollout: Rollout) -> str:
    """Return the phase, but where something outranks it."""
    if rollout.is_deleting:
        return "Deleting"
    if not rollout.is_observed:
        return "Unseen"
    return "Stalled" if rollout.is_stalled and rollout.phase not in _ENDED else rollout.phase


def _since(rollout: Rollout) -> datetime | None:
    """Since when it has been so: stalled, at this step, or at its end."""
    stalled = rollout.condition("Stalled")
    if stalled is not None and stalled.is_true:
        return stalled.since
    if rollout.is_in_flight:
        return rollout.step_started_at or rollout.started_at
    return rollout.finished_at or rollout.created_at


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
