"""(1) What is written to the alias."""

from sfn_rollouts.api.status import Shortcut
from sfn_rollouts.core.rechecking import FRESH_S
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.sim.history import LONGEST_CALL_US, History, WriteSent
from sfn_rollouts.sim.timeline import us


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


def no_shortcut_to_a_version_that_never_served(history: History, sent: WriteSent) -> str | None:
    """(1) Only what has had all traffic gets it back in one write: a number of another life of the machine has not.

    The machine may be created again while the write is on its way: not before the look upon which it was decided.
    """
    status = sent.decided.decision.status if sent.decided is not None else None
    is_shortcut = status is not None and status.shortcut in (Shortcut.ROLLBACK_WINDOW, Shortcut.REASSERT)
    if status is None or not is_shortcut or status.target_version is None:
        return None
    wanted = Routing.whole(status.target_version)
    if sent.routing != wanted:
        return None
    last = history.alias_states[-1]
    born_us = min(state.from_us for state in history.alias_states if state.life == last.life)
    is_just_born = last.life > 1 and born_us >= sent.at_us - us(FRESH_S) - LONGEST_CALL_US
    has_served = any(state.routing == wanted and state.life == last.life for state in history.alias_states)
    return None if has_served or is_just_born else f"{sent.routing} in one write, and it never served"
