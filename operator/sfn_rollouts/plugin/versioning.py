"""`set-version` and `undo`: another version asked for, where Git is not the one to ask."""

from collections.abc import Iterator

import click

from sfn_rollouts.explain.ownership import owner_of
from sfn_rollouts.explain.rollout import Rollout
from sfn_rollouts.plugin.connection import pass_cluster
from sfn_rollouts.plugin.kubectl import Cluster
from sfn_rollouts.plugin.names import VERSION_NUMBER
from sfn_rollouts.plugin.problems import ConflictError, PluginError
from sfn_rollouts.printable import word

_force = click.option("--force", is_flag=True, help="Also where Argo CD or Flux will put the old one back.")


@click.command("set-version")
@click.argument("name")
@click.argument("version", type=VERSION_NUMBER)
@_force
@pass_cluster
def set_version(cluster: Cluster, name: str, version: int, force: bool) -> None:
    """Ask for VERSION on NAME, as an edit of spec.version does."""
    ask_for(cluster, Rollout.from_resource(cluster.get(name)), version, force)


@click.command()
@click.argument("name")
@click.option("--to", "wanted", type=VERSION_NUMBER, metavar="VERSION", help="To this version, whichever it is.")
@_force
@pass_cluster
def undo(cluster: Cluster, name: str, wanted: int | None, force: bool) -> None:
    """Ask on NAME for the version that was promoted before the one that is asked for now.

    What has been undone already, by you or somebody else, is not undone again: that would lead back to the version that
    was just left. It is a rollout like others; with spec.rollbackWindow it is a single write. To leave a rollout that
    is in flight, abort is faster.
    """
    rollout = Rollout.from_resource(cluster.get(name))
    ask_for(cluster, rollout, wanted or _version_before(rollout, cluster.place), force)


def _version_before(rollout: Rollout, place: str) -> int:
    """Return the version that was promoted before.

    Raises:
        PluginError: there is none, or the present one is what somebody went back to.
    """
    before = next((each for each in _served(rollout) if each != rollout.version), None)
    if before is None:
        raise PluginError(
            f"{rollout.name} has no earlier version in its history",
            f"Name one: kubectl sfnrollout set-version {word(rollout.name)} VERSION{place}",
        )
    left = _left(rollout, before)
    if left is not None:
        raise PluginError(
            f"{rollout.name} has gone back from version {left} to {rollout.version} already: nothing was changed",
            f"If version {before} is what you want: kubectl sfnrollout undo {word(rollout.name)} --to {before}{place}",
        )
    return before


def _left(rollout: Rollout, before: int) -> int | None:
    """Return the version that was left for the present one by going back; None where the present one came as new.

    A version that goes back is older than the one that it is gone back from: AWS counts upwards.
    """
    newest = rollout.history[0] if rollout.history else None
    version = rollout.version or 0
    if not rollout.is_observed and rollout.target is not None and rollout.target > version:
        return rollout.target  # asked for a moment ago: the status still speaks of the one that is left
    if newest is not None and not newest.is_success and newest.stable == version:
        return newest.version  # withdrawn in flight, or asked to leave after it had been rolled back or aborted
    return before if before > version else None


def _served(rollout: Rollout) -> Iterator[int]:
    """Versions that had all traffic and were kept, newest first."""
    if rollout.stable is not None:
        yield rollout.stable
    for past in rollout.history:
        if past.is_success:
            yield past.version
            if past.stable is not None:
                yield past.stable


def ask_for(cluster: Cluster, rollout: Rollout, version: int, force: bool) -> None:
    """Change spec.version from what was read, and from nothing else.

    Raises:
        PluginError: it has an owner, or somebody else has asked for another version meanwhile.
    """
    if rollout.version == version:
        click.echo(f"{rollout.name}: version {version} is asked for already; nothing was changed")
        return
    if not force:
        _check_owner(rollout, version, cluster.place)
    try:
        changed = cluster.patch(rollout.name, {"spec": {"version": version}}, rollout.resource_version)
    except ConflictError:
        _ask_again(cluster, rollout, version, force)
        return
    click.echo(
        f"{rollout.name}: version {version} is asked for instead of {rollout.version} "
        f"(generation {changed['metadata']['generation']})\n"
        f"Wait for it: kubectl sfnrollout status {word(rollout.name)}{cluster.place} --watch"
    )


def _ask_again(cluster: Cluster, before: Rollout, version: int, force: bool) -> None:
    """It was written meanwhile: mostly by the operator, whose status changes nothing of what was asked for."""
    now = Rollout.from_resource(cluster.get(before.name))
    if now.version not in (before.version, version):
        raise PluginError(
            f"somebody else asks for version {now.version} of {now.name} now, instead of {before.version}: "
            "nothing was changed",
            f"How it stands: kubectl sfnrollout get {word(now.name)}{cluster.place}",
        )
    ask_for(cluster, now, version, force)


def _check_owner(rollout: Rollout, version: int, place: str) -> None:
    """Refuse a change that Git would take back later, when nobody is watching.

    Raises:
        PluginError: it has an owner.
    """
    owner = owner_of(rollout)
    if owner is None:
        return
    steps = [
        f"In Git, where it takes StepFunctionRollout {rollout.namespace}/{rollout.name} from, set",
        f"  spec.version: {version}",
        f"and commit; it comes sooner with: {owner.sync_command}" if owner.sync_command else "and commit",
        f"To set it here all the same, until Git sets it back to {rollout.version}: --force",
    ]
    if rollout.is_in_flight:
        steps.append(f"To leave the rollout in flight now: kubectl sfnrollout abort {word(rollout.name)}{place}")
    raise PluginError(f"{rollout.name} belongs to {owner.who}", "\n".join(steps))
