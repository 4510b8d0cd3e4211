"""Definitions of the shapes that teams write, and some that nobody should: for tests that hold for any of them."""

from typing import Any

from hypothesis import strategies as st

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:charge"
NESTED = "arn:aws:states:eu-west-1:123456789012:stateMachine:Refund"
INVOKE = "arn:aws:states:::lambda:invoke"
START = "arn:aws:states:::states:startExecution"


def machine(**states: Any) -> dict[str, Any]:
    """A state machine of these states."""
    return {"StartAt": "First", "States": states}


def task(resource: str, **fields: Any) -> dict[str, Any]:
    """A Task state."""
    return {"Type": "Task", "Resource": resource, **fields}


def by_path(resource: str, **parameters: Any) -> dict[str, Any]:
    """A Task state in JSONPath."""
    return task(resource, Parameters=parameters)


def jsonata(resource: str, **arguments: Any) -> dict[str, Any]:
    """A Task state in JSONata."""
    return task(resource, QueryLanguage="JSONata", Arguments=arguments)


NAMES = st.sampled_from(["Charge", "Notify", "Each", "A.ItemProcessor.B", "States", "Überweisung", "a\u200bb", "", "1"])
TEXTS = st.text(max_size=8) | st.sampled_from(
    ["$.order", "$$.Execution.Id", "{% $states.input %}", "${Placeholder}", "$"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=4,
)

INTEGRATIONS = (
    "lambda:invoke states:startExecution sfn:startSyncExecution ecs:runTask ecs:updateService batch:submitJob "
    "sqs:sendMessage bedrock:invokeModel http:invoke s3:getObject"
)
FIELDS = (
    "Type Next End Comment QueryLanguage InputPath ResultPath ResultSelector Output Assign Retry Catch Choices Default "
    "Credentials TimeoutSeconds ItemReader ItemBatcher ResultWriter MaxConcurrency Label ToleratedFailurePercentage "
    "Branches ItemProcessor Iterator States Parameters"
)
PLACES = st.sampled_from(["eu-west-1:123456789012:", "::", "${AWS::Region}:${AWS::AccountId}:"])
QUALIFIERS = st.sampled_from(["", ":7", ":live", ":$LATEST", ":", "::", "/Each", ":${Version}"])
CALLED = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["arn:aws:lambda:", "arn:aws-cn:states:", "arn:aws:ecs:", "arn:aws:batch:", "", "arn:"]),
    PLACES | st.just(""),
    st.sampled_from(
        ["function:my-function", "stateMachine:Child", "task-definition/worker", "job-definition/load", "x"]
    ),
    QUALIFIERS,
)
LITERALS = st.builds(
    "{{%{}{}{}{}{}%}}".format,
    st.sampled_from(["", " ", "\n"]),
    st.sampled_from("'\""),
    CALLED,
    st.sampled_from("'\""),
    st.sampled_from(["", " ", "\\"]),
)
PARAMETERS = ("FunctionName", "Qualifier", "StateMachineArn", "TaskDefinition", "JobDefinition", "FunctionName.$")
HANDED_ON = st.dictionaries(st.sampled_from(PARAMETERS), CALLED | LITERALS | JSON, max_size=4) | JSON
RESOURCES = (
    CALLED
    | TEXTS
    | st.builds(
        "arn:{}:states:::{}{}{}".format,
        st.sampled_from(["aws", "aws-cn", "aws-us-gov", "aws-iso-b", "${AWS::Partition}"]),
        st.sampled_from(["", "aws-sdk:"]),
        st.sampled_from(INTEGRATIONS.split()),
        st.sampled_from(["", ".sync", ".sync:2", ".waitForTaskToken"]),
    )
)
FURTHER = st.dictionaries(st.sampled_from(FIELDS.split()), JSON, max_size=3)
TASKS = st.builds(
    lambda resource, handed_on, how, further: {"Type": "Task", "Resource": resource, how: handed_on, **further},
    RESOURCES,
    HANDED_ON,
    st.sampled_from(["Parameters", "Arguments"]),
    FURTHER,
)
PLAIN = st.builds(
    lambda kind, further: {"Type": kind, **further},
    st.sampled_from(["Pass", "Wait", "Choice", "Succeed", "Fail"]),
    FURTHER,
)


def machines(states: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Machines of these states."""
    return st.builds(
        lambda found, further: {"StartAt": next(iter(found), ""), "States": found} | further,
        st.dictionaries(NAMES, states, max_size=3),
        st.dictionaries(st.sampled_from(["Comment", "QueryLanguage", "Version", "ProcessorConfig"]), JSON, max_size=2),
    )


def _holding(states: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    inner = machines(states) | JSON
    maps = st.builds(
        lambda name, machine, further: {"Type": "Map", **further, name: machine},
        st.sampled_from(["ItemProcessor", "Iterator"]),
        inner,
        FURTHER,
    )
    parallels = st.builds(
        lambda branches, further: {"Type": "Parallel", **further, "Branches": branches},
        st.lists(inner, max_size=3),
        FURTHER,
    )
    return maps | parallels


STATES = st.recursive(TASKS | PLAIN | JSON, _holding, max_leaves=6)
DEFINITIONS = machines(STATES)
