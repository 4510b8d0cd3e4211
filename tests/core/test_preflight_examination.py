"""The examination: all checks that are not Off, their findings together, and what a status keeps of them."""

from typing import Any

import pytest

from sfn_rollouts.api.preflight import LOOKING, Check, Preflight, PreflightStatus, Strictness, Verdict, worst
from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.preflight.examination import CHECKS, FINDINGS_KEPT, Examination, examine
from sfn_rollouts.core.values.looks import AskRole, CountCallers, FindCallee, ReadAlarms, ReadDefinition
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import AlarmReading, AlarmSnapshot
from sfn_rollouts.core.values.targets import CalleeReading, CallersReading, Permission, Permissions
from tests.core.preflight import DENIED, ROLE, STABLE, TARGET, line, machine, reading, subject, task
from tests.core.world import START

CHARGE = "arn:aws:lambda:eu-west-1:123456789012:function:charge:7"
RIGHT = ("lambda:InvokeFunction", CHARGE)
PINNED = machine(Charge=task(CHARGE))
ASKED = AskRole(ROLE, frozenset({RIGHT}))
WITH_ALARM: dict[str, Any] = {"alarms": {"names": ["A"]}}
ALL_IS_WELL: dict[Any, Any] = {
    ReadDefinition(TARGET): reading(PINNED),
    ReadDefinition(STABLE): reading(PINNED),
    FindCallee(CHARGE): CalleeReading("", START),
    ASKED: Permissions({RIGHT: Permission.ALLOWED}, START),
    CountCallers(): CallersReading(0, 12, more=False, read_at=START),
}
HEALTHY = {"A": AlarmReading(AlarmSnapshot(AlarmState.OK, START), START)}


def seen(**changes: Any) -> Observation:
    return Observation(answers=ALL_IS_WELL, alarms=HEALTHY, **changes)


def policy(strictness: str) -> dict[str, str]:
    return {str(check): strictness for check in LOOKING}


def test_each_check_has_its_policy_and_its_row() -> None:
    assert tuple(CHECKS) == LOOKING
    assert [Preflight().strictness(check) for check in LOOKING] == [Strictness.WARN] * len(LOOKING)
    for check in LOOKING:
        changed = Preflight.model_validate({str(check): "Enforce"})
        assert [each for each in LOOKING if changed.strictness(each) is Strictness.ENFORCE] == [check]


@pytest.mark.parametrize("preflight", [None, {}, policy("Warn"), policy("Enforce")])
def test_all_is_well(preflight: Any) -> None:
    found = examine(subject(**WITH_ALARM, preflight=preflight), seen())
    assert found.verdict is Verdict.PASSED
    assert not found.looks
    assert {each.check for each in found.findings} == set(LOOKING)
    assert all(line(each).startswith("Passed ") for each in found.findings)


MAY_CHANGE = {FindCallee(CHARGE), ASKED, CountCallers()}
"""What an answer of long ago says nothing about: a definition does not change, and alarms are read all the time."""
ANSWERS: dict[str, dict[Any, Any]] = {
    "all is well": {},
    "all is wrong": {
        FindCallee(CHARGE): CalleeReading("Lambda knows no such function", START),
        ASKED: Permissions({RIGHT: Permission.NOT_ALLOWED}, START),
        CountCallers(): CallersReading(3, 12, more=True, read_at=START),
    },
    "nothing could be seen": dict.fromkeys(MAY_CHANGE, DENIED),
}


@pytest.mark.parametrize("answers", ANSWERS.values(), ids=ANSWERS.keys())
def test_whatever_was_found_what_may_change_is_asked_again(answers: dict[Any, Any]) -> None:
    found = examine(subject(**WITH_ALARM), Observation(answers={**ALL_IS_WELL, **answers}, alarms=HEALTHY))
    assert found.stands_on == MAY_CHANGE


def test_nothing_is_known_yet() -> None:
    found = examine(subject(**WITH_ALARM), Observation())
    assert found.looks == {ReadDefinition(TARGET), ReadDefinition(STABLE), ReadAlarms(), CountCallers()}


@pytest.mark.parametrize("check", LOOKING)
def test_a_check_that_is_off_finds_nothing_and_asks_for_nothing(check: Check) -> None:
    found = examine(subject(**WITH_ALARM, preflight={str(check): "Off"}), seen())
    assert {each.check for each in found.findings} == set(LOOKING) - {check}


def test_all_of_them_off() -> None:
    assert examine(subject(preflight=policy("Off")), Observation()) == Examination((), frozenset())
    assert examine(subject(preflight=policy("Off")), Observation()).verdict is Verdict.PASSED


def test_some_of_them_are_asked() -> None:
    found = examine(subject(), seen(), {Check.PINS, Check.CALLERS})
    assert [each.check for each in found.findings] == [Check.PINS, Check.CALLERS]


@pytest.mark.parametrize(("strictness", "verdict"), [("Warn", Verdict.WARNING), ("Enforce", Verdict.FAILED)])
def test_a_problem_is_a_failure_where_its_own_policy_says_so(strictness: str, verdict: Verdict) -> None:
    loose = {**ALL_IS_WELL, ReadDefinition(TARGET): reading(machine(Charge=task(CHARGE[:-2])))}
    of = subject(preflight={"pins": strictness, "alarms": "Warn", "targets": "Off", "permissions": "Off"})
    found = examine(of, Observation(answers=loose))
    assert {each.check: each.verdict for each in found.findings if each.verdict is not Verdict.PASSED} == {
        Check.PINS: verdict,
        Check.ALARMS: Verdict.WARNING,
    }
    assert found.verdict is verdict


def test_the_worst_comes_first_and_else_the_order_of_the_checks() -> None:
    answers = {**ALL_IS_WELL, CountCallers(): CallersReading(1, 2, more=False, read_at=START), ASKED: DENIED}
    found = examine(subject(preflight={"callers": "Enforce"}), Observation(answers=answers))
    assert [(each.verdict, each.check) for each in found.findings] == [
        (Verdict.FAILED, Check.CALLERS),
        (Verdict.WARNING, Check.ALARMS),
        (Verdict.UNKNOWN, Check.PERMISSIONS),
        (Verdict.UNKNOWN, Check.PERMISSIONS),
        (Verdict.PASSED, Check.PINS),
        (Verdict.PASSED, Check.TARGETS),
        (Verdict.PASSED, Check.ENTRY_POINT),
    ]


def test_what_nobody_could_decide_never_blocks() -> None:
    denied = dict.fromkeys([*ALL_IS_WELL, FindCallee(CHARGE)], DENIED)
    found = examine(
        subject(**WITH_ALARM, preflight=policy("Enforce")), Observation(answers=denied, alarms={"A": DENIED})
    )
    assert found.verdict is Verdict.UNKNOWN
    assert {each.check for each in found.findings} == set(LOOKING)
    assert {each.verdict for each in found.findings} == {Verdict.UNKNOWN}
    assert not found.looks


def many(count: int, name: str = "charge") -> Examination:
    """So many functions without a version."""
    states = {f"S{number}": task("arn:aws:states:::lambda:invoke", FunctionName=name) for number in range(count)}
    answers = {ReadDefinition(TARGET): reading(machine(**states))}
    return examine(subject(preflight={"pins": "Enforce"}), Observation(answers=answers), {Check.PINS})


def test_fifty_are_kept_as_they_are() -> None:
    assert many(FINDINGS_KEPT).kept == many(FINDINGS_KEPT).findings


@pytest.mark.parametrize("name", ["charge", "x" * 2000])
def test_of_more_the_last_one_counts_the_rest(name: str) -> None:
    found = many(FINDINGS_KEPT + 10, name)
    assert len(found.findings) == FINDINGS_KEPT + 10
    assert found.kept[:-1] == found.findings[: FINDINGS_KEPT - 1]
    last = found.kept[-1]
    assert last.message.startswith("11 more findings, of which this is the worst: state S49 calls Lambda function ")
    assert PreflightStatus(version=TARGET, checked_at=START, verdict=found.verdict, findings=found.kept)
    assert len(last.message) <= 1024


WORST = {
    (): Verdict.PASSED,
    (Verdict.PASSED,): Verdict.PASSED,
    (Verdict.PASSED, Verdict.UNKNOWN): Verdict.UNKNOWN,
    (Verdict.UNKNOWN, Verdict.WARNING): Verdict.WARNING,
    (Verdict.WARNING, Verdict.FAILED, Verdict.UNKNOWN): Verdict.FAILED,
}


@pytest.mark.parametrize(("verdicts", "expected"), WORST.items())
def test_the_worst_of_verdicts(verdicts: tuple[Verdict, ...], expected: Verdict) -> None:
    assert worst(verdicts) is expected
