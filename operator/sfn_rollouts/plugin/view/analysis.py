"""The judge's rows: the verdict and since when, the figures of each version, and what this plan can notice at all."""

from datetime import datetime

from rich.text import Text

from sfn_rollouts.explain.rollout import Counts, Judged, Rollout
from sfn_rollouts.explain.times import age
from sfn_rollouts.plugin.view.marks import Marks, Tone
from sfn_rollouts.plugin.view.rows import Row, marked, words

_BAD = ("Worse", "Slower")
_WAITING = ("Suspect", "Skewed", "Blind")


def analysis_rows(rollout: Rollout, now: datetime, marks: Marks) -> list[Row]:
    """Return what is judged, in short, and the figures; nothing where the rollout is not judged."""
    judged = rollout.analysis
    if judged is None:
        return []
    rows = [_verdict(judged, now, marks)]
    rows += [
        (marked(" ", Tone.QUIET, name), words(f"{counts.bad} of {counts.judged} failed"), words(_started(counts)))
        for name, counts in (("target", judged.target), ("stable", judged.stable))
        if counts is not None
    ]
    if judged.forecast:
        rows.append((marked(" ", Tone.QUIET, "forecast"), Text(""), words(judged.forecast, Tone.QUIET)))
    return rows


def _verdict(judged: Judged, now: datetime, marks: Marks) -> Row:
    mark, tone = _mark(judged.verdict, marks)
    since = f"for {age(judged.since, now)}" if judged.since is not None else ""
    message = f"promoted in spite of it; {judged.message}" if judged.is_accepted else judged.message
    return marked(mark, tone, judged.verdict), words(since, tone, is_strong=judged.verdict in _BAD), words(message)


def _started(counts: Counts) -> str:
    young = counts.started - counts.judged
    return f"{counts.started} started, {young} not judged" if young > 0 else f"{counts.started} started"


def _mark(verdict: str, marks: Marks) -> tuple[str, Tone]:
    if verdict in _BAD:
        return marks.bad, Tone.BAD
    if verdict in _WAITING:
        return marks.waiting, Tone.WAITING
    return (marks.done, Tone.GOOD) if verdict == "NotWorse" else (marks.waiting, Tone.QUIET)
