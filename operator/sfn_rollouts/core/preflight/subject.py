"""Whom the checks are asked about, and what each of them answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sfn_rollouts.api.preflight import Check, PreflightFinding, Strictness, Verdict
from sfn_rollouts.api.spec import Spec
from sfn_rollouts.core.values.arn import AliasArn, StateMachineArn
from sfn_rollouts.core.values.looks import Look, ReadDefinition
from sfn_rollouts.printable import one_line

LONGEST = 1000
"""Characters of a finding's texts: the status has 1024, and a definition may name a state by 80 and an ARN by 2048."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A rollout before its first shift: `version` is the target, `stable` what the alias serves, None if nothing.

    `created_at` has AWS's creationDate of either, where it is known.
    """

    spec: Spec
    version: int
    stable: int | None = None
    created_at: Mapping[int, datetime] = field(default_factory=dict)

    def definition(self, version: int) -> ReadDefinition:
        """The look at the definition of one of its versions."""
        return ReadDefinition(version, self.created_at.get(version))

    @property
    def machine(self) -> StateMachineArn:
        """The state machine."""
        return StateMachineArn.parse(self.spec.state_machine_arn)

    @property
    def alias(self) -> AliasArn:
        """The alias that the rollout shifts."""
        return self.machine.alias(self.spec.alias)


@dataclass(frozen=True, slots=True)
class Found:
    """What one check found. `looks`: what it has still to see; its findings are not complete before.

    `stands_on`: the looks that its findings stand on, so that they can be renewed. `awaited`: what is still to tell an
    end, and is asked again until it does; its findings say what is known so far.
    """

    findings: tuple[PreflightFinding, ...] = ()
    looks: frozenset[Look[Any]] = field(default_factory=frozenset)
    stands_on: frozenset[Look[Any]] = field(default_factory=frozenset)
    awaited: frozenset[Look[Any]] = field(default_factory=frozenset)


def together(found: Iterable[Found]) -> Found:
    """Return what several looks at a thing found, as one."""
    parts = tuple(found)
    return Found(
        tuple(finding for part in parts for finding in part.findings),
        frozenset(look for part in parts for look in part.looks),
        frozenset(look for part in parts for look in part.stands_on),
    )


@dataclass(frozen=True, slots=True)
class Findings:
    """Makes the findings of one check, a problem's verdict by the policy."""

    check: Check
    strictness: Strictness

    def problem(self, subject: str, message: str) -> PreflightFinding:
        """Return what should be put right: it blocks where the policy is Enforce."""
        is_enforced = self.strictness is Strictness.ENFORCE
        return self._finding(Verdict.FAILED if is_enforced else Verdict.WARNING, subject, message)

    def unknown(self, subject: str, message: str) -> PreflightFinding:
        """Return what nobody could decide: it never blocks."""
        return self._finding(Verdict.UNKNOWN, subject, message)

    def conclude(
        self,
        found: Iterable[PreflightFinding],
        subject: str,
        message: str,
        looks: Iterable[Look[Any]] = (),
        stands_on: Iterable[Look[Any]] = (),
    ) -> Found:
        """Return what was found; nothing is a finding too, that the check has passed, once there is no more to see."""
        findings, further = tuple(found), frozenset(looks)
        if not findings and not further:
            findings = (self._finding(Verdict.PASSED, subject, message),)
        return Found(findings, further, frozenset(stands_on))

    def _finding(self, verdict: Verdict, subject: str, message: str) -> PreflightFinding:
        return PreflightFinding(
            check=self.check,
            verdict=verdict,
            subject=one_line(subject, LONGEST),
            message=one_line(message, LONGEST),
        )
