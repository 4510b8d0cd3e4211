"""(14) What a person reads is true."""

from itertools import takewhile

from sfn_rollouts.api.status import HistoryEntry, Shortcut, Status
from sfn_rollouts.core.alias_state import routing_of
from sfn_rollouts.core.rechecking import FRESH_S
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.sim.history import LONGEST_CALL_US, History, StatusWritten
from sfn_rollouts.sim.timeline import us

_LOOK_US = us(FRESH_S) + LONGEST_CALL_US


def status_tells_of_an_alias_that_was(history: History, written: StatusWritten) -> str | None:
    """(14) The routing in the status was AWS's, at the date that stands beside it."""
    alias, routing = written.status.alias, routing_of(written.status.alias)
    if alias is None or routing is None:
        return None
    was = any(state.routing == routing and state.update_date == alias.update_date for state in history.alias_states)
    return None if was else f"the status tells of {routing} at {alias.update_date}, which never was"


def status_weight_is_not_ahead(history: History, written: StatusWritten) -> str | None:
    """(14) The weight in the status is no more than AWS has held since the rollout began."""
    status, target = written.status, written.status.target_version
    if not status.weight or target is None or status.started_at is None:
        return None
    held = max((state.routing.weight_of(target) for state in history.alias_states if state.routing), default=0)
    return f"the status says {status.weight} %, AWS never had more than {held} %" if status.weight > held else None


def status_ends_only_as_aws_does(history: History, written: StatusWritten) -> str | None:
    """(14) When the status first says that a rollout has ended, the alias is where it says.

    Somebody else may have written it just before: not earlier than the look upon which the end was decided. And where
    the next rollout begins at once, it begins from wherever a person has put the alias. Of one that never began it is
    announced that nothing was written.
    """
    status, earlier = written.status, history.statuses[-2].status if len(history.statuses) > 1 else Status()
    newest = status.history[0] if status.history else None
    if newest is None or newest in earlier.history or _is_excused(history, newest):
        return None
    expected = newest.version if newest.outcome.is_success else newest.stable_version
    is_single = earlier.shortcut in (Shortcut.NEW_ALIAS, Shortcut.REASSERT)
    if expected is None or newest.started_at is None or is_single or written.alias == Routing.whole(expected):
        return None
    if newest.reason == Reason.NOT_FOUND and written.alias is None:
        return None  # nobody has traffic, and the status says so
    if newest.reason == Reason.STATE_MACHINE_RECREATED:
        return None  # the next rollout begins from wherever the new alias is
    return f"the status says {newest.outcome} ({newest.reason}), and the alias is {written.alias}"


def _is_excused(history: History, end: HistoryEntry) -> bool:
    """Whether somebody else wrote the alias last, and it could not be known or no longer matters."""
    if not history.is_alias_foreign:
        return False
    reported = takewhile(lambda decided: end in decided.decision.status.history, reversed(history.decided))
    reported_us = min((decided.at_us for decided in reported), default=history.statuses[-1].at_us)
    is_recent = history.last_foreign_us >= reported_us - _LOOK_US
    has_next_begun = history.statuses[-1].status.finished_at != end.finished_at
    return is_recent or has_next_begun
