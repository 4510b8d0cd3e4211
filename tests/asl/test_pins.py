"""What a definition calls, and whether that is pinned to a version."""

from typing import Any

import pytest

from devenv.demo.order_processor import VERSIONS
from sfn_rollouts.asl.pins import JOB, LAMBDA, MACHINE, TASK, WAYS, Loose, Pin, Way, calls_of, loose_ends
from tests.asl.definitions import FUNCTION, INVOKE, NESTED, START, by_path, jsonata, machine, task

RUN = "arn:aws:states:::ecs:runTask"
FAMILY = "arn:aws:ecs:eu-west-1:123456789012:task-definition/worker"
SUBMIT = "arn:aws:states:::batch:submitJob"
DEFINED = "arn:aws:batch:eu-west-1:123456789012:job-definition/load-orders"
ACCOUNT = "123456789012"


VERSION, ALIAS, NOTHING, UNKNOWN = Pin
STATES = {
    # Lambda
    "a version as resource": (task(f"{FUNCTION}:7"), VERSION),
    "a function as resource": (task(FUNCTION), NOTHING),
    "its newest code": (task(f"{FUNCTION}:$LATEST"), NOTHING),
    "an alias as resource": (task(f"{FUNCTION}:live"), ALIAS),
    "a whole ARN with a version": (by_path(INVOKE, FunctionName=f"{FUNCTION}:7"), VERSION),
    "a whole ARN": (by_path(INVOKE, FunctionName=FUNCTION), NOTHING),
    "a partial ARN with a version": (by_path(INVOKE, FunctionName=f"{ACCOUNT}:function:charge:7"), VERSION),
    "a partial ARN": (by_path(INVOKE, FunctionName=f"{ACCOUNT}:function:charge"), NOTHING),
    "a name with a version": (by_path(INVOKE, FunctionName="charge:7"), VERSION),
    "a name": (by_path(INVOKE, FunctionName="charge"), NOTHING),
    "an ARN that ends in -function": (by_path(INVOKE, FunctionName=f"{FUNCTION}-function:7"), VERSION),
    "a resource that ends in -function": (task(f"{FUNCTION}-function:7"), VERSION),
    "a name that ends in -function, by alias": (by_path(INVOKE, FunctionName="notify-function:live"), ALIAS),
    "a name that ends in -function, newest": (
        by_path(INVOKE, FunctionName=f"{ACCOUNT}:function:audit-function:$LATEST"),
        NOTHING,
    ),
    "a function called function": (by_path(INVOKE, FunctionName="function:7"), VERSION),
    "a version beside it": (by_path(INVOKE, FunctionName="charge", Qualifier="7"), VERSION),
    "a version beside an ARN": (by_path(INVOKE, FunctionName=f"{FUNCTION}-function", Qualifier="7"), VERSION),
    "an alias beside it": (by_path(INVOKE, FunctionName="charge", Qualifier="live"), ALIAS),
    "the newest code beside it": (by_path(INVOKE, FunctionName="charge", Qualifier="$LATEST"), NOTHING),
    "nothing beside it": (by_path(INVOKE, FunctionName="charge", Qualifier=""), NOTHING),
    "a path beside it": (by_path(INVOKE, FunctionName="charge", **{"Qualifier.$": "$.version"}), UNKNOWN),
    "a path beside a version": (by_path(INVOKE, FunctionName="charge:7", **{"Qualifier.$": "$.version"}), VERSION),
    "a path": (by_path(INVOKE, **{"FunctionName.$": "$.function"}), UNKNOWN),
    "an intrinsic without a path": (by_path(INVOKE, **{"FunctionName.$": "States.Format('charge')"}), UNKNOWN),
    "a path that is not marked as one": (by_path(INVOKE, FunctionName="$.function"), UNKNOWN),
    "the context object": (by_path(INVOKE, **{"FunctionName.$": "$$.Execution.Input.function"}), UNKNOWN),
    "the input as a whole": (task(INVOKE), UNKNOWN),
    "no name": (by_path(INVOKE, Payload={}), UNKNOWN),
    "no text": (by_path(INVOKE, FunctionName=7), UNKNOWN),
    "what is no name": (by_path(INVOKE, FunctionName="charge:7:8"), UNKNOWN),
    "a resource that is worked out": (task("{% $function %}"), UNKNOWN),
    "a resource that is to be filled in": (task("${ChargeFunctionArn}"), UNKNOWN),
    "a function of another kind": (task("arn:aws:lambda:eu-west-1:123456789012:function:"), UNKNOWN),
    "China": (task("arn:aws-cn:lambda:cn-north-1:123456789012:function:charge:7"), VERSION),
    "China by invoke": (
        by_path(
            "arn:aws-cn:states:::lambda:invoke", FunctionName="arn:aws-cn:lambda:cn-north-1:123456789012:function:f"
        ),
        NOTHING,
    ),
    "GovCloud": (task("arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:charge"), NOTHING),
    "an isolated region": (task("arn:aws-iso-b:lambda:us-isob-east-1:123456789012:function:charge:live"), ALIAS),
    "waiting for a token": (by_path(f"{INVOKE}.waitForTaskToken", FunctionName="charge"), NOTHING),
    # JSONata
    "JSONata, text": (jsonata(INVOKE, FunctionName=f"{FUNCTION}:7", Payload="{% $states.input %}"), VERSION),
    "a literal": (jsonata(INVOKE, FunctionName=f"{{% '{FUNCTION}' %}}"), NOTHING),
    "a literal with a version": (jsonata(INVOKE, FunctionName=f"{{% '{FUNCTION}:7' %}}"), VERSION),
    "a literal in double quotes": (jsonata(INVOKE, FunctionName=f'{{% "{FUNCTION}:live" %}}'), ALIAS),
    "a literal without a space": (jsonata(INVOKE, FunctionName=f"{{%'{FUNCTION}:7'%}}"), VERSION),
    "a literal on a line of its own": (jsonata(INVOKE, FunctionName=f"{{%\n\t  '{FUNCTION}:7'\r\n %}}"), VERSION),
    "a literal with escapes": (jsonata(INVOKE, FunctionName="{% 'charge\\u003a7' %}"), VERSION),
    "a literal with a quote of the other kind": (jsonata(INVOKE, FunctionName="{% 'char\"ge' %}"), NOTHING),
    "a literal with an escape that is none": (jsonata(INVOKE, FunctionName="{% 'char\\xge:7' %}"), UNKNOWN),
    "two literals": (jsonata(INVOKE, FunctionName="{% 'charge' & ':7' %}"), UNKNOWN),
    "a literal that does not end": (jsonata(INVOKE, FunctionName="{% 'charge:7 %}"), UNKNOWN),
    "an expression that does not end": (jsonata(INVOKE, FunctionName="{% 'charge:7'"), UNKNOWN),
    "an expression": (jsonata(INVOKE, FunctionName="{% $states.input.function %}"), UNKNOWN),
    "a literal beside it": (jsonata(INVOKE, FunctionName="charge", Qualifier="{% '7' %}"), VERSION),
    "an expression beside it": (jsonata(INVOKE, FunctionName="charge", Qualifier="{% $v %}"), UNKNOWN),
    "all arguments an expression": (task(INVOKE, Arguments="{% $all %}"), UNKNOWN),
    "a key that JSONata does not know": (
        jsonata(INVOKE, **{"FunctionName.$": "$.x", "FunctionName": "charge:7"}),
        VERSION,
    ),
    "an expression where there is no JSONata": (by_path(INVOKE, FunctionName="{% 'charge:7' %}"), UNKNOWN),
    # nested state machines
    "a nested version": (by_path(f"{START}.sync:2", StateMachineArn=f"{NESTED}:3"), VERSION),
    "a nested machine": (by_path(START, StateMachineArn=NESTED), NOTHING),
    "one that is waited for": (by_path(f"{START}.sync:2", StateMachineArn=NESTED), NOTHING),
    "one that calls back": (by_path(f"{START}.waitForTaskToken", StateMachineArn=NESTED), NOTHING),
    "its alias": (by_path(START, StateMachineArn=f"{NESTED}:live"), ALIAS),
    "a Distributed Map of it": (by_path(START, StateMachineArn=f"{NESTED}/Each"), NOTHING),
    "a literal, nested": (jsonata(f"{START}.sync:2", StateMachineArn=f"{{% '{NESTED}:3' %}}"), VERSION),
    "a nested name that is no ARN": (by_path(START, StateMachineArn="Refund"), UNKNOWN),
    # ECS
    "a family": (by_path(RUN, TaskDefinition="worker"), NOTHING),
    "a revision": (by_path(f"{RUN}.sync", TaskDefinition="worker:12"), VERSION),
    "the ARN of a family": (by_path(f"{RUN}.waitForTaskToken", TaskDefinition=FAMILY), NOTHING),
    "the ARN of a revision": (by_path(f"{RUN}.sync", TaskDefinition=f"{FAMILY}:12"), VERSION),
    "a family in JSONata": (jsonata(f"{RUN}.sync", TaskDefinition="{% 'worker' %}"), NOTHING),
    "a revision in JSONata": (jsonata(f"{RUN}.sync", TaskDefinition=f"{{% '{FAMILY}:12' %}}"), VERSION),
    "what is no revision": (by_path(RUN, TaskDefinition="worker:latest"), NOTHING),
    "a family by a path": (by_path(RUN, **{"TaskDefinition.$": "$.task"}), UNKNOWN),
    "a service that keeps its tasks": (by_path("arn:aws:states:::aws-sdk:ecs:updateService", Service="api"), None),
    "a service by the input": (task("arn:aws:states:::aws-sdk:ecs:updateService"), UNKNOWN),
    # Batch
    "a job definition": (by_path(f"{SUBMIT}.sync", JobDefinition="load-orders"), NOTHING),
    "its revision": (by_path(SUBMIT, JobDefinition="load-orders:3"), VERSION),
    "its ARN": (by_path(SUBMIT, JobDefinition=DEFINED), NOTHING),
    "the ARN of its revision": (by_path(SUBMIT, JobDefinition=f"{DEFINED}:3"), VERSION),
    "a job definition in JSONata": (jsonata(f"{SUBMIT}.sync", JobDefinition="{% $states.input.job %}"), UNKNOWN),
    # placeholders
    "only the place is to be filled in": (
        task("arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:charge:7"),
        VERSION,
    ),
    "so it is, without a version": (
        by_path("arn:${AWS::Partition}:states:::lambda:invoke", FunctionName="${AWS::AccountId}:function:charge"),
        NOTHING,
    ),
    "the name is to be filled in": (by_path(INVOKE, FunctionName="${ChargeFunction}"), UNKNOWN),
    "a part of the name": (by_path(INVOKE, FunctionName="charge-${Stage}"), UNKNOWN),
    "the name, not the version": (by_path(INVOKE, FunctionName="charge-${Stage}:7"), VERSION),
    "the version is to be filled in": (by_path(INVOKE, FunctionName="charge:${Version}"), UNKNOWN),
    # what keeps no versions
    "an activity": (task("arn:aws:states:eu-west-1:123456789012:activity:sign"), None),
    "another service": (by_path("arn:aws:states:::sqs:sendMessage", QueueUrl="https://sqs/q"), None),
    "no task": ({"Type": "Pass", "Resource": FUNCTION}, None),
    # what nobody knows
    "no resource": ({"Type": "Task"}, UNKNOWN),
    "a resource that is no text": ({"Type": "Task", "Resource": 7}, UNKNOWN),
    "a text": (task("charge"), UNKNOWN),
    "an ARN that no task had so far": (task("arn:aws:bedrock:eu-west-1:123456789012:agent/A"), UNKNOWN),
    "a type of tomorrow": ({"Type": "Loop", "Resource": FUNCTION}, UNKNOWN),
    "no type": ({"Resource": FUNCTION}, UNKNOWN),
    "a type that is no text": ({"Type": ["Task"]}, UNKNOWN),
}


@pytest.mark.parametrize(("state", "pin"), STATES.values(), ids=STATES.keys())
def test_each_way_to_call(state: dict[str, Any], pin: Pin | None) -> None:
    assert [call.pin for call in calls_of(machine(Charge=state))] == ([] if pin is None else [pin])


INTEGRATIONS = [(way, integration) for way in WAYS for integration in sorted(way.integrations)]
NEWEST = {LAMBDA: "charge", MACHINE: NESTED, TASK: "worker", JOB: "load-orders"}


@pytest.mark.parametrize("language", [by_path, jsonata], ids=["JSONPath", "JSONata"])
@pytest.mark.parametrize("suffix", ["", ".sync", ".sync:2", ".waitForTaskToken"])
@pytest.mark.parametrize(("way", "integration"), INTEGRATIONS, ids=[each for _, each in INTEGRATIONS])
def test_each_row_of_the_table(way: Way, integration: str, suffix: str, language: Any) -> None:
    resource, newest = f"arn:aws:states:::{integration}{suffix}", NEWEST[way.callee]
    for name, pin in ((newest, NOTHING), (f"{newest}:3", VERSION)):
        (call,) = calls_of(machine(Charge=language(resource, **{way.parameter: name})))
        assert (call.callee, call.pin, call.text) == (way.callee, pin, name)
        assert call.reference is not None
        assert way.callee.names.format(call.reference) == name


LAMBDA_BY_INVOKE = "lambda:invoke aws-sdk:lambda:invoke aws-sdk:lambda:invokeAsync"
STARTS = "states:startExecution aws-sdk:sfn:startExecution aws-sdk:sfn:startSyncExecution"
TASKS = "ecs:runTask aws-sdk:ecs:runTask aws-sdk:ecs:startTask aws-sdk:ecs:createTaskSet"
SERVICES = "aws-sdk:ecs:createService aws-sdk:ecs:updateService"
JOBS = "batch:submitJob aws-sdk:batch:submitJob"


def test_the_table_has_each_integration_once() -> None:
    expected = f"{LAMBDA_BY_INVOKE} {STARTS} {TASKS} {SERVICES} {JOBS}".split()
    assert sorted(each for _, each in INTEGRATIONS) == sorted(expected)


NESTINGS = {
    "Parallel": lambda inner: {"Type": "Parallel", "Branches": [machine(Idle={"Type": "Pass"}), inner]},
    "Map": lambda inner: {"Type": "Map", "ItemProcessor": inner},
    "a Map of older days": lambda inner: {"Type": "Map", "Iterator": inner},
    "a Map in a Parallel": lambda inner: {
        "Type": "Parallel",
        "Branches": [machine(Each={"Type": "Map", "ItemProcessor": inner})],
    },
}
PATHS = {
    "Parallel": ("Outer", "Branches[1]", "Charge"),
    "Map": ("Outer", "ItemProcessor", "Charge"),
    "a Map of older days": ("Outer", "Iterator", "Charge"),
    "a Map in a Parallel": ("Outer", "Branches[0]", "Each", "ItemProcessor", "Charge"),
}


@pytest.mark.parametrize("nesting", NESTINGS)
def test_a_state_inside_another_is_found_and_named(nesting: str) -> None:
    definition = machine(Outer=NESTINGS[nesting](machine(Charge=task(FUNCTION))))
    assert [call.path for call in calls_of(definition)] == [PATHS[nesting]]
    assert [loose.state for loose in loose_ends(definition)] == [".".join(PATHS[nesting])]


MESSAGES = {
    "nothing": (
        task(FUNCTION),
        "calls Lambda function charge without a version: it changes under the rollout; name one, charge:N",
    ),
    "an alias": (
        by_path(START, StateMachineArn=f"{NESTED}:live"),
        (
            "calls state machine Refund by its alias live, which may move under the rollout; a version cannot: "
            "name one, Refund:N"
        ),
    ),
    "a Distributed Map": (
        by_path(START, StateMachineArn=f"{NESTED}/Each"),
        "calls state machine Refund/Each without a version: it changes under the rollout; name one, Refund/Each:N",
    ),
    "a family": (
        by_path(RUN, TaskDefinition=FAMILY),
        "runs ECS task definition worker without a revision: it changes under the rollout; name one, worker:N",
    ),
    "a job": (
        by_path(SUBMIT, JobDefinition="load"),
        "runs Batch job definition load without a revision: it changes under the rollout; name one, load:N",
    ),
    "a path": (
        by_path(SUBMIT, **{"JobDefinition.$": "$.job"}),
        "chooses the Batch job definition when it runs: whether that has a revision cannot be seen here",
    ),
    "a resource that is worked out": (
        task("{% $function %}"),
        "chooses what it calls when it runs: whether that has a version cannot be seen here",
    ),
    "a resource that is to be filled in": (
        task("${ChargeFunctionArn}"),
        "names what it calls as ${ChargeFunctionArn}: whether that has a version cannot be seen here",
    ),
    "a placeholder": (
        by_path(INVOKE, FunctionName="charge:${Version}"),
        "names the Lambda function as charge:${Version}: whether that has a version cannot be seen here",
    ),
    "a text": (
        task("charge"),
        "names what it calls as charge: whether that has a version cannot be seen here",
    ),
    "no resource": (
        {"Type": "Task"},
        "chooses what it calls when it runs: whether that has a version cannot be seen here",
    ),
    "a type of tomorrow": (
        {"Type": "Loop"},
        'has the Type "Loop", which is not known here: what it calls cannot be seen',
    ),
    "no type": ({}, "has the Type null, which is not known here: what it calls cannot be seen"),
    "what is no ARN": (
        by_path(START, StateMachineArn="Refund"),
        "names the state machine as Refund: whether that has a version cannot be seen here",
    ),
}


@pytest.mark.parametrize(("state", "message"), MESSAGES.values(), ids=MESSAGES.keys())
def test_the_message_says_what_to_do(state: dict[str, Any], message: str) -> None:
    is_certain = "cannot be seen" not in message
    assert loose_ends(machine(Charge=state)) == (Loose("Charge", message, is_certain),)


def test_what_is_pinned_has_nothing_to_say() -> None:
    (call,) = calls_of(machine(Charge=task(f"{FUNCTION}:7")))
    assert call.message == ""
    assert loose_ends(machine(Charge=task(f"{FUNCTION}:7"))) == ()


@pytest.mark.parametrize("odd", [{}, {"States": 3}, {"States": {"A": 3}}])
def test_what_is_no_definition_calls_nothing(odd: dict[str, Any]) -> None:
    assert loose_ends(odd) == ()


def test_what_stands_in_a_state_of_an_unknown_type_is_found_all_the_same() -> None:
    definition = machine(Outer={"Type": "Loop", "Branches": [1, machine(Charge=task(FUNCTION))]})
    assert [loose.state for loose in loose_ends(definition)] == ["Outer", "Outer.Branches[1].Charge"]


@pytest.mark.parametrize("has_credentials", [True, False])
def test_a_call_in_the_name_of_another_role_is_shown_apart(*, has_credentials: bool) -> None:
    credentials = {"Credentials": {"RoleArn": "arn:aws:iam::222222222222:role/R"}} if has_credentials else {}
    (call,) = calls_of(machine(Charge={**by_path(INVOKE, FunctionName="charge:7"), **credentials}))
    assert call.has_credentials is has_credentials


def test_the_demo_pins_all() -> None:
    assert loose_ends(VERSIONS[-1]) == ()
