"""Judging alarms: each by its policy, against what was judged before. No firing is missed and none counts twice.

The memory is `status.alarms`: each entry's `since` is AWS's time of the last judged change. What the alarm did later is
new, whoever was down meanwhile. Only AWS's times are compared with each other: clock skew cannot hide a firing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sfn_rollouts.api.spec import (
    Alarms,
    OnFiringAtStart,
    OnInsufficientData,
    OnMissing,
    OnTransient,
    OnUnreadable,
)
from sfn_rollouts.api.status import AlarmState, AlarmStatus
from sfn_rollouts.core.findings import PASS, Finding, Hold, Trip
from sfn_rollouts.core.observation import (
    AlarmMissing,
    AlarmReading,
    AlarmTransition,
    Observation,
    Trouble,
    Unseen,
)
from sfn_rollouts.core.reasons import Reason

STALE_AFTER_POLLS = 3
"""design: a reading older than three polls is no reading."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One alarm judged: what to remember, what it means, whether its history must be read first."""

    memory: AlarmStatus
    finding: Finding
    needs_history: bool = False
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AlarmsVerdict:
    """All alarms judged. `read_at` is the oldest reading, None while one is lacking; `lapses_at` when it gets stale."""

    memories: tuple[AlarmStatus, ...]
    findings: tuple[Finding, ...]
    needs_history: bool
    read_at: datetime | None
    lapses_at: datetime | None

    @property
    def trip(self) -> Trip | None:
        """The first finding that causes a rollback."""
        return next((finding for finding in self.findings if isinstance(finding, Trip)), None)

    @property
    def hold(self) -> Hold | None:
        """The first finding that forbids to advance, one that needs a person before the others."""
        holds = sorted(
            (finding for finding in self.findings if isinstance(finding, Hold)), key=lambda hold: not hold.needs_person
        )
        return holds[0] if holds else None

    def is_fresh(self, since: datetime) -> bool:
        """Whether every alarm has been read at or after this moment."""
        return not self.memories or (self.read_at is not None and self.read_at >= since)


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
        return AlarmsVerdict((), (), needs_history=False, read_at=None, lapses_at=None)
    stale_after = timedelta(seconds=seen.poll_interval_s * STALE_AFTER_POLLS)
    judge = _Judge(policy, has_started, now, stale_after)
    known = {memory.name: memory for memory in memories}
    verdicts = [judge.verdict(name, known.get(name), seen.alarms.get(name)) for name in policy.names]
    reads = [verdict.read_at for verdict in verdicts if verdict.read_at is not None]
    oldest = min(reads) if len(reads) == len(verdicts) else None
    return AlarmsVerdict(
        memories=tuple(verdict.memory for verdict in verdicts),
        findings=tuple(verdict.finding for verdict in verdicts),
        needs_history=any(verdict.needs_history for verdict in verdicts),
        read_at=oldest,
        lapses_at=min(reads) + stale_after if reads else None,
    )


def worst(memories: Iterable[AlarmStatus]) -> AlarmState:
    """The state that a person should know of first; NONE without alarms."""
    order = (AlarmState.ALARM, AlarmState.UNKNOWN, AlarmState.INSUFFICIENT_DATA, AlarmState.OK)
    states = {memory.state for memory in memories}
    return next((state for state in order if state in states), AlarmState.NONE)


def needs_history(memory: AlarmStatus, reading: AlarmReading) -> bool:
    """Whether something may have happened in between that the two snapshots do not show."""
    changed = memory.since is not None and reading.snapshot.since > memory.since
    fires_openly = reading.snapshot.state is AlarmState.ALARM and not memory.ignored_until_ok
    return changed and not fires_openly and reading.transitions is None


@dataclass(frozen=True, slots=True)
class _Judge:
    policy: Alarms
    has_started: bool
    now: datetime
    stale_after: timedelta

    def verdict(
        self, name: str, memory: AlarmStatus | None, fact: AlarmReading | AlarmMissing | Unseen | None
    ) -> Verdict:
        blank = memory or AlarmStatus(name=name, state=AlarmState.UNKNOWN)
        match fact:
            case None:
                return self._not_read_yet(blank)
            case Unseen():
                return self._unseen(blank, fact)
            case AlarmMissing():
                return self._missing(blank, fact)
            case AlarmReading() if self.now - fact.read_at > self.stale_after:
                return self._unseen(blank, Unseen("the last reading is older than three polls", fact.read_at))
            case AlarmReading() if self.has_started and blank.since is not None:
                return self._next_reading(blank, fact)
            case AlarmReading():
                return self._first_reading(blank, fact)

    def _not_read_yet(self, memory: AlarmStatus) -> Verdict:
        message = f"alarm {memory.name} has not been read yet"
        remembered = _unknown(memory, message) if memory.since is None else memory
        return Verdict(remembered, Hold(Reason.INITIALIZING, message))

    def _unseen(self, memory: AlarmStatus, fact: Unseen) -> Verdict:
        message = f"alarm {memory.name} could not be read: {fact.why}"
        remembered = _unknown(memory, fact.why)
        is_denied = fact.trouble is Trouble.DENIED
        if not is_denied and self.now - fact.since <= self.stale_after:
            return Verdict(remembered, Hold(Reason.RETRYING_AWS, message))
        if self.has_started and self.policy.on_unreadable is OnUnreadable.ROLLBACK:
            return Verdict(remembered, Trip(Reason.ALARM_UNREADABLE, message))
        reason = Reason.ACCESS_DENIED if is_denied else Reason.ALARM_UNREADABLE
        return Verdict(remembered, Hold(reason, message, needs_person=is_denied))

    def _missing(self, memory: AlarmStatus, fact: AlarmMissing) -> Verdict:
        remembered = _unknown(memory, "no such alarm")
        if self.policy.on_missing is OnMissing.IGNORE:
            return Verdict(remembered, PASS, read_at=fact.read_at)
        message = (
            f"alarm {memory.name} does not exist in the state machine's account and region: create it, correct "
            "spec.alarms.names, or set spec.alarms.onMissing: Ignore"
        )
        finding: Finding = (
            Trip(Reason.ALARM_MISSING, message)
            if self.has_started
            else Hold(Reason.ALARM_MISSING, message, needs_person=True)
        )
        return Verdict(remembered, finding, read_at=fact.read_at)

    def _first_reading(self, memory: AlarmStatus, fact: AlarmReading) -> Verdict:
        """Before the first shift, or an alarm that an edit added: the state counts, not how it came about."""
        is_firing = fact.snapshot.state is AlarmState.ALARM
        is_ignored = is_firing and self.policy.on_firing_at_start is OnFiringAtStart.IGNORE_UNTIL_OK
        remembered = _remember(memory.name, fact, is_ignored)
        return Verdict(remembered, self._by_state(remembered), read_at=fact.read_at)

    def _next_reading(self, memory: AlarmStatus, fact: AlarmReading) -> Verdict:
        if memory.since is not None and fact.snapshot.since <= memory.since:
            remembered = _remember(memory.name, fact, bool(memory.ignored_until_ok), since=memory.since)
            return Verdict(remembered, self._by_state(remembered), read_at=fact.read_at)
        if needs_history(memory, fact):
            message = f"alarm {memory.name} changed between two readings; its history is being read"
            return Verdict(memory, Hold(Reason.INITIALIZING, message), needs_history=True)
        return self._after_changes(memory, fact)

    def _after_changes(self, memory: AlarmStatus, fact: AlarmReading) -> Verdict:
        transitions = fact.transitions or ()
        fires_openly = fact.snapshot.state is AlarmState.ALARM and not memory.ignored_until_ok
        if not fires_openly and (not transitions or transitions[-1].new is not fact.snapshot.state):
            why = "its history does not show its last change yet"
            return self._unseen(memory, Unseen(why, fact.snapshot.since))
        fired_at, is_ignored = _replay(transitions, bool(memory.ignored_until_ok))
        remembered = _remember(memory.name, fact, is_ignored)
        if fired_at is None or fact.snapshot.state is AlarmState.ALARM:
            return Verdict(remembered, self._by_state(remembered), read_at=fact.read_at)
        if self.policy.on_transient is OnTransient.IGNORE:
            return Verdict(remembered, self._by_state(remembered), read_at=fact.read_at)
        message = f"alarm {memory.name} fired at {fired_at:%H:%M:%S} UTC and has cleared since"
        return Verdict(remembered, Trip(Reason.ALARM_TRANSIENT, message), read_at=fact.read_at)

    def _by_state(self, alarm: AlarmStatus) -> Finding:
        if alarm.state is AlarmState.ALARM and not alarm.ignored_until_ok:
            message = f"alarm {alarm.name} is firing" + (f": {alarm.reason}" if alarm.reason else "")
            return Trip(Reason.ALARM_FIRING, message) if self.has_started else Hold(Reason.ALARM_FIRING, message)
        if alarm.state is AlarmState.INSUFFICIENT_DATA:
            return self._insufficient(alarm)
        return PASS

    def _insufficient(self, alarm: AlarmStatus) -> Finding:
        message = f"alarm {alarm.name} has no data to judge by"
        if self.policy.on_insufficient_data is OnInsufficientData.IGNORE:
            return PASS
        if self.policy.on_insufficient_data is OnInsufficientData.ROLLBACK and self.has_started:
            return Trip(Reason.ALARM_INSUFFICIENT_DATA, message)
        return Hold(Reason.ALARM_INSUFFICIENT_DATA, message)


def _replay(transitions: Iterable[AlarmTransition], is_ignored: bool) -> tuple[datetime | None, bool]:
    """Walk through what happened: when it first fired in a way that counts, and whether a firing is still ignored."""
    fired_at = None
    for transition in transitions:
        if transition.new is AlarmState.OK:
            is_ignored = False
        if transition.new is AlarmState.ALARM and not is_ignored and fired_at is None:
            fired_at = transition.at
    return fired_at, is_ignored


def _remember(name: str, fact: AlarmReading, is_ignored: bool, since: datetime | None = None) -> AlarmStatus:
    snapshot = fact.snapshot
    return AlarmStatus(
        name=name,
        state=snapshot.state,
        since=since or snapshot.since,
        reason=snapshot.reason[:1024] or None,
        ignored_until_ok=is_ignored or None,
    )


def _unknown(memory: AlarmStatus, why: str) -> AlarmStatus:
    """Unknown, but what was judged last is kept: whatever came after is still to be judged."""
    return memory.with_(state=AlarmState.UNKNOWN, reason=why[:1024])
