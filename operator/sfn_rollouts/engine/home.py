"""Home: the account of one identity's credentials, asked for once for all rollouts that it is used for.

Nothing begins before STS has answered, or failed once: where STS cannot be reached (no VPC endpoint), rollouts go
on unchecked, and it is asked again in ever longer pauses.
"""

from collections.abc import Callable
from datetime import datetime  # noqa: TC003 - beside the rest
from random import Random

import structlog

from sfn_rollouts.backoff import Backoff
from sfn_rollouts.core.values.arn import Place
from sfn_rollouts.core.values.identity import OWN, Caller
from sfn_rollouts.core.values.readings import Account, Unseen
from sfn_rollouts.engine.facts import unseen
from sfn_rollouts.ports import Clock, Errand, Lane, Reach, Workers

FIRST_S, LIMIT_S = 5.0, 300.0
VERIFIED_EVERY_S = 3600.0
"""A role is assumed again so often, to notice one that was deleted, or that trusts the operator no longer."""

_OPERATOR = Caller()
_log = structlog.get_logger(__name__)


class Home:
    """`fact` is None until the first answer; `answered` is called when it has become another one.

    An account that is known stays so: of an identity that cannot be had any more `trouble` says why. `verified_at` is
    when (our clock) the answer came last.
    """

    def __init__(
        self,
        clock: Clock,
        workers: Workers,
        reach: Reach,
        random: Random,
        answered: Callable[[], None],
        caller: Caller = _OPERATOR,
        place: Place | None = None,
    ) -> None:
        self._errand, self._identity = Errand(Lane.FORWARD, place, "account", caller=caller), caller.identity
        self._clock = clock
        self._workers = workers
        self._reach = reach
        self._pace = Backoff(random)
        self._answered = answered
        self._is_asking = False
        self._asked_again_at = float("inf")
        self._is_renewed = caller.identity != OWN
        self.fact: Account | Unseen | None = None
        self.trouble: Unseen | None = None
        self.verified_at: datetime | None = None

    def ask(self) -> None:
        """Ask, unless it is known, or being asked, or was just asked in vain."""
        if self._is_asking or self._clock.monotonic() < self.next_at:
            return
        self._is_asking = True
        self._workers.submit(self._errand, self._reach.account, self._take)

    @property
    def next_at(self) -> float:
        """When it may be asked next, monotonic; while it is being asked, when to look again whether it may.

        Never in the past: whoever waits for it would be due again and again, and the engine's thread do nothing else.
        """
        if self._is_asking:
            return self._clock.monotonic() + FIRST_S
        is_known = isinstance(self.fact, Account) and self.trouble is None
        return self._asked_again_at if is_known else self._pace.next_at

    def _take(self, result: Account | Exception) -> None:
        self._is_asking = False
        before = self.trouble
        if isinstance(result, Account):
            self._known(result)
        else:
            self._failed(result)
        if isinstance(result, Account) or self.trouble != before:
            self._answered()

    def _known(self, account: Account) -> None:
        if account != self.fact:
            _log.info(
                "the account of the credentials",
                account=account.number,
                partition=account.partition,
                identity=str(self._identity),
            )
        self.fact, self.trouble, self.verified_at = account, None, self._clock.now()
        self._pace.reset()
        if self._is_renewed:
            self._asked_again_at = self._clock.monotonic() + VERIFIED_EVERY_S

    def _failed(self, error: Exception) -> None:
        self._pace.wait(self._clock.monotonic(), FIRST_S, LIMIT_S)
        before = self.trouble
        self.trouble = unseen(error, before, self._clock.now())
        if isinstance(self.fact, Account):
            return
        self.fact = self.trouble
        if before is None:
            _log.warning(
                "rollouts of other accounts cannot be distinguished from our own",
                why=self.trouble.why,
                identity=str(self._identity),
            )
