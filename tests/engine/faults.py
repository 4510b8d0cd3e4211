"""Faults that a test asks of a fake: on which call, how often, before or after it took effect."""

from collections import defaultdict
from dataclasses import dataclass

FOR_EVER = 10**9


@dataclass
class Fault:
    error: Exception
    times: int
    is_after_effect: bool


class Faults:
    """Faults by the name of the call."""

    def __init__(self) -> None:
        self._faults: dict[str, list[Fault]] = defaultdict(list)

    def add(self, call: str, error: Exception, times: int = 1, *, is_after_effect: bool = False) -> None:
        self._faults[call].append(Fault(error, times, is_after_effect))

    def fix(self, call: str) -> None:
        self._faults.pop(call, None)

    def strike(self, call: str, *, is_after_effect: bool) -> None:
        """Raise what is due for this call at this point."""
        faults = self._faults[call]
        if faults and faults[0].is_after_effect is is_after_effect:
            fault = faults[0]
            fault.times -= 1
            if not fault.times:
                faults.pop(0)
            raise fault.error
