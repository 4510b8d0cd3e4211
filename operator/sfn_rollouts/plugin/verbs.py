"""The command line: every verb in one table, imported when it is asked for."""

import importlib
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import click

from sfn_rollouts.cli.program import Program
from sfn_rollouts.plugin.connection import connection_options, name_argument

PROGRAM = "kubectl sfnrollout"
ERROR, INTERRUPTED = 1, 130


class Verb(NamedTuple):
    """Where a verb's click command is, and what the overview says of it."""

    module: str
    command: str
    summary: str


_HERE = "sfn_rollouts.plugin"
SEEING: Mapping[str, Verb] = {
    "list": Verb(f"{_HERE}.listing", "list_", "All rollouts, those that need somebody first."),
    "get": Verb(f"{_HERE}.show", "get", "One rollout as a tree, with what comes next and when."),
    "status": Verb(f"{_HERE}.status", "status", "Where it stands, and as exit code, for pipelines."),
    "access": Verb(f"{_HERE}.access", "access", "Which AWSAccess lets it move its alias, or why none does."),
    "history": Verb(f"{_HERE}.history", "history", "How the last ten rollouts ended."),
    "diff": Verb(f"{_HERE}.diff", "diff", "The definitions of two versions, state by state."),
}
COMMANDING: Mapping[str, Verb] = {
    "promote": Verb(f"{_HERE}.commands", "promote", "End the current wait or the bake; --full: 100 % at once."),
    "pause": Verb(f"{_HERE}.commands", "pause", "Hold the next step; alarms stay watched."),
    "resume": Verb(f"{_HERE}.commands", "resume", "Undo a pause."),
    "abort": Verb(f"{_HERE}.commands", "abort", "Go back to the stable version now."),
    "retry": Verb(f"{_HERE}.commands", "retry", "Try a version again that went back."),
    "set-version": Verb(f"{_HERE}.versioning", "set_version", "Ask for another version."),
    "undo": Verb(f"{_HERE}.versioning", "undo", "Ask for the version that was promoted before."),
}
CHECKING: Mapping[str, Verb] = {
    "lint": Verb("sfn_rollouts.cli", "lint_command", "Find what is wrong with manifests, without a cluster."),
    "simulate": Verb("sfn_rollouts.cli", "simulate_command", "Play what a rollout would do, without a cluster."),
    "preflight": Verb(f"{_HERE}.preflight", "preflight", "What is wrong with a version, before it gets traffic."),
    "judge": Verb(f"{_HERE}.judge", "judge", "What its executions say of a rollout, judged again."),
    "version": Verb(f"{_HERE}.versions", "version", "Versions of this client, the operator and the CRD."),
}
SECTIONS = {"See": SEEING, "Act": COMMANDING, "Check": CHECKING}
VERBS: Mapping[str, Verb] = {name: verb for verbs in SECTIONS.values() for name, verb in verbs.items()}


class Verbs(Program):
    """A group that imports a verb when it is called, not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order of the overview."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import a verb, and let it take kubectl's flags if it goes to the cluster."""
        if cmd_name not in VERBS:
            return None
        verb = VERBS[cmd_name]
        command: click.Command = getattr(importlib.import_module(verb.module), verb.command)
        command.short_help = verb.summary
        if verb.module.startswith(_HERE) and not any("--context" in each.opts for each in command.params):
            command.params = [
                name_argument(is_required=each.required) if each.name == "name" else each for each in command.params
            ]
            command.params.extend(connection_options())
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest verb where there is none of that name."""
        if args and args[0] not in VERBS:
            import difflib  # noqa: PLC0415 - only for who mistyped

            near = difflib.get_close_matches(args[0], VERBS, n=1)
            ctx.fail(f"there is no verb {args[0]!r}" + (f"; did you mean {near[0]}?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - likewise
        """Write the overview from the table alone."""
        for title, verbs in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, verb.summary) for name, verb in verbs.items()])


@click.group(
    cls=Verbs,
    params=connection_options(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="kubectl's other flags for the connection are taken too: kubectl options. Colours: only on a terminal, and "
    "not with NO_COLOR set.",
)
def group() -> None:
    """Progressive delivery of AWS Step Functions: rollouts seen and steered."""


def run(arguments: list[str] | None = None) -> int:
    """Run one command line; return the exit code.

    1 is any error, wrong flags among them, as with kubectl: 2 is for `status`, which promises it to pipelines.
    """
    context: dict[str, Any] = {"color": False} if os.environ.get("NO_COLOR") else {}
    try:
        result = group.main(arguments, prog_name=PROGRAM, standalone_mode=False, **context)
    except (click.exceptions.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except click.ClickException as error:
        _print(error)
        return ERROR
    return result if isinstance(result, int) else 0


def _print(error: click.ClickException) -> None:
    """Write to standard error as kubectl does; where the help is, only to who used it wrongly."""
    click.echo(f"error: {error.format_message()}", err=True)
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        click.echo(f"See {context.command_path} --help", err=True)
