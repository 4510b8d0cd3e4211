"""Judging alarms: each by its policy, against what was judged before. No firing is missed and none counts twice.

The memory is `status.alarms`: each entry's `since` is AWS's time of the last judged change. What the alarm did later is
new, whoever was down meanwhile. Only AWS's times are compared with each other: clock skew cannot hide a firing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sfn_rollouts.api.spec import (
    Alarms,
    OnFiringAtStart,
    OnInsufficientData,
    OnMissing,
    OnTransient,
    OnUnevaluated,
    OnUnreadable,
    Spec,
)
from sfn_rollouts.api.status import AlarmState, AlarmStatus, Missed, Shortcut, Status
from sfn_rollouts.core.judges.judge import Judge, Judged, Judgement
from sfn_rollouts.core.values.conditions import ALARMS_HEALTHY, ConditionValue
from sfn_rollouts.core.values.findings import PASS, Finding, Hold, Pass, Trip
from sfn_rollouts.core.values.looks import ReadAlarms, ReadHistory
from sfn_rollouts.core.values.moments import after
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import (
    AlarmMissing,
    AlarmReading,
    AlarmSnapshot,
    AlarmTransition,
    Trouble,
    Unseen,
)
from sfn_rollouts.core.values.reasons import Reason

AlarmFact = AlarmReading | AlarmMissing | Unseen

STALE_AFTER_POLLS = 3


def is_stale(read_at: datetime, interval_s: float, now: datetime) -> bool:
    """Whether a reading is too old to be one: three polls have passed since."""
    return after(read_at, interval_s * STALE_AFTER_POLLS) <= now


GONE_AFTER_POLLS = 3
"""An alarm that so many polls in a row miss is gone: one incomplete answer must not undo a good release."""

LATE_HISTORY_S = 2.0
"""How much earlier than StateTransitionedTimestamp the history may date the same change."""

REASONS_BUDGET = 6144
"""Characters of CloudWatch's words for all alarms together: a status of 100 alarms must stay small."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One alarm judged: what to remember, what it means, what of its history must be read.

    `lapses_at`: when the same fact will mean something else, because it has got too old.
    """

    memory: AlarmStatus
    finding: Finding
    lacks: ReadHistory | None = None
    read_at: datetime | None = None
    lapses_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AlarmsVerdict(Judged):
    """All alarms judged. `read_at`: the oldest reading, None while one is lacking; `lapses_at`: when to judge again."""

    memories: tuple[AlarmStatus, ...]
    findings: tuple[Finding, ...]
    lacks: frozenset[ReadHistory]
    read_at: datetime | None
    lapses_at: datetime | None

    @property
    def judgement(self) -> Judgement:
        """The same in the words of every judge. Where a history is lacking, the reading that it explains is there."""
        return Judgement(
            findings=self.findings,
            condition=self._condition(self.trip or self.hold),
            remembered={"alarms": self.memories},
            looks=self.lacks,
            refresh=frozenset() if self.lacks else frozenset({ReadAlarms()}),
            is_fresh=self.is_fresh,
            lapses_at=self.lapses_at,
        )

    def _condition(self, finding: Trip | Hold | None) -> ConditionValue | None:
        if not self.memories:
            return _NO_ALARMS
        if finding is None:
            return ConditionValue.true(Reason.ALARMS_HEALTHY, Reason.ALARMS_HEALTHY.meaning)
        if finding.reason is Reason.INITIALIZING:
            return None
        if finding.reason is Reason.RETRYING_AWS:
            return ConditionValue.unknown(finding.reason, finding.message)
        return ConditionValue.false(finding.reason, finding.message)

    def is_fresh(self, since: datetime) -> bool:
        """Whether every alarm has been read at or after this moment."""
        return not self.memories or (self.read_at is not None and self.read_at >= since)


def judge(spec: Spec, status: Status, seen: Observation, now: datetime) -> Judgement:
    """Judge the alarms of a rollout by the policy that counts where it is."""
    # An alias put back at rest begins like a rollout: its alarms are waited for, because nothing could be undone.
    has_started = status.knows_its_way and status.shortcut is not Shortcut.REASSERT
    policy = _after_the_first_shift(spec.alarms) if status.taken_over else spec.alarms
    return judge_alarms(policy, status.alarms, seen, now, has_started=has_started).judgement


def at_rest(status: Status) -> ConditionValue | None:
    """Alarms are not watched at rest: what was judged last stands."""
    return _NO_ALARMS if not status.alarms else None


def _after_the_first_shift(policy: Alarms | None) -> Alarms | None:
    """Return the policy for a split that was found: who can tell whether an alarm fires because of it?"""
    return policy.model_copy(update={"on_firing_at_start": OnFiringAtStart.BLOCK}) if policy is not None else None


ALARMS = Judge(ALARMS_HEALTHY, judge, at_rest, blank={"alarms": ()})
_NO_ALARMS = ConditionValue.true(Reason.NO_ALARMS, Reason.NO_ALARMS.meaning)


def judge_alarms(
    policy: Alarms | None,
    memories: Iterable[AlarmStatus],
    seen: Observation,
    now: datetime,
    *,
    has_started: bool,
) -> AlarmsVerdict:
    """Judge every watched alarm. `has_started`: traffic may have moved, so a finding is a rollback and not a wait."""
    if policy is None or not policy.names:
        return AlarmsVerdict((), (), lacks=frozenset(), read_at=None, lapses_at=None)
    judge = _Judge(policy, has_started, now, seen)
    known = {memory.name: memory for memory in memories}
    verdicts = [judge.verdict(name, known.get(name), seen.alarms.get(name)) for name in policy.names]
    reads = [verdict.read_at for verdict in verdicts if verdict.read_at is not None]
    return AlarmsVerdict(
        memories=tuple(verdict.memory for verdict in verdicts),
        findings=tuple(verdict.finding for verdict in verdicts),
        lacks=frozenset(verdict.lacks for verdict in verdicts if verdict.lacks is not None),
        read_at=min(reads) if len(reads) == len(verdicts) else None,
        lapses_at=min((verdict.lapses_at for verdict in verdicts if verdict.lapses_at is not None), default=None),
    )


def worst(memories: Iterable[AlarmStatus]) -> AlarmState:
    """The state that a person should know of first; NONE without alarms."""
    order = (AlarmState.ALARM, AlarmState.UNKNOWN, AlarmState.INSUFFICIENT_DATA, AlarmState.OK)
    states = {memory.state for memory in memories}
    return next((state for state in order if state in states), AlarmState.NONE)


def _fires_openly(memory: AlarmStatus, reading: AlarmReading) -> bool:
    """It fires and that counts, whatever else happened before."""
    return reading.snapshot.state is AlarmState.ALARM and not memory.ignored_until_ok


@dataclass(frozen=True, slots=True)
class _Judge:
    policy: Alarms
    has_started: bool
    now: datetime
    seen: Observation

    def verdict(self, name: str, memory: AlarmStatus | None, fact: AlarmFact | None) -> Verdict:
        known = memory or AlarmStatus(name=name, state=AlarmState.UNKNOWN)
        lacks = self._history_of(known, fact)
        history = self.seen.of(lacks) if lacks is not None else None
        if isinstance(history, Unseen):  # what may have happened unseen counts for more than what is seen now
            return replace(self._unseen(known, history), lacks=lacks)
        match fact:
            case None:
                return self._not_read_yet(known)
            case Unseen():
                return self._unseen(known, fact)
            case AlarmReading() | AlarmMissing() if self._is_old(fact.read_at):
                return self._unseen(known, Unseen("the last reading is older than three polls", fact.read_at))
            case AlarmMissing():
                return self._missing(known, fact)
            case _ if self.has_started and known.since is not None:
                return self._next_reading(known.with_(missed=None), known.since, fact, history)
            case _:
                return self._first_reading(known, fact)

    def _history_of(self, memory: AlarmStatus, fact: AlarmFact | None) -> ReadHistory | None:
        """Return what to read where something may have happened in between that the two snapshots do not show."""
        if not isinstance(fact, AlarmReading) or memory.since is None or not self.has_started:
            return None
        has_changed = fact.snapshot.since > memory.since
        only_now_counts = self.policy.on_transient is OnTransient.IGNORE and not memory.ignored_until_ok
        if not has_changed or only_now_counts or _fires_openly(memory, fact):
            return None
        return ReadHistory(memory.name, memory.since, fact.snapshot.since)

    @property
    def stale_after_s(self) -> float:
        return self.seen.poll_interval_s * STALE_AFTER_POLLS

    def _is_old(self, moment: datetime) -> bool:
        return is_stale(moment, self.seen.poll_interval_s, self.now)

    def _read(self, memory: AlarmStatus, finding: Finding, read_at: datetime) -> Verdict:
        return Verdict(memory, finding, read_at=read_at, lapses_at=after(read_at, self.stale_after_s))

    def _not_read_yet(self, memory: AlarmStatus) -> Verdict:
        message = f"alarm {memory.name} has not been read yet"
        remembered = self._unknown(memory, message) if memory.since is None else memory
        return Verdict(remembered, Hold(Reason.INITIALIZING, message))

    def _unseen(self, memory: AlarmStatus, fact: Unseen) -> Verdict:
        """Three polls of grace, then by policy. A refusal is said at once: only a person can fix it."""
        message, remembered = f"alarm {memory.name} could not be read: {fact.why}", self._unknown(memory, fact.why)
        is_long = self._is_old(fact.since)
        if is_long and self.has_started and self.policy.on_unreadable is OnUnreadable.ROLLBACK:
            return Verdict(remembered, Trip(Reason.ALARM_UNREADABLE, message))
        lapses_at = None if is_long else after(fact.since, self.stale_after_s)
        if fact.trouble is Trouble.DENIED:
            return Verdict(remembered, Hold(Reason.ACCESS_DENIED, message, needs_person=True), lapses_at=lapses_at)
        reason = Reason.ALARM_UNREADABLE if is_long else Reason.RETRYING_AWS
        return Verdict(remembered, Hold(reason, message), lapses_at=lapses_at)

    def _missing(self, memory: AlarmStatus, fact: AlarmMissing) -> Verdict:
        remembered = self._unknown(memory, "no such alarm")
        if self.policy.on_missing is OnMissing.IGNORE:
            return self._read(remembered.with_(missed=None), PASS, fact.read_at)
        message = (
            f"alarm {memory.name} does not exist in the state machine's account and region: create it, correct "
            "spec.alarms.names, or set spec.alarms.onMissing: Ignore"
        )
        if not self.has_started:
            return self._read(remembered, Hold(Reason.ALARM_MISSING, message, needs_person=True), fact.read_at)
        missed = self._missed(memory.missed, fact.read_at)
        if missed.polls >= GONE_AFTER_POLLS:
            return self._read(remembered.with_(missed=missed), Trip(Reason.ALARM_MISSING, message), fact.read_at)
        so_far = f"{message} (poll {missed.polls} of {GONE_AFTER_POLLS} that misses it; with the last one it goes back)"
        return self._read(remembered.with_(missed=missed), Hold(Reason.ALARM_MISSING, so_far), fact.read_at)

    def _missed(self, before: Missed | None, read_at: datetime) -> Missed:
        """Count the polls, each an interval after the one before. Where time went back, a clock was set."""
        if before is None:
            return Missed(polls=1, at=read_at)
        if read_at < before.at:
            return before.with_(at=read_at)
        is_next = read_at >= after(before.at, self.seen.poll_interval_s)
        return Missed(polls=before.polls + 1, at=read_at) if is_next else before

    def _first_reading(self, memory: AlarmStatus, fact: AlarmReading) -> Verdict:
        """Before the first shift, or an alarm that an edit added: the state counts, not how it came about."""
        is_firing = fact.snapshot.state is AlarmState.ALARM
        is_ignored = is_firing and self.policy.on_firing_at_start is OnFiringAtStart.IGNORE_UNTIL_OK
        return self._by_state(self._remember(memory, fact, is_ignored), fact)

    def _next_reading(
        self,
        memory: AlarmStatus,
        judged_at: datetime,
        fact: AlarmReading,
        history: tuple[AlarmTransition, ...] | None,
    ) -> Verdict:
        is_ignored = bool(memory.ignored_until_ok)
        if fact.snapshot.since <= judged_at:
            # `since` never goes back: a stale answer would make a change that was judged look new.
            return self._by_state(self._remember(memory, fact, is_ignored).with_(since=judged_at), fact)
        lacks = self._history_of(memory, fact)
        if lacks is None:
            return self._by_state(self._remember(memory, fact), fact)
        if history is None:
            message = f"alarm {memory.name} changed between two readings; its history is being read"
            return Verdict(memory, Hold(Reason.INITIALIZING, message), lacks=lacks)
        return self._after(memory, [change for change in history if change.at > judged_at], fact, lacks)

    def _after(
        self, memory: AlarmStatus, changes: Sequence[AlarmTransition], fact: AlarmReading, look: ReadHistory
    ) -> Verdict:
        """What the history shows counts, complete or not; that nothing fired is believed only of a complete one."""
        fired_at, is_ignored = _replay(changes, bool(memory.ignored_until_ok))
        remembered = self._remember(memory, fact, is_ignored and fact.snapshot.state is not AlarmState.OK)
        if fired_at is not None and self.policy.on_transient is OnTransient.ROLLBACK:
            return self._read(remembered, _fired_unseen(memory.name, fired_at, changes), fact.read_at)
        if self._is_complete(changes, fact.snapshot):
            return self._by_state(remembered, fact)
        lacks = "cannot be understood" if _is_garbled(changes) else "does not show its last change yet"
        why = f"its history {lacks}"
        unseen = self._unseen(memory, Unseen(why, fact.snapshot.since))
        return replace(unseen, lacks=look)

    def _is_complete(self, changes: Sequence[AlarmTransition], snapshot: AlarmSnapshot) -> bool:
        """An empty history is believed in the end: an alarm created again has a new time and no change to show."""
        if not changes:
            return self._is_old(snapshot.since)
        if _is_garbled(changes):
            return False
        is_up_to_date = changes[-1].at >= after(snapshot.since, -LATE_HISTORY_S)
        return is_up_to_date and changes[-1].new is snapshot.state

    def _by_state(self, alarm: AlarmStatus, fact: AlarmReading) -> Verdict:
        """Firing counts whoever evaluates it; of what else is found, what leads back comes first."""
        unevaluated = self._unevaluated(alarm, fact.snapshot)
        findings = (self._firing(alarm, fact.snapshot), unevaluated, self._insufficient(alarm))
        found = [finding for finding in findings if not isinstance(finding, Pass)]
        finding = min(found, key=lambda each: isinstance(each, Hold), default=PASS)
        if found and finding is unevaluated:
            alarm = self._unknown(alarm, f"not evaluated ({fact.snapshot.evaluation}); it was {alarm.state} before")
        return self._read(alarm, finding, fact.read_at)

    def _firing(self, alarm: AlarmStatus, snapshot: AlarmSnapshot) -> Finding:
        if alarm.state is not AlarmState.ALARM or alarm.ignored_until_ok:
            return PASS
        message = f"alarm {alarm.name} is firing" + (f": {snapshot.reason}" if snapshot.reason else "")
        return Trip(Reason.ALARM_FIRING, message) if self.has_started else Hold(Reason.ALARM_FIRING, message)

    def _unevaluated(self, alarm: AlarmStatus, snapshot: AlarmSnapshot) -> Finding:
        """Its state is the one that it had when somebody could still evaluate it: nobody knows the present one."""
        if snapshot.is_evaluated or self.policy.on_unevaluated is OnUnevaluated.IGNORE:
            return PASS
        message = (
            f"alarm {alarm.name} is not evaluated ({snapshot.evaluation}), so its state is an old one: correct what it "
            "evaluates, or set spec.alarms.onUnevaluated: Ignore"
        )
        if self.policy.on_unevaluated is OnUnevaluated.ROLLBACK and self.has_started:
            return Trip(Reason.ALARM_UNEVALUATED, message)
        return Hold(Reason.ALARM_UNEVALUATED, message)

    def _insufficient(self, alarm: AlarmStatus) -> Finding:
        message = f"alarm {alarm.name} has no data to judge by"
        is_ignored = self.policy.on_insufficient_data is OnInsufficientData.IGNORE
        if alarm.state is not AlarmState.INSUFFICIENT_DATA or is_ignored:
            return PASS
        if self.policy.on_insufficient_data is OnInsufficientData.ROLLBACK and self.has_started:
            return Trip(Reason.ALARM_INSUFFICIENT_DATA, message)
        return Hold(Reason.ALARM_INSUFFICIENT_DATA, message)

    def _remember(self, memory: AlarmStatus, fact: AlarmReading, is_ignored: bool = False) -> AlarmStatus:
        snapshot = fact.snapshot
        return AlarmStatus(
            name=memory.name,
            state=snapshot.state,
            since=snapshot.since,
            reason=self._short(snapshot.reason),
            ignored_until_ok=is_ignored or None,
        )

    def _unknown(self, memory: AlarmStatus, why: str) -> AlarmStatus:
        """Unknown, but the time judged last is kept: whatever came after it is still to be judged."""
        return memory.with_(state=AlarmState.UNKNOWN, reason=self._short(why))

    def _short(self, why: str) -> str | None:
        return why[: min(1024, REASONS_BUDGET // len(self.policy.names))] or None


def _replay(changes: Iterable[AlarmTransition], is_ignored: bool) -> tuple[datetime | None, bool]:
    """Walk through what happened: when it first fired in a way that counts, and whether a firing is still ignored."""
    fired_at = None
    for change in changes:
        if change.new is AlarmState.OK:
            is_ignored = False
        if change.new is AlarmState.ALARM and not is_ignored and fired_at is None:
            fired_at = change.at
    return fired_at, is_ignored


def _is_garbled(changes: Iterable[AlarmTransition]) -> bool:
    """Whether what happened cannot be known from this: the entry that was not understood may have been a firing."""
    return any(change.new is AlarmState.UNKNOWN for change in changes)


def _fired_unseen(name: str, fired_at: datetime, changes: Sequence[AlarmTransition]) -> Trip:
    """It fired while nobody looked; it may do so still."""
    fired = f"alarm {name} fired at {fired_at:%H:%M:%S} UTC"
    if changes[-1].new is AlarmState.ALARM:
        return Trip(Reason.ALARM_FIRING, f"{fired} and is firing")
    return Trip(Reason.ALARM_TRANSIENT, f"{fired} and has cleared since")
