"""Traffic is shifted at one place of a chain of state machines: an execution must not meet two shifts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from sfn_rollouts.api.preflight import PreflightFinding
from sfn_rollouts.arns import STATE_MACHINE
from sfn_rollouts.asl.outline import Outline, made_once
from sfn_rollouts.asl.pins import MACHINE, Call, Pin
from sfn_rollouts.asl.placeholders import has_placeholder
from sfn_rollouts.asl.states import pointer
from sfn_rollouts.core.preflight.reading import outline_of
from sfn_rollouts.core.preflight.subject import Findings, Found, Subject
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.targets import AliasCall, Neighbours


def entry_point(subject: Subject, seen: Observation, findings: Findings) -> Found:
    """Find aliases that another rollout shifts, among those that the target calls, and callers of this one's alias."""
    callers = tuple(_callers(subject, seen, findings))
    outline = outline_of(subject, seen, findings)
    if isinstance(outline, Found):
        return Found((*callers, *outline.findings), outline.looks)
    called = _called(outline, seen, findings)
    return findings.conclude(
        (*called, *_unseen(outline, findings), *callers),
        str(subject.alias),
        "no other rollout shifts an alias that it names, or calls its alias",
    )


def neighbours_of(rollouts: Iterable[tuple[str, AliasArn, Outline | None]]) -> Neighbours:
    """Return what is known of other rollouts: the name of each, the alias that it shifts, and what its target calls."""
    shifts: dict[str, str] = {}
    calls: dict[str, tuple[AliasCall, ...]] = {}
    for name, alias, outline in rollouts:
        shifts.setdefault(str(alias), name)
        for called, call in alias_calls(outline) if outline is not None else ():
            calls[called] = (*calls.get(called, ()), AliasCall(name, call.state))
    return Neighbours(shifts, calls)


@made_once
def alias_calls(outline: Outline) -> Sequence[tuple[str, Call]]:
    """Return the ARN of each alias of a state machine that a definition calls, with the call."""
    return [
        (STATE_MACHINE.format(replace(call.reference, label=None)), call)
        for call in outline.calls
        if call.callee is MACHINE and call.pin is Pin.ALIAS and call.reference is not None
    ]


def _called(outline: Outline, seen: Observation, findings: Findings) -> Iterator[PreflightFinding]:
    for alias, call in alias_calls(outline):
        rollout = seen.neighbours.shifts.get(alias, seen.neighbours.own)
        if rollout != seen.neighbours.own:
            message = (
                f"state {call.state} calls {alias}, and rollout {rollout} shifts that alias: one execution would meet "
                "two shifts; call a version instead, and let this rollout bring in the next one"
            )
            yield findings.problem(pointer(call.path), message)


@made_once
def _unseen(outline: Outline, findings: Findings) -> Sequence[PreflightFinding]:
    return list(_each_unseen(outline, findings))


def _each_unseen(outline: Outline, findings: Findings) -> Iterator[PreflightFinding]:
    """State machines that are chosen at run time, or that a template has still to fill in."""
    for call in outline.calls:
        is_open = call.pin is Pin.UNKNOWN or (call.pin is Pin.ALIAS and has_placeholder(call.text or ""))
        if call.callee is MACHINE and is_open:
            what = call.text or "a state machine that it chooses when it runs"
            message = f"state {call.state} calls {what}: whether another rollout shifts that cannot be seen here"
            yield findings.unknown(pointer(call.path), message)


def _callers(subject: Subject, seen: Observation, findings: Findings) -> Iterator[PreflightFinding]:
    alias = str(subject.alias)
    for caller in seen.neighbours.calls.get(alias, ()):
        if caller.rollout == seen.neighbours.own:
            continue
        message = (
            f"state {caller.state} of rollout {caller.rollout} calls this alias: one execution would meet two shifts; "
            "let that state call a version instead, and shift at the outer alias only"
        )
        yield findings.problem(alias, message)
