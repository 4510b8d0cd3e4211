"""Every gate: what it lets pass, holds or trips; and the order in which the findings count."""

from datetime import timedelta

import pytest

from sfn_rollouts.api.status import AlarmState, Status
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.checks.chains import BEFORE_STEP, TRIPS, first_trip, hold_before_step
from sfn_rollouts.core.judges.alarms import ALARMS
from sfn_rollouts.core.values.commands import Command
from sfn_rollouts.core.values.decision import Write, WriteKind
from sfn_rollouts.core.values.findings import Hold, Trip
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.plan import compile_plan
from sfn_rollouts.core.values.readings import AlarmReading, AlarmSnapshot
from sfn_rollouts.core.values.routing import Routing
from tests.core.specs import WITH_ALARM, spec
from tests.core.world import START

ABORT = Command(id="x", action="abort", generation=1, by="eve")
PROMOTE = Command(id="x", action="promote", generation=1)
FIRING, NO_DATA, OK = AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA, AlarmState.OK


def ago(seconds):
    return START - timedelta(seconds=seconds)


def case(state=OK, read_ago_s=0.0, command=None, started_ago_s=60.0, version=2, status=None, **changes):
    """A canary at its first step for a minute, its alarm read just now."""
    wanted = spec(version, **{**WITH_ALARM, **changes})
    fields = {
        "stable_version": 1,
        "target_version": 2,
        "weight": 10,
        "step_index": 0,
        "started_at": ago(started_ago_s),
        "step_started_at": ago(started_ago_s),
    }
    known = Status(**{**fields, **(status or {})})
    reading = AlarmReading(AlarmSnapshot(state, ago(3600)), ago(read_ago_s))
    seen = Observation(alarms={"A": reading})
    judgements = {ALARMS: ALARMS.judge(wanted, known, seen, START)}
    return Case(wanted, compile_plan(wanted), known, START, 1, seen, judgements, command)


HELD = {"due_since": ago(3600), "message": "why it is held"}
GATES = {
    "nothing is wrong": (case(), None, None),
    "an abort": (case(command=ABORT), "Aborted", None),
    "another command": (case(command=PROMOTE), None, None),
    "a firing alarm": (case(FIRING), "AlarmFiring", None),
    "a firing alarm, on the way back to a recent version": (
        case(FIRING, status={"shortcut": "RollbackWindow"}),
        None,
        None,
    ),
    "another target": (case(version=3), "Superseded", None),
    "the stable version": (case(version=1), "TargetWithdrawn", None),
    "an alarm without data": (case(NO_DATA, alarms={"names": ["A"], "onInsufficientData": "Hold"}), None, "Alarm"),
    "a deadline that is over": (case(started_ago_s=4200, status=HELD), "ProgressDeadlineExceeded", None),
    "a deadline that is not over": (case(started_ago_s=4100, status={"due_since": ago(3499)}), None, None),
    "a deadline while paused": (case(started_ago_s=4200, status=HELD, paused=True), None, None),
    "a reading of one poll ago": (case(read_ago_s=10), None, None),
    "a reading older than one poll": (case(read_ago_s=10.5), None, "Initializing"),
    "a reading from before the wait was over": (case(read_ago_s=3, started_ago_s=602), None, "Initializing"),
    "a reading from after the wait was over": (case(read_ago_s=2, started_ago_s=602), None, None),
    "a reading from before a promote": (case(read_ago_s=3, status={"wait_ended_at": ago(1)}), None, "Initializing"),
    "an old reading, on the way back to a recent version": (
        case(read_ago_s=20, status={"shortcut": "RollbackWindow"}),
        None,
        None,
    ),
    "an old reading, for a new alias": (case(read_ago_s=20, status={"shortcut": "NewAlias"}), None, None),
}


@pytest.mark.parametrize("sentence", GATES)
def test_gate(sentence):
    given, trip, hold = GATES[sentence]
    found, held = first_trip(given), hold_before_step(given)
    assert (found.reason if found else None) == trip
    assert held is None if hold is None else held.reason.startswith(hold)


def test_the_order_in_which_trips_count():
    all_at_once = case(FIRING, command=ABORT, started_ago_s=4200, version=3, status=HELD)
    found = [finding.reason for check in TRIPS if isinstance(finding := check(all_at_once), Trip)]
    assert found == ["Aborted", "AlarmFiring", "Superseded", "ProgressDeadlineExceeded"]


def test_the_order_in_which_holds_of_a_step_count():
    both = case(NO_DATA, read_ago_s=20, alarms={"names": ["A"], "onInsufficientData": "Hold"})
    found = [finding.reason for check in BEFORE_STEP if isinstance(finding := check(both), Hold)]
    assert found == ["AlarmInsufficientData", "Initializing"]


def test_a_trip_says_what_was_found():
    assert first_trip(case(command=ABORT)).message == "aborted by eve"
    assert first_trip(case(command=ABORT.model_copy(update={"by": None}))).message == "aborted"
    assert "why it is held" in first_trip(case(started_ago_s=4200, status=HELD)).message
    nothing_said = case(started_ago_s=4200, status={**HELD, "message": None})
    assert first_trip(nothing_said).message == "the next step was held up for longer than 1h: no reason is known"


def test_only_a_rollback_is_urgent():
    assert Write(WriteKind.RESTORE, Routing.whole(1)).is_urgent
    assert not Write(WriteKind.FORWARD, Routing.whole(1)).is_urgent
