"""Events of the cluster about one rollout, and what they say about its steps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sfn_rollouts.api import STEP_ANNOTATION, VERSION_ANNOTATION
from sfn_rollouts.explain.rollout import Rollout, moment_of, text_of


@dataclass(frozen=True, slots=True)
class EventLine:
    """One Event; `at` is when it was last seen, `first_at` when it was seen first.

    `step` (from 1) and `version` say which step began, as its annotations do; None where there are none.
    """

    at: datetime
    first_at: datetime
    is_warning: bool
    reason: str
    message: str
    count: int
    step: int | None = None
    version: int | None = None


def event_lines(events: Iterable[Mapping[str, Any]]) -> tuple[EventLine, ...]:
    """Read Events, oldest first; return them newest first, without those that have no time."""
    read = [found for event in events if (found := _event_line(event)) is not None]
    return tuple(sorted(read, key=lambda each: each.at))[::-1]


def step_entries(rollout: Rollout, events: Iterable[EventLine]) -> dict[int, datetime]:
    """Return when each step of this rollout (from 1) was entered, as far as Events are still there."""
    entries: dict[int, datetime] = {}
    for each in sorted(events, key=lambda each: each.first_at):
        is_of_it = each.version is not None and each.version == rollout.target and _is_since(rollout, each.at)
        if each.step is not None and is_of_it:
            entries.setdefault(each.step, each.first_at if _is_since(rollout, each.first_at) else each.at)
    return entries


def _is_since(rollout: Rollout, at: datetime) -> bool:
    """Events have whole seconds, the status has milliseconds."""
    return rollout.started_at is not None and at >= rollout.started_at.replace(microsecond=0)


def _event_line(event: Mapping[str, Any]) -> EventLine | None:
    first = moment_of(event.get("firstTimestamp")) or moment_of(event.get("eventTime"))
    last = moment_of(event.get("lastTimestamp")) or first
    if last is None:
        return None
    count = event.get("count")
    step, version = _step_entered(event)
    return EventLine(
        at=last,
        first_at=first or last,
        is_warning=event.get("type") == "Warning",
        reason=text_of(event.get("reason")),
        message=text_of(event.get("message")),
        count=count if isinstance(count, int) else 1,
        step=step,
        version=version,
    )


def _step_entered(event: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Step and version of an Event; None where it does not say."""
    metadata = event.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    if not isinstance(annotations, Mapping):
        return None, None
    step = text_of(annotations.get(STEP_ANNOTATION)).partition("/")[0]
    return _number(step), _number(text_of(annotations.get(VERSION_ANNOTATION)))


def _number(text: str) -> int | None:
    """Python refuses to read thousands of digits."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else None
