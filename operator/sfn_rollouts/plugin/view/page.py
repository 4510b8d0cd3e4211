"""The whole page: head, what is and what comes, then a branch each for plan, alarms, command, executions and Events."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sfn_rollouts.explain.course import Course, course_of
from sfn_rollouts.explain.outlook import outlook
from sfn_rollouts.explain.remedies import Outlook
from sfn_rollouts.explain.rollout import LastCommand, Rollout
from sfn_rollouts.explain.times import age
from sfn_rollouts.plugin.view.alarms import alarm_rows
from sfn_rollouts.plugin.view.happenings import Happening, step_entries
from sfn_rollouts.plugin.view.head import bar, owned, subtitle, title
from sfn_rollouts.plugin.view.marks import UNICODE, Marks, Tone
from sfn_rollouts.plugin.view.plan import ROOM, Itinerary, plan_rows
from sfn_rollouts.plugin.view.rows import Row, line, marked, section, words

EVENTS_SHOWN = 5
_LINES_BESIDE_PLAN = 18
_RESULTS = {"Done": Tone.GOOD, "Stale": Tone.WAITING, "Refused": Tone.WAITING}


@dataclass(frozen=True, slots=True)
class View:
    """What is shown. `now` has the person's zone; `unheard` says why there are no Events, `notice` what is amiss."""

    rollout: Rollout
    now: datetime
    happenings: Sequence[Happening] = field(default_factory=tuple)
    unheard: str = ""
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
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


def page(view: View, paper: Paper) -> RenderableType:
    """Give the page; the most important things come first, since the end may not be seen."""
    course = course_of(view.rollout, view.now)
    return Group(*_head(view, course, paper), *_sections(view, course, paper))


# -- above: understood in five seconds --


def _head(view: View, course: Course | None, paper: Paper) -> Iterator[RenderableType]:
    rollout = view.rollout
    if view.notice:
        yield words(view.notice, Tone.BAD, is_strong=True)
    yield title(rollout, paper.marks)
    yield subtitle(rollout, view.now, paper.marks)
    owner, drawn = owned(rollout), bar(rollout, paper.width, paper.marks)
    if owner is not None:
        yield owner
    yield Text("")
    if drawn is not None:
        yield drawn
        yield Text("")
    found = outlook(rollout, course, view.now)
    yield _now_and_next(rollout, found)
    yield from _deeds(found, paper)


def _now_and_next(rollout: Rollout, found: Outlook) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=6)
    grid.add_column(ratio=1, overflow="fold")
    if rollout.message:
        grid.add_row(words("  Now"), words(rollout.message))
    grid.add_row(words("  Next", is_strong=True), words(found.sentence, is_strong=True))
    if found.runbook:
        grid.add_row(words("  Why", Tone.QUIET), words(f"{found.runbook} in docs/runbook.md", Tone.QUIET))
    return grid


def _deeds(found: Outlook, paper: Paper) -> Iterator[RenderableType]:
    """Commands, each with what comes of it as a comment: beside it where all fit, else above."""
    longest = max((len(deed.command) for deed in found.deeds), default=0)
    for deed in found.deeds:
        line = Text("  $ ", no_wrap=not paper.is_fixed, overflow="fold" if paper.is_fixed else "ignore")
        effect = Text(f"# {deed.effect}", "dim")
        if all(4 + longest + 4 + len(each.effect) <= paper.width for each in found.deeds):
            yield line.append(deed.command.ljust(longest + 2), "bold").append_text(effect)
        else:
            yield Text("  ").append_text(effect)
            yield line.append(deed.command, "bold")


# -- below: the tree --


def _sections(view: View, course: Course | None, paper: Paper) -> Iterator[RenderableType]:
    for heading, rows, right in _branches(view, course, paper):
        if rows:
            yield Text("")
            yield section(heading, rows, paper.width, right)


def _branches(view: View, course: Course | None, paper: Paper) -> Iterator[tuple[Text, Sequence[Row], Sequence[int]]]:
    rollout, marks = view.rollout, paper.marks
    yield _plan_title(view), _plan(view, course, paper), (1,)
    yield words(_alarms_title(rollout), is_strong=True), _alarms(rollout, view.now, marks), ()
    yield words("Last command", is_strong=True), list(_command(rollout, view.now, marks)), ()
    yield words("Executions", is_strong=True), list(_executions(rollout)), ()
    yield words("Events", is_strong=True), _events(view, marks), (0,)


def _plan_title(view: View) -> Text:
    return words("Plan", is_strong=True).append(f"   times in {view.now:%Z}", "not bold dim")


def _plan(view: View, course: Course | None, paper: Paper) -> list[Row]:
    if course is None:
        return []
    entries = step_entries(view.rollout, view.happenings)
    if view.rollout.step_index is not None and view.rollout.step_started_at is not None:
        entries[view.rollout.step_index + 1] = view.rollout.step_started_at
    if view.rollout.phase == "Succeeded" and view.rollout.finished_at is not None:
        entries[len(course.steps) + 1] = view.rollout.finished_at
    return plan_rows(Itinerary(view.rollout, course, entries, view.now, paper.marks, paper.plan_room))


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
    if view.unheard:
        return [(Text(""), words(view.unheard, Tone.WAITING))]
    return [_event(each, view.now, marks) for each in view.happenings[:EVENTS_SHOWN]]


def _event(each: Happening, now: datetime, marks: Marks) -> Row:
    times = f" (x{each.count})" if each.count > 1 else ""
    tone = Tone.WAITING if each.is_warning else Tone.PLAIN
    reason = words(f"{each.reason}{times}: ", tone, is_strong=each.is_warning)
    return words(age(each.at, now), Tone.QUIET), line(Text.assemble(reason, each.message), marks)
