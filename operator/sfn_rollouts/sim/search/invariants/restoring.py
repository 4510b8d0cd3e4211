"""(4) Going back is quick."""

from sfn_rollouts.api.spec import DeletionPolicy, Spec
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.sim.history import LIST_EXECUTIONS, Decided, History
from sfn_rollouts.sim.scenario import FaultKind
from sfn_rollouts.sim.timeline import us

TICKS = 30
WITHIN_S = 60.0
WITHIN_AFTER_DENIAL_S = 330.0
"""A refusal wants a person: it is tried again every five minutes."""


def stable_is_back_soon_after_a_trip(history: History, decided: Decided) -> str | None:
    """(4) After a trip, once faults stop, stable has 100 % within the stated ticks and seconds.

    What befalls the lists of executions is no excuse: whatever they say, nothing that goes back waits for it.
    """
    status, live = decided.decision.status, history.live
    if status.trip is None or status.finished_at is not None or live is None or live.sole is not None:
        return None
    if status.stable_version is None or _is_orphaned(decided) or live == Routing.whole(status.stable_version):
        return None
    since_us = max(history.disturbed_until_us, history.last_foreign_us, tripped_us(history), history.process_since_us)
    elapsed_us, ticks = decided.at_us - since_us, _ticks_since(history, since_us)
    within_s = WITHIN_AFTER_DENIAL_S if _was_denied(history) else WITHIN_S
    if elapsed_us <= us(within_s) and (ticks <= TICKS or elapsed_us <= us(5.0)):
        return None
    return f"the alias is still {live} {elapsed_us / 1e6:.1f} s and {ticks} ticks after the trip"


def _is_orphaned(decided: Decided) -> bool:
    spec = decided.rollout.spec
    is_left = isinstance(spec, Spec) and spec.deletion_policy is DeletionPolicy.ORPHAN
    return decided.rollout.is_deleting and is_left


def tripped_us(history: History) -> int:
    """When the trip that now stands was found first."""
    found_us = history.decided[-1].at_us
    for each in reversed(history.decided):
        if each.decision.status.trip is None:
            break
        found_us = each.at_us
    return found_us


def _ticks_since(history: History, since_us: int) -> int:
    count = 0
    for each in reversed(history.decided):
        if each.at_us < since_us:
            break
        count += each.rounds == 1
    return count


def _was_denied(history: History) -> bool:
    is_refused = any(each.fault == FaultKind.DENIED and each.api != LIST_EXECUTIONS for each in history.called)
    return is_refused or bool(history.refused)
