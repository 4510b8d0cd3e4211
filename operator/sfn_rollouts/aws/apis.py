"""The AWS calls the operator makes; the operator's IAM policy allows exactly these."""

from enum import StrEnum


class Api(StrEnum):
    """One AWS operation, by AWS's name for it."""

    DESCRIBE_ALIAS = "DescribeStateMachineAlias"
    UPDATE_ALIAS = "UpdateStateMachineAlias"
    CREATE_ALIAS = "CreateStateMachineAlias"
    DESCRIBE_STATE_MACHINE = "DescribeStateMachine"
    LIST_EXECUTIONS = "ListExecutions"
    DESCRIBE_ALARMS = "DescribeAlarms"
    DESCRIBE_ALARM_HISTORY = "DescribeAlarmHistory"

    @property
    def action(self) -> str:
        """As an IAM policy names it."""
        return f"{'cloudwatch' if 'Alarm' in self.value else 'states'}:{self.value}"
