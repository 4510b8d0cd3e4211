"""What holds a rollout that no AWSAccess lets move its alias, in words for people."""

from sfn_rollouts.api.access_use import AccessUse
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.values.access import Ambiguous, Granted, NotGranted, Ungoverned
from sfn_rollouts.core.values.findings import Hold
from sfn_rollouts.core.values.reasons import Reason


def hold_without_access(case: Case) -> Hold | None:
    """Return the hold where not exactly one AWSAccess matches; None: it may go on.

    What was not read yet is no grant.
    """
    access, began_under = case.seen.access, case.status.access if case.has_started else None
    if access is None:
        return Hold(Reason.INITIALIZING, "the AWSAccesses are being read")
    if isinstance(access, Granted) or (isinstance(access, Ungoverned) and began_under is None):
        return None
    if isinstance(access, Ambiguous):
        message = (
            f"several AWSAccesses match ({', '.join(access.names)}), and exactly one must: whoever writes them has to "
            "narrow the namespaces, stateMachines or aliases of all but one"
        )
        return Hold(Reason.ACCESS_AMBIGUOUS, message, needs_person=True)
    is_any = isinstance(access, NotGranted) and access.is_any
    return Hold(Reason.ACCESS_NOT_GRANTED, _words(case, began_under, is_any=is_any), needs_person=True)


def _words(case: Case, began_under: AccessUse | None, *, is_any: bool) -> str:
    """Without the names of other accesses: they may be another team's."""
    what = f"alias {case.spec.alias} of {case.spec.state_machine_arn}"
    if began_under is not None:
        return (
            f"AWSAccess {began_under.name}, under which this rollout goes on, does not let its namespace move {what} "
            "any more: no further step; it can still go back. Whoever writes AWSAccesses may grant it again"
        )
    if is_any:
        return (
            f"no AWSAccess lets this namespace move {what}: whoever writes AWSAccesses has to name both in one "
            "(kubectl sfnrollout access shows it)"
        )
    return (
        f"there is no AWSAccess, and the operator requires one (--require-access) to move {what}: whoever writes "
        "AWSAccesses has to create one (kubectl sfnrollout access shows it)"
    )
