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


FUNCTIONS = {"validate-order": 4, "reserve-item": 9, "charge-customer": 23, "ship-order": 12, "refund-payment": 3}
"""All that the machine calls, with the newest version of each."""
_MAY_CALL_THEM = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "lambda:InvokeFunction",
            "Resource": [
                f"arn:aws:lambda:eu-west-1:123456789012:function:{name}{version}"
                for name in FUNCTIONS
                for version in ("", ":*")
            ],
        }
    ],
}


def _invoke(function: str, version: int | None, **fields: Any) -> dict[str, Any]:
    """A Task on one published version of a function: an alias or $LATEST would change under a running canary.

    None is that mistake."""
    name = f"arn:aws:lambda:eu-west-1:123456789012:function:{function}" + (f":{version}" if version else "")
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": name, "Payload.$": "$"},
        "ResultSelector": {"body.$": "$.Payload"},
        "Retry": _RETRY,
        **fields,
    }


def definition(comment: str, charge_version: int, ship_version: int | None = 12) -> dict[str, Any]:
    """One version of the machine; what differs are the function versions that charge the customer, and ship."""
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
            "ShipOrder": _invoke("ship-order", ship_version, ResultPath="$.shipment", Catch=_TO_REFUND, End=True),
            "RefundPayment": _invoke("refund-payment", 3, ResultPath="$.refund", Next="RejectOrder"),
            "RejectOrder": {"Type": "Fail", "Error": "OrderRejected", "Cause": "See the execution's input and error."},
        },
    }


VERSIONS = (
    definition("1: charges by card", charge_version=21),
    definition("2: charges by card or by invoice", charge_version=22),
    definition("3: charges twice when the bank is slow", charge_version=23),
)
UNPINNED = definition("4: ships in one parcel", charge_version=22, ship_version=None)
PINNED = definition("5: ships in one parcel", charge_version=22, ship_version=12)
LOSING = definition("6: reserves what is not in stock", charge_version=22, ship_version=12)


def publish(aws: Emulator) -> str:
    """All versions with what they call, the alias on version 1, both alarms OK. The machine's ARN."""
    for function, newest in FUNCTIONS.items():
        for _ in range(newest):
            aws.publish_function(function)
    machine = aws.publish_machine(NAME, VERSIONS, role=aws.put_role(NAME, _MAY_CALL_THEM))
    aws.create_alias(machine, ALIAS, {1: 100})
    for alarm in (FAILURES_ALARM, LATENCY_ALARM):
        aws.put_alarm(alarm)
    return machine
