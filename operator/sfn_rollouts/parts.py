"""The parts of the operator that have a life of their own, as one list: started, watched over and stopped together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Part:
    """One part. A further one is a row where the list is made, and nothing else of the operator knows of it.

    `is_alive`: whether its thread runs; one that should and does not ends the operator. `problems`: what else is wrong
    with it, in sentences for /livez. `stop` ends it, or asks it to end; `wait` is called when all have been asked.
    `needs_list`: it begins when all resources have been listed.
    """

    name: str
    start: Callable[[], object] = _nothing
    is_alive: Callable[[], bool] = lambda: True
    problems: Callable[[], Sequence[str]] = tuple
    stop: Callable[[], object] = _nothing
    wait: Callable[[], object] = _nothing
    needs_list: bool = False


class Parts:
    """Parts in the order in which they stop: who brings work, who does it, who tells of it."""

    def __init__(self, *parts: Part) -> None:
        self._parts = parts
        self._started: list[Part] = []

    def start(self, list_all: Callable[[], object]) -> None:
        """Start all; `list_all` is called once those run that do not need it."""
        self._start(needs_list=False)
        list_all()
        self._start(needs_list=True)

    def _start(self, *, needs_list: bool) -> None:
        for part in self._parts:
            if part.needs_list is needs_list:
                part.start()
                self._started.append(part)

    def ended(self) -> list[str]:
        """Return the names of the parts that were started and whose thread has ended."""
        return [part.name for part in self._started if not part.is_alive()]

    def problems(self) -> list[str]:
        """Return what is wrong, in sentences."""
        found = [problem for part in self._started for problem in part.problems()]
        return found + [f"the thread of the {name} has ended" for name in self.ended()]

    def stop(self) -> None:
        """Stop all, one after the other, then wait for those that were only asked."""
        for part in self._parts:
            part.stop()
        for part in self._parts:
            part.wait()
