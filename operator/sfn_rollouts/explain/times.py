"""Times as people read them: how long, how long ago, at what o'clock."""

from datetime import datetime

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400


def lasting(seconds: float) -> str:
    """Give a length by its two largest units: 45s, 3m12s, 2h05m, 4d03h. Below zero counts as zero."""
    whole_s = max(round(seconds), 0)
    if whole_s < _MINUTE_S:
        return f"{whole_s}s"
    if whole_s < _HOUR_S:
        return f"{whole_s // _MINUTE_S}m{whole_s % _MINUTE_S:02}s"
    if whole_s < _DAY_S:
        return f"{whole_s // _HOUR_S}h{whole_s % _HOUR_S // _MINUTE_S:02}m"
    return f"{whole_s // _DAY_S}d{whole_s % _DAY_S // _HOUR_S:02}h"


def waiting(seconds: float) -> str:
    """Give a planned length as somebody would write it: 90s is 1m30s, 600s is 10m, 5400s is 1h30m, 0.5s is 0.5s."""
    if seconds < 1:
        return f"{seconds:g}s"
    parts, rest_s = [], round(seconds)
    for unit, length_s in (("d", _DAY_S), ("h", _HOUR_S), ("m", _MINUTE_S), ("s", 1)):
        count, rest_s = divmod(rest_s, length_s)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)


def o_clock(moment: datetime, now: datetime) -> str:
    """Give the time of day in the zone of `now`; with the day where it is another one."""
    local = moment.astimezone(now.tzinfo)
    return f"{local:%H:%M:%S}" if local.date() == now.date() else f"{local:%b %d %H:%M}"
