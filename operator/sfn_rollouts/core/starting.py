"""Pending: is there anything to do, and may it begin?"""

from collections.abc import Set
from datetime import datetime, timedelta
from typing import Any

from sfn_rollouts.api.status import Intent, Outcome, PauseCommand, Phase, Shortcut, Status
from sfn_rollouts.core.case import NOTHING_PENDING, Case, alias_status, pause_words
from sfn_rollouts.core.commands import Action
from sfn_rollouts.core.conditions import STALLED, Fact, Standing, condition
from sfn_rollouts.core.decision import Decision, Look
from sfn_rollouts.core.observation import AliasMissing, AliasReading, Trouble, Unseen, VersionFound
from sfn_rollouts.core.reasons import Reason

RECHECK_MIN_S, RECHECK_MAX_S = 5.0, 300.0
_BOTH = frozenset({Look.ALIAS, Look.VERSION})


def reset(status: Status, version: int, retry_token: str) -> Status:
    """Give the status of a rollout that has not begun; history, stable version and the last command stay."""
    return status.with_(
        **NOTHING_PENDING,
        target_version=version,
        retry_token=retry_token,
        weight=None,
        step=None,
        step_index=None,
        step_started_at=None,
        plan_hash=None,
        started_at=None,
        finished_at=None,
        running_executions=None,
        alarms=(),
    )


def decide_start(case: Case) -> Decision:
    """Look, then check one after the other what stands against beginning."""
    if case.is_target_changed or case.status.retry_token != case.spec.retry_token:
        case = case.having(**_fresh(case))
    case = _obey(case)
    if case.command is not None and case.command.action is Action.ABORT:
        return _abort(case)
    return _not_visible(case) or _without_alias(case) or _with_alias(case)


def _fresh(case: Case) -> dict[str, Any]:
    return {"target_version": case.spec.version, "retry_token": case.spec.retry_token}


def _obey(case: Case) -> Case:
    match case.command.action if case.command is not None else None:
        case Action.PAUSE:
            by, command_id = (case.command.by, case.command.id) if case.command is not None else (None, "")
            pause = PauseCommand(id=command_id, by=by, at=case.now)
            return case.having(pause_command=pause).done("paused before the first step")
        case Action.RESUME if case.spec.paused:
            return case.refusing("spec.paused is true: set it to false in the manifest")
        case Action.RESUME if case.status.pause_command is None:
            return case.refusing("nothing was paused by a command")
        case Action.RESUME:
            return case.having(pause_command=None).done("resumed")
        case Action.PROMOTE | Action.PROMOTE_FULL:
            return case.refusing("the rollout has not begun; its conditions say what it waits for")
        case Action.RETRY:
            return case.refusing("nothing to retry: the rollout has not ended")
    return case


def _abort(case: Case) -> Decision:
    message = f"aborted before version {case.target} got any traffic; nothing was written"
    ended = case.done(message).finish(Outcome.ABORTED, Reason.ABORTED, weight=0)
    return ended.decide(Standing(Phase.ROLLED_BACK, Reason.ABORTED, message, is_stalled=True), watches_alarms=False)


def _not_visible(case: Case) -> Decision | None:
    """What could not be read is a fact: wait for what may pass, say what a person must mend."""
    for fact, what in ((case.seen.alias, "the alias"), (case.seen.version, f"version {case.spec.version}")):
        if isinstance(fact, Unseen):
            return _unseen(case, fact, what)
    if case.seen.alias is None or case.seen.version is None:
        return _pending(case, Reason.INITIALIZING, "reading the alias, the version and the alarms", looks=_BOTH)
    return _version_missing(case, case.seen.version) if isinstance(case.seen.version, VersionFound) else None


def _unseen(case: Case, fact: Unseen, what: str) -> Decision:
    message = f"{what} could not be read: {fact.why}"
    match fact.trouble:
        case Trouble.DENIED:
            return _failed(case, Reason.ACCESS_DENIED, message)
        case Trouble.GONE:
            return _failed(case, Reason.NOT_FOUND, message)
        case Trouble.INTERNAL:
            return _pending(case, Reason.INTERNAL_ERROR, message, looks=_BOTH, is_stalled=True)
        case _:
            return _pending(case, Reason.RETRYING_AWS, message, looks=_BOTH)


def _version_missing(case: Case, found: VersionFound) -> Decision | None:
    arn, version = case.spec.state_machine_arn, case.spec.version
    match found:
        case VersionFound.NO_VERSION:
            cure = "publish it (aws stepfunctions publish-state-machine-version) or correct spec.version"
            return _failed(case, Reason.NOT_FOUND, f"version {version} of {arn} does not exist: {cure}")
        case VersionFound.NO_MACHINE:
            cure = "create it, or delete this resource and create one with the right stateMachineArn"
            return _failed(case, Reason.NOT_FOUND, f"state machine {arn} does not exist: {cure}")
        case VersionFound.DELETING:
            return _failed(case, Reason.NOT_FOUND, f"state machine {arn} is being deleted")
        case _:
            return None


def _without_alias(case: Case) -> Decision | None:
    if not isinstance(case.seen.alias, AliasMissing):
        return None
    if case.is_paused:
        return _held_by_person(case)
    begun = _begin(case, stable=case.spec.version, shortcut=Shortcut.NEW_ALIAS, known=None)
    message = f"creating alias {case.spec.alias} with all traffic on version {case.spec.version}"
    return begun.decide(Standing(Phase.PROGRESSING, Reason.SHIFT_IN_PROGRESS, message), wakes=[case.now])


def _with_alias(case: Case) -> Decision:
    reading = case.reading
    if reading is None or _is_outdated(case, reading):
        return _pending(case, Reason.INITIALIZING, "reading the alias", looks=_BOTH)
    stable = reading.routing.sole
    if stable is None:
        return _foreign_split(case, reading)
    if stable == case.spec.version:
        return _up_to_date(case, reading)
    if case.is_paused:
        return _held_by_person(case)
    if is_recent_stable(case, stable):
        return _go_back(case, stable, reading)
    return _alarms_in_the_way(case) or _first_step(case, stable, reading)


def _is_outdated(case: Case, reading: AliasReading) -> bool:
    """A wait at the start may be long: what was read before it says nothing about now."""
    is_old = case.now - reading.read_at > timedelta(seconds=_recheck_s(case))
    return is_old or (case.seen.written_at is not None and reading.update_date < case.seen.written_at)


def _recheck_s(case: Case) -> float:
    """Seconds until the alias is looked at again: as long as it has stalled, so the time between looks doubles."""
    stalled = condition(case.status, STALLED)
    if stalled is None:
        return RECHECK_MAX_S
    return min(max((case.now - stalled.last_transition_time).total_seconds(), RECHECK_MIN_S), RECHECK_MAX_S)


def _foreign_split(case: Case, reading: AliasReading) -> Decision:
    message = (
        f"alias {case.spec.alias} is already split ({reading.routing}) and this rollout did not do it: route it to one "
        "version (aws stepfunctions update-state-machine-alias), then the rollout starts by itself"
    )
    standing = Standing(Phase.PENDING, Reason.ALIAS_SPLIT, message, is_stalled=True)
    recheck = case.in_s(_recheck_s(case))
    return case.decide(standing, wakes=[recheck], alias=Fact.false(Reason.ALIAS_SPLIT, message), watches_alarms=False)


def _up_to_date(case: Case, reading: AliasReading) -> Decision:
    version = case.spec.version
    message = f"alias {case.spec.alias} already serves version {version}; nothing was written"
    ended = case.having(
        **NOTHING_PENDING,
        stable_version=version,
        weight=100,
        finished_at=case.now,
        alias=alias_status(reading),
        alarms=(),
    )
    ended = ended.refusing("there is nothing in flight")
    standing = Standing(Phase.SUCCEEDED, Reason.UP_TO_DATE, message)
    return ended.decide(standing, alias=Fact.true(Reason.IN_SYNC, message), watches_alarms=False)


def is_recent_stable(case: Case, stable: int) -> bool:
    """Whether the wanted version was stable so recently that going back needs no steps (spec.rollbackWindow)."""
    window = case.spec.rollback_window
    if window is None:
        return False
    ranked = _former_stables(case, stable)
    if case.spec.version not in ranked:
        return False
    ended_at = ranked[case.spec.version]
    rank = list(ranked).index(case.spec.version) + 1
    is_near = window.revisions is None or rank <= window.revisions
    return is_near and (window.within is None or (case.now - ended_at).total_seconds() <= window.within.seconds)


def _former_stables(case: Case, stable: int) -> dict[int, datetime]:
    """Versions that were stable before, newest first, with the moment when each ceased to be."""
    ranked: dict[int, datetime] = {}
    for entry in case.status.history:
        has_replaced = entry.outcome in (Outcome.PROMOTED, Outcome.FAST_PROMOTED, Outcome.FAST_ROLLED_BACK)
        if has_replaced and entry.stable_version not in (None, stable, *ranked):
            ranked[entry.stable_version or 0] = entry.finished_at
    return ranked


def _go_back(case: Case, stable: int, reading: AliasReading) -> Decision:
    begun = _begin(case, stable=stable, shortcut=Shortcut.ROLLBACK_WINDOW, known=reading)
    message = f"version {case.spec.version} was stable a moment ago: all traffic goes back to it in one write"
    standing = Standing(Phase.PROGRESSING, Reason.SHIFT_IN_PROGRESS, message)
    return begun.decide(standing, wakes=[case.now], alias=_in_sync(reading))


def _alarms_in_the_way(case: Case) -> Decision | None:
    """Read before the first shift, and not long before."""
    hold = case.alarms.hold
    if hold is not None:
        looks = {Look.ALARMS} if hold.reason is Reason.INITIALIZING else set()
        message = f"not started: {hold.message}"
        return _pending(case, hold.reason, message, looks=looks, is_stalled=hold.needs_person)
    if not case.alarms.is_fresh(case.in_s(-case.seen.poll_interval_s)):
        return _pending(case, Reason.INITIALIZING, "reading the alarms", looks={Look.ALARMS})
    return None


def _first_step(case: Case, stable: int, reading: AliasReading) -> Decision:
    begun = _begin(case, stable=stable, shortcut=None, known=reading)
    weight = case.plan.weight_at(0)
    message = (
        f"moving {weight} % of new executions from version {stable} to version {case.spec.version}"
        if weight
        else f"waiting before version {case.spec.version} gets any traffic"
    )
    standing = Standing(Phase.PROGRESSING, Reason.SHIFT_IN_PROGRESS, message)
    return begun.decide(standing, wakes=[case.now], alias=_in_sync(reading))


def _begin(case: Case, stable: int, shortcut: Shortcut | None, known: AliasReading | None) -> Case:
    """From here on the alias is this rollout's to look after. The intent says which write comes first."""
    index = 0 if shortcut is None else case.plan.last_index
    weight = case.plan.weight_at(index)
    entered: dict[str, Any] = (
        {"intent": Intent(weight=weight, step_index=index, at=case.now)}
        if weight
        else {"step_index": index, "step_started_at": case.now}
    )
    return case.having(
        started_at=case.now,
        stable_version=stable,
        target_version=case.spec.version,
        weight=0,
        plan_hash=case.plan.digest,
        shortcut=shortcut,
        alias=alias_status(known) if known is not None else None,
        alarms=case.alarms.memories,
        next_action_at=None,
        **entered,
    )


def _held_by_person(case: Case) -> Decision:
    standing = Standing(Phase.PAUSED, Reason.PAUSED, f"not started: {pause_words(case.spec, case.status)}")
    return case.decide(standing, wakes=[case.in_s(RECHECK_MAX_S)])


def _pending(
    case: Case, reason: Reason, message: str, looks: Set[Look] = frozenset(), *, is_stalled: bool = False
) -> Decision:
    return case.decide(Standing(Phase.PENDING, reason, message, is_stalled=is_stalled), looks=looks)


def _failed(case: Case, reason: Reason, message: str) -> Decision:
    """A person must mend it, maybe outside the resource: stalled, and looked at again with long backoff."""
    standing = Standing(Phase.FAILED, reason, message, is_stalled=True)
    return case.decide(standing, looks=_BOTH, watches_alarms=False)


def _in_sync(reading: AliasReading) -> Fact:
    return Fact.true(Reason.IN_SYNC, f"the alias routes {reading.routing}")
