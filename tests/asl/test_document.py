"""A definition as text: what is none is reported in one sentence."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfn_rollouts.asl.comparison import compare
from sfn_rollouts.asl.document import DEEPEST, DefinitionError, parse
from sfn_rollouts.asl.pins import loose_ends

unhurried = settings(deadline=None)  # a busy machine is no defect
REFUSED = {
    "nothing": ("", "it is not JSON: Expecting value: line 1 column 1 (char 0)"),
    "another language": ("StartAt: A", "it is not JSON: Expecting value: line 1 column 1 (char 0)"),
    "half of one": ('{"States": {', "it is not JSON: Expecting property name enclosed in double quotes"),
    "two of them": ("{} {}", "it is not JSON: Extra data: line 1 column 4 (char 3)"),
    "a list": ('[{"States": {}}]', "it is not a JSON object"),
    "a text": ('"States"', "it is not a JSON object"),
    "no states": ('{"StartAt": "A"}', "it has no States, an object with an entry for each state"),
    "a list of states": ('{"States": []}', "it has no States, an object with an entry for each state"),
    "a state twice": ('{"States": {"A": {}, "B": {}, "A": {}}}', '"A" stands twice in one object'),
    "a field twice": ('{"States": {"A": {"Next": "B", "Next": "C"}}}', '"Next" stands twice in one object'),
    "a name with an escape, twice": (
        '{"States": {}, "\\u001b": 1, "\\u001B": 2}',
        '"\\u001b" stands twice in one object',
    ),
    "NaN": ('{"States": {"A": {"Seconds": NaN}}}', "NaN is no number of JSON"),
    "infinity": ('{"States": {"A": {"Seconds": -Infinity}}}', "-Infinity is no number of JSON"),
    "beyond what a computer counts": ('{"States": {"A": {"Seconds": 1e999}}}', "1e999 is too large a number"),
    "a number of many digits": ('{"States": {"A": {"Seconds": %s}}}' % ("9" * 5000), "9... is too large a number"),
    "too deep": ('{"States": %s}' % ('{"A":' * 200 + "1" + "}" * 200), "objects and lists stand more than 200 deep"),
    "far too deep": ("[" * 100_000, "objects and lists stand more than 200 deep in each other"),
    "far too deep, and whole": (
        "[" * 100_000 + "]" * 100_000,
        "objects and lists stand more than 200 deep in each other",
    ),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_definition(text: str, message: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        parse(text)
    reported = str(refused.value)
    assert message in reported
    assert reported.isprintable()
    assert len(reported) < 200


def nested(depth: int) -> str:
    return '{"States": %s}' % ('{"A":' * (depth - 1) + "1" + "}" * (depth - 1))


def test_what_is_as_deep_as_may_be_is_read_and_compared() -> None:
    definition = parse(nested(DEEPEST))
    assert compare(definition, parse(nested(DEEPEST))).is_equal
    (change,) = compare(definition, parse(nested(DEEPEST).replace("1", "2"))).states
    assert change.fields[0].after == 2
    with pytest.raises(DefinitionError, match="200 deep"):
        parse(nested(DEEPEST + 1))


def test_maps_in_maps_to_the_deepest() -> None:
    text = '{"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:charge"}'
    for _ in range((DEEPEST - 3) // 4):
        text = f'{{"Type": "Map", "ItemProcessor": {{"States": {{"A": {text}}}}}}}'
    definition = parse(f'{{"States": {{"A": {text}}}}}')
    (loose,) = loose_ends(definition)
    assert "without a version" in loose.message
    assert compare(definition, json.loads(json.dumps(definition))).is_equal


@unhurried
@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")) | st.text('{}[]",:\\ 1eAN', max_size=30))
def test_any_text_is_a_definition_or_one_sentence(text: str) -> None:
    try:
        assert "States" in parse(text)
    except DefinitionError as error:
        assert str(error).isprintable()  # noqa: PT017 - either will do
