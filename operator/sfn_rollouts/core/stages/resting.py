"""At rest: a rollout that has ended, until somebody wants something else. Never again by itself."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sfn_rollouts.api.spec import DriftPolicy
from sfn_rollouts.api.status import ExecutionCount, HistoryEntry, Intent, Phase, Shortcut, Status
from sfn_rollouts.core.alias_state import AliasState, alias_status
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.closing import close
from sfn_rollouts.core.memory import last_verdict, was_adopted
from sfn_rollouts.core.rechecking import DRIFT_CHECK_AT_REST_S, look_again
from sfn_rollouts.core.stages.recreated import Life, begin_in_another_life, life_looks, life_of_target
from sfn_rollouts.core.staying import summary_in_flight
from sfn_rollouts.core.values.commands import Action, by_words
from sfn_rollouts.core.values.conditions import ConditionValue, Summary
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.core.values.findings import Hold
from sfn_rollouts.core.values.looks import CountRunning, Look
from sfn_rollouts.core.values.readings import AliasMissing, AliasReading, RunningExecutions, Unseen
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.printable import one_line


def decide_rest(case: Case) -> Decision:
    """Begin again if something else is wanted, else count, compare and stay."""
    if _wants_more(case):
        return _begin_again(case, "another version or another try is asked for")
    case = _obey(case)
    if case.command is not None and case.command.action is Action.RETRY:
        return _begin_again(case.done(f"trying version {case.spec.version} again"), "a retry was commanded")
    case = _counted(case.with_status(retry_token=case.spec.retry_token))
    # A verdict on the alias stands until a look says otherwise: after a restart nobody has looked yet.
    return _by_alias(case) or _stay(case, _summary(case, Reason.ALIAS_DRIFTED, Reason.ALIAS_ADOPTED))


def _wants_more(case: Case) -> bool:
    """Another version, or another try of one that did not succeed. A new token means nothing after a success."""
    is_retried = case.is_retry_asked and ended_phase(case.status) is not Phase.SUCCEEDED
    return case.is_target_changed or is_retried


def _begin_again(case: Case, why: str) -> Decision:
    summary = Summary(Phase.PENDING, Reason.INITIALIZING, why)
    return close(case.reset(), summary, is_judged=False)


def _obey(case: Case) -> Case:
    if case.command is None:
        return case
    if case.command.action is not Action.RETRY:
        return case.refusing("nothing is in flight")
    if ended_phase(case.status) is Phase.SUCCEEDED:
        return case.refusing(f"nothing to retry: version {case.target} succeeded")
    return case


def _counted(case: Case) -> Case:
    """Report once how many executions stay on the version that lost its traffic."""
    version = left_version(case.status) if case.status.running_executions is None else None
    seen = case.seen.of(CountRunning(version)) if version is not None else None
    if version is None or seen is None:
        return case
    return case.with_status(running_executions=_count_words(version, seen))


def _count_words(version: int, seen: RunningExecutions | Unseen) -> ExecutionCount:
    if isinstance(seen, Unseen):
        message = f"executions on version {version} were not counted: {seen.why}"
        return ExecutionCount(version=version, message=one_line(message, longest=1024))
    number = f"at least {seen.running}" if seen.more else str(seen.running)
    message = f"{number} executions are still running on version {version}; AWS lets them finish there"
    return ExecutionCount(version=version, running=seen.running, message=message)


def left_version(status: Status) -> int | None:
    """Return the version that lost its traffic: the former stable one after a success, else the target."""
    newest = _entry(status)
    if newest is None or newest.started_at is None:
        return None
    left = newest.stable_version if newest.outcome.is_success else newest.version
    return left if left != status.stable_version else None


def _stay(
    case: Case, summary: Summary, alias: ConditionValue | None = None, looks: Iterable[Look[Any]] = ()
) -> Decision:
    left = left_version(case.status) if case.status.running_executions is None else None
    drift_looks, wake = look_again(case, DRIFT_CHECK_AT_REST_S)
    counts = [] if left is None else [CountRunning(left)]
    return close(case, summary, looks=[*looks, *drift_looks, *counts], wakes=[wake], alias=alias, is_judged=False)


# -- how it ended --


def ended_phase(status: Status) -> Phase:
    """How it ended, from the history alone: what stands in the phase may be a later finding."""
    entry = _entry(status)
    if entry is None or entry.outcome.is_success or entry.reason == Reason.TARGET_WITHDRAWN:
        return Phase.SUCCEEDED
    has_failed = entry.reason in (Reason.PROGRESS_DEADLINE_EXCEEDED, Reason.NOT_FOUND)
    return Phase.FAILED if has_failed else Phase.ROLLED_BACK


def _entry(status: Status) -> HistoryEntry | None:
    """The line of history that the present end wrote; None for one that changed nothing.

    The time alone does not tell: within one tick a rollout may end and the next be found up to date.
    """
    newest = status.history[0] if status.history else None
    if newest is not None and newest.reason == Reason.STATE_MACHINE_RECREATED:
        return None  # that end was the beginning of what has ended now
    if newest is None or newest.reason == Reason.TARGET_WITHDRAWN:
        return newest if newest is not None and newest.finished_at == status.finished_at else None
    is_of_target = newest.version == status.target_version
    is_of_this_end = newest.outcome.is_success or newest.finished_at == status.finished_at
    return newest if is_of_target and is_of_this_end else None


def _summary(case: Case, *kept: Reason) -> Summary:
    """As it ended, with the words said then; a present verdict of one of the kept reasons stands as it is."""
    said, last = _end(case), last_verdict(case.status)
    kept = (said.reason, Reason.ROLLOUT_COMPLETE, Reason.UP_TO_DATE, *kept)
    if last is None or last.phase is not said.phase or last.reason not in kept:
        return said
    is_stalled = said.is_stalled or last.reason == Reason.ALIAS_DRIFTED
    return replace(said, reason=Reason(last.reason), message=last.message, is_stalled=is_stalled)


def _end(case: Case) -> Summary:
    entry, phase = _entry(case.status), ended_phase(case.status)
    if phase is Phase.SUCCEEDED:
        is_complete = entry is not None and entry.outcome.is_success
        reason = Reason.ROLLOUT_COMPLETE if is_complete else Reason.UP_TO_DATE
        return Summary(phase, reason, f"version {case.target} has all traffic")
    reason = Reason(entry.reason) if entry is not None and entry.reason in set(Reason) else Reason.ABORTED
    words = f"{reason}{by_words(entry.by if entry is not None else None)}"
    message = f"{_went_back(case, words)}; change spec.version or spec.retryToken, or send retry"
    return Summary(phase, reason, message, is_stalled=True)


def _went_back(case: Case, words: str) -> str:
    return f"version {case.target} was rolled back ({words})"


def with_its_end(case: Case, hold: Hold) -> Hold:
    """Return a hold that keeps a rollout from being looked at, and also says that it was rolled back, where it was.

    It may have ended in the same tick, so that nothing else would announce the end.
    """
    entry = _entry(case.status) if case.status.finished_at is not None else None
    if entry is None or ended_phase(case.status) is Phase.SUCCEEDED or _wants_more(case):
        return hold
    return replace(hold, message=f"{_went_back(case, f'{entry.reason}{by_words(entry.by)}')}; {hold.message}")


# -- drift --


def _by_alias(case: Case) -> Decision | None:
    """Compare a look at the alias with how the rollout left it; None without a look."""
    is_success = ended_phase(case.status) is Phase.SUCCEEDED
    expected = case.target if is_success else case.status.stable_version
    fact = case.seen.alias
    if expected is None or not isinstance(fact, AliasReading | AliasMissing) or case.alias_state is AliasState.STALE:
        return None
    if isinstance(fact, AliasMissing) and _end(case).reason is Reason.NOT_FOUND:
        return None  # it ended because of that, and has said so
    life = life_of_target(case)
    if life is Life.ANOTHER:
        return begin_in_another_life(case)
    if life is Life.UNREAD:
        return _stay(case, _summary(case, Reason.ALIAS_DRIFTED, Reason.ALIAS_ADOPTED), looks=life_looks(case, life))
    if isinstance(fact, AliasReading) and fact.routing == Routing.whole(expected):
        in_sync = ConditionValue.true(Reason.IN_SYNC, f"the alias routes {fact.routing}")
        settled = _on_target(case) if is_success else case.with_status(stable_version=expected)
        known = settled if life is Life.UNREADABLE else settled.with_status(alias=alias_status(fact))
        return _stay(known, _summary(case), in_sync, life_looks(case, life))
    if isinstance(fact, AliasReading) and _is_adopted(case, fact):
        return _adopted(case, fact)
    return _by_policy(case, fact, expected, life)


def _on_target(case: Case) -> Case:
    return case.with_status(stable_version=case.target, stable_creation_date=case.status.target_creation_date)


def _is_adopted(case: Case, fact: AliasReading) -> bool:
    """Taken before, and not changed since, whatever the policy says by now."""
    return was_adopted(case.status) and fact.routing == case.known_routing


def _by_policy(case: Case, fact: AliasReading | AliasMissing, expected: int, life: Life) -> Decision:
    live = "was deleted" if isinstance(fact, AliasMissing) else f"routes {fact.routing}"
    message = f"alias {case.spec.alias} {live}, but this rollout left all traffic on version {expected}"
    if ended_phase(case.status) is not Phase.SUCCEEDED:
        return _stay(case, _summary(case), ConditionValue.false(Reason.ALIAS_DRIFTED, message), life_looks(case, life))
    if case.spec.drift_policy is DriftPolicy.REASSERT and not case.spec.paused:
        # Where nobody knows that it is the version which had all traffic, it goes there by steps.
        return _reasserted(case, fact, message) if life is Life.SAME else _begin_again(case, message)
    if case.spec.drift_policy is DriftPolicy.ADOPT and isinstance(fact, AliasReading) and fact.routing.sole:
        return _adopted(case, fact)
    remedy = "route it back, change spec.version, or set spec.driftPolicy to Reassert or Adopt"
    if case.spec.drift_policy is DriftPolicy.REASSERT:
        remedy = "spec.paused holds the write that puts it back"
    message = f"{message}: {remedy}"
    summary = Summary(Phase.SUCCEEDED, Reason.ALIAS_DRIFTED, message, is_stalled=True)
    return _stay(case, summary, ConditionValue.false(Reason.ALIAS_DRIFTED, message), life_looks(case, life))


def _reasserted(case: Case, fact: AliasReading | AliasMissing, message: str) -> Decision:
    """One write back to the version that this rollout vouches for, with its intent in the status first."""
    if isinstance(fact, AliasMissing):
        return _begin_again(case, message)
    begun = case.with_status(
        started_at=case.now,
        finished_at=None,
        shortcut=Shortcut.REASSERT,
        intent=Intent(weight=100, step_index=case.plan.last_index, at=case.now),
        plan_hash=case.plan.digest,
        alias=alias_status(fact),
    )
    alias = ConditionValue.false(Reason.ALIAS_DRIFTED, message)
    return close(begun, summary_in_flight(begun), alias=alias)


def _adopted(case: Case, reading: AliasReading) -> Decision:
    version = reading.routing.sole
    message = f"somebody else routed alias {case.spec.alias} to version {version}; driftPolicy Adopt takes it as it is"
    taken = case.with_stable(version).with_status(alias=alias_status(reading), weight=0)
    summary = Summary(Phase.SUCCEEDED, Reason.ALIAS_ADOPTED, message)
    return _stay(taken, summary, ConditionValue.true(Reason.ALIAS_ADOPTED, message))
