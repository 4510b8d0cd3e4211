"""When each rollout is to be looked at next."""

import heapq
from itertools import count


class TimerQueue:
    """One due time for each uid, monotonic seconds. Those due together come in the order in which they were set."""

    def __init__(self) -> None:
        self._dues: dict[str, tuple[float, int]] = {}
        self._heap: list[tuple[float, int, str]] = []
        self._order = count()

    def set(self, uid: str, due: float | None) -> None:
        """Replace the due time; None takes it away."""
        if due is None:
            self._dues.pop(uid, None)
            return
        entry = due, next(self._order)
        self._dues[uid] = entry
        heapq.heappush(self._heap, (*entry, uid))
        if len(self._heap) > 2 * len(self._dues) + 64:
            self._heap = sorted((*entry, uid) for uid, entry in self._dues.items())

    def pop(self, now: float) -> str | None:
        """Take one that is due."""
        due = self.next_due
        if due is None or due > now:
            return None
        uid = heapq.heappop(self._heap)[2]
        del self._dues[uid]
        return uid

    @property
    def next_due(self) -> float | None:
        """When the first one is due. Replaced entries are left in the heap and passed over here."""
        while self._heap and self._dues.get(self._heap[0][2]) != self._heap[0][:2]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None
