"""The plan as the operator walks it: asked of the very code that decides, never computed a second time here."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sfn_rollouts.api.problems import SpecError
from sfn_rollouts.api.resource import parse_spec, parse_status
from sfn_rollouts.api.status import Shortcut
from sfn_rollouts.core.replanning import replanned
from sfn_rollouts.core.schedule import Schedule, is_shortcut
from sfn_rollouts.core.values.moments import after
from sfn_rollouts.core.values.plan import Timeout, compile_plan
from sfn_rollouts.explain.rollout import Rollout

OVERDUE_S = 30.0
"""A running operator acts within seconds and says what holds it; one that is silent for so long may not be running."""


class StepState(StrEnum):
    """Where a step lies, seen from where the rollout is."""

    DONE = "done"
    CURRENT = "current"
    COMING = "coming"
    SKIPPED = "skipped"  # skipped on the way to all traffic
    NOT_REACHED = "not reached"  # it went back before


@dataclass(frozen=True, slots=True)
class CourseStep:
    """One step of the compiled plan, or the bake. Percent and seconds; `enters_at` is a forecast if nothing holds."""

    label: str
    weight: int
    wait_s: float | None
    state: StepState
    enters_at: datetime | None = None
    timeout: Timeout | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """The whole plan and where the rollout is in it.

    `due_at`: when the current wait is over, None while only a person ends it. `deadline_at`: when the rollout goes back
    if the step that is due is still held, None where no deadline counts. `approval_ends_at`: until when a person may
    promote the step that it is in. `next_step` is None at the end, `ends_at`
    where nobody can say: a wait for a person lies ahead.
    """

    steps: tuple[CourseStep, ...]
    due_at: datetime | None
    deadline_at: datetime | None
    approval_ends_at: datetime | None
    next_step: CourseStep | None
    ends_at: datetime | None
    is_moving: bool  # a write is under way: the current step is being entered

    @property
    def current(self) -> CourseStep | None:
        """The step that the rollout is in."""
        return next((step for step in self.steps if step.state is StepState.CURRENT), None)


def course_of(rollout: Rollout, now: datetime) -> Course | None:
    """Return the course of a rollout; None where its spec is refused, since then there is no plan."""
    schedule = _schedule(rollout, now)
    if schedule is None:
        return None
    index = _index(rollout, schedule)
    following = _following(schedule, index)
    entries = _entries(rollout, schedule, following)
    count = _count(schedule)
    states = {at: _state(rollout, schedule, at, index, following) for at in range(count)}
    steps = tuple(_step(schedule, at, states[at], entries.get(at)) for at in states)
    return Course(
        steps=steps,
        due_at=schedule.due_at if rollout.is_in_flight else None,
        deadline_at=schedule.deadline_at if rollout.is_in_flight else None,
        approval_ends_at=schedule.approval_ends_at if rollout.is_in_flight else None,
        next_step=steps[following] if following is not None else None,
        ends_at=entries.get(count),
        is_moving=schedule.status.intent is not None,
    )


def _schedule(rollout: Rollout, now: datetime) -> Schedule | None:
    """The rollout in time; placed in an edited plan as the operator does."""
    try:
        spec = parse_spec(rollout.resource.get("spec") or {})
    except SpecError:
        return None
    schedule = Schedule(spec, compile_plan(spec), parse_status(rollout.resource.get("status")), now)
    return replanned(schedule) if rollout.is_in_flight else schedule


def _count(schedule: Schedule) -> int:
    """The steps, and the bake where there is one."""
    return schedule.plan.bake_index + (1 if schedule.plan.bake_s else 0)


def _index(rollout: Rollout, schedule: Schedule) -> int | None:
    """The position: where a write is on its way to, else the step whose clock runs; None before the first."""
    if rollout.finished_at is None and schedule.status.intent is not None:
        return schedule.status.intent.step_index
    if rollout.reason == "UpToDate" or not rollout.is_observed:
        return None  # whatever was walked before, it was for another request
    return _count(schedule) if rollout.phase == "Succeeded" else schedule.status.step_index


def _following(schedule: Schedule, index: int | None) -> int | None:
    """The position after this one; None where the end is next, or has come."""
    following = schedule.plan.next_index(index, schedule.status.shortcut)
    return following if schedule.status.finished_at is None and following < _count(schedule) else None


def _entries(rollout: Rollout, schedule: Schedule, following: int | None) -> dict[int, datetime]:
    """When each coming position is entered, and the end; nothing while held or overdue, nor beyond a person's wait."""
    entries: dict[int, datetime] = {}
    if not rollout.is_in_flight or not rollout.is_observed or rollout.is_paused or rollout.is_held:
        return entries
    at, moment = following if following is not None else _count(schedule), schedule.due_at
    if moment is not None and (schedule.now - moment).total_seconds() > OVERDUE_S:
        return entries
    while moment is not None and at <= _count(schedule):
        entries[at] = moment = max(moment, schedule.now)
        wait_s = schedule.plan.wait_at(at)
        at, moment = at + 1, after(moment, wait_s) if wait_s is not None else None
    return entries


def _state(rollout: Rollout, schedule: Schedule, at: int, index: int | None, following: int | None) -> StepState:
    if at not in (schedule.plan.last_index, index) and _is_one_write(rollout, schedule):
        return StepState.SKIPPED
    if index is not None and at <= index:
        return StepState.CURRENT if at == index else StepState.DONE
    if rollout.finished_at is not None or rollout.trip is not None:
        return StepState.NOT_REACHED
    return StepState.SKIPPED if following is not None and at < following else StepState.COMING


def _is_one_write(rollout: Rollout, schedule: Schedule) -> bool:
    """All traffic moves at once, without steps and bake; a new alias sets out from its target."""
    shortcuts = (Shortcut.ROLLBACK_WINDOW, Shortcut.NEW_ALIAS, Shortcut.REASSERT)
    last = rollout.history[0] if rollout.history and rollout.finished_at is not None else None
    was_one = last is not None and (last.outcome == "FastRolledBack" or last.stable == last.version)
    return is_shortcut(schedule.status, *shortcuts) or was_one


def _step(schedule: Schedule, at: int, state: StepState, enters_at: datetime | None) -> CourseStep:
    label = str(at + 1) if at < schedule.plan.bake_index else "bake"
    plan = schedule.plan
    return CourseStep(label, plan.weight_at(at), plan.wait_at(at), state, enters_at, plan.timeout_at(at))
