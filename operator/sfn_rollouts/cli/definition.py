"""The option --definition, in which several commands take what a target does."""

from collections.abc import Callable, Sequence
from typing import Any

import click


def definition_option(owner: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option; `owner` says for people whose target it is, like "rollout"."""
    return click.option(
        "--definition",
        metavar="ASL.json",
        type=click.Path(exists=True, dir_okay=False, allow_dash=True),
        help=f"What the target of the {owner} does, in Amazon States Language.",
    )


def insist_on_one_reader(files: Sequence[str], definition: str | None) -> None:
    """Refuse standard input for two things.

    Raises:
        click.UsageError: exit code 2.
    """
    if definition == "-" and "-" in files:
        raise click.UsageError("standard input can be read once: give '-' for a FILE or for --definition, not for both")
