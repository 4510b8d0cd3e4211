"""What a definition calls without naming a version: it changes for all executions at once, whatever a rollout does.

Pure. The ways to call: https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html,
https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sfn_rollouts.plugin.definitions import states_of

_FUNCTION = re.compile(r"arn:[a-z-]+:lambda:[^:]*:[^:]*:function:(?P<name>[^:]+)(?::(?P<qualifier>.+))?")
_MACHINE = re.compile(r"arn:[a-z-]+:states:[^:]+:[^:]*:stateMachine:(?P<name>[^:]+)(?::(?P<qualifier>.+))?")
_INVOKE = re.compile(r"arn:[a-z-]+:states:::(?:aws-sdk:)?lambda:invoke(?:Async)?(?:\..+)?")
_START = re.compile(r"arn:[a-z-]+:states:::(?:aws-sdk:sfn|states):start(?:Sync)?Execution(?:\..+)?")


@dataclass(frozen=True, slots=True)
class Loose:
    """A state that calls something that may change under it. `is_certain` False: it is chosen when it runs."""

    state: str
    message: str
    is_certain: bool = True


def loose_ends(definition: Mapping[str, Any]) -> tuple[Loose, ...]:
    """Give each state that calls a Lambda function or a state machine without a version, in their order."""
    return tuple(found for path, state in states_of(definition) for found in _of_state(path, state))


def _of_state(path: str, state: Mapping[str, Any]) -> Iterator[Loose]:
    resource = state.get("Resource")
    if state.get("Type") != "Task" or not isinstance(resource, str):
        return
    if _is_dynamic(resource):
        yield _chosen(path, "what it calls")
    elif (function := _FUNCTION.fullmatch(resource)) is not None:
        yield from _called(path, "Lambda function", function["name"], function["qualifier"])
    elif _INVOKE.fullmatch(resource):
        yield from _invoked(path, _arguments(state))
    elif _START.fullmatch(resource):
        yield from _started(path, _arguments(state))


def _arguments(state: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """JSONPath's Parameters or JSONata's Arguments; None where they are made as a whole when it runs."""
    given = state.get("Arguments", state.get("Parameters", {}))
    return given if isinstance(given, Mapping) else None


def _invoked(path: str, arguments: Mapping[str, Any] | None) -> Iterator[Loose]:
    name, qualifier = _value(arguments, "FunctionName"), _value(arguments, "Qualifier")
    if name is None or _is_dynamic(name) or (qualifier is not None and _is_dynamic(qualifier)):
        yield _chosen(path, "the Lambda function")
        return
    function, own = _function_parts(name)
    yield from _called(path, "Lambda function", function, own or qualifier)


def _function_parts(text: str) -> tuple[str, str | None]:
    """Name and qualifier of NAME, NAME:Q, ACCOUNT:function:NAME:Q or a whole ARN."""
    _, marker, rest = text.rpartition("function:")
    name, _, qualifier = (rest if marker else text).partition(":")
    return name, qualifier or None


def _started(path: str, arguments: Mapping[str, Any] | None) -> Iterator[Loose]:
    arn = _value(arguments, "StateMachineArn")
    machine = _MACHINE.fullmatch(arn) if arn is not None else None
    if machine is None:
        yield _chosen(path, "the nested state machine")
    else:
        yield from _called(path, "state machine", machine["name"], machine["qualifier"])


def _called(path: str, what: str, name: str, qualifier: str | None) -> Iterator[Loose]:
    if qualifier is None or qualifier == "$LATEST":
        yield Loose(path, f"calls {what} {name} without a version: it changes under the rollout; name one, {name}:N")
    elif not qualifier.isdecimal():
        message = f"calls {what} {name} by its alias {qualifier}, which may move under the rollout; a version cannot"
        yield Loose(path, message)


def _value(arguments: Mapping[str, Any] | None, name: str) -> str | None:
    """A constant or an expression; None where it is neither there nor readable."""
    if arguments is None:
        return None
    if f"{name}.$" in arguments:
        return f"$.{name}"
    value = arguments.get(name)
    return value if isinstance(value, str) else None


def _is_dynamic(text: str) -> bool:
    return text.startswith(("$", "{%")) and text != "$LATEST"


def _chosen(path: str, what: str) -> Loose:
    return Loose(path, f"chooses {what} when it runs: whether that has a version cannot be seen here", is_certain=False)
