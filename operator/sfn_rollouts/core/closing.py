"""A case is closed: summary, conditions, looks and wake times become a decision; a rollout that is over, history."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sfn_rollouts.api.status import HistoryEntry, Outcome
from sfn_rollouts.core.case import NOTHING_PENDING, Case
from sfn_rollouts.core.judges.alarms import worst
from sfn_rollouts.core.judges.judge import Judge
from sfn_rollouts.core.schedule import pause_words
from sfn_rollouts.core.values.chores import Chore
from sfn_rollouts.core.values.conditions import (
    ALIAS_IN_SYNC,
    PAUSED,
    PROMOTED,
    ConditionValue,
    Summary,
    conclude,
)
from sfn_rollouts.core.values.decision import Decision, Write
from sfn_rollouts.core.values.looks import Look
from sfn_rollouts.core.values.reasons import Reason

HISTORY_LIMIT = 10
NOT_PROMOTED = ConditionValue.false(Reason.NOT_PROMOTED, Reason.NOT_PROMOTED.meaning)


def close(
    case: Case,
    summary: Summary,
    *,
    write: Write | None = None,
    looks: Iterable[Look[Any]] = (),
    wakes: Iterable[datetime | None] = (),
    alias: ConditionValue | None = None,
    is_judged: bool = True,
    promoted_stands: bool = False,
) -> Decision:
    """Return the decision. `alias` None: nothing new is known of it; `promoted_stands` says so of Promoted. Chores may
    be among the looks.

    `is_judged`: every judge tells its condition and what to remember; else what was judged last stands, and nothing is
    watched.
    """
    judged = case.judgements.items()
    conditions = {
        PROMOTED: None if promoted_stands else _promoted(case, summary),
        PAUSED: _paused(case),
        **{
            judge.condition: each.condition if is_judged else judge.at_rest(case.status)
            for judge, each in judged
            if judge.is_shown(case.spec)
        },
        ALIAS_IN_SYNC: alias,
    }
    status, moments, asked = case.status, list(wakes), frozenset(looks)
    chores = frozenset(look for look in asked if isinstance(look, Chore))
    if is_judged:
        moments += [judgement.lapses_at for _, judgement in judged]
        status = status.with_(**_remembered(case))
    status = status.with_(alarm=worst(status.alarms), step=_step_label(case))
    return Decision(
        status=conclude(status, summary, conditions, case.generation, case.now),
        write=write,
        looks=asked - chores,
        chores=chores,
        wake_at=min((moment for moment in moments if moment), default=None),
        holds_finalizer=case.has_started,
        watches_alarms=is_judged and bool(status.alarms),
    )


def domain_conditions(judges: Iterable[Judge]) -> tuple[str, ...]:
    """Return the types of all conditions of our own, beside those of kstatus."""
    return PROMOTED, PAUSED, *(judge.condition for judge in judges), ALIAS_IN_SYNC


def finish(case: Case, outcome: Outcome, reason: Reason, by: str | None = None, **changes: Any) -> Case:
    """Return the case with its rollout over: one more line of history, nothing pending. `by` is who aborted it."""
    entry = HistoryEntry(
        version=case.target,
        creation_date=case.status.target_creation_date,
        stable_version=case.status.stable_version,
        stable_creation_date=case.status.stable_creation_date,
        outcome=outcome,
        reason=reason,
        by=by,
        started_at=case.status.started_at,
        finished_at=case.now,
    )
    history = (entry, *case.status.history)[:HISTORY_LIMIT]
    last = {name: value or getattr(case.status, name) for name, value in _remembered(case).items()}
    ended = case.with_status(history=history, outcome=outcome, finished_at=case.now, **NOTHING_PENDING)
    return ended.with_status(**last).with_status(**changes)


def _remembered(case: Case) -> dict[str, Any]:
    return {name: value for each in case.judgements.values() for name, value in each.remembered.items()}


def _step_label(case: Case) -> str | None:
    status = case.status
    if status.started_at is None:
        return None
    index = status.intent.step_index if status.intent is not None else status.step_index
    return case.plan.label(index) if index is not None else status.step


def _promoted(case: Case, summary: Summary) -> ConditionValue:
    has_promoted = case.status.finished_at is not None and summary.reason in (
        Reason.ROLLOUT_COMPLETE,
        Reason.UP_TO_DATE,
    )
    return ConditionValue.true(summary.reason, summary.message) if has_promoted else NOT_PROMOTED


def _paused(case: Case) -> ConditionValue:
    if not case.is_paused or case.status.finished_at is not None:
        return ConditionValue.false(Reason.NOT_PAUSED, Reason.NOT_PAUSED.meaning)
    return ConditionValue.true(Reason.PAUSED, pause_words(case.spec, case.status))
