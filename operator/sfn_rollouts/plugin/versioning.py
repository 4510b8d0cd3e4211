"""`set-version` and `undo`: another version asked for, where Git is not the one to ask."""

from collections.abc import Iterator

import click

from sfn_rollouts.plugin.connection import pass_cluster
from sfn_rollouts.plugin.kubectl import Cluster
from sfn_rollouts.plugin.ownership import owner_of
from sfn_rollouts.plugin.problems import PluginError
from sfn_rollouts.plugin.rollout import Rollout

_PROMOTED = ("Promoted", "FastPromoted", "FastRolledBack")
_force = click.option("--force", is_flag=True, help="Also where Argo CD or Flux will put the old one back.")


@click.command("set-version")
@click.argument("name")
@click.argument("version", type=click.IntRange(min=1))
@_force
@pass_cluster
def set_version(cluster: Cluster, name: str, version: int, force: bool) -> None:
    """Ask for VERSION on NAME, as an edit of spec.version does."""
    _ask_for(cluster, Rollout.from_resource(cluster.get(name)), version, force)


@click.command()
@click.argument("name")
@_force
@pass_cluster
def undo(cluster: Cluster, name: str, force: bool) -> None:
    """Ask on NAME for the version that was promoted before the one that is asked for now.

    It is a rollout like others; with spec.rollbackWindow it is a single write. To leave a rollout that is in flight,
    abort is faster.
    """
    rollout = Rollout.from_resource(cluster.get(name))
    before = next((each for each in _served(rollout) if each != rollout.version), None)
    if before is None:
        raise PluginError(
            f"{name} has no earlier version in its history",
            f"Name one: kubectl sfnrollout set-version {name} VERSION{cluster.place}",
        )
    _ask_for(cluster, rollout, before, force)


def _served(rollout: Rollout) -> Iterator[int]:
    """Versions that had all traffic and were kept, newest first."""
    if rollout.stable is not None:
        yield rollout.stable
    for past in rollout.history:
        if past.outcome in _PROMOTED:
            yield past.version
            if past.stable is not None:
                yield past.stable


def _ask_for(cluster: Cluster, rollout: Rollout, version: int, force: bool) -> None:
    if rollout.version == version:
        click.echo(f"{rollout.name}: version {version} is asked for already; nothing was changed")
        return
    if not force:
        _check_owner(rollout, version, cluster.place)
    changed = cluster.patch(rollout.name, {"spec": {"version": version}})
    click.echo(
        f"{rollout.name}: version {version} is asked for instead of {rollout.version} "
        f"(generation {changed['metadata']['generation']})\n"
        f"Wait for it: kubectl sfnrollout status {rollout.name}{cluster.place} --watch"
    )


def _check_owner(rollout: Rollout, version: int, place: str) -> None:
    """What Git says comes back, at the latest when somebody is about to sleep.

    Raises:
        PluginError: it has an owner.
    """
    owner = owner_of(rollout)
    if owner is None:
        return
    steps = [
        f"In Git, where it takes StepFunctionRollout {rollout.namespace}/{rollout.name} from, set",
        f"  spec.version: {version}",
        f"and commit; it comes sooner with: {owner.hasten}",
        f"To set it here all the same, until Git's word ({rollout.version}) comes back: --force",
    ]
    if rollout.is_in_flight:
        steps.append(f"To leave the rollout in flight now: kubectl sfnrollout abort {rollout.name}{place}")
    raise PluginError(f"{rollout.name} belongs to {owner.who}", "\n".join(steps))
