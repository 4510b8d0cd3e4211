"""What the alias was found with when the rollout was to begin."""

from sfn_rollouts.core.beginning import second_way_out, stable_side
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.rechecking import look_again, stalled_recheck_s
from sfn_rollouts.core.values.findings import PASS, Finding, Hold
from sfn_rollouts.core.values.reasons import Reason


def alias_is_split_by_somebody_else(case: Case) -> Finding:
    """Nobody has said which side is stable, so there is none to go back to."""
    routing = case.reading.routing if case.reading is not None else None
    if routing is None or routing.sole is not None or stable_side(case) is not None:
        return PASS
    message = (
        f"alias {case.spec.alias} is already split ({routing}) and this rollout did not do it: route it to one "
        "version (aws stepfunctions update-state-machine-alias), then the rollout starts by itself"
        f"{second_way_out(case, routing)}"
    )
    looks, wake = look_again(case, stalled_recheck_s(case))
    return Hold(Reason.ALIAS_SPLIT, message, needs_person=True, looks=looks, until=wake)
