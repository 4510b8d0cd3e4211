"""`status`: where a rollout stands, a line a transition, and an exit code that a pipeline can act on."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import click

from sfn_rollouts.durations import age
from sfn_rollouts.explain.rollout import Rollout
from sfn_rollouts.plugin.awaited import Awaited, Verdict
from sfn_rollouts.plugin.connection import pass_cluster
from sfn_rollouts.plugin.durations import Duration
from sfn_rollouts.plugin.kubectl import ABSENT, Absence, Cluster, Resource
from sfn_rollouts.plugin.listing import state
from sfn_rollouts.plugin.names import VERSION_NUMBER
from sfn_rollouts.plugin.problems import NotFoundError, PluginError

_TICK_S = 1.0


@click.command()
@click.argument("name")
@click.option("-w", "--watch", is_flag=True, help="Wait until it has ended, with a line for each transition.")
@click.option("--version", type=VERSION_NUMBER, metavar="N", help="About this version only, and wait for it too.")
@click.option(
    "--timeout", "timeout_s", type=Duration(), metavar="DURATION", help="Of --watch, like 30m.  [default: none]"
)
@pass_cluster
def status(cluster: Cluster, name: str, watch: bool, version: int | None, timeout_s: float | None) -> int:
    """Show where NAME stands, for pipelines.

    The exit code is 0 when its version is promoted, 1 when it was rolled back, has failed or is stalled (and for any
    error), 2 when that is not decided yet: with --watch, when the timeout is over.

    With --version it speaks of that version only. A rollout that is not there, or that asks for another version, is
    not decided yet: Argo CD or Flux may be about to apply what you have pushed.
    """
    if timeout_s is not None and not watch:
        raise click.UsageError("--timeout is for --watch")
    awaited = Awaited(name, version)
    if watch:
        return int(_watched(cluster, awaited, timeout_s))
    found = _once(cluster, awaited)
    decided = awaited.judge(found)
    click.echo(_line(awaited, found))
    return int(decided)


def _once(cluster: Cluster, awaited: Awaited) -> Rollout | None:
    try:
        return Rollout.from_resource(cluster.get(awaited.name))
    except NotFoundError:
        if awaited.version is None:
            raise
        return None


def _watched(cluster: Cluster, awaited: Awaited, timeout_s: float | None) -> Verdict:
    """Follow it until it is decided or time is over."""
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    printed: object = None
    last: Rollout | None = None
    for seen in _sights(cluster, awaited):
        if seen is not None:
            last = None if seen is ABSENT else Rollout.from_resource(seen)
            decided = awaited.judge(last)
            if printed != (printed := _position(awaited, last)):
                click.echo(_line(awaited, last))
            if decided is not Verdict.UNDECIDED:
                return decided
        if deadline is not None and time.monotonic() >= deadline:
            break
    _print_timeout(cluster, awaited, last, timeout_s or 0)
    return Verdict.UNDECIDED


def _sights(cluster: Cluster, awaited: Awaited) -> Iterator[Resource | Absence | None]:
    """A version that is named may be on its way to the cluster, together with the whole resource."""
    if awaited.version is None:
        return cluster.watch(awaited.name, tick_s=_TICK_S)
    return cluster.watch_for(awaited.name, tick_s=_TICK_S)


def _print_timeout(cluster: Cluster, awaited: Awaited, last: Rollout | None, timeout_s: float) -> None:
    name, version, hint = awaited.name, awaited.version, ""
    if last is None:
        outcome = f"there is no rollout {name}"
        hint = _nearest(cluster, name)
    elif last.version != version:
        outcome = f"{name} asks for version {last.version}, not for {version}"
    else:
        outcome = f"{name} is neither promoted nor rolled back"
    click.echo(f"error: timed out after {age(timeout_s)}: {outcome}{hint}", err=True)


def _nearest(cluster: Cluster, name: str) -> str:
    """A name that is mistyped is never there: name what the user may have meant."""
    try:
        cluster.get(name)
    except NotFoundError as error:
        return f"\n{error.remedy}" if error.remedy else ""
    except PluginError:
        pass
    return ""


def _position(awaited: Awaited, seen: Rollout | None) -> tuple[object, ...]:
    """What makes a new line when it changes; a message alone does not."""
    if seen is None or seen.version != awaited.version:
        return () if seen is None else (seen.version,)
    return seen.generation, state(seen), seen.step, seen.weight, seen.reason


def _line(awaited: Awaited, seen: Rollout | None) -> str:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{now} {awaited.name}: {_words(awaited, seen)}"


def _words(awaited: Awaited, seen: Rollout | None) -> str:
    if seen is None:
        return "it is not there yet"
    if seen.version != awaited.version:
        return f"it asks for version {seen.version}, not for {awaited.version} yet"
    return _progress(seen)


def _progress(rollout: Rollout) -> str:
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
