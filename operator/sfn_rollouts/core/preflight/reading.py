"""The definition of a version, as a check sees it: an outline, or why there is none, or that nobody has looked yet."""

from dataclasses import dataclass

from sfn_rollouts.asl.outline import Outline
from sfn_rollouts.asl.rights import Home
from sfn_rollouts.core.preflight.subject import Findings, Found, Subject
from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import Unseen


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition that could be read, and the role that its version carries."""

    outline: Outline
    role: str


def home_of(machine: StateMachineArn) -> Home:
    """Return where a definition of this state machine lives."""
    return Home(machine.partition, machine.region, machine.account, machine.name)


def outline_of(subject: Subject, seen: Observation, findings: Findings) -> Outline | Found:
    """Return what the target calls; else what the check answers without it."""
    reading = definition_of(subject.version, subject, seen, findings)
    return reading if isinstance(reading, Found) else reading.outline


def definition_of(version: int, subject: Subject, seen: Observation, findings: Findings) -> Definition | Found:
    """Return what a version calls and needs, and its role; else what the check answers without it."""
    look, arn = subject.definition(version), subject.machine.version(version)
    reading = seen.of(look)
    if reading is None:
        return Found(looks=frozenset({look}))
    if isinstance(reading, Unseen):
        return Found((findings.unknown(arn, f"its definition could not be read: {reading.why}"),))
    if reading.outline is None:
        return Found((findings.unknown(arn, f"its definition cannot be understood: {reading.why}"),))
    return Definition(reading.outline, reading.role)
