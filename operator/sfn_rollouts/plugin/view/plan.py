"""The plan's rows: what is done, where it is now, what comes and when."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.text import Text

from sfn_rollouts.durations import rounded, written
from sfn_rollouts.explain.course import Course, CourseStep, Place
from sfn_rollouts.explain.rollout import Rollout
from sfn_rollouts.explain.times import o_clock
from sfn_rollouts.plugin.view.marks import Marks, Tone
from sfn_rollouts.plugin.view.rows import Row, marked, words

ROOM = 12
"""How many rows a plan may take, where there is room enough."""


@dataclass(frozen=True, slots=True)
class Itinerary:
    """What the rows are made of. `entries`: when each step (from 1) was entered, as far as known."""

    rollout: Rollout
    course: Course
    entries: Mapping[int, datetime]
    now: datetime
    marks: Marks
    room: int = ROOM


def plan_rows(itinerary: Itinerary) -> list[Row]:
    """Give label, weight and words of each step, the bake and the end; a long plan is shortened."""
    steps = itinerary.course.steps
    first, last = _window(steps, itinerary.room)
    rows = [_row(itinerary, at) for at in range(first, last)]
    if first:
        rows.insert(0, _left_out(f"{first} steps before"))
    if last < len(steps):
        rows.append(_left_out(f"{len(steps) - last} steps more"))
    return [*rows, *_end(itinerary)]


def _window(steps: Sequence[CourseStep], room: int) -> tuple[int, int]:
    """Around the current step, more of what comes than of what is done; two rows say what is left out."""
    if len(steps) <= room:
        return 0, len(steps)
    shown = max(room - 2, 2)
    here = next((at for at, step in enumerate(steps) if step.place is not Place.DONE), len(steps))
    first = min(max(here - shown // 3, 0), len(steps) - shown)
    return first, first + shown


def _left_out(what: str) -> Row:
    return Text("  ..."), Text(""), words(what, Tone.QUIET)


def _row(itinerary: Itinerary, at: int) -> Row:
    step = itinerary.course.steps[at]
    mark, tone = _mark(itinerary, step)
    weight = "" if step.label == "bake" else f"{step.weight} %"
    is_current = step.place is Place.CURRENT
    tail = Tone.PLAIN if step.place in (Place.DONE, Place.CURRENT, Place.COMING) else Tone.QUIET
    return (
        marked(mark, tone, words(step.label, is_strong=is_current)),
        words(weight, is_strong=is_current),
        words(_words(itinerary, at), tail, is_strong=is_current),
    )


def _end(itinerary: Itinerary) -> Iterator[Row]:
    ends_at = itinerary.course.ends_at
    if ends_at is not None:
        yield marked(itinerary.marks.coming, Tone.PLAIN, "end"), Text(""), words(_at(itinerary, ends_at))


def _mark(itinerary: Itinerary, step: CourseStep) -> tuple[str, Tone]:
    marks, rollout = itinerary.marks, itinerary.rollout
    match step.place:
        case Place.DONE:
            return marks.done, Tone.GOOD
        case Place.CURRENT if rollout.is_in_flight and rollout.trip is None:
            is_waiting = rollout.phase == "Paused"
            return (marks.waiting, Tone.WAITING) if is_waiting else (marks.current, Tone.MOVING)
        case Place.CURRENT:
            return marks.bad, Tone.BAD
        case Place.COMING:
            return marks.coming, Tone.PLAIN
        case _:
            return " ", Tone.QUIET


def _words(itinerary: Itinerary, at: int) -> str:
    step = itinerary.course.steps[at]
    match step.place:
        case Place.DONE:
            return _done(itinerary, at)
        case Place.CURRENT:
            return _current(itinerary, step)
        case Place.COMING:
            return ", ".join(part for part in (_coming_at(itinerary, step), _for(itinerary, step)) if part) or "no wait"
        case Place.SKIPPED:
            return "passed over"
        case _:
            return "not needed" if itinerary.rollout.reason == "UpToDate" else "not reached"


def _done(itinerary: Itinerary, at: int) -> str:
    entered, left = itinerary.entries.get(at + 1), itinerary.entries.get(at + 2)
    if entered is None:
        return "done"
    stayed_s = (left - entered).total_seconds() if left is not None else 0.0
    stayed = f", stayed {rounded(stayed_s)}" if stayed_s >= 1 else ""
    return f"entered {o_clock(entered, itinerary.now)}{stayed}"


def _current(itinerary: Itinerary, step: CourseStep) -> str:
    rollout, course = itinerary.rollout, itinerary.course
    entered = rollout.step_started_at
    since = f"entered {o_clock(entered, itinerary.now)}, " if entered is not None else ""
    if rollout.trip is not None or not rollout.is_in_flight:
        return f"{since}went back from here"
    if course.is_moving:
        return "not written yet" if rollout.is_held else "is being written"
    if course.due_at is None:
        stays = f", {rounded((itinerary.now - entered).total_seconds())} so far" if entered is not None else ""
        return f"{since}until promoted{_time_to_promote(itinerary, step) or stays}"
    left = course.due_at - itinerary.now
    if left <= timedelta():
        return f"{since}its wait is over"
    of = f" of {written(step.wait_s)}" if step.wait_s else ""
    return f"{since}{rounded(left.total_seconds())}{of} left"


def _coming_at(itinerary: Itinerary, step: CourseStep) -> str:
    return _at(itinerary, step.enters_at) if step.enters_at is not None else ""


def _at(itinerary: Itinerary, moment: datetime) -> str:
    left = rounded((moment - itinerary.now).total_seconds())
    return f"at {o_clock(moment, itinerary.now)}, in {left}"


def _time_to_promote(itinerary: Itinerary, step: CourseStep) -> str:
    ends_at = itinerary.course.approval_ends_at
    if ends_at is None or step.timeout is None:
        return ""
    left_s = max((ends_at - itinerary.now).total_seconds(), 0.0)
    return f", {rounded(left_s)} of {step.timeout.within} left"


def _within(itinerary: Itinerary, step: CourseStep) -> str:
    if step.timeout is None:
        return ""
    then = "on" if step.timeout.goes_on else f"back to {itinerary.rollout.stable}"
    return f" within {step.timeout.within}, else {then}"


def _for(itinerary: Itinerary, step: CourseStep) -> str:
    if step.wait_s is None:
        return f"until promoted{_within(itinerary, step)}"
    return f"for {written(step.wait_s)}" if step.wait_s else ""
