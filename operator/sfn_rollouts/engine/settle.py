"""Decide until nothing more follows, or until something must happen outside first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sfn_rollouts.core.decide import hold_after_error
from sfn_rollouts.core.values.conditions import timed_by_stored
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.rollout import Rollout
from sfn_rollouts.engine.alarm_sheet import AlarmFact
from sfn_rollouts.engine.record import Record

ROUNDS = 12
"""Transitions that one tick may make; far fewer ever follow each other."""

Decide = Callable[[Rollout, Observation, datetime], Decision]


@dataclass(frozen=True, slots=True)
class Settled:
    """The last decision of a tick. `error`: deciding failed, and the decision is to hold."""

    decision: Decision
    error: Exception | None = None


def settle(
    decide: Decide, record: Record, alarms: Mapping[str, AlarmFact], poll_interval_s: float, now: datetime
) -> Settled:
    """Bring the record's status as far as it goes by itself. Should deciding fail, the rollout is held, not lost."""
    try:
        return Settled(_decide_on(decide, record, alarms, poll_interval_s, now))
    except Exception as error:  # noqa: BLE001 - `decide` is total; a defect must hold one rollout and not stop the others
        held = hold_after_error(record.rollout(), f"{type(error).__name__}: {error}"[:512], now)
        decision = _timed(held, record, now)
        record.working = decision.status
        return Settled(decision, error)


def _decide_on(
    decide: Decide, record: Record, alarms: Mapping[str, AlarmFact], poll_interval_s: float, now: datetime
) -> Decision:
    for _ in range(ROUNDS):
        before = record.working
        decision = _timed(decide(record.rollout(), record.observe(alarms, poll_interval_s), now), record, now)
        if _speaks_of_another_write(record, decision):
            record.facts.failed = None
            continue
        record.working = decision.status
        if decision.write is not None or decision.status == before:
            return decision
    raise RuntimeError(f"no end after {ROUNDS} decisions")


def _timed(decision: Decision, record: Record, now: datetime) -> Decision:
    """A flip that was never stored never happened: several decisions of a tick are one report."""
    status = timed_by_stored(decision.status, record.stored, now)
    return decision if status is decision.status else replace(decision, status=status)


def _speaks_of_another_write(record: Record, decision: Decision) -> bool:
    """A step that failed must not make the restore that follows it look failed before it was tried."""
    failed = record.facts.failed
    return failed is not None and decision.write is not None and decision.write.kind is not failed.kind
