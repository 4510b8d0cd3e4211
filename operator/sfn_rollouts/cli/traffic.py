"""The option --starts-per-hour, in which several commands take how busy an alias is."""

import math
from collections.abc import Callable
from typing import Any

import click

MOST = 1_000_000_000


class _Starts(click.FloatRange):
    """Not a number is in no range, and FloatRange lets it pass."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail("nan is no number of starts: give one like 40", param, ctx)
        return number


def starts_option(words: str, *, required: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option; `words` say what it is for."""
    return click.option("--starts-per-hour", required=required, metavar="NUMBER", type=_Starts(0, MOST), help=words)
