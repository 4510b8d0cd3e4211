"""Lengths of time as texts: the one grammar in which people write them, and each format in which they are shown.

Each format has its own job. `written` is what a person could have typed, and is read back as the same length;
`rounded` is for a length that passes while it is read; `age` is as short as kubectl's; `clock` counts from a start.
Standard library only and below every layer: the API, the core, the plugin's `list` and the simulator all use it.
"""

import re

GRAMMAR = r"^([0-9]{1,9}(\.[0-9]{1,3})?(ms|s|m|h))+$"
"""A duration, as a regular expression of Python and of CEL: as Go's and CEL's `duration()` read it, units ms to h."""

FORM = "write a number with a unit, like 30s, 10m or 1h30m"
"""What to do about a text that is no duration, for the end of a message."""

_TERM = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_WHOLE = re.compile(GRAMMAR)
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400
_MINUTE_US, _HOUR_US = 60_000_000, 3_600_000_000


def is_duration(text: str) -> bool:
    """Whether the whole text is a duration; a bare number is none, as nobody knows what it counts."""
    return _WHOLE.fullmatch(text) is not None


def seconds_of(text: str) -> float:
    """Return the length of a duration in seconds, to the microsecond.

    Raises:
        ValueError: the text is no duration; the message says what one looks like.
    """
    if not is_duration(text):
        raise ValueError(f"{text!r} is not a duration: {FORM}")
    return round(sum(float(number) * _UNIT_S[unit] for number, unit in _TERM.findall(text)), 6)


def written(seconds: float) -> str:
    """Return a length as a person writes it in a manifest: 90 is 1m30s, 5400 is 1h30m, 93600 is 26h, 0.5 is 0.5s.

    `seconds_of` reads it back as the same length, to the microsecond. Below zero counts as zero.
    """
    hours, rest_us = divmod(max(round(seconds * 1_000_000), 0), _HOUR_US)
    minutes, rest_us = divmod(rest_us, _MINUTE_US)
    whole_ms, rest_us = divmod(rest_us, 1000)
    terms = ((hours, f"{hours}h"), (minutes, f"{minutes}m"), (whole_ms, f"{_decimal(whole_ms)}s"))
    finest = (rest_us, f"{_decimal(rest_us)}ms")  # the grammar has three decimals
    return "".join(text for amount, text in (*terms, finest) if amount) or "0s"


def rounded(seconds: float) -> str:
    """Return a length by its two largest units: 45s, 3m12s, 2h05m, 4d03h. Below zero counts as zero."""
    whole_s = max(round(seconds), 0)
    if whole_s < _MINUTE_S:
        return f"{whole_s}s"
    if whole_s < _HOUR_S:
        return f"{whole_s // _MINUTE_S}m{whole_s % _MINUTE_S:02}s"
    if whole_s < _DAY_S:
        return f"{whole_s // _HOUR_S}h{whole_s % _HOUR_S // _MINUTE_S:02}m"
    return f"{whole_s // _DAY_S}d{whole_s % _DAY_S // _HOUR_S:02}h"


def age(seconds: float) -> str:
    """Return a length as kubectl prints ages, in one unit, or two where the first is small: 45s, 3h20m, 2d5h, 40d.

    Below zero counts as zero: clocks disagree.
    """
    whole_s = max(int(seconds), 0)
    minutes, hours, days = whole_s // _MINUTE_S, whole_s // _HOUR_S, whole_s // _DAY_S
    if whole_s < 120:
        return f"{whole_s}s"
    if hours < 3:
        return f"{minutes}m{_rest(whole_s % 60, 's') if minutes < 10 else ''}"
    if days < 2:
        return f"{hours}h{_rest(minutes % 60, 'm') if hours < 8 else ''}"
    return f"{days}d{_rest(hours % 24, 'h') if days < 8 else ''}"


def clock(seconds: float) -> str:
    """Return a time from the start, in whole seconds: 12m03s, 1h02m03s."""
    whole_s = int(seconds)
    hours, minutes = whole_s // _HOUR_S, whole_s // _MINUTE_S % 60
    return f"{hours}h{minutes:02}m{whole_s % 60:02}s" if hours else f"{minutes}m{whole_s % 60:02}s"


def _decimal(thousandths: int) -> str:
    return f"{thousandths // 1000}.{thousandths % 1000:03}".rstrip("0").rstrip(".")


def _rest(count: int, unit: str) -> str:
    return f"{count}{unit}" if count else ""
