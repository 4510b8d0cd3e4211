"""Whether the wanted version can be routed to, and which one is left for it."""

from sfn_rollouts.core.case import Case
from sfn_rollouts.core.rechecking import FRESH_S
from sfn_rollouts.core.values.findings import PASS, Finding, Hold, hold_of_unseen
from sfn_rollouts.core.values.looks import FindVersion
from sfn_rollouts.core.values.moments import after
from sfn_rollouts.core.values.readings import Unseen, VersionFound, VersionReading
from sfn_rollouts.core.values.reasons import Reason

_REMEDIES = {
    VersionFound.NO_VERSION: "version {version} of {arn} does not exist: publish it "
    "(aws stepfunctions publish-state-machine-version) or correct spec.version",
    VersionFound.NO_MACHINE: "state machine {arn} does not exist: create it, or delete this resource and create one "
    "with the right stateMachineArn",
    VersionFound.DELETING: "state machine {arn} is being deleted: create it again, or delete this resource",
}


def version_is_missing(case: Case) -> Finding:
    """The wanted one, with what a person can do about it, maybe outside the resource: so it is looked for again."""
    look = FindVersion(case.spec.version)
    wanted = case.seen.of(look)
    remedy = _REMEDIES.get(wanted.found) if isinstance(wanted, VersionReading) else None
    if remedy is None:
        return PASS
    words = remedy.format(version=case.spec.version, arn=case.spec.state_machine_arn)
    return Hold(Reason.NOT_FOUND, words, needs_person=True, looks=frozenset({look}))


def served_version_is_undated(case: Case) -> Finding:
    """What will be remembered as stable is a number and a date; going back to it in one write wants both."""
    served = case.reading.routing.sole if case.reading is not None else None
    if served is None:
        return PASS
    look = FindVersion(served)
    answer = case.seen.of(look)
    if isinstance(answer, Unseen):
        return hold_of_unseen(answer, f"version {served} could not be read: {answer.why}", frozenset({look}))
    is_fresh = answer is not None and after(answer.read_at, FRESH_S) > case.now
    words = f"version {served}, which the alias serves, is being read"
    return PASS if is_fresh else Hold(Reason.INITIALIZING, words, looks=frozenset({look}))
