"""What preflight's check says, needs and until when, for a rollout that could begin but for it."""

from sfn_rollouts.api.preflight import Check, PreflightFinding, PreflightStatus, Verdict
from sfn_rollouts.api.status import Condition, ConditionStatus, Status
from sfn_rollouts.core.checks.preflight import preflight_holds
from sfn_rollouts.core.values.findings import PASS, Hold
from sfn_rollouts.core.values.looks import FindCallee, FindVersion, ReadAlias, ReadDefinition
from sfn_rollouts.core.values.readings import AliasMissing, VersionFound, VersionReading
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.targets import CalleeReading, DefinitionReading
from tests.core.preflight import ROLE, machine, outlined, task
from tests.core.specs import UNCHECKED
from tests.core.test_chains import ALL_SEEN, LONG_AGO, alias, case, soon, version
from tests.core.world import START

PINS = {**UNCHECKED, "pins": "Enforce"}
TARGETS = {**UNCHECKED, "targets": "Enforce"}
PERMISSIONS = {**UNCHECKED, "permissions": "Enforce"}
TARGET, STABLE = ReadDefinition(2, LONG_AGO), ReadDefinition(1, LONG_AGO)
FIRST_LOOK = "the target is being looked at before it gets traffic"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:work:1"
CALLEE = FindCallee(ARN)
NOT_THERE = (
    f"preflight targets: state Work calls {ARN}, and it is not there: call one that is there, or bring it back before "
    "this version gets traffic"
)


def definition():
    return {TARGET: DefinitionReading(outlined(machine(Work=task(ARN))), ROLE, is_express=False, read_at=START)}


def called(read_at, lacking=""):
    return {CALLEE: CalleeReading(lacking, read_at)}


def hold(reason, message, *looks, needs_person=False, until=None):
    return Hold(reason, message, needs_person, frozenset(looks), until)


def test_the_definitions_of_both_versions_are_needed_for_permissions():
    assert preflight_holds(case(preflight=PERMISSIONS)) == hold(Reason.INITIALIZING, FIRST_LOOK, TARGET, STABLE)


def test_the_date_of_the_served_version_comes_before_its_definition():
    undated = case({**alias(), **version(2)}, preflight=PERMISSIONS)
    assert preflight_holds(undated) == hold(Reason.INITIALIZING, FIRST_LOOK, TARGET, FindVersion(1))


def test_one_that_has_no_date_is_read_without():
    dateless = {FindVersion(1): VersionReading(VersionFound.NO_VERSION, None, START)}
    needed = preflight_holds(case({**alias(), **version(2), **dateless}, preflight=PERMISSIONS))
    assert needed == hold(Reason.INITIALIZING, FIRST_LOOK, TARGET, ReadDefinition(1))


def test_a_new_alias_serves_none():
    new = case({ReadAlias(): AliasMissing(START), **version(2)}, preflight=PERMISSIONS)
    assert preflight_holds(new) == hold(Reason.INITIALIZING, FIRST_LOOK, TARGET)


def test_an_answer_counts_for_five_minutes():
    seen = case({**ALL_SEEN, **definition(), **called(soon(-299))}, preflight=TARGETS)
    old = case({**ALL_SEEN, **definition(), **called(soon(-300))}, preflight=TARGETS)
    assert preflight_holds(seen) == PASS
    assert preflight_holds(old) == hold(Reason.INITIALIZING, "the target is being looked at once more", CALLEE)


def test_what_blocks_is_looked_at_again_by_a_pace():
    blocked = preflight_holds(case({**ALL_SEEN, **definition(), **called(START, "it is not there")}, preflight=TARGETS))
    assert blocked == hold(Reason.PREFLIGHT_FAILED, NOT_THERE, needs_person=True, until=soon(5))


def test_what_is_being_looked_at_again_is_asked_for_a_second_later():
    seen = called(soon(-60), "it is not there")
    blocked = preflight_holds(case({**ALL_SEEN, **definition(), **seen}, preflight=TARGETS))
    assert blocked == hold(Reason.PREFLIGHT_FAILED, NOT_THERE, CALLEE, needs_person=True, until=soon(1))


def test_what_is_blocked_for_long_is_looked_at_ever_less():
    stalled = Condition(
        type="Stalled",
        status=ConditionStatus.TRUE,
        reason="PreflightFailed",
        message="",
        last_transition_time=soon(-200),
        observed_generation=1,
    )
    status = Status(target_version=2, conditions=(stalled,))
    seen = called(soon(-60), "it is not there")
    blocked = preflight_holds(case({**ALL_SEEN, **definition(), **seen}, preflight=TARGETS, status=status))
    assert blocked == hold(Reason.PREFLIGHT_FAILED, NOT_THERE, needs_person=True, until=soon(-60 + 140))


def test_what_blocked_before_a_restart_does_so_until_it_has_been_looked_at():
    finding = PreflightFinding(check=Check.PINS, verdict=Verdict.FAILED, subject="States.Work", message="it floats")
    known = PreflightStatus(version=2, checked_at=LONG_AGO, verdict=Verdict.FAILED, findings=(finding,))
    restarted = case(preflight=PINS, status=Status(target_version=2, preflight=known))
    assert preflight_holds(restarted) == hold(
        Reason.PREFLIGHT_FAILED, "preflight pins: it floats", TARGET, needs_person=True
    )


def test_what_only_warned_before_a_restart_does_not():
    finding = PreflightFinding(check=Check.PINS, verdict=Verdict.WARNING, subject="States.Work", message="it floats")
    known = PreflightStatus(version=2, checked_at=LONG_AGO, verdict=Verdict.WARNING, findings=(finding,))
    restarted = case(preflight=PINS, status=Status(target_version=2, preflight=known))
    assert preflight_holds(restarted) == hold(Reason.INITIALIZING, FIRST_LOOK, TARGET)
