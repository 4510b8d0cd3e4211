"""From flags to settings, with complaints that name the flag and the variable."""

from collections.abc import Iterator, Mapping
from typing import Any

import click
from pydantic import ValidationError

from sfn_rollouts.config import Settings


def settings_from(flags: Mapping[str, Any]) -> Settings:
    """Return the settings; a flag that was not given (None or empty) leaves its setting to the environment.

    Raises:
        click.UsageError: exit code 2, with each value that is wrong.
    """
    try:
        return Settings(**{name: value for name, value in flags.items() if value not in (None, ())})
    except ValidationError as error:
        raise click.UsageError("; ".join(_complaints(error))) from None


def _complaints(error: ValidationError) -> Iterator[str]:
    for found in error.errors(include_url=False):
        name = str(found["loc"][0])
        flag = "--" + name.replace("_", "-").removesuffix("s" if name == "namespaces" else "")
        message = found["msg"].removeprefix("Value error, ")
        yield f"{flag} or SFN_ROLLOUTS_{name.upper()}: {found['input']!r}: {message}"
