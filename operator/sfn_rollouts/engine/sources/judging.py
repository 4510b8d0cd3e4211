"""How a rollout's executions are judged: by lists where AWS has them, else by counts.

The judge of a rollout is kept from one look to the next; whoever has lost it makes the same looks again.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from sfn_rollouts.analysis import LOOK_EVERY_S, Judgement
from sfn_rollouts.core.values.analysis import AnalysisReading
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.looks import JudgeExecutions
from sfn_rollouts.engine.evidence.counting import Counting
from sfn_rollouts.engine.evidence.listing import Listing, listed_again
from sfn_rollouts.engine.evidence.shared_counts import SharedCounts
from sfn_rollouts.engine.sources.source import Source, spare
from sfn_rollouts.errors import NotListed, Transient
from sfn_rollouts.ports import Clock, ExecutionFeed, Urgency

GIVEN_UP_S = 60.0
"""A job that has read for so long has been given up, and may hang for good: nothing waits for it any more."""

FORGOTTEN_AFTER_S = 600.0
"""A rollout that nobody has asked about for so long has ended, or is read again from its beginning."""


@dataclass(slots=True)
class _Replay:
    """What is kept of one rollout: what judges it, and by which weights it did.

    `used_at`, `read_since`: when it was asked for last, and since when a job has been at it; None: none is.
    """

    evidence: Listing | Counting
    weights: tuple[tuple[datetime, int | None], ...] = ()
    used_at: float = 0.0
    read_since: float | None = None


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
            if known is not None and known.read_since is not None:
                if now < known.read_since + GIVEN_UP_S:
                    raise Transient("its executions are being read already")
                known = None
            if known is None or known.weights != look.weights[: len(known.weights)]:
                known = self._replays[key] = _Replay(Listing(self._feed, self._clock, alias, look))
            known.weights = look.weights
            known.used_at = known.read_since = now
            self._replays.move_to_end(key)
            while next(iter(self._replays.values())).used_at < now - FORGOTTEN_AFTER_S:
                self._replays.popitem(last=False)
            return known

    def _advance(self, alias: AliasArn, look: JudgeExecutions, replay: _Replay) -> AnalysisReading:
        try:
            return replay.evidence.advance(look)
        except NotListed:
            replay.evidence = Counting(self._counts, alias, look)
        return replay.evidence.advance(look)


def judged_again(feed: ExecutionFeed, clock: Clock, alias: AliasArn, look: JudgeExecutions) -> Iterator[Judgement]:
    """Return each change of the verdict on a rollout that is over: what the judge said, or would have said.

    Raises:
        PortError: the executions cannot be read.
    """
    try:
        return listed_again(feed, alias, look)
    except NotListed:
        return Counting(SharedCounts(feed, clock), alias, look).again(look)


def judging_source(feed: ExecutionFeed, clock: Clock) -> Source:
    """Answers `JudgeExecutions`."""
    judge = ExecutionsJudge(feed, clock)
    return Source(judge.answer, spare, is_kept_at_rest=False, longest_pause_s=LOOK_EVERY_S)
