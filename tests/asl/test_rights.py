"""What a definition needs to be allowed: which action on which resource, and of which states nobody can tell."""

import json
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from sfn_rollouts.asl.outline import outline
from sfn_rollouts.asl.pins import calls_of
from sfn_rollouts.asl.rights import INTEGRATIONS, READERS, Home, Right, Undecided, rights_of
from tests.asl.definitions import DEFINITIONS, FUNCTION, INVOKE, NESTED, START, by_path, jsonata, machine, task

HOME = Home("aws", "eu-west-1", "123456789012", "Orders")
HERE = "eu-west-1:123456789012"
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"
ROLE = "arn:aws:iam::222222222222:role/charging"
AT_RUN_TIME = "leaves open until it runs what it calls by {}"


def needs(state: Mapping[str, Any], home: Home = HOME) -> list[str]:
    """What one state needs, a line each: `action resource`, behind it the role that is not the execution role."""
    return [line(need) for need in rights_of(machine(Charge=state), home)]


def line(need: Right | Undecided) -> str:
    assert need.path == ("Charge",)
    if isinstance(need, Undecided):
        return need.why
    return f"{need.action} {need.resource}{f' as {need.role}' if need.role is not None else ''}"


# -- each row of the tables --

EVENTS = "events:PutTargets events:PutRule events:DescribeRule"


def events(rule: str) -> list[str]:
    return [f"{action} arn:aws:events:{HERE}:rule/StepFunctionsGetEventsFor{rule}Rule" for action in EVENTS.split()]


INVOKED = {"FunctionName": "charge:7"}, [f"lambda:InvokeFunction {FUNCTION}:7"], []
STARTED = (
    {"StateMachineArn": f"{NESTED}:3"},
    [f"states:StartExecution {NESTED}"],
    [
        f"states:DescribeExecution arn:aws:states:{HERE}:execution:Refund:any",
        f"states:StopExecution arn:aws:states:{HERE}:execution:Refund:any",
        *events("StepFunctionsExecution"),
    ],
)
RUN = (
    {"TaskDefinition": "worker:12", "Cluster": "main"},
    [f"ecs:RunTask arn:aws:ecs:{HERE}:task-definition/worker:12"],
    [
        f"ecs:StopTask arn:aws:ecs:{HERE}:task/main/any",
        f"ecs:DescribeTasks arn:aws:ecs:{HERE}:task/main/any",
        *events("ECSTask"),
    ],
)
SUBMITTED = (
    {"JobDefinition": "load:3", "JobQueue": "fast", "JobName": "load"},
    [
        f"batch:SubmitJob arn:aws:batch:{HERE}:job-definition/load:3",
        f"batch:SubmitJob arn:aws:batch:{HERE}:job-queue/fast",
    ],
    ["batch:DescribeJobs *", *events("BatchJobs")],
)
PUBLISHED = {"TopicArn": f"arn:aws:sns:{HERE}:orders"}, [f"sns:Publish arn:aws:sns:{HERE}:orders"], []
SENT = {"QueueUrl": QUEUE}, [f"sqs:SendMessage arn:aws:sqs:{HERE}:orders"], []
GLUED = (
    {"JobName": "clean"},
    [f"glue:StartJobRun arn:aws:glue:{HERE}:job/clean"],
    [f"glue:GetJobRun arn:aws:glue:{HERE}:job/clean", f"glue:BatchStopJobRun arn:aws:glue:{HERE}:job/clean"],
)


def on_table(action: str) -> tuple[dict[str, Any], list[str], list[str]]:
    return {"TableName": "orders"}, [f"dynamodb:{action} arn:aws:dynamodb:{HERE}:table/orders"], []


ROWS: dict[str, tuple[dict[str, Any], list[str], list[str]]] = {
    "lambda:invoke": INVOKED,
    "aws-sdk:lambda:invoke": INVOKED,
    "aws-sdk:lambda:invokeAsync": (INVOKED[0], [f"lambda:InvokeAsync {FUNCTION}:7"], []),
    "states:startExecution": STARTED,
    "aws-sdk:sfn:startExecution": STARTED,
    "aws-sdk:sfn:startSyncExecution": (STARTED[0], [f"states:StartSyncExecution {NESTED}"], []),
    "ecs:runTask": RUN,
    "aws-sdk:ecs:runTask": RUN,
    "batch:submitJob": SUBMITTED,
    "aws-sdk:batch:submitJob": SUBMITTED,
    "sns:publish": PUBLISHED,
    "aws-sdk:sns:publish": PUBLISHED,
    "sqs:sendMessage": SENT,
    "aws-sdk:sqs:sendMessage": SENT,
    "glue:startJobRun": GLUED,
    "aws-sdk:glue:startJobRun": GLUED,
    "dynamodb:getItem": on_table("GetItem"),
    "dynamodb:putItem": on_table("PutItem"),
    "dynamodb:deleteItem": on_table("DeleteItem"),
    "dynamodb:updateItem": on_table("UpdateItem"),
    "aws-sdk:dynamodb:getItem": on_table("GetItem"),
    "aws-sdk:dynamodb:putItem": on_table("PutItem"),
    "aws-sdk:dynamodb:deleteItem": on_table("DeleteItem"),
    "aws-sdk:dynamodb:updateItem": on_table("UpdateItem"),
    "aws-sdk:dynamodb:query": on_table("Query"),
    "aws-sdk:dynamodb:scan": on_table("Scan"),
}


def test_the_table_of_integrations_is_this_one() -> None:
    assert set(ROWS) == set(INTEGRATIONS)


@pytest.mark.parametrize("how", [by_path, jsonata], ids=["JSONPath", "JSONata"])
@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
@pytest.mark.parametrize("suffix", ["", ".sync", ".sync:2", ".waitForTaskToken"])
@pytest.mark.parametrize("integration", ROWS)
def test_each_integration(integration: str, suffix: str, partition: str, how: Any) -> None:
    handed_on, needed, to_wait = ROWS[integration]
    given = {name: value.replace("arn:aws:", f"arn:{partition}:") for name, value in handed_on.items()}
    expected = [*needed, *(to_wait if suffix.startswith(".sync") else ())]
    state = how(f"arn:{partition}:states:::{integration}{suffix}", **given)
    home = Home(partition, "eu-west-1", "123456789012", "Orders")
    assert needs(state, home) == [each.replace("arn:aws:", f"arn:{partition}:") for each in expected]


@pytest.mark.parametrize("integration", ROWS)
def test_each_integration_that_gets_the_input_as_a_whole_is_undecided(integration: str) -> None:
    assert needs(task(f"arn:aws:states:::{integration}")) == [AT_RUN_TIME.format(integration)]


READS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "s3:getObject": ({"Bucket": "orders", "Key": "new/today.csv"}, ["s3:GetObject arn:aws:s3:::orders/new/today.csv"]),
    "s3:listObjectsV2": ({"Bucket": "orders", "Prefix": "new/"}, ["s3:ListBucket arn:aws:s3:::orders"]),
    "s3:putObject": ({"Bucket": "orders", "Prefix": "/done/"}, ["s3:PutObject arn:aws:s3:::orders/done/any"]),
}


def test_the_table_of_readers_is_this_one() -> None:
    assert set(READS) == set(READERS)


@pytest.mark.parametrize("how", ["Parameters", "Arguments"])
@pytest.mark.parametrize("part", ["ItemReader", "ResultWriter"])
@pytest.mark.parametrize("reader", READS)
def test_each_reader_and_writer(reader: str, part: str, how: str) -> None:
    handed_on, needed = READS[reader]
    assert needs({"Type": "Map", part: {"Resource": f"arn:aws:states:::{reader}", how: handed_on}}) == needed


# -- each way to name a resource --

BY_INVOKE, BY_START = AT_RUN_TIME.format("lambda:invoke"), AT_RUN_TIME.format("states:startExecution")
BY_SEND, BY_PUBLISH = AT_RUN_TIME.format("sqs:sendMessage"), AT_RUN_TIME.format("sns:publish")
BY_RUN, BY_SUBMIT = AT_RUN_TIME.format("ecs:runTask"), AT_RUN_TIME.format("batch:submitJob")
BY_GET, BY_QUERY = AT_RUN_TIME.format("dynamodb:getItem"), AT_RUN_TIME.format("aws-sdk:dynamodb:query")
TABLE = f"arn:aws:dynamodb:{HERE}:table/orders"
NAMED: dict[str, tuple[dict[str, Any], list[str]]] = {
    # functions
    "a function as resource": (task(FUNCTION), [f"lambda:InvokeFunction {FUNCTION}"]),
    "a version as resource": (task(f"{FUNCTION}:7"), [f"lambda:InvokeFunction {FUNCTION}:7"]),
    "a function of another account": (
        task("arn:aws:lambda:eu-west-1:222222222222:function:charge:live"),
        ["lambda:InvokeFunction arn:aws:lambda:eu-west-1:222222222222:function:charge:live"],
    ),
    "a function in China": (
        task("arn:aws-cn:lambda:cn-north-1:123456789012:function:charge:7"),
        ["lambda:InvokeFunction arn:aws-cn:lambda:cn-north-1:123456789012:function:charge:7"],
    ),
    "a whole ARN": (by_path(INVOKE, FunctionName=FUNCTION), [f"lambda:InvokeFunction {FUNCTION}"]),
    "a whole ARN with an alias": (
        by_path(INVOKE, FunctionName=f"{FUNCTION}:live"),
        [f"lambda:InvokeFunction {FUNCTION}:live"],
    ),
    "a partial ARN": (
        by_path(INVOKE, FunctionName="222222222222:function:charge:7"),
        ["lambda:InvokeFunction arn:aws:lambda:eu-west-1:222222222222:function:charge:7"],
    ),
    "a partial ARN with its region": (
        by_path(INVOKE, FunctionName="eu-west-3:222222222222:function:charge"),
        ["lambda:InvokeFunction arn:aws:lambda:eu-west-3:222222222222:function:charge"],
    ),
    "a name": (by_path(INVOKE, FunctionName="charge"), [f"lambda:InvokeFunction {FUNCTION}"]),
    "a name that ends in -function": (
        by_path(INVOKE, FunctionName="charge-function:7"),
        [f"lambda:InvokeFunction {FUNCTION}-function:7"],
    ),
    "a version beside it": (
        by_path(INVOKE, FunctionName="charge", Qualifier="7"),
        [f"lambda:InvokeFunction {FUNCTION}:7"],
    ),
    "nothing beside it": (
        by_path(INVOKE, FunctionName="charge", Qualifier=""),
        [f"lambda:InvokeFunction {FUNCTION}"],
    ),
    "a path beside it": (by_path(INVOKE, FunctionName="charge", **{"Qualifier.$": "$.v"}), [BY_INVOKE]),
    "a placeholder beside it": (by_path(INVOKE, FunctionName="charge", Qualifier="${V}"), [BY_INVOKE]),
    "a path beside a version": (
        by_path(INVOKE, FunctionName="charge:7", **{"Qualifier.$": "$.v"}),
        [f"lambda:InvokeFunction {FUNCTION}:7"],
    ),
    "a path": (by_path(INVOKE, **{"FunctionName.$": "$.function"}), [BY_INVOKE]),
    "a path that is not marked as one": (by_path(INVOKE, FunctionName="$.function"), [BY_INVOKE]),
    "a placeholder": (by_path(INVOKE, FunctionName="${ChargeFunction}:7"), [BY_INVOKE]),
    "no name": (by_path(INVOKE, Payload={}), [BY_INVOKE]),
    "an empty name": (by_path(INVOKE, FunctionName=""), [BY_INVOKE]),
    "what is no name": (by_path(INVOKE, FunctionName="charge:7:8"), [BY_INVOKE]),
    "a literal": (jsonata(INVOKE, FunctionName=f"{{% '{FUNCTION}:7' %}}"), [f"lambda:InvokeFunction {FUNCTION}:7"]),
    "a literal beside it": (
        jsonata(INVOKE, FunctionName="charge", Qualifier="{% '7' %}"),
        [f"lambda:InvokeFunction {FUNCTION}:7"],
    ),
    "an expression": (jsonata(INVOKE, FunctionName="{% $states.input.function %}"), [BY_INVOKE]),
    "all arguments an expression": (task(INVOKE, Arguments="{% $all %}"), [BY_INVOKE]),
    "parameters that are no object": (task(INVOKE, Parameters=["charge"]), [BY_INVOKE]),
    # nested state machines
    "a machine": (by_path(START, StateMachineArn=NESTED), [f"states:StartExecution {NESTED}"]),
    "its alias": (by_path(START, StateMachineArn=f"{NESTED}:live"), [f"states:StartExecution {NESTED}"]),
    "a machine in GovCloud": (
        by_path(START, StateMachineArn="arn:aws-us-gov:states:us-gov-west-1:123456789012:stateMachine:Refund:3"),
        ["states:StartExecution arn:aws-us-gov:states:us-gov-west-1:123456789012:stateMachine:Refund"],
    ),
    "a machine by its name": (by_path(START, StateMachineArn="Refund"), [BY_START]),
    "itself": (by_path(f"{START}.sync:2", **{"StateMachineArn.$": "$$.StateMachine.Id"}), [BY_START, *STARTED[2][2:]]),
    # tasks and jobs
    "a family, whose newest revision nobody knows": (
        by_path("arn:aws:states:::ecs:runTask", TaskDefinition="worker"),
        [BY_RUN],
    ),
    "a revision of a family elsewhere": (
        by_path(
            "arn:aws:states:::ecs:runTask", TaskDefinition="arn:aws:ecs:eu-west-3:222222222222:task-definition/worker:2"
        ),
        ["ecs:RunTask arn:aws:ecs:eu-west-3:222222222222:task-definition/worker:2"],
    ),
    "a cluster by its ARN": (
        by_path(
            "arn:aws:states:::ecs:runTask.sync",
            TaskDefinition="worker:2",
            Cluster="arn:aws:ecs:eu-west-1:222222222222:cluster/main",
        ),
        [
            f"ecs:RunTask arn:aws:ecs:{HERE}:task-definition/worker:2",
            "ecs:StopTask arn:aws:ecs:eu-west-1:222222222222:task/main/any",
            "ecs:DescribeTasks arn:aws:ecs:eu-west-1:222222222222:task/main/any",
            *RUN[2][2:],
        ],
    ),
    "a cluster that is chosen when it runs": (
        by_path("arn:aws:states:::ecs:runTask.sync", TaskDefinition="worker:2", **{"Cluster.$": "$.c"}),
        [f"ecs:RunTask arn:aws:ecs:{HERE}:task-definition/worker:2", BY_RUN, *RUN[2][2:]],
    ),
    "a job queue by its ARN": (
        by_path(
            "arn:aws:states:::batch:submitJob",
            JobDefinition="load",
            JobQueue="arn:aws:batch:eu-west-1:222222222222:job-queue/q",
        ),
        [BY_SUBMIT, "batch:SubmitJob arn:aws:batch:eu-west-1:222222222222:job-queue/q"],
    ),
    # queues, topics, tables
    "a queue that keeps the order": (
        by_path("arn:aws:states:::sqs:sendMessage", QueueUrl=f"{QUEUE}.fifo"),
        [f"sqs:SendMessage arn:aws:sqs:{HERE}:orders.fifo"],
    ),
    "what is no URL of a queue": (by_path("arn:aws:states:::sqs:sendMessage", QueueUrl="orders"), [BY_SEND]),
    "a queue by an expression": (jsonata("arn:aws:states:::sqs:sendMessage", QueueUrl="{% $queue %}"), [BY_SEND]),
    "a phone number": (by_path("arn:aws:states:::sns:publish", PhoneNumber="+4930123456"), [BY_PUBLISH]),
    "a topic that is no ARN": (by_path("arn:aws:states:::sns:publish", TopicArn="orders"), [BY_PUBLISH]),
    "a table by its ARN": (
        by_path("arn:aws:states:::dynamodb:getItem", TableName=TABLE),
        [f"dynamodb:GetItem {TABLE}"],
    ),
    "a table by a path": (by_path("arn:aws:states:::dynamodb:getItem", **{"TableName.$": "$.t"}), [BY_GET]),
    "an index of a table": (
        by_path("arn:aws:states:::aws-sdk:dynamodb:query", TableName="orders", IndexName="by-day"),
        [BY_QUERY],
    ),
    # what is not in the table
    "an integration of another service": (
        by_path("arn:aws:states:::bedrock:invokeModel", ModelId="m"),
        ["calls bedrock:invokeModel, which preflight does not know"],
    ),
    "an HTTP endpoint": (
        by_path("arn:aws:states:::http:invoke", ApiEndpoint="https://example.com"),
        ["calls http:invoke, which preflight does not know"],
    ),
    "an SDK call that is waited for": (
        by_path("arn:aws:states:::aws-sdk:s3:getObject.waitForTaskToken", Bucket="b"),
        ["calls aws-sdk:s3:getObject, which preflight does not know"],
    ),
    "an activity, for which its worker needs permissions": (task(f"arn:aws:states:{HERE}:activity:sign"), []),
    "a resource that is to be filled in": (
        task("${ChargeFunctionArn}"),
        ["names what it calls as ${ChargeFunctionArn}"],
    ),
    "a part of a resource that is to be filled in": (
        task("arn:aws:lambda:${AWS::Region}:123456789012:function:charge"),
        ["names what it calls as arn:aws:lambda:${AWS::Region}:123456789012:function:charge"],
    ),
    "a partition that is to be filled in": (
        by_path("arn:${AWS::Partition}:states:::lambda:invoke", FunctionName="charge:7"),
        ["names what it calls as arn:${AWS::Partition}:states:::lambda:invoke"],
    ),
    "an ARN that no task had so far": (
        task("arn:aws:bedrock:eu-west-1:123456789012:agent/A"),
        ["names what it calls as arn:aws:bedrock:eu-west-1:123456789012:agent/A"],
    ),
    "a text": (task("charge"), ["names what it calls as charge"]),
    "no resource": ({"Type": "Task"}, ["names what it calls as None"]),
    # what calls nothing
    "a Pass": ({"Type": "Pass", "Resource": FUNCTION}, []),
    "a Choice": ({"Type": "Choice", "Choices": [], "Default": "A"}, []),
    "a type of tomorrow": ({"Type": "Loop"}, ['has the Type "Loop", which is not known here']),
    "no type": ({}, ["has the Type null, which is not known here"]),
}


@pytest.mark.parametrize(("state", "needed"), NAMED.values(), ids=NAMED.keys())
def test_each_way_to_name_a_resource(state: dict[str, Any], needed: list[str]) -> None:
    assert needs(state) == needed


# -- another role --

OTHER_CHARGE = "arn:aws:lambda:eu-west-1:222222222222:function:charge"
AS_ROLE = [f"sts:AssumeRole {ROLE}", f"lambda:InvokeFunction {OTHER_CHARGE}:7 as {ROLE}"]
CHOSEN = ["chooses the role of its Credentials when it runs"]
CREDENTIALS: dict[str, tuple[Any, list[str]]] = {
    "a constant": ({"RoleArn": ROLE}, AS_ROLE),
    "a literal of JSONata": ({"RoleArn": f"{{% '{ROLE}' %}}"}, AS_ROLE),
    "a path": ({"RoleArn.$": "$.role"}, CHOSEN),
    "a path that is not marked as one": ({"RoleArn": "$.role"}, CHOSEN),
    "an expression": ({"RoleArn": "{% $states.input.role %}"}, CHOSEN),
    "all of it an expression": ("{% $credentials %}", CHOSEN),
    "a placeholder": ({"RoleArn": "arn:aws:iam::${Account}:role/charging"}, CHOSEN),
    "no role": ({}, CHOSEN),
    "no text": ({"RoleArn": 7}, CHOSEN),
    "what is no ARN": ({"RoleArn": "charging"}, CHOSEN),
    "nothing": (None, CHOSEN),
}


@pytest.mark.parametrize("how", [by_path, jsonata], ids=["JSONPath", "JSONata"])
@pytest.mark.parametrize(("credentials", "needed"), CREDENTIALS.values(), ids=CREDENTIALS.keys())
def test_credentials_name_another_role_and_its_account(credentials: Any, needed: list[str], how: Any) -> None:
    assert needs({**how(INVOKE, FunctionName="charge:7"), "Credentials": credentials}) == needed


def test_a_function_as_resource_is_called_by_the_role_of_its_credentials() -> None:
    state = task(f"{OTHER_CHARGE}:7", Credentials={"RoleArn": ROLE})
    assert needs(state) == AS_ROLE


def test_what_is_not_checked_by_another_role_needs_that_role_all_the_same() -> None:
    state = by_path("arn:aws:states:::aws-sdk:organizations:createAccount", Email="a@example.com")
    assert needs({**state, "Credentials": {"RoleArn": ROLE}}) == [
        f"sts:AssumeRole {ROLE}",
        "calls aws-sdk:organizations:createAccount, which preflight does not know",
    ]


# -- Distributed Map --

S3 = "arn:aws:states:::s3:"
DISTRIBUTED = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "States": {}}
CHILDREN = [
    f"states:StartExecution arn:aws:states:{HERE}:stateMachine:Orders",
    f"states:DescribeExecution arn:aws:states:{HERE}:execution:Orders:any",
]
MAPS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "inline": ({"ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, "States": {}}}, []),
    "of older days": ({"Iterator": {"States": {}}}, []),
    "distributed": ({"ItemProcessor": DISTRIBUTED}, CHILDREN),
    "distributed, with a reader and a writer": (
        {
            "ItemProcessor": DISTRIBUTED,
            "ItemReader": {
                "Resource": f"{S3}getObject",
                "ReaderConfig": {"InputType": "CSV"},
                "Parameters": {"Bucket": "in", "Key": "a.csv"},
            },
            "ResultWriter": {"Resource": f"{S3}putObject", "Parameters": {"Bucket": "out"}},
        },
        [*CHILDREN, "s3:GetObject arn:aws:s3:::in/a.csv", "s3:PutObject arn:aws:s3:::out/any"],
    ),
    "a partition that is to be filled in": (
        {"ItemReader": {"Resource": "arn:${AWS::Partition}:states:::s3:listObjectsV2", "Parameters": {"Bucket": "in"}}},
        ["s3:ListBucket arn:aws:s3:::in"],
    ),
    "a bucket that is chosen when it runs": (
        {
            "ItemReader": {"Resource": f"{S3}listObjectsV2", "Parameters": {"Bucket.$": "$.bucket"}},
            "ResultWriter": {"Resource": f"{S3}putObject", "Parameters": {"Bucket.$": "$.bucket", "Prefix": "p"}},
        },
        [AT_RUN_TIME.format("s3:listObjectsV2"), AT_RUN_TIME.format("s3:putObject")],
    ),
    "a key that is chosen when it runs": (
        {"ItemReader": {"Resource": f"{S3}getObject", "Arguments": {"Bucket": "in", "Key": "{% $states.input.key %}"}}},
        [AT_RUN_TIME.format("s3:getObject")],
    ),
    "a prefix that is chosen when it runs": (
        {"ResultWriter": {"Resource": f"{S3}putObject", "Parameters": {"Bucket": "out", "Prefix.$": "$.day"}}},
        [AT_RUN_TIME.format("s3:putObject")],
    ),
    "a reader of tomorrow": (
        {"ItemReader": {"Resource": "arn:aws:states:::dynamodb:scan", "Parameters": {}}},
        ["calls dynamodb:scan, which preflight does not know"],
    ),
    "a writer without a resource, which only shapes the result": (
        {"ResultWriter": {"WriterConfig": {"Transformation": "FLATTEN"}}},
        [],
    ),
    "odd shapes": ({"ItemReader": 7, "ResultWriter": {"Resource": 7}, "ItemProcessor": {"ProcessorConfig": 7}}, []),
    "no processor": ({"ItemProcessor": "x"}, []),
}


@pytest.mark.parametrize(("fields", "needed"), MAPS.values(), ids=MAPS.keys())
def test_each_map(fields: dict[str, Any], needed: list[str]) -> None:
    assert needs({"Type": "Map", **fields}) == needed


CHINA = Home("aws-cn", "cn-north-1", "123456789012", "Orders")
IN_CHINA = {
    "a queue": (
        by_path(
            "arn:aws-cn:states:::sqs:sendMessage",
            QueueUrl="https://sqs.cn-north-1.amazonaws.com.cn/123456789012/orders",
        ),
        ["sqs:SendMessage arn:aws-cn:sqs:cn-north-1:123456789012:orders"],
    ),
    "a bucket": (
        {
            "Type": "Map",
            "ItemReader": {"Resource": "arn:aws-cn:states:::s3:listObjectsV2", "Parameters": {"Bucket": "in"}},
        },
        ["s3:ListBucket arn:aws-cn:s3:::in"],
    ),
    "a function": (
        by_path("arn:aws-cn:states:::lambda:invoke", FunctionName="charge:7"),
        ["lambda:InvokeFunction arn:aws-cn:lambda:cn-north-1:123456789012:function:charge:7"],
    ),
}


@pytest.mark.parametrize(("state", "needed"), IN_CHINA.values(), ids=IN_CHINA.keys())
def test_what_is_named_without_its_place_is_beside_the_state_machine(state: dict[str, Any], needed: list[str]) -> None:
    assert needs(state, CHINA) == needed


# -- whole definitions --


def test_what_several_states_need_is_reported_once_for_the_first() -> None:
    definition = machine(
        A=by_path(INVOKE, FunctionName="charge:7"),
        All={"Type": "Map", "ItemProcessor": machine(B=task(f"{FUNCTION}:7"), C=task(FUNCTION))},
    )
    assert rights_of(definition, HOME) == (
        Right("lambda:InvokeFunction", f"{FUNCTION}:7", ("A",)),
        Right("lambda:InvokeFunction", FUNCTION, ("All", "ItemProcessor", "C")),
    )


def test_the_same_by_another_role_is_kept_apart() -> None:
    state = task(FUNCTION)
    definition = machine(A=state, B={**state, "Credentials": {"RoleArn": ROLE}})
    assert [need.role for need in rights_of(definition, HOME) if isinstance(need, Right)] == [None, None, ROLE]


def test_each_state_of_which_nobody_can_tell_is_reported() -> None:
    state = by_path("arn:aws:states:::http:invoke", ApiEndpoint="https://example.com")
    assert [need.path for need in rights_of(machine(A=state, B=state), HOME)] == [("A",), ("B",)]


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(DEFINITIONS)
def test_any_definition_is_outlined(definition: dict[str, Any]) -> None:
    found = outline(definition, HOME)
    assert found.calls == tuple(calls_of(definition))
    needs = [need for need in found.rights if isinstance(need, Right)]
    assert all(need.resource == "*" or need.resource.startswith("arn:") for need in needs)
    assert not any("${" in need.resource or ":::::" in need.resource for need in needs)
    assert len(set(found.rights)) == len(found.rights)


def large(states: int) -> dict[str, Any]:
    """About a hundred bytes a state; some inside others, and none like another."""
    inner = {f"S{number}": by_path(INVOKE, FunctionName=f"charge-{number}:7") for number in range(states // 2)}
    outer = {f"T{number}": task(f"{FUNCTION}-{number}:8") for number in range(states // 2)}
    return machine(All={"Type": "Map", "ItemProcessor": {**DISTRIBUTED, "States": inner}}, **outer)


def steps_for(states: int) -> int:
    """How many calls and returns it takes to outline so many states."""
    definition, steps = large(states), 0

    def count(*_: object) -> None:
        nonlocal steps
        steps += 1

    sys.setprofile(count)
    try:
        found = outline(definition, HOME)
    finally:
        sys.setprofile(None)
    assert (len(found.calls), len(found.rights)) == (states, states + 2)
    return steps


def test_the_largest_is_about_as_large_as_aws_takes() -> None:
    assert 2**20 < len(json.dumps(large(10_000))) < 2 * 2**20


def test_ten_times_as_many_states_take_ten_times_as_long_up_to_ten_thousand() -> None:
    assert steps_for(10_000) < 11 * steps_for(1_000)
