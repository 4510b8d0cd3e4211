"""In flight: go back if anything says so, else stay, else advance by one step.

Order of what counts: abort, rollback, pause, promote, advance. A step begins with an intent in the status, then the
write, then its verification; only from then on does its clock run.
"""

from datetime import datetime, timedelta

from sfn_rollouts.api.spec import DriftPolicy
from sfn_rollouts.api.status import Intent, Outcome, PauseCommand, Phase, Shortcut
from sfn_rollouts.core import starting
from sfn_rollouts.core.case import (
    STALE_RETRY_S,
    AliasState,
    Case,
    alias_status,
    is_shortcut,
    pause_words,
)
from sfn_rollouts.core.commands import Action
from sfn_rollouts.core.conditions import PAUSED, Fact, Standing, is_true
from sfn_rollouts.core.decision import Decision, Look, Write, WriteKind
from sfn_rollouts.core.findings import Hold, Trip
from sfn_rollouts.core.gates import first_hold, first_trip
from sfn_rollouts.core.observation import AliasReading, Trouble
from sfn_rollouts.core.plan import bake_index_of
from sfn_rollouts.core.reasons import Reason
from sfn_rollouts.core.restoring import start_restore

DRIFT_CHECK_S = 300.0
"""How old a reading of the alias may get in flight; every write reads it anew anyway."""


def decide_in_flight(case: Case) -> Decision:
    """Give the next single transition of a rollout that has begun and has not tripped."""
    if is_shortcut(case.status, Shortcut.NEW_ALIAS, Shortcut.REASSERT):
        return _decide_single_write(case)
    trip = first_trip(case)
    if trip is not None:
        return start_restore(_abort_answered(case, trip), trip)
    case = _obey(_replanned(case))
    case = _pause_lifted(case)
    return _settle_intent(case) or _drifted(case) or _wait(case) or _advance(case)


# -- a single write without steps: a new alias, or one put back --


def _decide_single_write(case: Case) -> Decision:
    """There is nothing to go back to: the write is done, or given up for a newer wish or for what somebody else did."""
    if case.command is not None:
        case = case.refusing("a single write is under way; there is nothing to hold or to go back to")
    if case.status.intent is None:
        return _succeed(case)
    is_outdated = case.is_target_changed and case.alias_state is not AliasState.APPLIED
    was_created_elsewhere = is_shortcut(case.status, Shortcut.NEW_ALIAS) and case.alias_state is AliasState.FOREIGN
    if is_outdated or was_created_elsewhere:
        anew = case.with_status(starting.reset(case.status, case.spec.version, case.spec.retry_token))
        standing = Standing(Phase.PENDING, Reason.INITIALIZING, "the wish or the alias has changed; beginning anew")
        return anew.decide(standing, wakes=[case.now])
    return _settle_intent(case) or _write_intent(case)


# -- what a person commanded --


def _abort_answered(case: Case, trip: Trip) -> Case:
    if case.command is None or case.command.action is not Action.ABORT:
        return case
    return case.done(f"going back to version {case.stable}" if trip.reason is Reason.ABORTED else trip.message)


def _obey(case: Case) -> Case:
    match case.command.action if case.command is not None else None:
        case Action.PAUSE if case.command is not None:
            pause = PauseCommand(id=case.command.id, by=case.command.by, at=case.now)
            return case.having(pause_command=pause).done("paused: the next step is held, alarms stay watched")
        case Action.RESUME if case.spec.paused:
            return case.refusing("spec.paused is true: set it to false in the manifest")
        case Action.RESUME if case.status.pause_command is None:
            return case.refusing("nothing was paused by a command; promote ends a wait")
        case Action.RESUME:
            return case.having(pause_command=None).done("resumed; the step's clock never stopped")
        case Action.PROMOTE | Action.PROMOTE_FULL if case.is_paused:
            return case.refusing("the rollout is paused: resume first")
        case Action.PROMOTE if case.status.intent is None:
            return _promoted(case)
        case Action.PROMOTE_FULL if case.status.intent is None:
            return _fully_promoted(case)
        case Action.RETRY:
            return case.refusing("nothing to retry: the rollout is in flight")
    return case


def _promoted(case: Case) -> Case:
    due = case.due_at
    if due is not None and due <= case.now:
        return case.done("the wait is over already; the conditions say what holds the next step")
    return case.having(wait_ended_at=case.now).done("the current wait is over")


def _fully_promoted(case: Case) -> Case:
    if case.status.step_index == case.plan.bake_index:
        return case.refusing("all traffic is on the target already; promote ends the bake")
    return case.having(shortcut=Shortcut.PROMOTE_FULL, wait_ended_at=case.now).done("going to 100 %, then the bake")


def _pause_lifted(case: Case) -> Case:
    """The time that a person held the rollout does not count against its deadline."""
    was_paused = is_true(case.status, PAUSED)
    return case.having(due_since=case.now) if was_paused and not case.is_paused else case


# -- an edited plan --


def _replanned(case: Case) -> Case:
    """Go on in the edited plan at the first step not below the current weight; a pending write is settled first."""
    if case.status.plan_hash == case.plan.digest or case.status.intent is not None:
        return case
    is_baking = case.status.step_index is not None and case.status.step_index == bake_index_of(
        case.status.plan_hash or ""
    )
    return _placed(case.having(plan_hash=case.plan.digest), case.weight, keeps_bake=is_baking)


def _placed(case: Case, weight: int, *, keeps_bake: bool = False) -> Case:
    if keeps_bake:
        return case.having(step_index=case.plan.bake_index)
    index = case.plan.first_not_below(weight)
    if case.plan.weight_at(index) == weight:
        return case.having(step_index=index, step_started_at=case.now, wait_ended_at=None, due_since=None)
    before = index - 1 if index > 0 else None
    return case.having(step_index=before, wait_ended_at=case.now, due_since=None)


# -- a write that is pending --


def _settle_intent(case: Case) -> Decision | None:
    """Verify it if it is live, withdraw it if a pause came first, else write it."""
    if case.status.intent is None:
        return None
    if case.alias_state is AliasState.APPLIED and case.reading is not None:
        return _verified(case, case.reading)
    if case.alias_state is AliasState.STALE:
        return _still(case, looks=[Look.ALIAS], wakes=[case.in_s(STALE_RETRY_S)])
    if case.is_paused and not is_shortcut(case.status, Shortcut.NEW_ALIAS, Shortcut.REASSERT):
        return _withdrawn(case)
    if case.alias_state is AliasState.FOREIGN and not _may_write_over(case):
        return None
    return _write_intent(case)


def _may_write_over(case: Case) -> bool:
    return is_shortcut(case.status, Shortcut.REASSERT) or case.spec.drift_policy is DriftPolicy.REASSERT


def _write_intent(case: Case) -> Decision:
    intent, routing = case.status.intent, case.intended_routing
    if intent is None or routing is None:
        return _still(case)
    hold = None if is_shortcut(case.status, *_ALARMS_DO_NOT_HOLD) else first_hold(case)
    if hold is not None:
        return _held(case, hold)
    is_new = is_shortcut(case.status, Shortcut.NEW_ALIAS)
    expected = case.reading.routing if case.alias_state is AliasState.FOREIGN and case.reading else case.known_routing
    write = Write(WriteKind.CREATE if is_new else WriteKind.FORWARD, routing, expected=None if is_new else expected)
    failure = case.seen.write_failure
    if failure is None or failure.trouble is Trouble.CONFLICT:
        return _still(case, write=write)
    standing = _standing(case)
    reason = {Trouble.DENIED: Reason.ACCESS_DENIED, Trouble.GONE: Reason.NOT_FOUND}.get(
        failure.trouble, Reason.RETRYING_AWS if failure.trouble is Trouble.TRANSIENT else Reason.INTERNAL_ERROR
    )
    message = f"the alias could not be written: {failure.why}"
    is_stalled = failure.trouble is not Trouble.TRANSIENT
    standing = Standing(standing.phase, reason, message, is_stalled=is_stalled)
    return case.decide(standing, write=write, wakes=[case.deadline_at])


_ALARMS_DO_NOT_HOLD = (Shortcut.NEW_ALIAS, Shortcut.ROLLBACK_WINDOW)
"""Neither a new alias nor the way back to a recent stable version waits for alarms: they are why one goes back."""


def _withdrawn(case: Case) -> Decision:
    """A pause came between the intent and its write: find out whether it was written, then forget it."""
    intent, reading = case.status.intent, case.reading
    if intent is None or reading is None or reading.read_at < intent.at:
        return _still(case, looks=[Look.ALIAS])
    if case.status.step_index is not None:
        return _still(case.having(intent=None), wakes=[case.now])
    anew = starting.reset(case.status, case.target, case.spec.retry_token).with_(
        pause_command=case.status.pause_command
    )
    standing = Standing(Phase.PAUSED, Reason.PAUSED, f"not started: {pause_words(case.spec, case.status)}")
    return case.having(**anew.__dict__).decide(standing, wakes=[case.now])


def _verified(case: Case, reading: AliasReading) -> Decision:
    """The alias has been read back as intended: the step's clock starts now."""
    intent = case.status.intent
    if intent is None:
        return _still(case)
    entered = case.having(
        step_index=intent.step_index,
        step_started_at=case.now,
        weight=reading.routing.weight_of(case.target),
        intent=None,
        wait_ended_at=None,
        due_since=None,
        next_action_at=None,
        alias=alias_status(reading),
    )
    return _still(entered, wakes=[case.now])


# -- the alias was changed by somebody else --


def _drifted(case: Case) -> Decision | None:
    if case.alias_state is AliasState.MISSING and not is_shortcut(case.status, Shortcut.NEW_ALIAS):
        return _drift_held(case, f"alias {case.spec.alias} was deleted by somebody else: create it again, or abort")
    reading = case.reading
    if case.alias_state is not AliasState.FOREIGN or reading is None:
        return None
    match case.spec.drift_policy:
        case DriftPolicy.REASSERT:
            return _reasserted(case)
        case DriftPolicy.ADOPT:
            return _adopted(case, reading)
        case _:
            return _drift_held(case, _drift_words(case, reading))


def _drift_words(case: Case, reading: AliasReading) -> str:
    return (
        f"alias {case.spec.alias} was changed by somebody else: it routes {reading.routing}, this rollout left "
        f"{case.known_routing}; route it back, or abort, or set spec.driftPolicy to Reassert or Adopt"
    )


def _drift_held(case: Case, message: str) -> Decision:
    standing = Standing(_standing(case).phase, Reason.ALIAS_DRIFTED, message, is_stalled=True)
    alias = Fact.false(Reason.ALIAS_DRIFTED, message)
    looks, wake = _look_again(case, starting.RECHECK_MIN_S)
    return case.decide(standing, looks=looks, wakes=[wake, case.deadline_at], alias=alias)


def _reasserted(case: Case) -> Decision:
    """Write the current step's weight again, as carefully as a step of its own; its wait starts anew."""
    hold = first_hold(case)
    if hold is not None:
        return _held(case, hold)
    index = case.status.step_index if case.status.step_index is not None else 0
    if case.is_paused:
        return _drift_held(
            case, "the alias was changed by somebody else, and a pause holds the write that puts it back"
        )
    intent = Intent(weight=case.plan.weight_at(index), step_index=index, at=case.now)
    if intent.weight == 0:
        return _drift_held(
            case, "the alias was changed by somebody else before the first step; route it back, or abort"
        )
    return _still(case.having(intent=intent), wakes=[case.now])


def _adopted(case: Case, reading: AliasReading) -> Decision:
    """Take what somebody else routed, if it lies between stable and target."""
    routing, taken = reading.routing, case.having(alias=alias_status(reading), intent=None)
    weight = routing.weight_of(case.target)
    if weight + routing.weight_of(case.stable) != 100:
        return _drift_held(case, _drift_words(case, reading))
    if weight == 0:
        trip = Trip(Reason.ALIAS_ADOPTED, f"somebody else routed all traffic back to version {case.stable}")
        return start_restore(taken.having(weight=0), trip)
    return _still(_placed(taken.having(weight=weight), weight), wakes=[case.now])


# -- stay, or go on --


def _wait(case: Case) -> Decision | None:
    due = case.due_at
    if case.is_paused or due is None:
        return _still(case)
    if case.now < due:
        return _still(case.having(next_action_at=due), wakes=[due])
    return None


def _advance(case: Case) -> Decision:
    """The wait is over: read the alarms once more, then one position further."""
    hold = None if is_shortcut(case.status, *_ALARMS_DO_NOT_HOLD) else first_hold(case)
    if hold is not None:
        return _held(case.having(next_action_at=None), hold)
    index = _next_index(case)
    if index > case.plan.bake_index or (index == case.plan.bake_index and not case.plan.bake_s):
        return _succeed(case)
    weight = case.plan.weight_at(index)
    if weight > case.weight:
        intent = Intent(weight=weight, step_index=index, at=case.now)
        return _still(case.having(intent=intent, next_action_at=None), wakes=[case.now])
    entered = case.having(step_index=index, step_started_at=case.now, wait_ended_at=None, due_since=None)
    return _still(entered.having(next_action_at=None), wakes=[case.now])


def _next_index(case: Case) -> int:
    current = case.status.step_index if case.status.step_index is not None else -1
    if is_shortcut(case.status, Shortcut.ROLLBACK_WINDOW):
        return case.plan.bake_index + 1
    if is_shortcut(case.status, Shortcut.PROMOTE_FULL):
        return max(current + 1, case.plan.last_index)
    return current + 1


def _succeed(case: Case) -> Decision:
    version = case.target
    shortcut = case.status.shortcut
    words = {
        Shortcut.ROLLBACK_WINDOW: f"all traffic is back on version {version}, stable a moment ago",
        Shortcut.NEW_ALIAS: f"alias {case.spec.alias} was created with all traffic on version {version}",
        Shortcut.REASSERT: f"alias {case.spec.alias} was put back on version {version} after somebody else changed it",
    }
    message = (
        words.get(shortcut, f"version {version} has all traffic") if shortcut else f"version {version} has all traffic"
    )
    outcomes = {Shortcut.ROLLBACK_WINDOW: Outcome.FAST_ROLLED_BACK, Shortcut.PROMOTE_FULL: Outcome.FAST_PROMOTED}
    if shortcut is Shortcut.REASSERT:
        ended = case.having(finished_at=case.now, **dict.fromkeys(("intent", "shortcut", "wait_ended_at", "due_since")))
    else:
        outcome = outcomes.get(shortcut, Outcome.PROMOTED) if shortcut else Outcome.PROMOTED
        ended = case.finish(outcome, Reason.ROLLOUT_COMPLETE)
    ended = ended.having(stable_version=version, weight=100, next_action_at=None)
    standing = Standing(Phase.SUCCEEDED, Reason.ROLLOUT_COMPLETE, message)
    return ended.decide(standing, alias=_alias_fact(case), wakes=[case.now], watches_alarms=False)


def _held(case: Case, hold: Hold) -> Decision:
    """A due step that may not be taken. A reading that is merely not there yet is no news for people."""
    if hold.reason is Reason.INITIALIZING:
        return _still(case, looks=[] if case.alarms.needs_history else [Look.ALARMS])
    phase = _standing(case).phase
    standing = Standing(phase, hold.reason, f"the next step is held: {hold.message}", is_stalled=hold.needs_person)
    looks = [Look.ALARM_HISTORY] if case.alarms.needs_history else []
    return case.decide(standing, looks=looks, wakes=[case.deadline_at], alias=_alias_fact(case))


def _still(
    case: Case,
    *,
    write: Write | None = None,
    looks: list[Look] | None = None,
    wakes: list[datetime | None] | None = None,
) -> Decision:
    """Nothing in the way: say where the rollout stands."""
    more_looks, recheck = _look_again(case, DRIFT_CHECK_S)
    if case.alarms.needs_history:
        more_looks = [*more_looks, Look.ALARM_HISTORY]
    return case.decide(
        _standing(case),
        write=write,
        looks=[*(looks or []), *more_looks],
        wakes=[*(wakes or []), recheck, case.deadline_at],
        alias=_alias_fact(case),
    )


def _look_again(case: Case, after_s: float) -> tuple[list[Look], datetime]:
    read_at = getattr(case.seen.alias, "read_at", None)
    if read_at is None or case.now - read_at >= timedelta(seconds=after_s):
        return [Look.ALIAS], case.in_s(after_s)
    return [], read_at + timedelta(seconds=after_s)


def _alias_fact(case: Case) -> Fact | None:
    if case.alias_state in (AliasState.IN_SYNC, AliasState.APPLIED) and case.reading is not None:
        return Fact.true(Reason.IN_SYNC, f"the alias routes {case.reading.routing}")
    return None


def _standing(case: Case) -> Standing:
    """Where a rollout in flight stands when nothing is wrong."""
    status, plan = case.status, case.plan
    if case.is_paused:
        words = f"{pause_words(case.spec, status)}; version {case.target} keeps {case.weight} % of new executions"
        return Standing(Phase.PAUSED, Reason.PAUSED, words)
    if status.intent is not None:
        words = f"moving {status.intent.weight} % of new executions to version {case.target}"
        return Standing(Phase.PROGRESSING, Reason.SHIFT_IN_PROGRESS, words)
    if status.step_index == plan.bake_index:
        words = f"version {case.target} has all traffic; watching alarms until the bake is over"
        return Standing(Phase.BAKING, Reason.BAKING, words)
    if case.due_at is None:
        words = f"version {case.target} has {case.weight} % of new executions; waiting until somebody promotes"
        return Standing(Phase.PAUSED, Reason.AWAITING_APPROVAL, words)
    words = f"version {case.target} has {case.weight} % of new executions, version {case.stable} the rest"
    return Standing(Phase.PROGRESSING, Reason.SHIFT_IN_PROGRESS, words)
