"""The chains: which checks are asked when, in the order in which their findings count.

BEFORE_LOOKING and BEFORE_START, one after the other, are all that keeps a rollout from beginning, top to bottom. What
passes them begins as `beginning_of` says: it ends at once where the alias serves the version already, it takes over a
split whose stable side is named, else its first step is decided. Those are outcomes and no findings, so they stand in
`stages/starting.py`; a check of what only writes need (a pause, the alarms) passes where the beginning writes nothing.

TRIPS send a rollout back, BEFORE_STEP keeps it from its next step, and both are asked in flight.

To add a check: its file here, and its row. The hold says what it needs and until when (`findings.Hold`);
`core/holding.py` makes a decision of it.
"""

from collections.abc import Callable, Iterable

from sfn_rollouts.api.status import Shortcut
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.checks.access import access_is_lacking
from sfn_rollouts.core.checks.alias import alias_is_split_by_somebody_else
from sfn_rollouts.core.checks.analysis import forecast_is_awaited, not_worse_is_required
from sfn_rollouts.core.checks.approval import approval_timed_out
from sfn_rollouts.core.checks.commands import abort_was_commanded
from sfn_rollouts.core.checks.deadline import deadline_is_exceeded
from sfn_rollouts.core.checks.judgements import evidence_is_older_than_due, judge_demands_rollback, judge_holds
from sfn_rollouts.core.checks.pause import person_holds_the_start
from sfn_rollouts.core.checks.preflight import preflight_holds
from sfn_rollouts.core.checks.reach import (
    another_resource_has_the_alias,
    credentials_are_of_another_account,
    region_is_unknown,
)
from sfn_rollouts.core.checks.readings import (
    alias_is_unreadable,
    alias_or_version_is_unread,
    alias_or_version_was_read_long_ago,
    alias_was_read_before_our_write,
    version_is_unreadable,
)
from sfn_rollouts.core.checks.target import target_was_changed
from sfn_rollouts.core.checks.version import served_version_is_undated, version_is_missing
from sfn_rollouts.core.schedule import is_shortcut
from sfn_rollouts.core.values.findings import Finding, Hold, Trip

Check = Callable[[Case], Finding]

BEFORE_LOOKING: tuple[Check, ...] = (
    access_is_lacking,  # first: who may not move it learns nothing about it
    credentials_are_of_another_account,  # whatever a resource names must cost no client, no quota and no call
    region_is_unknown,  # likewise
    another_resource_has_the_alias,  # after those: who cannot act has no alias to quarrel about
)
BEFORE_START: tuple[Check, ...] = (
    alias_is_unreadable,  # all the rest is judged by what the alias serves
    version_is_unreadable,  # and by the version that is to be served
    alias_or_version_is_unread,  # after what could not be read: that is worth a sentence, this is not
    version_is_missing,  # before the split: there would be nothing to go on to
    alias_was_read_before_our_write,  # from here on the reading is believed
    alias_is_split_by_somebody_else,  # before the pause: it lasts longer, and resuming would not help
    person_holds_the_start,  # before the alarms: while a person holds it nobody asks what else would
    judge_holds,  # before the readings grow old: while it holds they are read seldom
    preflight_holds,  # likewise; after the judges: a look at the target costs calls, and most waits are theirs
    forecast_is_awaited,  # after all that holds for long: it is worked out once, for a rollout that begins
    evidence_is_older_than_due,  # lasts one reading
    alias_or_version_was_read_long_ago,  # after every wait: what begins now begins from what is there now
    served_version_is_undated,  # last: nobody asks for it of what does not begin
)
BEFORE_EVERY_WRITE: tuple[Check, ...] = (
    access_is_lacking,  # also what goes by no steps: a grant that was taken away holds all but the way back
)
BEFORE_STEP: tuple[Check, ...] = (
    credentials_are_of_another_account,  # before the alarms, which cannot be seen because of it
    judge_holds,  # says why for people
    not_worse_is_required,  # what is wrong counts for more than what is not known
    preflight_holds,  # before the alarms are read once more: it may take longer than a reading counts
    evidence_is_older_than_due,  # lasts one reading
)
TRIPS: tuple[Check, ...] = (
    abort_was_commanded,  # a person outranks everything, promote-full included
    judge_demands_rollback,  # before the target's change: the history must name the alarm
    target_was_changed,  # before the deadline: going back for a new version is no failure
    approval_timed_out,  # likewise: who asks for another version has decided
    deadline_is_exceeded,  # whatever the cause of the hold
)


def first_hold(checks: Iterable[Check], case: Case) -> Hold | None:
    """Return the first hold of a chain, if any."""
    return next((finding for check in checks if isinstance(finding := check(case), Hold)), None)


def first_trip(case: Case) -> Trip | None:
    """Return the finding that sends the rollout back, if any."""
    return next((finding for check in TRIPS if isinstance(finding := check(case), Trip)), None)


def hold_that_promote_ends(case: Case) -> Hold | None:
    """Return the first hold of the next step that a person may pass, if any."""
    findings = (check(case) for check in BEFORE_STEP)
    return next((finding for finding in findings if isinstance(finding, Hold) and finding.ends_by_promote), None)


def hold_before_step(case: Case) -> Hold | None:
    """Return the finding that forbids the next step, if any.

    Neither a new alias nor the way back to a recent stable version waits for anything: what would hold it may be the
    reason why one goes back. A grant they need as well.
    """
    hold = first_hold(BEFORE_EVERY_WRITE, case)
    if hold is not None or is_shortcut(case.status, Shortcut.NEW_ALIAS, Shortcut.ROLLBACK_WINDOW):
        return hold
    return first_hold(BEFORE_STEP, case)
