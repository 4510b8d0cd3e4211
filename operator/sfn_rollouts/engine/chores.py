"""Chores: who does which kind, in lanes of their own, and by a leader alone.

To add one: the chore in `core/values/chores.py`, a `Source` whose call does it, and its row in `chores`. Lane, urgency
and fence are given to every row here: nothing of a rollback may wait for a chore, whatever its row says.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sfn_rollouts.api.status import Status
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.chores import Chore, RunSmoke, StartSmoke
from sfn_rollouts.core.values.looks import Look
from sfn_rollouts.engine.sources.smoke import smoke_runner, smoke_starter
from sfn_rollouts.engine.sources.source import Source
from sfn_rollouts.errors import Transient
from sfn_rollouts.ports import Clock, Lane, Outside, Urgency

Chores = Mapping[type[Look[Any]], Source]
ChoresOf = Callable[[Outside, Clock], Chores]


def chores(outside: Outside, _clock: Clock) -> Chores:
    """Return who does which kind of chore."""
    return {StartSmoke: smoke_starter(outside.smokes), RunSmoke: smoke_runner(outside.smokes)}


LONG: frozenset[type[Look[Any]]] = frozenset({RunSmoke})
"""Those that take minutes by their nature."""


def fenced_chores(chores_of: ChoresOf, outside: Outside, clock: Clock) -> Chores:
    """Return the same: in a lane of chores, done once, and by an operator that leads at that moment."""
    return {kind: _fenced(kind, source, outside.leads) for kind, source in chores_of(outside, clock).items()}


def _fenced(kind: type[Look[Any]], source: Source, leads: Callable[[], bool]) -> Source:
    def do(alias: AliasArn, chore: Chore[Any], urgency: Urgency) -> object:
        if not leads():
            raise Transient("this operator does not hold the lease (any more) and does nothing")
        return source.answer(alias, chore, urgency)

    route = _for_long if kind in LONG else _in_background
    return replace(source, answer=do, route=route, is_done_once=True, together_s=None)


def _in_background(_: Status) -> tuple[Lane, Urgency]:
    return Lane.CHORES, Urgency.BACKGROUND


def _for_long(_: Status) -> tuple[Lane, Urgency]:
    return Lane.LONG_CHORES, Urgency.BACKGROUND
