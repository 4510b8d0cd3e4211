"""Moments as people read them: how long ago, and at what time of day."""

from datetime import datetime

from sfn_rollouts import durations


def age(moment: datetime | None, now: datetime) -> str:
    """Return how long ago a moment was, like 45s, 12m or 3h20m; empty where it is not known."""
    return "" if moment is None else durations.age((now - moment).total_seconds())


def o_clock(moment: datetime, now: datetime) -> str:
    """Return the time of day in the zone of `now`, with the day where it is another one."""
    local = moment.astimezone(now.tzinfo)
    return f"{local:%H:%M:%S}" if local.date() == now.date() else f"{local:%b %d %H:%M}"
