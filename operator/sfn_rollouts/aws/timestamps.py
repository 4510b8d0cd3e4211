"""AWS's times: read cheaply, and cut to the milliseconds that the status stores."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.utils import parse_timestamp


def parsed(value: float | str) -> datetime:
    """Return a time from an answer, in UTC. For botocore's `timestamp_parser`.

    botocore's own takes half the CPU of a DescribeAlarms answer: it converts each time to the local time zone. Step
    Functions and CloudWatch answer with epoch seconds; other services' texts are left to botocore.
    """
    return datetime.fromtimestamp(value, UTC) if isinstance(value, (int, float)) else parse_timestamp(value)


def to_milliseconds(moment: datetime) -> datetime:
    """Cut to whole milliseconds, in UTC. With more, a time read back from the status would seem older than itself."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def answered_at(answer: Mapping[str, Any]) -> datetime | None:
    """Return when AWS answered, by its own clock, in whole seconds; None where the answer does not say it in UTC."""
    header = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo is not None else None
