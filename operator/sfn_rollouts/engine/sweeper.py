"""The full list of all resources, now and then: the watch does not tell of deletions that happened while it was broken.

Steps without a thread: whoever runs them waits in between.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

import structlog

from sfn_rollouts.backoff import Backoff
from sfn_rollouts.errors import PortError
from sfn_rollouts.ports import AccessStore, Clock, NoAccesses, ResourceStore

Resources = Sequence[Mapping[str, Any]]
INTERVAL_S = 600.0
"""Seconds from one sweep to the next."""

_FIRST_RETRY_S, _LONGEST_RETRY_S = 0.5, 60.0
_log = structlog.get_logger(__name__)


class Sweeper:
    """`listed` is called with all resources after each list, `accesses_listed` with all AWSAccesses and namespaces.

    `sweep` may block and is called by one thread.
    """

    def __init__(
        self,
        store: ResourceStore,
        clock: Clock,
        random: Random,
        listed: Callable[[Resources], None],
        interval_s: float = INTERVAL_S,
        accesses: AccessStore | None = None,
        accesses_listed: Callable[[Resources, Resources], None] = lambda *_: None,
    ) -> None:
        self._accesses = accesses if accesses is not None else NoAccesses()
        self._accesses_listed = accesses_listed
        self._store = store
        self._clock = clock
        self._backoff = Backoff(random)
        self._listed = listed
        self._interval_s = interval_s

    def list_all(self) -> int:
        """List all resources; return how many there are.

        Raises:
            PortError: the API server refused or did not answer.
        """
        # Before the rollouts: none of them begins before it is known what it may move.
        self._accesses_listed(self._accesses.list_accesses(), self._accesses.list_namespaces())
        resources = self._store.list()
        self._listed(resources)
        return len(resources)

    def sweep(self) -> float:
        """List once; return the monotonic time of the next sweep, which comes within seconds after a failure."""
        began = self._clock.monotonic()
        try:
            _log.debug("swept", resources=self.list_all())
        except PortError as error:
            delay_s = self._backoff.wait(self._clock.monotonic(), _FIRST_RETRY_S, _LONGEST_RETRY_S)
            _log.warning("the resources cannot be listed; the watch goes on", why=error.why, delay_s=round(delay_s, 1))
            return self._backoff.next_at
        self._backoff.reset()
        return began + self._interval_s
