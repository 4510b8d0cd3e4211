"""Which operations the emulator answers itself; moto answers the rest of CloudWatch and IAM and all other services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devenv.aws import (
    alarm_history,
    alarm_states,
    alarms,
    aliases,
    composite_alarms,
    execution_starts,
    executions,
    functions,
    iam_simulation,
    machines,
    metrics,
    sts,
    versions,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from devenv.aws.region import Fields, Params, Region

    Operation = Callable[[Region, Params], Fields]

STEP_FUNCTIONS: dict[str, Operation] = {
    "CreateStateMachine": machines.create,
    "UpdateStateMachine": machines.update,
    "DescribeStateMachine": machines.describe,
    "DeleteStateMachine": machines.delete,
    "ListStateMachines": machines.list_all,
    "ListTagsForResource": machines.list_tags,
    "TagResource": machines.tag,
    "UntagResource": machines.untag,
    "PublishStateMachineVersion": versions.publish,
    "ListStateMachineVersions": versions.list_all,
    "DeleteStateMachineVersion": versions.delete,
    "CreateStateMachineAlias": aliases.create,
    "UpdateStateMachineAlias": aliases.update,
    "DescribeStateMachineAlias": aliases.describe,
    "ListStateMachineAliases": aliases.list_all,
    "DeleteStateMachineAlias": aliases.delete,
    "StartExecution": execution_starts.start,
    "StartSyncExecution": execution_starts.start_sync,
    "DescribeExecution": executions.describe,
    "DescribeStateMachineForExecution": executions.describe_machine,
    "ListExecutions": executions.list_all,
    "StopExecution": executions.stop,
    "RedriveExecution": executions.redrive,
    "GetExecutionHistory": executions.history,
}

CLOUDWATCH: dict[str, Operation] = {
    "PutMetricAlarm": alarms.put_metric_alarm,
    "PutLogAlarm": alarms.put_log_alarm,
    "PutCompositeAlarm": composite_alarms.put_composite_alarm,
    "SetAlarmState": alarm_states.set_state,
    "DescribeAlarms": alarms.describe,
    "DescribeAlarmsForMetric": alarms.describe_for_metric,
    "DescribeAlarmHistory": alarm_history.describe,
    "EnableAlarmActions": alarms.enable_actions,
    "DisableAlarmActions": alarms.disable_actions,
    "DeleteAlarms": alarms.delete,
    "GetMetricData": metrics.get_data,
}

LAMBDA: dict[str, Operation] = {
    "CreateFunction": functions.create,
    "UpdateFunctionConfiguration": functions.update_configuration,
    "GetFunctionConfiguration": functions.get_configuration,
    "PublishVersion": functions.publish_version,
    "CreateAlias": functions.create_alias,
    "UpdateAlias": functions.update_alias,
    "DeleteFunction": functions.delete,
}

IAM: dict[str, Operation] = {"SimulatePrincipalPolicy": iam_simulation.simulate}

STS: dict[str, Operation] = {"AssumeRole": sts.assume_role, "GetCallerIdentity": sts.get_caller_identity}

OPERATIONS: dict[str, dict[str, Operation]] = {
    "stepfunctions": STEP_FUNCTIONS,
    "cloudwatch": CLOUDWATCH,
    "lambda": LAMBDA,
    "iam": IAM,
    "sts": STS,
}
