"""The command `sfn-rollouts`: what a person can ask for, and how answers are shown.

Each command imports what it needs when it is called: `lint` in a pre-commit hook must not wait for kopf and boto3.
Does not belong here: what the commands do (`app`, `api`). No command's function is named like a module of this package:
importing the module would put it in the function's place.
"""

import sys
from typing import Any

import click

from sfn_rollouts import __version__
from sfn_rollouts.api import LARGEST_VERSION
from sfn_rollouts.cli.definition import definition_option, insist_on_one_reader
from sfn_rollouts.cli.program import Program
from sfn_rollouts.cli.traffic import starts_option


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Progressive delivery of AWS Step Functions on Kubernetes."""


@main.command()
def version() -> None:
    """Print the version."""
    click.echo(f"sfn-rollouts {__version__}")


@main.command("lint")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@definition_option("first rollout of the first file")
@starts_option("Executions that each alias starts: warn where an analysis would notice little.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def lint_command(files: tuple[str, ...], definition: str | None, starts_per_hour: float | None, output: str) -> None:
    """Find what the API server or the operator would refuse in manifests; `-` reads standard input.

    Also what preflight would find, as far as files tell: an error where it would block; and where a plan leaves an
    analysis nothing to compare. Documents of other kinds are skipped. The exit code is 1 when there are errors, 0 with
    warnings only.
    """
    insist_on_one_reader(files, definition)
    from sfn_rollouts.cli.lint import lint_files, shown_as_json, shown_as_text  # noqa: PLC0415 - see the package's docstring

    result = lint_files(files, definition, starts_per_hour)
    click.echo(shown_as_json(result) if output == "json" else shown_as_text(result))
    sys.exit(1 if result.errors else 0)


@main.command("preflight")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@definition_option("first rollout of the first file")
@click.option("--online", is_flag=True, help="Ask all checks; AWS is read with your own credentials.")
@click.option("--strict", is_flag=True, help="Fail on warnings too, and on what cannot be decided.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def preflight_command(
    files: tuple[str, ...], definition: str | None, *, online: bool, strict: bool, output: str
) -> None:
    """Look at rollouts before their first shift, as far as files tell; `-` reads standard input.

    Without AWS: whether what the target calls is pinned to a version (pins), and whether another rollout of these files
    shifts what it calls (entryPoint). The exit code is 1 where a rollout would not begin. No command runs the smoke.
    """
    insist_on_one_reader(files, definition)
    from sfn_rollouts.cli.preflight import exit_code, notes, preflight_files, shown_as_json, shown_as_text  # noqa: PLC0415 - see the package's docstring

    examined = preflight_files(files, definition, online=online)
    for note in notes(examined):
        click.echo(note, err=True)
    click.echo(shown_as_json(examined) if output == "json" else shown_as_text(examined))
    sys.exit(exit_code(examined, strict=strict))


@main.command("simulate")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--alarm", "alarms", multiple=True, metavar="NAME=STATE@FROM..TO", help="OK outside of its windows.")
@click.option("--user", "users", multiple=True, metavar="ACTION@TIME", help="pause@3m, promote@5m, version=43@1h, ...")
@click.option("--fault", "faults", multiple=True, metavar="SERVICE.OPERATION=KIND@FROM..TO", help="A call that fails.")
@click.option("--kill-operator", "kills", multiple=True, metavar="FROM..TO", help="No operator runs meanwhile.")
@click.option("--seed", type=int, default=0, help="Of the jitter of retries.")
@click.option(
    "--from", "from_version", type=click.IntRange(1, LARGEST_VERSION), help="Version that is live. [default: one less]"
)
@click.option("--name", help="Which rollout, where the file has several.")
@definition_option("rollout")
@starts_option("Executions that the alias starts: say what the analysis would notice.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def simulate_command(file: str, output: str, **options: Any) -> None:
    """Play what a rollout would do, minute by minute, without a cluster and without AWS; `-` reads standard input.

    Times are counted from the start, like 90s, 12m or 1h30m; a window without an end lasts for ever.
    """
    insist_on_one_reader([file], options["definition"])
    from sfn_rollouts.cli.simulate import SimulateOptions, simulate_file  # noqa: PLC0415 - see the package's docstring

    click.echo(simulate_file(file, SimulateOptions(**options), output))


@main.command("judge")
@click.argument("outcomes", type=click.Path(exists=True, dir_okay=False, allow_dash=True), metavar="OUTCOMES.jsonl")
@click.option(
    "--manifest",
    required=True,
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="The rollout whose steps and analysis are judged by.",
)
@click.option("--name", help="Which rollout, where the manifest has several.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def judge_command(outcomes: str, manifest: str, name: str | None, output: str) -> None:
    """Judge executions from a file as the operator would have, and print each change of verdict with its time.

    One execution a line: {"startedAt": 12.5, "version": "target", "weight": 10, "endedAt": 14.0, "status": "FAILED"},
    in seconds since the rollout began, with the percent on the target at that time; endedAt is null while it runs.
    Executions of "stable" from before 0 are its past. `-` reads standard input.
    """
    if outcomes == manifest == "-":
        raise click.UsageError("standard input can be read once: give '-' for OUTCOMES or for --manifest, not for both")
    from sfn_rollouts.cli.judge import judge_file  # noqa: PLC0415 - see the package's docstring

    for line in judge_file(manifest, outcomes, name, output):
        click.echo(line)


@main.command("forecast")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@starts_option("Executions that are started through the alias, of both versions.", required=True)
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def forecast_command(file: str, starts_per_hour: float, output: str) -> None:
    """Show in how many of 100 rollouts a plan would notice a version that fails more often; `-` reads standard input.

    Noticed means that the analysis finds it Worse while the rollout lasts; stable fails one time in a hundred.
    """
    from sfn_rollouts.cli.forecast import forecast_file, shown_as_json, shown_as_text  # noqa: PLC0415 - see the package's docstring

    forecasted = forecast_file(file, starts_per_hour)
    click.echo(shown_as_json(forecasted) if output == "json" else shown_as_text(forecasted))


@main.command()
@click.option(
    "--namespace",
    "-n",
    "namespaces",
    multiple=True,
    metavar="NS",
    help="Serve this namespace only; repeat it for more. [default: all]",
)
@click.option("--kubeconfig", metavar="FILE", help="[default: the pod's service account, $KUBECONFIG, ~/.kube/config]")
@click.option("--context", metavar="NAME", help="Context of the kubeconfig. [default: its current one]")
@click.option("--health-port", metavar="PORT", help="Port of /livez, /readyz, /metrics; 0: any. [default: 8080]")
@click.option("--log-format", metavar="json|text", help="[default: json]")
@click.option("--log-level", metavar="debug|info|warning|error", help="[default: info]")
@click.option("--min-poll-interval", metavar="DURATION", help="Raises every smaller pollInterval. [default: 5s]")
@click.option(
    "--require-access/--no-require-access",
    default=None,
    help="Move no alias that no AWSAccess grants, also while the cluster has none. [default: no]",
)
@click.option(
    "--leader-elect/--no-leader-elect",
    default=None,
    help="Stand by while another operator holds the lease. [default: no]",
)
@click.option(
    "--leader-elect-namespace", metavar="NS", help="Where the lease is. [default: POD_NAMESPACE, then the kubeconfig's]"
)
@click.option("--start-timeout", metavar="DURATION", help="How long to look for the cluster. [default: 30s]")
def run(**flags: Any) -> None:
    """Run the operator until SIGTERM.

    Each option can also be set in the environment, like SFN_ROLLOUTS_LOG_LEVEL; SFN_ROLLOUTS_NAMESPACES takes a list
    separated by commas. An option overrides the environment.
    """
    from sfn_rollouts.cli.flags import settings_from  # noqa: PLC0415 - see the package's docstring

    settings = settings_from(flags)
    from sfn_rollouts.app import run as run_operator  # noqa: PLC0415 - the error about a wrong flag must not wait for boto3

    sys.exit(run_operator(settings))
