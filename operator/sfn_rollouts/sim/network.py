"""The way of a call: request, effect, answer. Time goes by between them, and each may be lost."""

from collections.abc import Callable
from random import Random
from typing import Protocol, TypeVar

from sfn_rollouts.errors import Denied, NoAnswer, PortError, Transient
from sfn_rollouts.sim.faults import FaultInjector
from sfn_rollouts.sim.history import Called, History
from sfn_rollouts.sim.scenario import FaultKind, Quirks
from sfn_rollouts.sim.strand import Strand
from sfn_rollouts.sim.timeline import Timeline

Answer = TypeVar("Answer")
Effect = Callable[[float], Answer]
"""Given how many seconds old the answer may be; raises PortErrors as the service would."""

_WITHOUT_EFFECT = (FaultKind.THROTTLE, FaultKind.ERROR, FaultKind.DENIED, FaultKind.TIMEOUT_BEFORE, FaultKind.GARBAGE)


class Caller(Protocol):
    """A process that calls."""

    number: int

    def strand(self) -> Strand:
        """The strand that is running."""
        ...

    def wake(self, strand: Strand) -> None:
        """Let the strand go on, if the process is able to."""
        ...

    def begin_call(self) -> int:
        """Return the number of the call that begins."""
        ...

    def meets_its_end(self, call: int, *, is_after_effect: bool) -> bool:
        """Return whether the process ends at this very point of this call, and end it if so."""
        ...


class Network:
    """Between operators and services."""

    def __init__(
        self, timeline: Timeline, faults: FaultInjector, history: History, quirks: Quirks, random: Random
    ) -> None:
        self._timeline = timeline
        self._faults = faults
        self._history = history
        self._quirks = quirks
        self._random = random

    def call(self, caller: Caller, api: str, effect: Effect[Answer]) -> Answer:
        """Make a call from within a strand; what has left a process takes effect though the process ends.

        Raises:
            PortError: the service's own, or a fault's.
        """
        strand, number = caller.strand(), caller.begin_call()
        if caller.meets_its_end(number, is_after_effect=False):
            strand.suspend()
        fault = self._faults.next(api, self._timeline.now_s)
        self._history.add(Called(self._timeline.now_us, caller.number, api, fault or ""))
        answers: list[Answer | PortError] = []
        there_s, back_s = self._latency_s(fault), self._latency_s(fault)
        if fault not in _WITHOUT_EFFECT:
            self._timeline.after(there_s, lambda: self._arrive(effect, answers, fault))
        self._timeline.after(there_s, lambda: _end(caller, number))
        is_late = fault in (FaultKind.TIMEOUT_BEFORE, FaultKind.TIMEOUT_AFTER)
        if fault is not FaultKind.DRIP:
            end_s = self._quirks.timeout_s if is_late else there_s + back_s
            self._timeline.after(end_s, lambda: caller.wake(strand))
        strand.suspend()
        if fault is not None and fault not in (FaultKind.STALE, FaultKind.SLOW):
            raise _error(fault, api)
        answer = answers[0]
        if isinstance(answer, PortError):
            raise answer
        return answer

    def _arrive(self, effect: Effect[Answer], answers: list[Answer | PortError], fault: FaultKind | None) -> None:
        try:
            answers.append(effect(self._age_s(fault)))
        except PortError as error:
            answers.append(error)

    def _age_s(self, fault: FaultKind | None) -> float:
        quirks = self._quirks
        if fault is FaultKind.STALE:
            return max(quirks.stale_s, 1.0)
        if quirks.stale_chance and self._random.random() < quirks.stale_chance:
            return self._random.uniform(0.0, quirks.stale_s)
        return 0.0

    def _latency_s(self, fault: FaultKind | None) -> float:
        low, high = self._quirks.latency_s
        one_way_s = low / 2 if low == high else self._random.uniform(low, high) / 2
        return one_way_s + (1.0 if fault is FaultKind.SLOW else 0.0)


def _end(caller: Caller, number: int) -> None:
    caller.meets_its_end(number, is_after_effect=True)


def _error(fault: FaultKind, api: str) -> PortError:
    operation = api.partition(".")[2]
    match fault:
        case FaultKind.THROTTLE:
            return Transient(f"{operation} was throttled", retry_after_s=1.0)
        case FaultKind.ERROR:
            return Transient(f"{operation} failed on the side of the service")
        case FaultKind.DENIED:
            return Denied(f"{operation} was denied")
        case FaultKind.GARBAGE:
            return PortError(f"{operation} ended in a way that the operator does not foresee")
        case FaultKind.RESET_AFTER:
            return NoAnswer(f"{operation}: the connection was lost")
        case _:
            return NoAnswer(f"{operation} timed out")
