"""Executions, taken in any order, by the look that learns of them."""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from sfn_rollouts.analysis.outcome import has_succeeded, is_possible
from sfn_rollouts.analysis.values import LOOK_EVERY_S, ROUNDING_S, Ended, Execution

_started_at = attrgetter("started_at")


@dataclass(frozen=True, slots=True)
class News:
    """What one look learns: executions that started, that ended other than well, and that are old enough to judge."""

    started: Sequence[Execution]
    not_well: Sequence[Execution]
    due: Sequence[Execution]


class Arrivals:
    """Executions that were taken; each is due at the first look at which it is `age_s` old.

    There may be a hundred thousand of them, so that all that is done for each alone is one check.
    """

    def __init__(self, age_s: float) -> None:
        self._age_s = age_s
        self._coming: list[Execution] = []
        self._is_sorted = True
        self._ageing: list[Execution] = []
        self._not_well: defaultdict[int, list[Execution]] = defaultdict(list)
        self._seen_running: dict[str, Execution | None] = {}
        """By key, as it was taken last, until it is judged; None where it ran at that time."""
        self.left_out = 0

    def take(self, executions: Iterable[Execution]) -> None:
        """Take each once; or, with its key, as often as it is seen to run, and once when it has ended."""
        coming, seen_running, self._is_sorted = self._coming, self._seen_running, False
        for each in executions:
            ended_at = each.ended_at
            if (
                each.status is Ended.SUCCEEDED
                and ended_at is not None
                and 0.0 <= each.started_at <= ended_at < math.inf
                and 0.0 <= each.weight <= 1.0
                and not each.is_redriven
                and each.key not in seen_running
            ):
                coming.append(each)
            elif not is_possible(each) or each.started_at < 0.0:
                self.left_out += 1
            else:
                self._take_other(each)

    def until(self, look: int) -> News:
        """Return what the looks up to this one learn, without what was returned before."""
        now = look * LOOK_EVERY_S
        if not self._is_sorted:
            self._coming.sort(key=_started_at)
            self._is_sorted = True
        started = _cut_off(self._coming, now)
        self._ageing += [each for each in started if 0.0 < each.weight < 1.0]
        self._ageing.sort(key=_started_at)
        due = _cut_off(self._ageing, now - self._age_s)
        numbers = sorted(number for number in self._not_well if number <= look)
        not_well = [each for number in numbers for each in self._not_well.pop(number)]
        return News(started, not_well, [self._as_last_seen(each) for each in due] if self._seen_running else due)

    def _take_other(self, execution: Execution) -> None:
        key, ended_at = execution.key, execution.ended_at
        if ended_at is not None and not has_succeeded(execution):
            self._not_well[math.ceil((ended_at - ROUNDING_S) / LOOK_EVERY_S)].append(execution)
        if key is None or key not in self._seen_running:
            self._coming.append(execution)
            if key is not None and ended_at is None:
                self._seen_running[key] = execution
        elif ended_at is not None and self._seen_running[key] is not None:
            self._seen_running[key] = execution
        elif ended_at is not None:
            del self._seen_running[key]

    def _as_last_seen(self, execution: Execution) -> Execution:
        """Return it as it was taken last; one that runs now is judged as such, and its end is no news later."""
        key = execution.key
        last = self._seen_running.pop(key, None) if key is not None else None
        if key is not None and last is not None and last.ended_at is None:
            self._seen_running[key] = None
        return last or execution


def _cut_off(executions: list[Execution], until: float) -> Sequence[Execution]:
    """Remove those that started by this time from a sorted list, and return them."""
    count = bisect_right(executions, until + ROUNDING_S, key=_started_at)
    found = executions[:count]
    del executions[:count]
    return found
