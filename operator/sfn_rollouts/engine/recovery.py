"""Recovery: who waits out a pause because AWS refused or did not answer is tried at once when that is over.

Whoever has just corrected a policy in an incident looks at a split alias: a pause that has grown over the trouble must
not outlast it.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from sfn_rollouts.core.values.arn import Place
from sfn_rollouts.core.values.readings import Trouble
from sfn_rollouts.errors import PortError
from sfn_rollouts.ports import Clock

TRIAL_S = 5.0
"""Between two trials. Where AWS refuses one rollout for good and serves its neighbours, each of their answers would
bring a further call in vain."""


@dataclass
class _Waiting:
    """Of one place: what waits, (uid, kind of job), the longest first; kinds of job of which the last one failed; and
    when one of those that wait was last tried.
    """

    items: OrderedDict[tuple[str, str], None] = field(default_factory=OrderedDict)
    failing: set[str] = field(default_factory=set)
    tried_at: float = float("-inf")


class Recovery:
    """`retry(uid, is_over)` is called for each rollout that shall try again now.

    An answer to what waited proves that the trouble is over: all are tried, and their pauses begin short again. Any
    other job that worked, where the last one of its kind had failed, is a hint: one is tried.
    """

    def __init__(self, clock: Clock, retry: Callable[[str, bool], None]) -> None:
        self._clock = clock
        self._retry = retry
        self._places: dict[Place, _Waiting] = {}

    def waiting(self, place: Place) -> int:
        """How many jobs of this place wait to be tried again."""
        found = self._places.get(place)
        return len(found.items) if found is not None else 0

    def note(self, place: Place, uid: str, what: str, result: object) -> None:
        """A job of this place ended; `uid` empty: it was no rollout's own."""
        if not isinstance(result, Exception):
            self._worked(place, (uid, what))
        elif _is_of_place(result):
            waiting = self._places.setdefault(place, _Waiting())
            waiting.failing.add(what)
            if uid:
                waiting.items[uid, what] = None

    def _worked(self, place: Place, item: tuple[str, str]) -> None:
        waiting = self._places.get(place)
        if waiting is None:
            return
        if item in waiting.items:
            del self._places[place]
            for uid in dict.fromkeys(uid for uid, _ in waiting.items):
                self._retry(uid, True)
        elif item[1] in waiting.failing:
            waiting.failing.discard(item[1])
            self._try_one(waiting)

    def _try_one(self, waiting: _Waiting) -> None:
        now = self._clock.monotonic()
        if not waiting.items or now - waiting.tried_at < TRIAL_S:
            return
        waiting.tried_at = now
        first = next(iter(waiting.items))
        waiting.items.move_to_end(first)
        self._retry(first[0], False)

    def forget(self, place: Place, uid: str) -> None:
        """The rollout is gone."""
        waiting = self._places.get(place)
        if waiting is None:
            return
        for item in [item for item in waiting.items if item[0] == uid]:
            del waiting.items[item]
        if not waiting.items:
            del self._places[place]


def _is_of_place(error: Exception) -> bool:
    """Whether others of the place meet the same. Who waits for quota knows for how long, and sleeps until then."""
    if not isinstance(error, PortError):
        return False
    waits_for_quota = error.retry_after_s is not None
    return error.trouble is Trouble.DENIED or (error.trouble is Trouble.TRANSIENT and not waits_for_quota)
