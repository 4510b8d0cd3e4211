"""`python -m sfn_rollouts.sim`: the search from the command line; `make sim` calls it."""

import json
import sys
import time
from pathlib import Path

import click

from sfn_rollouts.sim.search.runs import Failure, Tally, corpus, everywhere, play, rate
from sfn_rollouts.sim.search.shrink import breaks, shrunk
from sfn_rollouts.sim.transcript import digest

_SHOWN_LINES = 60


@click.command()
@click.option("--seeds", type=int, default=5000, show_default=True, help="How many scenarios by chance.")
@click.option("--first", type=int, default=0, show_default=True, help="The first seed.")
@click.option("--processes", type=int, help="[default: one a core]")
@click.option("--corpus", "folder", type=click.Path(file_okay=False, path_type=Path), help="Former failures, first.")
def main(seeds: int, first: int, processes: int | None, folder: Path | None) -> None:
    """Play former failures, all small cases and SEEDS scenarios by chance; exit code 1 if an invariant breaks.

    So it is if more versions that are no worse were called Worse or Slower than chance explains.
    """
    since = time.monotonic()
    tally = corpus(folder) if folder is not None else Tally()
    tally.add(everywhere(range(first, first + seeds), processes, _show_progress))
    if sys.stderr.isatty():
        click.echo("", err=True)
    click.echo(f"seeds                {seeds} ({first}..{first + seeds - 1})")
    click.echo("\n".join(tally.lines()))
    click.echo(rate(tally, since))
    for failure in tally.failures[:5]:
        _show(failure)
    click.echo(f"{len(tally.failures)} failures")
    sys.exit(0 if tally.is_clean else 1)


def _show_progress(tally: Tally) -> None:
    """For people who wait; a log of CI would keep every line."""
    if sys.stderr.isatty():
        click.echo(f"\r{tally.runs} runs, {len(tally.failures)} failures", err=True, nl=False)


def _show(failure: Failure) -> None:
    """Show the seed, the scenario cut down, and the end of its transcript."""
    fails = breaks(failure.broken)
    smallest = shrunk(failure.scenario, fails) if fails(failure.scenario) else failure.scenario
    run, _ = play(smallest)
    lines = digest(run.history.all).splitlines()
    click.echo(f"\nFAILED {failure.scenario.name} (seed {failure.scenario.seed}): {failure.broken}")
    click.echo(json.dumps(smallest.to_json()))
    click.echo("\n".join(lines[-_SHOWN_LINES:]))


if __name__ == "__main__":
    main()
