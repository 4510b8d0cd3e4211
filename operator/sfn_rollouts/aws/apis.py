"""The AWS calls the operator makes; the operator's IAM policy allows exactly those that need a permission."""

from enum import StrEnum


class Api(StrEnum):
    """One AWS operation, by AWS's name for it."""

    DESCRIBE_ALIAS = "DescribeStateMachineAlias"
    UPDATE_ALIAS = "UpdateStateMachineAlias"
    CREATE_ALIAS = "CreateStateMachineAlias"
    DESCRIBE_STATE_MACHINE = "DescribeStateMachine"
    LIST_EXECUTIONS = "ListExecutions"
    START_EXECUTION = "StartExecution"
    START_SYNC_EXECUTION = "StartSyncExecution"
    DESCRIBE_EXECUTION = "DescribeExecution"
    DESCRIBE_ALARMS = "DescribeAlarms"
    DESCRIBE_ALARM_HISTORY = "DescribeAlarmHistory"
    GET_METRIC_DATA = "GetMetricData"
    GET_FUNCTION_CONFIGURATION = "GetFunctionConfiguration"
    SIMULATE_PRINCIPAL_POLICY = "SimulatePrincipalPolicy"
    GET_CALLER_IDENTITY = "GetCallerIdentity"
    ASSUME_ROLE = "AssumeRole"

    @property
    def action(self) -> str:
        """As an IAM policy names it."""
        return f"{_SERVICES.get(self, 'states')}:{self.value}"

    @property
    def needs_permission(self) -> bool:
        """Whether every operator's IAM policy must allow it.

        Who one is may be asked by everybody (STS API reference); roles are assumed only where an AWSAccess names some.
        """
        return self not in (Api.GET_CALLER_IDENTITY, Api.ASSUME_ROLE)


_SERVICES = {
    Api.DESCRIBE_ALARMS: "cloudwatch",
    Api.DESCRIBE_ALARM_HISTORY: "cloudwatch",
    Api.GET_METRIC_DATA: "cloudwatch",
    Api.GET_FUNCTION_CONFIGURATION: "lambda",
    Api.SIMULATE_PRINCIPAL_POLICY: "iam",
    Api.GET_CALLER_IDENTITY: "sts",
    Api.ASSUME_ROLE: "sts",
}
