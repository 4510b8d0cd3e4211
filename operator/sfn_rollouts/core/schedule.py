"""Where a rollout is in its plan, and what is due when: from spec, plan, status and now alone.

So whoever shows a rollout to people asks the very code that decides, without any evidence at hand.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.status import Shortcut, Status
from sfn_rollouts.core.memory import was_paused, was_wait_noted
from sfn_rollouts.core.values.commands import by_words
from sfn_rollouts.core.values.moments import after
from sfn_rollouts.core.values.plan import Plan, Timeout

OVERLOOKED_S = 5.0
"""A running operator looks within milliseconds; one that comes so late was stopped, or the plan was edited."""

Same = TypeVar("Same", bound="Schedule")


@dataclass(frozen=True, slots=True)
class Schedule:
    """A rollout in time. A `Case` is one, with all that was seen besides."""

    spec: Spec
    plan: Plan
    status: Status
    now: datetime

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

    def with_status(self: Same, **changes: Any) -> Same:
        """The same with these status fields changed."""
        return replace(self, status=self.status.with_(**changes))

    def in_seconds(self, seconds: float) -> datetime:
        """A moment from now."""
        return after(self.now, seconds)


def pause_words(spec: Spec, status: Status) -> str:
    """Who paused, and how it ends."""
    if spec.paused:
        return "paused by spec.paused; set it to false to go on"
    by = status.pause_command.by if status.pause_command is not None else None
    return f"paused{by_words(by)} by command; send resume to go on"


def is_shortcut(status: Status, *shortcuts: Shortcut) -> bool:
    """Whether the steps are passed over for one of these reasons."""
    return status.shortcut in shortcuts
