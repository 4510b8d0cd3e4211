"""Which version is asked for."""

from sfn_rollouts.core.case import Case
from sfn_rollouts.core.values.findings import PASS, Finding, Trip
from sfn_rollouts.core.values.reasons import Reason


def target_was_changed(case: Case) -> Finding:
    """An alias holds two versions: the way to a third leads over the stable one."""
    if not case.is_target_changed:
        return PASS
    if case.spec.version == case.status.stable_version:
        return Trip(Reason.TARGET_WITHDRAWN, f"version {case.stable} is asked for again")
    return Trip(Reason.SUPERSEDED, f"version {case.spec.version} is asked for instead of version {case.target}")
