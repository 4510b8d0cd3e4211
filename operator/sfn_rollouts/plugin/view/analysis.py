"""The judge's rows: what it says, since when and what that does, the figures, and what this plan can notice at all."""

from collections.abc import Iterator
from datetime import datetime

from rich.text import Text

from sfn_rollouts.analysis import how_often, one_in
from sfn_rollouts.explain.rollout import Counts, Judged, Rollout
from sfn_rollouts.explain.times import age
from sfn_rollouts.plugin.view.marks import Marks, Tone
from sfn_rollouts.plugin.view.rows import Row, marked, words

_FINAL = ("Worse", "Slower")
_WAITING = ("Suspect", "Skewed", "Blind")
_OF_THE_SPLIT = ("Skewed", "Blind")
_WITHOUT_CHANCE = ("Suspect", "Skewed", "NotWorse")
"""Verdicts whose message does not say how often failures would fall like this by chance."""


_BY_EXECUTIONS = "an execution is judged when it is so old"
_BY_METRICS = "by metrics: minutes that began so long after a change of the weight, three minutes late"


def analysis_rows(rollout: Rollout, now: datetime, marks: Marks) -> list[Row]:
    """Return what is judged, in short, and the figures; nothing where the rollout is not judged."""
    judged = rollout.analysis
    if judged is None:
        return []
    rows = [_verdict(rollout, judged, now, marks)]
    is_old = judged.verdict in _FINAL and rollout.is_in_flight  # the message has the figures of when it was found
    for name, counts in (("target", judged.target), ("stable", judged.stable)):
        if counts is not None:
            failed = f"{counts.bad} of {counts.judged} failed"
            rows.append(_row(name, f"{failed} by now" if is_old else failed, _started(counts)))
    return [*rows, *_more(rollout, judged, now)]


def _verdict(rollout: Rollout, judged: Judged, now: datetime, marks: Marks) -> Row:
    mark, tone = _mark(judged.verdict, marks)
    since = age(judged.since, now)
    if since:
        since = f"for {since}" if rollout.is_in_flight else f"{since} ago"
    effect = _effect(rollout, judged)
    message = f"{effect}; {judged.message}" if effect else judged.message
    return marked(mark, tone, judged.verdict), words(since, tone, is_strong=judged.verdict in _FINAL), words(message)


def _effect(rollout: Rollout, judged: Judged) -> str:
    """What the verdict does to the rollout, where that is not to send it back: its state says so then."""
    if judged.is_accepted:
        return "promoted in spite of it"
    if not rollout.is_in_flight:
        return ""
    if judged.action == "Ignore":
        return f"{judged.policy}: Ignore"
    is_compared = judged.verdict not in _OF_THE_SPLIT or (rollout.weight or 0) < 100
    return "holds the next step" if judged.action == "Hold" and is_compared else ""


def _more(rollout: Rollout, judged: Judged, now: datetime) -> Iterator[Row]:
    if judged.verdict in _WITHOUT_CHANCE and judged.by_chance is not None and judged.needed:
        yield _row("by chance", how_often(judged.by_chance), f"Worse from {one_in(judged.needed)} on")
    if judged.horizon:
        looked = age(judged.looked_at, now) if rollout.is_in_flight else ""
        last = f"; last look {looked} ago" if looked else ""
        is_counted = judged.source == "Metrics"
        yield _row("horizon", judged.horizon, f"{_BY_METRICS if is_counted else _BY_EXECUTIONS}{last}")
    if judged.forecast:
        yield marked(" ", Tone.QUIET, "forecast"), Text(""), words(judged.forecast, Tone.QUIET)


def _row(name: str, figure: str, remark: str) -> Row:
    return marked(" ", Tone.QUIET, name), words(figure), words(remark)


def _started(counts: Counts) -> str:
    young = counts.started - counts.judged
    return f"{counts.started} started, {young} not judged" if young > 0 else f"{counts.started} started"


def _mark(verdict: str, marks: Marks) -> tuple[str, Tone]:
    if verdict in _FINAL:
        return marks.bad, Tone.BAD
    if verdict in _WAITING:
        return marks.waiting, Tone.WAITING
    return (marks.done, Tone.GOOD) if verdict == "NotWorse" else (marks.waiting, Tone.QUIET)
