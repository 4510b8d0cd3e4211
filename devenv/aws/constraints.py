"""The request constraints that AWS checks on the server, read from the service model that botocore ships.

botocore itself checks only required members and minima, so a maximum, a pattern or an enum reaches the server. The
wording is AWS's: "1 validation error detected: Value '101' at 'routingConfiguration.1.member.weight' failed to satisfy
constraint: Member must have value less than or equal to 100".
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from devenv.aws.errors import AwsError
from devenv.aws.isolated_session import isolated_session

if TYPE_CHECKING:
    from collections.abc import Iterator

_CODES = {
    "stepfunctions": "ValidationException",
    "cloudwatch": "ValidationError",
    "lambda": "ValidationException",
    "iam": "ValidationError",
    "sts": "ValidationError",
}


@cache
def service_model(service: str) -> Any:
    """botocore's model of a service, by boto3's name."""
    return isolated_session().get_service_model(service)


@cache
def input_shape(service: str, operation: str) -> Any:
    return service_model(service).operation_model(operation).input_shape


@cache
def output_shape(service: str, operation: str) -> Any:
    """None for an operation that answers nothing."""
    return service_model(service).operation_model(operation).output_shape


def check(service: str, operation: str, params: dict[str, Any]) -> None:
    """Raises ValidationException (CloudWatch: ValidationError) naming every constraint that does not hold."""
    shape = input_shape(service, operation)
    findings = list(_structure(shape, params, "")) if shape is not None else []
    if findings:
        plural = "s" if len(findings) > 1 else ""
        text = f"{len(findings)} validation error{plural} detected: {'; '.join(findings)}"
        raise AwsError(_CODES[service], text)


def _structure(shape: Any, value: dict[str, Any], at: str) -> Iterator[str]:
    for name in shape.required_members:
        if name not in value:
            yield f"Value null at '{_join(at, name)}' failed to satisfy constraint: Member must not be null"
    for name, member in shape.members.items():
        if name in value:
            yield from _value(member, value[name], _join(at, name))


def _value(shape: Any, value: Any, at: str) -> Iterator[str]:
    for constraint in _broken(shape, value):
        shown = " " if shape.metadata.get("sensitive") else f" '{_shown(shape, value)}' "
        yield f"Value{shown}at '{at}' failed to satisfy constraint: {constraint}"
    if shape.type_name == "structure" and isinstance(value, dict):
        yield from _structure(shape, value, at)
    if shape.type_name == "list" and isinstance(value, list):
        for index, item in enumerate(value, start=1):
            yield from _value(shape.member, item, f"{at}.{index}.member")


def _broken(shape: Any, value: Any) -> Iterator[str]:
    bounds, is_number = shape.metadata, isinstance(value, int | float) and not isinstance(value, bool)
    measured = value if is_number else _length(value) if isinstance(value, str | list) else None
    noun = "value" if is_number else "length"
    if measured is not None and "max" in bounds and measured > bounds["max"]:
        yield f"Member must have {noun} less than or equal to {bounds['max']}"
    if measured is not None and "min" in bounds and measured < bounds["min"]:
        yield f"Member must have {noun} greater than or equal to {bounds['min']}"
    if isinstance(value, str):
        yield from _broken_text(bounds, value)


def _length(value: str | list[Any]) -> int:
    """As Java counts: a character beyond U+FFFF is two."""
    return len(value.encode("utf-16-le", "surrogatepass")) // 2 if isinstance(value, str) else len(value)


def _broken_text(bounds: dict[str, Any], value: str) -> Iterator[str]:
    pattern = bounds.get("pattern")
    if pattern and not _matches(pattern, value):
        yield f"Member must satisfy regular expression pattern: {pattern}"
    if "enum" in bounds and value not in bounds["enum"]:
        yield f"Member must satisfy enum value set: [{', '.join(bounds['enum'])}]"


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.fullmatch(pattern, value, re.ASCII) is not None  # \w is ASCII in Java
    except re.error:
        return True  # a Java-only class such as \p{ASCII}


def _shown(shape: Any, value: Any) -> str:
    """How AWS's Java prints a value: lists in brackets, structures as Shape(member=value, ...)."""
    if shape.type_name == "list":
        return f"[{', '.join(_shown(shape.member, item) for item in value)}]"
    if shape.type_name == "structure":
        members = (f"{name}={_shown(shape.members[name], value[name])}" for name in shape.members if name in value)
        return f"{shape.name}({', '.join(members)})"
    return str(value)


def _join(at: str, name: str) -> str:
    member = name[:1].lower() + name[1:]
    return f"{at}.{member}" if at else member
