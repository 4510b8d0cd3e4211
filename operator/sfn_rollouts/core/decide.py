"""The one entry: what to do about a rollout, from all that was seen.

Pure and total: equal input gives an equal decision, no well-typed input raises. Each decision is a single transition of
`phases.TRANSITIONS`; the engine asks again until nothing is left to do.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sfn_rollouts.api.preflight import UNCHECKED
from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.status import CommandResult, Phase, Status
from sfn_rollouts.api.status import Trip as TripStatus
from sfn_rollouts.api.strategy import Strategy
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.checks.chains import BEFORE_LOOKING, first_hold
from sfn_rollouts.core.checks.reach import foreign_account, without_foreign_alarms
from sfn_rollouts.core.closing import NOT_PROMOTED, close, domain_conditions
from sfn_rollouts.core.granting import remembered
from sfn_rollouts.core.holding import hold_before_looking
from sfn_rollouts.core.judges.judge import Judge
from sfn_rollouts.core.judges.table import JUDGES
from sfn_rollouts.core.memory import last_phase
from sfn_rollouts.core.rechecking import stalled_recheck_s, stalled_since
from sfn_rollouts.core.stages.deleting import decide_deletion
from sfn_rollouts.core.stages.resting import decide_rest, with_its_end
from sfn_rollouts.core.stages.restoring import decide_restore, restore_write, start_restore
from sfn_rollouts.core.stages.starting import decide_start
from sfn_rollouts.core.stages.stepping import decide_in_flight
from sfn_rollouts.core.values.commands import Command, Malformed, answer, pending_command, staleness
from sfn_rollouts.core.values.conditions import PROMOTED, ConditionValue, Summary, conclude
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.core.values.findings import Trip
from sfn_rollouts.core.values.moments import after
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.plan import compile_plan
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.rollout import InvalidSpec, Rollout
from sfn_rollouts.printable import one_line

_UNATTENDED_LIMIT_S = 3600.0
"""How long a failing operator may hold a split alias where the spec does not say: the default of progressDeadline."""


_DELETED = "the resource is being deleted"


def decide(rollout: Rollout, seen: Observation, now: datetime, judges: Sequence[Judge] = JUDGES) -> Decision:
    """Return the next transition. `now` is UTC and the only time that counts."""
    status, command = _commanded(rollout, now)
    status = _with_access(status, seen)
    if isinstance(rollout.spec, InvalidSpec):
        surrogate = _open(rollout.generation, _surrogate(status), status, seen, now, judges)
        return _decide_invalid(surrogate.with_command(command), rollout.spec, is_deleting=rollout.is_deleting)
    foreign = foreign_account(rollout.spec, seen)
    known = without_foreign_alarms(rollout.spec, seen, now) if foreign else seen
    case = _open(rollout.generation, rollout.spec, status, known, now, judges).with_command(command)
    if rollout.is_deleting:
        return decide_deletion(case.refusing(_DELETED))
    if case.has_started:
        return replace(_stage(case), watches_alarms=False) if foreign else _stage(case)
    hold = first_hold(BEFORE_LOOKING, case)
    return hold_before_looking(case, with_its_end(case, hold)) if hold is not None else _stage(case)


def hold_after_error(rollout: Rollout, error: str, now: datetime, judges: Sequence[Judge] = JUDGES) -> Decision:
    """What to do when the operator itself failed on this rollout: say so, hold it as it is, and go back in time.

    Nothing here depends on what may have failed: it takes the status alone. The alarms stay watched, because with the
    next reading it is tried again.
    """
    status, spec = rollout.status, rollout.spec
    message = f"the operator failed on this rollout and holds it; its log says where: {error}"
    summary = Summary(last_phase(status), Reason.INTERNAL_ERROR, message, is_stalled=True)
    known = spec if isinstance(spec, Spec) else _surrogate(status)
    shown = [judge for judge in judges if judge.is_shown(known)]
    conditions: dict[str, ConditionValue | None] = dict.fromkeys(domain_conditions(shown))
    if status.observed_generation != rollout.generation:
        # What was promoted before is no answer to who waits for what is asked for now.
        conditions[PROMOTED] = NOT_PROMOTED
    held = conclude(status, summary, conditions, rollout.generation, now)
    case = _open(rollout.generation, _surrogate(status), held, Observation(), now, judges=())
    retry_at = case.in_seconds(stalled_recheck_s(case))
    if not case.has_started or case.is_single_write:
        return Decision(held, wake_at=retry_at, holds_finalizer=case.has_started)
    limit_s = spec.progress_deadline.seconds if isinstance(spec, Spec) else _UNATTENDED_LIMIT_S
    give_up_at = after(stalled_since(case), limit_s)
    if status.trip is None and now < give_up_at:
        return Decision(held, wake_at=min(retry_at, give_up_at), holds_finalizer=True, watches_alarms=True)
    trip = TripStatus(reason=Reason.PROGRESS_DEADLINE_EXCEEDED, message=one_line(message, longest=1024), at=now)
    case = case.with_status(trip=status.trip or trip)
    return Decision(case.status, write=restore_write(case), wake_at=retry_at, holds_finalizer=True)


def _with_access(status: Status, seen: Observation) -> Status:
    access = remembered(seen.access, status)
    return status if access == status.access else status.with_(access=access)


def _stage(case: Case) -> Decision:
    """Which stage it is stands in the status alone: begun, tripped, ended."""
    if case.status.finished_at is not None:
        return decide_rest(case)
    if not case.has_started:
        return decide_start(case)
    trip = case.status.trip
    return decide_restore(case, trip) if trip is not None else decide_in_flight(case)


def _open(
    generation: int, spec: Spec, status: Status, seen: Observation, now: datetime, judges: Sequence[Judge]
) -> Case:
    judgements = {judge: judge.judge(spec, status, seen, now) for judge in judges}
    return Case(spec, compile_plan(spec), status, now, generation, seen, judgements)


def _commanded(rollout: Rollout, now: datetime) -> tuple[Status, Command | None]:
    status = rollout.status
    command = pending_command(rollout.command, status)
    if command is None:
        return status, None
    if isinstance(command, Malformed):
        message = f"this is no command: {command.why}"
        return status.with_(last_command=answer(command, CommandResult.REFUSED, message, now)), None
    stale = staleness(command, rollout)
    if stale is not None:
        return status.with_(last_command=answer(command, CommandResult.STALE, stale, now)), None
    return status, command


def _decide_invalid(case: Case, spec: InvalidSpec, *, is_deleting: bool) -> Decision:
    """A spec that cannot be understood watches no alarms: traffic in flight goes back at once, nothing new begins."""
    if is_deleting:
        return decide_deletion(case.refusing(_DELETED))
    case = case.refusing("the spec is refused: correct it first; the message of the status says where")
    if case.has_started and not case.is_single_write:
        trip = case.status.trip
        found = Trip(Reason.INVALID_SPEC, spec.message)
        return decide_restore(case, trip) if trip is not None else start_restore(case, found)
    case = case.reset() if case.has_started else case
    summary = Summary(Phase.FAILED, Reason.INVALID_SPEC, spec.message, is_stalled=True)
    return close(case, summary, is_judged=False)


def _surrogate(status: Status) -> Spec:
    """A spec that says no more than the status knows, for going back without the real one."""
    return Spec.model_construct(
        state_machine_arn="",
        alias="",
        version=status.target_version or 1,
        strategy=Strategy.model_construct(),
        retry_token=status.retry_token or "",
        preflight=UNCHECKED,
    )
