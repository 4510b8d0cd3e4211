"""At rest: a rollout that has ended, until somebody wants something else. Never again by itself."""

from datetime import timedelta

from sfn_rollouts.api.spec import DriftPolicy
from sfn_rollouts.api.status import ExecutionCount, HistoryEntry, Intent, Outcome, Phase, Shortcut, Status
from sfn_rollouts.core import starting
from sfn_rollouts.core.case import Case, alias_status
from sfn_rollouts.core.commands import Action
from sfn_rollouts.core.conditions import READY, Fact, Standing, condition
from sfn_rollouts.core.decision import Decision, Look
from sfn_rollouts.core.observation import AliasMissing, AliasReading, RunningExecutions, Unseen
from sfn_rollouts.core.reasons import Reason
from sfn_rollouts.core.routing import Routing

DRIFT_CHECK_S = 600.0
"""How often the alias is looked at when nothing is in flight; DescribeStateMachineAlias refills one call a second."""


def decide_rest(case: Case) -> Decision:
    """Begin anew if something else is wanted, else count, compare and stay."""
    if _wants_more(case):
        return _anew(case, "another version or another try is asked for")
    case = _obey(case)
    if case.command is not None and case.command.action is Action.RETRY:
        return _anew(case.done(f"trying version {case.spec.version} again"), "a retry was commanded")
    case = _counted(case.having(retry_token=case.spec.retry_token))
    return _drifted(case) or _stay(case, _standing(case))


def _wants_more(case: Case) -> bool:
    """Another version, or another try of one that did not succeed. A new token means nothing after a success."""
    is_retried = case.status.retry_token != case.spec.retry_token and ended_phase(case.status) is not Phase.SUCCEEDED
    return case.is_target_changed or is_retried


def _anew(case: Case, why: str) -> Decision:
    fresh = case.with_status(starting.reset(case.status, case.spec.version, case.spec.retry_token))
    return fresh.decide(Standing(Phase.PENDING, Reason.INITIALIZING, why), wakes=[case.now], watches_alarms=False)


def _obey(case: Case) -> Case:
    if case.command is None:
        return case
    if case.command.action is not Action.RETRY:
        return case.refusing("nothing is in flight")
    if ended_phase(case.status) is Phase.SUCCEEDED:
        return case.refusing(f"nothing to retry: version {case.target} succeeded")
    return case


def _counted(case: Case) -> Case:
    """Say once how many executions stay on the version that lost its traffic."""
    seen = case.seen.running
    if case.status.running_executions is not None or seen is None:
        return case
    version = _left_version(case)
    if version is None:
        return case
    return case.having(running_executions=_count_words(version, seen))


def _count_words(version: int, seen: RunningExecutions | Unseen) -> ExecutionCount:
    if isinstance(seen, Unseen):
        return ExecutionCount(
            version=version, message=f"executions on version {version} were not counted: {seen.why}"[:1024]
        )
    number = f"at least {seen.running}" if seen.more else str(seen.running)
    message = f"{number} executions are still running on version {version}; AWS lets them finish there"
    return ExecutionCount(version=version, running=seen.running, message=message)


def _left_version(case: Case) -> int | None:
    """The version that lost its traffic: the former stable one after a success, the target after a rollback."""
    newest = _entry(case.status)
    if newest is None or newest.started_at is None:
        return None
    left = newest.stable_version if ended_phase(case.status) is Phase.SUCCEEDED else newest.version
    return left if left != case.status.stable_version else None


def _stay(case: Case, standing: Standing, alias: Fact | None = None) -> Decision:
    is_counted = case.status.running_executions is not None or _left_version(case) is None
    looks = [] if is_counted else [Look.EXECUTIONS]
    read_at = getattr(case.seen.alias, "read_at", None)
    due = read_at + timedelta(seconds=DRIFT_CHECK_S) if read_at is not None else case.now
    if due <= case.now:
        looks.append(Look.ALIAS)
        due = case.in_s(DRIFT_CHECK_S)
    return case.decide(standing, looks=looks, wakes=[due], alias=alias, watches_alarms=False)


def ended_phase(status: Status) -> Phase:
    """How it ended, from the history alone: what stands in the phase may be a later finding."""
    entry = _entry(status)
    if entry is None or entry.outcome in _SUCCESSES or entry.reason == Reason.TARGET_WITHDRAWN:
        return Phase.SUCCEEDED
    return Phase.FAILED if entry.reason == Reason.PROGRESS_DEADLINE_EXCEEDED else Phase.ROLLED_BACK


_SUCCESSES = (Outcome.PROMOTED, Outcome.FAST_PROMOTED, Outcome.FAST_ROLLED_BACK)


def _entry(status: Status) -> HistoryEntry | None:
    """The line of history that the present end wrote; None for one that changed nothing."""
    newest = status.history[0] if status.history else None
    return newest if newest is not None and newest.finished_at == status.finished_at else None


def _standing(case: Case) -> Standing:
    """As it ended; what was found later and has passed (a drift, a rival) leaves no trace."""
    entry, phase, ready = _entry(case.status), ended_phase(case.status), condition(case.status, READY)
    ends = {Reason.ROLLOUT_COMPLETE, Reason.UP_TO_DATE, Reason.ALIAS_ADOPTED} if phase is Phase.SUCCEEDED else set()
    ends |= {Reason(entry.reason)} if entry is not None and entry.reason in set(Reason) else set()
    is_stalled = phase is not Phase.SUCCEEDED
    if ready is not None and ready.reason in ends:
        return Standing(phase, Reason(ready.reason), ready.message, is_stalled=is_stalled)
    if is_stalled and entry is not None and entry.reason in ends:
        return Standing(phase, Reason(entry.reason), f"version {case.target} was rolled back", is_stalled=True)
    return Standing(Phase.SUCCEEDED, Reason.UP_TO_DATE, f"alias {case.spec.alias} serves version {case.target}")


def _expected(case: Case) -> int | None:
    return case.target if ended_phase(case.status) is Phase.SUCCEEDED else case.status.stable_version


def _drifted(case: Case) -> Decision | None:
    """Compare a look at the alias with how the rollout left it."""
    expected = _expected(case)
    fact = case.seen.alias
    if expected is None or not isinstance(fact, AliasReading | AliasMissing) or _is_adopted(case, fact):
        return None
    if isinstance(fact, AliasReading) and case.seen.written_at is not None and fact.update_date < case.seen.written_at:
        return None
    if isinstance(fact, AliasReading) and fact.routing == Routing.whole(expected):
        return _stay(case, _standing(case), Fact.true(Reason.IN_SYNC, f"the alias routes {fact.routing}"))
    return _by_policy(case, fact, expected)


def _is_adopted(case: Case, fact: AliasReading | AliasMissing) -> bool:
    ready = condition(case.status, READY)
    was_adopted = ready is not None and ready.reason == Reason.ALIAS_ADOPTED
    return was_adopted and isinstance(fact, AliasReading) and fact.routing == case.known_routing


def _by_policy(case: Case, fact: AliasReading | AliasMissing, expected: int) -> Decision:
    live = "was deleted" if isinstance(fact, AliasMissing) else f"routes {fact.routing}"
    message = f"alias {case.spec.alias} {live}, but this rollout left all traffic on version {expected}"
    alias = Fact.false(Reason.ALIAS_DRIFTED, message)
    if ended_phase(case.status) is not Phase.SUCCEEDED:
        return _stay(case, _standing(case), alias)
    if case.spec.drift_policy is DriftPolicy.REASSERT:
        return _reasserted(case, fact, message)
    if case.spec.drift_policy is DriftPolicy.ADOPT and isinstance(fact, AliasReading) and fact.routing.sole:
        return _adopted(case, fact, fact.routing.sole)
    cure = "route it back, change spec.version, or set spec.driftPolicy to Reassert or Adopt"
    return _stay(case, Standing(Phase.SUCCEEDED, Reason.ALIAS_DRIFTED, f"{message}: {cure}", is_stalled=True), alias)


def _reasserted(case: Case, fact: AliasReading | AliasMissing, message: str) -> Decision:
    """One write back to the version that this rollout vouches for, with its intent in the status first."""
    if case.spec.paused:
        return _stay(case, Standing(Phase.SUCCEEDED, Reason.ALIAS_DRIFTED, f"{message}; paused", is_stalled=True))
    if isinstance(fact, AliasMissing):
        return _anew(case, message)
    index = case.plan.last_index
    begun = case.having(
        started_at=case.now,
        finished_at=None,
        shortcut=Shortcut.REASSERT,
        intent=Intent(weight=100, step_index=index, at=case.now),
        plan_hash=case.plan.digest,
        alias=alias_status(fact),
        running_executions=case.status.running_executions,
    )
    return begun.decide(
        Standing(Phase.PROGRESSING, Reason.ALIAS_DRIFTED, f"{message}: putting it back"), wakes=[case.now]
    )


def _adopted(case: Case, reading: AliasReading, version: int) -> Decision:
    message = f"somebody else routed alias {case.spec.alias} to version {version}; driftPolicy Adopt takes it as it is"
    taken = case.having(
        stable_version=version, alias=alias_status(reading), weight=reading.routing.weight_of(case.target)
    )
    standing = Standing(Phase.SUCCEEDED, Reason.ALIAS_ADOPTED, message)
    return _stay(taken, standing, Fact.true(Reason.ALIAS_ADOPTED, message))
