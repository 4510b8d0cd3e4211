"""What a definition needs to be allowed: which action on which resource, by which role, for the first state that does.

Only what can be known is said: a resource that is chosen at run time, or an integration that is not in the table, is
`Undecided`, since a permission on "*" that nobody has would be a false alarm. The actions, by integration:
https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html and its pages (lambda-iam,
stepfunctions-iam, ecs-iam, batch-iam, sns-iam, sqs-iam, dynamo-iam, eventbridge-iam, glue-iam,
iam-policies-eg-dist-map).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sfn_rollouts.arns import FUNCTION, JOB_DEFINITION, STATE_MACHINE, TASK_DEFINITION, Arn, Nomenclature, Reference
from sfn_rollouts.asl.arguments import argument
from sfn_rollouts.asl.placeholders import has_placeholder
from sfn_rollouts.asl.states import State, states_of

_QUEUE_URL = re.compile(r"https://sqs\.([a-z0-9-]+)\.[a-z0-9.-]+/([0-9]{12})/([A-Za-z0-9_-]+(?:\.fifo)?)")
_ANY = "any"
"""Stands for an id that AWS makes when it runs: a policy that allows it allows `*` in this place."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where a state machine lives; what a definition names without an ARN is there too."""

    partition: str
    region: str
    account: str
    machine: str

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of something beside the state machine."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def named(self, names: Nomenclature, reference: Reference, qualifier: str | None) -> str:
        """Return the whole ARN, with this qualifier, of what a definition names by less."""
        whole = replace(
            reference,
            qualifier=qualifier or None,
            label=None,
            partition=reference.partition or self.partition,
            region=reference.region or self.region,
            account=reference.account or self.account,
        )
        return names.format(whole)


@dataclass(frozen=True, slots=True)
class Right:
    """`action` on `resource`, for the state at `path`. `role` is that of its Credentials; None: the execution role."""

    action: str
    resource: str
    path: tuple[str, ...]
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Undecided:
    """A state of which nobody can tell what it needs; `why` continues the sentence "the state ..."."""

    path: tuple[str, ...]
    why: str


def rights_of(definition: Mapping[str, Any], home: Home) -> tuple[Right | Undecided, ...]:
    """Return what the definition needs, each action on each resource once, in the order of the states."""
    found: dict[object, Right | Undecided] = {}
    for state in states_of(definition):
        for need in _needs(state, home):
            key = (need.action, need.resource, need.role) if isinstance(need, Right) else need
            found.setdefault(key, need)
    return tuple(found.values())


# -- resources --


@dataclass(frozen=True, slots=True)
class _Task:
    """Whatever hands arguments to an integration: a Task state, or the reader or writer of a Map."""

    fields: Mapping[str, Any]
    home: Home

    def text(self, name: str) -> str | None:
        """Return an argument that stands in the definition; None where it is worked out, left out, or a template's."""
        found = argument(self.fields, name)
        known = found.text if found is not None else None
        return None if not known or has_placeholder(known) else known


_Resource = Callable[[_Task], str | None]


def _everything(_task: _Task) -> str:
    """For actions that know no resource (Service Authorization Reference)."""
    return "*"


def _own_machine(task: _Task) -> str:
    return task.home.arn("states", f"stateMachine:{task.home.machine}")


def _own_executions(task: _Task) -> str:
    return task.home.arn("states", f"execution:{task.home.machine}:{_ANY}")


def _rule(name: str) -> _Resource:
    return lambda task: task.home.arn("events", f"rule/{name}")


def _arn_in(name: str) -> _Resource:
    def resource(task: _Task) -> str | None:
        text = task.text(name)
        return text if text is not None and text.startswith("arn:") else None

    return resource


def _at_home(service: str, resource: str, name: str) -> _Resource:
    """Named by its ARN or by its name alone."""

    def found(task: _Task) -> str | None:
        text = task.text(name)
        if text is None or text.startswith("arn:"):
            return text
        return task.home.arn(service, f"{resource}/{text}")

    return found


def _function(task: _Task) -> str | None:
    """The ARN as it is called, with its qualifier: a policy on the function alone does not allow its versions."""
    found = _reference(FUNCTION, task.text("FunctionName"))
    if found is None:
        return None
    beside = argument(task.fields, "Qualifier") if found.qualifier is None else None
    if beside is not None and (beside.text is None or has_placeholder(beside.text)):
        return None
    return task.home.named(FUNCTION, found, found.qualifier or (beside.text if beside is not None else None))


def _machine(task: _Task) -> str | None:
    """The state machine without its qualifier: IAM knows no other resource (states:StateMachineQualifier is a key)."""
    found = _called_machine(task)
    return task.home.named(STATE_MACHINE, found, None) if found is not None else None


def _executions(task: _Task) -> str | None:
    found = _called_machine(task)
    if found is None:
        return None
    return f"arn:{found.partition}:states:{found.region}:{found.account}:execution:{found.name}:{_ANY}"


def _called_machine(task: _Task) -> Reference | None:
    return _reference(STATE_MACHINE, task.text("StateMachineArn"))


def _revision(names: Nomenclature, parameter: str) -> _Resource:
    """Of a family without a revision nobody knows which one will be the newest."""

    def found(task: _Task) -> str | None:
        reference = _reference(names, task.text(parameter))
        if reference is None or reference.qualifier is None:
            return None
        return task.home.named(names, reference, reference.qualifier)

    return found


def _tasks_of_cluster(task: _Task) -> str | None:
    cluster = task.text("Cluster")
    if cluster is None:
        return None
    if cluster.startswith("arn:"):
        return f"{cluster.replace(':cluster/', ':task/', 1)}/{_ANY}"
    return task.home.arn("ecs", f"task/{cluster}/{_ANY}")


def _queue(task: _Task) -> str | None:
    found = _QUEUE_URL.fullmatch(task.text("QueueUrl") or "")
    return f"arn:{task.home.partition}:sqs:{found[1]}:{found[2]}:{found[3]}" if found is not None else None


def _table(task: _Task) -> str | None:
    """A query of an index is allowed by the index."""
    return _at_home("dynamodb", "table", "TableName")(task) if argument(task.fields, "IndexName") is None else None


def _object(task: _Task) -> str | None:
    bucket, key = task.text("Bucket"), task.text("Key")
    return f"arn:{task.home.partition}:s3:::{bucket}/{key}" if bucket and key else None


def _results(task: _Task) -> str | None:
    bucket, prefix = task.text("Bucket"), task.text("Prefix")
    if bucket is None or (prefix is None and argument(task.fields, "Prefix") is not None):
        return None
    beyond = f"{prefix.strip('/')}/{_ANY}" if prefix is not None else _ANY
    return f"arn:{task.home.partition}:s3:::{bucket}/{beyond}"


def _bucket(task: _Task) -> str | None:
    bucket = task.text("Bucket")
    return f"arn:{task.home.partition}:s3:::{bucket}" if bucket else None


def _reference(names: Nomenclature, text: str | None) -> Reference | None:
    try:
        return names.parse(text) if text is not None else None
    except ValueError:
        return None


# -- the table --


@dataclass(frozen=True, slots=True)
class Grant:
    """Actions on one resource."""

    actions: tuple[str, ...]
    resource: _Resource


@dataclass(frozen=True, slots=True)
class Integration:
    """What an integration needs; `sync` beside that where the state waits for the end of what it began."""

    grants: tuple[Grant, ...]
    sync: tuple[Grant, ...] = ()


_EVENTS = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
_INVOKE = Integration((Grant(("lambda:InvokeFunction",), _function),))
_START = Integration(
    (Grant(("states:StartExecution",), _machine),),
    sync=(
        Grant(("states:DescribeExecution", "states:StopExecution"), _executions),
        Grant(_EVENTS, _rule("StepFunctionsGetEventsForStepFunctionsExecutionRule")),
    ),
)
_RUN_TASK = Integration(
    (Grant(("ecs:RunTask",), _revision(TASK_DEFINITION, "TaskDefinition")),),
    sync=(
        Grant(("ecs:StopTask", "ecs:DescribeTasks"), _tasks_of_cluster),
        Grant(_EVENTS, _rule("StepFunctionsGetEventsForECSTaskRule")),
    ),
)
_SUBMIT_JOB = Integration(
    (
        Grant(("batch:SubmitJob",), _revision(JOB_DEFINITION, "JobDefinition")),
        Grant(("batch:SubmitJob",), _at_home("batch", "job-queue", "JobQueue")),
    ),
    sync=(
        Grant(("batch:DescribeJobs",), _everything),
        Grant(_EVENTS, _rule("StepFunctionsGetEventsForBatchJobsRule")),
    ),
)
_PUBLISH = Integration((Grant(("sns:Publish",), _arn_in("TopicArn")),))
_SEND = Integration((Grant(("sqs:SendMessage",), _queue),))
_GLUE = Integration(
    (Grant(("glue:StartJobRun",), _at_home("glue", "job", "JobName")),),
    sync=(Grant(("glue:GetJobRun", "glue:BatchStopJobRun"), _at_home("glue", "job", "JobName")),),
)


def _item(action: str) -> Integration:
    return Integration((Grant((f"dynamodb:{action}",), _table),))


INTEGRATIONS: Mapping[str, Integration] = {
    "lambda:invoke": _INVOKE,
    "aws-sdk:lambda:invoke": _INVOKE,
    "aws-sdk:lambda:invokeAsync": Integration((Grant(("lambda:InvokeAsync",), _function),)),
    "states:startExecution": _START,
    "aws-sdk:sfn:startExecution": _START,
    "aws-sdk:sfn:startSyncExecution": Integration((Grant(("states:StartSyncExecution",), _machine),)),
    "ecs:runTask": _RUN_TASK,
    "aws-sdk:ecs:runTask": _RUN_TASK,
    "batch:submitJob": _SUBMIT_JOB,
    "aws-sdk:batch:submitJob": _SUBMIT_JOB,
    "sns:publish": _PUBLISH,
    "aws-sdk:sns:publish": _PUBLISH,
    "sqs:sendMessage": _SEND,
    "aws-sdk:sqs:sendMessage": _SEND,
    "glue:startJobRun": _GLUE,
    "aws-sdk:glue:startJobRun": _GLUE,
    **{
        f"{service}:{name}": _item(f"{name[0].upper()}{name[1:]}")
        for service, names in {
            "dynamodb": ("getItem", "putItem", "deleteItem", "updateItem"),
            "aws-sdk:dynamodb": ("getItem", "putItem", "deleteItem", "updateItem", "query", "scan"),
        }.items()
        for name in names
    },
}
"""By the resource of a Task without the suffix that says what is waited for (.sync, .sync:2, .waitForTaskToken)."""

READERS: Mapping[str, Integration] = {
    "s3:getObject": Integration((Grant(("s3:GetObject",), _object),)),
    "s3:listObjectsV2": Integration((Grant(("s3:ListBucket",), _bucket),)),
    "s3:putObject": Integration((Grant(("s3:PutObject",), _results),)),
}
"""By the resource of an ItemReader or ResultWriter."""

_DISTRIBUTED = (
    Grant(("states:StartExecution",), _own_machine),
    Grant(("states:DescribeExecution",), _own_executions),
)
"""The children of a Distributed Map are executions of the same state machine."""


# -- states --


def _needs(state: State, home: Home) -> Iterator[Right | Undecided]:
    if state.strangeness is not None:
        yield Undecided(state.path, state.strangeness)
    match state.fields.get("Type"):
        case "Task":
            yield from _needs_of_task(state, home)
        case "Map":
            yield from _needs_of_map(state, home)


def _needs_of_task(state: State, home: Home) -> Iterator[Right | Undecided]:
    role = _role(state)
    if isinstance(role, Undecided):
        yield role
        return
    if role is not None:
        yield Right("sts:AssumeRole", role, state.path)
        home = replace(home, account=Arn.parse(role).account)
    resource = str(state.fields.get("Resource"))
    arn = _arn(resource)
    if arn is not None and (arn.service, arn.resource.partition(":")[0]) == (FUNCTION.service, FUNCTION.type):
        yield Right("lambda:InvokeFunction", resource, state.path, role)
    elif arn is None or arn.service != "states":
        yield Undecided(state.path, f"names what it calls as {resource}")
    elif not arn.account:  # else an activity, which needs no permission
        yield from _granted(state.path, INTEGRATIONS, arn.resource, _Task(state.fields, home), role)


def _arn(text: str) -> Arn | None:
    try:
        return None if has_placeholder(text) else Arn.parse(text)
    except ValueError:
        return None


def _role(state: State) -> str | Undecided | None:
    """An ARN of the role in whose name the state calls, in whose account a name alone is looked for then."""
    if "Credentials" not in state.fields:
        return None
    credentials = state.fields["Credentials"]
    # A literal of JSONata stands for itself in a state without Arguments too.
    readings = (argument({how: credentials}, "RoleArn") for how in ("Parameters", "Arguments"))
    named = next((found.text for found in readings if found is not None and found.text is not None), "")
    if _arn(named) is None:
        return Undecided(state.path, "chooses the role of its Credentials when it runs")
    return named


def _needs_of_map(state: State, home: Home) -> Iterator[Right | Undecided]:
    processor = state.fields.get("ItemProcessor")
    config = processor.get("ProcessorConfig") if isinstance(processor, Mapping) else None
    if isinstance(config, Mapping) and config.get("Mode") == "DISTRIBUTED":
        yield from _allowed(state.path, _DISTRIBUTED, _Task({}, home), None, "")
    for name in ("ItemReader", "ResultWriter"):
        part = state.fields.get(name)
        resource = part.get("Resource") if isinstance(part, Mapping) else None
        if isinstance(part, Mapping) and isinstance(resource, str) and resource:
            kind = resource.partition(":::")[2] or resource
            yield from _granted(state.path, READERS, kind, _Task(part, home), None)


def _granted(
    path: tuple[str, ...], table: Mapping[str, Integration], resource: str, task: _Task, role: str | None
) -> Iterator[Right | Undecided]:
    name, _, suffix = resource.partition(".")
    integration = table.get(name)
    if integration is None:
        yield Undecided(path, f"calls {name}, which preflight does not know")
        return
    yield from _allowed(path, integration.grants, task, role, name)
    if suffix.startswith("sync"):
        yield from _allowed(path, integration.sync, task, role, name)


def _allowed(
    path: tuple[str, ...], grants: tuple[Grant, ...], task: _Task, role: str | None, name: str
) -> Iterator[Right | Undecided]:
    for grant in grants:
        resource = grant.resource(task)
        if resource is None:
            yield Undecided(path, f"leaves open until it runs what it calls by {name}")
        else:
            yield from (Right(action, resource, path, role) for action in grant.actions)
