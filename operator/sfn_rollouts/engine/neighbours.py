"""What is known of all rollouts, for the check that an execution meets one shift only.

Only definitions that a rollout has asked for are known: for this check alone none is read.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from sfn_rollouts.asl.outline import Outline
from sfn_rollouts.core.preflight.entry_point import neighbours_of
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.looks import ReadDefinition
from sfn_rollouts.core.values.targets import DefinitionReading, Neighbours
from sfn_rollouts.engine.record import Record


class NeighbourTable:
    """Over the records of the engine. What `may_act` denies is not heard of: it moves no alias."""

    def __init__(self, records: Mapping[str, Record], may_act: Callable[[Record], bool] = lambda _: True) -> None:
        self._records = records
        self._may_act = may_act

    def of(self, record: Record) -> Neighbours:
        """Return what a rollout that is about to begin may know of the others; at other times nobody asks."""
        if record.is_in_flight or not _is_about_to_begin(record):
            return Neighbours()
        return replace(neighbours_of(self._all()), own=str(record.resource.key))

    def _all(self) -> Iterator[tuple[str, AliasArn, Outline | None]]:
        for record in self._records.values():
            alias, key = record.resource.alias, str(record.resource.key)
            if alias is not None and self._may_act(record):
                yield from ((key, alias, outline) for outline in (*_outlines(record), None))


def _is_about_to_begin(record: Record) -> bool:
    """What its target calls is known: before that the check would not come to an end anyway."""
    spec, working = record.resource.spec, record.working
    is_over = spec is not None and working.finished_at is not None and working.target_version == spec.version
    known = {look.version for look in record.facts.answers if isinstance(look, ReadDefinition)}
    return spec is not None and not is_over and spec.version in known


def _outlines(record: Record) -> Iterator[Outline]:
    """Of each version that it has looked at: while traffic is split, both have some."""
    for look, answer in record.facts.answers.items():
        if isinstance(look, ReadDefinition) and isinstance(answer, DefinitionReading) and answer.outline is not None:
            yield answer.outline
