"""A definition as text, read strictly: what JSON leaves open would be read otherwise by AWS, or not at all.

https://datatracker.ietf.org/doc/html/rfc8259 sections 4 (names that stand twice) and 6 (no NaN, no Infinity).
"""

import json
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

DEEPEST = 200
"""How deep objects and lists may stand in each other. A nested Map takes four; what reads a definition recurses."""


class DefinitionError(ValueError):
    """A text is no definition; the message is a part of a sentence: "NaN is no number"."""


def parse(text: str) -> Mapping[str, Any]:
    """Return the definition that a text holds.

    Raises:
        DefinitionError: it is no JSON object with states, a name stands twice in one object, a number is none that JSON
            or a computer has, or things are nested too deep.
    """
    try:
        found = json.loads(
            text, object_pairs_hook=_object, parse_constant=_no_number, parse_float=_float, parse_int=_whole
        )
    except json.JSONDecodeError as error:
        raise DefinitionError(f"it is not JSON: {error}") from None
    except RecursionError:
        raise _too_deep() from None
    if not isinstance(found, dict):
        raise DefinitionError("it is not a JSON object")
    if not isinstance(found.get("States"), dict):
        raise DefinitionError("it has no States, an object with an entry for each state")
    _check_depth(found)
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        (twice, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise DefinitionError(f"{_begin(json.dumps(twice))} stands twice in one object")
    return found


def _no_number(text: str) -> float:
    raise DefinitionError(f"{text} is no number of JSON")


def _float(text: str) -> float:
    if math.isinf(number := float(text)):
        raise DefinitionError(f"{_begin(text)} is too large a number")
    return number


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:  # Python's own limit, against the time that it would take
        raise DefinitionError(f"{_begin(text)} is too large a number") from None


def _begin(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:80]}..."


def _check_depth(found: Mapping[str, Any]) -> None:
    level: list[Any] = [found]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return
    raise _too_deep()


def _inside(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value
    return [each for each in inner if isinstance(each, dict | list)]


def _too_deep() -> DefinitionError:
    return DefinitionError(f"objects and lists stand more than {DEEPEST} deep in each other")
