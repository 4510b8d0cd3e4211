"""A new alias, or one put back at rest: one write without steps, and nothing to go back to."""

from sfn_rollouts.api.status import Phase, Shortcut
from sfn_rollouts.core.alias_state import AliasState
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.closing import close
from sfn_rollouts.core.schedule import is_shortcut
from sfn_rollouts.core.stages.succeeding import succeed
from sfn_rollouts.core.stages.writing import read_once_more, verified, write_intent
from sfn_rollouts.core.values.conditions import Summary
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.core.values.reasons import Reason


def decide_single_write(case: Case) -> Decision:
    """Write, verify, end; or give it up for a newer request or for what somebody else did meanwhile."""
    case = case.refusing("a single write is under way; there is nothing to hold or to go back to")
    intent, routing, reading = case.status.intent, case.intended_routing, case.reading
    if intent is None or routing is None:
        return succeed(case)
    if case.alias_state is AliasState.APPLIED and reading is not None:
        return verified(case, intent, reading)
    if case.alias_state is AliasState.STALE:
        return read_once_more(case)
    if case.is_target_changed or _is_overtaken(case):
        summary = Summary(Phase.PENDING, Reason.INITIALIZING, "spec.version or the alias has changed; starting over")
        return close(case.reset(), summary)
    return write_intent(case, routing)


def _is_overtaken(case: Case) -> bool:
    """The alias that was missing is there, or the one to be put back is gone."""
    obstacle = AliasState.FOREIGN if is_shortcut(case.status, Shortcut.NEW_ALIAS) else AliasState.MISSING
    return case.alias_state is obstacle
