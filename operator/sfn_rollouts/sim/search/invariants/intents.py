"""(5) Intent first, and nothing at rest."""

from sfn_rollouts.core.values.decision import WriteKind
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.sim.history import History, WriteSent


def forward_writes_follow_their_stored_intent(_: History, sent: WriteSent) -> str | None:
    """(5) No forward write leaves before its intent stands in the status at the API server."""
    write = sent.decided.decision.write if sent.decided is not None else None
    if sent.decided is None or write is None or write.kind is WriteKind.RESTORE:
        return None
    stored, status = sent.stored, sent.decided.decision.status
    if stored is None or stored.intent is None or stored.started_at != status.started_at:
        return f"{sent.routing} was sent, and no intent stands in the status"
    meant = Routing.split(stored.stable_version or 0, stored.target_version or 0, stored.intent.weight)
    return f"{sent.routing} was sent, and the intent is {meant}" if meant != sent.routing else None


def nothing_is_written_at_rest(_: History, sent: WriteSent) -> str | None:
    """(5) No write in a terminal phase, neither decided nor stored."""
    decided, stored = sent.decided, sent.stored
    if decided is not None and decided.decision.status.finished_at is not None:
        return f"{sent.routing} was decided at rest"
    if stored is None or decided is None or stored.finished_at is None:
        return None
    is_same = stored.started_at == decided.decision.status.started_at
    return f"{sent.routing} was sent, and the status says {stored.phase}" if is_same else None
