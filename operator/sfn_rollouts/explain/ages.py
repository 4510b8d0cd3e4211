"""How long ago, in as few letters as kubectl needs."""

from datetime import datetime, timedelta


def age(moment: datetime | None, now: datetime) -> str:
    """Like 45s, 12m, 3h20m, 2d5h, 40d; empty where nothing is known, 0s where clocks disagree."""
    return "" if moment is None else length(now - moment)


def length(duration: timedelta) -> str:
    """Give a length of time in one unit, or two where the first is small."""
    seconds = max(int(duration.total_seconds()), 0)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if hours < 3:
        return f"{minutes}m{_rest(seconds % 60, 's') if minutes < 10 else ''}"
    if days < 2:
        return f"{hours}h{_rest(minutes % 60, 'm') if hours < 8 else ''}"
    return f"{days}d{_rest(hours % 24, 'h') if days < 8 else ''}"


def _rest(count: int, unit: str) -> str:
    return f"{count}{unit}" if count else ""
