"""What a plan can notice at the traffic of the last day: a page or a few of executions, then arithmetic."""

from dataclasses import replace
from datetime import datetime, timedelta

from sfn_rollouts.analysis import Reported, foresee
from sfn_rollouts.core.values.analysis import ForecastReading
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.executions import Counted
from sfn_rollouts.core.values.looks import ForecastAnalysis
from sfn_rollouts.engine.sources.source import Source, spare
from sfn_rollouts.errors import NotListed
from sfn_rollouts.ports import Clock, ExecutionFeed, Urgency

DAY = timedelta(days=1)
PAGES = 3
"""So many starts say how often there are some; a day of a busy state machine has hundreds of pages."""

TRIES = 3
_HOUR_S = 3600.0


def forecasts_source(feed: ExecutionFeed, clock: Clock) -> Source:
    """Answers `ForecastAnalysis`. Nothing waits for it for long: what is not known is said without it."""

    def answer(alias: AliasArn, look: ForecastAnalysis, _: Urgency) -> ForecastReading:
        read_at = clock.now()
        policy, reported = look.policy, Reported.LISTED
        try:
            starts_per_hour = _starts_per_hour(feed, alias)
        except NotListed:
            starts_per_hour = _counted_starts_per_hour(feed, alias, read_at)
            policy, reported = replace(policy, durations=False), Reported.COUNTED
        rounded = _rounded(starts_per_hour)
        foreseen = foresee(look.plan, policy, rounded, bake_s=look.bake_s, reported=reported)
        return ForecastReading(starts_per_hour, foreseen.noticed, foreseen.in_words(rounded), read_at)

    return Source(answer, spare, TRIES, is_kept_at_rest=False)


def _rounded(starts_per_hour: float) -> float:
    """Return it to two digits: more would say the same, and be worked out again each time."""
    return float(f"{starts_per_hour:.2g}")


def _starts_per_hour(feed: ExecutionFeed, alias: AliasArn) -> float:
    token, starts, oldest, as_of = None, 0, None, None
    for _ in range(PAGES):
        page = feed.page(alias, token)
        as_of = as_of or page.as_of
        recent = [each.started_at for each in page.executions if each.started_at > as_of - DAY]
        starts += len(recent)
        oldest = min([oldest or as_of, *recent])
        token = page.next_token
        if token is None or len(recent) < len(page.executions):
            return starts / (DAY.total_seconds() / _HOUR_S)
    span_s = (as_of - oldest).total_seconds() if as_of is not None and oldest is not None else 0.0
    return starts / max(span_s, 1.0) * _HOUR_S


def _counted_starts_per_hour(feed: ExecutionFeed, alias: AliasArn, now: datetime) -> float:
    """Return it for an Express machine."""
    of_alias = Counted(alias.machine, alias.name)
    since = now.replace(second=0, microsecond=0) - DAY
    counted = feed.minutes(alias.machine.place, [of_alias], since)
    return sum(minute.started for minute in counted.minutes[of_alias]) / (DAY.total_seconds() / _HOUR_S)
