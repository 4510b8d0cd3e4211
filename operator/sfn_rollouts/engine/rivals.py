"""Rivals: resources that name the same alias. One in flight comes first, else the oldest; the others do nothing."""

from collections.abc import Callable, Mapping, Set
from datetime import datetime

from sfn_rollouts.core.values.arn import AliasArn  # noqa: TC001 - beside the rest
from sfn_rollouts.engine.record import Record


class Rivals:
    """Who names which alias, over the records of the engine.

    What `may_act` denies comes before nobody: a namespace that may not move an alias must not keep it from its owner
    by an older resource.
    """

    def __init__(self, records: Mapping[str, Record], may_act: Callable[[Record], bool] = lambda _: True) -> None:
        self._records = records
        self._may_act = may_act
        self._claims: dict[AliasArn, set[str]] = {}

    def claim(self, record: Record) -> None:
        """The record names its alias. (An alias is immutable: a record never changes to another.)"""
        if record.resource.alias is not None:
            self._claims.setdefault(record.resource.alias, set()).add(record.uid)

    def release(self, record: Record) -> Set[str]:
        """The record is gone; returns the uids that may act now."""
        alias = record.resource.alias
        if alias is None:
            return frozenset()
        others = self.of(record)
        self._claims[alias].discard(record.uid)
        if not others:
            del self._claims[alias]
        return others

    def of(self, record: Record) -> Set[str]:
        """Return the uids of the others that name its alias."""
        alias = record.resource.alias
        return self._claims[alias] - {record.uid} if alias is not None else frozenset()

    def has_older(self, record: Record) -> bool:
        """Whether another one that may act comes first."""
        others = (self._records[uid] for uid in self.of(record))
        return any(self._may_act(other) and _precedence(other) < _precedence(record) for other in others)


def _precedence(record: Record) -> tuple[bool, datetime, str]:
    return not record.is_in_flight, record.resource.rollout.created_at, record.uid
