"""The smoke: an execution of the target that must end as expected before the target gets traffic.

The one check that does something, so it comes last, and it never passes for want of an answer: a version that could not
be tested is not tested. How an execution has ended does not change any more, so what the status says of it stands.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sfn_rollouts.api.json_object import canonical
from sfn_rollouts.api.preflight import Check, PreflightFinding, Smoke, Strictness, Verdict
from sfn_rollouts.core.preflight.subject import Findings, Found, Subject
from sfn_rollouts.core.values.chores import RunSmoke, StartSmoke
from sfn_rollouts.core.values.looks import FindVersion, ReadSmoke
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import Trouble, Unseen, VersionReading
from sfn_rollouts.core.values.smoke import SmokeReading
from sfn_rollouts.durations import written
from sfn_rollouts.printable import one_line

FINDINGS = Findings(Check.SMOKE, Strictness.ENFORCE)
_AGAIN = "put it right and send retry, or ask for another version"
_SOON = (Trouble.TRANSIENT, Trouble.CONFLICT)
_LONGEST_ERROR, _LONGEST_CAUSE = 100, 400


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: when it was decided, and what is known to have come of it from before this process."""

    at: datetime
    known: PreflightFinding | None = None


def smoke(subject: Subject, policy: Smoke, attempt: Attempt, seen: Observation) -> Found:
    """Find out how the smoke execution of this attempt has ended; `awaited` is what tells, while it has not."""
    find = FindVersion(subject.version)
    version = seen.of(find)
    if not isinstance(version, VersionReading) or version.created_at is None:
        return Found(looks=frozenset({find}))  # its name has the date of the version in it
    chore = _chore(subject, policy, attempt, version)
    if attempt.known is not None and _is_end_of(attempt.known, chore.name):
        return Found((attempt.known,))
    return _by_evidence(subject, policy, chore, seen)


def _chore(subject: Subject, policy: Smoke, attempt: Attempt, version: VersionReading) -> StartSmoke:
    """A name has up to 80 characters; what else is asked for of the same version, or at another time, has another."""
    given, expected = canonical(policy.input), canonical(policy.expected.output)
    asked = (str(subject.alias), str(version.created_at), given, expected, policy.expected.status, policy.timeout)
    digest = hashlib.sha256("\n".join(asked).encode()).hexdigest()[:12]
    moment = f"{attempt.at:%Y%m%dT%H%M%S}{attempt.at.microsecond // 1000:03}Z"
    kind = RunSmoke if version.is_express else StartSmoke
    return kind(subject.version, f"smoke-{subject.version}-{digest}-{moment}", given, expected)


def _is_end_of(finding: PreflightFinding, name: str) -> bool:
    """An execution is named only where it has begun, and its verdict is Unknown until it has ended."""
    return finding.verdict is not Verdict.UNKNOWN and name in finding.subject.split(":")


def _by_evidence(subject: Subject, policy: Smoke, chore: StartSmoke, seen: Observation) -> Found:
    started, look = seen.of(chore), ReadSmoke(chore.name, chore.expected)
    read = seen.of(look)
    if isinstance(read, SmokeReading):
        return _by_reading(read, policy, look)
    if started is None:
        how = f"runs, for up to {policy.timeout}" if isinstance(chore, RunSmoke) else "is being started"
        begun = FINDINGS.unknown(subject.machine.version(subject.version), f"execution {chore.name} {how}")
        return Found((begun,), awaited=frozenset({chore}))
    if isinstance(started, Unseen):
        return _untested(subject, started, chore)
    if isinstance(read, Unseen) and read.trouble not in _SOON:
        return _untested(subject, read, look)
    return _by_reading(started, policy, look)


def _untested(subject: Subject, unseen: Unseen, awaited: StartSmoke | ReadSmoke) -> Found:
    """What will pass is waited for. For the rest a person is needed; it is tried again all the same."""
    version = subject.machine.version(subject.version)
    if unseen.trouble in _SOON:
        finding = FINDINGS.unknown(version, f"execution {awaited.name} has no outcome yet: {unseen.why}")
    else:
        finding = FINDINGS.problem(version, f"execution {awaited.name} has no outcome: {unseen.why}")
    return Found((finding,), awaited=frozenset({awaited}))


def _by_reading(reading: SmokeReading, policy: Smoke, look: ReadSmoke) -> Found:
    expected = policy.expected.status
    if reading.took_s > policy.timeout.seconds:
        left = "It still runs: nothing stops it" if reading.is_running else f"It ended as {reading.status}"
        return _failed(reading, f"took longer than the timeout of {policy.timeout}. {left}")
    if reading.is_running:
        message = f"{reading.arn} runs since {reading.started_at:%H:%M:%S} UTC, for up to {policy.timeout}"
        return Found((FINDINGS.unknown(reading.arn, message),), awaited=frozenset({look}))
    if reading.status != expected:
        return _failed(reading, f"ended as {reading.status}, not as {expected}{_why(reading)}")
    if reading.lacking:
        return _failed(reading, f"ended as {expected}, but {one_line(reading.lacking, _LONGEST_CAUSE)}")
    return FINDINGS.conclude((), reading.arn, f"{reading.arn} ended as {expected} after {written(reading.took_s)}")


def _failed(reading: SmokeReading, what: str) -> Found:
    return Found((FINDINGS.problem(reading.arn, f"execution {reading.arn} {what}; {_AGAIN}"),))


def _why(reading: SmokeReading) -> str:
    """Return error and cause, which the execution's own code has written."""
    error = one_line(reading.error, _LONGEST_ERROR)
    cause = one_line(reading.cause, _LONGEST_CAUSE)
    return f" ({': '.join(filter(None, (error, cause)))})" if error or cause else ""
