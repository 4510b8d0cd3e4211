"""Judging preflight: all checks before the first shift; in flight the permissions, which have no versions.

The memory is `status.preflight`: what was found of the target. It is for people, and it is what a restart shows until
everything has been looked at again. Only what has been looked at lets a rollout go on: `checks/preflight.py`. But for
the smoke: how an execution has ended stands, and `status.smokeAttempt` says of which one it is.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sfn_rollouts.api.preflight import PROBLEMS, Check, PreflightFinding, PreflightStatus, Verdict
from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.status import ConditionStatus, Status
from sfn_rollouts.core.judges.judge import Judge, Judgement, News
from sfn_rollouts.core.preflight.examination import CHECKS, Examination, examine
from sfn_rollouts.core.preflight.smoke import Attempt
from sfn_rollouts.core.preflight.subject import Subject
from sfn_rollouts.core.values.conditions import PREFLIGHT_PASSED, ConditionValue
from sfn_rollouts.core.values.looks import FindVersion
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import AliasReading, VersionReading
from sfn_rollouts.core.values.reasons import Reason

IN_FLIGHT = frozenset({Check.PERMISSIONS})
"""What may change while traffic moves, and makes the next step wrong."""


def judge_preflight(spec: Spec, status: Status, seen: Observation, now: datetime) -> Judgement:
    """Judge the target, or, once traffic moves, what its role and the stable version's may do."""
    examined, known = examination_of(spec, status, seen), found_of_target(spec, status)
    if examined.looks:
        return Judgement(condition=_condition(known), remembered={"preflight": known})
    found = _with_earlier(examined, known) if _is_in_flight(spec, status) else examined
    remembered = _remembered(found, known, spec.version, now)
    return Judgement(condition=_condition(remembered), remembered={"preflight": remembered})


def examination_of(spec: Spec, status: Status, seen: Observation) -> Examination:
    """Return what the checks that count now find, and what they have still to look at."""
    if _is_in_flight(spec, status):
        return examine(_in_flight(spec, status), seen, IN_FLIGHT)
    return examine(_before(spec, seen), seen, CHECKS, _attempt(spec, status))


def smoke_of_target(spec: Spec, status: Status) -> PreflightFinding | None:
    """Return what is known of the smoke of the version that is asked for, if anything is."""
    found = found_of_target(spec, status)
    findings = found.findings if found is not None else ()
    return next((finding for finding in findings if finding.check is Check.SMOKE), None)


def found_of_target(spec: Spec, status: Status) -> PreflightStatus | None:
    """Return what was found last of the version that is asked for; None where that was of another one."""
    found = status.preflight
    return found if found is not None and found.version == spec.version else None


def in_words(findings: Iterable[PreflightFinding], verdict: Verdict) -> str:
    """Return the first finding of this verdict in a sentence, and how many more there are."""
    first, *rest = [finding for finding in findings if finding.verdict is verdict]
    more = f" (and {len(rest)} more in status.preflight)" if rest else ""
    return f"preflight {first.check}: {first.message}{more}"


def _is_in_flight(spec: Spec, status: Status) -> bool:
    return status.knows_its_way and status.target_version == spec.version


def _attempt(spec: Spec, status: Status) -> Attempt | None:
    at = status.smoke_attempt
    return Attempt(at, smoke_of_target(spec, status)) if at is not None else None


def _before(spec: Spec, seen: Observation) -> Subject:
    served = seen.alias.routing.sole if isinstance(seen.alias, AliasReading) else None
    dates = {version: _created_at(seen, version) for version in (spec.version, served) if version is not None}
    known = {version: date for version, date in dates.items() if date is not None}
    return Subject(spec, spec.version, served, known)


def _created_at(seen: Observation, version: int) -> datetime | None:
    reading = seen.of(FindVersion(version))
    return reading.created_at if isinstance(reading, VersionReading) else None


def _in_flight(spec: Spec, status: Status) -> Subject:
    dates = {status.target_version: status.target_creation_date, status.stable_version: status.stable_creation_date}
    known = {version: date for version, date in dates.items() if version is not None and date is not None}
    return Subject(spec, spec.version, status.stable_version, known)


def _with_earlier(examined: Examination, known: PreflightStatus | None) -> Examination:
    """Only the permissions are asked again; the rest was true when traffic began to move."""
    earlier = known.findings if known is not None else ()
    return examined.beside(finding for finding in earlier if finding.check not in IN_FLIGHT)


def _remembered(
    found: Examination, known: PreflightStatus | None, version: int, now: datetime
) -> PreflightStatus | None:
    """As it was while nothing else is found: else every look would be a status write."""
    if not found.findings:
        return None
    is_as_it_was = known is not None and known.findings == found.kept
    checked_at = known.checked_at if known is not None and is_as_it_was else now
    return PreflightStatus(version=version, checked_at=checked_at, verdict=found.verdict, findings=found.kept)


def _condition(found: PreflightStatus | None) -> ConditionValue:
    """Always of the version that is asked for: what was found of the one before says nothing about it."""
    if found is None:
        return ConditionValue.unknown(Reason.NOT_LOOKED, Reason.NOT_LOOKED.meaning)
    value, reason = _CONDITIONS[found.verdict]
    is_passed = found.verdict is Verdict.PASSED
    return ConditionValue(value, reason, reason.meaning if is_passed else in_words(found.findings, found.verdict))


def _news(before: Status, after: Status) -> Iterable[News]:
    """Once for what is wrong with a version, and again when something else is."""
    problems = _problems(after)
    if problems and problems != _problems(before) and after.preflight is not None:
        verdict = after.preflight.verdict
        reason = Reason.PREFLIGHT_FAILED if verdict is Verdict.FAILED else Reason.PREFLIGHT_WARNING
        yield News(reason, in_words(after.preflight.findings, verdict))


def _problems(status: Status) -> tuple[Any, ...]:
    """What is wrong, and with which version: what cannot be decided comes and goes, and is no news."""
    found = status.preflight
    bad = [each for each in found.findings if each.verdict in PROBLEMS] if found else []
    return (found.version, *bad) if found is not None and bad else ()


_CONDITIONS = {
    Verdict.PASSED: (ConditionStatus.TRUE, Reason.PREFLIGHT_PASSED),
    Verdict.UNKNOWN: (ConditionStatus.UNKNOWN, Reason.PREFLIGHT_UNKNOWN),
    Verdict.WARNING: (ConditionStatus.FALSE, Reason.PREFLIGHT_WARNING),
    Verdict.FAILED: (ConditionStatus.FALSE, Reason.PREFLIGHT_FAILED),
}

PREFLIGHT = Judge(PREFLIGHT_PASSED, judge_preflight, blank={"preflight": None, "smoke_attempt": None}, news=_news)
