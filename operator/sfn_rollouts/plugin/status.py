"""`status`: where a rollout stands, a line a transition, and an exit code that a pipeline can act on."""

import time
from datetime import UTC, datetime, timedelta
from enum import IntEnum

import click

from sfn_rollouts.plugin.ages import length
from sfn_rollouts.plugin.connection import pass_cluster
from sfn_rollouts.plugin.durations import Duration
from sfn_rollouts.plugin.kubectl import Cluster
from sfn_rollouts.plugin.listing import state
from sfn_rollouts.plugin.problems import PluginError
from sfn_rollouts.plugin.rollout import Rollout

_TICK_S = 1.0


class Verdict(IntEnum):
    """How it stands; the value is the exit code."""

    PROMOTED = 0
    FAILED = 1
    UNDECIDED = 2


def verdict(rollout: Rollout) -> Verdict:
    """Judge as kstatus does. A status that speaks of an older generation is no answer, whatever it says."""
    if rollout.is_deleting:
        return Verdict.FAILED
    if not rollout.is_observed:
        return Verdict.UNDECIDED
    if rollout.is_stalled:
        return Verdict.FAILED
    return Verdict.PROMOTED if rollout.holds("Ready") else Verdict.UNDECIDED


@click.command()
@click.argument("name")
@click.option("-w", "--watch", is_flag=True, help="Wait until it has ended, with a line for each transition.")
@click.option(
    "--timeout", "timeout_s", type=Duration(), metavar="DURATION", help="Of --watch, like 30m.  [default: none]"
)
@pass_cluster
def status(cluster: Cluster, name: str, watch: bool, timeout_s: float | None) -> int:
    """Tell where NAME stands, for pipelines.

    The exit code is 0 when its version is promoted, 1 when it was rolled back, has failed or is stalled (and for any
    error), 2 when that is not decided yet: with --watch, when the timeout is over.
    """
    if timeout_s is not None and not watch:
        raise click.UsageError("--timeout is for --watch")
    if watch:
        return int(_watched(cluster, name, timeout_s))
    found = Rollout.from_resource(cluster.get(name))
    click.echo(_line(found))
    return int(verdict(found))


def _watched(cluster: Cluster, name: str, timeout_s: float | None) -> Verdict:
    """Follow it until it is decided or time is over."""
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    told = first = last = None
    for seen in cluster.watch(name, tick_s=_TICK_S):
        if seen is not None:
            last = Rollout.from_resource(seen)
            first = first or last
            _check_same_version(first, last)
            if told != (told := _position(last)):
                click.echo(_line(last))
            if (decided := verdict(last)) is not Verdict.UNDECIDED:
                return decided
        if deadline is not None and time.monotonic() >= deadline:
            break
    click.echo(
        f"error: timed out after {length(timedelta(seconds=timeout_s or 0))}: {name} is neither promoted nor gone back",
        err=True,
    )
    return Verdict.UNDECIDED


def _check_same_version(first: Rollout, now: Rollout) -> None:
    """A pipeline asks about its own version: that another one was promoted is no success of it."""
    if now.version != first.version:
        raise PluginError(f"version {first.version} was superseded: {now.name} asks for {now.version} now")


def _position(rollout: Rollout) -> tuple[object, ...]:
    """What makes a new line when it changes; a message alone does not."""
    return rollout.generation, state(rollout), rollout.step, rollout.weight, rollout.reason


def _line(rollout: Rollout) -> str:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{now} {rollout.name}: {_words(rollout)}"


def _words(rollout: Rollout) -> str:
    if rollout.is_deleting:
        return "it is being deleted"
    if not rollout.is_observed:
        return f"Unseen: no operator has looked at generation {rollout.generation} yet"
    place = [
        state(rollout),
        f"step {rollout.step}" if rollout.step and rollout.is_in_flight else "",
        f"{rollout.weight}% on version {rollout.target}" if rollout.is_in_flight and rollout.weight is not None else "",
        rollout.reason,
    ]
    return f"{', '.join(filter(None, place))}: {rollout.message}"
