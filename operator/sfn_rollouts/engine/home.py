"""Home: the account of the operator's credentials, asked for once for all rollouts.

Nothing begins before STS has answered, or failed once: where STS cannot be reached (no VPC endpoint), rollouts go
on unchecked, and it is asked again in ever longer pauses.
"""

from collections.abc import Callable
from random import Random

import structlog

from sfn_rollouts.backoff import Backoff
from sfn_rollouts.core.values.readings import Account, Unseen
from sfn_rollouts.engine.facts import reading_of, unseen
from sfn_rollouts.ports import Clock, Errand, Lane, Reach, Workers

FIRST_S, LIMIT_S = 5.0, 300.0
_log = structlog.get_logger(__name__)


class Home:
    """`fact` is None until the first answer; `answered` is called when it has become another one."""

    def __init__(
        self, clock: Clock, workers: Workers, reach: Reach, random: Random, answered: Callable[[], None]
    ) -> None:
        self._clock = clock
        self._workers = workers
        self._reach = reach
        self._pace = Backoff(random)
        self._answered = answered
        self._is_asking = False
        self.fact: Account | Unseen | None = None

    def ask(self) -> None:
        """Ask, unless it is known, or being asked, or was just asked in vain."""
        if isinstance(self.fact, Account) or self._is_asking or self._clock.monotonic() < self._pace.next_at:
            return
        self._is_asking = True
        self._workers.submit(Errand(Lane.FORWARD, None, "account"), self._reach.account, self._take)

    def _take(self, result: Account | Exception) -> None:
        self._is_asking = False
        before = self.fact
        if isinstance(result, Account):
            _log.info("the account of the credentials", account=result.number, partition=result.partition)
            self.fact = result
        else:
            self._pace.wait(self._clock.monotonic(), FIRST_S, LIMIT_S)
            self.fact = unseen(result, before, self._clock.now())
            if before is None:
                _log.warning(
                    "rollouts of other accounts cannot be distinguished from our own", why=reading_of(result)[1]
                )
        if before is None or isinstance(result, Account):
            self._answered()
