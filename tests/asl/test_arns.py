"""ARNs and the names that AWS takes in their place: read from the front, and written as they were read."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfn_rollouts.arns import (
    FUNCTION,
    JOB_DEFINITION,
    STATE_MACHINE,
    TASK_DEFINITION,
    Arn,
    Nomenclature,
    Reference,
)

unhurried = settings(deadline=None)  # a busy machine is no defect
EUROPE = {"partition": "aws", "region": "eu-west-1", "account": "123456789012"}
LAMBDA = "arn:aws:lambda:eu-west-1:123456789012:function"
STATES = "arn:aws:states:eu-west-1:123456789012:stateMachine"
ECS = "arn:aws:ecs:eu-west-1:123456789012:task-definition"
BATCH = "arn:aws:batch:eu-west-1:123456789012:job-definition"

NAMES = {
    "a function": (FUNCTION, f"{LAMBDA}:charge", Reference("charge", **EUROPE)),
    "its version": (FUNCTION, f"{LAMBDA}:charge:7", Reference("charge", "7", **EUROPE)),
    "its alias": (FUNCTION, f"{LAMBDA}:charge:live", Reference("charge", "live", **EUROPE)),
    "its newest code": (FUNCTION, f"{LAMBDA}:charge:$LATEST", Reference("charge", "$LATEST", **EUROPE)),
    "a name that ends in function": (FUNCTION, f"{LAMBDA}:my-function:7", Reference("my-function", "7", **EUROPE)),
    "a function called function": (FUNCTION, f"{LAMBDA}:function", Reference("function", **EUROPE)),
    "its alias function": (FUNCTION, f"{LAMBDA}:function:function", Reference("function", "function", **EUROPE)),
    "a name": (FUNCTION, "charge", Reference("charge")),
    "a name with a version": (FUNCTION, "my-function:7", Reference("my-function", "7")),
    "the name function with a version": (FUNCTION, "function:7", Reference("function", "7")),
    "the name arn with a version": (FUNCTION, "arn:7", Reference("arn", "7")),
    "a partial ARN": (FUNCTION, "123456789012:function:charge", Reference("charge", account="123456789012")),
    "one with a qualifier": (
        FUNCTION,
        "123456789012:function:audit-function:$LATEST",
        Reference("audit-function", "$LATEST", account="123456789012"),
    ),
    "one of a function called function": (
        FUNCTION,
        "123456789012:function:function:function",
        Reference("function", "function", account="123456789012"),
    ),
    "one with a region": (
        FUNCTION,
        "eu-west-1:123456789012:function:my-function:7",
        Reference("my-function", "7", region="eu-west-1", account="123456789012"),
    ),
    "a state machine": (STATE_MACHINE, f"{STATES}:Refund", Reference("Refund", **EUROPE)),
    "a version of it": (STATE_MACHINE, f"{STATES}:Refund:3", Reference("Refund", "3", **EUROPE)),
    "an alias of it": (STATE_MACHINE, f"{STATES}:Refund:live", Reference("Refund", "live", **EUROPE)),
    "a machine called stateMachine": (
        STATE_MACHINE,
        f"{STATES}:stateMachine:3",
        Reference("stateMachine", "3", **EUROPE),
    ),
    "a Distributed Map inside": (STATE_MACHINE, f"{STATES}:Refund/Each", Reference("Refund", label="Each", **EUROPE)),
    "one of a version": (STATE_MACHINE, f"{STATES}:Refund/Each:3", Reference("Refund", "3", label="Each", **EUROPE)),
    "a family": (TASK_DEFINITION, "worker", Reference("worker")),
    "a revision": (TASK_DEFINITION, "worker:12", Reference("worker", "12")),
    "the ARN of a family": (TASK_DEFINITION, f"{ECS}/worker", Reference("worker", **EUROPE)),
    "the ARN of a revision": (TASK_DEFINITION, f"{ECS}/worker:12", Reference("worker", "12", **EUROPE)),
    "a family called task-definition": (
        TASK_DEFINITION,
        f"{ECS}/task-definition:12",
        Reference("task-definition", "12", **EUROPE),
    ),
    "a job definition": (JOB_DEFINITION, "load-orders", Reference("load-orders")),
    "its revision": (JOB_DEFINITION, "load-orders:3", Reference("load-orders", "3")),
    "its ARN": (JOB_DEFINITION, f"{BATCH}/load-orders", Reference("load-orders", **EUROPE)),
    "the ARN of its revision": (JOB_DEFINITION, f"{BATCH}/load-orders:3", Reference("load-orders", "3", **EUROPE)),
}

PARTITIONS = {
    "aws": "eu-west-1",
    "aws-cn": "cn-northwest-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-iso": "us-iso-east-1",
    "aws-iso-b": "us-isob-east-1",
    "aws-iso-e": "eu-isoe-west-1",
    "aws-iso-f": "us-isof-south-1",
    "aws-eusc": "eusc-de-east-1",
}

NO_NAMES = {
    "nothing": (FUNCTION, ""),
    "no name in the ARN": (FUNCTION, f"{LAMBDA}:"),
    "no type in the ARN": (FUNCTION, "arn:aws:lambda:eu-west-1:123456789012:charge"),
    "an empty qualifier": (FUNCTION, "charge:"),
    "two qualifiers": (FUNCTION, f"{LAMBDA}:charge:7:8"),
    "two qualifiers behind a name": (FUNCTION, "charge:7:8"),
    "a partial ARN without an account": (FUNCTION, ":function:charge"),
    "a path": (FUNCTION, "charge/7"),
    "a layer": (FUNCTION, "arn:aws:lambda:eu-west-1:123456789012:layer:charge:7"),
    "another service": (FUNCTION, f"{STATES}:charge"),
    "a name where only ARNs are taken": (STATE_MACHINE, "Refund"),
    "an execution": (STATE_MACHINE, "arn:aws:states:eu-west-1:123456789012:execution:Refund:one"),
    "an empty label": (STATE_MACHINE, f"{STATES}:Refund/"),
    "a task definition divided by a colon": (TASK_DEFINITION, ECS.replace("/", ":") + ":worker"),
    "a task": (TASK_DEFINITION, "arn:aws:ecs:eu-west-1:123456789012:task/main/0123"),
    "a job queue": (JOB_DEFINITION, "arn:aws:batch:eu-west-1:123456789012:job-queue/main"),
    "a label where there is none": (JOB_DEFINITION, f"{BATCH}/load/orders:3"),
}


@pytest.mark.parametrize(("kind", "text", "expected"), NAMES.values(), ids=NAMES.keys())
def test_each_way_to_name_something(kind: Nomenclature, text: str, expected: Reference) -> None:
    assert kind.parse(text) == expected
    assert kind.format(expected) == text


@pytest.mark.parametrize("kind", [FUNCTION, STATE_MACHINE, TASK_DEFINITION, JOB_DEFINITION], ids=lambda kind: kind.type)
@pytest.mark.parametrize(("partition", "region"), PARTITIONS.items(), ids=PARTITIONS.keys())
def test_each_partition(kind: Nomenclature, partition: str, region: str) -> None:
    text = f"arn:{partition}:{kind.service}:{region}:123456789012:{kind.type}{kind.divider}my-{kind.type}:7"
    found = kind.parse(text)
    assert (found.partition, found.region, found.name, found.qualifier) == (partition, region, f"my-{kind.type}", "7")


@pytest.mark.parametrize(("kind", "text"), NO_NAMES.values(), ids=NO_NAMES.keys())
def test_what_names_nothing_of_the_kind(kind: Nomenclature, text: str) -> None:
    with pytest.raises(ValueError, match=kind.type):
        kind.parse(text)


NO_ARNS = [
    "",
    "charge",
    "arn",
    "arn:aws:lambda:eu-west-1:123456789012",
    "arn:::::x",
    "arn:aws:lambda:::",
    "urn:a:b:c:d:e",
]


@pytest.mark.parametrize("text", NO_ARNS)
def test_what_is_no_arn(text: str) -> None:
    with pytest.raises(ValueError, match="is not an ARN"):
        Arn.parse(text)


def test_an_arn_may_have_no_place_and_colons_in_its_resource() -> None:
    assert Arn.parse("arn:aws:states:::states:startExecution.sync:2") == Arn(
        "aws", "states", "", "", "states:startExecution.sync:2"
    )


WORDS = st.sampled_from(["function", "stateMachine", "task-definition", "arn", "7", "$LATEST", "123456789012"])
TEXTS = st.text(st.characters(exclude_characters=":/", exclude_categories=["Cs"]), min_size=1, max_size=20)
NAMED = WORDS | TEXTS
ACCOUNTS = st.from_regex(r"[0-9]{12}", fullmatch=True)


@st.composite
def references(draw: st.DrawFn, kind: Nomenclature) -> Reference:
    named = Reference(draw(NAMED), draw(st.none() | NAMED), draw(st.none() | NAMED) if kind.has_labels else None)
    ways = [
        "ARN",
        *(["name"] if kind.has_short_names else []),
        *(["account", "region"] if kind.has_partial_arns else []),
    ]
    match draw(st.sampled_from(ways)):
        case "ARN":
            place = {
                "partition": draw(st.sampled_from([*PARTITIONS])),
                "region": draw(TEXTS),
                "account": draw(ACCOUNTS),
            }
        case "account":
            place = {"account": draw(ACCOUNTS)}
        case "region":
            place = {"region": draw(st.sampled_from([*PARTITIONS.values()])), "account": draw(ACCOUNTS)}
        case _:
            place = {}
    return dataclasses.replace(named, **place)


@pytest.mark.parametrize("kind", [FUNCTION, STATE_MACHINE, TASK_DEFINITION, JOB_DEFINITION], ids=lambda kind: kind.type)
@unhurried
@given(data=st.data())
def test_what_is_written_reads_as_it_was(kind: Nomenclature, data: st.DataObject) -> None:
    reference = data.draw(references(kind))
    assert kind.parse(kind.format(reference)) == reference


@unhurried
@given(st.builds(Arn, TEXTS, TEXTS, TEXTS | st.just(""), ACCOUNTS | st.just(""), st.text(min_size=1)))
def test_an_arn_that_is_written_reads_as_it_was(arn: Arn) -> None:
    assert Arn.parse(str(arn)) == arn


@pytest.mark.parametrize("kind", [FUNCTION, STATE_MACHINE, TASK_DEFINITION, JOB_DEFINITION], ids=lambda kind: kind.type)
@unhurried
@given(
    text=st.lists(st.sampled_from([":", "/", "arn", "aws", "lambda", "function", "7", "states", "stateMachine", ""]))
)
def test_whatever_can_be_read_is_written_as_it_was(kind: Nomenclature, text: list[str]) -> None:
    try:
        found = kind.parse("".join(text))
    except ValueError:
        return
    assert kind.format(found) == "".join(text)
