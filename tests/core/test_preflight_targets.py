"""Targets: what the target calls must be there."""

from typing import Any

import pytest

from sfn_rollouts.api.preflight import Check, Verdict
from sfn_rollouts.core.preflight.subject import Found
from sfn_rollouts.core.preflight.targets import MOST_LOOKED_FOR
from sfn_rollouts.core.values.looks import FindCallee, ReadDefinition
from sfn_rollouts.core.values.readings import Unseen
from sfn_rollouts.core.values.targets import CalleeReading
from tests.core.preflight import (
    DENIED,
    ENFORCE,
    TARGET,
    THROTTLED,
    VERSION,
    WARN,
    ask,
    lines,
    machine,
    subject,
    target_is,
    task,
)
from tests.core.world import START

INVOKE = "arn:aws:states:::lambda:invoke"
NESTED = "arn:aws:states:::states:startExecution"
HERE = "arn:aws:lambda:eu-west-1:123456789012:function"
CHILD = "arn:aws:states:eu-west-1:123456789012:stateMachine:Child"
THERE = CalleeReading("", START)


def targets(definition: dict[str, Any], answers: Any = None, strictness: Any = WARN) -> Found:
    known = {FindCallee(arn): answer for arn, answer in (answers or {}).items()}
    return ask(Check.TARGETS, subject(), {**target_is(definition), **known}, strictness)


def call(name: str, **fields: Any) -> dict[str, Any]:
    return machine(Charge={**task(INVOKE, FunctionName=name), **fields})


def test_nobody_has_looked_yet() -> None:
    assert ask(Check.TARGETS, subject()) == Found(looks=frozenset({ReadDefinition(TARGET)}))


def test_a_definition_that_cannot_be_read() -> None:
    found = ask(Check.TARGETS, subject(), {ReadDefinition(TARGET): DENIED}, ENFORCE)
    assert [each.verdict for each in found.findings] == [Verdict.UNKNOWN]


LOOKED_FOR: dict[str, tuple[dict[str, Any], set[str]]] = {
    "a name": (call("charge"), {f"{HERE}:charge"}),
    "a version": (call("charge:7"), {f"{HERE}:charge:7"}),
    "an alias": (call("charge:live"), {f"{HERE}:charge:live"}),
    "the newest code": (call("charge:$LATEST"), {f"{HERE}:charge:$LATEST"}),
    "a partial ARN": (call("123456789012:function:charge:7"), {f"{HERE}:charge:7"}),
    "a whole ARN": (call(f"{HERE}:charge:7"), {f"{HERE}:charge:7"}),
    "a version beside it": (machine(A=task(INVOKE, FunctionName="charge", Qualifier="7")), {f"{HERE}:charge:7"}),
    "a resource": (machine(A=task(f"{HERE}:charge:7")), {f"{HERE}:charge:7"}),
    "a state machine's version": (machine(A=task(NESTED, StateMachineArn=f"{CHILD}:3")), {f"{CHILD}:3"}),
    "a Distributed Map of it": (machine(A=task(NESTED, StateMachineArn=f"{CHILD}/Each:3")), {f"{CHILD}:3"}),
    "the same twice": (machine(A=task(f"{HERE}:charge"), B=task(INVOKE, FunctionName="charge")), {f"{HERE}:charge"}),
    "a whole ARN by another role": (call(f"{HERE}:charge", Credentials={"RoleArn.$": "$.r"}), {f"{HERE}:charge"}),
}


@pytest.mark.parametrize(("definition", "arns"), LOOKED_FOR.values(), ids=LOOKED_FOR.keys())
def test_what_is_looked_for(definition: dict[str, Any], arns: set[str]) -> None:
    asked = frozenset(FindCallee(arn) for arn in arns)
    found = targets(definition)
    assert found == Found(looks=asked, stands_on=asked)

    found = targets(definition, dict.fromkeys(arns, THERE))
    assert not found.looks
    assert lines(found) == [f"Passed {VERSION}: the one function or state machine that its definition names is there"]


NOT_LOOKED_FOR = {
    "what is chosen at run time": machine(A=task(INVOKE, **{"FunctionName.$": "$.f"})),
    "what a template would fill in": call("charge-${Stage}:7"),
    "a place that a template would fill in": call("arn:aws:lambda:${Region}:123456789012:function:charge:7"),
    "tasks of ECS": machine(A=task("arn:aws:states:::ecs:runTask", TaskDefinition="worker:1")),
    "jobs of Batch": machine(A=task("arn:aws:states:::batch:submitJob", JobDefinition="load:1")),
    "a type of tomorrow": machine(A={"Type": "Loop"}),
    "a Pass": machine(A={"Type": "Pass"}),
}


@pytest.mark.parametrize("definition", NOT_LOOKED_FOR.values(), ids=NOT_LOOKED_FOR.keys())
def test_what_is_not_looked_for(definition: dict[str, Any]) -> None:
    found = targets(definition)
    assert not found.looks
    assert lines(found) == [f"Passed {VERSION}: its definition names no function and no state machine"]


FAR = {
    "another account": (
        call("arn:aws:lambda:eu-west-1:222222222222:function:charge:7"),
        "arn:aws:lambda:eu-west-1:222222222222:function:charge:7",
    ),
    "another region": (call("eu-west-3:123456789012:function:charge"), f"{HERE}:charge".replace("west-1", "west-3")),
    "another partition": (
        call("arn:aws-cn:lambda:eu-west-1:123456789012:function:charge"),
        "arn:aws-cn:lambda:eu-west-1:123456789012:function:charge",
    ),
    "a name in the account of another role": (
        call("charge:7", Credentials={"RoleArn": "arn:aws:iam::222222222222:role/R"}),
        "arn:aws:lambda:eu-west-1::function:charge:7",
    ),
}


@pytest.mark.parametrize(("definition", "arn"), FAR.values(), ids=FAR.keys())
def test_what_is_elsewhere_never_blocks(definition: dict[str, Any], arn: str) -> None:
    found = targets(definition, strictness=ENFORCE)
    assert not found.looks
    message = f"state Charge calls {arn}, which is in another account or region: it is not looked for there"
    assert lines(found) == [f"Unknown States.Charge: {message}"]


GONE = CalleeReading("Lambda knows no such function, or no such version or alias of it", START)
FAILED = CalleeReading("Lambda says it is Failed (the image is gone)", START)


@pytest.mark.parametrize("lacking", [GONE, FAILED], ids=["not there", "not Active"])
@pytest.mark.parametrize(("strictness", "verdict"), [(WARN, "Warning"), (ENFORCE, "Failed")])
def test_what_cannot_be_called_is_a_problem(lacking: CalleeReading, strictness: Any, verdict: str) -> None:
    found = targets(call("charge:7"), {f"{HERE}:charge:7": lacking}, strictness)
    assert lines(found) == [
        (
            f"{verdict} States.Charge: state Charge calls {HERE}:charge:7, and {lacking.lacking}: call one that "
            "is there, or bring it back before this version gets traffic"
        )
    ]


@pytest.mark.parametrize("unseen", [DENIED, THROTTLED], ids=["denied", "throttled"])
def test_what_could_not_be_seen_never_blocks(unseen: Unseen) -> None:
    found = targets(call("charge:7"), {f"{HERE}:charge:7": unseen}, ENFORCE)
    assert not found.looks
    assert lines(found) == [
        (
            f"Unknown States.Charge: state Charge calls {HERE}:charge:7, and whether that is there could not be seen: "
            f"{unseen.why}"
        )
    ]


def test_answers_come_in_one_by_one() -> None:
    definition = machine(A=task(f"{HERE}:a"), B=task(f"{HERE}:b"), C=task(f"{HERE}:c"))
    found = targets(definition, {f"{HERE}:a": GONE, f"{HERE}:b": THERE})
    assert [each.subject for each in found.findings] == ["States.A"]
    assert found.looks == {FindCallee(f"{HERE}:c")}

    found = targets(definition, dict.fromkeys([f"{HERE}:{name}" for name in "abc"], THERE))
    assert lines(found) == [f"Passed {VERSION}: all 3 functions and state machines that its definition names are there"]


def test_no_more_than_a_hundred_are_looked_for_and_the_rest_is_counted() -> None:
    arns = [f"{HERE}:charge-{number}" for number in range(MOST_LOOKED_FOR + 7)]
    found = targets(machine(**{f"S{number}": task(arn) for number, arn in enumerate(arns)}), strictness=ENFORCE)

    assert found.looks == {FindCallee(arn) for arn in arns[:MOST_LOOKED_FOR]}
    assert lines(found) == [
        f"Unknown {VERSION}: it calls 107 different things, of which only the first 100 are looked for"
    ]


def test_a_hundred_are_looked_for() -> None:
    arns = [f"{HERE}:charge-{number}" for number in range(MOST_LOOKED_FOR)]
    found = targets(machine(**{f"S{number}": task(arn) for number, arn in enumerate(arns)}), dict.fromkeys(arns, THERE))
    assert [each.verdict for each in found.findings] == [Verdict.PASSED]
