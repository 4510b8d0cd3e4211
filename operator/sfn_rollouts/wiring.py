"""The engine with what feeds it and what lets it act, joined in the one way in which operator and simulator run them.

No threads here: `app` has them, the simulator has its timeline.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from sfn_rollouts.core import decide as core
from sfn_rollouts.engine.accesses import AccessTable
from sfn_rollouts.engine.engine import Engine
from sfn_rollouts.engine.settle import Decide
from sfn_rollouts.engine.sweeper import Sweeper
from sfn_rollouts.leading.candidate import Candidate
from sfn_rollouts.leading.election import Election
from sfn_rollouts.leading.fence import fenced
from sfn_rollouts.ports import Clock, Outside, Workers


class Wiring:
    """`post` has a call made in the engine's thread. Without a candidate the operator is alone, and leads.

    `lost` is called once when the lease is lost; nothing is written from then on, and the process shall end.
    """

    def __init__(
        self,
        clock: Clock,
        workers: Workers,
        outside: Outside,
        post: Callable[[Callable[[], None]], None],
        candidate: Candidate | None,
        lost: Callable[[], None],
        min_poll_interval_s: float,
        random: Random,
        decide: Decide = core.decide,
        *,
        requires_access: bool = False,
    ) -> None:
        self._clock = clock
        self._meter = outside.meter
        self._post = post
        self.engine = Engine(
            clock,
            workers,
            fenced(outside, candidate.is_leader) if candidate is not None else outside,
            min_poll_interval_s,
            random,
            decide,
            stands_by=candidate is not None,
            accesses=AccessTable(is_required=requires_access, is_known=False),
        )
        self.sweeper = Sweeper(
            outside.store,
            clock,
            random,
            self._listed,
            accesses=outside.accesses,
            accesses_listed=self._accesses_listed,
        )
        self.election = (
            Election(candidate, clock, random, self.sweeper.list_all, self._lead, lost)
            if candidate is not None
            else None
        )
        self._meter.leads(is_leader=candidate is None)

    def seen(self, resource: Mapping[str, Any]) -> None:
        """The watch has brought a resource."""
        self._post(lambda: self.engine.upsert(resource))

    def gone(self, uid: str) -> None:
        """The watch has brought a deletion."""
        self._post(lambda: self.engine.forget(uid))

    def access_seen(self, access: Mapping[str, Any]) -> None:
        """The watch has brought an AWSAccess."""
        self._post(lambda: self.engine.access_seen(access))

    def access_gone(self, uid: str) -> None:
        """The watch has brought the deletion of an AWSAccess."""
        self._post(lambda: self.engine.access_gone(uid))

    def namespace_seen(self, namespace: Mapping[str, Any]) -> None:
        """The watch has brought a namespace."""
        self._post(lambda: self.engine.namespace_seen(namespace))

    def namespace_gone(self, uid: str) -> None:
        """The watch has brought the deletion of a namespace."""
        self._post(lambda: self.engine.namespace_gone(uid))

    def _accesses_listed(self, accesses: Sequence[Mapping[str, Any]], namespaces: Sequence[Mapping[str, Any]]) -> None:
        self._post(lambda: self.engine.sweep_accesses(accesses, namespaces))

    def _listed(self, resources: Sequence[Mapping[str, Any]]) -> None:
        self._meter.swept(self._clock.now())
        self._post(lambda: self.engine.sweep(resources))

    def _lead(self) -> None:
        self._meter.leads(is_leader=True)
        self._post(self.engine.lead)
