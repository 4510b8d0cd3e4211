"""Lanes: which job begins now, which waits, which is refused, which is given up.

Within each lane every place has a share of the threads of its own and is served in turn, so that what hangs in one
place holds up no other. All of it happens in the engine's thread and by its clock, the same under the simulator.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sfn_rollouts.acting import on_behalf_of
from sfn_rollouts.core.values.arn import Place
from sfn_rollouts.engine.breaker import Breaker
from sfn_rollouts.errors import NoAnswer, Transient, Withheld
from sfn_rollouts.ports import Clock, Errand, Lane, LaneMeter, Threads

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Size:
    """How many jobs of a lane may run at once. The first one of a place always may, so that no place starves;
    `share` is what one place may have, `extra` what all places together may have beyond their first ones.

    `limit_s`: how long a job may take as a whole; longer than its calls take, should each just make its time-out.
    """

    share: int
    extra: int
    limit_s: float


SIZES: Mapping[Lane, Size] = {
    Lane.ROLLBACK: Size(share=8, extra=56, limit_s=25.0),
    Lane.FORWARD: Size(share=8, extra=28, limit_s=60.0),
    Lane.ALARMS: Size(share=4, extra=24, limit_s=30.0),
    Lane.REPORT: Size(share=8, extra=7, limit_s=60.0),
    Lane.CHORES: Size(share=1, extra=0, limit_s=60.0),
    Lane.LONG_CHORES: Size(share=2, extra=4, limit_s=330.0),
}


@dataclass(eq=False)
class _Job:
    errand: Errand
    work: Callable[[], Any]
    done: Callable[[Any], None]
    ends_at: float = float("inf")
    is_given_up: bool = False

    @property
    def key(self) -> "_Key":
        return self.errand.lane, self.errand.place, self.errand.calls


_Key = tuple[Lane, Place | None, str]


@dataclass
class _Queues:
    """One lane: the jobs that wait, by place, and how many of each place run; `beyond` beside the first one of each."""

    size: Size
    waiting: OrderedDict[Place | None, deque[_Job]] = field(default_factory=OrderedDict)
    running: Counter[Place | None] = field(default_factory=Counter)
    beyond: int = 0

    def has_room(self, place: Place | None) -> bool:
        """Whether one more job of this place may run."""
        running = self.running[place]
        return running == 0 or (running < self.size.share and self.beyond < self.size.extra)

    def begin(self, place: Place | None) -> None:
        """One more job of this place runs."""
        self.running[place] += 1
        self.beyond += self.running[place] > 1

    def leave(self, place: Place | None) -> None:
        """One less."""
        self.beyond -= self.running[place] > 1
        self.running[place] -= 1
        if not self.running[place]:
            del self.running[place]

    def take(self, place: Place | None) -> _Job:
        """Take the place's next job; the place is the last to be served again."""
        queue = self.waiting[place]
        job = queue.popleft()
        if queue:
            self.waiting.move_to_end(place)
        else:
            del self.waiting[place]
        return job


class Lanes:
    """`ports.Workers` over threads that are made as they are needed. `lost` may be read by any thread."""

    def __init__(self, clock: Clock, threads: Threads, meter: LaneMeter, sizes: Mapping[Lane, Size] = SIZES) -> None:
        self._clock = clock
        self._threads = threads
        self._meter = meter
        self._queues = {lane: _Queues(size) for lane, size in sizes.items()}
        self._breakers: dict[_Key, Breaker] = {}
        self._running: list[_Job] = []
        self._refused: list[_Job] = []
        self.lost = 0

    def submit(self, errand: Errand, work: Callable[[], Result], done: Callable[[Result | Exception], None]) -> None:
        """Begin the job, let it wait for its turn, or refuse it where its place does not answer."""
        job = _Job(errand, work, done)
        self._queues[errand.lane].waiting.setdefault(errand.place, deque()).append(job)
        self._begin_next(errand.lane)

    @property
    def kept(self) -> int:
        """Of how many places, lanes and kinds of call something is remembered."""
        return len(self._breakers)

    def run_due(self) -> float | None:
        """Report the jobs that were refused and give up those that are too old; returns when the next one would be."""
        now = self._clock.monotonic()
        refused, self._refused = self._refused, []
        for job in refused:
            self._meter.job_withheld(job.errand.lane)
            job.done(_withheld(job.errand.place))
        for job in [job for job in self._running if job.ends_at <= now]:
            self._give_up(job)
        if self._refused:
            return now
        return min((job.ends_at for job in self._running), default=None)

    # -- beginning --

    def _begin_next(self, lane: Lane) -> None:
        """Begin whatever may begin, one job of each place after the other."""
        queues = self._queues[lane]
        while (place := self._next_place(queues)) is not _NOBODY:
            job = queues.take(place)
            breaker = self._breakers.setdefault(job.key, Breaker())
            if breaker.may_begin(self._clock.monotonic()):
                self._begin(job, breaker)
            else:
                self._refused.append(job)

    def _next_place(self, queues: _Queues) -> Any:
        return next((place for place in queues.waiting if queues.has_room(place)), _NOBODY)

    def _begin(self, job: _Job, breaker: Breaker) -> None:
        now, lane = self._clock.monotonic(), job.errand.lane
        queues = self._queues[lane]
        job.ends_at = now + (job.errand.limit_s or queues.size.limit_s)
        breaker.begin(now)
        queues.begin(job.errand.place)
        self._running.append(job)
        work = on_behalf_of(job.errand.caller, job.work)
        self._threads.run(lane, work, lambda result: self._ended(job, result))

    # -- ending --

    def _ended(self, job: _Job, result: Any) -> None:
        if job.is_given_up:  # `done` has been called already: what it asked for since must not be mixed up with this
            self._breakers[job.key].hanging -= 1
            self._tell_lost(-1)
            self._forget(job.key)
            return
        self._leave(job, is_lost=_is_lost(result))
        job.done(result)

    def _give_up(self, job: _Job) -> None:
        job.is_given_up = True
        self._breakers[job.key].hanging += 1
        self._meter.job_given_up(job.errand.lane)
        self._tell_lost(1)
        self._leave(job, is_lost=True)
        job.done(NoAnswer(f"{_name(job.errand.place)} did not end its answer in time. It is tried again"))

    def _leave(self, job: _Job, *, is_lost: bool | None) -> None:
        """Its slot is free."""
        errand, queues = job.errand, self._queues[job.errand.lane]
        self._running.remove(job)
        queues.leave(errand.place)
        self._breakers[job.key].end(is_lost=is_lost)
        self._forget(job.key)
        self._begin_next(errand.lane)

    def _tell_lost(self, change: int) -> None:
        self.lost += change
        self._meter.threads_lost(self.lost)

    def _forget(self, key: _Key) -> None:
        """Places come and go; what is kept of them must not only grow."""
        if self._breakers[key].is_forgettable:
            del self._breakers[key]


_NOBODY = object()


def _is_lost(result: object) -> bool | None:
    """Whether nothing came back. A failure on the way, like a proxy's 503, is no answer of the place, yet soon over."""
    if isinstance(result, NoAnswer):
        return True
    is_of_the_way = isinstance(result, Transient) and result.retry_after_s is None
    return None if is_of_the_way else False


def _withheld(place: Place | None) -> Withheld:
    """Without anything that changes from try to try: it goes into a status."""
    return Withheld(f"{_name(place)} does not answer. One call after the other is tried until it does")


def _name(place: Place | None) -> str:
    return f"AWS (account {place.account}, {place.region})" if place is not None else "the API server"
