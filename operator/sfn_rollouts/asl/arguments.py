"""What a task hands to the service that it calls: text that stands in the definition, or what is known when it runs.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html (JSONata), and
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-inputpath-params.html (JSONPath)
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_EXPRESSION = re.compile(r"\{%(?P<code>.*)%\}", re.DOTALL)
_LITERAL = re.compile(r"""(?P<quote>["'])(?P<text>(?:\\.|(?!(?P=quote))[^\\])*)(?P=quote)""", re.DOTALL)
_ESCAPE_OR_QUOTE = re.compile(r'\\.|"', re.DOTALL)
_JSONATA_SPACE = " \t\n\r\v"
_PATH = re.compile(r"\$[.$\[]")


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument; `text` is None where it is not known before the state runs."""

    text: str | None


_WORKED_OUT = Argument(None)


def argument(task: Mapping[str, Any], name: str) -> Argument | None:
    """Return what a task hands on under this name; None where it hands on nothing."""
    if "Arguments" in task:
        return _field(task["Arguments"], name, _jsonata)
    parameters = task.get("Parameters")  # absent: the input as a whole
    if isinstance(parameters, Mapping) and f"{name}.$" in parameters:
        return _WORKED_OUT
    return _field(parameters, name, _jsonpath)


def _field(given: object, name: str, constant: Callable[[str], str | None]) -> Argument | None:
    if not isinstance(given, Mapping):
        return _WORKED_OUT
    if name not in given:
        return None
    value = given[name]
    return Argument(constant(value)) if isinstance(value, str) else _WORKED_OUT


def _jsonata(text: str) -> str | None:
    """Text is text, and an expression that is nothing but a literal, {% 'text' %}, is that text."""
    if not text.startswith("{%"):
        return text
    expression = _EXPRESSION.fullmatch(text)
    literal = _LITERAL.fullmatch(expression["code"].strip(_JSONATA_SPACE)) if expression is not None else None
    return _unescaped(literal["text"]) if literal is not None else None


def _unescaped(literal: str) -> str | None:
    """JSONata has the escapes of JSON, behind either quote; None where it would refuse one."""
    quoted = _ESCAPE_OR_QUOTE.sub(lambda found: found[0] if found[0] != '"' else '\\"', literal)
    try:
        return str(json.loads(f'"{quoted}"', strict=False))
    except ValueError:
        return None


def _jsonpath(text: str) -> str | None:
    """Text is text; but a path, or an expression of the other language, is one that somebody forgot to mark as such."""
    return None if _PATH.match(text) or text.startswith("{%") else text
