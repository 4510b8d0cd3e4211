"""How a rollout is judged whose executions AWS only counts: minute by minute, by CloudWatch's metrics.

CloudWatch may add to a minute later. So each is judged once, when it is three minutes old, and the failures that were
judged are kept in the status: an operator that was restarted makes the same looks of the same minutes again.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sfn_rollouts.analysis import LOOK_EVERY_S, MINUTE_S, Before, CountJudging, Judgement, Reported
from sfn_rollouts.analysis.counting import Ends, Minute, is_due, minute_of
from sfn_rollouts.analysis.replay import changes_by_minute
from sfn_rollouts.analysis.values import Split
from sfn_rollouts.api.analysis import MOST_FAILURES_KEPT, CountedFailures
from sfn_rollouts.api.analysis import Source as EvidenceSource
from sfn_rollouts.core.values.analysis import AnalysisReading
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.executions import Counted, CountedMinutes, MinuteCounts
from sfn_rollouts.core.values.looks import JudgeExecutions
from sfn_rollouts.core.values.moments import after
from sfn_rollouts.engine.evidence.shared_counts import RETAINED, SharedCounts, minute_start
from sfn_rollouts.engine.evidence.weights import known
from sfn_rollouts.errors import Gone, Transient

PAST = timedelta(days=1)
"""So far back it is read how often the stable version fails."""

PAST_ENDED = 500
"""So many of the executions that ended last say how often it fails."""

LONGEST_EXPRESS_S = 300.0
"""What ends so long after a change of the weight has started after it: AWS ends an Express execution by then."""

_MINUTE = timedelta(seconds=MINUTE_S)
_LATE = timedelta(seconds=Reported.COUNTED.late_s)


class Counting:
    """The judge of one rollout, and which of its minutes it has taken."""

    def __init__(self, counts: SharedCounts, alias: AliasArn, look: JudgeExecutions) -> None:
        self._counts = counts
        machine = alias.machine
        self._stable = Counted(machine, str(look.stable))
        self._wanted = (Counted(machine, alias.name), self._stable, Counted(machine, str(look.target)))
        self._first = minute_start(look.began_at)
        self._settle_s = max(look.horizon_s or 0.0, Reported.COUNTED.skipped_s)
        self._kept = _failures_of(look.counted)
        """What another process has judged, by the number of the minute."""
        self._failures: dict[int, Split] = {}
        """What this one has judged, without the minutes in which none failed."""
        self._next_minute = 0
        self._next_look = 0
        self._judging: CountJudging | None = None
        self._judgement: Judgement | None = None

    def advance(self, look: JudgeExecutions) -> AnalysisReading:
        """Take the minutes that are complete, and make the looks that are due, each once.

        Raises:
            Transient: AWS's clock is behind the first write, or CloudWatch returned less than was asked for.
            Gone: the status cannot keep what was judged.
        """
        since = self._first + self._next_minute * _MINUTE if self._judging is not None else self._first - PAST
        counted, read_at = self._counts.read(self._wanted, since)
        self._take(look, counted)
        if self._judgement is None:
            raise Transient("AWS's clock is behind the rollout's first write")
        failures = " ".join(f"{number}:{bad.both}/{bad.target}" for number, bad in self._failures.items())
        if len(failures) > MOST_FAILURES_KEPT:
            raise Gone("executions have failed in more minutes than the status can keep; the alarms still guard")
        return AnalysisReading(
            judgement=self._judgement,
            looked_at=after(look.began_at, self._judgement.at),
            read_at=read_at,
            next_at=read_at + (after(look.began_at, self._next_due_s(look)) - counted.as_of),
            horizon_s=self._settle_s,
            source=EvidenceSource.METRICS,
            counted=CountedFailures(minutes=self._next_minute, failures=failures),
        )

    def again(self, look: JudgeExecutions) -> Iterator[Judgement]:
        """Return each change of the verdict on a rollout that is over, by what CloudWatch counts now.

        Raises:
            Gone: it is over for so long that CloudWatch has no minutes of it any more.
        """
        counted, read_at = self._counts.read(self._wanted, self._first - PAST)
        if self._first < read_at - RETAINED:
            days = RETAINED.days + 1
            raise Gone(f"the rollout began more than {days} days ago: CloudWatch has no minutes of that time any more")
        minutes = [self._minute(look, counted, number) for number in range(self._complete(counted.as_of))]
        last = max((number for number, minute in enumerate(minutes) if minute.weight), default=-1)
        return changes_by_minute(look.policy, look.plan, self._before(counted), minutes[: last + 1])

    def _next_due_s(self, look: JudgeExecutions) -> float:
        """Return the time of the first look that the next minute is due at."""
        complete_s = self._at_s(look, self._next_minute) + Reported.COUNTED.late_s
        return math.ceil(complete_s / LOOK_EVERY_S) * LOOK_EVERY_S

    def _at_s(self, look: JudgeExecutions, number: int) -> float:
        return (self._first + number * _MINUTE - look.began_at).total_seconds()

    def _take(self, look: JudgeExecutions, counted: CountedMinutes) -> None:
        judging = self._judging = self._judging or CountJudging(look.policy, look.plan, self._before(counted))
        last_look = int((counted.as_of - look.began_at).total_seconds() // LOOK_EVERY_S)
        minutes = []
        while is_due(self._at_s(look, self._next_minute), last_look * LOOK_EVERY_S):
            minute = self._minute(look, counted, self._next_minute)
            minutes.append(minute)
            if minute.bad.both and minute.weight is not None:
                self._failures[self._next_minute] = minute.bad
            self._next_minute += 1
        judging.take(minutes)
        while self._next_look <= last_look:
            self._judgement = judging.look(self._next_look * LOOK_EVERY_S)
            self._next_look += 1

    def _complete(self, as_of: datetime) -> int:
        """Return how many of its minutes are; not above zero: none yet."""
        return (as_of - _LATE - self._first) // _MINUTE + 1

    def _minute(self, look: JudgeExecutions, counted: CountedMinutes, number: int) -> Minute:
        at = self._first + number * _MINUTE
        ends = (_ends_at(counted.minutes[each], at) for each in self._wanted)
        weight, settled = (
            _weight_of(look, at, timedelta(seconds=unsettled_s))
            for unsettled_s in (self._settle_s, max(self._settle_s, LONGEST_EXPRESS_S))
        )
        minute = minute_of(self._at_s(look, number), weight, *ends, is_settled=settled is not None)
        is_kept = number in self._kept and weight is not None
        return replace(minute, bad=self._kept[number]) if is_kept else minute

    def _before(self, counted: CountedMinutes) -> Before:
        """Return how often the stable version failed, of the last executions that ended before the rollout."""
        ended, failed = 0, 0
        for minute in reversed(counted.minutes[self._stable]):
            if minute.at < self._first and ended < PAST_ENDED:
                ended += minute.failed + minute.succeeded
                failed += minute.failed
        return Before(ended, failed, ())


def _weight_of(look: JudgeExecutions, minute: datetime, unsettled: timedelta) -> float | None:
    """Return the target's share that was in force over the whole minute, and for so long before."""
    shares = (share for since, until, share in known(look.weights, unsettled) if since <= minute <= until - _MINUTE)
    return next(shares, None)


def _ends_at(minutes: Sequence[MinuteCounts], at: datetime) -> Ends:
    """Return what was counted in one minute: nothing before the first one. `minutes` are in a row."""
    number = (at - minutes[0].at) // _MINUTE
    if number < 0:
        return Ends()
    found = minutes[number]
    return Ends(found.started, found.failed, found.succeeded, found.aborted)


def _failures_of(kept: CountedFailures | None) -> Mapping[int, Split]:
    """Return what was judged, by the number of the minute; no failure in those that are not listed."""
    if kept is None:
        return {}
    found = dict.fromkeys(range(kept.minutes), Split())
    for entry in kept.failures.split():
        number, _, counts = entry.partition(":")
        both, _, target = counts.partition("/")
        found[int(number)] = Split(int(both) - int(target), int(target))
    return found
