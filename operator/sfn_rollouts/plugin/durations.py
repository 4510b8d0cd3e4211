"""Durations as people write them on a command line."""

import re

import click

_PARTS = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class Duration(click.ParamType[float]):
    """Like 90s, 30m or 1h30m; gives seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read it; a bare number is refused, as nobody knows what it counts."""
        if isinstance(value, float):
            return value
        text = str(value)
        if not re.fullmatch(f"({_PARTS.pattern})+", text):
            self.fail(f"{text!r} is no duration: write it like 90s, 30m or 1h30m", param, ctx)
        return sum(float(count) * _SECONDS[unit] for count, unit in _PARTS.findall(text))
