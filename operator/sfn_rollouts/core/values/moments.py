"""Moments: adding to one never fails. A status may hold any time that RFC 3339 can write, up to the year 9999."""

from datetime import UTC, datetime, timedelta

_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def after(moment: datetime, seconds: float) -> datetime:
    """Return the moment so many seconds later (earlier if negative), or the last or first that there is."""
    try:
        return moment + timedelta(seconds=seconds)
    except OverflowError:
        return _LAST if seconds > 0 else _FIRST
