"""(17) What preflight finds wrong under Enforce gets no traffic."""

from sfn_rollouts.api.preflight import Strictness
from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.status import Shortcut
from sfn_rollouts.core.values.decision import WriteKind
from sfn_rollouts.sim.history import History, WriteSent


def what_is_enforced_gets_no_traffic(history: History, sent: WriteSent) -> str | None:
    """(17) A version that calls an unpinned function gets none, but on the way back to where it was stable."""
    decided = sent.decided
    write = decided.decision.write if decided is not None else None
    if decided is None or write is None or write.kind is not WriteKind.FORWARD:
        return None
    spec, status = decided.rollout.spec, decided.decision.status
    is_enforced = isinstance(spec, Spec) and spec.preflight is not None and spec.preflight.pins is Strictness.ENFORCE
    is_wanted_back = status.shortcut in (Shortcut.ROLLBACK_WINDOW, Shortcut.REASSERT) or status.taken_over
    target, targets = status.target_version, history.targets
    if not is_enforced or is_wanted_back or targets is None or target not in targets.unpinned:
        return None
    return f"{sent.routing} was written, and version {target} calls a function without a version"
