"""In flight, and the alias is not as this rollout left it: by driftPolicy, hold, write again, or take it."""

from collections.abc import Iterable
from typing import Any

from sfn_rollouts.api.spec import DriftPolicy, OnInsufficientData, OnUnevaluated, OnUnreadable
from sfn_rollouts.api.status import Intent
from sfn_rollouts.core.alias_state import AliasState, alias_status
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.checks.chains import hold_before_step
from sfn_rollouts.core.closing import close
from sfn_rollouts.core.holding import hold_step
from sfn_rollouts.core.rechecking import look_again, stalled_recheck_s
from sfn_rollouts.core.replanning import placed
from sfn_rollouts.core.stages.recreated import Life, begin_in_another_life, life_looks, life_of_target
from sfn_rollouts.core.stages.restoring import start_restore
from sfn_rollouts.core.stages.vanishing import looks_at_what_is_gone, machine_of, way_on, what_is_gone
from sfn_rollouts.core.staying import stay, summary_in_flight
from sfn_rollouts.core.values.conditions import ConditionValue, Summary
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.core.values.findings import Trip
from sfn_rollouts.core.values.looks import FindVersion, Look
from sfn_rollouts.core.values.readings import AliasReading
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.routing import Routing


def decide_drift(case: Case) -> Decision | None:
    """Return what to do about somebody else's change; None without one, or where the next step writes over it."""
    if case.alias_state not in (AliasState.MISSING, AliasState.FOREIGN):
        return None
    hold = case.judged_hold
    if hold is not None and hold.reason is Reason.INITIALIZING:
        # After a restart: what looks foreign may be our own rollback, and the alarm that caused it says so.
        return hold_step(case, hold)
    reading = case.reading
    if reading is None:
        return _gone(case)
    life = life_of_target(case)
    if life is Life.ANOTHER:
        return begin_in_another_life(case)
    if life is Life.UNREAD and case.spec.drift_policy is not DriftPolicy.HOLD:
        return stay(case, looks=life_looks(case, life))
    match case.spec.drift_policy:
        case DriftPolicy.REASSERT if life is Life.UNREADABLE:
            return _held(
                case,
                f"{_words(case, reading)}; it is not put back: {_words_of_unreadable(case)}",
                life_looks(case, life),
            )
        case DriftPolicy.REASSERT if _may_be_our_way_back(case, reading):
            return _held(case, _words_of_a_way_back(case))
        case DriftPolicy.REASSERT:
            return _reasserted(case)
        case DriftPolicy.ADOPT:
            return _adopted(case, reading)
        case _:
            return _held(case, _words(case, reading), life_looks(case, life))


def _gone(case: Case) -> Decision:
    """Nothing routes traffic, so nothing is written. It is said as soon as the state machine has been looked for."""
    if machine_of(case) is None:
        return stay(case, looks=[FindVersion(case.spec.version)])
    return _held(case, f"{what_is_gone(case)}; {way_on(case)}", reason=Reason.NOT_FOUND)


def _words(case: Case, reading: AliasReading) -> str:
    return (
        f"alias {case.spec.alias} was changed by somebody else: it routes {reading.routing}, this rollout left "
        f"{case.known_routing}; route it back, or abort, or set spec.driftPolicy to Reassert or Adopt"
    )


def _words_of_unreadable(case: Case) -> str:
    fact = case.seen.of(FindVersion(case.target))
    return f"version {case.target} could not be read: {getattr(fact, 'why', '')}"


def _may_be_our_way_back(case: Case, reading: AliasReading) -> bool:
    """A restore is on AWS before its status is stored. If the operator is killed in between, a finding that has passed
    since cannot be seen again, unlike a firing alarm: to reassert would send traffic to the version that was left.
    """
    alarms = case.spec.alarms
    return (
        alarms is not None
        and reading.routing == Routing.whole(case.stable)
        and (
            alarms.on_unreadable is OnUnreadable.ROLLBACK
            or alarms.on_unevaluated is OnUnevaluated.ROLLBACK
            or alarms.on_insufficient_data is OnInsufficientData.ROLLBACK
        )
    )


def _words_of_a_way_back(case: Case) -> str:
    return (
        f"alias {case.spec.alias} routes all traffic to version {case.stable} again, maybe because this rollout went "
        "back for a reason that has passed: abort, or set spec.driftPolicy to Adopt"
    )


def _held(case: Case, message: str, also: Iterable[Look[Any]] = (), reason: Reason = Reason.ALIAS_DRIFTED) -> Decision:
    """Stalled, in the phase that it was in; the deadline runs on unless a person holds the rollout anyway."""
    case = case.with_status(next_action_at=None)
    summary = Summary(summary_in_flight(case).phase, reason, message, is_stalled=True)
    looks, wake = look_again(case, stalled_recheck_s(case))
    looks |= set(also)
    if case.reading is None:
        looks = looks_at_what_is_gone(case, looks)
    looks |= case.judges_lack  # else a firing that has cleared would stay unjudged for as long as the drift lasts
    alias = ConditionValue.false(reason, message)
    return close(case, summary, looks=looks, wakes=[wake, case.deadline_wake], alias=alias)


def _reasserted(case: Case) -> Decision | None:
    """Write the weight of the current position again, as carefully as a step of its own; its wait starts again."""
    index = case.status.step_index
    if index is None:
        return None
    if case.is_paused:
        return _held(case, "the alias was changed by somebody else, and a pause holds the write that puts it back")
    hold = hold_before_step(case)
    if hold is not None:
        return hold_step(case, hold)
    intent = Intent(weight=case.weight, step_index=index, at=case.now)
    return stay(case.with_status(intent=intent))


def _adopted(case: Case, reading: AliasReading) -> Decision:
    """Adopt what somebody else routed, if it lies between stable and target."""
    weight = reading.routing.weight_of(case.target)
    if weight + reading.routing.weight_of(case.stable) != 100:
        return _held(case, _words(case, reading))
    taken = case.with_status(alias=alias_status(reading), intent=None, weight=weight)
    if weight == 0:
        trip = Trip(Reason.ALIAS_ADOPTED, f"somebody else routed all traffic back to version {case.stable}")
        return start_restore(taken, trip)
    return stay(_ended_as_before(placed(taken), case))


def _ended_as_before(adopted: Case, before: Case) -> Case:
    """A wait that a promote has ended begins not again: its answer said that the next step is due."""
    is_at_a_step = adopted.plan.weight_at(adopted.status.step_index or 0) == adopted.weight
    ended_at = before.status.wait_ended_at
    return adopted if is_at_a_step or ended_at is None else adopted.with_status(wait_ended_at=ended_at)
