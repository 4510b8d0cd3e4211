"""When a run may end: nothing is left to happen by itself, or it has lasted longer than anything may."""

from collections.abc import Mapping
from typing import Any, Protocol

from sfn_rollouts.api.problems import SpecError
from sfn_rollouts.api.resource import parse_spec
from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.status import AlarmState, Phase, Shortcut, Status
from sfn_rollouts.core.alias_state import routing_of
from sfn_rollouts.core.values.access import Granted
from sfn_rollouts.core.values.conditions import READY, STALLED, condition, is_true
from sfn_rollouts.core.values.plan import compile_plan
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.sim.cloudwatch import CloudWatch
from sfn_rollouts.sim.history import History
from sfn_rollouts.sim.scenario import ClockJump, Create, Edit, Scenario
from sfn_rollouts.sim.sessions import TokenService
from sfn_rollouts.sim.step_functions import StepFunctions

MARGIN_S = 1800.0
"""A lost watch event is healed by the sweep after ten minutes, a look that was refused is repeated within five."""

_ACCESS = (Reason.ACCESS_NOT_GRANTED, Reason.ACCESS_AMBIGUOUS)
_ENDED = (Phase.SUCCEEDED, Phase.ROLLED_BACK, Phase.FAILED)


class Truth(Protocol):
    """The world as it truly is."""

    step_functions: StepFunctions
    cloudwatch: CloudWatch
    tokens: TokenService

    def is_up(self) -> bool:
        """Whether the operator runs."""
        ...

    def has_precedence(self, history: History) -> bool:
        """Whether no other resource on the alias comes before the one of this history."""
        ...


def horizon_s(scenario: Scenario) -> float:
    """When every rollout of this scenario must have ended: all waits of all plans, the deadlines, and a margin.

    A clock that was set back, or one that was set ahead on one of several hosts, stretches what a process before had
    begun, if another one takes over: a wait is counted from the moment that stands in the status.
    """
    specs, latest = [scenario.spec], {0: scenario.spec}
    for event in scenario.events:
        if isinstance(event, Create):
            latest[event.rollout] = event.spec
        elif isinstance(event, Edit) and event.rollout in latest:
            edited = {**latest[event.rollout], **event.changes}
            latest[event.rollout] = {name: value for name, value in edited.items() if value is not None}
        else:
            continue
        specs.append(latest[event.rollout])
    jumps_s = [event.by_s for event in scenario.events if isinstance(event, ClockJump)]
    stretched_s = sum(abs(by_s) for by_s in jumps_s if by_s < 0 or scenario.operators > 1)
    return scenario.last_event_s + sum(_longest_s(spec) for spec in specs) + stretched_s + MARGIN_S


def _longest_s(spec: Mapping[str, Any]) -> float:
    try:
        parsed = parse_spec(spec)
    except SpecError:
        return 0.0
    plan = compile_plan(parsed)
    waits_s = [step.timeout.within.seconds if step.timeout is not None else step.wait_s or 0.0 for step in plan.steps]
    smoke = parsed.preflight.smoke if parsed.preflight is not None else None
    smoke_s = smoke.timeout.seconds if smoke is not None else 0.0
    return sum(waits_s) + plan.bake_s + parsed.progress_deadline.seconds + smoke_s


def is_at_rest(history: History, resource: Mapping[str, Any] | None, truth: Truth) -> bool:
    """Whether the rollout has ended or a declared hold keeps it, as far as the API server knows and truly."""
    if not truth.is_up():
        return False
    if resource is None:
        return True
    status, generation = history.status, resource["metadata"]["generation"]
    if status is None or status.observed_generation != generation or "deletionTimestamp" in resource["metadata"]:
        return False
    return why_at_rest(status, history, truth) is not None


def why_at_rest(status: Status, history: History, truth: Truth) -> str | None:
    """Return what keeps it: its end, or the hold that it declares. A hold whose cause is gone is none."""
    if status.finished_at is not None and status.phase in _ENDED:
        return f"ended: {status.phase}"
    ready = condition(status, READY)
    reason = ready.reason if ready is not None else None
    if waits_for_a_person(status):
        return f"waits for a person: {reason}"
    is_put_back = status.shortcut is Shortcut.REASSERT
    if is_put_back or (status.phase in (Phase.PENDING, Phase.FAILED) and status.started_at is None):
        return _waits_to_start(str(reason), status, history, truth)
    if not is_true(status, STALLED):
        return None
    if _may_stay_ungranted(status) and reason in _ACCESS and not _is_granted(history):
        return "not granted, and nothing but a person's wait or its one write is left"
    if _waits_for_a_role(str(reason), status) and _is_role_refused(status, history, truth):
        return "the role cannot be assumed"
    alias = truth.step_functions.alias
    if status.phase in (Phase.ROLLING_BACK, Phase.PAUSED) and reason == Reason.ALIAS_DRIFTED:
        return "somebody else routed the alias" if alias != routing_of(status.alias) else None
    if status.phase is Phase.PAUSED and reason == Reason.NOT_FOUND:
        return "paused, and the alias is gone" if alias is None else None
    return None


def waits_for_a_person(status: Status) -> bool:
    """Whether only a person can make it go on; an approval that has a timeout goes on or back by itself."""
    ready = condition(status, READY)
    is_for_ever = status.next_action_at is None
    return ready is not None and is_for_ever and ready.reason in (Reason.PAUSED, Reason.AWAITING_APPROVAL)


def _is_granted(history: History) -> bool:
    return not history.accesses or isinstance(history.accesses[-1].says, Granted)


def _waits_for_a_role(reason: str, status: Status) -> bool:
    """Whether it wants a person who puts the role right: to go back, or where no deadline leads back."""
    return reason == Reason.ROLLBACK_FAILED or (reason == Reason.ACCESS_DENIED and _may_stay_ungranted(status))


def _is_role_refused(status: Status, history: History, truth: Truth) -> bool:
    """Whether nobody can assume the role in use: that of the grant, in flight without one that of the grant before."""
    says = history.accesses[-1].says if history.accesses else None
    use = says.use if isinstance(says, Granted) else status.access if status.is_in_flight else None
    return use is not None and truth.tokens.is_refused(use.role_arn)


def _may_stay_ungranted(status: Status) -> bool:
    """No deadline leads back: a person's wait has none, and one write without steps nothing to go back to."""
    is_single_write = status.shortcut in (Shortcut.NEW_ALIAS, Shortcut.REASSERT, Shortcut.ROLLBACK_WINDOW)
    return is_single_write or status.phase is Phase.PAUSED


def _has_failed_smoke(spec: Spec, truth: Truth) -> bool:
    """It stays so until a person sends retry, or edits."""
    smoke = spec.preflight.smoke if spec.preflight is not None else None
    last = truth.step_functions.smokes.last_of(spec.version)
    return smoke is not None and last is not None and not last.ends_as(smoke.expected.status, smoke.timeout.seconds)


def _waits_to_start(reason: str, status: Status, history: History, truth: Truth) -> str | None:
    alias, spec = truth.step_functions.alias, history.spec
    names = spec.alarms.names if spec.alarms is not None else ()
    states = {truth.cloudwatch.state(name) for name in names}
    causes = {
        Reason.ALARM_FIRING: AlarmState.ALARM in states,
        Reason.ALARM_INSUFFICIENT_DATA: AlarmState.INSUFFICIENT_DATA in states,
        Reason.ALARM_MISSING: None in states,
        Reason.ALIAS_SPLIT: alias is not None and alias.sole is None,
        Reason.NOT_FOUND: spec.version not in truth.step_functions.versions,
        Reason.PREFLIGHT_FAILED: truth.step_functions.targets.has_problem(spec.version)
        or _has_failed_smoke(spec, truth),
        Reason.INVALID_SPEC: True,
        Reason.ACCESS_NOT_GRANTED: not _is_granted(history),
        Reason.ACCESS_AMBIGUOUS: not _is_granted(history),
        Reason.ACCESS_DENIED: _is_role_refused(status, history, truth),
        Reason.ALIAS_CONFLICT: not truth.has_precedence(history),
    }
    return f"not started: {reason}" if any(reason == cause and holds for cause, holds in causes.items()) else None
