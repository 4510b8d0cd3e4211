"""`promote`, `pause`, `resume`, `abort`, `retry`: what a user asks of the operator, and what it answers."""

from collections.abc import Callable
from typing import Any

import click

from sfn_rollouts.explain.rollout import Rollout
from sfn_rollouts.plugin.connection import pass_cluster
from sfn_rollouts.plugin.durations import Duration
from sfn_rollouts.plugin.kubectl import Cluster, Resource
from sfn_rollouts.plugin.operator_signs import operator_namespace_option
from sfn_rollouts.plugin.output import output_option, serialized
from sfn_rollouts.plugin.problems import PluginError
from sfn_rollouts.printable import word

_timeout = click.option(
    *("--timeout", "wait_s"),
    type=Duration(),
    metavar="DURATION",
    default="30s",
    show_default=True,
    help="How long to wait for the answer.",
)


def commanding(function: Callable[..., None]) -> Callable[..., None]:
    """Add what every verb that sends a command accepts."""
    function = pass_cluster(function)
    function = output_option()(function)
    function = operator_namespace_option(function)
    function = _timeout(function)
    return click.argument("name")(function)


@click.command()
@click.option("--full", is_flag=True, help="Skip the steps that are left: 100 % at once, then the bake.")
@click.option("--step", metavar="N/M", help="Only at the step that you saw, as get and list show it; or: bake.")
@commanding
def promote(cluster: Cluster, name: str, full: bool, step: str | None, **terms: Any) -> None:
    """End the wait that NAME is in, timed or for approval, or its bake.

    At another step than that of --step nothing is done. Without it, who has a terminal is asked first while the step is
    a few seconds old: somebody else may have promoted just now.
    """
    if full and step is not None:
        raise click.UsageError("--step is for one step, --full for all that are left")
    if full:
        _send(cluster, name, "promote-full", **terms)
        return
    from sfn_rollouts.plugin.step_seen import check_step, confirm_if_young  # noqa: PLC0415 - help is shown without it

    found = cluster.get(name)
    if step is not None:
        check_step(Rollout.from_resource(found), step, cluster.place)
    else:
        confirm_if_young(Rollout.from_resource(found))
    _send(cluster, name, "promote", found=found, **terms)


@click.command()
@commanding
def pause(cluster: Cluster, name: str, **terms: Any) -> None:
    """Hold the next step of NAME. Alarms stay watched, and one that fires still takes it back."""
    _send(cluster, name, "pause", **terms)


@click.command()
@commanding
def resume(cluster: Cluster, name: str, **terms: Any) -> None:
    """Undo a pause of NAME. `spec.paused: true` is lifted in the manifest only."""
    _send(cluster, name, "resume", **terms)


@click.command()
@commanding
def abort(cluster: Cluster, name: str, **terms: Any) -> None:
    """Roll NAME back to its stable version now, in one write."""
    _send(cluster, name, "abort", **terms)


@click.command()
@commanding
def retry(cluster: Cluster, name: str, **terms: Any) -> None:
    """Begin again with the version of NAME that went back."""
    _send(cluster, name, "retry", **terms)


def _send(
    cluster: Cluster,
    name: str,
    action: str,
    output: str | None,
    wait_s: float,
    operator_namespace: str,
    found: Resource | None = None,
) -> None:
    """Send it, bound to the rollout as found (None: as it is now), and say what happened.

    Raises:
        PluginError: the operator did not do it, with its reason.
    """
    from sfn_rollouts.plugin.send import send  # noqa: PLC0415 - help is shown without it

    answer = send(cluster, found or cluster.get(name), action, wait_s, operator_namespace)
    if output is not None:
        click.echo(serialized(dict(answer.raw), output))
    elif answer.is_done:
        click.echo(f"{name}: {answer.message}")
    if not answer.is_done:
        how = "came too late" if answer.result == "Stale" else "was refused"
        raise PluginError(
            f"{name}: {action} {how}: {answer.message}",
            f"How it stands: kubectl sfnrollout get {word(name)}{cluster.place}",
        )
