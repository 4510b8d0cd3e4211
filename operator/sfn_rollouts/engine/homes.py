"""Homes: the account of each identity that the operator calls AWS as, asked for once each."""

from collections.abc import Callable, Collection
from random import Random

from sfn_rollouts.arns import Arn
from sfn_rollouts.core.values.arn import Place
from sfn_rollouts.core.values.identity import OWN, Caller, Identity
from sfn_rollouts.engine.home import Home
from sfn_rollouts.ports import Clock, Reach, Workers


class Homes:
    """One `Home` for each identity in use; `answered(identity)` is called when its account has become another fact."""

    def __init__(
        self,
        clock: Clock,
        workers: Workers,
        reach: Reach,
        random: Random,
        answered: Callable[[Identity], None],
    ) -> None:
        self._clock = clock
        self._workers = workers
        self._reach = reach
        self._random = random
        self._answered = answered
        self._homes: dict[Identity, Home] = {}

    def of(self, caller: Caller) -> Home:
        """Return the home of whoever calls."""
        home = self._homes.get(caller.identity)
        if home is None:
            identity = caller.identity
            home = self._homes[identity] = Home(
                self._clock,
                self._workers,
                self._reach,
                self._random,
                lambda: self._answered(identity),
                caller,
                _place(identity),
            )
        return home

    def keep(self, identities: Collection[Identity]) -> None:
        """Forget all others: a role that is granted again is asked for again."""
        self._homes = {identity: home for identity, home in self._homes.items() if identity in identities}


def _place(identity: Identity) -> Place | None:
    """A role whose session cannot be had must not stand for others: STS is a place of its own for each."""
    return None if identity == OWN else Place(Arn.parse(identity.role).account, "sts", identity)
