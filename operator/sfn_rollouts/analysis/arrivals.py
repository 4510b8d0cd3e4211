"""Executions, taken in any order, by the look that learns of them."""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sfn_rollouts.analysis.outcome import has_succeeded, is_possible
from sfn_rollouts.analysis.values import LOOK_EVERY_S, ROUNDING_S, Ended, Execution, started_at_of


@dataclass(frozen=True, slots=True)
class Due:
    """Executions of one weight that are old enough to judge, in order of start.

    `others` are those of them that did not plainly succeed: the few that have to be looked at one by one.
    """

    executions: Sequence[Execution]
    others: Sequence[Execution]


@dataclass(frozen=True, slots=True)
class News:
    """What one look learns: executions that started, that ended other than well, and that are old enough to judge.

    Those that started and those that are due are listed by weight, the lowest first.
    """

    started: Mapping[float, Sequence[Execution]]
    not_well: Sequence[Execution]
    due: Mapping[float, Due]


class Arrivals:
    """Executions that were taken; each is due at the first look at which it is `age_s` old.

    There may be a hundred thousand of them, so that all that is done for each alone is one check.
    """

    def __init__(self, age_s: float) -> None:
        self._age_s = age_s
        self._taken: defaultdict[float, list[Execution]] = defaultdict(list)
        """By weight, in the order in which they came, until the next look."""
        self._others_taken: list[Execution] = []
        self._coming: defaultdict[float, _Queue] = defaultdict(_Queue)
        self._ageing: defaultdict[float, _Queue] = defaultdict(_Queue)
        self._others = _Queue()
        """Those of all that come and age that did not plainly succeed."""
        self._not_well: defaultdict[int, list[Execution]] = defaultdict(list)
        self._seen_running: dict[str, Execution | None] = {}
        """By key, as it was taken last, until it is judged; None where it ran at that time."""
        self.left_out = 0

    def take(self, executions: Iterable[Execution]) -> None:
        """Take each once; or, with its key, as often as it is seen to run, and once when it has ended."""
        seen_running, last_weight, row = self._seen_running, -1.0, list[Execution]()
        succeeded, endless = Ended.SUCCEEDED, math.inf  # what is looked up once takes no time a hundred thousand times
        for each in executions:
            started_at, _, weight, ended_at, status, key, is_redriven = each
            if (
                status is succeeded
                and ended_at is not None
                and 0.0 <= started_at <= ended_at < endless
                and (weight == last_weight or 0.0 <= weight <= 1.0)
                and not is_redriven
                and (not seen_running or key not in seen_running)
            ):
                if weight != last_weight:  # seldom, as most came in order
                    last_weight, row = weight, self._taken[weight]
                row.append(each)
            elif not is_possible(each) or started_at < 0.0:
                self.left_out += 1
            else:
                self._take_other(each)

    def until(self, look: int) -> News:
        """Return what the looks up to this one learn, without what was returned before."""
        now = look * LOOK_EVERY_S
        self._line_up()
        started = _cut_off(self._coming, now)
        for weight, begun in started.items():
            if 0.0 < weight < 1.0:
                self._ageing[weight].put(begun)
        due = self._due(now - self._age_s)
        numbers = sorted(number for number in self._not_well if number <= look)
        not_well = [each for number in numbers for each in self._not_well.pop(number)]
        return News(started, not_well, due)

    def _line_up(self) -> None:
        for weight, taken in self._taken.items():
            taken.sort(key=started_at_of)
            self._coming[weight].put(taken)
        self._others_taken.sort(key=started_at_of)
        self._others.put(self._others_taken)
        self._taken.clear()
        self._others_taken.clear()

    def _due(self, until: float) -> Mapping[float, Due]:
        """Return those that started by this time; of what was seen more than once, what was seen last."""
        as_taken = self._others.cut_off(until)
        others = [self._as_last_seen(each) for each in as_taken]
        seen_again = {last.key: last for first, last in zip(as_taken, others, strict=True) if last is not first}
        return {
            weight: Due(
                [seen_again.get(each.key, each) for each in executions] if seen_again else executions,
                [each for each in others if each.weight == weight],
            )
            for weight, executions in _cut_off(self._ageing, until).items()
        }

    def _take_other(self, execution: Execution) -> None:
        key, ended_at = execution.key, execution.ended_at
        if ended_at is not None and not has_succeeded(execution):
            self._not_well[math.ceil((ended_at - ROUNDING_S) / LOOK_EVERY_S)].append(execution)
        if key is None or key not in self._seen_running:
            self._taken[execution.weight].append(execution)
            self._others_taken.append(execution)
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


class _Queue:
    """Executions in order of start, taken off at the front."""

    __slots__ = ("_executions", "_front")

    def __init__(self) -> None:
        self._executions: list[Execution] = []
        self._front = 0

    def put(self, executions: Sequence[Execution]) -> None:
        """Add these, which are in order; only what was listed late started before others that wait already."""
        waiting = self._executions
        del waiting[: self._front]
        self._front = 0
        is_late = bool(waiting and executions) and executions[0].started_at < waiting[-1].started_at
        waiting += executions
        if is_late:
            waiting.sort(key=started_at_of)

    def cut_off(self, until: float) -> Sequence[Execution]:
        """Take off those that started by this time, and return them."""
        front = self._front
        self._front = bisect_right(self._executions, until + ROUNDING_S, front, key=started_at_of)
        return self._executions[front : self._front]


def _cut_off(queues: Mapping[float, _Queue], until: float) -> Mapping[float, Sequence[Execution]]:
    """Take off those that started by this time, by weight, the lowest first; weights without any are left out."""
    found = ((weight, queue.cut_off(until)) for weight, queue in sorted(queues.items()))
    return {weight: executions for weight, executions in found if executions}
