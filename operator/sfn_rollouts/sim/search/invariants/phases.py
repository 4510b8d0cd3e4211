"""(16) Phases follow each other as the docs say."""

from sfn_rollouts.core.phases import is_allowed
from sfn_rollouts.sim.history import Decided, History


def phases_follow_the_table(_: History, decided: Decided) -> str | None:
    """(16) A decision leaves the phase as it is, or takes a transition of `core/phases.py`."""
    before, after = decided.rollout.status.phase, decided.decision.status.phase
    return None if is_allowed(before, after) else f"{before} -> {after} is no transition of core/phases.py"
