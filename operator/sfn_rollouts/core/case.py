"""One case before the decision: everything known, with the questions that every stage asks of it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.status import (
    AliasStatus,
    CommandResult,
    HistoryEntry,
    Outcome,
    RouteEntry,
    Shortcut,
    Status,
)
from sfn_rollouts.core.judges.alarms import AlarmsVerdict, worst
from sfn_rollouts.core.memory import was_paused, was_wait_noted
from sfn_rollouts.core.values.commands import Command, answer, by_words
from sfn_rollouts.core.values.conditions import (
    ALARMS_HEALTHY,
    ALIAS_IN_SYNC,
    PAUSED,
    PROMOTED,
    Fact,
    Standing,
    conclude,
)
from sfn_rollouts.core.values.decision import Decision, Write
from sfn_rollouts.core.values.looks import FindVersion, Look
from sfn_rollouts.core.values.moments import after
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.plan import Plan, Timeout
from sfn_rollouts.core.values.readings import AliasMissing, AliasReading, VersionReading
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.routing import Routing

OVERLOOKED_S = 5.0
"""A running operator looks within milliseconds; one that comes so late was stopped, or the plan was edited."""

HISTORY_LIMIT = 10


class AliasState(StrEnum):
    """The live alias against what this rollout knows of it."""

    NOT_SEEN = "NotSeen"
    STALE = "Stale"  # an answer from before our own last write
    IN_SYNC = "InSync"
    APPLIED = "Applied"  # the intended routing is live
    FOREIGN = "Foreign"
    MISSING = "Missing"


@dataclass(frozen=True, slots=True)
class Case:
    """What a stage decides on. `command` is one that is in time and has not been answered."""

    generation: int
    spec: Spec
    plan: Plan
    status: Status
    seen: Observation
    now: datetime
    alarms: AlarmsVerdict
    command: Command | None = None

    # -- what is known --

    @property
    def target(self) -> int:
        """The version that this rollout moves to (not: the one asked for by now)."""
        return self.status.target_version or self.spec.version

    @property
    def stable(self) -> int:
        """The version to go back to."""
        return self.status.stable_version or self.target

    @property
    def weight(self) -> int:
        """Percent on the target as last verified."""
        return self.status.weight or 0

    @property
    def has_started(self) -> bool:
        """Traffic may have moved and the end is not reached: the alias must not be left alone."""
        return self.status.knows_its_way

    @property
    def is_single_write(self) -> bool:
        """A new alias, or one put back at rest: one write without steps, and nothing to go back to."""
        return is_shortcut(self.status, Shortcut.NEW_ALIAS, Shortcut.REASSERT)

    @property
    def is_paused(self) -> bool:
        """A person holds the next step, by manifest or by command."""
        return self.spec.paused or self.status.pause_command is not None

    @property
    def is_target_changed(self) -> bool:
        """Another version is asked for than the one that this rollout moves to."""
        return self.status.target_version != self.spec.version

    @property
    def is_retry_asked(self) -> bool:
        """The manifest's retryToken is not the one that this rollout answers."""
        return (self.status.retry_token or "") != self.spec.retry_token

    @property
    def known_routing(self) -> Routing | None:
        """The alias as last verified."""
        return routing_of(self.status.alias)

    @property
    def intended_routing(self) -> Routing | None:
        """The alias as the pending intent wants it."""
        intent = self.status.intent
        return Routing.split(self.stable, self.target, intent.weight) if intent is not None else None

    @property
    def reading(self) -> AliasReading | None:
        """The alias as last read, if it was there."""
        return self.seen.alias if isinstance(self.seen.alias, AliasReading) else None

    @property
    def alias_state(self) -> AliasState:
        """Compare the last reading with what is known; an answer older than our own write is stale, not foreign."""
        if isinstance(self.seen.alias, AliasMissing):
            return AliasState.MISSING
        reading = self.reading
        if reading is None:
            return AliasState.NOT_SEEN
        known_date = self.status.alias.update_date if self.status.alias is not None else None
        dates = [date for date in (known_date, self.seen.written_at) if date is not None]
        if dates and reading.update_date < max(dates):
            return AliasState.STALE
        if self.status.intent is not None and reading.routing == self.intended_routing:
            return AliasState.APPLIED
        return AliasState.IN_SYNC if reading.routing == self.known_routing else AliasState.FOREIGN

    def created_at(self, version: int | None) -> datetime | None:
        """AWS's creationDate of what was last found under this number; None where it was not seen, or is not there.

        A number alone says nothing: a state machine that is created again counts from 1 again.
        """
        reading = self.seen.of(FindVersion(version)) if version is not None else None
        return reading.created_at if isinstance(reading, VersionReading) else None

    @property
    def due_at(self) -> datetime | None:
        """When the current wait is over; None while only a person can end it."""
        status = self.status
        if status.wait_ended_at is not None:
            return status.wait_ended_at
        if status.step_index is None or status.step_started_at is None:
            return status.started_at
        skips_waits = is_shortcut(status, Shortcut.PROMOTE_FULL, Shortcut.ROLLBACK_WINDOW)
        is_step = status.step_index < self.plan.bake_index
        wait_s = 0.0 if skips_waits and is_step else self.plan.wait_at(status.step_index)
        return after(status.step_started_at, wait_s) if wait_s is not None else None

    @property
    def approval(self) -> Timeout | None:
        """How the person's wait that is on ends by itself; None where none is on, or where it lasts for ever."""
        index = self.status.step_index
        return self.plan.timeout_at(index) if self.due_at is None and index is not None else None

    @property
    def approval_ends_at(self) -> datetime | None:
        """When the person's wait that is on ends by itself. A pause does not stop its clock."""
        approval, entered = self.approval, self.status.step_started_at
        return after(entered, approval.within.seconds) if approval is not None and entered is not None else None

    @property
    def is_approval_late(self) -> bool:
        """The time to promote is over. Where a person holds the rollout it counts when they let it go on."""
        ends_at = self.approval_ends_at
        return ends_at is not None and ends_at <= self.now and not self.is_paused

    @property
    def deadline_at(self) -> datetime | None:
        """Until when a due step may be held up; None while a person holds it, or where the way back leads nowhere."""
        due = self.due_at
        is_wanted_back = self.is_single_write or is_shortcut(self.status, Shortcut.ROLLBACK_WINDOW)
        if due is None or self.is_paused or is_wanted_back:
            return None
        counted_from = self.now if self.was_overlooked else max(due, self.status.due_since or due)
        return after(counted_from, self.spec.progress_deadline.seconds)

    @property
    def was_overlooked(self) -> bool:
        """The step has been due for a while, and nobody has looked since, or a pause has ended just now.

        While a wait is on, next_action_at stands in the status; whatever happens to a due step takes it away.
        """
        due = self.due_at
        is_overdue = due is not None and self.now > after(due, OVERLOOKED_S)
        return was_paused(self.status) or (is_overdue and was_wait_noted(self.status))

    @property
    def deadline_wake(self) -> datetime | None:
        """When to look at the deadline next: as soon as it begins to count, then when it is over.

        Before that, when the time of an approval is over.
        """
        due, deadline = self.due_at, self.deadline_at
        if due is None and not self.is_paused:
            return self.approval_ends_at
        return due if due is not None and deadline is not None and due > self.now else deadline

    # -- change --

    def having(self, **changes: Any) -> "Case":
        """The same case with these status fields changed."""
        return replace(self, status=self.status.with_(**changes))

    def afresh(self) -> "Case":
        """The same case before its beginning; history, stable version and the last command stay."""
        return self.having(
            **NOTHING_PENDING,
            target_version=self.spec.version,
            target_creation_date=None,
            retry_token=self.spec.retry_token,
            weight=None,
            step_index=None,
            step_started_at=None,
            plan_hash=None,
            started_at=None,
            finished_at=None,
            approval_timeout=None,
            running_executions=None,
            alarms=(),
        )

    def with_stable(self, version: int | None) -> "Case":
        """The same case with this version as the stable one, dated as it was last found under its number."""
        return self.having(stable_version=version, stable_creation_date=self.created_at(version))

    def with_command(self, command: Command | None) -> "Case":
        """The same case with a command to carry out."""
        return replace(self, command=command)

    def answering(self, result: CommandResult, message: str) -> "Case":
        """The same case with its command answered."""
        if self.command is None:
            return self
        answered = self.having(last_command=answer(self.command, result, message, self.now))
        return replace(answered, command=None)

    def done(self, message: str) -> "Case":
        """The command was carried out."""
        return self.answering(CommandResult.DONE, message)

    def refusing(self, message: str) -> "Case":
        """The command cannot be carried out: say why and what to do."""
        return self.answering(CommandResult.REFUSED, message)

    # -- outcome --

    def decide(
        self,
        standing: Standing,
        *,
        write: Write | None = None,
        looks: Iterable[Look[Any]] = (),
        wakes: Iterable[datetime | None] = (),
        alias: Fact | None = None,
        watches_alarms: bool = True,
    ) -> Decision:
        """Close the case. `alias` None: nothing new is known of it."""
        facts: dict[str, Fact | None] = {
            PROMOTED: self._promoted(standing),
            PAUSED: self._paused(),
            ALARMS_HEALTHY: self._alarms_healthy() if watches_alarms else _standing_alarms(self.status),
            ALIAS_IN_SYNC: alias,
        }
        status = self.status
        if watches_alarms:
            status = status.with_(alarms=self.alarms.memories)
        status = status.with_(alarm=worst(status.alarms), step=self._step_label())
        wake_times = [moment for moment in (*wakes, self.alarms.lapses_at if watches_alarms else None) if moment]
        return Decision(
            status=conclude(status, standing, facts, self.generation, self.now),
            write=write,
            looks=frozenset(looks),
            wake_at=min(wake_times, default=None),
            holds_finalizer=self.has_started,
            watches_alarms=watches_alarms and bool(self.alarms.memories),
        )

    def finish(self, outcome: Outcome, reason: Reason, by: str | None = None, **changes: Any) -> "Case":
        """The rollout is over: one more line of history, nothing pending. `by` is who aborted it."""
        entry = HistoryEntry(
            version=self.target,
            creation_date=self.status.target_creation_date,
            stable_version=self.status.stable_version,
            stable_creation_date=self.status.stable_creation_date,
            outcome=outcome,
            reason=reason,
            by=by,
            started_at=self.status.started_at,
            finished_at=self.now,
        )
        history = (entry, *self.status.history)[:HISTORY_LIMIT]
        ended = self.having(history=history, outcome=outcome, finished_at=self.now, **NOTHING_PENDING)
        return ended.having(alarms=self.alarms.memories or self.status.alarms).having(**changes)

    def in_s(self, seconds: float) -> datetime:
        """A moment from now."""
        return after(self.now, seconds)

    def _step_label(self) -> str | None:
        status = self.status
        if status.started_at is None:
            return None
        index = status.intent.step_index if status.intent is not None else status.step_index
        return self.plan.label(index) if index is not None else status.step

    def _promoted(self, standing: Standing) -> Fact:
        has_promoted = self.status.finished_at is not None and standing.reason in (
            Reason.ROLLOUT_COMPLETE,
            Reason.UP_TO_DATE,
        )
        return Fact.true(standing.reason, standing.message) if has_promoted else NOT_PROMOTED

    def _paused(self) -> Fact:
        if not self.is_paused or self.status.finished_at is not None:
            return Fact.false(Reason.NOT_PAUSED, Reason.NOT_PAUSED.meaning)
        return Fact.true(Reason.PAUSED, pause_words(self.spec, self.status))

    def _alarms_healthy(self) -> Fact | None:
        if not self.alarms.memories:
            return Fact.true(Reason.NO_ALARMS, Reason.NO_ALARMS.meaning)
        finding = self.alarms.trip or self.alarms.hold
        if finding is None:
            return Fact.true(Reason.ALARMS_HEALTHY, Reason.ALARMS_HEALTHY.meaning)
        if finding.reason is Reason.INITIALIZING:
            return None
        if finding.reason is Reason.RETRYING_AWS:
            return Fact.unknown(finding.reason, finding.message)
        return Fact.false(finding.reason, finding.message)


NOTHING_PENDING: dict[str, None] = dict.fromkeys(
    ("intent", "shortcut", "wait_ended_at", "due_since", "pause_command", "trip", "next_action_at", "taken_over")
)
"""What a finished rollout leaves behind of its way there."""

NOT_PROMOTED = Fact.false(Reason.NOT_PROMOTED, Reason.NOT_PROMOTED.meaning)


def _standing_alarms(status: Status) -> Fact | None:
    """Alarms are not watched at rest: what was last judged stands."""
    return Fact.true(Reason.NO_ALARMS, Reason.NO_ALARMS.meaning) if not status.alarms else None


def routing_of(alias: AliasStatus | None) -> Routing | None:
    """Give the routing that the status tells of; None where it is absent or no routing."""
    if alias is None:
        return None
    try:
        return Routing(tuple((entry.version, entry.weight) for entry in alias.routing))
    except ValueError:
        return None


def alias_status(reading: AliasReading | None) -> AliasStatus | None:
    """Write a reading down; None where there is none."""
    if reading is None:
        return None
    entries = tuple(RouteEntry(version=version, weight=weight) for version, weight in reading.routing.entries)
    return AliasStatus(routing=entries, update_date=reading.update_date)


def pause_words(spec: Spec, status: Status) -> str:
    """Who paused, and how it ends."""
    if spec.paused:
        return "paused by spec.paused; set it to false to go on"
    by = status.pause_command.by if status.pause_command is not None else None
    return f"paused{by_words(by)} by command; send resume to go on"


def is_shortcut(status: Status, *shortcuts: Shortcut) -> bool:
    """Whether the steps are passed over for one of these reasons."""
    return status.shortcut in shortcuts
