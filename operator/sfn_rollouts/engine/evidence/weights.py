"""Which share of new executions the target had, and when, as far as it is known."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

Weights = Sequence[tuple[datetime, int | None]]
"""(AWS's time of a write, percent on the target from then on; None: somebody else's), oldest first."""


def known(weights: Weights, unsettled: timedelta) -> Iterator[tuple[datetime, datetime, float]]:
    """Yield (since, until, the target's share): all but what is just after a write, or where somebody else set it."""
    writes = [at for at, _ in weights]
    for (at, weight), until in zip(weights, [*writes[1:], datetime.max.replace(tzinfo=UTC)], strict=True):
        if weight is not None:
            yield at + unsettled, until, weight / 100.0
