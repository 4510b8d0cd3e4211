"""A split that no status tells of, as after a cluster was rebuilt in mid-rollout: a person names the stable side.

Nothing is written here. From then on it is a rollout in flight: its alarms are judged, an abort is obeyed, another
version than the one asked for is superseded, all by the ways of any rollout.
"""

from dataclasses import replace

from sfn_rollouts.api.spec import Alarms, OnFiringAtStart
from sfn_rollouts.core.case import NOTHING_PENDING, AliasState, Case, alias_status
from sfn_rollouts.core.stages.replanning import placed
from sfn_rollouts.core.standing import still
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.core.values.routing import Routing


def take_over(case: Case) -> Decision | None:
    """Go on from the split as it was found; None where the alias is whole, or where nobody named its stable side.

    A pause holds steps, and so it does after this; it also holds the write that takes a third version away.
    The only command that is unanswered here is an abort.
    """
    routing = case.reading.routing if case.reading is not None else None
    if routing is None or routing.sole is not None or case.alias_state is AliasState.STALE:
        return None
    stable = case.spec.stable_version
    if stable is None or not _is_named(case, stable) or not routing.weight_of(stable):
        return None
    other = next(version for version, _ in routing.entries if version != stable)
    is_aborted = case.command is not None
    if other != case.spec.version and case.is_paused and not is_aborted:
        return None
    # What is aborted is the version asked for: with a third one as target that would begin after the way back.
    target = case.spec.version if is_aborted else other
    found = case.with_stable(stable).having(
        **{**NOTHING_PENDING, "pause_command": case.status.pause_command, "taken_over": True},
        started_at=case.now,
        target_version=target,
        target_creation_date=case.created_at(target),
        weight=routing.weight_of(target),
        plan_hash=case.plan.digest,
        alias=alias_status(case.reading),
    )
    return still(placed(_with_no_alarm_ignored(found)))


def _with_no_alarm_ignored(case: Case) -> Case:
    """What was read while the rollout stood by may have been ignored as firing before the first shift."""
    memories = tuple(memory.with_(ignored_until_ok=None) for memory in case.alarms.memories)
    return replace(case, alarms=replace(case.alarms, memories=memories))


def after_the_first_shift(policy: Alarms | None) -> Alarms | None:
    """Give the policy for a split that was found: who can tell whether an alarm fires because of it?"""
    return policy.model_copy(update={"on_firing_at_start": OnFiringAtStart.BLOCK}) if policy is not None else None


def _is_named(case: Case, stable: int) -> bool:
    """A name may stay in a manifest for years: it counts only where the status knows no other stable version.

    Nor does it where it is the version asked for: then nobody has said what the other side is.
    """
    return stable != case.spec.version and case.status.stable_version in (None, stable)


def second_way_out(case: Case, routing: Routing) -> str:
    """Say what spec.stableVersion could do, or what holds it; empty where it is of no use."""
    known = case.status.stable_version
    sides = [version for version, _ in routing.entries if version != case.spec.version and known in (None, version)]
    if not sides:
        return ""
    named = case.spec.stable_version
    if named in sides:
        return f"; a pause holds the write that puts it back on version {named}, as spec.stableVersion says"
    words = " or ".join(str(version) for version in sides)
    return f"; or set spec.stableVersion to the side that is stable ({words}), then it is taken over"
