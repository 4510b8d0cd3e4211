"""A version is its number and its creationDate: a state machine that is created again counts from 1 again.

Its alias is created again with it. So an alias whose updateDate is the one remembered is that of the same machine, and
only one that somebody has changed is worth a look at the version.
"""

from enum import StrEnum
from typing import Any

from sfn_rollouts.api.status import Outcome, Phase
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.closing import close, finish
from sfn_rollouts.core.values.conditions import Summary
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.core.values.looks import FindVersion, Look
from sfn_rollouts.core.values.readings import Unseen
from sfn_rollouts.core.values.reasons import Reason


class Life(StrEnum):
    """Whether what stands under the target's number now is the version that is remembered."""

    SAME = "Same"
    ANOTHER = "Another"
    UNREAD = "Unread"
    UNREADABLE = "Unreadable"  # AWS did not tell; it is asked again
    UNKNOWN = "Unknown"  # one of the two has no date: a status of an older operator, or a version that is not there


def life_of_target(case: Case, *, is_in_doubt: bool = False) -> Life:
    """Compare by creationDate what is remembered of the target with what was read since the alias was.

    `is_in_doubt`: also where nobody has changed the alias since, as when a write of our own was taken to be verified.
    """
    reading, known = case.reading, case.status.alias
    if reading is None or known is None or (reading.update_date == known.update_date and not is_in_doubt):
        return Life.SAME
    remembered = case.status.target_creation_date
    if remembered is None:
        return Life.UNKNOWN
    found = case.seen.of(FindVersion(case.target))
    if isinstance(found, Unseen):
        return Life.UNREADABLE
    if found is None or found.read_at < reading.read_at:
        return Life.UNREAD
    if found.created_at is None:
        return Life.UNKNOWN
    return Life.SAME if found.created_at == remembered else Life.ANOTHER


def life_looks(case: Case, life: Life) -> frozenset[Look[Any]]:
    """Return what is to be read to know it, or to know it at last."""
    return frozenset({FindVersion(case.target)}) if life in (Life.UNREAD, Life.UNREADABLE) else frozenset()


def begin_in_another_life(case: Case) -> Decision:
    """Nothing of this rollout is left: what it moved and what it went back from went with its state machine."""
    pause, trip = case.status.pause_command, case.status.trip
    if case.has_started:
        outcome = Outcome.ABORTED if trip is None else Outcome.ROLLED_BACK
        case = finish(case, outcome, Reason.STATE_MACHINE_RECREATED, trip.by if trip is not None else None)
    message = (
        f"state machine {case.spec.state_machine_arn} was created again: its version {case.spec.version} is another "
        "one than before; beginning from what the alias serves now"
    )
    again = case.reset().with_status(pause_command=pause)
    summary = Summary(Phase.PENDING, Reason.STATE_MACHINE_RECREATED, message)
    return close(again, summary, is_judged=False)
