"""Definitions of the shapes that teams run: each finding of pins, each right, each state of which nobody can tell."""

import json

import pytest

from sfn_rollouts.api.preflight import Check, Strictness, Verdict
from sfn_rollouts.asl.document import parse
from sfn_rollouts.asl.rights import Right, Undecided
from sfn_rollouts.asl.states import pointer
from sfn_rollouts.core.preflight.subject import Subject
from sfn_rollouts.core.values.looks import ReadDefinition
from tests.core.preflight import ENFORCE, TARGET, WARN, ask, outlined, reading
from tests.core.preflight_shapes import LOOSE, PASSED, SHAPES, UNSEEN, Shape
from tests.core.specs import spec

EACH = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
VERDICTS = {
    WARN: {LOOSE: Verdict.WARNING, UNSEEN: Verdict.UNKNOWN, PASSED: Verdict.PASSED},
    ENFORCE: {LOOSE: Verdict.FAILED, UNSEEN: Verdict.UNKNOWN, PASSED: Verdict.PASSED},
}


def test_there_are_enough_of_them() -> None:
    assert len(SHAPES) >= 25


@EACH
def test_they_are_definitions(shape: Shape) -> None:
    assert parse(json.dumps(shape.definition)) == shape.definition


@EACH
@pytest.mark.parametrize("strictness", [WARN, ENFORCE])
def test_each_finding_of_pins(shape: Shape, strictness: Strictness) -> None:
    of = Subject(spec(TARGET, stateMachineArn=shape.machine), TARGET)
    answers = {ReadDefinition(TARGET): reading(shape.definition, machine=shape.machine)}
    found = ask(Check.PINS, of, answers, strictness)

    expected = {subject: (VERDICTS[strictness][kind], piece) for kind, subject, piece in shape.pins}
    assert {each.subject: each.verdict for each in found.findings} == {
        subject: verdict for subject, (verdict, _) in expected.items()
    }
    assert len(found.findings) == len(shape.pins)
    for each in found.findings:
        assert expected[each.subject][1] in each.message
    assert not found.looks


@EACH
def test_each_right(shape: Shape) -> None:
    needs = [need for need in outlined(shape.definition, shape.machine).rights if isinstance(need, Right)]
    assert [described(need) for need in needs] == list(shape.needs)


@EACH
def test_each_state_of_which_nobody_can_tell(shape: Shape) -> None:
    unclear = [need for need in outlined(shape.definition, shape.machine).rights if isinstance(need, Undecided)]
    assert [pointer(each.path) for each in unclear] == [subject for subject, _ in shape.unclear]
    for each, (_, piece) in zip(unclear, shape.unclear, strict=True):
        assert piece in each.why


def described(need: Right) -> str:
    role = f" as {need.role.rpartition('/')[2]}" if need.role is not None else ""
    return f"{need.action} {need.resource}{role}"
