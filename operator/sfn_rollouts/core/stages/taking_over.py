"""A split that no status tells of, as after a cluster was rebuilt in mid-rollout: a person names the stable side.

Nothing is written here. From then on it is a rollout in flight: its alarms are judged, an abort is obeyed, another
version than the one asked for is superseded, all by the ways of any rollout.
"""

from dataclasses import replace

from sfn_rollouts.api.spec import Alarms, OnFiringAtStart
from sfn_rollouts.core.beginning import stable_side
from sfn_rollouts.core.case import NOTHING_PENDING, AliasState, Case, alias_status
from sfn_rollouts.core.stages.replanning import placed
from sfn_rollouts.core.standing import still
from sfn_rollouts.core.values.decision import Decision


def take_over(case: Case) -> Decision | None:
    """Go on from the split as it was found; None where the alias is whole, or where nobody named its stable side.

    A pause holds steps, and so it does after this; it also holds the write that takes a third version away.
    The only command that is unanswered here is an abort.
    """
    reading, stable = case.reading, stable_side(case)
    if reading is None or stable is None or case.alias_state is AliasState.STALE:
        return None
    routing, is_aborted = reading.routing, case.command is not None
    other = next(version for version, _ in routing.entries if version != stable)
    # What is aborted is the version asked for: with a third one as target that would begin after the way back.
    target = case.spec.version if is_aborted else other
    found = case.with_stable(stable).having(
        **{**NOTHING_PENDING, "pause_command": case.status.pause_command, "taken_over": True},
        started_at=case.now,
        target_version=target,
        target_creation_date=case.created_at(target),
        weight=routing.weight_of(target),
        plan_hash=case.plan.digest,
        alias=alias_status(reading),
    )
    return still(placed(_with_no_alarm_ignored(found)))


def _with_no_alarm_ignored(case: Case) -> Case:
    """What was read while the rollout stood by may have been ignored as firing before the first shift."""
    memories = tuple(memory.with_(ignored_until_ok=None) for memory in case.alarms.memories)
    return replace(case, alarms=replace(case.alarms, memories=memories))


def after_the_first_shift(policy: Alarms | None) -> Alarms | None:
    """Give the policy for a split that was found: who can tell whether an alarm fires because of it?"""
    return policy.model_copy(update={"on_firing_at_start": OnFiringAtStart.BLOCK}) if policy is not None else None
