"""What the executions have to show before traffic moves on."""

from sfn_rollouts.api.analysis import Verdict
from sfn_rollouts.api.status import Shortcut
from sfn_rollouts.core.beginning import Beginning, beginning_of
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.judges.analysis import ANALYSIS, forecast_look, was_passed
from sfn_rollouts.core.schedule import is_shortcut
from sfn_rollouts.core.values.findings import PASS, Finding, Hold
from sfn_rollouts.core.values.reasons import Reason


def forecast_is_awaited(case: Case) -> Finding:
    """What the plan can notice is reported before traffic moves; what cannot be seen holds nothing."""
    analysis = case.spec.analysis
    if analysis is None or case.has_started or beginning_of(case) is not Beginning.STEPS:
        return PASS
    look = forecast_look(case.spec, analysis)
    if case.seen.of(look) is not None:
        return PASS
    words = "what the plan can notice is being worked out"
    return Hold(Reason.INITIALIZING, words, looks=frozenset({look}))


def not_worse_is_required(case: Case) -> Finding:
    """With requireNotWorse the step to all traffic waits for that verdict, or for a person who has looked."""
    analysis, judgement = case.spec.analysis, case.judgements.get(ANALYSIS)
    if analysis is None or judgement is None or not analysis.require_not_worse or not _is_last_increase(case):
        return PASS
    reported = judgement.remembered["analysis"]
    is_passed = reported.verdict is Verdict.NOT_WORSE or was_passed(case.status, reported.since)
    if is_passed or is_shortcut(case.status, Shortcut.PROMOTE_FULL):
        return PASS
    message = f"requireNotWorse: {reported.message}"
    return Hold(Reason.ANALYSIS_NOT_ENOUGH, message, ends_by_promote=True)


def _is_last_increase(case: Case) -> bool:
    following = case.plan.next_index(case.status.step_index, case.status.shortcut)
    return case.weight < 100 and following <= case.plan.last_index and case.plan.weight_at(following) == 100
