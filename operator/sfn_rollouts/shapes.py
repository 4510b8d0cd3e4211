"""Whether decoded JSON has the shape that its reader relies on. Standard library only: `list` must answer at once.

Belongs here: one rule that compares. Does not belong here: which shapes there are; each reader states its own, next to
the code that relies on it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Shape = type | Sequence["Shape"] | Mapping[str, "Shape"]
"""A type of JSON (dict, list, str, int, bool); [shape] for a list of such; {name: shape} for an object with parts.

A name that ends in "?" may be absent or null. What is not named is not looked at: a newer server may say more.
"""


def misfit(value: Any, shape: Shape, path: str = "") -> str | None:
    """Return the path of the first part of `value` that is missing or of another type; None when all of it fits."""
    if isinstance(shape, type):
        # Exactly the type: to Python True is an int, and no server means a number by it.
        return None if type(value) is shape else path or "the whole"
    if isinstance(shape, Mapping):
        return _misfit_in_object(value, shape, path)
    if type(value) is not list:
        return path or "the whole"
    found = (misfit(each, shape[0], f"{path}[{place}]") for place, each in enumerate(value))
    return next((each for each in found if each is not None), None)


def _misfit_in_object(value: Any, shape: Mapping[str, Shape], path: str) -> str | None:
    if type(value) is not dict:
        return path or "the whole"
    for name, part in shape.items():
        plain = name.removesuffix("?")
        if plain != name and value.get(plain) is None:
            continue
        if found := misfit(value.get(plain), part, f"{path}.{plain}" if path else plain):
            return found
    return None
