"""The plan's rows: what is done, where it is now, what comes and when."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.text import Text

from sfn_rollouts.durations import rounded, written
from sfn_rollouts.explain.course import Course, CourseStep, StepState
from sfn_rollouts.explain.rollout import Rollout
from sfn_rollouts.explain.times import o_clock
from sfn_rollouts.plugin.view.marks import Marks, Tone
from sfn_rollouts.plugin.view.rows import Row, marked, words

ROOM = 12
"""How many rows a plan may take, where there is room enough."""


@dataclass(frozen=True, slots=True)
class PlanView:
    """What the rows are made of. `entries`: when each step (from 1) was entered, as far as known."""

    rollout: Rollout
    course: Course
    entries: Mapping[int, datetime]
    now: datetime
    marks: Marks
    room: int = ROOM


def plan_rows(view: PlanView) -> list[Row]:
    """Return label, weight and words of each step, the bake and the end; a long plan is shortened."""
    steps = view.course.steps
    first, last = _window(steps, view.room)
    rows = [_row(view, at) for at in range(first, last)]
    if first:
        rows.insert(0, _left_out(f"{first} steps before"))
    if last < len(steps):
        rows.append(_left_out(f"{len(steps) - last} steps more"))
    return [*rows, *_end(view)]


def _window(steps: Sequence[CourseStep], room: int) -> tuple[int, int]:
    """Around the current step, more of what comes than of what is done; two rows say what is left out."""
    if len(steps) <= room:
        return 0, len(steps)
    shown = max(room - 2, 2)
    here = next((at for at, step in enumerate(steps) if step.state is not StepState.DONE), len(steps))
    first = min(max(here - shown // 3, 0), len(steps) - shown)
    return first, first + shown


def _left_out(what: str) -> Row:
    return Text("  ..."), Text(""), words(what, Tone.QUIET)


def _row(view: PlanView, at: int) -> Row:
    step = view.course.steps[at]
    mark, tone = _mark(view, step)
    weight = "" if step.label == "bake" else f"{step.weight} %"
    is_current = step.state is StepState.CURRENT
    tail = Tone.PLAIN if step.state in (StepState.DONE, StepState.CURRENT, StepState.COMING) else Tone.QUIET
    return (
        marked(mark, tone, words(step.label, is_strong=is_current)),
        words(weight, is_strong=is_current),
        words(_words(view, at), tail, is_strong=is_current),
    )


def _end(view: PlanView) -> Iterator[Row]:
    ends_at = view.course.ends_at
    if ends_at is not None:
        yield marked(view.marks.coming, Tone.PLAIN, "end"), Text(""), words(_at(view, ends_at))


def _mark(view: PlanView, step: CourseStep) -> tuple[str, Tone]:
    marks, rollout = view.marks, view.rollout
    match step.state:
        case StepState.DONE:
            return marks.done, Tone.GOOD
        case StepState.CURRENT if rollout.is_in_flight and rollout.trip is None:
            is_waiting = rollout.phase == "Paused"
            return (marks.waiting, Tone.WAITING) if is_waiting else (marks.current, Tone.MOVING)
        case StepState.CURRENT:
            return marks.bad, Tone.BAD
        case StepState.COMING:
            return marks.coming, Tone.PLAIN
        case _:
            return " ", Tone.QUIET


def _words(view: PlanView, at: int) -> str:
    step = view.course.steps[at]
    match step.state:
        case StepState.DONE:
            return _done(view, at)
        case StepState.CURRENT:
            return _current(view, step)
        case StepState.COMING:
            return ", ".join(part for part in (_coming_at(view, step), _for(view, step)) if part) or "no wait"
        case StepState.SKIPPED:
            return "skipped"
        case _:
            return "not needed" if view.rollout.reason == "UpToDate" else "not reached"


def _done(view: PlanView, at: int) -> str:
    entered, left = view.entries.get(at + 1), view.entries.get(at + 2)
    if entered is None:
        return "done"
    stayed_s = (left - entered).total_seconds() if left is not None else 0.0
    stayed = f", stayed {rounded(stayed_s)}" if stayed_s >= 1 else ""
    return f"entered {o_clock(entered, view.now)}{stayed}"


def _current(view: PlanView, step: CourseStep) -> str:
    rollout, course = view.rollout, view.course
    entered = rollout.step_started_at
    since = f"entered {o_clock(entered, view.now)}, " if entered is not None else ""
    if rollout.trip is not None or not rollout.is_in_flight:
        return f"{since}went back from here"
    if course.is_moving:
        return "not written yet" if rollout.is_held else "is being written"
    if course.due_at is None:
        stays = f", {rounded((view.now - entered).total_seconds())} so far" if entered is not None else ""
        return f"{since}until promoted{_time_to_promote(view, step) or stays}"
    left = course.due_at - view.now
    if left <= timedelta():
        return f"{since}its wait is over"
    of = f" of {written(step.wait_s)}" if step.wait_s else ""
    return f"{since}{rounded(left.total_seconds())}{of} left"


def _coming_at(view: PlanView, step: CourseStep) -> str:
    return _at(view, step.enters_at) if step.enters_at is not None else ""


def _at(view: PlanView, moment: datetime) -> str:
    left = rounded((moment - view.now).total_seconds())
    return f"at {o_clock(moment, view.now)}, in {left}"


def _time_to_promote(view: PlanView, step: CourseStep) -> str:
    ends_at = view.course.approval_ends_at
    if ends_at is None or step.timeout is None:
        return ""
    left_s = max((ends_at - view.now).total_seconds(), 0.0)
    return f", {rounded(left_s)} of {step.timeout.within} left"


def _within(view: PlanView, step: CourseStep) -> str:
    if step.timeout is None:
        return ""
    then = "on" if step.timeout.goes_on else f"back to {view.rollout.stable}"
    return f" within {step.timeout.within}, else {then}"


def _for(view: PlanView, step: CourseStep) -> str:
    if step.wait_s is None:
        return f"until promoted{_within(view, step)}"
    return f"for {written(step.wait_s)}" if step.wait_s else ""
