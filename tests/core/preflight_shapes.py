"""Definitions of the shapes that teams run, with all that preflight should tell of their pins and permissions.

Our own texts, after patterns of AWS's documentation and of public sample collections: sagas of SAM, machines of CDK,
Distributed Maps, JSONata, vending of accounts, approvals by people. `pins` has each finding: how sure it is, where it
stands, and a piece of its message. `needs` has each right, and `unclear` each state of which nobody can tell.
"""

from dataclasses import dataclass, field
from typing import Any

LOOSE, UNSEEN, PASSED = "Loose", "Unseen", "Passed"

HERE = "eu-west-1:123456789012"
ORDERS = f"arn:aws:states:{HERE}:stateMachine:OrderProcessor"
CHILD = f"arn:aws:states:{HERE}:stateMachine:Child"
INVOKE = "arn:aws:states:::lambda:invoke"
START = "arn:aws:states:::states:startExecution"
EVENTS = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
CHILDREN = (
    f"states:StartExecution {ORDERS}",
    f"states:DescribeExecution arn:aws:states:{HERE}:execution:OrderProcessor:any",
)


@dataclass(frozen=True)
class Shape:
    """`pins`: (LOOSE, UNSEEN or PASSED, subject, piece of the message); a PASSED one's subject is the version."""

    definition: dict[str, Any]
    pins: tuple[tuple[str, str, str], ...]
    needs: tuple[str, ...] = ()
    unclear: tuple[tuple[str, str], ...] = field(default=())
    machine: str = ORDERS


def function(name: str) -> str:
    """ARN of a function, or of its version or alias."""
    return f"arn:aws:lambda:{HERE}:function:{name}"


def invoke(*names: str) -> tuple[str, ...]:
    """Return the rights to call these functions, as they are called."""
    return tuple(f"lambda:InvokeFunction {function(name)}" for name in names)


def waits(child: str) -> tuple[str, ...]:
    """Return what waiting for a nested execution needs."""
    executions = f"arn:aws:states:{HERE}:execution:{child}:any"
    return (
        f"states:DescribeExecution {executions}",
        f"states:StopExecution {executions}",
        *events("StepFunctionsExecution"),
    )


def events(rule: str) -> tuple[str, ...]:
    """Return what the rule of EventBridge needs by which Step Functions waits."""
    return tuple(f"{action} arn:aws:events:{HERE}:rule/StepFunctionsGetEventsFor{rule}Rule" for action in EVENTS)


def machine(**states: Any) -> dict[str, Any]:
    """A machine of these states."""
    return {"StartAt": next(iter(states)), "States": states}


def task(resource: str, **fields: Any) -> dict[str, Any]:
    """A Task state."""
    return {"Type": "Task", "Resource": resource, **fields}


def call(resource: str, **parameters: Any) -> dict[str, Any]:
    """A Task state in JSONPath."""
    return task(resource, Parameters=parameters, Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 3}])


def saga(**names: str) -> dict[str, Any]:
    """Steps, each of which is undone by the one before it when it fails."""
    done = {
        state: {
            **call(INVOKE, FunctionName=name, **{"Payload.$": "$"}),
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Sorry"}],
        }
        for state, name in names.items()
    }
    return machine(**done, Sorry={"Type": "Fail", "Error": "Undone", "Cause": "All that was done is undone."})


SHAPES: dict[str, Shape] = {
    "a saga of SAM whose substitutions are left over": Shape(
        saga(
            Reserve="${ReserveFlightFunctionArn}", Pay="${TakePaymentFunctionArn}", Refund="${RefundFunction.Arn}:live"
        ),
        (
            (UNSEEN, "States.Reserve", "names the Lambda function as ${ReserveFlightFunctionArn}"),
            (UNSEEN, "States.Pay", "names the Lambda function as ${TakePaymentFunctionArn}"),
            (LOOSE, "States.Refund", "by its alias live"),
        ),
        unclear=(
            ("States.Reserve", "leaves open until it runs what it calls by lambda:invoke"),
            ("States.Pay", "leaves open until it runs what it calls by lambda:invoke"),
            ("States.Refund", "leaves open until it runs what it calls by lambda:invoke"),
        ),
    ),
    "the same saga as AWS has it, half of it pinned": Shape(
        saga(Reserve=function("reserve-flight:12"), Pay=function("take-payment"), Refund=function("refund:12")),
        ((LOOSE, "States.Pay", "calls Lambda function take-payment without a version"),),
        invoke("reserve-flight:12", "take-payment", "refund:12"),
    ),
    "the same saga, pinned": Shape(
        saga(Reserve=function("reserve-flight:12"), Pay=function("take-payment:3"), Refund=function("refund:12")),
        ((PASSED, f"{ORDERS}:42", "all 3 things that it calls are pinned"),),
        invoke("reserve-flight:12", "take-payment:3", "refund:12"),
    ),
    "CDK: functions as resource, and a person asked by a queue": Shape(
        machine(
            Check={**task(function("Stack-CheckStock8F3A-x1Yz")), "ResultPath": "$.stock"},
            Ask=call(
                "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/Stack-Approvals4D",
                MessageBody={"Input.$": "$", "Token.$": "$$.Task.Token"},
            ),
            Buy=task(function("Stack-Buy77B1-q2:8")),
        ),
        ((LOOSE, "States.Check", "calls Lambda function Stack-CheckStock8F3A-x1Yz without a version"),),
        (
            *invoke("Stack-CheckStock8F3A-x1Yz"),
            f"sqs:SendMessage arn:aws:sqs:{HERE}:Stack-Approvals4D",
            *invoke("Stack-Buy77B1-q2:8"),
        ),
    ),
    "a Distributed Map over a CSV file whose batches start another machine": Shape(
        machine(
            EachRow={
                "Type": "Map",
                "ItemReader": {
                    "Resource": "arn:aws:states:::s3:getObject",
                    "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
                    "Parameters": {"Bucket": "uploads", "Key": "orders/today.csv"},
                },
                "ItemBatcher": {"MaxItemsPerBatch": 50},
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    **machine(Handle=call(f"{START}.sync:2", StateMachineArn=CHILD, Input={"rows.$": "$.Items"})),
                },
                "ResultWriter": {
                    "Resource": "arn:aws:states:::s3:putObject",
                    "Parameters": {"Bucket": "results", "Prefix": "orders"},
                },
                "Label": "EachRow",
                "ToleratedFailurePercentage": 5,
            }
        ),
        ((LOOSE, "States.EachRow.ItemProcessor.States.Handle", "calls state machine Child without a version"),),
        (
            *CHILDREN,
            "s3:GetObject arn:aws:s3:::uploads/orders/today.csv",
            "s3:PutObject arn:aws:s3:::results/orders/any",
            f"states:StartExecution {CHILD}",
            *waits("Child"),
        ),
    ),
    "a Distributed Map over what lies in a bucket that the input names": Shape(
        machine(
            Each={
                "Type": "Map",
                "ItemReader": {
                    "Resource": "arn:aws:states:::s3:listObjectsV2",
                    "Parameters": {"Bucket.$": "$.bucket", "Prefix.$": "$.prefix"},
                },
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
                    **machine(Thumb=call(INVOKE, FunctionName="thumbnail:$LATEST")),
                },
            }
        ),
        ((LOOSE, "States.Each.ItemProcessor.States.Thumb", "calls Lambda function thumbnail without a version"),),
        (*CHILDREN, *invoke("thumbnail:$LATEST")),
        (("States.Each", "leaves open until it runs what it calls by s3:listObjectsV2"),),
    ),
    "JSONata: a nested machine by a literal, waited for": Shape(
        {
            "QueryLanguage": "JSONata",
            **machine(
                Collect=task(
                    f"{START}.sync:2",
                    Arguments={"StateMachineArn": f"{{% '{CHILD}:5' %}}", "Input": "{% $states.input.source %}"},
                    Assign={"collected": "{% $states.result.Output %}"},
                ),
                Merge=task(INVOKE, Arguments={"FunctionName": f'{{% "{function("merge")}" %}}', "Payload": "{% $x %}"}),
                Choose=task(INVOKE, Arguments={"FunctionName": "{% $collected.handler %}"}),
            ),
        },
        (
            (LOOSE, "States.Merge", "calls Lambda function merge without a version"),
            (UNSEEN, "States.Choose", "chooses the Lambda function when it runs"),
        ),
        (f"states:StartExecution {CHILD}", *waits("Child"), *invoke("merge")),
        (("States.Choose", "leaves open until it runs what it calls by lambda:invoke"),),
    ),
    "JSONata: models of Bedrock judged side by side": Shape(
        {
            "QueryLanguage": "JSONata",
            **machine(
                Ask={
                    "Type": "Parallel",
                    "Branches": [
                        machine(
                            First=task(
                                "arn:aws:states:::bedrock:invokeModel",
                                Arguments={"ModelId": "{% $states.input.first %}", "Body": {"prompt": "{% $p %}"}},
                            )
                        ),
                        machine(
                            Second=task(
                                "arn:aws:states:::aws-sdk:bedrockruntime:converse",
                                Arguments={"ModelId": "anthropic.claude-3-haiku-20240307-v1:0"},
                            )
                        ),
                    ],
                },
                Keep=task(
                    "arn:aws:states:::aws-sdk:dynamodb:putItem",
                    Arguments={"TableName": "Evaluations", "Item": {"Id": {"S": "{% $states.context.Execution.Id %}"}}},
                ),
            ),
        },
        ((PASSED, f"{ORDERS}:42", "it calls nothing that AWS keeps in versions"),),
        (f"dynamodb:PutItem arn:aws:dynamodb:{HERE}:table/Evaluations",),
        (
            ("States.Ask.Branches[0].States.First", "calls bedrock:invokeModel, which preflight does not know"),
            ("States.Ask.Branches[1].States.Second", "calls aws-sdk:bedrockruntime:converse"),
        ),
    ),
    "vending of accounts, partly in the name of another account": Shape(
        machine(
            Create=call("arn:aws:states:::aws-sdk:organizations:createAccount", **{"Email.$": "$.email"}),
            Network={
                **call("arn:aws:states:::aws-sdk:cloudformation:createStack", StackName="network"),
                "Credentials": {"RoleArn.$": "States.Format('arn:aws:iam::{}:role/Vending', $.account)"},
            },
            Register={
                **call(INVOKE, FunctionName="register-account"),
                "Credentials": {"RoleArn": "arn:aws:iam::222222222222:role/Registrar"},
            },
        ),
        ((LOOSE, "States.Register", "calls Lambda function register-account without a version"),),
        (
            "sts:AssumeRole arn:aws:iam::222222222222:role/Registrar",
            "lambda:InvokeFunction arn:aws:lambda:eu-west-1:222222222222:function:register-account as Registrar",
        ),
        (
            ("States.Create", "calls aws-sdk:organizations:createAccount"),
            ("States.Network", "chooses the role of its Credentials when it runs"),
        ),
    ),
    "a Monte Carlo run whose functions are named -function": Shape(
        machine(
            Plan=task(function("plan-function:4")),
            Draws={
                "Type": "Map",
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
                    **machine(Draw=task(function("draw-function"))),
                },
                "MaxConcurrency": 1000,
            },
            Sum=call(INVOKE, FunctionName=f"{function('sum-function')}:9"),
            Tell=call(INVOKE, FunctionName="123456789012:function:tell-function:live"),
        ),
        (
            (LOOSE, "States.Draws.ItemProcessor.States.Draw", "calls Lambda function draw-function without a version"),
            (LOOSE, "States.Tell", "calls Lambda function tell-function by its alias live"),
        ),
        (
            *invoke("plan-function:4"),
            *CHILDREN,
            *invoke("draw-function", "sum-function:9", "tell-function:live"),
        ),
    ),
    "a nightly load on Batch, ECS and Glue": Shape(
        machine(
            Extract=call(
                "arn:aws:states:::batch:submitJob.sync",
                JobName="extract",
                JobQueue=f"arn:aws:batch:{HERE}:job-queue/nightly",
                JobDefinition="extract-orders",
            ),
            Clean=call("arn:aws:states:::glue:startJobRun.sync", JobName="clean-orders"),
            Load=call(
                "arn:aws:states:::ecs:runTask.sync",
                LaunchType="FARGATE",
                Cluster=f"arn:aws:ecs:{HERE}:cluster/data",
                TaskDefinition=f"arn:aws:ecs:{HERE}:task-definition/loader:31",
            ),
        ),
        ((LOOSE, "States.Extract", "runs Batch job definition extract-orders without a revision"),),
        (
            f"batch:SubmitJob arn:aws:batch:{HERE}:job-queue/nightly",
            "batch:DescribeJobs *",
            *events("BatchJobs"),
            f"glue:StartJobRun arn:aws:glue:{HERE}:job/clean-orders",
            f"glue:GetJobRun arn:aws:glue:{HERE}:job/clean-orders",
            f"glue:BatchStopJobRun arn:aws:glue:{HERE}:job/clean-orders",
            f"ecs:RunTask arn:aws:ecs:{HERE}:task-definition/loader:31",
            f"ecs:StopTask arn:aws:ecs:{HERE}:task/data/any",
            f"ecs:DescribeTasks arn:aws:ecs:{HERE}:task/data/any",
            *events("ECSTask"),
        ),
        (("States.Extract", "leaves open until it runs what it calls by batch:submitJob"),),
    ),
    "CDK: an ECS task by its family": Shape(
        machine(
            Work=call(
                "arn:aws:states:::ecs:runTask.waitForTaskToken",
                Cluster="main",
                TaskDefinition="StackWorkerTaskA1B2",
                Overrides={
                    "ContainerOverrides": [{"Name": "w", "Environment": [{"Name": "T", "Value.$": "$$.Task.Token"}]}]
                },
            )
        ),
        ((LOOSE, "States.Work", "runs ECS task definition StackWorkerTaskA1B2 without a revision"),),
        unclear=(("States.Work", "leaves open until it runs what it calls by ecs:runTask"),),
    ),
    "a Map in a Map in a Parallel": Shape(
        machine(
            Both={
                "Type": "Parallel",
                "Branches": [
                    machine(Wait={"Type": "Wait", "Seconds": 5}),
                    machine(
                        Orders={
                            "Type": "Map",
                            "Iterator": machine(
                                Items={"Type": "Map", "ItemProcessor": machine(Price=task(function("price")))}
                            ),
                        }
                    ),
                ],
            }
        ),
        (
            (
                LOOSE,
                "States.Both.Branches[1].States.Orders.Iterator.States.Items.ItemProcessor.States.Price",
                "state Both.Branches[1].Orders.Iterator.Items.ItemProcessor.Price calls Lambda function price without",
            ),
        ),
        invoke("price"),
    ),
    "one that splits its work and starts itself, by the context object": Shape(
        machine(
            Split={"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericGreaterThan": 1, "Next": "Half"}]},
            Half=call(f"{START}.sync", **{"StateMachineArn.$": "$$.StateMachine.Id", "Input.$": "$.half"}),
            Do=task(function("work:2")),
        ),
        ((UNSEEN, "States.Half", "chooses the state machine when it runs"),),
        (*events("StepFunctionsExecution"), *invoke("work:2")),
        (("States.Half", "leaves open until it runs what it calls by states:startExecution"),),
    ),
    "a quorum: three of five, each on the newest code": Shape(
        machine(
            Vote={
                "Type": "Parallel",
                "Branches": [
                    machine(Ask=call(INVOKE, FunctionName=f"{function(f'voter-{number}')}:$LATEST"))
                    for number in range(5)
                ],
            },
            Count=call(INVOKE, FunctionName=function("count"), Qualifier="3"),
        ),
        tuple(
            (LOOSE, f"States.Vote.Branches[{number}].States.Ask", f"calls Lambda function voter-{number} without")
            for number in range(5)
        ),
        invoke(*(f"voter-{number}:$LATEST" for number in range(5)), "count:3"),
    ),
    "payments: a table, a topic, a queue": Shape(
        machine(
            Lock=call(
                "arn:aws:states:::dynamodb:updateItem",
                TableName="Payments",
                Key={"Id": {"S.$": "$.id"}},
                UpdateExpression="SET #s = :locked",
            ),
            Charge=call(INVOKE, FunctionName="charge-card:17", **{"Payload.$": "$"}),
            Receipt=call(
                "arn:aws:states:::sns:publish", TopicArn=f"arn:aws:sns:{HERE}:receipts", **{"Message.$": "$.m"}
            ),
            Book=call(
                "arn:aws:states:::sqs:sendMessage",
                QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/ledger.fifo",
                MessageGroupId="ledger",
            ),
            Free=call("arn:aws:states:::dynamodb:deleteItem", **{"TableName.$": "$.table"}),
        ),
        ((PASSED, f"{ORDERS}:42", "the one thing that it calls is pinned to a version"),),
        (
            f"dynamodb:UpdateItem arn:aws:dynamodb:{HERE}:table/Payments",
            *invoke("charge-card:17"),
            f"sns:Publish arn:aws:sns:{HERE}:receipts",
            f"sqs:SendMessage arn:aws:sqs:{HERE}:ledger.fifo",
        ),
        (("States.Free", "leaves open until it runs what it calls by dynamodb:deleteItem"),),
    ),
    "events for whoever wants to know": Shape(
        machine(
            Tell=call("arn:aws:states:::events:putEvents", Entries=[{"Source": "orders", "DetailType": "Shipped"}]),
            Fan=call("arn:aws:states:::events:putEvents.waitForTaskToken", Entries=[]),
        ),
        ((PASSED, f"{ORDERS}:42", "it calls nothing"),),
        unclear=(
            ("States.Tell", "calls events:putEvents, which preflight does not know"),
            ("States.Fan", "calls events:putEvents, which preflight does not know"),
        ),
    ),
    "an HTTP endpoint of a partner": Shape(
        machine(
            Post=call(
                "arn:aws:states:::http:invoke",
                ApiEndpoint="https://api.example.com/v1/charges",
                Method="POST",
                Authentication={"ConnectionArn": f"arn:aws:events:{HERE}:connection/partner/1"},
            )
        ),
        ((PASSED, f"{ORDERS}:42", "it calls nothing"),),
        unclear=(("States.Post", "calls http:invoke, which preflight does not know"),),
    ),
    "an activity that people's own workers do": Shape(
        machine(Sign={**task(f"arn:aws:states:{HERE}:activity:sign-contract"), "TimeoutSeconds": 86400}),
        ((PASSED, f"{ORDERS}:42", "it calls nothing"),),
    ),
    "approval by a person, asked by a function": Shape(
        machine(
            Ask=call(
                f"{INVOKE}.waitForTaskToken",
                FunctionName=function("ask-for-approval"),
                Payload={"token.$": "$$.Task.Token"},
            ),
            Approved={"Type": "Choice", "Choices": [], "Default": "Go"},
            Go=call(f"{INVOKE}", FunctionName=function("go"), Qualifier="live"),
            Done={"Type": "Succeed"},
        ),
        (
            (LOOSE, "States.Ask", "calls Lambda function ask-for-approval without a version"),
            (LOOSE, "States.Go", "calls Lambda function go by its alias live"),
        ),
        invoke("ask-for-approval", "go:live"),
    ),
    "China": Shape(
        machine(
            Charge=call(
                "arn:aws-cn:states:::lambda:invoke",
                FunctionName="arn:aws-cn:lambda:cn-north-1:123456789012:function:charge",
            ),
            Next=call(
                "arn:aws-cn:states:::states:startExecution",
                StateMachineArn="arn:aws-cn:states:cn-north-1:123456789012:stateMachine:Next:2",
            ),
            Save=call("arn:aws-cn:states:::dynamodb:putItem", TableName="Orders", Item={}),
        ),
        ((LOOSE, "States.Charge", "calls Lambda function charge without a version"),),
        (
            "lambda:InvokeFunction arn:aws-cn:lambda:cn-north-1:123456789012:function:charge",
            "states:StartExecution arn:aws-cn:states:cn-north-1:123456789012:stateMachine:Next",
            "dynamodb:PutItem arn:aws-cn:dynamodb:cn-north-1:123456789012:table/Orders",
        ),
        machine="arn:aws-cn:states:cn-north-1:123456789012:stateMachine:OrderProcessor",
    ),
    "GovCloud": Shape(
        machine(
            File=task("arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:file:6"),
            Seal=call("arn:aws-us-gov:states:::lambda:invoke", FunctionName="seal:live"),
        ),
        ((LOOSE, "States.Seal", "calls Lambda function seal by its alias live"),),
        (
            "lambda:InvokeFunction arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:file:6",
            "lambda:InvokeFunction arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:seal:live",
        ),
        machine="arn:aws-us-gov:states:us-gov-west-1:123456789012:stateMachine:OrderProcessor",
    ),
    "an orchestrator of machines: a version, an alias, the newest, one without waiting": Shape(
        machine(
            Reserve=call(f"{START}.sync:2", StateMachineArn=f"{CHILD}:3"),
            Pay=call(f"{START}.sync:2", StateMachineArn=f"arn:aws:states:{HERE}:stateMachine:Pay:live"),
            Ship=call(START, StateMachineArn=f"arn:aws:states:{HERE}:stateMachine:Ship"),
            Audit=call(
                "arn:aws:states:::aws-sdk:sfn:startSyncExecution",
                StateMachineArn=f"arn:aws:states:{HERE}:stateMachine:Audit:12",
            ),
        ),
        (
            (LOOSE, "States.Pay", "calls state machine Pay by its alias live"),
            (LOOSE, "States.Ship", "calls state machine Ship without a version"),
        ),
        (
            f"states:StartExecution {CHILD}",
            *waits("Child"),
            f"states:StartExecution arn:aws:states:{HERE}:stateMachine:Pay",
            f"states:DescribeExecution arn:aws:states:{HERE}:execution:Pay:any",
            f"states:StopExecution arn:aws:states:{HERE}:execution:Pay:any",
            f"states:StartExecution arn:aws:states:{HERE}:stateMachine:Ship",
            f"states:StartSyncExecution arn:aws:states:{HERE}:stateMachine:Audit",
        ),
    ),
    "SDK calls of all sorts": Shape(
        machine(
            Get=call("arn:aws:states:::aws-sdk:s3:getObject", Bucket="b", Key="k"),
            Query=call("arn:aws:states:::aws-sdk:dynamodb:query", TableName="Orders", IndexName="ByDay"),
            Run=call("arn:aws:states:::aws-sdk:lambda:invoke", FunctionName="report", InvocationType="Event"),
            Deploy=call("arn:aws:states:::aws-sdk:ecs:updateService", Service="api", TaskDefinition="api"),
            Restart=call("arn:aws:states:::aws-sdk:ecs:updateService", Service="api", ForceNewDeployment=True),
        ),
        (
            (LOOSE, "States.Run", "calls Lambda function report without a version"),
            (LOOSE, "States.Deploy", "runs ECS task definition api without a revision"),
        ),
        invoke("report"),
        (
            ("States.Get", "calls aws-sdk:s3:getObject"),
            ("States.Query", "leaves open until it runs what it calls by aws-sdk:dynamodb:query"),
            ("States.Deploy", "calls aws-sdk:ecs:updateService"),
            ("States.Restart", "calls aws-sdk:ecs:updateService"),
        ),
    ),
    "Terraform: a template that nobody filled in": Shape(
        machine(
            Charge=task("${charge_lambda_arn}"),
            Ship=call(INVOKE, FunctionName="arn:aws:lambda:${region}:${account}:function:ship:${ship_version}"),
            Tell=call("arn:${AWS::Partition}:states:::sns:publish", TopicArn="${topic}"),
            Wake=call(
                INVOKE, FunctionName="arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:wake"
            ),
        ),
        (
            (LOOSE, "States.Wake", "calls Lambda function wake without a version"),
            (UNSEEN, "States.Charge", "names what it calls as ${charge_lambda_arn}"),
            (UNSEEN, "States.Ship", "names the Lambda function as arn:aws:lambda:${region}:${account}:function:ship:$"),
        ),
        unclear=(
            ("States.Charge", "names what it calls as ${charge_lambda_arn}"),
            ("States.Ship", "leaves open until it runs what it calls by lambda:invoke"),
            ("States.Tell", "names what it calls as arn:${AWS::Partition}:states:::sns:publish"),
            ("States.Wake", "leaves open until it runs what it calls by lambda:invoke"),
        ),
    ),
    "a function of another account, named whole and pinned": Shape(
        machine(Score=call(INVOKE, FunctionName="arn:aws:lambda:eu-west-1:222222222222:function:score:8")),
        ((PASSED, f"{ORDERS}:42", "the one thing that it calls is pinned"),),
        ("lambda:InvokeFunction arn:aws:lambda:eu-west-1:222222222222:function:score:8",),
    ),
    "both languages in one machine, and variables": Shape(
        machine(
            Old=call(INVOKE, **{"FunctionName.$": "$.handlers[0]"}),
            New={
                **task(INVOKE, Arguments={"FunctionName": "enrich:4", "Payload": "{% $states.input %}"}),
                "QueryLanguage": "JSONata",
            },
            Set={"Type": "Pass", "QueryLanguage": "JSONata", "Assign": {"handler": "enrich"}, "Output": {}},
            Whole={**task(INVOKE, Arguments="{% $request %}"), "QueryLanguage": "JSONata"},
        ),
        (
            (UNSEEN, "States.Old", "chooses the Lambda function when it runs"),
            (UNSEEN, "States.Whole", "chooses the Lambda function when it runs"),
        ),
        invoke("enrich:4"),
        (
            ("States.Old", "leaves open until it runs what it calls by lambda:invoke"),
            ("States.Whole", "leaves open until it runs what it calls by lambda:invoke"),
        ),
    ),
    "polling until a job is done": Shape(
        machine(
            Submit=task(function("submit-job:1")),
            Wait={"Type": "Wait", "Seconds": 30},
            Poll=task(function("get-status:1")),
            Done={"Type": "Choice", "Choices": [{"Variable": "$.s", "StringEquals": "RUNNING", "Next": "Wait"}]},
            End={"Type": "Succeed"},
            Stop={"Type": "Fail", "Cause": "failed"},
        ),
        ((PASSED, f"{ORDERS}:42", "all 2 things that it calls are pinned"),),
        invoke("submit-job:1", "get-status:1"),
    ),
    "a type of state that did not exist when this was written": Shape(
        machine(
            Loop={"Type": "Loop", "Branches": [machine(Work=task(function("work")))]},
            Wait={"Type": "Wait", "Seconds": 1},
        ),
        (
            (LOOSE, "States.Loop.Branches[0].States.Work", "calls Lambda function work without a version"),
            (UNSEEN, "States.Loop", 'has the Type "Loop", which is not known here'),
        ),
        invoke("work"),
        (("States.Loop", 'has the Type "Loop", which is not known here'),),
    ),
    "nothing but a Pass": Shape(
        machine(Hello={"Type": "Pass", "Result": {"hello": "world"}, "End": True}),
        ((PASSED, f"{ORDERS}:42", "it calls nothing that AWS keeps in versions"),),
    ),
}
