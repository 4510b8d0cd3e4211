"""kubectl's flags for the connection: taken by every verb, handed on to kubectl as they are."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

from sfn_rollouts.api import GROUP, PLURAL
from sfn_rollouts.plugin.names import NamespaceName, RolloutName

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfn_rollouts.plugin.kubectl import Cluster

P = ParamSpec("P")
R = TypeVar("R")

_SHOWN = {
    "--kubeconfig": "FILE",
    "--context": "NAME",
}
_COMPLETED_BY = {
    "--namespace": ("get", "namespaces", "--output", "jsonpath={.items[*].metadata.name}"),
    "--context": ("config", "get-contexts", "--output", "name"),
    "--cluster": ("config", "get-clusters"),
    "--user": ("config", "get-users"),
    "name": ("get", f"{PLURAL}.{GROUP}", "--output", "jsonpath={.items[*].metadata.name}"),
}
_TAKEN = {
    "--cluster": "NAME",
    "--user": "NAME",
    "--server": "URL",
    "--token": "TOKEN",
    "--as": "USER",
    "--as-group": "GROUP",
    "--as-uid": "UID",
    "--request-timeout": "DURATION",
    "--cache-dir": "DIR",
    "--certificate-authority": "FILE",
    "--client-certificate": "FILE",
    "--client-key": "FILE",
    "--tls-server-name": "NAME",
}

_META = "sfn_rollouts.plugin.connection"


def connection_options() -> list[click.Parameter]:
    """Return the options for one verb, or for the group of them. Their values are kept beside, not as arguments."""
    shown = [_option(flag, metavar, hidden=False) for flag, metavar in _SHOWN.items()]
    taken = [_option(flag, metavar, hidden=True) for flag, metavar in _TAKEN.items()]
    return [
        click.Option(
            ["-n", "--namespace"],
            metavar="NS",
            type=NamespaceName(),
            expose_value=False,
            callback=_note,
            shell_complete=_live,
            help="[default: the context's]",
        ),
        *shown,
        *taken,
        click.Option(["--insecure-skip-tls-verify"], is_flag=True, hidden=True, expose_value=False, callback=_note),
    ]


def name_argument(*, is_required: bool) -> click.Argument:
    """Return the argument NAME of a rollout, which Tab completes with those that are there."""
    return click.Argument(["name"], type=RolloutName(), required=is_required, shell_complete=_live)


def cluster_of(context: click.Context) -> Cluster:
    """Return the cluster that this command line means."""
    from sfn_rollouts.plugin.kubectl import Cluster  # noqa: PLC0415 - help is shown without it

    values: dict[str, Any] = context.meta.get(_META, {})
    flags = [part for flag, value in values.items() if flag != "--namespace" for part in _parts(flag, value)]
    return Cluster(flags, values.get("--namespace"))


def pass_cluster(function: Callable[Concatenate[Cluster, P], R]) -> Callable[P, R]:
    """Call a verb with its cluster as first argument."""

    @wraps(function)
    def with_cluster(*arguments: P.args, **options: P.kwargs) -> R:
        return function(cluster_of(click.get_current_context()), *arguments, **options)

    return with_cluster


def _option(flag: str, metavar: str, hidden: bool) -> click.Option:
    names = ["-s", flag] if flag == "--server" else [flag]
    return click.Option(
        [*names, flag.lstrip("-").replace("-", "_") + "_"],
        metavar=metavar,
        multiple=flag == "--as-group",
        hidden=hidden,
        expose_value=False,
        callback=_note,
        shell_complete=_live if flag in _COMPLETED_BY else None,
        help="As kubectl takes it.",
    )


def _live(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Ask kubectl for what there is, after TYPE/ as well. Who presses Tab wants candidates or nothing."""
    from sfn_rollouts.plugin.problems import PluginError  # noqa: PLC0415 - with kubectl

    try:
        found = cluster_of(context).words(*_COMPLETED_BY[parameter.opts[-1]])
    except PluginError:
        return []
    kind, slash, begun = incomplete.rpartition("/") if parameter.name == "name" else ("", "", incomplete)
    return [f"{kind}{slash}{word}" for word in found if word.startswith(begun)]


def _note(context: click.Context, option: click.Parameter, value: Any) -> None:
    """Keep it where both the group's and the verb's flags are found; the verb's are read last and win."""
    if value not in (None, (), False):
        context.meta.setdefault(_META, {})[option.opts[-1]] = value


def _parts(flag: str, value: Any) -> list[str]:
    if value is True:
        return [flag]
    values = value if isinstance(value, tuple) else (value,)
    return [f"{flag}={each}" for each in values]  # as one word: what begins with a '-' is a value all the same
