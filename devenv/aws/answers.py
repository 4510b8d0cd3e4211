"""Each answer of the emulator has the shape that botocore's model gives it, so that no test relies on a field that AWS
does not send, nor goes without one that it always sends.

boto3 would hide both: it drops members that it does not know, and misses none.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from devenv.aws.constraints import output_shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devenv.aws.region import Fields

_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (datetime,),
}


def check(service: str, operation: str, answer: Fields) -> None:
    """Raises ValueError that names every member which does not fit."""
    shape = output_shape(service, operation)
    if shape is None:
        return
    if findings := list(_misfits(shape, answer, operation)):
        raise ValueError(f"no answer of AWS: {'; '.join(findings)}")


def _misfits(shape: Any, value: Any, at: str) -> Iterator[str]:
    if isinstance(value, _TYPES[shape.type_name]):
        yield from _misfits_within(shape, value, at)
    else:
        yield f"{at} is {type(value).__name__}, not {shape.type_name}"


def _misfits_within(shape: Any, value: Any, at: str) -> Iterator[str]:
    if shape.type_name == "structure":
        yield from _misfits_of_members(shape, value, at)
    elif shape.type_name == "list":
        for index, item in enumerate(value):
            yield from _misfits(shape.member, item, f"{at}[{index}]")
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from _misfits(shape.value, item, f"{at}[{key}]")
    elif value not in shape.metadata.get("enum", [value]):
        yield f"{at} is {value!r}, not one of {', '.join(shape.metadata['enum'])}"


def _misfits_of_members(shape: Any, value: dict[str, Any], at: str) -> Iterator[str]:
    for name in sorted(set(shape.required_members) - value.keys()):
        yield f"{at}.{name} is missing"
    for name, item in value.items():
        if name in shape.members:
            yield from _misfits(shape.members[name], item, f"{at}.{name}")
        else:
            yield f"{at}.{name} does not exist"
