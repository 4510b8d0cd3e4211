"""What keeps a rollout from beginning, in the order in which it counts; and what becomes of a hold."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from sfn_rollouts.api.analysis import Analysis
from sfn_rollouts.api.status import AlarmState, HistoryEntry, Outcome, Status
from sfn_rollouts.core.beginning import Beginning, beginning_of
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.checks.chains import BEFORE_LOOKING, BEFORE_START, Check, first_hold
from sfn_rollouts.core.checks.version import version_is_missing
from sfn_rollouts.core.holding import hold_start, hold_step
from sfn_rollouts.core.judges.alarms import ALARMS
from sfn_rollouts.core.judges.analysis import forecast_look
from sfn_rollouts.core.values.chores import Chore
from sfn_rollouts.core.values.conditions import condition
from sfn_rollouts.core.values.findings import PASS, Finding, Hold
from sfn_rollouts.core.values.looks import CountRunning, FindVersion, ReadAlarms, ReadAlias, ReadDefinition
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.plan import compile_plan
from sfn_rollouts.core.values.readings import (
    Account,
    AlarmReading,
    AlarmSnapshot,
    AliasMissing,
    AliasReading,
    Trouble,
    Unseen,
    VersionFound,
    VersionReading,
)
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.routing import Routing
from tests.core.specs import MACHINE, UNCHECKED, WITH_ALARM, spec
from tests.core.world import START

ELSEWHERE = Account("210987654321", "aws")
LONG_AGO = START - timedelta(hours=1)
SPLIT = Routing.split(1, 7, 50)


def alias(routing=Routing.whole(1), read_at=START):  # noqa: B008 - a frozen value
    return {ReadAlias(): AliasReading(routing, LONG_AGO, read_at)}


def version(number=2, found=VersionFound.FOUND, read_at=START):
    return {FindVersion(number): VersionReading(found, LONG_AGO, read_at)}


def unseen(trouble=Trouble.TRANSIENT):
    return Unseen("it did not answer", START, trouble)


def alarm(state=AlarmState.OK, read_at=START):
    return AlarmReading(AlarmSnapshot(state, LONG_AGO), read_at)


PINS_CHECKED = {**UNCHECKED, "pins": "Warn"}
ALL_SEEN = {**alias(), **version(1), **version(2)}


def case(answers=ALL_SEEN, alarm_seen=None, status=None, **changes):
    """Pending, with everything read just now and nothing in the way."""
    given = ("written_at", "account", "has_older_rival", "is_region_known")
    seen = {name: changes.pop(name) for name in given if name in changes}
    wanted = spec(2, **{**WITH_ALARM, **changes})
    known = status or Status(target_version=2)
    observed = Observation(answers=answers, alarms={"A": alarm_seen or alarm()}, **seen)
    judgements = {ALARMS: ALARMS.judge(wanted, known, observed, START)}
    return Case(wanted, compile_plan(wanted), known, START, 1, observed, judgements)


def with_toy(check: Check, *, last: bool = False) -> tuple[Check, ...]:
    return (*BEFORE_START, check) if last else (check, *BEFORE_START)


IN_THE_WAY = {
    "alias_is_unreadable": case({ReadAlias(): unseen(), FindVersion(2): unseen(Trouble.DENIED)}),
    "version_is_unreadable": case({**alias(SPLIT), FindVersion(2): unseen(Trouble.GONE)}),
    "alias_or_version_is_unread": case(version(2, VersionFound.NO_VERSION)),
    "version_is_missing": case({**alias(SPLIT), **version(2, VersionFound.NO_VERSION)}, written_at=START),
    "alias_was_read_before_our_write": case({**alias(SPLIT), **version()}, written_at=START),
    "alias_is_split_by_somebody_else": case({**alias(SPLIT), **version()}, paused=True),
    "person_holds_the_start": case(alarm_seen=alarm(AlarmState.ALARM), paused=True),
    "judge_holds": case({**alias(read_at=LONG_AGO), **version()}, alarm(AlarmState.ALARM)),
    "preflight_holds": case(
        {**alias(read_at=LONG_AGO), **version()}, alarm(read_at=START - timedelta(seconds=11)), preflight=PINS_CHECKED
    ),
    "forecast_is_awaited": case(
        {**alias(read_at=LONG_AGO), **version()}, alarm(read_at=START - timedelta(seconds=11)), analysis={}
    ),
    "evidence_is_older_than_due": case(
        {**alias(read_at=LONG_AGO), **version()}, alarm(read_at=START - timedelta(seconds=11))
    ),
    "alias_or_version_was_read_long_ago": case({**alias(read_at=LONG_AGO), **version()}),
    "served_version_is_undated": case({**alias(), **version()}),
}


@pytest.mark.parametrize("name", IN_THE_WAY)
def test_what_is_found_first_counts(name):
    """Each case has the finding of this check, and those of checks below it where they can stand together."""
    found = next(check for check in BEFORE_START if isinstance(check(IN_THE_WAY[name]), Hold))
    assert found.__name__ == name


def soon(seconds):
    return START + timedelta(seconds=seconds)


ONCE_MORE = "alias and version are being read once more"
SPLIT_SAID = (
    "alias live is already split (50 % on version 1, 50 % on version 7) and this rollout did not do it: route it to "
    "one version (aws stepfunctions update-state-machine-alias), then the rollout starts by itself; or set "
    "spec.stableVersion to the side that is stable (1 or 7), then it is taken over"
)
UNANSWERED = "could not be read: it did not answer"
NO_VERSION_SAID = (
    f"version 2 of {MACHINE} does not exist: publish it (aws stepfunctions publish-state-machine-version) or correct "
    "spec.version"
)
ALIAS, TARGET, STABLE = ReadAlias(), FindVersion(2), FindVersion(1)
DEFINITION = ReadDefinition(2, LONG_AGO)


def hold(reason, message, *looks, needs_person=False, until=None):
    return Hold(reason, message, needs_person, frozenset(looks), until)


FOUND = {
    "alias_is_unreadable": hold(Reason.RETRYING_AWS, f"the alias {UNANSWERED}", ALIAS, TARGET),
    "version_is_unreadable": hold(Reason.NOT_FOUND, f"version 2 {UNANSWERED}", TARGET, needs_person=True),
    "alias_or_version_is_unread": hold(Reason.INITIALIZING, "alias and version are being read", ALIAS),
    "version_is_missing": hold(Reason.NOT_FOUND, NO_VERSION_SAID, TARGET, needs_person=True),
    "alias_was_read_before_our_write": hold(Reason.INITIALIZING, ONCE_MORE, until=soon(0.5)),
    "alias_is_split_by_somebody_else": hold(Reason.ALIAS_SPLIT, SPLIT_SAID, needs_person=True, until=soon(5)),
    "person_holds_the_start": hold(Reason.PAUSED, "paused by spec.paused; set it to false to go on"),
    "judge_holds": hold(Reason.ALARM_FIRING, "alarm A is firing"),
    "preflight_holds": hold(Reason.INITIALIZING, "the target is being looked at before it gets traffic", DEFINITION),
    "forecast_is_awaited": hold(
        Reason.INITIALIZING,
        "what the plan can notice is being worked out",
        forecast_look(spec(2, analysis={}), Analysis()),
    ),
    "evidence_is_older_than_due": hold(
        Reason.INITIALIZING, "the alarms are being read once more before the step", ReadAlarms()
    ),
    "alias_or_version_was_read_long_ago": hold(Reason.INITIALIZING, ONCE_MORE, ALIAS, TARGET, until=soon(10)),
    "served_version_is_undated": hold(Reason.INITIALIZING, "version 1, which the alias serves, is being read", STABLE),
}


@pytest.mark.parametrize("name", IN_THE_WAY)
def test_each_says_what_it_needs_and_until_when(name):
    check = next(check for check in BEFORE_START if check.__name__ == name)
    assert check(IN_THE_WAY[name]) == FOUND[name]


FOUND_ALSO = {
    "a split that was seen long ago": (
        "alias_is_split_by_somebody_else",
        case({**alias(SPLIT, read_at=LONG_AGO), **version()}),
        hold(Reason.ALIAS_SPLIT, SPLIT_SAID, ALIAS, needs_person=True, until=soon(5)),
    ),
    "a target that was seen long ago, beside an alias of now": (
        "alias_or_version_was_read_long_ago",
        case({**alias(), **version(2, read_at=soon(-10))}),
        hold(Reason.INITIALIZING, ONCE_MORE, TARGET),
    ),
    "a served version that cannot be seen": (
        "served_version_is_undated",
        case({**ALL_SEEN, STABLE: unseen()}),
        hold(Reason.RETRYING_AWS, f"version 1 {UNANSWERED}", STABLE),
    ),
    "a served version that was seen long ago": (
        "served_version_is_undated",
        case({**ALL_SEEN, **version(1, read_at=soon(-10))}),
        hold(Reason.INITIALIZING, "version 1, which the alias serves, is being read", STABLE),
    ),
}


@pytest.mark.parametrize("sentence", FOUND_ALSO)
def test_it_needs_this_too_of(sentence):
    name, found_in, expected = FOUND_ALSO[sentence]
    check = next(check for check in BEFORE_START if check.__name__ == name)
    assert check(found_in) == expected


OF_ELSEWHERE = (
    "the state machine is in account 123456789012, and the operator has credentials of account 210987654321: delete "
    "this resource and create one with a stateMachineArn of that account, or run an operator with credentials of the "
    "other one"
)
OF_NOWHERE = (
    "region eu-west-1 is not known in partition aws: delete this resource and create one with the right region in "
    "stateMachineArn; for a region newer than the operator, upgrade it or set its AWS_REGION to that region"
)


def test_what_keeps_it_from_looking_needs_a_person_and_no_look():
    elsewhere, nowhere = case(account=ELSEWHERE), case(is_region_known=False)
    assert first_hold(BEFORE_LOOKING, elsewhere) == hold(Reason.FOREIGN_ACCOUNT, OF_ELSEWHERE, needs_person=True)
    assert first_hold(BEFORE_LOOKING, nowhere) == hold(Reason.UNKNOWN_REGION, OF_NOWHERE, needs_person=True)


def test_a_version_that_cannot_be_seen_is_not_said_to_be_missing():
    assert version_is_missing(case({**alias(), FindVersion(2): unseen()})) == PASS


def test_each_row_is_asked_for_in_its_order():
    assert [check.__name__ for check in BEFORE_START] == list(IN_THE_WAY)


def test_what_keeps_it_from_looking_comes_before_all_else():
    both = case({}, account=ELSEWHERE, has_older_rival=True)
    assert [check(both).reason for check in BEFORE_LOOKING if check(both) != PASS] == [
        "ForeignAccount",
        "AliasConflict",
    ]


FORMER = HistoryEntry(version=1, stable_version=2, stable_creation_date=LONG_AGO, outcome=Outcome.PROMOTED,
                      reason="RolloutComplete", finished_at=LONG_AGO)  # fmt: skip
FIRING = alarm(AlarmState.ALARM)
TAKEN = {"stableVersion": 7, "paused": True}
BEGINNINGS = {
    "by steps": (case(), Beginning.STEPS, None),
    "on a new alias, whatever the alarms say": (
        case({ReadAlias(): AliasMissing(START), **version()}, FIRING),
        Beginning.NEW_ALIAS,
        None,
    ),
    "back to what was stable a moment ago, likewise": (
        case(ALL_SEEN, FIRING, Status(target_version=2, history=(FORMER,)), rollbackWindow={"revisions": 2}),
        Beginning.ROLLBACK_WINDOW,
        None,
    ),
    "at its end, though paused": (
        case({**alias(Routing.whole(2)), **version()}, FIRING, paused=True),
        Beginning.UP_TO_DATE,
        None,
    ),
    "from a split that was named, though paused": (
        case({**alias(Routing.split(7, 2, 30)), **version()}, FIRING, **TAKEN),
        Beginning.TAKE_OVER,
        None,
    ),
    "not on a split with a third version, while paused": (
        case({**alias(Routing.split(7, 3, 30)), **version()}, **TAKEN),
        None,
        Reason.ALIAS_SPLIT,
    ),
    "on a new alias, but not while paused": (
        case({ReadAlias(): AliasMissing(START), **version()}, paused=True),
        Beginning.NEW_ALIAS,
        Reason.PAUSED,
    ),
}


@pytest.mark.parametrize("sentence", BEGINNINGS)
def test_it_begins(sentence):
    given, beginning, held_by = BEGINNINGS[sentence]
    hold = first_hold(BEFORE_START, given)
    assert beginning_of(given) is beginning
    assert (hold.reason if hold is not None else None) is held_by


# -- a further check: one function and one row --


def the_sea_is_high(_: Case) -> Finding:
    """A toy."""
    looks = frozenset({CountRunning(9)})
    return Hold(Reason.ALIAS_CONFLICT, "the sea is high", True, looks, until=START + timedelta(seconds=7))


def test_a_further_check_holds_the_start_until_then_and_says_why():
    hold = first_hold(with_toy(the_sea_is_high, last=True), case())
    decision = hold_start(case(), hold)
    assert (decision.status.phase, decision.status.message) == ("Pending", "not started: the sea is high")
    assert condition(decision.status, "Stalled").reason == "AliasConflict"
    assert decision.looks == {CountRunning(9)}
    assert decision.wake_at == START + timedelta(seconds=7)
    assert decision.watches_alarms, "alarms stay watched meanwhile"
    assert condition(decision.status, "AliasInSync").status == "True"


def test_a_further_check_counts_where_its_row_stands():
    in_the_way = IN_THE_WAY["judge_holds"]
    assert first_hold(with_toy(the_sea_is_high), in_the_way).message == "the sea is high"
    assert first_hold(with_toy(the_sea_is_high, last=True), in_the_way).reason == "AlarmFiring"


def test_a_further_check_holds_a_step_and_is_read_what_it_needs():
    fields = {"stable_version": 1, "weight": 10, "step_index": 0, "started_at": LONG_AGO, "step_started_at": LONG_AGO}
    known = case(status=Status(target_version=2, **fields))
    hold = the_sea_is_high(known)
    decision = hold_step(known, hold)
    assert decision.status.message == "the next step is held: the sea is high"
    assert decision.looks == {CountRunning(9)}
    assert decision.wake_at == START + timedelta(seconds=7)
    reading = hold_step(known, replace(hold, reason=Reason.INITIALIZING))
    assert "held" not in reading.status.message, "what is merely not read yet is no news"
    assert (reading.looks, reading.wake_at) == (decision.looks, decision.wake_at)


def test_alarms_that_nobody_has_read_are_asked_for():
    unread = replace(case(), judgements={ALARMS: ALARMS.judge(case().spec, Status(), Observation(), START)})
    hold = first_hold(BEFORE_START, unread)
    assert hold_start(unread, hold).looks == {ReadAlarms()}


@dataclass(frozen=True, slots=True)
class RingBell(Chore[str]):
    """A toy."""


def test_a_chore_that_a_check_waits_for_is_asked_for_among_its_looks():
    hold = replace(the_sea_is_high(case()), looks=frozenset({CountRunning(9), RingBell()}))
    decision = hold_start(case(), hold)
    assert (decision.looks, decision.chores) == ({CountRunning(9)}, {RingBell()})


def test_nothing_is_said_of_an_alias_that_is_not_there():
    given, _, _ = BEGINNINGS["on a new alias, but not while paused"]
    decision = hold_start(given, first_hold(BEFORE_START, given))
    assert (decision.status.phase, decision.status.message) == (
        "Paused",
        "not started: paused by spec.paused; set it to false to go on",
    )
    assert condition(decision.status, "AliasInSync").reason == "NotLooked"
