"""All checks of preflight that the policy asks for, and their findings together; the smoke once no other one blocks."""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from sfn_rollouts.api.preflight import WORST_FIRST, Check, Preflight, PreflightFinding, Strictness, Verdict
from sfn_rollouts.core.preflight.alarms import alarms
from sfn_rollouts.core.preflight.callers import callers
from sfn_rollouts.core.preflight.entry_point import entry_point
from sfn_rollouts.core.preflight.permissions import permissions
from sfn_rollouts.core.preflight.pins import pins
from sfn_rollouts.core.preflight.smoke import Attempt, smoke
from sfn_rollouts.core.preflight.subject import Findings, Found, Subject, together
from sfn_rollouts.core.preflight.targets import targets
from sfn_rollouts.core.values.looks import Look
from sfn_rollouts.core.values.observation import Observation

CHECKS: Mapping[Check, Callable[[Subject, Observation, Findings], Found]] = {
    Check.PINS: pins,
    Check.TARGETS: targets,
    Check.PERMISSIONS: permissions,
    Check.ENTRY_POINT: entry_point,
    Check.ALARMS: alarms,
    Check.CALLERS: callers,
}

FINDINGS_KEPT = 50

_PLACES = {place: number for number, place in enumerate(product(WORST_FIRST, Check))}


@dataclass(frozen=True, slots=True)
class Examination:
    """`findings` have the worst first; while there are `looks` they are not complete. They stand on `stands_on`.

    `awaited`: what is still to tell how the smoke execution ends.
    """

    findings: tuple[PreflightFinding, ...]
    looks: frozenset[Look[Any]]
    stands_on: frozenset[Look[Any]] = frozenset()
    awaited: frozenset[Look[Any]] = frozenset()

    @property
    def verdict(self) -> Verdict:
        """The worst of the findings."""
        return self.findings[0].verdict if self.findings else Verdict.PASSED

    def beside(self, earlier: Iterable[PreflightFinding]) -> "Examination":
        """Return the same with findings of other checks."""
        return replace(self, findings=_worst_first((*self.findings, *earlier)))

    @property
    def kept(self) -> tuple[PreflightFinding, ...]:
        """As many as a status holds; the last one says how many are left out."""
        if len(self.findings) <= FINDINGS_KEPT:
            return self.findings
        *kept, last = self.findings[:FINDINGS_KEPT]
        more = len(self.findings) - len(kept)
        return (*kept, last.with_(message=f"{more} more findings, of which this is the worst: {last.message}"[:1024]))


def examine(
    subject: Subject,
    seen: Observation,
    among: Container[Check] = frozenset(CHECKS),
    attempt: Attempt | None = None,
) -> Examination:
    """Ask each of these checks that is not Off; then, of an attempt at it, the smoke, unless another one blocks."""
    policy = subject.spec.preflight or Preflight()
    asked = ((check, policy.strictness(check)) for check in CHECKS if check in among)
    looked = _together(
        CHECKS[check](subject, seen, Findings(check, strictness))
        for check, strictness in asked
        if strictness is not Strictness.OFF
    )
    if policy.smoke is None or attempt is None or looked.looks or looked.verdict is Verdict.FAILED:
        return looked
    return _with_smoke(looked, smoke(subject, policy.smoke, attempt, seen))


def _with_smoke(looked: Examination, found: Found) -> Examination:
    """Where the smoke alone has failed nothing of the others has to be looked at again."""
    examined = replace(looked.beside(found.findings), looks=found.looks, awaited=found.awaited)
    return replace(examined, stands_on=frozenset()) if examined.verdict is Verdict.FAILED else examined


def _together(found: Iterable[Found]) -> Examination:
    all_of_it = together(found)
    return Examination(_worst_first(all_of_it.findings), all_of_it.looks, all_of_it.stands_on)


def _worst_first(findings: Iterable[PreflightFinding]) -> tuple[PreflightFinding, ...]:
    """In the order of the checks where they are equally bad, so that the same findings are always equal."""
    return tuple(sorted(findings, key=lambda each: _PLACES[each.verdict, each.check]))
