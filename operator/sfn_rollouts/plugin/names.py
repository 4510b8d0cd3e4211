"""Names on the command line: looked at before they reach kubectl, which has a grammar of its own for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from sfn_rollouts.api import GROUP, KIND, LARGEST_VERSION, PLURAL, SHORT_NAMES, VERSION
from sfn_rollouts.api.dns_names import LONGEST_LABEL, LONGEST_SUBDOMAIN, is_label, is_subdomain
from sfn_rollouts.printable import one_line

if TYPE_CHECKING:
    from typing import Any

VERSION_NUMBER = click.IntRange(1, LARGEST_VERSION)
"""A larger one is refused by the API server in its own words, and never comes where it is waited for."""

_LONGEST_QUOTE = 80
_TYPE_AND_NAME = re.compile(r"([A-Za-z][A-Za-z0-9.-]*)/([^/]*)", re.DOTALL)
_GROUPS = ("", GROUP, f"{VERSION}.{GROUP}")


class RolloutName(click.ParamType[str]):
    """NAME, or TYPE/NAME where TYPE is one that kubectl knows a rollout by; anything else is refused, not tried."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name alone.

        Raises:
            click.BadParameter: it is none, or one of another type.
        """
        found = _TYPE_AND_NAME.fullmatch(value)
        kind, name = found.groups() if found else (None, value)
        if kind is not None and not _is_our_type(kind):
            self.fail(f"{_quoted(kind)} is not a type of rollouts: write NAME or {PLURAL}/NAME", param, ctx)
        if not is_subdomain(name):
            form = f"at most {LONGEST_SUBDOMAIN} lower-case letters, digits, '-' and '.'"
            said = f"is not a name of a rollout: one has {form}, a letter or digit first and last"
            self.fail(f"{_quoted(name)} {said}", param, ctx)
        return str(name)


class NamespaceName(click.ParamType["str | None"]):
    """A namespace; an empty one is none, as for kubectl."""

    name = "namespace"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str | None:
        """Return the name; None for an empty one.

        Raises:
            click.BadParameter: no namespace can be called so.
        """
        if value and not is_label(value):
            form = f"at most {LONGEST_LABEL} lower-case letters, digits and '-', a letter or digit first and last"
            self.fail(f"{_quoted(value)} is not a name of a namespace: one has {form}", param, ctx)
        return value or None


def _is_our_type(kind: str) -> bool:
    """As kubectl: the kind and its plural in any case, short names in lower case, with and without the group."""
    name, _, group = kind.partition(".")
    return group in _GROUPS and (name in SHORT_NAMES or name.lower() in (PLURAL, KIND.lower()))


def _quoted(text: str) -> str:
    return f'"{one_line(text, longest=_LONGEST_QUOTE)}"'
