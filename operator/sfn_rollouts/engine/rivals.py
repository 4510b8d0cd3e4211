"""Rivals: resources that name the same alias. One in flight comes first, else the oldest; the others do nothing."""

from collections.abc import Mapping, Set
from datetime import datetime

from sfn_rollouts.core.values.arn import AliasArn  # noqa: TC001 - beside the rest
from sfn_rollouts.engine.record import Record


class Rivals:
    """Who names which alias, over the records of the engine."""

    def __init__(self, records: Mapping[str, Record]) -> None:
        self._records = records
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
        """Whether another one comes first."""
        return any(_precedence(self._records[uid]) < _precedence(record) for uid in self.of(record))


def _precedence(record: Record) -> tuple[bool, datetime, str]:
    return not record.is_in_flight, record.resource.rollout.created_at, record.uid
