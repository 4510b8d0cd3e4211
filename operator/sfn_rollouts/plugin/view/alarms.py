"""The alarms' rows: those that are not well first, with CloudWatch's words."""

from datetime import datetime

from rich.text import Text

from sfn_rollouts.explain.rollout import Alarm, Rollout
from sfn_rollouts.explain.times import age
from sfn_rollouts.plugin.view.marks import Marks, Tone
from sfn_rollouts.plugin.view.rows import Row, marked, words

SHOWN = 8
"""Healthy alarms beyond these are only counted."""

LONGEST_REASON = 200
"""CloudWatch may write a thousand letters; `-o yaml` has them all."""

_ORDER = ("ALARM", "UNKNOWN", "INSUFFICIENT_DATA", "OK")


def alarm_rows(rollout: Rollout, now: datetime, marks: Marks) -> list[Row]:
    """Return name, state, and since when with the reason; at most so many that are well."""
    ordered = sorted(rollout.alarms, key=lambda each: (_rank(each), each.name))
    shown = [each for at, each in enumerate(ordered) if at < SHOWN or each.state != "OK"]
    rows = [_row(each, now, marks) for each in shown]
    more = len(ordered) - len(shown)
    return [*rows, (marked(marks.done, Tone.GOOD, f"{more} more"), words("OK"), Text(""))] if more else rows


def _rank(alarm: Alarm) -> int:
    return _ORDER.index(alarm.state) if alarm.state in _ORDER else 0


def _row(alarm: Alarm, now: datetime, marks: Marks) -> Row:
    mark, tone = _mark(alarm, marks)
    since = f"for {age(alarm.since, now)}" if alarm.since is not None else ""
    ignored = "ignored until it is OK" if alarm.is_ignored_until_ok else ""
    reason = alarm.reason if alarm.state != "OK" else ""
    if len(reason) > LONGEST_REASON:
        reason = f"{reason[:LONGEST_REASON].rstrip()} ..."
    tail = "; ".join(part for part in (since, ignored, reason) if part)
    is_bad = alarm.state == "ALARM"
    return marked(mark, tone, alarm.name), words(alarm.state, tone, is_strong=is_bad), words(tail)


def _mark(alarm: Alarm, marks: Marks) -> tuple[str, Tone]:
    if alarm.state == "OK":
        return marks.done, Tone.GOOD
    return (marks.bad, Tone.BAD) if alarm.state == "ALARM" else (marks.waiting, Tone.WAITING)
