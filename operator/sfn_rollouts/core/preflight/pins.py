"""Whatever a version calls must be pinned to a version: else it changes for all executions at once."""

from collections.abc import Iterator

from sfn_rollouts.api.preflight import PreflightFinding
from sfn_rollouts.asl.outline import Outline, made_once
from sfn_rollouts.asl.pins import Pin
from sfn_rollouts.asl.states import pointer
from sfn_rollouts.core.preflight.reading import outline_of
from sfn_rollouts.core.preflight.subject import Findings, Found, Subject
from sfn_rollouts.core.values.observation import Observation


def pins(subject: Subject, seen: Observation, findings: Findings) -> Found:
    """Find calls of functions, state machines, task and job definitions without a version."""
    outline = outline_of(subject, seen, findings)
    if isinstance(outline, Found):
        return outline
    return findings.conclude(_loose(outline, findings), subject.machine.version(subject.version), _passed(outline))


@made_once
def _loose(outline: Outline, findings: Findings) -> tuple[PreflightFinding, ...]:
    return tuple(_each_loose(outline, findings))


def _each_loose(outline: Outline, findings: Findings) -> Iterator[PreflightFinding]:
    for call in outline.calls:
        message = f"state {call.state} {call.message}"
        if call.pin is Pin.UNKNOWN:
            yield findings.unknown(pointer(call.path), message)
        elif call.pin is not Pin.VERSION:
            yield findings.problem(pointer(call.path), message)


def _passed(outline: Outline) -> str:
    match len(outline.calls):
        case 0:
            return "it calls nothing that AWS keeps in versions"
        case 1:
            return "the one thing that it calls is pinned to a version"
        case count:
            return f"all {count} things that it calls are pinned to a version"
