"""Moments in a status: RFC 3339, UTC."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, PlainSerializer


def _rfc3339(moment: datetime) -> str:
    """Milliseconds where there are any: alarm transitions and alias updates differ by them."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
    return text.replace("+00:00", "Z")


def _aware(moment: datetime) -> datetime:
    """A time without a zone cannot be compared with the clock: `decide` would raise."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Time = Annotated[datetime, AfterValidator(_aware), PlainSerializer(_rfc3339, return_type=str)]
