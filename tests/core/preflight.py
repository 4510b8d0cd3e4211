"""A rollout before its first shift, and what was seen of it, for the tests of preflight."""

from collections.abc import Mapping
from typing import Any

from sfn_rollouts.api.preflight import Check, PreflightFinding, Strictness
from sfn_rollouts.asl.outline import Outline, outline
from sfn_rollouts.asl.rights import Home
from sfn_rollouts.core.preflight.examination import CHECKS
from sfn_rollouts.core.preflight.subject import Findings, Found, Subject
from sfn_rollouts.core.values.looks import Look, ReadDefinition
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import Trouble, Unseen
from sfn_rollouts.core.values.targets import DefinitionReading
from tests.core.specs import MACHINE, spec
from tests.core.world import START

ROLE = "arn:aws:iam::123456789012:role/orders"
WARN, ENFORCE, OFF = Strictness.WARN, Strictness.ENFORCE, Strictness.OFF
TARGET, STABLE = 42, 41
VERSION = f"{MACHINE}:{TARGET}"
DENIED = Unseen("AccessDenied: grant states:DescribeStateMachine", START, Trouble.DENIED)
THROTTLED = Unseen("ThrottlingException", START, Trouble.TRANSIENT)
KMS = Unseen("KmsAccessDeniedException: grant kms:Decrypt on its key", START, Trouble.DENIED)
Answers = Mapping[Look[Any], Any]


def subject(stable: int | None = STABLE, **changes: Any) -> Subject:
    """Version 42 of a rollout that goes to it from version 41."""
    return Subject(spec(TARGET, **{"preflight": None, **changes}), TARGET, stable)


def outlined(definition: Mapping[str, Any], machine: str = MACHINE) -> Outline:
    """Return the outline of a definition of this state machine."""
    _, partition, _, region, account, _, name = machine.split(":")
    return outline(definition, Home(partition, region, account, name))


def reading(definition: Mapping[str, Any] | None, role: str = ROLE, why: str = "", machine: str = MACHINE) -> Any:
    """Return what DescribeStateMachine answered for a version; None for one that cannot be understood."""
    found = outlined(definition, machine) if definition is not None else None
    return DefinitionReading(found, role, is_express=False, read_at=START, why=why)


def target_is(definition: Mapping[str, Any] | None, role: str = ROLE, why: str = "") -> Answers:
    """Return the answer to the look at the target's definition."""
    return {ReadDefinition(TARGET): reading(definition, role, why)}


def machine(**states: Any) -> dict[str, Any]:
    """A machine of these states."""
    return {"StartAt": next(iter(states), ""), "States": states}


def task(resource: str, **parameters: Any) -> dict[str, Any]:
    """A Task state."""
    return {"Type": "Task", "Resource": resource, **({"Parameters": parameters} if parameters else {})}


def ask(check: Check, of: Subject, answers: Answers | None = None, strictness: Strictness = WARN, **seen: Any) -> Found:
    """Ask one check."""
    return CHECKS[check](of, Observation(answers=answers or {}, **seen), Findings(check, strictness))


def lines(found: Found) -> list[str]:
    """Return each finding as `Verdict subject: message`; all have this check's name and fit into a status."""
    return [line(each) for each in found.findings]


def line(finding: PreflightFinding) -> str:
    """Return a finding as `Verdict subject: message`, which fits into a status."""
    assert finding.message.isprintable()
    assert finding.subject.isprintable()
    assert PreflightFinding.model_validate(finding.model_dump()) == finding
    return f"{finding.verdict} {finding.subject}: {finding.message}"
