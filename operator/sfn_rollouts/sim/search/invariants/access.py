"""(22) Nothing is moved that no AWSAccess grants."""

from sfn_rollouts.core.values.access import AccessReading, Granted, Ungoverned
from sfn_rollouts.core.values.decision import WriteKind
from sfn_rollouts.sim.history import Decided, History, WriteSent


def what_is_known_of_accesses_was_true(history: History, decided: Decided) -> str | None:
    """(22) What a decision knows of the AWSAccesses is what they said at some time, or nothing yet.

    A change that no watch brings is found by the next list: until then older ones may stand beside newer ones.
    """
    known, changes = decided.seen.access, history.accesses
    if known is None or not changes or any(known == each.says or each.is_missed for each in changes):
        return None
    return f"{known} was never true"


def nothing_goes_forward_without_a_grant(_: History, decided: Decided) -> str | None:
    """(22) No forward write, and no beginning, by a decision that knows of no grant."""
    before, after, write = decided.rollout.status, decided.decision.status, decided.decision.write
    began_under = before.access if before.is_in_flight else None
    if _is_grant(decided.seen.access, was_governed=began_under is not None):
        return None
    if write is not None and write.kind is not WriteKind.RESTORE:
        return f"{write.routing} is asked for, and {decided.seen.access} grants nothing"
    has_begun = after.started_at is not None and after.finished_at is None and not before.is_in_flight
    return f"a rollout begins, and {decided.seen.access} grants nothing" if has_begun else None


def each_write_is_signed_by_a_grant_of_its_flight(history: History, sent: WriteSent) -> str | None:
    """(22) Whoever signs a write was granted since the rollout began: no revocation makes it somebody else."""
    if sent.role is None or sent.decided is None:
        return None
    started_at = sent.decided.decision.status.started_at
    flight = [each for each in history.decided if started_at in (each.decision.status.started_at, None)]
    roles = {_role(each.seen.access) for each in flight if each.seen.access is not None}
    if sent.role in roles:
        return None
    return (
        f"{sent.routing} was signed by {sent.role or 'the operator itself'}, and granted were {sorted(map(str, roles))}"
    )


def _is_grant(access: AccessReading | None, *, was_governed: bool) -> bool:
    return isinstance(access, Granted) or (isinstance(access, Ungoverned) and not was_governed)


def _role(access: AccessReading | None) -> str | None:
    if isinstance(access, Granted):
        return access.use.role_arn
    return "" if isinstance(access, Ungoverned) else None
