"""Durations on a command line."""

import click

from sfn_rollouts.durations import seconds_of


class Duration(click.ParamType[float]):
    """Like 90s, 30m or 1h30m, as in a manifest; parsed to seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the length in seconds."""
        if isinstance(value, float):
            return value
        try:
            return seconds_of(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
