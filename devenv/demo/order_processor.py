"""The state machine of the demo: order processing as teams write it, every Lambda function pinned to a version."""

from typing import Any

from devenv.aws.client import Emulator

NAME = "OrderProcessor"
ALIAS = "live"
FAILURES_ALARM = "OrderProcessor-failures"
LATENCY_ALARM = "OrderProcessor-p95"

_RETRY = [
    {
        "ErrorEquals": ["Lambda.ServiceException", "Lambda.TooManyRequestsException", "States.Timeout"],
        "IntervalSeconds": 2,
        "MaxAttempts": 4,
        "BackoffRate": 2,
        "JitterStrategy": "FULL",
    }
]
_TO_REFUND = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "RefundPayment"}]


def _invoke(function: str, version: int, **fields: Any) -> dict[str, Any]:
    """A Task on one published version of a function: an alias or $LATEST would change under a running canary."""
    name = f"arn:aws:lambda:eu-west-1:123456789012:function:{function}:{version}"
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": name, "Payload.$": "$"},
        "ResultSelector": {"body.$": "$.Payload"},
        "Retry": _RETRY,
        **fields,
    }


def definition(comment: str, charge_version: int) -> dict[str, Any]:
    """One version of the machine; what differs is the function version that charges the customer."""
    return {
        "Comment": comment,
        "StartAt": "ValidateOrder",
        "TimeoutSeconds": 900,
        "States": {
            "ValidateOrder": _invoke("validate-order", 4, ResultPath="$.validation", Next="IsOrderValid"),
            "IsOrderValid": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.validation.body.valid", "BooleanEquals": True, "Next": "ReserveItems"}],
                "Default": "RejectOrder",
            },
            "ReserveItems": {
                "Type": "Map",
                "ItemsPath": "$.order.items",
                "MaxConcurrency": 10,
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "INLINE"},
                    "StartAt": "ReserveItem",
                    "States": {"ReserveItem": _invoke("reserve-item", 9, End=True)},
                },
                "ResultPath": "$.reservations",
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "RejectOrder"}],
                "Next": "ChargeCustomer",
            },
            "ChargeCustomer": _invoke(
                "charge-customer", charge_version, ResultPath="$.payment", Catch=_TO_REFUND, Next="ShipOrder"
            ),
            "ShipOrder": _invoke("ship-order", 12, ResultPath="$.shipment", Catch=_TO_REFUND, End=True),
            "RefundPayment": _invoke("refund-payment", 3, ResultPath="$.refund", Next="RejectOrder"),
            "RejectOrder": {"Type": "Fail", "Error": "OrderRejected", "Cause": "See the execution's input and error."},
        },
    }


VERSIONS = (
    definition("1: charges by card", charge_version=21),
    definition("2: charges by card or by invoice", charge_version=22),
    definition("3: charges twice when the bank is slow", charge_version=23),
)


def publish(aws: Emulator) -> str:
    """All versions, the alias on version 1, both alarms OK. The machine's ARN."""
    machine = aws.publish_machine(NAME, VERSIONS)
    aws.create_alias(machine, ALIAS, {1: 100})
    for alarm in (FAILURES_ALARM, LATENCY_ALARM):
        aws.put_alarm(alarm)
    return machine
