"""Permissions: what the stable version and the target need, each by its own role."""

from typing import Any

import pytest

from sfn_rollouts.api.preflight import Check, Verdict
from sfn_rollouts.core.preflight.permissions import MOST_ASKED
from sfn_rollouts.core.preflight.subject import Found
from sfn_rollouts.core.values.looks import AskRole, ReadDefinition
from sfn_rollouts.core.values.targets import Permission, Permissions
from tests.core.preflight import (
    DENIED,
    ENFORCE,
    KMS,
    ROLE,
    STABLE,
    TARGET,
    THROTTLED,
    VERSION,
    WARN,
    ask,
    lines,
    machine,
    reading,
    subject,
    target_is,
    task,
)
from tests.core.specs import MACHINE
from tests.core.world import START

INVOKE = "arn:aws:states:::lambda:invoke"
CHARGE = "arn:aws:lambda:eu-west-1:123456789012:function:charge:7"
SEVEN = machine(Charge=task(INVOKE, FunctionName="charge:7"))
RIGHT = ("lambda:InvokeFunction", CHARGE)
OLD_ROLE = "arn:aws:iam::123456789012:role/orders-old"
AFAR = "arn:aws:iam::222222222222:role/charging"
ALLOWED, NOT_ALLOWED, FORBIDDEN, UNDECIDED = Permission


def look(*rights: tuple[str, str], role: str = ROLE) -> AskRole:
    return AskRole(role, frozenset(rights))


def permissions(
    answers: Any, strictness: Any = WARN, stable: int | None = None, definition: dict[str, Any] = SEVEN
) -> Found:
    return ask(Check.PERMISSIONS, subject(stable), {**target_is(definition), **answers}, strictness)


def says(permission: Permission) -> Any:
    """The role may or may not call the function charge:7."""
    return {look(RIGHT): Permissions({RIGHT: permission}, START)}


def test_both_versions_are_looked_at() -> None:
    found = ask(Check.PERMISSIONS, subject(STABLE))
    assert found == Found(looks=frozenset({ReadDefinition(TARGET), ReadDefinition(STABLE)}))


@pytest.mark.parametrize("stable", [None, TARGET])
def test_one_version_is_looked_at_once(stable: int | None) -> None:
    assert ask(Check.PERMISSIONS, subject(stable)).looks == {ReadDefinition(TARGET)}


def test_nothing_passes_before_iam_has_answered() -> None:
    asked = frozenset({look(RIGHT)})
    assert permissions({}) == Found(looks=asked, stands_on=asked)


def test_the_role_is_asked_for_all_its_rights_together() -> None:
    definition = machine(**SEVEN["States"], Tell=task("arn:aws:states:::sns:publish", TopicArn="arn:aws:sns:::t"))
    assert permissions({}, definition=definition).looks == {look(RIGHT, ("sns:Publish", "arn:aws:sns:::t"))}


NEED = f"state Charge of version 42 needs lambda:InvokeFunction on {CHARGE}"
LACKING = (
    f"States.Charge: {NEED}, and no policy of role {ROLE} allows it: allow it there, for as long as this version has "
    "traffic (a policy of the resource, which is not looked at, may allow it too)"
)
EXPLICIT = (
    f"States.Charge: {NEED}, and a policy of role {ROLE}, its boundary or its organization denies it: take out that "
    "statement, for as long as this version has traffic"
)
CONDITION = (
    f"Unknown States.Charge: {NEED}: whether role {ROLE} may do so depends on a condition that only a real call decides"
)
PASSED = f"Passed {VERSION}: role {ROLE} has each permission that the definition of version 42 shows a need for (1)"
# sentence: what IAM says, under Warn, under Enforce
VERDICTS = {
    "allowed": (says(ALLOWED), PASSED, PASSED),
    "no statement allows it": (says(NOT_ALLOWED), f"Warning {LACKING}", f"Failed {LACKING}"),
    "a statement denies it": (says(FORBIDDEN), f"Warning {EXPLICIT}", f"Failed {EXPLICIT}"),
    "a condition decides": (says(UNDECIDED), CONDITION, CONDITION),
    "IAM left it out of its answer": ({look(RIGHT): Permissions({}, START)}, CONDITION, CONDITION),
    "not allowed to ask": (
        {look(RIGHT): DENIED},
        f"Unknown {ROLE}: what it may do could not be asked: {DENIED.why}",
        f"Unknown {ROLE}: what it may do could not be asked: {DENIED.why}",
    ),
    "throttled": (
        {look(RIGHT): THROTTLED},
        f"Unknown {ROLE}: what it may do could not be asked: {THROTTLED.why}",
        f"Unknown {ROLE}: what it may do could not be asked: {THROTTLED.why}",
    ),
}


@pytest.mark.parametrize(("answers", "warned", "enforced"), VERDICTS.values(), ids=VERDICTS.keys())
def test_each_verdict(answers: Any, warned: str, enforced: str) -> None:
    assert lines(permissions(answers)) == [warned]
    assert lines(permissions(answers, ENFORCE)) == [enforced]
    assert not permissions(answers).looks


def test_stable_and_target_of_one_role_and_the_same_needs_are_one_question() -> None:
    both = {ReadDefinition(STABLE): reading(SEVEN)}
    assert permissions(both, stable=STABLE).looks == {look(RIGHT)}

    found = permissions({**both, **says(NOT_ALLOWED)}, ENFORCE, STABLE)
    assert [each.verdict for each in found.findings] == [Verdict.FAILED, Verdict.FAILED]
    assert ["version 42 needs" in each.message for each in found.findings] == [True, False]
    assert ["version 41 needs" in each.message for each in found.findings] == [False, True]


def test_each_version_is_asked_by_its_own_role() -> None:
    old = ("lambda:InvokeFunction", CHARGE.replace(":7", ":6"))
    both = {ReadDefinition(STABLE): reading(machine(Charge=task(INVOKE, FunctionName="charge:6")), OLD_ROLE)}
    assert permissions(both, stable=STABLE).looks == {look(RIGHT), look(old, role=OLD_ROLE)}

    answers = {**both, **says(ALLOWED), look(old, role=OLD_ROLE): Permissions({old: NOT_ALLOWED}, START)}
    passed, lacking = permissions(answers, ENFORCE, STABLE).findings
    assert (passed.verdict, passed.subject) == (Verdict.PASSED, VERSION)
    assert (lacking.verdict, lacking.subject) == (Verdict.FAILED, "States.Charge")
    assert f"version 41 needs lambda:InvokeFunction on {old[1]}, and no policy of role {OLD_ROLE}" in lacking.message


def test_a_stable_version_that_cannot_be_read_does_not_hide_the_target() -> None:
    answers = {ReadDefinition(STABLE): KMS, **says(NOT_ALLOWED)}
    assert lines(permissions(answers, ENFORCE, STABLE)) == [
        f"Failed {LACKING}",
        f"Unknown {MACHINE}:41: its definition could not be read: {KMS.why}",
    ]


def test_one_answer_is_awaited_while_the_other_is_there() -> None:
    found = permissions(says(NOT_ALLOWED), stable=STABLE)
    assert lines(found) == [f"Warning {LACKING}"]
    assert found.looks == {ReadDefinition(STABLE)}


def large(count: int) -> dict[str, Any]:
    return machine(**{f"S{number}": task(f"{CHARGE}{number}") for number in range(count)})


def test_iam_is_asked_for_no_more_than_two_hundred_and_the_rest_is_counted() -> None:
    (asked,) = permissions({}, definition=large(MOST_ASKED + 1)).looks
    assert asked == look(*(("lambda:InvokeFunction", f"{CHARGE}{number}") for number in range(MOST_ASKED)))

    answer = Permissions(dict.fromkeys(asked.rights, ALLOWED), START)
    assert lines(permissions({asked: answer}, ENFORCE, definition=large(MOST_ASKED + 1))) == [
        f"Unknown {ROLE}: version 42 needs 201 permissions of it, of which only the first 200 are asked for"
    ]


def test_two_hundred_are_asked_for() -> None:
    (asked,) = permissions({}, definition=large(MOST_ASKED)).looks
    answer = Permissions(dict.fromkeys(asked.rights, ALLOWED), START)
    (finding,) = permissions({asked: answer}, definition=large(MOST_ASKED)).findings
    assert finding.verdict is Verdict.PASSED


# -- other roles --

BY_ANOTHER = {"Charge": {**task(INVOKE, FunctionName="charge:7"), "Credentials": {"RoleArn": AFAR}}}
ASSUME = ("sts:AssumeRole", AFAR)


def test_a_role_in_another_account_is_not_asked_but_assuming_it_is() -> None:
    definition = machine(**BY_ANOTHER)
    assert permissions({}, definition=definition).looks == {look(ASSUME)}

    answers = {look(ASSUME): Permissions({ASSUME: NOT_ALLOWED}, START)}
    lacking, afar = permissions(answers, ENFORCE, definition=definition).findings
    assert lacking.verdict is Verdict.FAILED
    assert f"needs sts:AssumeRole on {AFAR}, and no policy of role {ROLE} allows it" in lacking.message
    assert (afar.verdict, afar.subject) == (Verdict.UNKNOWN, AFAR)
    assert afar.message == (
        f"version 42 uses role {AFAR} in state Charge; it is in account 222222222222, where nothing can be asked"
    )


def test_another_role_of_the_same_account_is_asked_for_its_part() -> None:
    near = "arn:aws:iam::123456789012:role/charging"
    definition = machine(Charge={**BY_ANOTHER["Charge"], "Credentials": {"RoleArn": near}})
    assert permissions({}, definition=definition).looks == {look(("sts:AssumeRole", near)), look(RIGHT, role=near)}


def test_a_role_whose_account_its_name_does_not_tell() -> None:
    found = ask(Check.PERMISSIONS, subject(None), target_is(SEVEN, role="orders"), ENFORCE)
    assert not found.looks
    assert lines(found) == [
        (
            "Unknown orders: version 42 uses role orders in state Charge; it is in an account that its name does not "
            "tell, where nothing can be asked"
        )
    ]


# -- what cannot be decided --

HTTP = task("arn:aws:states:::http:invoke", ApiEndpoint="https://example.com")


def test_what_cannot_be_decided_is_one_finding_and_never_a_pass() -> None:
    definition = machine(**SEVEN["States"], Post=HTTP)
    first = "state Post of version 42 calls http:invoke, which preflight does not know"
    assert lines(permissions(says(ALLOWED), ENFORCE, definition=definition)) == [
        f"Unknown {VERSION}: {first}: its permissions are not known"
    ]
    definition = machine(**definition["States"], Put=HTTP, Patch=HTTP)
    assert lines(permissions(says(ALLOWED), ENFORCE, definition=definition)) == [
        f"Unknown {VERSION}: {first}: its permissions are not known (and 2 more like it)"
    ]


def test_a_definition_that_needs_nothing_passes() -> None:
    found = permissions({}, definition=machine(Wait={"Type": "Pass"}))
    assert not found.looks
    assert lines(found) == [
        f"Passed {VERSION}: the definition of version 42 shows nothing that its role needs a permission for"
    ]


def test_a_definition_that_cannot_be_understood_never_blocks() -> None:
    found = ask(Check.PERMISSIONS, subject(None), target_is(None, why="it has no States"), ENFORCE)
    assert lines(found) == [f"Unknown {VERSION}: its definition cannot be understood: it has no States"]


def test_a_long_resource_does_not_overflow_a_status() -> None:
    found = permissions({}, definition=machine(Charge=task(f"{CHARGE[:-2]}{'x' * 2000}")))
    (asked,) = found.looks
    answer = Permissions(dict.fromkeys(asked.rights, NOT_ALLOWED), START)
    (finding,) = permissions({asked: answer}, definition=machine(Charge=task(f"{CHARGE[:-2]}{'x' * 2000}"))).findings
    assert len(finding.message) <= 1000
    assert finding.message.endswith("...")


def test_the_look_is_short_in_a_log() -> None:
    assert str(look(RIGHT)) == "AskRole(orders, 1 rights)"


def test_the_role_of_a_definition_that_was_given_as_a_file_is_not_known() -> None:
    found = ask(Check.PERMISSIONS, subject(stable=None), {ReadDefinition(TARGET): reading(SEVEN, role="")})
    assert lines(found) == [f"Unknown {VERSION}: the role of a definition that was given as a file is not known"]


def test_a_question_to_iam_is_named_in_few_words() -> None:
    assert str(AskRole(ROLE, frozenset({("lambda:InvokeFunction", "*")}))) == "AskRole(orders, 1 rights)"


def by(role: str) -> dict[str, Any]:
    """A task that takes this role for its call."""
    return {**task(INVOKE, FunctionName="charge:7"), "Credentials": {"RoleArn": role}}


@pytest.mark.parametrize(
    ("states", "role"), [({"Far": by(AFAR), "Near": by(OLD_ROLE)}, ROLE), ({"Near": by(OLD_ROLE)}, "")]
)
def test_a_role_elsewhere_or_unknown_hides_no_other(states: dict[str, Any], role: str) -> None:
    found = ask(Check.PERMISSIONS, subject(None), target_is(machine(**states), role))
    assert look(RIGHT, role=OLD_ROLE) in found.looks


def inside(work: dict[str, Any]) -> dict[str, Any]:
    """A Map whose one state is `Work`."""
    return machine(Each={"Type": "Map", "ItemProcessor": {**machine(Work=work)}, "End": True})


def test_a_state_inside_another_is_named_with_it() -> None:
    nested = inside(task(INVOKE, FunctionName="charge:7"))
    (lacking,) = permissions(says(NOT_ALLOWED), definition=nested).findings
    assert lacking.message.startswith("state Each.ItemProcessor.Work of version 42 needs lambda:InvokeFunction")

    afar = inside(by(AFAR))
    (elsewhere,) = permissions({}, definition=afar).findings
    assert (
        f"version 42 uses role {AFAR} in state Each.ItemProcessor.Work; it is in account 222222222222"
        in elsewhere.message
    )

    (unclear,) = permissions({}, definition=inside(task("arn:aws:states:::aws-sdk:polly:describeVoices"))).findings
    assert unclear.message.startswith("state Each.ItemProcessor.Work of version 42 ")


def test_a_second_state_of_which_nobody_can_tell_is_counted() -> None:
    unknown = task("arn:aws:states:::aws-sdk:polly:describeVoices")
    (found,) = permissions({}, definition=machine(A=unknown, B=unknown)).findings
    assert found.message.endswith("its permissions are not known (and 1 more like it)")
