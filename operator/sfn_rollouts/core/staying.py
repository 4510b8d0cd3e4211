"""Where a rollout in flight stands when it stays and nothing is wrong."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sfn_rollouts.api.status import Intent, Phase, Shortcut
from sfn_rollouts.core.alias_state import AliasState
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.closing import close
from sfn_rollouts.core.lacking_access import hold_without_access
from sfn_rollouts.core.rechecking import DRIFT_CHECK_IN_FLIGHT_S, look_again
from sfn_rollouts.core.schedule import is_shortcut, pause_words
from sfn_rollouts.core.values.conditions import ConditionValue, Summary
from sfn_rollouts.core.values.decision import Decision, Write
from sfn_rollouts.core.values.looks import Look
from sfn_rollouts.core.values.reasons import Reason


def stay(
    case: Case,
    *,
    summary: Summary | None = None,
    write: Write | None = None,
    looks: Iterable[Look[Any]] = (),
    wakes: Iterable[datetime | None] = (),
) -> Decision:
    """Stay, and say where (`summary` None: as nothing is wrong); the alias is looked at now and then."""
    drift_looks, recheck = look_again(case, DRIFT_CHECK_IN_FLIGHT_S)
    return close(
        case,
        summary or _without_access(case) or _said_if_blind(case, summary_in_flight(case)),
        write=write,
        looks=[*looks, *drift_looks, *case.judges_lack],
        wakes=[*wakes, recheck, case.deadline_wake],
        alias=alias_value(case),
    )


def _without_access(case: Case) -> Summary | None:
    """Said at once and not only when a step is due: somebody has to grant it again, and the plan's waits are long."""
    hold = hold_without_access(case)
    if hold is None or hold.reason is Reason.INITIALIZING:
        return None
    standing = summary_in_flight(case)
    message = f"{standing.message}; the next step is held: {hold.message}"
    return Summary(standing.phase, hold.reason, message, is_stalled=True)


_OF_THE_TARGET = frozenset({Reason.VERSION_WORSE, Reason.VERSION_SLOWER, Reason.VERSION_SUSPECT, Reason.TRAFFIC_SKEWED})
"""What holds because something was seen, and not because nothing was."""


def _said_if_blind(case: Case, summary: Summary) -> Summary:
    """Add that an alarm guards nothing, or what a judge holds, also while no step is due: the traffic is on the target.

    What is merely not read yet, or tried again within three polls, is no news for people.
    """
    hold = case.judged_hold
    if hold is None or hold.reason in (Reason.INITIALIZING, Reason.RETRYING_AWS):
        return summary
    words = "the next step is held" if hold.reason in _OF_THE_TARGET else "not fully guarded"
    return replace(summary, message=f"{summary.message}; {words}: {hold.message}")


def summary_in_flight(case: Case) -> Summary:
    """Return phase and words of a rollout in flight with which nothing is wrong."""
    status, plan = case.status, case.plan
    share = f"{case.weight} % of new executions"
    if case.is_paused:
        words = f"{pause_words(case.spec, status)}; version {case.target} keeps {share}{_origin(case)}"
        return Summary(Phase.PAUSED, Reason.PAUSED, words)
    if status.intent is not None:
        return _moving(case, status.intent)
    if status.step_index == plan.bake_index:
        words = f"version {case.target} has all traffic; watching alarms until the bake is over"
        return Summary(Phase.BAKING, Reason.BAKING, words)
    if case.due_at is None:
        words = f"version {case.target} has {share}{_origin(case)}; waiting until somebody promotes"
        return Summary(Phase.PAUSED, Reason.AWAITING_APPROVAL, f"{words}{_else(case)}")
    rest = f", version {case.stable} the rest" if case.weight < 100 else ""
    words = f"version {case.target} has {share}{rest}{_origin(case)}"
    return Summary(Phase.PROGRESSING, Reason.SHIFT_IN_PROGRESS, words)


def _origin(case: Case) -> str:
    """Where the split was not this rollout's own."""
    return " (the split was found and taken over)" if case.status.taken_over and case.weight < 100 else ""


def _else(case: Case) -> str:
    """What happens if nobody does."""
    if case.approval is None:
        return ""
    then = "it goes on by itself" if case.approval.goes_on else f"back to version {case.stable}"
    return f" within {case.approval.within}, else {then}"


def _moving(case: Case, intent: Intent) -> Summary:
    alias, version = case.spec.alias, case.target
    match case.status.shortcut:
        case Shortcut.REASSERT:
            words = f"alias {alias} was changed by somebody else; putting all traffic back on version {version}"
            return Summary(Phase.PROGRESSING, Reason.ALIAS_DRIFTED, words)
        case Shortcut.NEW_ALIAS:
            words = f"creating alias {alias} with all traffic on version {version}"
        case Shortcut.ROLLBACK_WINDOW:
            words = f"version {version} was stable a moment ago: all traffic goes back to it in one write"
        case _:
            rest = f", the rest stays on version {case.stable}" if intent.weight < 100 else ""
            words = f"moving {intent.weight} % of new executions to version {version}{rest}"
    return Summary(Phase.PROGRESSING, Reason.SHIFT_IN_PROGRESS, words)


def alias_value(case: Case) -> ConditionValue | None:
    """AliasInSync where the last look says so; None where it says nothing new.

    What is to be put back at rest is known, and drift all the same.
    """
    is_as_left = case.alias_state is AliasState.IN_SYNC and not is_shortcut(case.status, Shortcut.REASSERT)
    if case.reading is not None and (is_as_left or case.alias_state is AliasState.APPLIED):
        return ConditionValue.true(Reason.IN_SYNC, f"the alias routes {case.reading.routing}")
    return None
