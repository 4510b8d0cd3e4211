"""Answers about targets that need not be asked for again: `ports.TargetInspector` in front of another one.

A definition never changes, and a policy is taken not to for five minutes, unless it lacks something: a rollout may wait
for that, and must see soon that it was given. What the operator may not ask it asks once an hour for each thing it is
refused: a team that grants a right for some of its functions must not lose the others. No identity hears what another
one was answered.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sfn_rollouts.aws.role_meanings import NotAssumed
from sfn_rollouts.core.values.arn import AliasArn, Place, StateMachineArn
from sfn_rollouts.core.values.identity import Caller
from sfn_rollouts.core.values.targets import (
    CalleeReading,
    CallersReading,
    DefinitionReading,
    Permission,
    Permissions,
)
from sfn_rollouts.errors import Denied
from sfn_rollouts.ports import Clock, TargetInspector

Answer = TypeVar("Answer")

POLICY_S = 300.0
DEFINITION_S = 86_400.0
DENIED_S = 3600.0
MOST_KEPT = 4096
"""Answers, of all rollouts together; the one that was used longest ago goes first."""


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: Any
    until: float


class RememberingInspector:
    """Asks the other one only for what it does not know. All threads may use it.

    `caller`: as `connection.connect` has it.
    """

    def __init__(self, asked: TargetInspector, clock: Clock, caller: Callable[[], Caller] = Caller) -> None:
        self._asked = asked
        self._clock = clock
        self._caller = caller
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()

    def definition(self, machine: StateMachineArn, version: int, created_at: datetime | None) -> DefinitionReading:
        """Read what a version calls and needs; remembered for the life that its creationDate tells."""

        def ask() -> DefinitionReading:
            return self._asked.definition(machine, version, created_at)

        if created_at is None:
            return ask()
        return self._known(("definition", machine, version, created_at), lambda _: DEFINITION_S, ask)

    def callee(self, arn: str) -> CalleeReading:
        """Return whether something can be called. Functions come and go, so only a refusal is remembered."""
        return self._known(("callee", arn), _not_at_all, lambda: self._asked.callee(arn))

    def permissions(self, role: str, rights: Collection[tuple[str, str]], place: Place) -> Permissions:
        """Return what a role may do; two rollouts of one machine ask the same. What it lacks is not remembered."""
        key = ("permissions", role, frozenset(rights))
        return self._known(key, _policy_s, lambda: self._asked.permissions(role, rights, place))

    def callers(self, alias: AliasArn) -> CallersReading:
        """Count the last day's executions. Only a refusal is remembered."""
        return self._known(("callers", alias), _not_at_all, lambda: self._asked.callers(alias))

    def _known(self, key: Hashable, counts_s: Callable[[Answer], float], ask: Callable[[], Answer]) -> Answer:
        key = (self._caller().identity, key)
        known = self._found(key)
        if isinstance(known, Denied):
            raise Denied(known.why)  # a new one: an exception that is raised twice collects both tracebacks
        if known is not None:
            answer: Answer = known
            return answer
        try:
            answer = ask()
        except NotAssumed:  # nobody has refused the question
            raise
        except Denied as error:
            self._keep(key, error, DENIED_S)
            raise
        if for_s := counts_s(answer):
            self._keep(key, answer, for_s)
        return answer

    def _found(self, key: Hashable) -> Any:
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept.until <= self._clock.monotonic():
                return None
            self._kept.move_to_end(key)
            return kept.answer

    def _keep(self, key: Hashable, answer: Any, for_s: float) -> None:
        with self._lock:
            self._kept[key] = _Kept(answer, self._clock.monotonic() + for_s)
            self._kept.move_to_end(key)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)


def _policy_s(permissions: Permissions) -> float:
    """Seconds that IAM's answer counts."""
    is_lacking = {Permission.NOT_ALLOWED, Permission.DENIED} & set(permissions.of.values())
    return 0.0 if is_lacking else POLICY_S


def _not_at_all(_: object) -> float:
    return 0.0
