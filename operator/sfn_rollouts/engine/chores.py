"""Chores: who does which kind, in a lane of their own, and by a leader alone. No kind ships yet.

To add one: the chore in `core/values/chores.py`, a `Source` whose call does it, and its row in `chores`. Lane, urgency
and fence are given to every row here: nothing of a rollback may wait for a chore, whatever its row says.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sfn_rollouts.api.status import Status
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.chores import Chore
from sfn_rollouts.core.values.looks import Look
from sfn_rollouts.engine.sources.source import Source
from sfn_rollouts.errors import Transient
from sfn_rollouts.ports import Clock, Lane, Outside, Urgency

Chores = Mapping[type[Look[Any]], Source]
ChoresOf = Callable[[Outside, Clock], Chores]


def chores(_outside: Outside, _clock: Clock) -> Chores:
    """Return who does which kind of chore."""
    return {}


def fenced_chores(chores_of: ChoresOf, outside: Outside, clock: Clock) -> Chores:
    """Return the same: in the lane of chores, done once, and by an operator that leads at that moment."""
    return {kind: _fenced(source, outside.leads) for kind, source in chores_of(outside, clock).items()}


def _fenced(source: Source, leads: Callable[[], bool]) -> Source:
    def do(alias: AliasArn, chore: Chore[Any], urgency: Urgency) -> object:
        if not leads():
            raise Transient("this operator does not hold the lease (any more) and does nothing")
        return source.answer(alias, chore, urgency)

    return replace(source, answer=do, route=_in_background, is_done_once=True, together_s=None)


def _in_background(_: Status) -> tuple[Lane, Urgency]:
    return Lane.CHORES, Urgency.BACKGROUND
