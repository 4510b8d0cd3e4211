"""The whole page: head, what is and what comes, then a branch each for plan, analysis, preflight, alarms, the rest."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sfn_rollouts.explain.course import Course, course_of
from sfn_rollouts.explain.next_up import next_up
from sfn_rollouts.explain.remedies import NextUp
from sfn_rollouts.explain.rollout import LastCommand, Rollout
from sfn_rollouts.explain.times import age
from sfn_rollouts.plugin.view.alarms import alarm_rows
from sfn_rollouts.plugin.view.analysis import analysis_rows
from sfn_rollouts.plugin.view.event_lines import EventLine, step_entries
from sfn_rollouts.plugin.view.head import access_line, bar, owned, subtitle, title
from sfn_rollouts.plugin.view.marks import UNICODE, Marks, Tone
from sfn_rollouts.plugin.view.plan import ROOM, PlanView, plan_rows
from sfn_rollouts.plugin.view.preflight import preflight_rows
from sfn_rollouts.plugin.view.rows import Row, line, marked, section, words

EVENTS_SHOWN = 5
_LINES_BESIDE_PLAN = 18
_RESULTS = {"Done": Tone.GOOD, "Stale": Tone.WAITING, "Refused": Tone.WAITING}


@dataclass(frozen=True, slots=True)
class View:
    """What is shown, `now` in the user's zone. `events_problem` says why Events are missing, `notice` what is wrong."""

    rollout: Rollout
    now: datetime
    event_lines: Sequence[EventLine] = field(default_factory=tuple)
    events_problem: str = ""
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Canvas:
    """What the page is written on: columns and signs, and lines where they are limited.

    With a height it is redrawn in place: nothing is wider than the width, and a long plan takes less room. Without,
    commands stay on one line each, to be copied, and the terminal wraps them.
    """

    width: int
    marks: Marks = UNICODE
    height: int | None = None

    @property
    def is_fixed(self) -> bool:
        """Whether it is redrawn in place."""
        return self.height is not None

    @property
    def plan_room(self) -> int:
        """Rows for the plan, so that the alarms below it are seen too."""
        return ROOM if self.height is None else min(max(self.height - _LINES_BESIDE_PLAN, 4), ROOM)


def page(view: View, canvas: Canvas) -> RenderableType:
    """Return the page; the most important things come first, since the end may not be seen."""
    course = course_of(view.rollout, view.now)
    return Group(*_head(view, course, canvas), *_sections(view, course, canvas))


# -- above: understood in five seconds --


def _head(view: View, course: Course | None, canvas: Canvas) -> Iterator[RenderableType]:
    rollout = view.rollout
    if view.notice:
        yield words(view.notice, Tone.BAD, is_strong=True)
    yield title(rollout, canvas.marks)
    yield subtitle(rollout, view.now, canvas.marks)
    yield from filter(None, (owned(rollout), access_line(rollout)))
    drawn = bar(rollout, canvas.width, canvas.marks)
    yield Text("")
    if drawn is not None:
        yield drawn
        yield Text("")
    found = next_up(rollout, course, view.now)
    yield _now_and_next(rollout, found)
    yield from _suggestions(found, canvas)


def _now_and_next(rollout: Rollout, found: NextUp) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=6)
    grid.add_column(ratio=1, overflow="fold")
    if rollout.message:
        grid.add_row(words("  Now"), words(rollout.message))
    grid.add_row(words("  Next", is_strong=True), words(found.sentence, is_strong=True))
    if found.runbook:
        grid.add_row(words("  Why", Tone.QUIET), words(f"{found.runbook} in docs/runbook.md", Tone.QUIET))
    return grid


def _suggestions(found: NextUp, canvas: Canvas) -> Iterator[RenderableType]:
    """Commands, each with what comes of it as a comment: beside it where all fit, else above."""
    longest = max((len(suggestion.command) for suggestion in found.suggestions), default=0)
    for suggestion in found.suggestions:
        line = Text("  $ ", no_wrap=not canvas.is_fixed, overflow="fold" if canvas.is_fixed else "ignore")
        effect = Text(f"# {suggestion.effect}", "dim")
        if all(4 + longest + 4 + len(each.effect) <= canvas.width for each in found.suggestions):
            yield line.append(suggestion.command.ljust(longest + 2), "bold").append_text(effect)
        else:
            yield Text("  ").append_text(effect)
            yield line.append(suggestion.command, "bold")


# -- below: the tree --


def _sections(view: View, course: Course | None, canvas: Canvas) -> Iterator[RenderableType]:
    for heading, rows, right in _branches(view, course, canvas):
        if rows:
            yield Text("")
            yield section(heading, rows, canvas.width, right)


def _branches(view: View, course: Course | None, canvas: Canvas) -> Iterator[tuple[Text, Sequence[Row], Sequence[int]]]:
    rollout, marks = view.rollout, canvas.marks
    yield _plan_title(view), _plan(view, course, canvas), (1,)
    yield words("Analysis", is_strong=True), analysis_rows(rollout, view.now, marks), ()
    yield words("Preflight", is_strong=True), preflight_rows(rollout, marks), ()
    yield words(_alarms_title(rollout), is_strong=True), _alarms(rollout, view.now, marks), ()
    yield words("Last command", is_strong=True), list(_command(rollout, view.now, marks)), ()
    yield words("Executions", is_strong=True), list(_executions(rollout)), ()
    yield words("Events", is_strong=True), _events(view, marks), (0,)


def _plan_title(view: View) -> Text:
    return words("Plan", is_strong=True).append(f"   times in {view.now:%Z}", "not bold dim")


def _plan(view: View, course: Course | None, canvas: Canvas) -> list[Row]:
    if course is None:
        return []
    entries = step_entries(view.rollout, view.event_lines)
    if view.rollout.step_index is not None and view.rollout.step_started_at is not None:
        entries[view.rollout.step_index + 1] = view.rollout.step_started_at
    if view.rollout.phase == "Succeeded" and view.rollout.finished_at is not None:
        entries[len(course.steps) + 1] = view.rollout.finished_at
    return plan_rows(PlanView(view.rollout, course, entries, view.now, canvas.marks, canvas.plan_room))


def _alarms_title(rollout: Rollout) -> str:
    return "Alarms" if rollout.finished_at is None else "Alarms, as they were when it ended"


def _alarms(rollout: Rollout, now: datetime, marks: Marks) -> list[Row]:
    if rollout.is_in_flight and not rollout.alarms:
        advice = words("none is watched: nothing but a person or the deadline sends it back")
        return [(marked(marks.waiting, Tone.WAITING, advice),)]
    return alarm_rows(rollout, now, marks)


def _command(rollout: Rollout, now: datetime, marks: Marks) -> Iterator[Row]:
    sent, answered = rollout.sent_command, rollout.last_command
    if sent is not None and (answered is None or answered.id != sent.id):
        by = f" by {sent.by}" if sent.by else ""
        yield (marked(marks.waiting, Tone.WAITING, f"{sent.action}{by}: not answered yet"),)
    if answered is not None:
        yield _answer(answered, now, marks)


def _answer(answered: LastCommand, now: datetime, marks: Marks) -> Row:
    by = f" by {answered.by}" if answered.by else ""
    when = f", {age(answered.at, now)} ago" if answered.at is not None else ""
    mark = marks.done if answered.result == "Done" else marks.bad
    text = f"{answered.action}{by}{when}: {answered.result}; {answered.message}"
    return (marked(mark, _RESULTS.get(answered.result, Tone.PLAIN), text),)


def _executions(rollout: Rollout) -> Iterator[Row]:
    running = rollout.running_executions
    if running is not None and running.message:
        tone = Tone.WAITING if running.running else Tone.PLAIN
        yield (words(running.message, tone),)


def _events(view: View, marks: Marks) -> list[Row]:
    if view.events_problem:
        return [(Text(""), words(view.events_problem, Tone.WAITING))]
    return [_event(each, view.now, marks) for each in view.event_lines[:EVENTS_SHOWN]]


def _event(each: EventLine, now: datetime, marks: Marks) -> Row:
    times = f" (x{each.count})" if each.count > 1 else ""
    tone = Tone.WAITING if each.is_warning else Tone.PLAIN
    reason = words(f"{each.reason}{times}: ", tone, is_strong=each.is_warning)
    return words(age(each.at, now), Tone.QUIET), line(Text.assemble(reason, each.message), marks)
