"""How a rollout is judged by the executions that AWS lists: page by page, taken once each.

Nothing of it is stored: an operator that was restarted lists the executions since the rollout began once more and
makes the same looks again, so that it says the same and spends nothing twice. AWS's clock alone says which looks are
due: of the executions before them the lists are complete by then.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sfn_rollouts.analysis import (
    LOOK_EVERY_S,
    SETTLE_S,
    Ended,
    Execution,
    Horizon,
    Judgement,
    Judging,
    horizon_of,
)
from sfn_rollouts.analysis.replay import changes
from sfn_rollouts.api.analysis import Source
from sfn_rollouts.core.values.analysis import AnalysisReading
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.executions import ExecutionPage, ExecutionReading
from sfn_rollouts.core.values.looks import JudgeExecutions
from sfn_rollouts.core.values.moments import after
from sfn_rollouts.engine.evidence.weights import known
from sfn_rollouts.errors import Conflict, Transient
from sfn_rollouts.ports import LARGEST_PAGE, Clock, ExecutionFeed

PAGES_A_JOB = 10
"""A job that reads more has a lane's thread for too long; the next one goes on where it stopped."""

SMALLEST_PAGE = 100
"""A look asks for twice as many executions as it will need, by what started of late, and for no fewer than these.

To read 1,000 takes botocore 9 ms, and most machines start less than 100 a minute.
"""

PAST_EXECUTIONS = 1000
"""So many of those that ended before the rollout say what is usual."""

UNSETTLED = timedelta(seconds=10)
"""AWS uses a new routing "within a few seconds": what starts in these is judged under neither weight."""

_NOT_JUDGED = 0.0
"""A weight at which nothing is compared."""

_STATUSES = {each.value: each for each in Ended}


@dataclass(slots=True)
class _Walk:
    """A walk from the newest execution back, under way.

    `as_of`: when it began, by AWS's clock; `read_at`: by ours; `answered_at`: when AWS's first answer was here.
    `limit`: so many stand on a page.
    """

    read_at: datetime
    limit: int
    as_of: datetime | None = None
    answered_at: datetime | None = None
    token: str | None = None
    found: dict[str, ExecutionReading] = field(default_factory=dict)

    def take(self, page: ExecutionPage) -> None:
        """Pages shift while they are read, so one execution may stand on two."""
        self.as_of = self.as_of or page.as_of
        self.found.update(_by_name(page))
        self.token = page.next_token


class Listing:
    """The judge of one rollout, and how far its executions have been read."""

    def __init__(self, feed: ExecutionFeed, clock: Clock, alias: AliasArn, look: JudgeExecutions) -> None:
        self._feed = feed
        self._clock = clock
        self._alias = alias
        self._walk: _Walk | None = None
        self._since = look.began_at
        """All that started before is judged for good; further back no walk goes."""
        self._ended: set[str] = set()
        """The names of those that started later and have been taken as they ended."""
        self._running: set[str] = set()
        """The names of those whose end has not been taken, whenever they started: a late failure is one too."""
        self._unknown: set[str] = set()
        """The names of those of a status that nobody knows."""
        self._horizon: Horizon  # known from the first look on, like the judging
        self._judging: Judging | None = None
        self._judgement: Judgement | None = None
        self._next_look = 0
        self._limit = LARGEST_PAGE

    def advance(self, look: JudgeExecutions) -> AnalysisReading:
        """Read what is new, and make the looks that are due, each once.

        Raises:
            NotListed: the machine is an Express one.
            Transient: there is more to read than one job may, and the next one goes on.
        """
        walk = self._walked()
        as_of = walk.as_of or walk.read_at
        self._take(look, walk.found.values(), as_of)
        if self._judgement is None:
            raise Transient("AWS's clock is behind the rollout's first write")
        looked_at = after(look.began_at, self._judgement.at)
        return AnalysisReading(
            judgement=self._judgement,
            looked_at=looked_at,
            read_at=walk.read_at,
            next_at=after(walk.answered_at or walk.read_at, _whole_seconds(after(looked_at, LOOK_EVERY_S) - as_of)),
            horizon_s=self._horizon.seconds,
            is_horizon_capped=self._horizon.is_capped,
            left_out=self._judgement.left_out + len(self._unknown),
            source=Source.EXECUTIONS,
        )

    def _walked(self) -> _Walk:
        """Walk back to what is judged for good; before the first look also through what is usual."""
        walk = self._walk = self._walk or _Walk(self._clock.now(), self._limit)
        for _ in range(PAGES_A_JOB):
            try:
                page = self._feed.page(self._alias, walk.token, walk.limit)
            except Conflict:  # the token has expired: from the newest one again
                self._walk = None
                raise
            walk.take(page)
            walk.answered_at = walk.answered_at or self._clock.now()
            needs_past = self._judging is None
            if page.next_token is None or _is_far_enough(walk.found, page, self._since, needs_past=needs_past):
                self._walk = None
                return walk
        raise Transient(f"{len(walk.found)} executions have been read, and there are more", retry_after_s=0.0)

    def _take(self, look: JudgeExecutions, found: Collection[ExecutionReading], as_of: datetime) -> None:
        """Take what is not judged for good, and how those ended that were judged while they ran; make the looks."""
        judging = self._judging = self._judging or self._begin(look, found)
        since, ended = self._since, self._ended
        new = [each for each in found if each.started_at >= since and each.name not in ended]
        seen_to_end = [each for each in found if each.ended_at is not None and each.name in self._running]
        new += [each for each in seen_to_end if each.started_at < since]
        self._running -= {each.name for each in seen_to_end}
        self._running |= {each.name for each in new if each.ended_at is None}
        self._limit = self._next_limit(found, as_of)
        judging.take(_executions(look, new))
        self._unknown |= {each.name for each in new if each.status not in _STATUSES}
        last = int((as_of - look.began_at).total_seconds() // LOOK_EVERY_S)
        while self._next_look <= last:
            self._judgement = judging.look(self._next_look * LOOK_EVERY_S)
            self._next_look += 1
        since = self._since = max(since, after(look.began_at, last * LOOK_EVERY_S - self._horizon.seconds - SETTLE_S))
        ended |= {each.name for each in new if each.ended_at is not None}  # and stay so when they are redriven
        self._ended = {each.name for each in found if each.started_at >= since and each.name in ended}

    def _next_limit(self, found: Iterable[ExecutionReading], as_of: datetime) -> int:
        """Return how many to ask for at the next look: twice those of as long a time as it goes back.

        Whether they started before the first write or since does not matter: soon after it there are few that did.
        """
        recent = after(as_of, -(LOOK_EVERY_S + self._horizon.seconds + SETTLE_S))
        return min(LARGEST_PAGE, max(SMALLEST_PAGE, 2 * sum(each.started_at >= recent for each in found)))

    def _begin(self, look: JudgeExecutions, found: Iterable[ExecutionReading]) -> Judging:
        past, self._horizon = _before(look, found)
        return Judging(look.policy, look.plan, self._horizon.seconds, past)


def listed_again(feed: ExecutionFeed, alias: AliasArn, look: JudgeExecutions) -> Iterator[Judgement]:
    """Return each change of the verdict on a rollout that is over.

    Raises:
        NotListed: the machine is an Express one.
    """
    page = feed.page(alias, None)
    found = _by_name(page)
    while page.next_token is not None and not _is_far_enough(found, page, look.began_at, needs_past=True):
        page = feed.page(alias, page.next_token)
        found.update(_by_name(page))
    past, horizon = _before(look, found.values())
    begun = _executions(look, found.values())
    return changes(look.policy, look.plan, horizon.seconds, past, [each for each in begun if 0.0 < each.weight < 1.0])


def _whole_seconds(wait: timedelta) -> float:
    """Return it rounded up: AWS's `Date` has no fraction, so asked at the very time of a look it names a second before
    it, and the list would have been read for nothing.
    """
    return float(math.ceil(wait.total_seconds()))


def _before(look: JudgeExecutions, found: Iterable[ExecutionReading]) -> tuple[Sequence[Execution], Horizon]:
    """Return what ended before the rollout, for what is usual, and the horizon that follows from it."""
    ended = sorted(
        (ended_at, each.name, each)
        for each in found
        if (ended_at := each.ended_at) is not None and ended_at < look.began_at
    )
    stables = [each for _, _, each in ended[-PAST_EXECUTIONS:] if each.version == look.stable]
    past = list(_at_weight(_NOT_JUDGED, look, stables))
    return past, horizon_of(past, look.plan, look.horizon_s)


def _by_name(page: ExecutionPage) -> dict[str, ExecutionReading]:
    return {each.name: each for each in page.executions}


def _is_far_enough(
    found: Mapping[str, ExecutionReading], page: ExecutionPage, since: datetime, *, needs_past: bool
) -> bool:
    """Those that ended are listed by their end, running ones by their start or redrive: one of either that is older
    than what is wanted, and nothing behind it started later.
    """
    oldest_end = next((each.ended_at for each in reversed(page.executions) if each.ended_at is not None), None)
    is_past_ended = oldest_end is not None and oldest_end < since
    is_past_running = (
        oldest_end is None and bool(page.executions) and all(each.started_at < since for each in page.executions)
    )
    if not (is_past_ended or is_past_running) or not needs_past:
        return is_past_ended or is_past_running
    ended = sum(each.ended_at is not None and each.ended_at < since for each in found.values())
    return ended >= PAST_EXECUTIONS


def _executions(look: JudgeExecutions, found: Collection[ExecutionReading]) -> Iterator[Execution]:
    """Yield those that started at a weight that is known, as the arithmetic takes them."""
    for since, until, weight in known(look.weights, UNSETTLED):
        yield from _at_weight(weight, look, [each for each in found if since <= each.started_at < until])


def _at_weight(weight: float, look: JudgeExecutions, found: Sequence[ExecutionReading]) -> Iterator[Execution]:
    """Yield them as the arithmetic takes them, in seconds since the first write, without those of a third version.

    There may be a hundred thousand of them, and each is made once.
    """
    began_at, target, versions, statuses = look.began_at, look.target, (look.stable, look.target), _STATUSES
    for each in found:
        version, ended_at, status = each.version, each.ended_at, statuses.get(each.status)
        if status is not None and version in versions:
            yield Execution(
                started_at=(each.started_at - began_at).total_seconds(),
                is_target=version == target,
                weight=weight,
                ended_at=(ended_at - began_at).total_seconds() if ended_at is not None else None,
                status=status,
                key=each.name,
                is_redriven=each.is_redriven,
            )
