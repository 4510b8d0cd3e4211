"""The verdict for people and machines: phase, reason and message, and the conditions that kstatus reads.

Flux, Argo CD and `kubectl wait` look at observedGeneration, Ready, Reconciling and Stalled; the last two are absent
when they are not true. Source of the rules: kubernetes-sigs/cli-utils, pkg/kstatus/status.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sfn_rollouts.api.status import Condition, ConditionStatus, Phase, Status
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.printable import one_line

READY, RECONCILING, STALLED = "Ready", "Reconciling", "Stalled"
AWAITING_APPROVAL = "AwaitingApproval"
PROMOTED, PAUSED, ALARMS_HEALTHY, ALIAS_IN_SYNC = "Promoted", "Paused", "AlarmsHealthy", "AliasInSync"
PREFLIGHT_PASSED, ANALYSIS_HEALTHY = "PreflightPassed", "AnalysisHealthy"

_MOVING = frozenset({Phase.PENDING, Phase.PROGRESSING, Phase.PAUSED, Phase.BAKING, Phase.ROLLING_BACK})
_FOR_APPROVAL = frozenset({Reason.AWAITING_APPROVAL})
"""Where nothing is wrong, and `promote` is what the rollout waits for."""

_MESSAGE_LIMIT = 1024


@dataclass(frozen=True, slots=True)
class Summary:
    """Where a rollout stands. Stalled: it will not move without a person or a new generation."""

    phase: Phase
    reason: Reason
    message: str
    is_stalled: bool = False

    @property
    def ready(self) -> ConditionStatus:
        """True at the end, Unknown before the start, else False."""
        if self.is_stalled or self.phase not in (Phase.SUCCEEDED, Phase.PENDING):
            return ConditionStatus.FALSE
        return ConditionStatus.TRUE if self.phase is Phase.SUCCEEDED else ConditionStatus.UNKNOWN


@dataclass(frozen=True, slots=True)
class ConditionValue:
    """One domain condition: its value and why."""

    value: ConditionStatus
    reason: Reason
    message: str

    @classmethod
    def true(cls, reason: Reason, message: str) -> "ConditionValue":
        """It holds."""
        return cls(ConditionStatus.TRUE, reason, message)

    @classmethod
    def false(cls, reason: Reason, message: str) -> "ConditionValue":
        """It does not hold."""
        return cls(ConditionStatus.FALSE, reason, message)

    @classmethod
    def unknown(cls, reason: Reason, message: str) -> "ConditionValue":
        """Nobody can say yet."""
        return cls(ConditionStatus.UNKNOWN, reason, message)


def condition(status: Status, kind: str) -> Condition | None:
    """Return one condition of a status."""
    return next((item for item in status.conditions if item.type == kind), None)


def is_true(status: Status, kind: str) -> bool:
    """Whether a condition stands and is True."""
    found = condition(status, kind)
    return found is not None and found.status is ConditionStatus.TRUE


def conclude(
    status: Status, summary: Summary, facts: Mapping[str, ConditionValue | None], generation: int, now: datetime
) -> Status:
    """Return the status with phase, message, observedGeneration and all conditions, together as kstatus wants them.

    A fact of None leaves that condition as it was: nothing new is known.
    """
    wanted = {READY: ConditionValue(summary.ready, summary.reason, summary.message)}
    if summary.phase in _MOVING and not summary.is_stalled:
        wanted[RECONCILING] = ConditionValue.true(summary.reason, summary.message)
    if summary.is_stalled:
        wanted[STALLED] = ConditionValue.true(summary.reason, summary.message)
    # By the summary alone, so that it can never be left over from a generation before: people wait for it.
    wanted[AWAITING_APPROVAL] = _awaiting_approval(summary)
    for kind, fact in facts.items():
        kept = fact or _kept(condition(status, kind))
        wanted[kind] = kept or ConditionValue.unknown(Reason.NOT_LOOKED, Reason.NOT_LOOKED.meaning)
    conditions = tuple(_renew(condition(status, kind), kind, fact, generation, now) for kind, fact in wanted.items())
    return status.with_(
        observed_generation=generation,
        phase=summary.phase,
        message=one_line(summary.message, longest=_MESSAGE_LIMIT),
        conditions=conditions,
    )


def _awaiting_approval(summary: Summary) -> ConditionValue:
    if summary.reason in _FOR_APPROVAL and not summary.is_stalled:
        return ConditionValue.true(summary.reason, summary.message)
    return ConditionValue.false(Reason.NOT_AWAITING_APPROVAL, Reason.NOT_AWAITING_APPROVAL.meaning)


def timed_by_stored(status: Status, stored: Status, now: datetime) -> Status:
    """Date each condition by what the API server holds: several decisions may lie between two reports.

    One that has flipped and flipped back before anybody could see it keeps its stored time. One that differs cannot
    have flipped before the stored one did: a time from before it belongs to a value that has been overwritten.
    """
    known = {item.type: item for item in stored.conditions}
    newest = max((item.last_transition_time for item in stored.conditions), default=None)
    timed = tuple(_timed(item, known.get(item.type), newest, now) for item in status.conditions)
    is_as_it_was = all(new is old for new, old in zip(timed, status.conditions, strict=True))
    return status if is_as_it_was else status.with_(conditions=timed)


def _timed(item: Condition, stored: Condition | None, newest: datetime | None, now: datetime) -> Condition:
    if stored is not None and stored.status is item.status:
        return _since(item, stored.last_transition_time)
    floor = stored.last_transition_time if stored is not None else newest
    is_outdated = floor is not None and item.last_transition_time <= floor
    return _since(item, now) if is_outdated else item


def _since(item: Condition, moment: datetime) -> Condition:
    return item if item.last_transition_time == moment else item.with_(last_transition_time=moment)


def _kept(old: Condition | None) -> ConditionValue | None:
    if old is None or old.reason not in set(Reason):
        return None
    return ConditionValue(old.status, Reason(old.reason), old.message)


def _renew(old: Condition | None, kind: str, fact: ConditionValue, generation: int, now: datetime) -> Condition:
    """lastTransitionTime moves only when the status flips: moving it on each message would look like flapping."""
    has_flipped = old is None or old.status is not fact.value
    return Condition(
        type=kind,
        status=fact.value,
        observed_generation=generation,
        last_transition_time=now if has_flipped or old is None else old.last_transition_time,
        reason=fact.reason,
        message=one_line(fact.message, longest=_MESSAGE_LIMIT),
    )
