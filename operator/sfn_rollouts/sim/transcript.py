"""A run as text, a line for each decision, call, effect and action: compared byte by byte, and read after a failure."""

from collections.abc import Iterable, Iterator

from sfn_rollouts.api.status import Status
from sfn_rollouts.core.values.conditions import READY, condition
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.sim.history import (
    AccessChanged,
    AlarmChanged,
    AliasChanged,
    Announced,
    Called,
    Decided,
    Defect,
    Ended,
    Happening,
    LeaseWritten,
    ProcessChanged,
    Removed,
    Served,
    SessionOpened,
    SessionRefused,
    SmokeStarted,
    SpecEdited,
    StatusWritten,
    WriteSent,
)


def transcript(happenings: Iterable[Happening]) -> str:
    """Return the lines: true seconds, who, what."""
    return "".join(f"{each.at_us / 1_000_000:12.6f}  {line(each)}\n" for each in happenings)


def digest(happenings: Iterable[Happening]) -> str:
    """Return the lines without calls and announcements: what a person looks at first."""
    return transcript(each for each in happenings if not isinstance(each, Called | Announced))


def line(happening: Happening) -> str:
    """Return what happened, on one line."""
    match happening:
        case Decided():
            return f"p{happening.process} decides   {_whose(happening)}{_decision(happening)}"
        case Called():
            return f"p{happening.process} calls     {happening.api} {happening.fault}".rstrip()
        case WriteSent():
            return f"p{happening.process} sends     {_whose(happening)}{happening.routing}"
        case AliasChanged():
            by = f"p{happening.sent.process} effects  " if happening.sent is not None else "somebody routes"
            return f"{by} {happening.before or 'no alias'} -> {happening.after or 'no alias'}"
        case StatusWritten():
            return f"p{happening.process} stored    {_whose(happening)}{_status(happening.status)}"
        case AlarmChanged() | AccessChanged() | SessionOpened() | SessionRefused() | Served():
            return _changed(happening)
        case SpecEdited() | Removed():
            what = f"somebody {happening.what}" if isinstance(happening, SpecEdited) else "the resource is gone"
            return f"{_whose(happening)}{what}"
        case Announced():
            return f"Event {happening.announcement.reason}: {happening.announcement.message}"
        case ProcessChanged() | SmokeStarted():
            return f"p{happening.process} {happening.what}"
        case LeaseWritten():
            return f"p{happening.process} leads" if happening.holder else f"p{happening.process} releases the lease"
        case Defect():
            return f"p{happening.process} DEFECT {happening.what}"
        case Ended():
            return f"the end, {'quiet' if happening.is_quiet else 'not quiet'}"


def _changed(happening: AlarmChanged | AccessChanged | SessionOpened | SessionRefused | Served) -> str:
    match happening:
        case AlarmChanged():
            return f"alarm {happening.name} is {happening.state or 'deleted'}"
        case AccessChanged():
            return f"the AWSAccesses say {happening.says}"
        case SessionOpened(session=session):
            whose = f"{session.caller.identity} as {session.caller.session_name}"
            return f"p{happening.process} assumes   {whose} until {session.ends_us / 1e6:.3f} s"
        case SessionRefused(for_whom=caller):
            whose = f"{caller.identity} as {caller.session_name}"
            return f"p{happening.process} is refused {happening.what} for {whose}"
        case Served():
            return f"p{happening.process} is served {happening.api}"


def _whose(happening: Decided | WriteSent | StatusWritten | SpecEdited | Removed) -> str:
    """Which rollout; the first one, which mostly is the only one, goes without saying."""
    return f"[{happening.number}] " if happening.number else ""


def _decision(decided: Decided) -> str:
    return " ".join(_parts(decided.rollout.status, decided.decision))


def _parts(before: Status, decision: Decision) -> Iterator[str]:
    yield "nothing new" if decision.status == before else _status(decision.status)
    if decision.write is not None:
        yield f"| write {decision.write.kind} {decision.write.routing}"
    if decision.looks:
        yield f"| look {','.join(sorted(map(str, decision.looks)))}"
    if decision.wake_at is not None:
        yield f"| wake {decision.wake_at:%H:%M:%S.%f}"


def _status(status: Status) -> str:
    ready = condition(status, READY)
    intent = f" intent {status.intent.weight}@{status.intent.step_index}" if status.intent is not None else ""
    trip = f" trip {status.trip.reason}" if status.trip is not None else ""
    reason = ready.reason if ready is not None else "-"
    versions = f"{status.stable_version}->{status.target_version}"
    return f"{status.phase} ({reason}) {versions} {status.weight} % step {status.step_index}{intent}{trip}"
