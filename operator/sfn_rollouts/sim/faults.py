"""Which call fails, and how: the scenario's faults, matched against each call."""

from collections import Counter
from collections.abc import Iterable
from random import Random

from sfn_rollouts.sim.scenario import Fault, FaultKind


class FaultInjector:
    """Counts the calls of each api and says what becomes of the next."""

    def __init__(self, faults: Iterable[Fault], random: Random) -> None:
        self._faults = tuple(faults)
        self._random = random
        self._calls: Counter[str] = Counter()
        self.injected: Counter[str] = Counter()

    def next(self, api: str, now_s: float) -> FaultKind | None:
        """Return what happens to this call; None: nothing bad."""
        self._calls[api] += 1
        fault = next((fault for fault in self._faults if self._hits(fault, api, now_s)), None)
        if fault is None:
            return None
        self.injected[fault.what] += 1
        return fault.what

    def _hits(self, fault: Fault, api: str, now_s: float) -> bool:
        if not _is_of(fault.api, api):
            return False
        if fault.nth is not None:
            return fault.nth == self._calls[api]
        is_now = fault.at_s <= now_s and (fault.until_s is None or now_s < fault.until_s)
        return is_now and (fault.chance >= 1.0 or self._random.random() < fault.chance)


def _is_of(pattern: str, api: str) -> bool:
    return pattern == api or (pattern.endswith(".*") and api.startswith(pattern[:-1]))
