"""How a rollout's executions are judged: listed page by page, taken once each, and looked at on the judge's grid.

Nothing of it is stored: an operator that was restarted lists the executions since the rollout began once more and
makes the same looks again, so that it says the same and spends nothing twice. AWS's clock alone says which looks are
due: of the executions before them the lists are complete by then.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

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
from sfn_rollouts.api.analysis import Source as EvidenceSource
from sfn_rollouts.core.values.analysis import AnalysisReading
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.executions import ExecutionPage, ExecutionReading
from sfn_rollouts.core.values.looks import JudgeExecutions
from sfn_rollouts.core.values.moments import after
from sfn_rollouts.engine.sources.counting import Counting, SharedCounts, counted_again
from sfn_rollouts.engine.sources.source import Source, spare
from sfn_rollouts.engine.sources.weights import known
from sfn_rollouts.errors import Conflict, NotListed, Transient
from sfn_rollouts.ports import Clock, ExecutionFeed, Urgency

PAGES_A_JOB = 10
"""A job that reads more has a lane's thread for too long; the next one goes on where it stopped."""

PAST_EXECUTIONS = 1000
"""So many of those that ended before the rollout say what is usual."""

UNSETTLED = timedelta(seconds=10)
"""AWS uses a new routing "within a few seconds": what starts in these is judged under neither weight."""

GIVEN_UP_S = 60.0
"""A job that has read for so long has been given up, and may hang for good: nothing waits for it any more."""

FORGOTTEN_AFTER_S = 600.0
"""A rollout that nobody has asked about for so long has ended, or is read again from its beginning."""

_NO_HORIZON = Horizon(0.0, is_capped=False)

_NOT_JUDGED = 0.0
"""A weight at which nothing is compared."""

_STATUSES = {each.value: each for each in Ended}


@dataclass(slots=True)
class _Listing:
    """A walk from the newest execution back, under way. `as_of`: when it began, by AWS's clock; `read_at`: by ours."""

    read_at: datetime
    as_of: datetime | None = None
    token: str | None = None
    found: dict[str, ExecutionReading] = field(default_factory=dict)

    def take(self, page: ExecutionPage) -> None:
        """Pages shift while they are read, so one execution may stand on two."""
        self.as_of = self.as_of or page.as_of
        self.found.update({each.name: each for each in page.executions})
        self.token = page.next_token


@dataclass(slots=True)
class _Replay:
    """The judge of one rollout, and how far its executions have been read.

    `since`: all that started before is judged for good; further back no list goes. `ended`: the names of those that
    started later and have been taken as they ended. `unknown`: those of a status that nobody knows. `counting`: takes
    the place of all that, for a machine whose executions are only counted. `used_at`, `read_since`: when it was asked
    for last, and since when a job has been at it; None: none is.
    """

    weights: tuple[tuple[datetime, int | None], ...]
    since: datetime
    judging: Judging | None = None
    horizon: Horizon = _NO_HORIZON
    judgement: Judgement | None = None
    next_look: int = 0
    ended: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    listing: _Listing | None = None
    counting: Counting | None = None
    used_at: float = 0.0
    read_since: float | None = None

    def take(self, look: JudgeExecutions, found: Collection[ExecutionReading], as_of: datetime) -> None:
        """Take what is not judged for good, and make the looks up to this time, each once."""
        judging = self.judging = self.judging or self._begin(look, found)
        since, ended = self.since, self.ended
        new = [each for each in found if each.started_at >= since and each.name not in ended]
        judging.take(_executions(look, new))
        unknown = {each.status for each in new} - _STATUSES.keys()
        self.unknown |= {each.name for each in new if each.status in unknown} if unknown else set()
        last = int((as_of - look.began_at).total_seconds() // LOOK_EVERY_S)
        while self.next_look <= last:
            self.judgement = judging.look(self.next_look * LOOK_EVERY_S)
            self.next_look += 1
        since = self.since = max(since, after(look.began_at, last * LOOK_EVERY_S - self.horizon.seconds - SETTLE_S))
        self.ended = {each.name for each in found if each.ended_at is not None and each.started_at >= since}

    def _begin(self, look: JudgeExecutions, found: Iterable[ExecutionReading]) -> Judging:
        past, horizon = _before(look, found)
        self.horizon = horizon
        return Judging(look.policy, look.plan, horizon.seconds, past)


class ExecutionsJudge:
    """Keeps the replay of each rollout that is judged; several threads may ask, each for rollouts of its own."""

    def __init__(self, feed: ExecutionFeed, clock: Clock) -> None:
        self._feed = feed
        self._clock = clock
        self._counts = SharedCounts(feed, clock)
        self._lock = Lock()
        self._replays: OrderedDict[tuple[object, ...], _Replay] = OrderedDict()

    def answer(self, alias: AliasArn, look: JudgeExecutions, _: Urgency) -> AnalysisReading:
        """Read what is new, make the looks that are due, and say what the last one says.

        Raises:
            Transient: there is more to read than one job may, and the next one goes on; or another job is at it.
        """
        replay = self._taken(alias, look)
        try:
            return self._advance(alias, look, replay)
        finally:
            replay.read_since = None

    def _taken(self, alias: AliasArn, look: JudgeExecutions) -> _Replay:
        """Weights are only ever added; others than those that were judged by begin it again.

        So does a job whose answer never ends: what it has is left to it.
        """
        key = (alias, look.stable, look.target, look.plan, look.policy, look.horizon_s, look.began_at)
        now = self._clock.monotonic()
        with self._lock:
            known = self._replays.get(key)
            if known is not None and known.read_since is not None and now < known.read_since + GIVEN_UP_S:
                raise Transient("its executions are being read already")
            is_free = known is not None and known.read_since is None
            if known is None or not is_free or known.weights != look.weights[: len(known.weights)]:
                known = self._replays[key] = _Replay(look.weights, look.began_at)
            known.used_at = known.read_since = now
            self._replays.move_to_end(key)
            while next(iter(self._replays.values())).used_at < now - FORGOTTEN_AFTER_S:
                self._replays.popitem(last=False)
            return known

    def _advance(self, alias: AliasArn, look: JudgeExecutions, replay: _Replay) -> AnalysisReading:
        replay.weights = look.weights
        listing = self._list(alias, replay) if replay.counting is None else None
        if listing is None:
            replay.counting = replay.counting or Counting(alias, look)
            return replay.counting.advance(look, self._counts)
        as_of = listing.as_of or listing.read_at
        replay.take(look, listing.found.values(), as_of)
        if replay.judgement is None:
            raise Transient("AWS's clock is behind the rollout's first write")
        looked_at = after(look.began_at, replay.judgement.at)
        return AnalysisReading(
            judgement=replay.judgement,
            looked_at=looked_at,
            read_at=listing.read_at,
            next_at=after(listing.read_at, (after(looked_at, LOOK_EVERY_S) - as_of).total_seconds()),
            horizon_s=replay.horizon.seconds,
            is_horizon_capped=replay.horizon.is_capped,
            left_out=replay.judgement.left_out + len(replay.unknown),
            source=EvidenceSource.EXECUTIONS,
        )

    def _list(self, alias: AliasArn, replay: _Replay) -> _Listing | None:
        """Walk back to what is judged for good; before the first look also through what is usual.

        None: AWS lists none of this machine's executions.
        """
        listing = replay.listing = replay.listing or _Listing(self._clock.now())
        for _ in range(PAGES_A_JOB):
            try:
                page = self._feed.page(alias, listing.token)
            except NotListed:
                return None
            except Conflict:  # the token has expired: from the newest one again
                replay.listing = None
                raise
            listing.take(page)
            if page.next_token is None or _is_far_enough(listing, page, replay):
                replay.listing = None
                return listing
        raise Transient(f"{len(listing.found)} executions have been read, and there are more", retry_after_s=0.0)


def judged_again(feed: ExecutionFeed, alias: AliasArn, look: JudgeExecutions) -> Iterator[Judgement]:
    """Yield each change of the verdict on a rollout that is over: what the judge said, or would have said.

    Raises:
        PortError: the executions cannot be read.
    """
    replay, listing, token = _Replay(look.weights, look.began_at), _Listing(look.began_at), None
    while True:
        try:
            page = feed.page(alias, token)
        except NotListed:
            return counted_again(feed, alias, look)
        listing.take(page)
        token = page.next_token
        if token is None or _is_far_enough(listing, page, replay):
            break
    found = listing.found.values()
    past, horizon = _before(look, found)
    begun = _executions(look, [each for each in found if each.started_at >= look.began_at])
    return changes(look.policy, look.plan, horizon.seconds, past, [each for each in begun if 0.0 < each.weight < 1.0])


def judging_source(feed: ExecutionFeed, clock: Clock) -> Source:
    """Answers `JudgeExecutions`."""
    judge = ExecutionsJudge(feed, clock)
    return Source("judging", judge.answer, spare, is_kept_at_rest=False, longest_pause_s=LOOK_EVERY_S)


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


def _is_far_enough(listing: _Listing, page: ExecutionPage, replay: _Replay) -> bool:
    """Those that ended are listed by their end, running ones by their start or redrive: one of either that is older
    than what is wanted, and nothing behind it started later.
    """
    ends = [each.ended_at for each in page.executions if each.ended_at is not None]
    is_past_ended = bool(ends) and min(ends) < replay.since
    is_past_running = not ends and bool(page.executions) and all(e.started_at < replay.since for e in page.executions)
    if not (is_past_ended or is_past_running) or replay.judging is not None:
        return is_past_ended or is_past_running
    ended = sum(each.ended_at is not None and each.ended_at < replay.since for each in listing.found.values())
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
