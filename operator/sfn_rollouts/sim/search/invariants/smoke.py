"""(18) The smoke: a version that was not run as expected gets no traffic, and nothing is run twice."""

from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.status import Shortcut
from sfn_rollouts.core.values.decision import WriteKind
from sfn_rollouts.sim.history import History, SmokeStarted, WriteSent


def only_what_passed_its_smoke_gets_traffic(history: History, sent: WriteSent) -> str | None:
    """(18) Where a smoke is asked for, but on the way back to where it was stable."""
    decided, smokes = sent.decided, history.smokes
    write = decided.decision.write if decided is not None else None
    if decided is None or smokes is None or write is None or write.kind is WriteKind.RESTORE:
        return None
    spec, status = decided.rollout.spec, decided.decision.status
    smoke = spec.preflight.smoke if isinstance(spec, Spec) and spec.preflight is not None else None
    is_wanted_back = status.shortcut in (Shortcut.ROLLBACK_WINDOW, Shortcut.REASSERT) or status.taken_over
    if smoke is None or is_wanted_back or status.target_version is None or status.weight:
        return None  # what has traffic already passed before: somebody may have asked for a smoke since
    last = smokes.last_of(status.target_version)
    if last is not None and last.ends_as(smoke.expected.status, smoke.timeout.seconds):
        return None
    return f"{sent.routing} was written, and version {status.target_version} has not passed its smoke"


def nothing_is_run_twice(history: History, started: SmokeStarted) -> str | None:
    """(18) Each attempt has its cause outside: an edit, a command, a status that was lost, an alias that was routed."""
    lost = sum(each.process == 0 for each in history.statuses)
    routed = sum(each.sent is None for each in history.alias)
    if len(history.started) <= len(history.edits) + lost + routed:
        return None
    return f"{started.name} is started, and nobody has asked for another one since the last"


def nothing_is_run_before_its_attempt_is_stored(history: History, started: SmokeStarted) -> str | None:
    """(18) Else a crash would not find it by its name."""
    moment = started.name.rpartition("-")[2]
    stored = [each.status.smoke_attempt for each in history.statuses]
    if any(at is not None and f"{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03}Z" == moment for at in stored):
        return None
    return f"{started.name} is started, and no stored status knows of this attempt"
