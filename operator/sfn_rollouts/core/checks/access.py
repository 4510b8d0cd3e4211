"""Whether an AWSAccess lets the rollout move its alias: asked before it begins, and again before each write forward."""

from sfn_rollouts.core.case import Case
from sfn_rollouts.core.lacking_access import hold_without_access
from sfn_rollouts.core.values.findings import PASS, Finding


def access_is_lacking(case: Case) -> Finding:
    """In flight it holds each write forward, and the progress deadline counts; the way back stays open."""
    return hold_without_access(case) or PASS
