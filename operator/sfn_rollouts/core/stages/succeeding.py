"""The end that was wanted: all traffic on the target, and the bake over."""

from sfn_rollouts.api.status import Outcome, Phase, Shortcut
from sfn_rollouts.core.case import NOTHING_PENDING, Case
from sfn_rollouts.core.closing import close, finish
from sfn_rollouts.core.staying import alias_value
from sfn_rollouts.core.values.conditions import Summary
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.core.values.reasons import Reason

_OUTCOMES: dict[Shortcut | None, Outcome] = {
    Shortcut.ROLLBACK_WINDOW: Outcome.FAST_ROLLED_BACK,
    Shortcut.PROMOTE_FULL: Outcome.FAST_PROMOTED,
}
_WORDS: dict[Shortcut | None, str] = {
    Shortcut.ROLLBACK_WINDOW: "all traffic is back on version {version}, stable a moment ago",
    Shortcut.NEW_ALIAS: "alias {alias} was created with all traffic on version {version}",
    Shortcut.REASSERT: "alias {alias} was put back on version {version} after somebody else changed it",
}


def succeed(case: Case) -> Decision:
    """End it. An alias put back at rest is no rollout of its own: the history stays as it is."""
    shortcut, version = case.status.shortcut, case.target
    words = _WORDS.get(shortcut, "version {version} has all traffic")
    if shortcut is Shortcut.REASSERT:
        ended = case.with_status(**NOTHING_PENDING, finished_at=case.now)
    else:
        ended = finish(case, _OUTCOMES.get(shortcut, Outcome.PROMOTED), Reason.ROLLOUT_COMPLETE)
    ended = ended.with_status(stable_version=version, stable_creation_date=case.status.target_creation_date)
    message = words.format(version=version, alias=case.spec.alias)
    summary = Summary(Phase.SUCCEEDED, Reason.ROLLOUT_COMPLETE, message)
    return close(ended, summary, alias=alias_value(case), is_judged=False)
