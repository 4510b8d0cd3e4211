"""Events of the cluster about one rollout, and what they tell of its steps."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sfn_rollouts.explain.rollout import Rollout, moment_of, text_of

_ENTERED = re.compile(r"step (?P<step>\d+)/\d+: version (?P<version>\d+) has (?P<weight>\d+) %")
"""The words of `core.announce` for StepStarted."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One Event; `at` is when it was last seen, `first_at` when it was seen first."""

    at: datetime
    first_at: datetime
    is_warning: bool
    reason: str
    message: str
    count: int


def happenings(events: Iterable[Mapping[str, Any]]) -> tuple[Happening, ...]:
    """Take Events, oldest first; gives them newest first, those without a time left out."""
    read = [found for event in events if (found := _happening(event)) is not None]
    return tuple(sorted(read, key=lambda each: each.at))[::-1]


def step_entries(rollout: Rollout, told: Iterable[Happening]) -> dict[int, datetime]:
    """Give when each step of this rollout (from 1, as people count) was entered, as far as Events still tell."""
    entries: dict[int, datetime] = {}
    for each in sorted(told, key=lambda each: each.first_at):
        found = _ENTERED.match(each.message) if each.reason == "StepStarted" else None
        if found is not None and _is_of(rollout, int(found["version"]), each.at):
            entries.setdefault(int(found["step"]), each.first_at if _is_since(rollout, each.first_at) else each.at)
    return entries


def _is_of(rollout: Rollout, version: int, at: datetime) -> bool:
    return version == rollout.target and _is_since(rollout, at)


def _is_since(rollout: Rollout, at: datetime) -> bool:
    """Events have whole seconds, the status has milliseconds."""
    return rollout.started_at is not None and at >= rollout.started_at.replace(microsecond=0)


def _happening(event: Mapping[str, Any]) -> Happening | None:
    first = moment_of(event.get("firstTimestamp")) or moment_of(event.get("eventTime"))
    last = moment_of(event.get("lastTimestamp")) or first
    if last is None:
        return None
    count = event.get("count")
    return Happening(
        at=last,
        first_at=first or last,
        is_warning=event.get("type") == "Warning",
        reason=text_of(event.get("reason")),
        message=text_of(event.get("message")),
        count=count if isinstance(count, int) else 1,
    )
