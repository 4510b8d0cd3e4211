"""What preflight found of the target, and whether it was looked at recently enough."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sfn_rollouts.api.preflight import Check, Verdict
from sfn_rollouts.core.beginning import beginning_of
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.judges.preflight import examination_of, found_of_target, in_words
from sfn_rollouts.core.preflight.examination import Examination
from sfn_rollouts.core.rechecking import recheck_s
from sfn_rollouts.core.values.findings import PASS, Finding, Hold
from sfn_rollouts.core.values.looks import FindVersion, Look, ReadDefinition
from sfn_rollouts.core.values.moments import after
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.smoke import SmokeReading

FRESH_S = 300.0
"""How long an answer counts: functions are deleted and policies changed without telling anybody."""

SHORTEST_SMOKE_PAUSE_S, LONGEST_SMOKE_PAUSE_S = 2.0, 30.0
"""Between two looks at a smoke execution: a tenth of the time that it has taken so far."""


def preflight_holds(case: Case) -> Finding:
    """What a check with Enforce has found wrong gets no traffic, and no more of it. What cannot be seen holds nothing.

    The way back to a version that was stable a moment ago does not wait for it. A new alias does: all traffic goes to
    the target at once.
    """
    if not _moves_to_something_new(case):
        return PASS
    examined = examination_of(case.spec, case.status, case.seen)
    if examined.looks:
        return _not_looked_at(case, examined)
    if examined.verdict is not Verdict.FAILED and examined.awaited:
        return _smoke_runs(case, examined)
    if examined.verdict is not Verdict.FAILED:
        old = _older_than(FRESH_S, case, examined)
        words = "the target is being looked at once more"
        return Hold(Reason.INITIALIZING, words, looks=old) if old else PASS
    read_at = min(_read_at(case, examined).values(), default=case.now)
    pause_s = recheck_s(case, read_at)
    until = max(after(read_at, pause_s), case.in_seconds(1.0))  # what is being read already answers by itself
    message, looks = in_words(examined.findings, Verdict.FAILED), _older_than(pause_s, case, examined)
    return Hold(Reason.PREFLIGHT_FAILED, message, needs_person=True, looks=looks | examined.awaited, until=until)


def _moves_to_something_new(case: Case) -> bool:
    """Before the start, by steps or to a new alias; in flight, a step that gives the target more than it has."""
    if not case.has_started:
        beginning = beginning_of(case)
        return beginning is not None and beginning.is_something_new
    following = case.plan.next_index(case.status.step_index, case.status.shortcut)
    return following <= case.plan.last_index and case.plan.weight_at(following) > case.weight


def _smoke_runs(case: Case, examined: Examination) -> Hold:
    """A start that AWS did not take is tried again at the pace of its source; a run is looked at ever less often."""
    message = next(finding.message for finding in examined.findings if finding.check is Check.SMOKE)
    (look,) = examined.awaited
    read = case.seen.of(look)
    if not isinstance(read, SmokeReading):
        return Hold(Reason.SMOKE_RUNNING, message, looks=examined.awaited, until=case.in_seconds(LONGEST_SMOKE_PAUSE_S))
    pause_s = min(max(read.took_s / 10, SHORTEST_SMOKE_PAUSE_S), LONGEST_SMOKE_PAUSE_S)
    again_at = after(read.read_at, pause_s)
    if again_at > case.now:
        return Hold(Reason.SMOKE_RUNNING, message, until=again_at)
    return Hold(Reason.SMOKE_RUNNING, message, looks=examined.awaited, until=case.in_seconds(pause_s))


def _not_looked_at(case: Case, examined: Examination) -> Hold:
    """What blocked it before a restart of the operator does so until it has been looked at again."""
    known, looks = found_of_target(case.spec, case.status), _dated(case, examined.looks)
    if known is not None and known.verdict is Verdict.FAILED:
        message = in_words(known.findings, Verdict.FAILED)
        return Hold(Reason.PREFLIGHT_FAILED, message, needs_person=True, looks=looks)
    return Hold(Reason.INITIALIZING, "the target is being looked at before it gets traffic", looks=looks)


def _dated(case: Case, looks: frozenset[Look[Any]]) -> frozenset[Look[Any]]:
    """A version is its number and its date: without the date its definition would be read, and then read again."""
    served = case.reading.routing.sole if case.reading is not None else None
    if served is None or ReadDefinition(served) not in looks or case.seen.of(FindVersion(served)) is not None:
        return looks
    return looks - {ReadDefinition(served)} | {FindVersion(served)}


def _older_than(age_s: float, case: Case, examined: Examination) -> frozenset[Look[Any]]:
    """Return the looks whose answers are that old: each by itself, since one may take longer than another."""
    return frozenset(look for look, at in _read_at(case, examined).items() if after(at, age_s) <= case.now)


def _read_at(case: Case, examined: Examination) -> Mapping[Look[Any], datetime]:
    """When each answer was read; what could not be seen is asked again by the pace of its source, and is not here."""
    read = {look: getattr(case.seen.of(look), "read_at", None) for look in examined.stands_on}
    return {look: moment for look, moment in read.items() if moment is not None}
