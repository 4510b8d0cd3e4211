"""Pending: is there anything to do, and may it begin?"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sfn_rollouts.api.status import Intent, Outcome, Phase, Shortcut
from sfn_rollouts.core.case import NOTHING_PENDING, AliasState, Case, alias_status, pause_words
from sfn_rollouts.core.rechecking import (
    FRESH_S,
    STALE_RETRY_S,
    STALLED_MAX_S,
    look_again,
    stalled_recheck_s,
)
from sfn_rollouts.core.stages.commands_anywhere import obey_anywhere
from sfn_rollouts.core.stages.rollback_window import is_recent_stable
from sfn_rollouts.core.stages.taking_over import second_way_out, take_over
from sfn_rollouts.core.standing import standing_in_flight
from sfn_rollouts.core.values.commands import Action, by_words
from sfn_rollouts.core.values.conditions import Fact, Standing
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.core.values.looks import FindVersion, Look, ReadAlarms, ReadAlias
from sfn_rollouts.core.values.moments import after
from sfn_rollouts.core.values.readings import Trouble, Unseen, VersionFound, VersionReading
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.routing import Routing


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
    case = case.with_stable(served) if served is not None else case
    message = (
        f"aborted{by_words(by)} before version {case.target} got any traffic; nothing was written; "
        "change spec.version or spec.retryToken, or send retry"
    )
    ended = case.done(message).finish(Outcome.ABORTED, Reason.ABORTED, by, weight=0)
    return ended.decide(Standing(Phase.ROLLED_BACK, Reason.ABORTED, message, is_stalled=True), watches_alarms=False)


# -- what must be seen first --


def _not_visible(case: Case) -> Decision | None:
    """What could not be read is a fact: wait for what may pass, say what a person must mend."""
    for what, fact in (("the alias", case.seen.alias), (f"version {case.spec.version}", _wanted(case))):
        if isinstance(fact, Unseen):
            return _unseen(case, fact, f"{what} could not be read: {fact.why}", _lacking(case))
    lacking = _lacking(case)
    return _reading(case, lacking) if lacking else None


def _wanted(case: Case) -> VersionReading | Unseen | None:
    return case.seen.of(FindVersion(case.spec.version))


def _reading(case: Case, looks: Iterable[Look[Any]]) -> Decision:
    return _pending(case, Reason.INITIALIZING, _READING, looks)


_READING = "reading the alias, the version and the alarms"
"""One sentence for all that is read at the start: which of them is lacking yet is not worth a status write."""


def _lacking(case: Case) -> set[Look[Any]]:
    answers = {look: case.seen.of(look) for look in (ReadAlias(), FindVersion(case.spec.version))}
    return {look for look, answer in answers.items() if answer is None or isinstance(answer, Unseen)}


def _unseen(case: Case, fact: Unseen, message: str, looks: Iterable[Look[Any]]) -> Decision:
    match fact.trouble:
        case Trouble.DENIED:
            return _failed(case, Reason.ACCESS_DENIED, message, looks)
        case Trouble.GONE:
            return _failed(case, Reason.NOT_FOUND, message, looks)
        case Trouble.INTERNAL:
            standing = Standing(Phase.PENDING, Reason.INTERNAL_ERROR, message, is_stalled=True)
            return case.decide(standing, looks=looks)
        case _:
            return _pending(case, Reason.RETRYING_AWS, message, looks)


_CURES = {
    VersionFound.NO_VERSION: "version {version} of {arn} does not exist: publish it "
    "(aws stepfunctions publish-state-machine-version) or correct spec.version",
    VersionFound.NO_MACHINE: "state machine {arn} does not exist: create it, or delete this resource and create one "
    "with the right stateMachineArn",
    VersionFound.DELETING: "state machine {arn} is being deleted: create it again, or delete this resource",
}


def _version_missing(case: Case) -> Decision | None:
    wanted = _wanted(case)
    cure = _CURES.get(wanted.found) if isinstance(wanted, VersionReading) else None
    if cure is None:
        return None
    words = cure.format(version=case.spec.version, arn=case.spec.state_machine_arn)
    return _failed(case, Reason.NOT_FOUND, words, {FindVersion(case.spec.version)})


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
    return in_the_way or _outdated(case) or _served_unknown(case) or _begin(case, shortcut)


def _read_once_more(case: Case, after_s: float) -> Decision:
    looks, wake = look_again(case, after_s)
    both: Iterable[Look[Any]] = (*looks, FindVersion(case.spec.version)) if looks else ()
    return _pending(case, Reason.INITIALIZING, _READING, both, [wake])


def _outdated(case: Case) -> Decision | None:
    """A wait at the start may be long: what was read before it says nothing about now, the version neither."""
    wanted = _wanted(case)
    looks, _ = look_again(case, FRESH_S)
    is_old = isinstance(wanted, VersionReading) and after(wanted.read_at, FRESH_S) <= case.now
    if looks:
        return _read_once_more(case, FRESH_S)
    return _reading(case, {FindVersion(case.spec.version)}) if is_old else None


def _served_unknown(case: Case) -> Decision | None:
    """What will be remembered as stable is a number and a date; going back to it in one write wants both."""
    served = case.reading.routing.sole if case.reading is not None else None
    if served is None:
        return None
    fact = case.seen.of(FindVersion(served))
    if isinstance(fact, VersionReading) and after(fact.read_at, FRESH_S) > case.now:
        return None
    looks = {FindVersion(served)}
    if isinstance(fact, Unseen):
        return _unseen(case, fact, f"version {served} could not be read: {fact.why}", looks)
    return _reading(case, looks)


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
    ended = case.with_stable(version).having(
        **NOTHING_PENDING,
        target_creation_date=case.created_at(version),
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
        return None if is_fresh else _reading(case, {ReadAlarms()})
    if hold.reason is Reason.INITIALIZING:
        return _reading(case, {ReadAlarms()})
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
    begun = case.with_stable(stable or case.spec.version).having(
        **{**NOTHING_PENDING, **_entered(case, index), "shortcut": shortcut, "due_since": case.now},
        started_at=case.now,
        target_creation_date=case.created_at(case.spec.version),
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
    case: Case, reason: Reason, message: str, looks: Iterable[Look[Any]], wakes: Iterable[datetime] = ()
) -> Decision:
    return case.decide(Standing(Phase.PENDING, reason, message), looks=looks, wakes=wakes)


def _failed(case: Case, reason: Reason, message: str, looks: Iterable[Look[Any]]) -> Decision:
    """A person must mend it, maybe outside the resource: stalled, and looked at again with long backoff."""
    standing = Standing(Phase.FAILED, reason, message, is_stalled=True)
    return case.decide(standing, looks=looks, watches_alarms=False)


def _in_sync(case: Case) -> Fact | None:
    if case.reading is None:
        return None
    return Fact.true(Reason.IN_SYNC, f"the alias routes {case.reading.routing}")
