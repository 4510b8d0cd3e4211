"""What a version calls must be there: a function's version that was deleted fails each execution that reaches it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from sfn_rollouts.api.preflight import PreflightFinding
from sfn_rollouts.arns import Arn
from sfn_rollouts.asl.outline import Outline, made_once
from sfn_rollouts.asl.pins import LAMBDA, MACHINE, Call
from sfn_rollouts.asl.placeholders import has_placeholder
from sfn_rollouts.asl.rights import Home
from sfn_rollouts.asl.states import pointer
from sfn_rollouts.core.preflight.reading import home_of, outline_of
from sfn_rollouts.core.preflight.subject import Findings, Found, Subject
from sfn_rollouts.core.values.looks import FindCallee
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import Unseen

MOST_LOOKED_FOR = 100
"""A definition may call thousands of things; a rollout must not use up an account's quota of questions."""


def targets(subject: Subject, seen: Observation, findings: Findings) -> Found:
    """Find functions and state machines that cannot be called."""
    outline = outline_of(subject, seen, findings)
    if isinstance(outline, Found):
        return outline
    called = _called(outline, home_of(subject.machine))
    looks = [look for arn in called.near if seen.of(look := FindCallee(arn)) is None]
    version = subject.machine.version(subject.version)
    found = (
        *_lacking(called.near, seen, findings),
        *(findings.unknown(pointer(call.path), _far(arn, call)) for arn, call in called.far.items()),
        *_left_out(called.count, version, findings),
    )
    passed = _passed(len(called.near) + len(called.far))
    return findings.conclude(found, version, passed, looks, map(FindCallee, called.near))


@dataclass(frozen=True, slots=True)
class _Called:
    """What is called, by its ARN, each with the first call of it: where it is looked for, and where it is not.

    `count` counts all of it, also what is too much.
    """

    near: Mapping[str, Call]
    far: Mapping[str, Call]
    count: int


@made_once
def _called(outline: Outline, home: Home) -> _Called:
    called: dict[str, Call] = {}
    for call in outline.calls:
        if (arn := _arn(call, home)) is not None:
            called.setdefault(arn, call)
    asked = dict(islice(called.items(), MOST_LOOKED_FOR))
    near = {arn: call for arn, call in asked.items() if _is_near(arn, home)}
    return _Called(near, {arn: call for arn, call in asked.items() if arn not in near}, len(called))


def _passed(count: int) -> str:
    match count:
        case 0:
            return "its definition names no function and no state machine"
        case 1:
            return "the one function or state machine that its definition names is there"
        case _:
            return f"all {count} functions and state machines that its definition names are there"


def _arn(call: Call, home: Home) -> str | None:
    """ARN of what is called, as it is called; None where it is chosen at run time or is neither of the two.

    A name alone that another role calls is in that role's account, which is left empty.
    """
    callee, reference = call.callee, call.reference
    if callee is None or callee not in (LAMBDA, MACHINE) or reference is None:
        return None
    where = replace(home, account="") if call.has_credentials else home
    arn = where.named(callee.names, reference, reference.qualifier)
    return arn if not has_placeholder(arn) else None


def _is_near(arn: str, home: Home) -> bool:
    found = Arn.parse(arn)
    return (found.partition, found.region, found.account) == (home.partition, home.region, home.account)


def _lacking(near: Mapping[str, Call], seen: Observation, findings: Findings) -> Iterator[PreflightFinding]:
    for arn, call in near.items():
        reading = seen.of(FindCallee(arn))
        if isinstance(reading, Unseen):
            message = f"state {call.state} calls {arn}, and whether that is there could not be seen: {reading.why}"
            yield findings.unknown(pointer(call.path), message)
        elif reading is not None and reading.lacking:
            message = (
                f"state {call.state} calls {arn}, and {reading.lacking}: call one that is there, or bring it back "
                "before this version gets traffic"
            )
            yield findings.problem(pointer(call.path), message)


def _far(arn: str, call: Call) -> str:
    return f"state {call.state} calls {arn}, which is in another account or region: it is not looked for there"


def _left_out(count: int, version: str, findings: Findings) -> Iterator[PreflightFinding]:
    if count > MOST_LOOKED_FOR:
        message = f"it calls {count} different things, of which only the first {MOST_LOOKED_FOR} are looked for"
        yield findings.unknown(version, message)
