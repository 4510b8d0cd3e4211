"""(1) What is written to the alias."""

from sfn_rollouts.sim.history import History, WriteSent


def alias_has_only_stable_and_target(_: History, sent: WriteSent) -> str | None:
    """(1) A write names one or two versions, out of stable and target, with weights that sum to 100."""
    entries = sent.routing.entries
    if sum(weight for _, weight in entries) != 100 or not 1 <= len(entries) <= 2:
        return f"{sent.routing} is not one or two versions that sum to 100"
    if sent.decided is None:
        return f"{sent.routing} was written, and no decision asked for it"
    status = sent.decided.decision.status
    strangers = {version for version, _ in entries} - {status.stable_version, status.target_version}
    return f"{sent.routing} goes to {strangers}, neither stable nor target" if strangers else None
