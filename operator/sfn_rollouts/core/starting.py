"""Pending: is there anything to do, and may it begin?"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sfn_rollouts.api.status import Intent, Outcome, Phase, Shortcut
from sfn_rollouts.core.case import NOTHING_PENDING, AliasState, Case, alias_status, pause_words
from sfn_rollouts.core.commands import Action, by_words
from sfn_rollouts.core.conditions import Fact, Standing
from sfn_rollouts.core.decision import Decision, Look
from sfn_rollouts.core.obeying import obey_anywhere
from sfn_rollouts.core.observation import Trouble, Unseen, VersionFound
from sfn_rollouts.core.reasons import Reason
from sfn_rollouts.core.rechecking import (
    FRESH_S,
    STALE_RETRY_S,
    STALLED_MAX_S,
    look_again,
    stalled_recheck_s,
)
from sfn_rollouts.core.rollback_window import is_recent_stable
from sfn_rollouts.core.routing import Routing
from sfn_rollouts.core.standing import standing_in_flight
from sfn_rollouts.core.taking_over import second_way_out, take_over


def decide_start(case: Case) -> Decision:
    """Look, then check one after the other what stands against beginning."""
    if case.is_target_changed or case.is_retry_asked or case.status.started_at is not None:
        case = case.afresh()
    case = _obey(case)
    if case.command is not None and case.command.action is Action.ABORT:
        return take_over(case) or _abort(case, case.command.by)
    return _not_visible(case) or _version_missing(case) or _by_alias(case)


def _obey(case: Case) -> Case:
    if case.command is not None and case.command.action in (Action.PROMOTE, Action.PROMOTE_FULL):
        return case.refusing("the rollout has not begun; its conditions say what it waits for")
    return obey_anywhere(case)


def _abort(case: Case, by: str | None) -> Decision:
    """Nothing has begun: traffic stays on the version that the alias serves, wherever that came from."""
    served = case.reading.routing.sole if case.reading is not None else None
    case = case.having(stable_version=served or case.status.stable_version)
    message = (
        f"aborted{by_words(by)} before version {case.target} got any traffic; nothing was written; "
        "change spec.version or spec.retryToken, or send retry"
    )
    ended = case.done(message).finish(Outcome.ABORTED, Reason.ABORTED, by, weight=0)
    return ended.decide(Standing(Phase.ROLLED_BACK, Reason.ABORTED, message, is_stalled=True), watches_alarms=False)


# -- what must be seen first --


def _not_visible(case: Case) -> Decision | None:
    """What could not be read is a fact: wait for what may pass, say what a person must mend."""
    facts = ("the alias", case.seen.alias), (f"version {case.spec.version}", case.seen.version)
    for what, fact in facts:
        if isinstance(fact, Unseen):
            return _unseen(case, fact, f"{what} could not be read: {fact.why}")
    if case.seen.alias is None or case.seen.version is None:
        return _reading(case, _lacking(case))
    return None


def _reading(case: Case, looks: set[Look]) -> Decision:
    """One sentence for all that is read at the start: which of them is lacking yet is not worth a status write."""
    return _pending(case, Reason.INITIALIZING, "reading the alias, the version and the alarms", looks)


def _lacking(case: Case) -> set[Look]:
    facts = {Look.ALIAS: case.seen.alias, Look.VERSION: case.seen.version}
    return {look for look, fact in facts.items() if fact is None or isinstance(fact, Unseen)}


def _unseen(case: Case, fact: Unseen, message: str) -> Decision:
    match fact.trouble:
        case Trouble.DENIED:
            return _failed(case, Reason.ACCESS_DENIED, message, _lacking(case))
        case Trouble.GONE:
            return _failed(case, Reason.NOT_FOUND, message, _lacking(case))
        case Trouble.INTERNAL:
            standing = Standing(Phase.PENDING, Reason.INTERNAL_ERROR, message, is_stalled=True)
            return case.decide(standing, looks=_lacking(case))
        case _:
            return _pending(case, Reason.RETRYING_AWS, message, _lacking(case))


_CURES = {
    VersionFound.NO_VERSION: "version {version} of {arn} does not exist: publish it "
    "(aws stepfunctions publish-state-machine-version) or correct spec.version",
    VersionFound.NO_MACHINE: "state machine {arn} does not exist: create it, or delete this resource and create one "
    "with the right stateMachineArn",
    VersionFound.DELETING: "state machine {arn} is being deleted: create it again, or delete this resource",
}


def _version_missing(case: Case) -> Decision | None:
    cure = _CURES.get(case.seen.version) if isinstance(case.seen.version, VersionFound) else None
    if cure is None:
        return None
    words = cure.format(version=case.spec.version, arn=case.spec.state_machine_arn)
    return _failed(case, Reason.NOT_FOUND, words, {Look.VERSION})


# -- what the alias says --


def _by_alias(case: Case) -> Decision:
    """What the alias serves now becomes the stable version, so it must be known for certain."""
    if case.alias_state is AliasState.STALE:
        return _read_once_more(case, STALE_RETRY_S)
    routing = case.reading.routing if case.reading is not None else None
    if routing is not None and routing.sole is None:
        return _split_found(case, routing)
    if routing == Routing.whole(case.spec.version):
        return _outdated(case) or _up_to_date(case)
    if case.is_paused:
        return _held_by_person(case)
    shortcut = _shortcut(case, routing)
    in_the_way = _alarms_in_the_way(case) if shortcut is None else None
    return in_the_way or _outdated(case) or _begin(case, shortcut)


def _read_once_more(case: Case, after_s: float) -> Decision:
    looks, wake = look_again(case, after_s)
    message = "reading the alias and the version once more before the start"
    return _pending(case, Reason.INITIALIZING, message, {*looks, Look.VERSION} if looks else (), [wake])


def _outdated(case: Case) -> Decision | None:
    """A wait at the start may be long: what was read before it says nothing about now."""
    looks, _ = look_again(case, FRESH_S)
    return _read_once_more(case, FRESH_S) if looks else None


def _split_found(case: Case, routing: Routing) -> Decision:
    taken_over = take_over(case)
    if taken_over is None:
        return _foreign_split(case, routing)
    return _outdated(case) or taken_over


def _foreign_split(case: Case, routing: Routing) -> Decision:
    message = (
        f"alias {case.spec.alias} is already split ({routing}) and this rollout did not do it: route it to one "
        "version (aws stepfunctions update-state-machine-alias), then the rollout starts by itself"
        f"{second_way_out(case, routing)}"
    )
    standing = Standing(Phase.PENDING, Reason.ALIAS_SPLIT, message, is_stalled=True)
    looks, wake = look_again(case, stalled_recheck_s(case))
    alias = Fact.false(Reason.ALIAS_SPLIT, message)
    return case.decide(standing, looks=looks, wakes=[wake], alias=alias, watches_alarms=False)


def _up_to_date(case: Case) -> Decision:
    version = case.spec.version
    message = f"alias {case.spec.alias} already serves version {version}; nothing was written"
    ended = case.having(
        **NOTHING_PENDING,
        stable_version=version,
        weight=100,
        finished_at=case.now,
        alias=alias_status(case.reading),
        alarms=(),
    )
    standing = Standing(Phase.SUCCEEDED, Reason.UP_TO_DATE, message)
    return ended.decide(standing, alias=_in_sync(case), watches_alarms=False)


def _held_by_person(case: Case) -> Decision:
    standing = Standing(Phase.PAUSED, Reason.PAUSED, f"not started: {pause_words(case.spec, case.status)}")
    looks, wake = look_again(case, STALLED_MAX_S)
    return case.decide(standing, looks=looks, wakes=[wake], alias=_in_sync(case))


def _alarms_in_the_way(case: Case) -> Decision | None:
    """Read before the first shift, and not long before."""
    hold = case.alarms.hold
    if hold is None:
        is_fresh = case.alarms.is_fresh(case.in_s(-case.seen.poll_interval_s))
        return None if is_fresh else _reading(case, {Look.ALARMS})
    if hold.reason is Reason.INITIALIZING:
        return _reading(case, {Look.ALARMS})
    phase = Phase.FAILED if hold.reason is Reason.ACCESS_DENIED else Phase.PENDING
    standing = Standing(phase, hold.reason, f"not started: {hold.message}", is_stalled=hold.needs_person)
    looks, wake = look_again(case, STALLED_MAX_S)
    return case.decide(standing, looks=looks, wakes=[wake], alias=_in_sync(case))


# -- the beginning --


def _shortcut(case: Case, routing: Routing | None) -> Shortcut | None:
    if routing is None or routing.sole is None:
        return Shortcut.NEW_ALIAS
    return Shortcut.ROLLBACK_WINDOW if is_recent_stable(case, routing.sole) else None


def _begin(case: Case, shortcut: Shortcut | None) -> Decision:
    """From here on the alias is this rollout's to look after. The intent says which write comes first."""
    stable = case.reading.routing.sole if case.reading is not None else None
    index = 0 if shortcut is None else case.plan.last_index
    begun = case.having(
        **{**NOTHING_PENDING, **_entered(case, index), "shortcut": shortcut, "due_since": case.now},
        started_at=case.now,
        stable_version=stable or case.spec.version,
        weight=0,
        plan_hash=case.plan.digest,
        alias=alias_status(case.reading),
    )
    # The same words as in the next decision: with others the status would be written twice before the first shift.
    return begun.decide(standing_in_flight(begun), alias=_in_sync(case))


def _entered(case: Case, index: int) -> dict[str, Any]:
    """A first step without traffic needs no write: its clock runs at once."""
    weight = case.plan.weight_at(index)
    if weight == 0:
        return {"step_index": index, "step_started_at": case.now}
    return {"intent": Intent(weight=weight, step_index=index, at=case.now)}


# -- how to say it --


def _pending(
    case: Case, reason: Reason, message: str, looks: Iterable[Look], wakes: Iterable[datetime] = ()
) -> Decision:
    return case.decide(Standing(Phase.PENDING, reason, message), looks=looks, wakes=wakes)


def _failed(case: Case, reason: Reason, message: str, looks: Iterable[Look]) -> Decision:
    """A person must mend it, maybe outside the resource: stalled, and looked at again with long backoff."""
    standing = Standing(Phase.FAILED, reason, message, is_stalled=True)
    return case.decide(standing, looks=looks, watches_alarms=False)


def _in_sync(case: Case) -> Fact | None:
    if case.reading is None:
        return None
    return Fact.true(Reason.IN_SYNC, f"the alias routes {case.reading.routing}")
