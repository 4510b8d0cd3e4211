"""A command whose complaints can be printed, whatever stands in the arguments that they quote."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from sfn_rollouts.printable import one_line


class Program(click.Group):
    """A group that reports each wrong argument on one printable line; click quotes some of them as they were given."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the group's own arguments."""
        with _on_one_line():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Read the arguments of the command that was chosen, and run it."""
        with _on_one_line():
            return super().invoke(ctx)


@contextmanager
def _on_one_line() -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        raise click.UsageError(one_line(error.format_message()), error.ctx) from None
