"""One traffic write: read, compare, write, read back.

UpdateStateMachineAlias has no compare-and-set: reading just before and just after is all the protection there is.
"""

from dataclasses import dataclass
from datetime import datetime

from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.decision import Write, WriteKind
from sfn_rollouts.core.values.readings import AliasReading
from sfn_rollouts.engine.permit import Permit
from sfn_rollouts.errors import Transient
from sfn_rollouts.ports import AliasRouter, Urgency


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a write. `reading` is the alias as seen last, None if it was not seen, or is not there.

    `written_at`: AWS's updateDate where AWS acknowledged a write; None where nothing was written.
    """

    reading: AliasReading | None
    written_at: datetime | None = None
    is_missing: bool = False


def apply_write(
    router: AliasRouter, alias: AliasArn, write: Write, known_at: datetime | None, permit: Permit
) -> Applied:
    """Carry out one write.

    `known_at` is AWS's date of the last change that is known of, a restore's own one apart: an answer from before it is
    stale and proves nothing.

    Raises:
        PortError: a call failed. After a failed mutation it is not known whether it took effect.
    """
    if permit.is_withdrawn:
        return Applied(None)
    urgency = Urgency.ROLLBACK if write.is_urgent else Urgency.FORWARD
    found = router.read(alias, urgency)
    if found is None and write.kind is not WriteKind.CREATE:
        return Applied(None, is_missing=True)
    if _is_done(write, found, known_at) or not _may_write(write, found, known_at):
        return Applied(found)
    if not permit.begin():
        return Applied(found)
    if write.kind is WriteKind.CREATE:
        written_at = router.create(alias, write.routing)
    else:
        written_at = router.shift(alias, write.routing, urgency)
    return Applied(_read_back(router, alias, urgency), written_at)


def _is_done(write: Write, found: AliasReading | None, known_at: datetime | None) -> bool:
    """The answer of an earlier try was lost. A restore wants proof: a change after the last one that is known, because
    a forward write that is not visible yet leaves the alias looking restored.
    """
    if found is None or found.routing != write.routing:
        return False
    if known_at is None or found.update_date > known_at:
        return True
    return not write.is_urgent and found.update_date == known_at


def _may_write(write: Write, found: AliasReading | None, known_at: datetime | None) -> bool:
    """Whether it goes over nobody else's change. A restore does not wait for AWS to show our own last write."""
    is_stale = found is not None and known_at is not None and found.update_date < known_at
    if write.is_urgent and found is not None:
        return is_stale or found.routing.sole is None or found.routing in write.ours
    return not is_stale and (found.routing if found is not None else None) == write.expected


def _read_back(router: AliasRouter, alias: AliasArn, urgency: Urgency) -> AliasReading | None:
    """AWS acknowledged the write; what cannot be read back now is looked at again."""
    try:
        return router.read(alias, urgency)
    except Transient:
        return None
