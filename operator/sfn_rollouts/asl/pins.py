"""What a definition calls without naming a version: it changes for all executions at once, whatever a rollout does.

The ways to call: https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html and its neighbours
connect-stepfunctions, connect-ecs and connect-batch; aws-sdk: integrate-services#supported-services.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sfn_rollouts.arns import FUNCTION, JOB_DEFINITION, STATE_MACHINE, TASK_DEFINITION, Arn, Nomenclature, Reference
from sfn_rollouts.asl.arguments import Argument, argument
from sfn_rollouts.asl.placeholders import PLACEHOLDER, has_placeholder
from sfn_rollouts.asl.states import State, states_of


class Pin(StrEnum):
    """What a call is pinned to."""

    VERSION = "Version"  # or a revision: it never changes
    ALIAS = "Alias"  # somebody may move it
    NOTHING = "Nothing"  # no version, or $LATEST
    UNKNOWN = "Unknown"  # worked out when it runs, or a placeholder that is still to be filled in


@dataclass(frozen=True, slots=True)
class Callee:
    """A kind of thing that AWS keeps in versions. The words are for messages."""

    names: Nomenclature
    verb: str
    noun: str
    version: str = "version"
    has_aliases: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """How a task calls something: by which integrations, and under which parameter it names it."""

    callee: Callee
    parameter: str
    integrations: frozenset[str]
    qualifier_beside: str | None = None
    is_optional: bool = False
    """Without the parameter it calls nothing of this kind."""


LAMBDA = Callee(FUNCTION, "calls", "Lambda function", has_aliases=True)
MACHINE = Callee(STATE_MACHINE, "calls", "state machine", has_aliases=True)
TASK = Callee(TASK_DEFINITION, "runs", "ECS task definition", version="revision")
JOB = Callee(JOB_DEFINITION, "runs", "Batch job definition", version="revision")

WAYS = (
    Way(
        LAMBDA,
        "FunctionName",
        frozenset({"lambda:invoke", "aws-sdk:lambda:invoke", "aws-sdk:lambda:invokeAsync"}),
        qualifier_beside="Qualifier",
    ),
    Way(
        MACHINE,
        "StateMachineArn",
        frozenset({"states:startExecution", "aws-sdk:sfn:startExecution", "aws-sdk:sfn:startSyncExecution"}),
    ),
    Way(
        TASK,
        "TaskDefinition",
        frozenset({"ecs:runTask", "aws-sdk:ecs:runTask", "aws-sdk:ecs:startTask", "aws-sdk:ecs:createTaskSet"}),
    ),
    Way(
        TASK,
        "TaskDefinition",
        frozenset({"aws-sdk:ecs:createService", "aws-sdk:ecs:updateService"}),
        is_optional=True,
    ),
    Way(JOB, "JobDefinition", frozenset({"batch:submitJob", "aws-sdk:batch:submitJob"})),
)
"""All that is looked at. The suffix that says what is waited for (.sync, .sync:2, .waitForTaskToken) is left out."""

_WAY_OF = {integration: way for way in WAYS for integration in way.integrations}
_NUMBER = re.compile(r"[0-9]+")
_HIDE = str.maketrans(":/", "\ue000\ue001")  # of private use: no name of AWS has them
_REVEAL = str.maketrans("\ue000\ue001", ":/")


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `callee` None: not even what kind of thing it calls is known; `reference` None: not which one."""

    path: tuple[str, ...]
    callee: Callee | None
    reference: Reference | None
    pin: Pin
    text: str | None = None
    """How the definition names it; None where that is worked out when it runs."""
    strangeness: str | None = None
    """Why not even that is known, whether the state calls anything."""
    has_credentials: bool = False
    """It is called by another role, so that a name alone means one in the account of that role."""

    @property
    def state(self) -> str:
        """Path of the state that calls, for people: Fan.Branches[0].Charge."""
        return ".".join(self.path)

    @property
    def message(self) -> str:
        """What is wrong with it, and what to write instead; empty where it is pinned to a version."""
        return _message(self)


@dataclass(frozen=True, slots=True)
class Loose:
    """A state that calls something that may change under it. `is_certain` False: it cannot be seen before it runs."""

    state: str
    message: str
    is_certain: bool = True


def loose_ends(definition: Mapping[str, Any]) -> tuple[Loose, ...]:
    """Return each call that is not pinned to a version, in their order."""
    loose = (call for call in calls_of(definition) if call.pin is not Pin.VERSION)
    return tuple(Loose(call.state, call.message, call.pin is not Pin.UNKNOWN) for call in loose)


def calls_of(definition: Mapping[str, Any]) -> Iterator[Call]:
    """Return each call of something that AWS keeps in versions, pinned or not."""
    for state in states_of(definition):
        resource = state.fields.get("Resource")
        if state.strangeness is not None:
            yield Call(state.path, None, None, Pin.UNKNOWN, strangeness=state.strangeness)
        elif state.fields["Type"] == "Task":
            yield from _calls_by(state, resource if isinstance(resource, str) else "")


def _calls_by(state: State, resource: str) -> Iterator[Call]:
    arn = _arn(resource)
    if arn is not None and (arn.service, arn.resource.partition(":")[0]) == (FUNCTION.service, FUNCTION.type):
        yield _call(state, LAMBDA, resource)
    elif arn is None or arn.service != "states":
        is_named = resource and (has_placeholder(resource) or not resource.startswith(("$", "{%")))
        yield Call(state.path, None, None, Pin.UNKNOWN, resource if is_named else None)
    elif (way := _WAY_OF.get(arn.resource.partition(".")[0])) is not None:
        yield from _calls_in_the_way(state, way)


def _calls_in_the_way(state: State, way: Way) -> Iterator[Call]:
    named = argument(state.fields, way.parameter)
    beside = argument(state.fields, way.qualifier_beside) if way.qualifier_beside is not None else None
    if named is None and way.is_optional:
        return
    if named is None or named.text is None:
        yield Call(state.path, way.callee, None, Pin.UNKNOWN)
    else:
        yield _call(state, way.callee, named.text, beside)


def _call(state: State, callee: Callee, text: str, beside: Argument | None = None) -> Call:
    try:
        reference = _revealed(callee.names.parse(_hidden(text)))
    except ValueError:
        return Call(state.path, callee, None, Pin.UNKNOWN, text)
    if reference.qualifier is None and beside is not None:
        if beside.text is None:
            return Call(state.path, callee, None, Pin.UNKNOWN)
        reference = replace(reference, qualifier=beside.text or None)
    has_credentials = "Credentials" in state.fields
    return Call(state.path, callee, reference, _pin(callee, reference), text, has_credentials=has_credentials)


def _pin(callee: Callee, reference: Reference) -> Pin:
    qualifier = reference.qualifier
    if qualifier is not None and _NUMBER.fullmatch(qualifier):
        return Pin.VERSION
    if has_placeholder(reference.name if qualifier is None else qualifier):
        return Pin.UNKNOWN
    return Pin.NOTHING if qualifier in (None, "$LATEST") or not callee.has_aliases else Pin.ALIAS


# -- placeholders, whose own colons are no dividers: arn:${AWS::Partition}:lambda:... --


def _arn(resource: str) -> Arn | None:
    try:
        return Arn.parse(_hidden(resource))
    except ValueError:
        return None


def _hidden(text: str) -> str:
    return PLACEHOLDER.sub(lambda found: found[0].translate(_HIDE), text)


def _revealed(reference: Reference) -> Reference:
    found = (
        (name, getattr(reference, name)) for name in ("name", "qualifier", "label", "partition", "region", "account")
    )
    return Reference(**{name: value.translate(_REVEAL) for name, value in found if value is not None})


# -- words --


def _message(call: Call) -> str:
    callee, reference = call.callee, call.reference
    if call.strangeness is not None:
        return f"{call.strangeness}: what it calls cannot be seen"
    if callee is None or reference is None or call.pin is Pin.UNKNOWN:
        noun, version = (f"the {callee.noun}", callee.version) if callee is not None else ("what it calls", "version")
        said = f"chooses {noun} when it runs" if call.text is None else f"names {noun} as {call.text}"
        return f"{said}: whether that has a {version} cannot be seen here"
    name = reference.name if reference.label is None else f"{reference.name}/{reference.label}"
    if call.pin is Pin.NOTHING:
        said = f"{callee.verb} {callee.noun} {name} without a {callee.version}"
        return f"{said}: it changes under the rollout; name one, {name}:N"
    if call.pin is Pin.ALIAS:
        said = f"{callee.verb} {callee.noun} {name} by its alias {reference.qualifier}"
        return f"{said}, which may move under the rollout; a version cannot: name one, {name}:N"
    return ""
