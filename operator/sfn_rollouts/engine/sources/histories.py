"""What alarms did between two readings."""

from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.looks import ReadHistory
from sfn_rollouts.core.values.readings import AlarmTransition
from sfn_rollouts.engine.sources.source import Source, alarms
from sfn_rollouts.engine.traffic import LONGEST_PAUSE_S
from sfn_rollouts.ports import AlarmFeed, Urgency

TOGETHER_S = 30.0
"""How long the histories of a rollout's alarms may take together, besides a second for each."""


def histories_source(feed: AlarmFeed) -> Source:
    """Answers `ReadHistory`, in the alarms' lane: what it finds may be the reason for a rollback."""

    def read(alias: AliasArn, look: ReadHistory, _: Urgency) -> tuple[AlarmTransition, ...]:
        return tuple(feed.history(alias.machine.place, look.alarm, look.since))

    return Source(
        read,
        route=alarms,
        is_kept=False,
        together_s=lambda count: TOGETHER_S + count,
        longest_pause_s=LONGEST_PAUSE_S,  # it waits no longer than a restore does
    )
