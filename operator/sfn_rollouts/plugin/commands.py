"""`promote`, `pause`, `resume`, `abort`, `retry`: what a person tells the operator, and what it answers."""

from collections.abc import Callable
from typing import Any

import click

from sfn_rollouts.plugin.connection import pass_cluster
from sfn_rollouts.plugin.durations import Duration
from sfn_rollouts.plugin.kubectl import Cluster
from sfn_rollouts.plugin.operator_signs import operator_namespace_option
from sfn_rollouts.plugin.output import output_option, serialized
from sfn_rollouts.plugin.problems import PluginError

_timeout = click.option(
    *("--timeout", "wait_s"),
    type=Duration(),
    metavar="DURATION",
    default="30s",
    show_default=True,
    help="How long to wait for the answer.",
)


def commanding(function: Callable[..., None]) -> Callable[..., None]:
    """Give a verb that sends a command what all of them take."""
    function = pass_cluster(function)
    function = output_option()(function)
    function = operator_namespace_option(function)
    function = _timeout(function)
    return click.argument("name")(function)


@click.command()
@click.option("--full", is_flag=True, help="Skip the steps that are left: 100 % at once, then the bake.")
@commanding
def promote(cluster: Cluster, name: str, full: bool, **terms: Any) -> None:
    """End the wait that NAME is in, timed or for approval, or its bake."""
    _tell(cluster, name, "promote-full" if full else "promote", **terms)


@click.command()
@commanding
def pause(cluster: Cluster, name: str, **terms: Any) -> None:
    """Hold the next step of NAME. Alarms stay watched, and one that fires still takes it back."""
    _tell(cluster, name, "pause", **terms)


@click.command()
@commanding
def resume(cluster: Cluster, name: str, **terms: Any) -> None:
    """Undo a pause of NAME. `spec.paused: true` is lifted in the manifest only."""
    _tell(cluster, name, "resume", **terms)


@click.command()
@commanding
def abort(cluster: Cluster, name: str, **terms: Any) -> None:
    """Take NAME back to its stable version now, in one write."""
    _tell(cluster, name, "abort", **terms)


@click.command()
@commanding
def retry(cluster: Cluster, name: str, **terms: Any) -> None:
    """Begin again with the version of NAME that went back."""
    _tell(cluster, name, "retry", **terms)


def _tell(cluster: Cluster, name: str, action: str, output: str | None, wait_s: float, operator_namespace: str) -> None:
    """Send it, and say what happened.

    Raises:
        PluginError: the operator did not do it, with its reason.
    """
    from sfn_rollouts.plugin.send import send  # noqa: PLC0415 - help is shown without it

    answer = send(cluster, name, action, wait_s, operator_namespace)
    if output is not None:
        click.echo(serialized(dict(answer.raw), output))
    elif answer.is_done:
        click.echo(f"{name}: {answer.message}")
    if not answer.is_done:
        how = "came too late" if answer.result == "Stale" else "was refused"
        raise PluginError(
            f"{name}: {action} {how}: {answer.message}", f"How it stands: kubectl sfnrollout get {name}{cluster.place}"
        )
