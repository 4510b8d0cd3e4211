"""A split that no status tells of, as after a cluster was rebuilt in mid-rollout: a person names the stable side.

Nothing is written here. From then on it is a rollout in flight: its alarms are judged, an abort is obeyed, another
version than the one asked for is superseded, all by the ways of any rollout.
"""

from dataclasses import replace

from sfn_rollouts.core.alias_state import AliasState, alias_status
from sfn_rollouts.core.beginning import stable_side
from sfn_rollouts.core.case import NOTHING_PENDING, Case
from sfn_rollouts.core.judges.alarms import ALARMS
from sfn_rollouts.core.judges.judge import Judgement
from sfn_rollouts.core.replanning import placed
from sfn_rollouts.core.staying import stay
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
    found = case.with_stable(stable).with_status(
        **{**NOTHING_PENDING, "pause_command": case.status.pause_command, "taken_over": True},
        started_at=case.now,
        target_version=target,
        target_creation_date=case.created_at(target),
        weight=routing.weight_of(target),
        plan_hash=case.plan.digest,
        alias=alias_status(reading),
    )
    return stay(placed(_with_no_alarm_ignored(found)))


def _with_no_alarm_ignored(case: Case) -> Case:
    """What was read while the rollout stood by may have been ignored as firing before the first shift."""
    judgements = {
        judge: _with_none_ignored(judgement) if judge is ALARMS else judgement
        for judge, judgement in case.judgements.items()
    }
    return replace(case, judgements=judgements)


def _with_none_ignored(judgement: Judgement) -> Judgement:
    memories = tuple(memory.with_(ignored_until_ok=None) for memory in judgement.remembered["alarms"])
    return replace(judgement, remembered={"alarms": memories})
