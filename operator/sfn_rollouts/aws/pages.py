"""Answers that come in pages."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from sfn_rollouts.aws.calls import Call, Calls
from sfn_rollouts.aws.quotas import quota
from sfn_rollouts.errors import Transient

Page = TypeVar("Page")


def pages(calls: Calls, call: Call, fetch: Callable[[str | None], tuple[Page, str | None]]) -> Iterator[Page]:
    """Yield each page. `fetch` takes the token of a page (None: the first), and returns the page and the next token.

    Raises:
        Transient: there are more pages than the quota gives at once. To go on would spend it on this one answer for as
            long as AWS says "there is more"; to stop there would miss an alarm.
    """
    most = quota(call.api, call.place.region).capacity
    token: str | None = None
    for _ in range(most):
        page, token = calls.make(call, partial(fetch, token))
        yield page
        if not token:
            return
    raise Transient(
        f"{call.api.action} gave more than {most} pages for {call.resource}: the answer was not used. "
        "It is tried again; if it stays, check the proxies on the way"
    )
