"""The table of invariants, and the judge that asks them after each happening."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from sfn_rollouts.sim.history import (
    AliasChanged,
    Announced,
    Broken,
    Called,
    Decided,
    Defect,
    Ended,
    Happening,
    History,
    Served,
    SmokeStarted,
    StatusWritten,
    WholeHistory,
    WriteSent,
)
from sfn_rollouts.sim.search.invariants import (
    access,
    alarms,
    bounds,
    deciding,
    ending,
    executions,
    intents,
    leading,
    phases,
    preflight,
    restoring,
    rivals,
    routing,
    sessions,
    smoke,
    telling,
    waiting,
    weights,
)

Invariant = Callable[[History, Any], str | None]

INVARIANTS: Mapping[type[Happening], tuple[Invariant, ...]] = {
    Decided: (
        deciding.deciding_twice_is_equal,
        deciding.deciding_settles,
        deciding.no_rollout_is_held_by_a_defect,
        phases.phases_follow_the_table,
        deciding.what_is_done_is_not_asked_again,
        alarms.weight_never_rises_under_a_bad_alarm,
        alarms.every_firing_has_its_outcome,
        alarms.an_alarm_is_gone_by_the_third_poll_only,
        restoring.stable_is_back_soon_after_a_trip,
        waiting.no_wait_ends_early,
        rivals.the_younger_begins_nothing,
        executions.no_verdict_but_that_of_an_undisturbed_judge,
        executions.a_worse_version_goes_back_in_time,
        access.what_is_known_of_accesses_was_true,
        access.nothing_goes_forward_without_a_grant,
        sessions.a_role_that_is_refused_is_named,
    ),
    WriteSent: (
        rivals.only_one_of_rivals_writes,
        routing.alias_has_only_stable_and_target,
        routing.no_shortcut_to_a_version_that_never_served,
        leading.only_a_leader_writes,
        weights.nothing_goes_forward_after_a_trip,
        intents.forward_writes_follow_their_stored_intent,
        intents.nothing_is_written_at_rest,
        preflight.what_is_enforced_gets_no_traffic,
        executions.nothing_goes_forward_unread,
        smoke.only_what_passed_its_smoke_gets_traffic,
        access.each_write_is_signed_by_a_grant_of_its_flight,
    ),
    Served: (sessions.what_is_served_for_a_role_is_signed_by_its_session,),
    SmokeStarted: (smoke.nothing_is_run_twice, smoke.nothing_is_run_before_its_attempt_is_stored),
    AliasChanged: (weights.weight_only_rises, leading.no_deposed_leader_takes_effect),
    StatusWritten: (
        telling.status_tells_of_an_alias_that_was,
        telling.status_weight_is_not_ahead,
        telling.status_ends_only_as_aws_does,
    ),
    Called: (bounds.calls_stay_within_bounds,),
    Announced: (bounds.events_stay_within_bounds,),
    Defect: (deciding.the_operator_has_no_defect,),
    Ended: (ending.every_rollout_ends, executions.a_worse_version_goes_back_by_the_end),
}


class Judge:
    """Asks every invariant that a happening concerns; `checked` counts how often each was asked."""

    def __init__(self) -> None:
        self.checked: Counter[str] = Counter()

    def __call__(self, whole: WholeHistory, happening: Happening) -> Broken | None:
        """Return the first that was broken, over the history of the rollout that it happened to."""
        history = whole.of(happening)
        for invariant in INVARIANTS.get(type(happening), ()):
            self.checked[invariant.__name__] += 1
            message = invariant(history, happening)
            if message is not None:
                return Broken(invariant.__name__, message)
        return None
