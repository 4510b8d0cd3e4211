"""A second try of reads, without botocore's quota of retries.

botocore keeps one quota for a client, and the callers of many accounts share a client: what fails for one would use up
the second tries of all others (botocore.retries.quota: 500, of which a retry takes 14). Ours counts nothing: it is one
more try of a call that a bucket has let pass already. What AWS throttles is not tried again here: the bucket says when.
"""

from random import random
from typing import Any

from botocore.exceptions import ConnectionError as NotConnectedError
from botocore.exceptions import HTTPClientError

_FAILED_BY_AWS = (500, 502, 503, 504)
_LONGEST_PAUSE_S = 0.2


def try_again(client: Any) -> None:
    """Have each call of this client tried once more where it got no answer, or AWS failed."""
    client.meta.events.register("needs-retry", _pause_s)


def _pause_s(attempts: int, response: Any, caught_exception: Exception | None, **_: Any) -> float | None:
    """Return for how long botocore has to wait before the second try, None for none."""
    is_lost = isinstance(caught_exception, (NotConnectedError, HTTPClientError))
    is_failed = response is not None and response[0].status_code in _FAILED_BY_AWS
    return random() * _LONGEST_PAUSE_S if attempts == 1 and (is_lost or is_failed) else None  # noqa: S311 - no secret
