"""Pages of a list, with opaque tokens that hold for one operation, one scope and 24 hours."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devenv.aws.errors import AwsError

Item = TypeVar("Item")
_LIFETIME = timedelta(hours=24)  # API reference: "Each pagination token expires after 24 hours"


def page(
    items: Sequence[Item], *, scope: str, size: int, token: str | None, now: datetime, refusal: AwsError
) -> tuple[Sequence[Item], str | None]:
    """The page that `token` points to (the first without one) and the token of the next page, if any.

    `scope` names the operation and what is listed; a token given out for another one raises `refusal`."""
    start = _read(token, scope, now, refusal) if token else 0
    end = start + size
    return items[start:end], _write(scope, end, now) if end < len(items) else None


def _write(scope: str, offset: int, now: datetime) -> str:
    return base64.urlsafe_b64encode(json.dumps([scope, offset, now.timestamp()]).encode()).decode()


def _read(token: str, scope: str, now: datetime, refusal: AwsError) -> int:
    try:
        given_for, offset, at = json.loads(base64.urlsafe_b64decode(token.encode()))
    except ValueError:
        raise refusal from None
    if given_for != scope or now.timestamp() - at > _LIFETIME.total_seconds():
        raise refusal
    return int(offset)
