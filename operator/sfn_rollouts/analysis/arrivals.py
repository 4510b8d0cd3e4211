"""Executions, taken in any order, by the look that learns of them."""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sfn_rollouts.analysis.outcome import has_succeeded, is_possible
from sfn_rollouts.analysis.values import LOOK_EVERY_S, ROUNDING_S, Ended, Execution, started_at_of, weight_of


@dataclass(frozen=True, slots=True)
class News:
    """What one look learns: executions that started, that ended other than well, and that are old enough to judge.

    Those that started and those that are due are listed by weight, the lowest first.
    """

    started: Mapping[float, Sequence[Execution]]
    not_well: Sequence[Execution]
    due: Mapping[float, Sequence[Execution]]


class Arrivals:
    """Executions that were taken; each is due at the first look at which it is `age_s` old.

    There may be a hundred thousand of them, so that all that is done for each alone is one check.
    """

    def __init__(self, age_s: float) -> None:
        self._age_s = age_s
        self._coming: list[Execution] = []
        self._is_sorted = True
        self._ageing: defaultdict[float, list[Execution]] = defaultdict(list)
        self._not_well: defaultdict[int, list[Execution]] = defaultdict(list)
        self._seen_running: dict[str, Execution | None] = {}
        """By key, as it was taken last, until it is judged; None where it ran at that time."""
        self.left_out = 0

    def take(self, executions: Iterable[Execution]) -> None:
        """Take each once; or, with its key, as often as it is seen to run, and once when it has ended."""
        coming, seen_running, self._is_sorted = self._coming, self._seen_running, False
        succeeded, endless = Ended.SUCCEEDED, math.inf  # what is looked up once takes no time a hundred thousand times
        for each in executions:
            started_at, _, weight, ended_at, status, key, is_redriven = each
            if (
                status is succeeded
                and ended_at is not None
                and 0.0 <= started_at <= ended_at < endless
                and 0.0 <= weight <= 1.0
                and not is_redriven
                and (not seen_running or key not in seen_running)
            ):
                coming.append(each)
            elif not is_possible(each) or started_at < 0.0:
                self.left_out += 1
            else:
                self._take_other(each)

    def until(self, look: int) -> News:
        """Return what the looks up to this one learn, without what was returned before."""
        now = look * LOOK_EVERY_S
        if not self._is_sorted:
            self._coming.sort(key=started_at_of)
            self._is_sorted = True
        started = _by_weight(_cut_off(self._coming, now))
        for weight, begun in started.items():
            if 0.0 < weight < 1.0:
                self._age(self._ageing[weight], begun)
        due = {}
        for weight, ageing in sorted(self._ageing.items()):
            old_enough = _cut_off(ageing, now - self._age_s)
            if old_enough:
                due[weight] = [self._as_last_seen(each) for each in old_enough] if self._seen_running else old_enough
        numbers = sorted(number for number in self._not_well if number <= look)
        not_well = [each for number in numbers for each in self._not_well.pop(number)]
        return News(started, not_well, due)

    def _age(self, ageing: list[Execution], begun: Sequence[Execution]) -> None:
        """Both are in order of start, and only what was listed late started before others that age already."""
        is_late = bool(ageing) and begun[0].started_at < ageing[-1].started_at
        ageing += begun
        if is_late:
            ageing.sort(key=started_at_of)

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


def _by_weight(executions: Sequence[Execution]) -> Mapping[float, Sequence[Execution]]:
    weights = sorted(set(map(weight_of, executions)))
    if len(weights) == 1:  # as in most looks
        return {weights[0]: executions}
    return {weight: [each for each in executions if each.weight == weight] for weight in weights}


def _cut_off(executions: list[Execution], until: float) -> Sequence[Execution]:
    """Remove those that started by this time from a sorted list, and return them."""
    count = bisect_right(executions, until + ROUNDING_S, key=started_at_of)
    found = executions[:count]
    del executions[:count]
    return found
