"""One traffic write: read, compare, write, read back.

UpdateStateMachineAlias has no compare-and-set: reading just before and just after is all the protection there is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sfn_rollouts.core.arn import AliasArn
from sfn_rollouts.core.decision import Write, WriteKind
from sfn_rollouts.core.observation import AliasReading
from sfn_rollouts.errors import Gone, Transient
from sfn_rollouts.ports import AliasRouter, Urgency


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a write. `reading` is the alias as seen last, None if there is none.

    `written_at`: AWS's updateDate where AWS acknowledged a write. `was_withheld`: the permit had lapsed.
    """

    reading: AliasReading | None
    written_at: datetime | None = None
    was_withheld: bool = False


def apply_write(
    router: AliasRouter,
    alias: AliasArn,
    write: Write,
    known_at: datetime | None,
    is_permitted: Callable[[], bool],
) -> Applied:
    """Carry out one write.

    `known_at` is AWS's date of the last change that is known of: an answer from before it is stale and proves nothing.
    `is_permitted` is asked immediately before the mutation.

    Raises:
        PortError: a call failed. After a failed mutation it is not known whether it took effect.
    """
    urgency = Urgency.ROLLBACK if write.is_urgent else Urgency.FORWARD
    found = router.read(alias, urgency)
    if found is not None and _is_done(write, found, known_at):
        return Applied(found)
    if not _may_write(write, found, alias):
        return Applied(found)
    if not is_permitted():
        return Applied(found, was_withheld=True)
    if write.kind is WriteKind.CREATE:
        written_at = router.create(alias, write.routing)
    else:
        written_at = router.shift(alias, write.routing, urgency)
    return Applied(_read_back(router, alias, urgency, found), written_at)


def _is_done(write: Write, found: AliasReading, known_at: datetime | None) -> bool:
    """The answer of an earlier try was lost. A rollback wants proof: a change after the last one that is known."""
    if found.routing != write.routing:
        return False
    if known_at is None or found.update_date > known_at:
        return True
    return write.kind is not WriteKind.RESTORE and found.update_date == known_at


def _may_write(write: Write, found: AliasReading | None, alias: AliasArn) -> bool:
    if found is None and write.kind is not WriteKind.CREATE:
        raise Gone(f"alias {alias.name} does not exist any more")
    if write.kind is WriteKind.RESTORE and found is not None:
        return found.routing.sole is None or found.routing in write.ours
    return (found.routing if found is not None else None) == write.expected


def _read_back(
    router: AliasRouter, alias: AliasArn, urgency: Urgency, before: AliasReading | None
) -> AliasReading | None:
    """AWS acknowledged the write; if reading it back fails, the reading from before stands and is known to be stale."""
    try:
        return router.read(alias, urgency)
    except Transient:
        return before
