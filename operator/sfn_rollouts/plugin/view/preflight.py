"""Preflight's rows: what has not passed, the worst first; `-o yaml` has all of it."""

from rich.text import Text

from sfn_rollouts.explain.rollout import PreflightFound, Rollout
from sfn_rollouts.plugin.view.marks import Marks, Tone
from sfn_rollouts.plugin.view.rows import Row, marked, words

SHOWN = 5
"""Findings beyond these are only counted."""

LONGEST_MESSAGE = 200

_WORST_FIRST = ("Failed", "Warning", "Unknown")


def preflight_rows(rollout: Rollout, marks: Marks) -> list[Row]:
    """Return check, verdict, and the message; nothing where all has passed."""
    bad = sorted((each for each in rollout.preflight if each.verdict != "Passed"), key=_rank)
    more = len(bad) - SHOWN
    rows = [_row(each, marks) for each in bad[:SHOWN]]
    return [*rows, (marked(marks.waiting, Tone.WAITING, f"{more} more"), Text(""), Text(""))] if more > 0 else rows


def _rank(found: PreflightFound) -> int:
    return _WORST_FIRST.index(found.verdict) if found.verdict in _WORST_FIRST else 0


def _row(found: PreflightFound, marks: Marks) -> Row:
    is_bad = found.verdict == "Failed"
    mark, tone = (marks.bad, Tone.BAD) if is_bad else (marks.waiting, Tone.WAITING)
    message = found.message
    if len(message) > LONGEST_MESSAGE:
        message = f"{message[:LONGEST_MESSAGE].rstrip()} ..."
    return marked(mark, tone, found.check), words(found.verdict, tone, is_strong=is_bad), words(message)
